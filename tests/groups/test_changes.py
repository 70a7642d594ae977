"""What coordinators do to groups: change, move, recategorise, look after the admins."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from chaupal import groups, record
from chaupal.groups import GroupChange, queries
from chaupal.groups.invites import seal_context
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.organisations import scope_of
from factories import an_organisation

INVITE = "https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv"
NOON = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)


def key() -> str:
    return str(new_id())


def to(**changed) -> GroupChange:
    return GroupChange(**{"name": "नया", "language": "hi", "carries_notice": True, **changed})


async def shown(rt, place, actor, id):
    async with place.transaction() as conn:
        return await groups.group(conn, id, scope=await scope_of(rt, conn, actor))


async def told(place) -> list[str]:
    async with place.transaction() as conn:
        return [entry.kind for entry in await record.after(conn, 0)]


async def live_admins(rt, place, actor, id) -> list:
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, actor)
        rows = await groups.admins(conn, id, scope=scope, today=TODAY)
    assert [row.turn for row in rows if not row.left_at] == sorted(
        {row.turn for row in rows if not row.left_at}
    ), "no two are asked in the same turn"
    return [row.person_id for row in rows if row.left_at is None]


async def test_a_group_is_registered_once_however_often_the_button_is_pressed(
    rt, place, admin, register
):
    once = key()
    ids = await asyncio.gather(*(register(key=once, name="एक") for _ in range(3)))
    assert len(set(ids)) == 1
    assert (await told(place)).count("group.registered") == 1
    with pytest.raises(Refused, match="other_request"):
        await register(key=once, name="दूसरा")


async def test_a_group_is_registered_with_all_that_a_coordinator_knows_of_it(
    rt, place, register, clock
):
    clock.at = NOON
    coordinator = await place.account("asha", at="east", role="coordinator")
    first, second = await place.person("east-one"), await place.person("east-two")
    id = await register(
        actor=coordinator, categories=("farmers",), admins=(second, first, second), size=412,
        invite=f"जुड़ें {INVITE}",
    )  # fmt: skip
    group = await shown(rt, place, coordinator, id)
    assert (group.categories, group.size, group.size_at) == (["farmers"], 412, NOON)
    assert await live_admins(rt, place, coordinator, id) == [second, first]


@pytest.mark.parametrize("role", ["desk", "office_bearer"])
async def test_those_without_the_right_register_and_change_nothing(
    rt, place, admin, register, role
):
    id = await register()
    actor = await place.account("somebody", at="east", role=role)
    kind = NotAllowed if role == "desk" else NotFound
    for step in (
        register(actor=actor),
        groups.change(rt, id, to(), key=key(), actor=actor),
        groups.move(rt, id, place.units["east"], key=key(), actor=actor),
        groups.recategorise(rt, id, [], key=key(), actor=actor),
        groups.add_admins(rt, id, [], key=key(), actor=actor),
        groups.archive(rt, id, key=key(), actor=actor),
    ):
        with pytest.raises(kind):
            await step


async def test_a_size_that_nobody_told_keeps_its_number_and_its_date(
    rt, place, admin, register, clock
):
    clock.at = NOON
    id = await register(size=100)
    clock.at = NOON + timedelta(days=3)
    await groups.change(rt, id, to(), key=key(), actor=admin)
    group = await shown(rt, place, admin, id)
    assert (group.name, group.size, group.size_at) == ("नया", 100, NOON)
    await groups.change(rt, id, to(size=120), key=key(), actor=admin)
    group = await shown(rt, place, admin, id)
    assert (group.size, group.size_at) == (120, clock.at)


@pytest.mark.parametrize(
    "wrong", [{"size": 0}, {"size": 200_001}, {"name": " "}, {"language": "x"}]
)
async def test_what_no_group_can_be_is_refused(rt, admin, register, wrong):
    id = await register()
    with pytest.raises(Invalid):
        await groups.change(rt, id, to(**wrong), key=key(), actor=admin)


async def test_an_invite_is_sealed_for_its_own_group_and_nobody_else_reads_it(
    rt, place, admin, register
):
    id, other = await register(invite=INVITE), await register()
    desk = await place.account("desk", role="desk")
    async with place.transaction() as conn:
        kept = await queries.invite(conn, id, scope=await scope_of(rt, conn, admin))
        assert await queries.invite(conn, id, scope=await scope_of(rt, conn, desk)) is None
        entries = await record.after(conn, 0)
    assert rt.sealer.unseal(kept.sealed, seal_context(id)) == INVITE
    assert INVITE[-10:].encode() not in kept.sealed
    assert INVITE[-10:] not in str(entries)
    with pytest.raises(Refused, match="invite_taken"):
        await groups.change(rt, other, to(invite=INVITE), key=key(), actor=admin)
    await groups.change(rt, id, to(invite=""), key=key(), actor=admin)
    await groups.change(rt, other, to(invite=INVITE), key=key(), actor=admin)


async def test_when_a_group_was_in_which_category_is_remembered(rt, place, admin, register, clock):
    await place.category("women")
    clock.at = NOON
    id = await register(categories=("farmers",))
    clock.at = NOON + timedelta(days=10)
    await groups.recategorise(rt, id, ["women"], key=key(), actor=admin)
    await groups.recategorise(rt, id, ["women"], key=key(), actor=admin)
    clock.at = NOON + timedelta(days=20)
    await groups.recategorise(rt, id, ["women", "farmers"], key=key(), actor=admin)
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, admin)
        rows = await groups.belongings(conn, id, scope=scope)
    days = [
        (row.category_key, (row.since - NOON).days, row.until and (row.until - NOON).days)
        for row in rows
    ]
    assert days == [("farmers", 20, None), ("women", 10, None), ("farmers", 0, 10)]
    assert (await told(place)).count("group.recategorised") == 2
    with pytest.raises(Invalid, match="unknown_category"):
        await groups.recategorise(rt, id, ["poets"], key=key(), actor=admin)


async def test_a_group_moves_only_between_units_where_one_may_register(rt, place, admin, register):
    id = await register("east-one")
    coordinator = await place.account("asha", at="east", role="coordinator")
    await groups.move(rt, id, place.units["east-two"], key=key(), actor=coordinator)
    assert (await shown(rt, place, admin, id)).unit_id == place.units["east-two"]
    with pytest.raises(NotFound):
        await groups.move(rt, id, place.units["west-one"], key=key(), actor=coordinator)
    async with place.transaction() as conn:
        await conn.execute(
            "UPDATE unit SET ended_on = %s WHERE id = %s", (TODAY, place.units["east-one"])
        )
    with pytest.raises(Refused, match="unit_ended"):
        await groups.move(rt, id, place.units["east-one"], key=key(), actor=coordinator)


@pytest.mark.parametrize(
    "change", ["purpose = 'internal'", "channel = 'telegram'"], ids=["purpose", "channel"]
)
async def test_whom_a_group_is_for_and_where_it_lives_can_never_change(place, register, change):
    await register()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with place.transaction() as conn:
            await conn.execute(f"UPDATE chat_group SET {change}")


async def test_admins_come_go_come_back_and_are_asked_in_order(rt, place, admin, register):
    a, b, c = [await place.person("east-one") for _ in range(3)]
    id = await register(admins=(a, b, c))
    await groups.ask_first(rt, id, c, key=key(), actor=admin)
    assert await live_admins(rt, place, admin, id) == [c, a, b]
    await groups.let_admin_go(rt, id, c, key=key(), actor=admin)
    await groups.let_admin_go(rt, id, c, key=key(), actor=admin)
    assert await live_admins(rt, place, admin, id) == [a, b]
    with pytest.raises(Refused, match="not_an_admin"):
        await groups.ask_first(rt, id, c, key=key(), actor=admin)
    await groups.add_admins(rt, id, [c], key=key(), actor=admin)
    assert await live_admins(rt, place, admin, id) == [a, b, c]
    assert (await told(place)).count("group.admin_left") == 1


async def test_an_admin_is_somebody_one_may_see_or_an_executive(rt, place, admin, register):
    id = await register("east-one")
    coordinator = await place.account("asha", at="east", role="coordinator")
    stranger, executive = await place.person("west-one"), await place.person("state")
    for person in (stranger, executive):
        with pytest.raises(NotFound, match="admin_not_found"):
            await groups.add_admins(rt, id, [person], key=key(), actor=coordinator)
    await place.post("state", person=executive, role="office_bearer")
    await groups.add_admins(rt, id, [executive], key=key(), actor=coordinator)
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, coordinator)
        [row] = await groups.admins(conn, id, scope=scope, today=TODAY)
    assert row.executive


async def test_strangers_to_the_organisation_find_no_group(rt, register):
    id = await register()
    other = await an_organisation(rt, "dusra")
    stranger = await other.account("stranger")
    with pytest.raises(NotFound):
        await groups.archive(rt, id, key=key(), actor=stranger)
