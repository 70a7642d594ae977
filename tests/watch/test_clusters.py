"""What goes round: noted by the desk, seen in groups that carry the notice, closed, forgotten."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from chaupal import record
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.watch import actions, jobs
from chaupal.watch.models import TEXT_KEPT, Reason
from factories import an_organisation

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
RUMOUR = "कल से मंडी बंद है, आगे भेजो"


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


@pytest.fixture
async def asha(place):
    return await place.account("asha", role="desk")


async def noticed(place, code: str, **changes):
    group = await place.group(code, **changes)
    async with place.transaction() as conn:
        await conn.execute("UPDATE chat_group SET carries_notice = true WHERE id = %s", (group,))
    return group


async def noted(place, actor, name: str = "मंडी बंद") -> object:
    return await actions.note(place.rt, name, RUMOUR, key=str(new_id()), actor=actor)


async def see(place, actor, id, *lines, key=None, at=NOON):
    return await actions.see(
        place.rt, id, "\n".join(map(str, lines)), seen_at=at, key=key or str(new_id()), actor=actor
    )


async def one(place, actor, id):
    return (await actions.show(place.rt, id, actor=actor)).cluster


async def test_what_goes_round_is_noted_with_its_groups_and_their_districts(place, asha):
    east = await noticed(place, "east-one")
    west = await noticed(place, "west-one")
    id = await noted(place, asha)
    await see(place, asha, id, east, at=NOON - timedelta(hours=3))
    await see(place, asha, id, west)
    shown = await actions.show(place.rt, id, actor=asha)
    assert (shown.cluster.groups, shown.cluster.districts, shown.text) == (2, 2, RUMOUR)
    assert shown.cluster.first_seen_at == NOON - timedelta(hours=3)
    assert shown.cluster.last_seen_at == NOON
    assert [row.group_id for row in shown.sightings] == [east, west]
    async with place.transaction() as conn:
        assert (await record.verify(conn)).holds
        kept = await conn.execute("SELECT sealed_text FROM cluster")
        [(sealed,)] = await kept.fetchall()
    assert RUMOUR.encode() not in sealed


async def test_each_line_ends_taken_or_refused_with_its_reason(place, asha):
    taken = await noticed(place, "east-one", address="ref-1")
    bare = await place.group("east-one")
    async with place.transaction() as conn:
        await conn.execute(
            "UPDATE chat_group SET carries_notice = false, name = 'No notice' WHERE id = %s",
            (bare,),
        )
    for _ in range(2):
        twin = await noticed(place, "west-one")
        async with place.transaction() as conn:
            await conn.execute("UPDATE chat_group SET name = 'Twins' WHERE id = %s", (twin,))
    gone = await noticed(place, "west")
    async with place.transaction() as conn:
        await conn.execute("UPDATE chat_group SET archived_at = now() WHERE id = %s", (gone,))
    id = await noted(place, asha)
    added = await see(place, asha, id, "ref-1", taken, "nowhere", "No notice", "Twins", gone)
    assert (added.new, added.known) == (1, 0)
    assert [(row.line, row.reason) for row in added.refused] == [
        (3, Reason.UNKNOWN), (4, Reason.NO_NOTICE), (5, Reason.SEVERAL), (6, Reason.ARCHIVED),
    ]  # fmt: skip
    assert (await see(place, asha, id, taken)).known == 1


async def test_of_what_is_seen_twice_the_earlier_time_holds(place, asha):
    group, id = await noticed(place, "east-one"), await noted(place, asha)
    for hours in (2, 5, 1):
        await see(place, asha, id, group, at=NOON - timedelta(hours=hours))
    assert (await one(place, asha, id)).first_seen_at == NOON - timedelta(hours=5)


async def test_the_database_itself_refuses_a_group_without_the_notice(place, asha):
    group, id = await place.group("east-one"), await noted(place, asha)
    async with place.transaction() as conn:
        await conn.execute("UPDATE chat_group SET carries_notice = false WHERE id = %s", (group,))
    with pytest.raises(psycopg.errors.CheckViolation, match="without the notice"):
        async with place.transaction() as conn:
            await conn.execute(
                "INSERT INTO sighting (organisation_id, cluster_id, group_id, first_seen_at,"
                " source, noted_label, noted_at) VALUES (current_organisation(), %s, %s, now(),"
                " 'watch', 'w', now())",
                (id, group),
            )


async def test_who_is_elsewhere_knows_of_it_once_a_group_of_theirs_saw_it(place, asha):
    east = await place.account("east", at="east", role="desk")
    west = await place.account("west", at="west", role="desk")
    id = await noted(place, asha)
    await see(place, asha, id, await noticed(place, "east-one"), await noticed(place, "state"))
    assert [row.id for row in await actions.listed(place.rt, actor=east)] == [id]
    assert (await one(place, east, id)).groups == 1, "of the others they are told nothing"
    assert await actions.listed(place.rt, actor=west) == []
    with pytest.raises(NotFound, match=r"cluster\.not_found"):
        await actions.show(place.rt, id, actor=west)
    with pytest.raises(NotFound):
        await see(place, west, id, "x")
    theirs = await noticed(place, "west-one")
    assert [row.reason for row in (await see(place, east, id, theirs)).refused] == [Reason.UNKNOWN]
    with pytest.raises(NotAllowed):
        await noted(place, await place.account("bearer", role="office_bearer"))


async def test_what_is_closed_takes_no_more_groups(place, asha):
    group, id = await noticed(place, "east-one"), await noted(place, asha)
    with pytest.raises(Invalid):
        await actions.close(place.rt, id, "nonsense", key=str(new_id()), actor=asha)
    await actions.close(place.rt, id, "false", key=str(new_id()), actor=asha)
    with pytest.raises(Refused, match=r"cluster\.closed"):
        await see(place, asha, id, group)
    assert (await one(place, asha, id)).verdict == "false"


async def test_what_is_sent_twice_is_noted_once(place, asha):
    same, group = str(new_id()), await noticed(place, "east-one")
    ids = [await actions.note(place.rt, "मंडी", "", key=same, actor=asha) for _ in range(2)]
    assert ids[0] == ids[1]
    added = [await see(place, asha, ids[0], group, key="sighting-once") for _ in range(2)]
    assert added[0] == added[1]
    assert added[0].new == 1


async def test_the_wording_is_forgotten_after_a_month_and_the_name_stays(place, asha, clock):
    id = await noted(place, asha)
    assert await jobs.forget(place.rt, place.organisation) == 0
    clock.at = NOON + TEXT_KEPT
    assert (await actions.show(place.rt, id, actor=asha)).text is None, "not shown a moment longer"
    assert await jobs.forget(place.rt, place.organisation) == 1
    async with place.transaction() as conn:
        kept = await conn.execute("SELECT name, sealed_text FROM cluster")
        assert await kept.fetchall() == [("मंडी बंद", None)]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        (" ", "", "cluster.name_malformed"),
        ("x" * 201, "", "cluster.name_malformed"),
        ("x", "क" * 4001, "cluster.text_too_long"),
    ],
)
async def test_what_is_not_whole_is_not_noted(place, asha, name, text, code):
    with pytest.raises(Invalid) as refused:
        await actions.note(place.rt, name, text, key=str(new_id()), actor=asha)
    assert refused.value.code == code


@pytest.mark.parametrize("at", [NOON + timedelta(minutes=1), NOON - timedelta(days=366)])
async def test_a_time_that_cannot_be_is_refused(place, asha, at):
    id = await noted(place, asha)
    with pytest.raises(Invalid, match=r"cluster\.time_malformed"):
        await see(place, asha, id, "x", at=at)
