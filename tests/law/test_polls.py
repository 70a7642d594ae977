"""The calendar of polls: one person makes it stricter, two make it laxer."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from chaupal import record
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.law import polls
from chaupal.law.models import PollId
from factories import an_organisation
from growing import a_grove, part
from lawful import a_poll, entered

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


@pytest.fixture
async def asha(place):
    return await place.account("asha")


@pytest.fixture
async def ravi(place):
    return await place.account("ravi")


def key() -> str:
    return str(new_id())


async def silences(place) -> set[tuple]:
    async with place.transaction() as conn:
        found = await conn.execute(
            "SELECT u.code, q.starts_at, q.ends_at FROM silence q JOIN unit u ON u.id = q.unit_id"
            " WHERE q.lifted_at IS NULL"
        )
        return {*await found.fetchall()}


async def said(place, kind: str) -> int:
    async with place.transaction() as conn:
        assert (await record.verify(conn)).holds
        found = await conn.execute("SELECT count(*) FROM record WHERE kind = %s", (kind,))
        return (await found.fetchone())[0]


async def test_the_silence_is_the_last_forty_eight_hours_before_the_poll_closes(place, asha):
    await entered(place, asha, "east-one", "west", closes_in=60 * HOUR)
    window = (NOON + 12 * HOUR, NOON + 60 * HOUR)
    assert await silences(place) == {("east-one", *window), ("west", *window)}
    assert await said(place, "poll.entered") == 1


async def test_a_poll_entered_twice_with_one_key_is_entered_once(place, asha):
    poll, same = a_poll(place), key()
    first = await polls.enter(place.rt, poll, key=same, actor=asha)
    assert await polls.enter(place.rt, poll, key=same, actor=asha) == first
    assert len(await silences(place)) == 1
    with pytest.raises(Refused, match=r"idempotency\.other_request"):
        await polls.enter(place.rt, a_poll(place, "west"), key=same, actor=asha)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"election": ""}, "poll.name_malformed"),
        ({"election": "x" * 201}, "poll.name_malformed"),
        ({"phase": "x" * 101}, "poll.name_malformed"),
        ({"source": ""}, "poll.source_malformed"),
        ({"opens_at": NOON + 40 * HOUR}, "poll.hours_malformed"),
        ({"opens_at": NOON}, "poll.hours_malformed"),
        ({"opens_at": NOON - 2 * HOUR, "closes_at": NOON}, "poll.over"),
        ({"closes_in": timedelta(days=800)}, "poll.too_far_ahead"),
        ({"silence_h": 47}, "poll.silence_malformed"),
        ({"silence_h": 241}, "poll.silence_malformed"),
        ({"codes": ()}, "poll.units_malformed"),
        ({"codes": tuple(map(str, range(501)))}, "poll.units_malformed"),
        ({"codes": ("east", "nowhere")}, "law.unknown_unit"),
    ],
)
async def test_what_cannot_be_right_is_not_entered(place, asha, changes, code):
    with pytest.raises(Invalid) as refused:
        await entered(place, asha, **changes)
    assert refused.value.code == code
    assert await silences(place) == set()


async def test_only_who_administers_all_units_enters_a_poll(place):
    east = await place.account("east", at="east")
    desk = await place.account("desk", role="desk")
    await entered(place, east, "east-one")
    with pytest.raises(Invalid, match=r"law\.unknown_unit"):
        await entered(place, east, "east", "west")
    with pytest.raises(NotAllowed):
        await entered(place, desk, "east")


async def test_one_person_alone_never_lifts_a_silence(place, asha, ravi):
    id = await entered(place, asha)
    with pytest.raises(Refused, match=r"poll\.not_doubted"):
        await polls.withdraw(place.rt, id, key=key(), actor=asha)
    await polls.doubt(place.rt, id, "the wrong day", key=key(), actor=asha)
    with pytest.raises(Refused, match=r"poll\.second_person"):
        await polls.withdraw(place.rt, id, key=key(), actor=asha)
    assert len(await silences(place)) == 1

    await polls.withdraw(place.rt, id, key=key(), actor=ravi)

    assert await silences(place) == set()
    assert await said(place, "poll.withdrawn") == 1
    with pytest.raises(Refused, match=r"poll\.withdrawn"):
        await polls.doubt(place.rt, id, "again", key=key(), actor=asha)


async def test_a_poll_that_somebody_lets_stand_needs_a_new_doubt(place, asha, ravi):
    id = await entered(place, asha)
    await polls.doubt(place.rt, id, "the wrong day", key=key(), actor=asha)
    await polls.keep(place.rt, id, key=key(), actor=ravi)
    with pytest.raises(Refused, match=r"poll\.not_doubted"):
        await polls.withdraw(place.rt, id, key=key(), actor=ravi)
    with pytest.raises(Invalid, match=r"law\.reason_malformed"):
        await polls.doubt(place.rt, id, "  ", key=key(), actor=asha)


async def test_two_who_agree_at_once_take_it_back_once(place, asha, ravi):
    meera = await place.account("meera")
    id = await entered(place, asha)
    await polls.doubt(place.rt, id, "the wrong day", key=key(), actor=asha)
    ends = await asyncio.gather(
        *(polls.withdraw(place.rt, id, key=key(), actor=who) for who in (ravi, meera)),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ends) == ["NoneType", "Refused"]
    assert await said(place, "poll.withdrawn") == 1


def changed(place, *codes: str, **changes):
    return a_poll(place, *(codes or ("east",)), **changes)


@pytest.mark.parametrize(
    ("codes", "changes", "window"),
    [
        (("east", "west"), {}, (-8, 40)),
        (("state",), {}, (-8, 40)),
        (("east",), {"silence_h": 72}, (-32, 40)),
        (("east",), {"closes_in": 41 * HOUR, "silence_h": 49}, (-8, 41)),
        (("east",), {"phase": "Phase 2", "election": "By-election"}, (-8, 40)),
    ],
)
async def test_one_person_makes_a_silence_longer_and_it_holds_at_once(
    place, asha, codes, changes, window
):
    id = await entered(place, asha)
    poll = changed(place, *codes, **changes)
    assert await polls.change(place.rt, id, poll, "corrigendum", key=key(), actor=asha) == id
    starts, ends = (NOON + hours * HOUR for hours in window)
    assert await silences(place) == {(code, starts, ends) for code in {"east", *codes}}
    assert await said(place, "poll.changed") == 1


@pytest.mark.parametrize(
    ("codes", "changes"),
    [
        (("west",), {}),
        (("east-one",), {}),
        (("east",), {"closes_in": 39 * HOUR}),
        (("east",), {"closes_in": 64 * HOUR}),
    ],
)
async def test_a_change_that_shortens_a_silence_anywhere_holds_beside_it_until_two_agree(
    place, asha, ravi, codes, changes
):
    id = await entered(place, asha)
    before = await silences(place)
    poll = changed(place, *codes, **changes)
    says = await polls.change(place.rt, id, poll, "corrigendum", key=key(), actor=asha)
    assert says != id
    after = await silences(place)
    new = {(code, poll.silent_from, poll.closes_at) for code in codes}
    assert after == before | new
    with pytest.raises(Refused, match=r"poll\.second_person"):
        await polls.withdraw(place.rt, id, key=key(), actor=asha)
    with pytest.raises(Refused, match=r"poll\.doubted"):
        await polls.change(place.rt, id, poll, "again", key=key(), actor=ravi)

    await polls.withdraw(place.rt, id, key=key(), actor=ravi)

    assert await silences(place) == new
    assert await said(place, "poll.withdrawn") == 1


async def test_a_longer_silence_goes_where_the_tree_took_it(rt):
    grove = await a_grove(await an_organisation(rt, "grove"))
    place = grove.place
    id = await entered(place, grove.actor, "east")
    await grove.move("east-one", "west")
    longer = changed(place, "east", silence_h=72)
    # East alone would let go of what moved out of it, so the change waits beside the old one.
    assert await polls.change(place.rt, id, longer, "order", key=key(), actor=grove.actor) != id
    second = await entered(place, grove.actor, "west-one")
    both = changed(place, "west-one", "east-one", silence_h=72)
    assert (
        await polls.change(place.rt, second, both, "order", key=key(), actor=grove.actor) == second
    )
    assert ("east-one", both.silent_from, both.closes_at) in await silences(place)


async def test_a_change_sent_twice_is_made_once(place, asha):
    id, same = await entered(place, asha), key()
    poll = changed(place, closes_in=39 * HOUR)
    says = await polls.change(place.rt, id, poll, "order", key=same, actor=asha)
    assert await polls.change(place.rt, id, poll, "order", key=same, actor=asha) == says
    assert await said(place, "poll.entered") == 2


async def test_the_database_itself_refuses_one_person_twice(place, asha):
    id = await entered(place, asha)
    await polls.doubt(place.rt, id, "the wrong day", key=key(), actor=asha)
    with pytest.raises(psycopg.errors.CheckViolation, match="withdrawn_by_two_people"):
        async with place.transaction() as conn:
            await conn.execute(
                "UPDATE poll SET withdrawn_by = %s, withdrawn_label = 'asha', withdrawn_at = now()",
                (asha.id,),
            )


async def test_nobody_can_make_a_silence_shorter_by_hand(place, asha):
    await entered(place, asha)
    for change in ("UPDATE silence SET ends_at = starts_at", "DELETE FROM silence"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with place.transaction() as conn:
                await conn.execute(change)


async def test_a_poll_of_others_is_not_there_and_one_above_is_not_mine_to_change(place, asha):
    east = await place.account("east", at="east")
    west = await entered(place, asha, "west")
    wide = await entered(place, asha, "east", "west")
    for id in (west, PollId(new_id())):
        with pytest.raises(NotFound, match=r"poll\.not_found"):
            await polls.doubt(place.rt, id, "why", key=key(), actor=east)
    with pytest.raises(NotAllowed):
        await polls.doubt(place.rt, wide, "why", key=key(), actor=east)


async def test_what_the_tree_took_along_is_lifted_with_the_poll(rt):
    grove = await a_grove(await an_organisation(rt, "grove"))
    place, other = grove.place, await grove.place.account("other")
    id = await entered(place, grove.actor, "east", "west-one")
    await grove.move("east-one", "west")
    await grove.split("west-one", part("new", children=grove.ids("west-one-1"), people=True))
    taken_along = {"east", "east-one", "west-one", "west-one-1", "new"}
    assert {code for code, *_ in await silences(place)} == taken_along

    await polls.doubt(place.rt, id, "another day", key=key(), actor=grove.actor)
    await polls.withdraw(place.rt, id, key=key(), actor=other)

    assert await silences(place) == set()
    await grove.move("west-two", "east")
    assert await silences(place) == set()
