"""One change to everybody whom a filter holds: as many as were seen, all of them or nobody."""

import pytest

from chaupal.directory import bulk
from chaupal.directory.bulk import Join, Leave, Move, Speak, Withdraw
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.organisations import scope_of
from chaupal.people import Basis, ContactChannel, Purpose
from chaupal.people.pages import PersonFilter
from factories import an_organisation

EVERYBODY = PersonFilter()


@pytest.fixture
async def place(rt):
    place = await an_organisation(rt)
    await place.category("farmers")
    return place


@pytest.fixture
async def people(place) -> list:
    return [await place.person("east-one", chat=f"c:{turn}") for turn in range(3)]


async def rows(place, sql: str, *values) -> list[tuple]:
    async with place.transaction() as conn:
        return await (await conn.execute(sql, values)).fetchall()


async def done(place, deed, *, actor, seen=3, filter=EVERYBODY, key=None, **more) -> int:
    key = key or str(new_id())
    return await bulk.do(place.rt, filter, deed, seen=seen, key=key, actor=actor, **more)


async def test_everybody_moves_and_the_counts_move_along(place, people):
    admin = await place.account("admin")

    assert await done(place, Move("west-one"), actor=admin) == 3

    at = await rows(place, "SELECT DISTINCT unit_id FROM person")
    assert at == [(place.units["west-one"],)]
    for unit, people_there in (("east", 0), ("west", 3), ("state", 3)):
        [(count,)] = await rows(
            place,
            "SELECT coalesce(sum(people), 0) FROM unit_tally WHERE unit_id = %s",
            place.units[unit],
        )
        assert count == people_there


async def test_each_deed_does_what_it_says_and_leaves_one_record(place, people):
    admin = await place.account("admin")
    before = len(await rows(place, "SELECT FROM record"))

    await done(place, Speak("en"), actor=admin)
    await done(place, Join("farmers", Basis.PAPER), actor=admin)
    joined = await rows(place, "SELECT basis, until FROM membership")
    await done(place, Leave("farmers"), actor=admin)
    await done(place, Join("farmers", Basis.PAPER), actor=admin)
    withdrawal = Withdraw(Purpose.COORDINATION, ContactChannel.SANDBOX, "the list of 3 May")
    await done(place, withdrawal, actor=admin)

    assert await rows(place, "SELECT DISTINCT language FROM person") == [("en",)]
    assert joined == [("paper", None)] * 3
    assert len(await rows(place, "SELECT FROM membership WHERE until IS NULL")) == 3
    acts = await rows(place, "SELECT act::text, basis FROM consent ORDER BY id")
    assert acts == [("given", "membership_form")] * 3 + [("withdrawn", "desk")] * 3
    told = await rows(place, "SELECT kind, facts FROM record ORDER BY number OFFSET %s", before)
    assert [kind for kind, _ in told] == [
        "people.language_set",
        "people.joined",
        "people.left",
        "people.joined",
        "people.consent_withdrawn",
    ]
    assert all(facts["people"] == facts["changed"] == 3 for _, facts in told)


async def test_others_than_were_seen_are_left_alone(place, people):
    admin = await place.account("admin")
    await place.person("east-two")

    with pytest.raises(Refused) as refusal:
        await done(place, Speak("en"), actor=admin, seen=3)

    assert (refusal.value.code, refusal.value.facts["count"]) == ("people.count_changed", 4)
    assert await rows(place, "SELECT DISTINCT language FROM person") == [("hi",)]


async def test_a_preview_counts_those_over_whom_one_has_the_right(place, people):
    await place.person("west-one")
    coordinator = await place.account("asha", at="east", role="coordinator")
    async with place.transaction() as conn:
        scope = await scope_of(place.rt, conn, coordinator)
        assert await bulk.preview(place.rt, conn, EVERYBODY, Withdraw, scope=scope) == 3

    with pytest.raises(NotAllowed):
        await done(place, Speak("en"), actor=coordinator)


async def test_a_preview_keeps_nobody_waiting(place, people):
    admin = await place.account("admin")
    async with place.transaction() as conn:
        scope = await scope_of(place.rt, conn, admin)
        assert await bulk.preview(place.rt, conn, EVERYBODY, Withdraw, scope=scope) == 3

        free = await rows(place, "SELECT FROM person FOR UPDATE SKIP LOCKED")

    assert len(free) == 3


async def test_nobody_moves_to_a_unit_that_is_not_ones_own(place, people):
    admin = await place.account("asha", at="east", role="administrator")

    for code in ("west-one", "nowhere"):
        with pytest.raises(NotFound):
            await done(place, Move(code), actor=admin)


async def test_the_same_form_sent_twice_acts_once(place, people):
    admin = await place.account("admin")
    key = str(new_id())

    assert await done(place, Join("farmers", Basis.PAPER), actor=admin, key=key) == 3
    assert await done(place, Join("farmers", Basis.PAPER), actor=admin, key=key) == 3

    told = await rows(place, "SELECT FROM record WHERE kind = 'people.joined'")
    assert len(told) == 1


async def test_what_makes_no_sense_is_refused(place, people):
    admin = await place.account("admin")

    for deed in (
        Speak("fr"),
        Join("farmers", Basis.DESK),
        Withdraw(Purpose.MESSAGES, ContactChannel.PHONE, " "),
    ):
        with pytest.raises(Invalid):
            await done(place, deed, actor=admin)
    with pytest.raises(Refused) as refusal:
        await done(place, Speak("en"), actor=admin, filter=PersonFilter(language="en"), seen=0)
    assert refusal.value.code == "people.nobody_chosen"


async def test_too_many_at_once_are_refused(place, people):
    with pytest.raises(Refused) as refusal:
        await done(place, Speak("en"), actor=await place.account("admin"), most=2)

    assert refusal.value.code == "people.too_many_at_once"
