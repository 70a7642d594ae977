"""The demonstration's past: a newcomer finds no page of the directory empty."""

from datetime import timedelta

import pytest

from chaupal.directory.jobs import queries as imports
from chaupal.directory.jobs.models import Stage
from chaupal.kit import db
from chaupal.organisations import scope_of
from chaupal.organisations.offices import pages as offices
from chaupal.organisations.tree import actions as tree
from chaupal.people import ledger
from chaupal.rehearsal import roster
from chaupal.rehearsal.demo import loading, past, queries
from chaupal.rehearsal.demo.progress import Steps
from chaupal.rehearsal.demo.run import account_called

ELSEWHERE = "http://127.0.0.1:9"
RAJASTHAN = roster.rajasthan(2026, 700, 400)
DAIRY = roster.cooperative(2026)


async def with_a_past(rt, source):
    id = await loading.load(rt, source, provider=ELSEWHERE, steps=Steps())
    [first, *_] = await loading.open_accounts(rt, source.slug, id, [])
    actor = await account_called(rt, id, first.login)
    await past.give_past(rt, source, actor=actor, steps=Steps())
    return actor


async def standing(rt, actor):
    """What a newcomer finds: sizes, offices by what is said of them, imports, notices."""
    today = tree.today(rt)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        found = {}
        for name, vacant, ending_by in (
            ("vacant", True, None),
            ("ending", False, today + timedelta(days=30)),
        ):
            found[name] = len(
                await offices.office_page(
                    conn,
                    scope=scope,
                    below="",
                    rank=None,
                    vacant=vacant,
                    ending_by=ending_by,
                    today=today,
                    after=None,
                    limit=100,
                )
            )
        jobs = await imports.page(conn, scope=scope, before=None, limit=20)
        found["imports"] = [(job.stage, job.rows) for job in reversed(jobs)]
        found["notices"] = [notice.language for notice in await ledger.notices(conn, limit=9)]
        found["sizes"] = await queries.sizes(conn)
    return found


async def test_offices_notices_and_files_are_there_and_no_group_is_touched(rt):
    actor = await with_a_past(rt, RAJASTHAN)
    found = await standing(rt, actor)
    assert found["vacant"] > 2
    assert found["ending"] > 2
    assert found["notices"] == ["hi", "en"]
    assert [stage for stage, _ in found["imports"]] == [Stage.DONE, Stage.DONE, Stage.CHECKED]
    sizes = found["sizes"]
    assert (sizes.groups, sizes.people) == (700, 400)
    assert sizes.units > RAJASTHAN.unit_count, "new mandals, without a group"


@pytest.mark.parametrize("source", [RAJASTHAN, DAIRY], ids=["rajasthan", "dairy"])
async def test_a_past_is_given_once(rt, source):
    actor = await with_a_past(rt, source)
    before = await standing(rt, actor)
    await past.give_past(rt, source, actor=actor, steps=Steps())
    assert await standing(rt, actor) == before
