"""A file brings nobody back: neither whoever was erased, nor what somebody stopped."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from chaupal import directory
from chaupal.directory import Kind
from chaupal.kit.ids import new_id
from chaupal.people import consent, suppression
from chaupal.people.models import Act, ContactChannel, NewContact, Purpose
from chaupal.principals import erasure

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HEAD = "reference,unit_code,name,sandbox,consent_basis,consent_proof,notice_version\n"


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


async def brought(rt, admin, *rows: str) -> dict[str, int]:
    """Import people, and say how many were taken, and why others were not."""
    file = io.BytesIO((HEAD + "\n".join(rows) + "\n").encode())
    told = await directory.import_file(rt, Kind.PEOPLE, file, actor=admin)
    taken = told.accepted + told.updated + told.unchanged
    return {"taken": taken, **{reason.value: n for reason, n in told.reasons.items()}}


async def rows(place, sql: str, *params) -> list[tuple]:
    async with place.transaction() as conn:
        return await (await conn.execute(sql, params)).fetchall()


async def test_whoever_was_erased_does_not_come_back_by_the_next_file(rt, place, admin):
    row = "m-1,east-one,आशा,p:asha,,,"
    assert await brought(rt, admin, row) == {"taken": 1}
    [(asha,)] = await rows(place, "SELECT id FROM person")
    await erasure.erase(rt, asha, typed="m-1", key=str(new_id()), actor=admin)
    assert await brought(rt, admin, row) == {"taken": 0, "address_suppressed": 1}
    assert await rows(place, "SELECT name FROM person") == [("–",)]
    assert await rows(place, "SELECT 1 FROM contact_point") == []


async def test_a_file_brings_no_consent_for_an_address_that_is_suppressed(rt, place, admin):
    stopped = NewContact(ContactChannel.SANDBOX, "p:asha")
    await suppression.suppress_address(rt, stopped, actor=admin)
    yes = "m-1,east-one,आशा,p:asha,paper,form 7,2026-1"
    assert await brought(rt, admin, yes) == {"taken": 0, "address_suppressed": 1}
    assert await brought(rt, admin, "m-1,east-one,आशा,p:asha,,,") == {"taken": 1}
    assert await rows(place, "SELECT 1 FROM consent") == []


async def test_what_somebody_stopped_a_file_does_not_start(rt, place, admin):
    yes = "m-1,east-one,आशा,p:asha,paper,form 7,2026-1"
    assert await brought(rt, admin, yes) == {"taken": 1}
    [(asha,)] = await rows(place, "SELECT id FROM person")
    await consent.stop_everything(rt, place.organisation, asha)
    again = "m-1,east-one,आशा,p:asha,membership_form,form 8,2026-2"
    assert await brought(rt, admin, again) == {"taken": 0, "consent_withdrawn": 1}
    newest = "SELECT act::text FROM consent ORDER BY id DESC LIMIT 1"
    assert await rows(place, newest) == [(Act.WITHDRAWN.value,)]


async def test_a_no_that_came_while_an_import_ran_holds_whichever_was_written_first(
    rt, place, admin, clock
):
    """The import writes its yes last, under the time at which it began."""
    asha = await place.person("east-one", chat="p:asha", consents=False)
    given = (
        "INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version,"
        " language, basis, proof, at) VALUES (current_organisation(), %s, 'coordination',"
        " 'sandbox', 'given', '1', 'hi', 'paper', 'x', %s) RETURNING 1"
    )
    may = (
        "SELECT EXISTS (SELECT FROM writable w WHERE w.id = c.id AND w.purpose = 'coordination')"
        " FROM contact_point c"
    )
    await rows(place, given, asha, NOON)
    assert await rows(place, may) == [(True,)]
    clock.at = NOON + timedelta(minutes=2)
    await consent.choose(
        rt,
        place.organisation,
        asha,
        Act.WITHDRAWN,
        [(Purpose.COORDINATION, ContactChannel.SANDBOX)],
        language="hi",
    )
    await rows(place, given, asha, NOON + timedelta(minutes=1))
    assert await rows(place, may) == [(False,)]
    await rows(place, given, asha, NOON + timedelta(minutes=3))
    assert await rows(place, may) == [(True,)], "a later yes is one"


async def test_a_stop_does_not_wait_for_an_import_that_holds_their_row(rt, place, admin):
    asha = await place.person("east-one", chat="p:asha")
    async with place.transaction() as importing:
        await importing.execute("UPDATE person SET name = 'Other Name' WHERE id = %s", (asha,))
        await consent.stop_everything(rt, place.organisation, asha)
        with pytest.raises(Exception, match=r"erasure\.busy"):
            await erasure.erase(rt, asha, typed=str(asha), key=str(new_id()), actor=admin)
    held = "SELECT DISTINCT act::text FROM consent WHERE basis = 'own_page'"
    assert await rows(place, held) == [("withdrawn",)]
