"""Units that become one and units that become several: nothing and nobody is lost on the way."""

from datetime import UTC, date, datetime

import pytest

from chaupal.kit.refusals import Invalid, Refused
from factories import an_organisation
from growing import Grove, a_grove, part


@pytest.fixture
async def grove(rt, clock) -> Grove:
    clock.at = datetime(2026, 3, 10, 8, tzinfo=UTC)
    return await a_grove(await an_organisation(rt))


async def everything(grove: Grove) -> tuple:
    [row] = await grove.rows(
        "SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM chat_group),"
        " (SELECT sum(people) FROM unit_tally WHERE unit_id = %s)",
        grove.place.units["state"],
    )
    return row


async def test_a_merged_unit_gives_all_it_has_to_the_other(grove):
    before = await everything(grove)
    holder = await grove.place.account("holder", at="west-one", role="coordinator")
    weight = await grove.merge("west-one", "east-one")

    assert (weight.units, weight.people, weight.groups) == (3, 3, 5)
    assert await everything(grove) == before
    await grove.check()
    below = await grove.rows(
        "SELECT code FROM unit WHERE parent_id = %s AND ended_on IS NULL ORDER BY code",
        grove.place.units["east-one"],
    )
    assert [code for (code,) in below] == ["east-one-1", "east-one-2", "west-one-1", "west-one-2"]
    [left] = await grove.rows(
        "SELECT (SELECT count(*) FROM person WHERE unit_id = u.id),"
        " (SELECT count(*) FROM chat_group WHERE unit_id = u.id), ended_on"
        " FROM unit u WHERE code = 'west-one'"
    )
    assert left == (0, 0, date(2026, 3, 10))
    [(until,)] = await grove.rows("SELECT until FROM post WHERE account_id = %s", holder.id)
    assert until == date(2026, 3, 9)
    [heir] = await grove.successions("west-one")
    assert (heir.kind, heir.forward, heir.other_code) == ("merged", True, "east-one")


async def test_only_units_of_one_level_become_one(grove):
    with pytest.raises(Refused, match=r"unit\.levels_differ"):
        await grove.merge("east-one", "west")
    with pytest.raises(Refused, match=r"unit\.under_itself"):
        await grove.merge("east-one", "east-one")
    with pytest.raises(Refused, match=r"unit\.root_stays"):
        await grove.merge("state", "state")


async def test_a_merge_is_not_dated_back_behind_what_history_knows_of_the_unit(grove):
    await grove.move("east-one-1", "west-one", on=date(2026, 3, 5))
    with pytest.raises(Invalid, match=r"unit\.day_too_early") as refused:
        await grove.merge("east-one", "west-one", on=date(2026, 3, 4))
    assert refused.value.facts["earliest"] == date(2026, 3, 5)
    await grove.merge("east-one", "west-one", on=date(2026, 3, 5))
    await grove.check()


async def test_a_split_hands_out_what_was_chosen_and_keeps_the_rest(grove):
    before = await everything(grove)
    [(group,)] = await grove.rows(
        "SELECT id FROM chat_group WHERE unit_id = %s", grove.place.units["east-one"]
    )
    await grove.split(
        "east-one",
        part("north", children=grove.ids("east-one-1"), groups=(group,)),
        part("south", people=True),
    )

    assert await everything(grove) == before
    await grove.check()
    [(at,)] = await grove.rows(
        "SELECT u.code FROM chat_group g JOIN unit u ON u.id = g.unit_id WHERE g.id = %s", group
    )
    assert at == "north"
    [(where,)] = await grove.rows(
        "SELECT u.code FROM person p JOIN unit u ON u.id = p.unit_id WHERE u.level_rank = 2"
        " AND u.code LIKE '%%outh'"
    )
    assert where == "south"
    assert (await grove.path("east-one-1")).startswith(await grove.path("north"))
    assert (await grove.path("east-one-2")).startswith(await grove.path("east-one"))
    assert {s.other_code for s in await grove.successions("east-one")} == {"north", "south"}


async def test_when_everything_has_left_a_unit_it_can_end(grove):
    groups = await grove.rows(
        "SELECT id FROM chat_group WHERE unit_id = %s", grove.place.units["east-one"]
    )
    await grove.split(
        "east-one",
        part(
            "north",
            children=grove.ids("east-one-1", "east-one-2"),
            groups=tuple(id for (id,) in groups),
            people=True,
        ),
    )
    await grove.end("east-one")
    await grove.check()


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ([], "unit.parts"),
        ([part("new")], "unit.part_is_empty"),
        ([part("new", people=True), part("other", people=True)], "unit.given_twice"),
        ([part("new", people=True), part("new", people=True)], "unit.given_twice"),
        ([part("", people=True)], "unit.code_malformed"),
        ([part("east-two", people=True)], "unit.code_taken"),
        ([part("nowhere", people=True, new=False)], "audience.unknown_unit"),
        ([part("east", people=True, new=False)], "audience.unknown_unit"),
        ([part("east-one", people=True, new=False)], "unit.under_itself"),
    ],
)
async def test_a_split_that_makes_no_sense_changes_nothing(grove, parts, refusal):
    before = await grove.rows("SELECT code, path FROM unit ORDER BY code")
    with pytest.raises(Refused) as refused:
        await grove.split("east-one", *parts)
    assert refused.value.code == refusal
    assert await grove.rows("SELECT code, path FROM unit ORDER BY code") == before


async def test_nobody_hands_out_what_belongs_to_another_unit(grove):
    [(foreign,)] = await grove.rows(
        "SELECT id FROM chat_group WHERE unit_id = %s", grove.place.units["west-one"]
    )
    for wrong in (
        part("new", children=grove.ids("west-one-1")),
        part("new", groups=(foreign,)),
    ):
        with pytest.raises(Refused, match=r"unit\.not_its_own"):
            await grove.split("east-one", wrong)
    await grove.check()
    assert await grove.placed("new") is None


async def silent(grove: Grove, code: str) -> bool:
    [(found,)] = await grove.rows(
        "SELECT EXISTS (SELECT FROM unit u JOIN unit area ON u.path BETWEEN area.path AND"
        " area.path_end JOIN silence q ON q.unit_id = area.id WHERE u.code = %s)",
        code,
    )
    return found


@pytest.mark.parametrize("how", ["move", "merge", "split"])
async def test_no_change_of_the_tree_leads_out_of_a_silence(grove, how):
    await grove.rows(
        "INSERT INTO silence (organisation_id, id, unit_id, starts_at, ends_at, source)"
        " SELECT organisation_id, gen_random_uuid(), id, now(), now() + interval '2 days', 'order'"
        " FROM unit WHERE code = %s RETURNING 1",
        {"move": "east", "merge": "east", "split": "east-one"}[how],
    )
    assert await silent(grove, "east-one-1")
    assert not await silent(grove, "west-one-1")

    if how == "move":
        await grove.move("east-one", "west")
    elif how == "merge":
        await grove.merge("east-one", "west-one")
    else:
        await grove.split("east-one", part("new", children=grove.ids("east-one-1"), people=True))
        assert await silent(grove, "new")

    assert await silent(grove, "east-one-1")
    assert await silent(grove, "west-one") == (how == "merge")
    assert not await silent(grove, "west-two")
