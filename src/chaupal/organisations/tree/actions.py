"""Founding, renaming, moving and ending units. Each function is one transaction.

Merging and splitting take people and groups along, which are above this layer: directory/tree.
"""

import asyncio
from datetime import date
from uuid import UUID

from chaupal import record
from chaupal.kit import db, digits
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.kit.sound import search_key
from chaupal.organisations import Right, Scope, scope_of
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import Unit, UnitId
from chaupal.organisations.offices import queries as offices
from chaupal.organisations.scope import INDIA
from chaupal.organisations.tree import history, holding, queries
from chaupal.organisations.tree.models import (
    Names,
    Placed,
    Weight,
    check_code,
    check_day,
    check_hand,
    check_hangs,
    check_live,
    joined,
    last_day_before,
)
from chaupal.record import Actor

# How long we try for what others hold for a moment: an import that is about to commit, a unit
# that somebody is just adding to. Of a transaction that has just ended one lock may be free
# already, and the next one not yet.
TRIES, PAUSE_S = 20, 0.1


async def found(
    rt: Runtime,
    parent: UnitId,
    *,
    level: str,
    code: str,
    names: Names,
    on_day: date,
    key: str,
    actor: Actor,
) -> UnitId:
    """Add a unit by hand, on a level below that of `parent`, which need not be the next one."""
    names.check()
    code = digits.plain(code)
    check_code(code)
    request = asked("found", parent, level, code, names.hi, names.en, on_day)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await alone(rt, conn, actor)
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return UnitId(UUID(earlier))
        above = await live(conn, parent, scope=scope)
        check_hand(scope, above.path)
        check_day(on_day, today=today(rt), earliest=await queries.existed_since(conn, parent))
        levels = {row.key: row.rank for row in await organisations.levels(conn)}
        if level not in levels:
            raise Invalid("audience.unknown_level", level=level)
        if levels[level] <= above.level_rank:
            raise Refused("unit.level_not_below")
        await check_free(conn, code)
        id = UnitId(new_id())
        await queries.add(
            conn,
            [id],
            parent=parent,
            level_rank=levels[level],
            codes=[code],
            names_hi=[names.hi],
            names_en=[names.en],
            search_keys=[search_key(names.hi, names.en)],
            since=on_day,
        )
        await record.answer(conn, key, request, str(id), actor=actor, now=rt.now())
        await record.append(
            conn, "unit.founded", id, actor=actor, now=rt.now(), under=str(parent), day=str(on_day)
        )
        return id


async def rename(
    rt: Runtime, unit: UnitId, names: Names, *, on_day: date, key: str, actor: Actor
) -> None:
    """Call a unit something else from a day on; history keeps what it was called before."""
    names.check()
    request = asked("rename", unit, names.hi, names.en, on_day)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await holding.take_turn(conn)
        scope = await scope_of(rt, conn, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        here = await live(conn, unit, scope=scope)
        check_hand(scope, here.path)
        check_day(on_day, today=today(rt), earliest=here.since)
        if (names.hi, names.en) == (here.name_hi, here.name_en):
            raise Refused("unit.name_unchanged")
        await queries.keep_past(conn, [unit], until=on_day)
        await queries.rename(
            conn,
            unit,
            name_hi=names.hi,
            name_en=names.en,
            search_key=search_key(names.hi, names.en),
            since=on_day,
        )
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(conn, "unit.renamed", unit, actor=actor, now=rt.now(), day=str(on_day))


async def move(
    rt: Runtime, unit: UnitId, new_parent: UnitId, *, on_day: date, key: str, actor: Actor
) -> Weight:
    """Hang a unit, with everything below it, from another from a day on; return what moved.

    Everybody who adds people or groups below it meanwhile waits for us or we for them, so that
    the counts of the old line and of the new one are right afterwards. Needs the right to manage
    both places. Refused under itself, under a level that is not above its own, and while a file
    is being taken in.
    """
    request = asked("move", unit, new_parent, on_day)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await alone(rt, conn, actor)
        moved = await live(conn, unit, scope=scope)
        weight = await queries.weight(conn, moved)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return weight
        parent = await live(conn, new_parent, scope=scope)
        check_day(on_day, today=today(rt), earliest=moved.since)
        await _hang(rt, conn, moved, parent, scope=scope, on_day=on_day)
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(
            conn,
            "unit.moved",
            unit,
            actor=actor,
            now=rt.now(),
            under=str(new_parent),
            from_under=str(moved.parent_id),
            day=str(on_day),
            units=weight.units,
            people=weight.people,
            groups=weight.groups,
        )
        return weight


async def take_back(rt: Runtime, unit: UnitId, *, key: str, actor: Actor) -> None:
    """Hang a unit where it hung before its move of today, as if it had never left."""
    request = asked("take back", unit)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await alone(rt, conn, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        moved = await live(conn, unit, scope=scope)
        before = await earlier_parent(rt, conn, moved, scope=scope)
        if before is None:
            raise Refused("unit.nothing_to_take_back")
        parent = await live(conn, before, scope=scope)
        await _hang(rt, conn, moved, parent, scope=scope, on_day=moved.since)
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(
            conn,
            "unit.move_taken_back",
            unit,
            actor=actor,
            now=rt.now(),
            under=str(before),
            from_under=str(moved.parent_id),
        )


async def earlier_parent(
    rt: Runtime, conn: db.Conn, unit: Placed, *, scope: Scope
) -> UnitId | None:
    """Return from where a unit moved today, or None if it did not."""
    if unit.since != today(rt):
        return None
    told = joined(await history.spells(conn, unit.id, scope=scope))
    if len(told) < 2 or told[-2].until != unit.since or told[-2].parent_id == unit.parent_id:
        return None
    return told[-2].parent_id


async def _hang(
    rt: Runtime, conn: db.Conn, unit: Placed, parent: Placed, *, scope: Scope, on_day: date
) -> None:
    """Move a unit under a parent, both as they stand in this transaction."""
    if unit.is_root:
        raise Refused("unit.root_stays")
    check_hand(scope, unit.parent_path, parent.path)
    if unit.parent_id == parent.id:
        raise Refused("unit.already_there")
    check_hangs(unit, parent)
    check_day(on_day, today=today(rt), earliest=await queries.existed_since(conn, parent.id))
    await held(conn, [unit])
    await rehung(conn, [unit.id], [parent.id], on_day=on_day)


async def end(rt: Runtime, unit: UnitId, *, on_day: date, key: str, actor: Actor) -> None:
    """Let a unit be no more from a day on; its offices end with it.

    Refused while units, people or groups are in it, saying how many of each.
    """
    request = asked("end", unit, on_day)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await alone(rt, conn, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        here = await live(conn, unit, scope=scope)
        if here.is_root:
            raise Refused("unit.root_stays")
        check_hand(scope, here.parent_path)
        check_day(on_day, today=today(rt), earliest=await queries.needed_until(conn, unit))
        await held(conn, [here])
        weight = await queries.weight(conn, here)
        if weight.units > 1 or weight.people or weight.groups:
            raise Refused(
                "unit.not_empty",
                units=weight.units - 1,
                people=weight.people,
                groups=weight.groups,
            )
        assert here.parent_id is not None
        closed = await ended(rt, conn, unit, heir=here.parent_id, on_day=on_day)
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(
            conn, "unit.ended", unit, actor=actor, now=rt.now(), day=str(on_day), offices=closed
        )


async def alone(rt: Runtime, conn: db.Conn, actor: Actor) -> Scope:
    """Have the tree to ourselves until commit; return what `actor` may do as it stands then.

    In this order, which nobody else turns round: changes of the tree, imports, offices.
    """
    await holding.take_turn(conn)
    await _no_imports(conn)
    await offices.take_turn(conn)
    scope = await scope_of(rt, conn, actor)
    scope.need(Right.MANAGE)
    return scope


async def _no_imports(conn: db.Conn) -> None:
    """Keep imports out until commit, or refuse where one goes on: it may run for minutes."""
    for _ in range(TRIES):
        if await holding.try_alone(conn):
            return
        await asyncio.sleep(PAUSE_S)
    raise Refused("unit.busy")


async def live(conn: db.Conn, id: UnitId, *, scope: Scope) -> Placed:
    """Return a unit of today within `scope`, or refuse."""
    unit = await queries.placed(conn, id, scope=scope)
    if unit is None:
        raise NotFound("unit.not_found")
    check_live(unit)
    return unit


async def held(conn: db.Conn, units: list[Placed]) -> None:
    """Hold these units and all below until commit, so that nobody adds to them meanwhile."""
    paths = [unit.path for unit in units]
    for _ in range(TRIES):
        if await holding.hold(conn, paths) == 0:
            return
        await asyncio.sleep(PAUSE_S)
    raise Refused("unit.busy")


async def rehung(conn: db.Conn, ids: list[UnitId], parents: list[UnitId], *, on_day: date) -> None:
    """Hang held units from others: their past is kept, their sums shift, their paths follow."""
    await queries.keep_past(conn, ids, until=on_day)
    await queries.shift(conn, ids, parents)
    await queries.rehang(conn, ids, parents, since=on_day)


async def ended(rt: Runtime, conn: db.Conn, unit: UnitId, *, heir: UnitId, on_day: date) -> int:
    """End an empty unit: its offices close, and `heir` looks after its accounts."""
    closed = await queries.close_offices(
        conn, unit, on_day=on_day, last_day=last_day_before(on_day), now=rt.now()
    )
    await queries.hand_accounts(conn, unit, to=heir)
    await queries.end(conn, unit, on_day=on_day)
    return closed


async def check_free(conn: db.Conn, code: str) -> None:
    """Refuse a code that a unit has, or had."""
    if await queries.coded(conn, code) is not None:
        raise Refused("unit.code_taken", unit=code)


async def candidates(
    conn: db.Conn, unit: Unit, words: str, *, same_level: bool, scope: Scope
) -> list[Unit]:
    """Return where a unit could hang, or which of its level it could become part of, by words."""
    ranks = [unit.level_rank] if same_level else list(range(unit.level_rank))
    found = await queries.alike(
        conn,
        code=digits.plain(words),
        search_key=search_key(words),
        ranks=ranks,
        scope_paths=scope.paths(Right.MANAGE),
    )
    return [other for other in found if other.id not in (unit.id, unit.parent_id)]


def today(rt: Runtime) -> date:
    """Return the day it is in India."""
    return rt.now().astimezone(INDIA).date()


def asked(verb: str, *what: object) -> bytes:
    """Return what is asked for as bytes, to tell it from anything else."""
    return b"\0".join([verb.encode(), *(str(part).encode() for part in what)])
