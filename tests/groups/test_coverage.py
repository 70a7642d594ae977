"""Coverage: exactly what a recount by hand gives, for every unit, and what its lists hold."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from chaupal import groups
from chaupal.groups import coverage
from chaupal.groups.coverage import jobs
from chaupal.groups.lists import group_page, total
from chaupal.groups.models import Admins, GroupFilter, GroupPurpose, Sizing, judged
from chaupal.kit.ids import new_id
from chaupal.kit.sound import search_key
from chaupal.organisations import scope_of
from factories import an_organisation

NOON = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
CATEGORIES = ("farmers", "women", "youth")
LISTS = {
    "groups": GroupFilter(),
    "groups_no_admin": GroupFilter(admins=Admins.NONE),
    "groups_one_admin": GroupFilter(admins=Admins.ONE),
    "category_groups": GroupFilter(categorised=True),
    "groups_no_executive": GroupFilter(without_executive=True),
    "public_groups": GroupFilter(purpose=GroupPurpose.PUBLIC),
    "sized_groups": GroupFilter(purpose=GroupPurpose.PUBLIC, size=Sizing.KNOWN),
    "stale_groups": GroupFilter(purpose=GroupPurpose.PUBLIC, size=Sizing.STALE),
    "unsized_groups": GroupFilter(purpose=GroupPurpose.PUBLIC, size=Sizing.UNKNOWN),
}


@pytest.fixture
async def town(place, clock):
    """A tree of random groups: some archived, some sized, some run by executives."""
    clock.at = NOON
    dice = random.Random(20261124)
    for category in CATEGORIES:
        await place.category(category)
    for district in ("east-one", "east-two", "west-one", "west-two"):
        for number in range(dice.randint(2, 5)):
            await place.unit(f"{district}-{number}", district)
    people = [await place.person("state") for _ in range(6)]
    for person in people[:2]:
        await place.post("state", person=person, role="office_bearer")
    async with place.transaction() as conn:
        await conn.execute("UPDATE unit SET ended_on = %s WHERE code = 'east-one-0'", (NOON,))
    for _ in range(70):
        await a_random_group(place, dice, people)
    return place


async def a_random_group(place, dice, people) -> None:
    at = dice.choice([*place.units, *(code for code in place.units if code.count("-") == 2)])
    id, sized = new_id(), dice.random() < 0.7
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO chat_group (organisation_id, id, unit_id, name, purpose, channel, address,"
            " size, size_at, archived_at, search_key) VALUES (current_organisation(), %s, %s, %s,"
            " %s, 'whatsapp', %s, %s, %s, %s, %s)",
            (
                id,
                place.units[at],
                f"Group {dice.randint(1, 9)}",
                dice.choice(["public", "public", "internal"]),
                str(id),
                dice.randint(1, 500) if sized else 0,
                NOON - timedelta(days=dice.choice([0, 10, 29, 31, 50])) if sized else None,
                NOON if dice.random() < 0.15 else None,
                search_key("Group"),
            ),
        )
        for key in dice.sample(CATEGORIES, dice.choice([0, 0, 1, 2])):
            await conn.execute(
                "INSERT INTO group_category VALUES (current_organisation(), %s, %s, now())",
                (key, id),
            )
        for turn, person in enumerate(dice.sample(people, dice.choice([0, 1, 1, 2, 3]))):
            await conn.execute(
                "INSERT INTO group_admin VALUES (current_organisation(), %s, %s, %s, %s, now())",
                (id, person, turn, NOON if dice.random() < 0.2 else None),
            )


async def by_hand(place) -> dict:
    """The numbers of every unit, counted one group at a time, in Python."""
    async with place.transaction() as conn:

        async def rows(sql):
            return await (await conn.execute(sql)).fetchall()

        units = await rows("SELECT id, path, level_rank, ended_on FROM unit")
        kept = await rows("SELECT id, unit_id, purpose, size, size_at, archived_at FROM chat_group")
        admins = await rows("SELECT group_id, person_id FROM group_admin WHERE left_at IS NULL")
        labels = await rows("SELECT group_id, category_key FROM group_category")
        posts = await rows(
            "SELECT p.person_id FROM post p JOIN unit u ON u.id = p.unit_id"
            " WHERE u.parent_id IS NULL AND p.until IS NULL"
        )
    executives = {person for (person,) in posts}
    live = [group for group in kept if group[5] is None]
    runs: dict = {group[0]: {p for g, p in admins if g == group[0]} for group in live}
    in_categories: dict = {group[0]: [k for g, k in labels if g == group[0]] for group in live}
    day, told = judged(NOON), {}
    for id, path, _, _ in units:
        below = {other for other, its_path, _, _ in units if its_path.startswith(path)}
        booths = {u for u, _, rank, ended in units if u in below and rank == 3 and ended is None}
        here = [group for group in live if group[1] in below]
        public = [group for group in here if group[2] == "public"]
        sized = [group for group in public if group[4] is not None]
        grouped = [group for group in here if in_categories[group[0]]]
        told[id] = {
            "booths": len(booths),
            "booths_covered": len(booths & {group[1] for group in public}),
            "groups": len(here),
            "groups_no_admin": sum(1 for group in here if not runs[group[0]]),
            "groups_one_admin": sum(1 for group in here if len(runs[group[0]]) == 1),
            "category_groups": len(grouped),
            "groups_no_executive": sum(1 for g in grouped if not runs[g[0]] & executives),
            "public_groups": len(public),
            "sized_groups": len(sized),
            "stale_groups": sum(1 for group in sized if group[4] < day.stale_before),
            "members": sum(group[3] for group in sized),
            "oldest_size_at": min((group[4] for group in sized), default=None),
            "newest_size_at": max((group[4] for group in sized), default=None),
            "by_category": dict(Counter(k for g in here for k in in_categories[g[0]])),
        }
    return told


async def counted(place, actor) -> dict:
    async with place.transaction() as conn:
        scope = await scope_of(place.rt, conn, actor)
        found = await coverage.of_units(conn, list(place.units.values()), scope=scope)
    return {row.unit_id: row for row in found}


async def changed(place, sql: str, *values) -> None:
    async with place.transaction() as conn:
        await conn.execute(sql, values)


async def test_the_count_is_what_counting_by_hand_gives_and_stays_so(rt, town, admin):
    for change in (
        "SELECT 1",
        "UPDATE chat_group SET archived_at = NULL",
        "UPDATE group_admin SET left_at = now() WHERE turn = 0",
        "DELETE FROM group_category WHERE category_key = 'women'",
        """UPDATE post SET until = '2026-11-01' WHERE id IN
           (SELECT id FROM post WHERE person_id IS NOT NULL ORDER BY id LIMIT 1)""",
        "UPDATE unit SET ended_on = NULL",
        "UPDATE chat_group SET size = size + 1, size_at = size_at - interval '3 days'",
    ):
        await changed(town, change)
        await jobs.recount(rt, town.organisation, at_once=True)
        found = await counted(town, admin)
        for id, numbers in (await by_hand(town)).items():
            assert {name: getattr(found[id], name) for name in numbers} == numbers, change


async def test_every_number_is_the_length_of_the_list_behind_it(rt, town, admin):
    await jobs.recount(rt, town.organisation)
    found = await counted(town, admin)
    coordinator = await town.account("asha", at="east", role="coordinator")
    for actor, codes in ((admin, list(town.units)), (coordinator, ["east", "east-one"])):
        for code in codes:
            unit = town.units[code]
            for name, filter in LISTS.items():
                assert await listed(rt, town, actor, filter, unit) == getattr(found[unit], name), (
                    code,
                    name,
                )
            for key in CATEGORIES:
                count = await listed(rt, town, actor, GroupFilter(category=key), unit)
                assert count == found[unit].by_category.get(key, 0)


async def listed(rt, place, actor, filter, unit) -> int:
    """How many groups a list shows, page by page; its own total must say the same."""
    filter = GroupFilter(
        **{name: getattr(filter, name) for name in filter.__slots__ if name != "unit"}, unit=unit
    )
    ids, after = [], None
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, actor)
        while page := await group_page(
            conn, scope=scope, filter=filter, after=after, limit=7, now=rt.now()
        ):
            ids += [group.id for group in page]
            after = page[-1].key
        said = await total(conn, scope=scope, filter=filter, now=rt.now())
    assert len(ids) == len(set(ids)) == said
    return said


async def test_the_bare_booths_are_those_that_the_number_counts(rt, town, admin):
    await jobs.recount(rt, town.organisation)
    for id, row in (await counted(town, admin)).items():
        async with town.transaction() as conn:
            scope = await scope_of(rt, conn, admin)
            bare = await coverage.bare_booths(
                conn, row.path, scope=scope, today=judged(NOON).today, after=None, limit=1000
            )
        assert len(bare) == row.booths_bare, id


async def test_it_is_counted_again_only_when_something_changed_or_a_day_went_by(
    rt, town, clock, register
):
    assert await jobs.recount(rt, town.organisation) == len(town.units)
    clock.at += timedelta(minutes=5)
    assert await jobs.recount(rt, town.organisation) is None, "nothing changed"
    await register("east-one-1")
    assert await jobs.recount(rt, town.organisation) == 4, "the booth and the three above it"
    await register("east-one-1")
    assert await jobs.recount(rt, town.organisation) is None, "it was counted this instant"
    clock.at += jobs.AT_MOST_EVERY
    assert await jobs.recount(rt, town.organisation) == 4
    clock.at += timedelta(days=2)
    assert await jobs.recount(rt, town.organisation) is not None, "sizes have grown older"


async def test_a_change_that_commits_during_a_count_is_counted_next_time(rt, town, admin, register):
    await jobs.recount(rt, town.organisation, at_once=True)
    async with town.transaction() as conn:
        await conn.execute("UPDATE chat_group SET archived_at = now()")
        assert await jobs.recount(rt, town.organisation, at_once=True) is None
    assert await jobs.recount(rt, town.organisation, at_once=True) > 0
    assert (await counted(town, admin))[town.units["state"]].groups == 0


async def test_each_organisation_counts_its_own(rt, town, admin):
    other = await an_organisation(rt, "dusra")
    stranger = await other.account("stranger")
    await jobs.recount(rt, town.organisation)
    await jobs.recount(rt, other.organisation)
    async with other.transaction() as conn:
        scope = await scope_of(rt, conn, stranger)
        assert await coverage.of_units(conn, list(town.units.values()), scope=scope) == []
        [root] = await coverage.of_units(conn, [other.units["state"]], scope=scope)
    assert (root.groups, root.booths) == (0, 0)


async def test_nobody_sees_the_coverage_of_a_neighbour(rt, town):
    await jobs.recount(rt, town.organisation)
    neighbour = await town.account("neighbour", at="west", role="coordinator")
    seen = await counted(town, neighbour)
    assert seen.keys() == {id for code, id in town.units.items() if code.startswith("west")}
    async with town.transaction() as conn:
        scope = await scope_of(rt, conn, neighbour)
        east = town.units["east"]
        assert await coverage.of_unit(conn, east, scope=scope) is None
        assert await coverage.children(conn, east, scope=scope, limit=9) == []
        assert await coverage.grandchildren(conn, east, scope=scope, limit=9) == []
        assert await coverage.below(conn, town.paths["east"], 3, scope=scope, limit=9) == []
        bare = await coverage.bare_booths(
            conn, "/", scope=scope, today=judged(NOON).today, after=None, limit=99
        )
    assert all(booth.path.startswith(town.paths["west"]) for booth in bare)


async def test_parts_of_the_tree_add_up_without_rounding(rt, town, admin):
    await jobs.recount(rt, town.organisation)
    found = await counted(town, admin)
    east, west, whole = (found[town.units[code]] for code in ("east", "west", "state"))
    both = coverage.together([east, west], name="दोनों")
    own = {group.unit_id for group in await all_groups(rt, town, admin)} & {town.units["state"]}
    assert both.booths == whole.booths
    assert both.members <= whole.members
    assert own or both.groups == whole.groups


async def all_groups(rt, place, actor):
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, actor)
        return await groups.group_page(conn, scope=scope, limit=1000, now=rt.now())
