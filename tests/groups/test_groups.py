"""The directory of groups: found by what one asks, counted by branch, within one's scope alone."""

import asyncio
from datetime import date

import pytest

from chaupal import groups, record
from chaupal.groups import GroupFilter, GroupPurpose, NewGroup
from chaupal.groups.models import Category, GroupChannel
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.organisations import scope_of
from factories import an_organisation

TODAY = date(2026, 11, 24)


def key() -> str:
    return str(new_id())


async def seen(rt, place, actor, **filter):
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, actor)
        found = await groups.group_page(
            conn, scope=scope, filter=GroupFilter(**filter), now=rt.now()
        )
    return {group.id for group in found}


async def test_groups_are_found_by_what_one_asks_for(rt, place, admin):
    bot = await place.sender()
    farmers = await place.group("east-one", sender=bot, categories=("farmers",))
    team = await place.group("east", sender=bot, purpose="internal")
    relayed = await place.group("west-two")
    assert await seen(rt, place, admin) == {farmers, team, relayed}
    assert await seen(rt, place, admin, unit=place.units["east"]) == {farmers, team}
    assert await seen(rt, place, admin, purpose=GroupPurpose.INTERNAL) == {team}
    assert await seen(rt, place, admin, category="farmers") == {farmers}
    assert await seen(rt, place, admin, channel=GroupChannel.WHATSAPP) == {relayed}
    assert await seen(rt, place, admin, name_contains="%") == set(), "no wildcard slips in"


async def test_a_group_is_found_by_how_its_name_sounds(rt, place, admin, register):
    kisan = await register(name="किसान मोर्चा नोखा")
    await register(name="Mahila Nokha")
    for spelt in ("Kisan", "KISAAN nokha", "नोखा किसान", "morch"):
        assert await seen(rt, place, admin, name_contains=spelt) == {kisan}, spelt
    assert len(await seen(rt, place, admin, name_contains="nokha")) == 2
    assert await seen(rt, place, admin, name_contains="sarkar") == set()


async def test_nobody_sees_groups_outside_their_scope(rt, place, admin):
    theirs = await place.group("west-one")
    person = await place.person("west-one", chat="c1")
    await place.admin(theirs, person)
    neighbour = await place.account("neighbour", at="east", role="coordinator")
    bearer = await place.account("bearer", at="state", role="office_bearer")
    other = await an_organisation(rt, "dusra")
    stranger = await other.account("stranger")
    for somewhere, actor in ((place, neighbour), (place, bearer), (other, stranger)):
        async with somewhere.transaction() as conn:
            scope = await scope_of(rt, conn, actor)
            assert await groups.group_page(conn, scope=scope, now=rt.now()) == []
            assert await groups.group(conn, theirs, scope=scope) is None
            assert await groups.admins(conn, theirs, scope=scope, today=TODAY) == []
            assert await groups.headline(conn, scope=scope) == []
            counts = await groups.unit_counts(conn, place.units["state"], scope=scope)
            assert sum(count.total for count in counts) == 0
        with pytest.raises(NotFound):
            await groups.archive(rt, theirs, key=key(), actor=actor)
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, admin)
        [only] = await groups.admins(conn, theirs, scope=scope, today=TODAY)
        assert (only.person_id, only.turn) == (person, 1)


async def test_pages_follow_each_other_whatever_is_added_meanwhile(rt, place, admin):
    made = {await place.group("east-one") for _ in range(7)}
    collected, after = [], None
    for _ in range(4):
        async with place.transaction() as conn:
            scope = await scope_of(rt, conn, admin)
            page = await groups.group_page(conn, scope=scope, after=after, limit=2, now=rt.now())
        collected += [group.id for group in page]
        after = page[-1].key
        async with place.transaction() as conn:  # moves to the front, so is never met again
            await conn.execute(
                "UPDATE chat_group SET name = '!' || name WHERE name < %s", (after.name,)
            )
    assert len(collected) == len(set(collected)) == 7
    assert set(collected) == made


async def test_each_branch_is_counted_with_everything_below_it(rt, place, admin):
    await place.group("east-one")
    await place.group("east-two", purpose="internal")
    await place.group("east", purpose="internal")
    await place.group("state", purpose="internal")
    archived = await place.group("west-one")
    await groups.archive(rt, archived, key=key(), actor=admin)
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, admin)
        counts = await groups.unit_counts(conn, place.units["state"], scope=scope)
    assert {c.unit_id: (c.internal, c.public) for c in counts} == {
        place.units["east"]: (2, 1),
        place.units["west"]: (0, 0),
    }


async def test_a_branch_whose_number_begins_another_keeps_its_own_groups(rt, place, admin):
    for n in range(12):  # numbers 8 to 19: 1 and 1x must not be taken for each other
        await place.unit(f"extra-{n}", "state", rank=1)
    for _ in range(3):
        await place.group("extra-11")
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, admin)
        counts = await groups.unit_counts(conn, place.units["state"], scope=scope)
    assert {c.unit_id: c.total for c in counts if c.total} == {place.units["extra-11"]: 3}


async def test_members_are_summed_only_where_somebody_told_the_size(rt, place, admin):
    await place.group("east")  # the factory's 100 has no date: nobody told it
    told = await place.group("east")
    async with place.transaction() as conn:
        await conn.execute(
            "UPDATE chat_group SET size = 40, size_at = %s WHERE id = %s", (rt.now(), told)
        )
        scope = await scope_of(rt, conn, admin)
        [count] = await groups.headline(conn, scope=scope)
    assert (count.groups, count.members, count.unsized) == (2, 40, 1)
    assert count.oldest_size_at is not None


async def test_an_archived_group_is_gone_once_and_leaves_one_record(rt, place, admin):
    group = await place.group("east")
    await asyncio.gather(*(groups.archive(rt, group, key=key(), actor=admin) for _ in range(3)))
    assert await seen(rt, place, admin) == set()
    assert await seen(rt, place, admin, archived=True) == {group}
    async with place.transaction() as conn:
        kinds = [entry.kind for entry in await record.after(conn, 0)]
    assert kinds.count("group.archived") == 1
    bearer = await place.account("desk", at="east", role="desk")
    with pytest.raises(NotAllowed):
        await groups.archive(rt, group, key=key(), actor=bearer)


async def test_a_group_that_is_brought_back_is_part_of_lists_again(rt, place, admin):
    group = await place.group("east")
    await groups.archive(rt, group, key=key(), actor=admin)
    await groups.bring_back(rt, group, key=key(), actor=admin)
    await groups.bring_back(rt, group, key=key(), actor=admin)
    assert await seen(rt, place, admin) == {group}
    async with place.transaction() as conn:
        kinds = [entry.kind for entry in await record.after(conn, 0)]
    assert kinds.count("group.brought_back") == 1


async def test_a_registered_group_stands_in_the_directory(rt, place, admin):
    bot = await place.sender()
    new = NewGroup(
        unit=place.units["east"], name="किसान", purpose=GroupPurpose.PUBLIC,
        channel=GroupChannel.SANDBOX, address="g-1", sender=bot, categories=("farmers",),
    )  # fmt: skip
    id = await groups.register(rt, new, key=key(), actor=admin)
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, admin)
        group = await groups.group(conn, id, scope=scope)
    assert (group.name, group.categories, group.size_at) == ("किसान", ["farmers"], None)
    with pytest.raises(Refused, match="address_taken"):
        await groups.register(rt, new, key=key(), actor=admin)


@pytest.mark.parametrize(
    "wrong",
    [
        {"categories": ("poets",)},
        {"sender": None},
        {"channel": GroupChannel.WHATSAPP},
        {"channel": GroupChannel.TELEGRAM},
        {"name": ""},
        {"address": ""},
    ],
    ids=str,
)
async def test_a_group_that_cannot_be_is_refused(rt, place, admin, wrong):
    right = {
        "unit": place.units["east"], "name": "G", "purpose": GroupPurpose.PUBLIC,
        "channel": GroupChannel.SANDBOX, "address": "g-1", "sender": await place.sender(),
    }  # fmt: skip
    with pytest.raises(Invalid):
        await groups.register(rt, NewGroup(**{**right, **wrong}), key=key(), actor=admin)
    assert await seen(rt, place, admin) == set()


async def test_a_category_is_added_once(rt, place, admin):
    women = Category("women", "महिलाएँ", "Women")
    await groups.add_category(rt, women, actor=admin)
    with pytest.raises(Refused, match="key_taken"):
        await groups.add_category(rt, women, actor=admin)
    with pytest.raises(Invalid):
        await groups.add_category(rt, Category("Women!", "म", "W"), actor=admin)
    async with place.transaction() as conn:
        assert women in await groups.categories(conn)
