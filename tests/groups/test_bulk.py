"""One change to every group that a filter holds: as many as were seen, all of them or none."""

import asyncio

import pytest

from chaupal import groups
from chaupal.groups import GroupFilter, GroupPurpose, bulk
from chaupal.groups.bulk import Archive, Join, Leave
from chaupal.groups.models import Admins, GroupChannel, Sizing
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, Refused
from chaupal.organisations import scope_of
from factories import an_organisation

ALL = GroupFilter()
BELONGINGS = (
    "SELECT group_id, category_key, since, NULL AS until FROM group_category UNION ALL"
    " SELECT group_id, category_key, since, until FROM group_category_past ORDER BY 1, 3, 2"
)
WAITING = (
    "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    " AND query LIKE '%%chosen_group%%'"
)


@pytest.fixture
async def circles(place) -> list:
    return [await place.group("east-one") for _ in range(3)]


async def rows(place, sql: str, *values) -> list[tuple]:
    async with place.transaction() as conn:
        return await (await conn.execute(sql, values)).fetchall()


async def previewed(place, deed, *, actor, filter=ALL) -> int:
    async with place.transaction() as conn:
        scope = await scope_of(place.rt, conn, actor)
        return await bulk.preview(place.rt, conn, filter, deed, scope=scope)


async def done(place, deed, *, actor, seen=3, filter=ALL, key=None, **more) -> int:
    key = key or str(new_id())
    return await bulk.do(place.rt, filter, deed, seen=seen, key=key, actor=actor, **more)


async def live(place) -> set:
    return {
        id for (id,) in await rows(place, "SELECT id FROM chat_group WHERE archived_at IS NULL")
    }


async def tallied(place, unit: str) -> int:
    [(count,)] = await rows(
        place,
        "SELECT coalesce(sum(internal_groups + public_groups), 0) FROM unit_tally"
        " WHERE unit_id = %s",
        place.units[unit],
    )
    return count


async def test_each_deed_does_what_it_says_and_leaves_one_record(place, circles, admin):
    before = len(await rows(place, "SELECT FROM record"))

    await done(place, Join("farmers"), actor=admin)
    joined = await rows(place, "SELECT group_id, category_key FROM group_category ORDER BY 1")
    await done(place, Leave("farmers"), actor=admin)
    left = await rows(place, "SELECT FROM group_category")
    await done(place, Archive(), actor=admin)

    assert joined == [(id, "farmers") for id in sorted(circles)]
    assert left == []
    assert await live(place) == set()
    told = await rows(place, "SELECT kind, facts FROM record ORDER BY number OFFSET %s", before)
    assert [kind for kind, _ in told] == ["groups.joined", "groups.left", "groups.archived"]
    assert all(facts["groups"] == facts["changed"] == 3 for _, facts in told)
    assert [facts.get("category") for _, facts in told] == ["farmers", "farmers", None]


async def test_all_at_once_writes_the_history_that_one_by_one_writes(rt, place, admin):
    """Two of each: one changed by itself, one among all, compared moment by moment."""
    await place.category("women")
    alone = await place.group("east-one", categories=("women",), purpose="internal")
    among = await place.group("west-one", categories=("women",), purpose="public")
    public = GroupFilter(purpose=GroupPurpose.PUBLIC)

    async def both(deed, categories):
        await groups.recategorise(rt, alone, categories, key=str(new_id()), actor=admin)
        await done(place, deed, actor=admin, seen=1, filter=public)

    await both(Join("farmers"), ["women", "farmers"])
    await both(Join("farmers"), ["women", "farmers"])
    await both(Leave("women"), ["farmers"])
    await both(Leave("farmers"), [])
    await both(Join("women"), ["women"])

    history = await rows(place, BELONGINGS)
    of = {
        id: [(category, until is None) for group, category, _, until in history if group == id]
        for id in (alone, among)
    }
    assert of[among] == of[alone]
    assert sorted(of[among]) == [("farmers", False), ("women", False), ("women", True)]
    assert all(until is None or until > since for _, _, since, until in history)


async def test_what_was_so_already_stays_as_it_was(place, circles, admin):
    first = await place.group("east-two", categories=("farmers",))
    [before] = await rows(place, "SELECT since FROM group_category WHERE group_id = %s", first)

    assert await done(place, Join("farmers"), actor=admin, seen=4) == 4

    assert await rows(place, "SELECT since FROM group_category WHERE group_id = %s", first) == [
        before
    ]
    [(facts,)] = await rows(place, "SELECT facts FROM record WHERE kind = 'groups.joined'")
    assert (facts["groups"], facts["changed"]) == (4, 3)


async def test_archived_groups_are_counted_and_found_no_more_and_can_be_brought_back(
    rt, place, circles, admin
):
    other = await place.group("west-one")
    assert await tallied(place, "state") == 4

    await done(place, Archive(), actor=admin, filter=GroupFilter(unit=place.units["east"]))

    assert await live(place) == {other}
    assert (await tallied(place, "east"), await tallied(place, "state")) == (0, 1)
    await groups.bring_back(rt, circles[0], key=str(new_id()), actor=admin)
    assert await live(place) == {other, circles[0]}


async def test_a_filter_chooses_what_it_counts_and_lists(rt, place, admin):
    """Every condition alone: previewed, listed and chosen are the same groups."""
    await place.category("marked")
    sender = await place.sender()
    boss = await place.person("state")
    await place.post("state", person=boss)
    for turn, at in enumerate(("east-one", "east-two", "west-one")):
        group = await place.group(
            at,
            purpose="internal" if turn else "public",
            categories=("farmers",) if turn < 2 else (),
            sender=None if turn else sender,
            language="en" if turn else "hi",
            notice=not turn,
            name=f"{'Kisan' if turn else 'Mahila'} {turn}",
        )
        if turn == 1:
            await place.admin(group, boss)
    async with place.transaction() as conn:
        await conn.execute("UPDATE chat_group SET size_at = '2020-01-01' WHERE purpose = 'public'")
    for filter, count in (
        (ALL, 3),
        (GroupFilter(unit=place.units["east"]), 2),
        (GroupFilter(purpose=GroupPurpose.INTERNAL), 2),
        (GroupFilter(category="farmers"), 2),
        (GroupFilter(channel=GroupChannel.SANDBOX), 1),
        (GroupFilter(language="en"), 2),
        (GroupFilter(name_contains="किसान"), 2),
        (GroupFilter(admins=Admins.NONE), 2),
        (GroupFilter(admins=Admins.ONE), 1),
        (GroupFilter(size=Sizing.STALE), 1),
        (GroupFilter(size=Sizing.KNOWN), 1),
        (GroupFilter(size=Sizing.UNKNOWN), 2),
        (GroupFilter(categorised=True), 2),
        (GroupFilter(without_executive=True), 1),
        (GroupFilter(without_notice=True), 2),
    ):
        assert await previewed(place, Join, actor=admin, filter=filter) == count, filter
        assert await done(place, Join("marked"), actor=admin, seen=count, filter=filter) == count
        async with place.transaction() as conn:
            scope = await scope_of(rt, conn, admin)
            found = await groups.group_page(conn, scope=scope, filter=filter, now=rt.now())
        chosen = await rows(
            place, "SELECT group_id FROM group_category WHERE category_key = 'marked'"
        )
        assert {id for (id,) in chosen} == {group.id for group in found}, filter
        await done(place, Leave("marked"), actor=admin)


async def test_others_than_were_seen_are_left_alone(place, circles, admin):
    await place.group("east-two")

    for deed in (Join("farmers"), Archive()):
        with pytest.raises(Refused) as refusal:
            await done(place, deed, actor=admin, seen=3)
        assert (refusal.value.code, refusal.value.facts["count"]) == ("groups.count_changed", 4)

    assert len(await live(place)) == 4
    assert await rows(place, "SELECT FROM group_category") == []
    assert await rows(place, "SELECT FROM record WHERE kind LIKE 'groups.%%'") == []


async def test_two_who_archive_the_same_groups_at_once_do_it_once(place, circles, admin):
    other = await place.account("bina", at="state")

    ended = await asyncio.gather(
        *(done(place, Archive(), actor=actor) for actor in (admin, other)), return_exceptions=True
    )

    [refused] = [end for end in ended if end != 3]
    assert (refused.code, await live(place)) == ("groups.none_chosen", set())
    assert len(await rows(place, "SELECT FROM record WHERE kind = 'groups.archived'")) == 1


async def test_a_change_waits_for_one_that_is_under_way_and_then_counts_again(
    place, circles, admin
):
    """Somebody archives one of them between the preview and the change."""
    async with place.transaction() as conn:
        await conn.execute("UPDATE chat_group SET archived_at = now() WHERE id = %s", (circles[0],))
        change = asyncio.create_task(done(place, Join("farmers"), actor=admin))
        async with asyncio.timeout(30):
            while True:
                if await rows(place, WAITING):
                    break
                await asyncio.sleep(0.01)
    with pytest.raises(Refused) as refusal:
        await change

    assert (refusal.value.code, refusal.value.facts["count"]) == ("groups.count_changed", 2)
    assert await rows(place, "SELECT FROM group_category") == []


async def test_a_preview_and_a_change_keep_to_where_one_has_the_right(place, circles, admin):
    neighbour = await place.group("west-one")
    coordinator = await place.account("asha", at="east", role="coordinator")
    desk = await place.account("desk", at="east", role="desk")
    west = GroupFilter(unit=place.units["west"])

    assert await previewed(place, Archive, actor=coordinator) == 3
    assert await done(place, Archive(), actor=coordinator) == 3
    assert await live(place) == {neighbour}
    for deed in (Join("farmers"), Leave("farmers"), Archive()):
        with pytest.raises(NotAllowed):
            await done(place, deed, actor=desk)
        with pytest.raises(NotAllowed):
            await previewed(place, type(deed), actor=desk)
        with pytest.raises(Refused, match="none_chosen"):
            await done(place, deed, actor=coordinator, seen=1, filter=west)


async def test_what_one_sees_without_the_right_is_not_changed(place, circles):
    """Coordinator in two places, and at the desk beside them."""
    coordinator = await place.account("asha", at="east-one", role="coordinator")
    await place.post("west-one", account=coordinator.id, role="coordinator")
    await place.post("state", account=coordinator.id, role="desk")
    there, beside = await place.group("west-one"), await place.group("west-two")

    assert await previewed(place, Join, actor=coordinator) == 4
    assert await done(place, Join("farmers"), actor=coordinator, seen=4) == 4

    joined = {id for (id,) in await rows(place, "SELECT group_id FROM group_category")}
    assert joined == {*circles, there}
    with pytest.raises(Refused, match="too_many_at_once"):
        await done(place, Archive(), actor=coordinator, seen=4, most=3)
    assert await live(place) == {*circles, there, beside}


async def test_a_strangers_groups_are_never_meant(rt, place, circles):
    other = await an_organisation(rt, "other")
    await other.group("east-one")
    actor = await other.account("admin")

    assert await previewed(other, Archive, actor=actor) == 1
    assert await done(other, Archive(), actor=actor, seen=1) == 1
    assert await live(place) == {*circles}


async def test_a_preview_keeps_nobody_waiting(place, circles, admin):
    async with place.transaction() as conn:
        scope = await scope_of(place.rt, conn, admin)
        assert await bulk.preview(place.rt, conn, ALL, Archive, scope=scope) == 3

        free = await rows(place, "SELECT FROM chat_group FOR UPDATE SKIP LOCKED")

    assert len(free) == 3


async def test_the_same_form_sent_twice_acts_once(place, circles, admin):
    key = str(new_id())

    assert await done(place, Join("farmers"), actor=admin, key=key) == 3
    await place.group("east-one")
    assert await done(place, Join("farmers"), actor=admin, key=key) == 3
    with pytest.raises(Refused, match="other_request"):
        await done(place, Archive(), actor=admin, key=key)

    assert len(await rows(place, "SELECT FROM record WHERE kind = 'groups.joined'")) == 1
    assert len(await rows(place, "SELECT FROM group_category")) == 3


async def test_an_unknown_category_is_refused(place, circles, admin):
    for deed in (Join("moon"), Leave("moon"), Join("")):
        with pytest.raises(Invalid, match="unknown_category"):
            await done(place, deed, actor=admin)


async def test_what_is_archived_is_not_archived_again_and_may_change_its_categories(
    rt, place, circles, admin
):
    archived = GroupFilter(archived=True)
    await groups.archive(rt, circles[0], key=str(new_id()), actor=admin)
    [since] = await rows(place, "SELECT archived_at FROM chat_group WHERE id = %s", circles[0])

    with pytest.raises(Refused, match="archived_already"):
        await previewed(place, Archive, actor=admin, filter=archived)
    with pytest.raises(Refused, match="archived_already"):
        await done(place, Archive(), actor=admin, filter=archived, seen=1)
    assert await done(place, Join("farmers"), actor=admin, filter=archived, seen=1) == 1
    assert await done(place, Archive(), actor=admin, seen=2) == 2

    assert await rows(place, "SELECT group_id FROM group_category") == [(circles[0],)]
    kept = await rows(place, "SELECT archived_at FROM chat_group WHERE id = %s", circles[0])
    assert kept == [since]


async def test_none_and_too_many_are_refused(place, circles, admin):
    with pytest.raises(Refused, match="none_chosen"):
        await done(place, Archive(), actor=admin, filter=GroupFilter(language="en"), seen=0)
    with pytest.raises(Refused, match="too_many_at_once"):
        await done(place, Archive(), actor=admin, most=2)

    assert await live(place) == {*circles}
