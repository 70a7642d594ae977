"""Units that change: where they may go, who may send them there, and what is counted where."""

from datetime import UTC, date, datetime

import pytest

from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.kit.sound import search_key
from chaupal.organisations import queries as organisations
from chaupal.organisations import scope_of
from chaupal.organisations.tree import Names, actions, joined
from factories import an_organisation
from growing import Grove, a_grove, part

TODAY = date(2026, 3, 10)


@pytest.fixture
async def grove(rt, clock) -> Grove:
    clock.at = datetime(2026, 3, 10, 8, tzinfo=UTC)
    return await a_grove(await an_organisation(rt))


async def test_a_unit_moves_with_everything_below_it_and_the_counts_follow(grove):
    weight = await grove.move("east-one", "west")

    assert (weight.units, weight.people, weight.internal_groups, weight.public_groups) == (
        (3, 3, 2, 3)
    )
    west, moved = await grove.path("west"), await grove.path("east-one")
    assert moved.startswith(west)
    assert (await grove.path("east-one-2")).startswith(moved)
    await grove.check()
    [(people,)] = await grove.rows(
        "SELECT sum(people) FROM unit_tally WHERE unit_id = %s", grove.place.units["east"]
    )
    assert people == 0


async def test_levels_may_be_left_out_but_never_turned_round(grove):
    await grove.move("east-one-1", "west")
    with pytest.raises(Refused, match=r"unit\.level_not_below"):
        await grove.move("west-one", "east-two")
    await grove.check()


@pytest.mark.parametrize(
    ("code", "under", "refusal"),
    [
        ("east", "east", "unit.under_itself"),
        ("east", "east-one", "unit.under_itself"),
        ("east-one", "west-one", "unit.level_not_below"),
        ("east-one", "east", "unit.already_there"),
        ("state", "east", "unit.root_stays"),
    ],
)
async def test_a_move_that_would_make_no_tree_is_refused(grove, code, under, refusal):
    with pytest.raises(Refused) as refused:
        await grove.move(code, under)
    assert refused.value.code == refusal
    await grove.check()


async def test_a_day_to_come_and_a_day_before_the_present_spell_are_refused(grove):
    await grove.move("east-one", "west", on=date(2026, 3, 1))
    with pytest.raises(Invalid, match=r"unit\.day_ahead"):
        await grove.move("east-one", "east", on=date(2026, 3, 11))
    with pytest.raises(Invalid, match=r"unit\.day_too_early") as refused:
        await grove.move("east-one", "east", on=date(2026, 2, 28))
    assert refused.value.facts["earliest"] == date(2026, 3, 1)
    await grove.move("east-one", "east", on=date(2026, 3, 2))


async def test_nothing_hangs_from_a_unit_before_that_unit_was_there(grove):
    await grove.found("north", "state", level="division", on=date(2026, 3, 5))
    with pytest.raises(Invalid, match=r"unit\.day_too_early"):
        await grove.move("east-one", "north", on=date(2026, 3, 4))
    await grove.move("east-one", "north", on=date(2026, 3, 5))


async def test_a_unit_that_ended_neither_moves_nor_is_moved_to(grove):
    await grove.end("east-two")
    with pytest.raises(Refused, match=r"unit\.ended"):
        await grove.move("east-two", "west")
    with pytest.raises(Refused, match=r"unit\.ended"):
        await grove.move("east-one-1", "east-two")


@pytest.mark.parametrize("at", ["east", "west"])
async def test_both_the_old_place_and_the_new_one_must_be_ones_own(grove, at):
    half = await grove.place.account("half", at=at)
    with pytest.raises((NotAllowed, NotFound)):
        await grove.move("east-one", "west", actor=half)
    assert (await grove.path("east-one")).startswith(await grove.path("east"))


@pytest.mark.parametrize("role", ["coordinator", "desk", "office_bearer"])
async def test_only_administrators_change_the_tree(grove, role):
    other = await grove.place.account("other", role=role)
    for change in (
        grove.move("east-one", "west", actor=other),
        grove.merge("east-one", "west-one", actor=other),
        grove.end("east-two", actor=other),
        grove.rename("east-two", "नया", actor=other),
        grove.found("new", "east", actor=other),
        grove.split("east-one", part("new", people=True), actor=other),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            await change


async def test_nobody_moves_away_the_unit_they_stand_at(grove):
    own = await grove.place.account("own", at="east")
    with pytest.raises(NotAllowed):
        await grove.end("east", actor=own)
    await grove.rename("east", "पूर्व", actor=own)


async def test_a_stranger_finds_no_unit_to_move(grove, rt):
    other = await an_organisation(rt, "other")
    stranger = await other.account("stranger")
    with pytest.raises(NotFound, match=r"unit\.not_found"):
        await grove.move("east-one", "west", actor=stranger)


async def test_the_same_request_moves_once(grove):
    key = str(new_id())
    unit, west = grove.ids("east-one", "west")
    for _ in range(2):
        await actions.move(grove.rt, unit, west, on_day=TODAY, key=key, actor=grove.actor)
    [(moves,)] = await grove.rows("SELECT count(*) FROM record WHERE kind = 'unit.moved'")
    assert moves == 1


async def test_a_move_of_today_is_taken_back_in_one_step_and_leaves_no_trace(grove):
    before = await grove.spells("east-one")
    await grove.move("east-one", "west")
    await grove.take_back("east-one")

    await grove.check()
    assert (await grove.path("east-one")).startswith(await grove.path("east"))
    assert [(s.since, s.until, s.parent_id) for s in joined(await grove.spells("east-one"))] == [
        (s.since, s.until, s.parent_id) for s in before
    ]
    with pytest.raises(Refused, match=r"unit\.nothing_to_take_back"):
        await grove.take_back("east-one")


async def test_yesterdays_move_is_not_taken_back(grove, clock):
    await grove.move("east-one", "west")
    clock.at = datetime(2026, 3, 11, 8, tzinfo=UTC)
    with pytest.raises(Refused, match=r"unit\.nothing_to_take_back"):
        await grove.take_back("east-one")


async def test_a_new_name_is_found_by_and_the_old_one_is_remembered(grove):
    await grove.rename("east-one", "गंगापुर सिटी", on=date(2026, 3, 2))

    [(name, key)] = await grove.rows("SELECT name_hi, search_key FROM unit WHERE code = 'east-one'")
    assert name == "गंगापुर सिटी"
    assert key == search_key("गंगापुर सिटी")
    assert [spell.name_hi for spell in await grove.spells("east-one")] == [
        "इकाई east-one",
        "गंगापुर सिटी",
    ]
    with pytest.raises(Refused, match=r"unit\.name_unchanged"):
        await grove.rename("east-one", "गंगापुर सिटी")


@pytest.mark.parametrize(
    ("name", "refusal"), [(" ", "unit.name_missing"), ("x" * 301, "unit.name_too_long")]
)
async def test_a_name_is_a_name(grove, name, refusal):
    with pytest.raises(Invalid) as refused:
        await grove.rename("east-one", name)
    assert refused.value.code == refusal


async def test_a_unit_founded_by_hand_is_a_unit_like_any_other(grove):
    await grove.found("east-three", "east")
    await grove.found("east-three-1", "east-three", level="booth")
    await grove.place.person("east-three-1")
    await grove.check()
    with pytest.raises(Refused, match=r"unit\.code_taken"):
        await grove.found("east-three", "west")
    with pytest.raises(Refused, match=r"unit\.level_not_below"):
        await grove.found("above", "east-one", level="division")
    with pytest.raises(Invalid, match=r"audience\.unknown_level"):
        await grove.found("nowhere", "east", level="planet")


async def test_a_unit_does_not_end_while_anything_is_in_it(grove):
    with pytest.raises(Refused, match=r"unit\.not_empty") as refused:
        await grove.end("east-one")
    assert refused.value.facts == {"units": 2, "people": 3, "groups": 5}
    await grove.end("east-two")
    with pytest.raises(Refused, match=r"unit\.root_stays"):
        await grove.end("state")


async def test_what_ended_is_seen_by_no_reader_and_gives_no_right(grove):
    own = await grove.place.account("own", at="east-two")
    await grove.end("east-two", on=TODAY)
    async with grove.place.transaction() as conn:
        scope = await scope_of(grove.rt, conn, grove.actor)
        gone, east = grove.ids("east-two", "east")
        assert await organisations.unit(conn, gone, scope=scope) is None
        children = await organisations.children(conn, east, scope=scope)
        districts = await organisations.units_at(conn, 2, scope=scope)
        assert gone not in {unit.id for unit in [*children, *districts]}
        assert (await scope_of(grove.rt, conn, own)).paths() == []
    [(until, abolished)] = await grove.rows(
        "SELECT p.until, o.abolished_on FROM post p JOIN office o ON o.id = p.office_id"
        " WHERE p.account_id = %s",
        own.id,
    )
    assert (until, abolished) == (date(2026, 3, 9), TODAY)


async def test_scopes_move_with_their_unit(grove):
    coordinator = await grove.place.account("ravi", at="east-one", role="coordinator")
    await grove.move("east-one", "west")
    async with grove.place.transaction() as conn:
        scope = await scope_of(grove.rt, conn, coordinator)
    assert scope.covers(await grove.path("east-one-1"))
    assert not scope.covers(await grove.path("west-one"))


async def test_every_change_stands_in_the_record_with_its_actor(grove):
    await grove.found("north", "state", level="division")
    await grove.move("east-two", "north")
    await grove.rename("north", "उत्तर")
    await grove.merge("west-two", "west-one")
    await grove.split("east-one", part("new", children=grove.ids("east-one-1")))
    await grove.end("east-two")
    told = await grove.rows(
        "SELECT kind, actor_label FROM record WHERE kind LIKE 'unit.%%' ORDER BY number"
    )
    assert told == [
        (f"unit.{verb}", "anita")
        for verb in ("founded", "moved", "renamed", "merged", "split", "ended")
    ]


def test_a_name_needs_both_languages():
    with pytest.raises(Invalid):
        Names("नाम", "").check()
