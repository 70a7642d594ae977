"""Changing the tree: units founded, renamed, moved, merged, split and ended, after a look."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from chaupal.api.callers import Called, Caller, Key
from chaupal.directory import tree as reshaping
from chaupal.kit import db
from chaupal.organisations import pages as unit_pages
from chaupal.organisations.models import UnitId
from chaupal.organisations.tree import Names, Placed, Weight, actions, queries
from chaupal.organisations.tree.models import check_hand, check_hangs


class NewUnit(Struct, frozen=True, forbid_unknown_fields=True):
    """A unit to be added. `level` is the key of a level below that of the unit it hangs from."""

    level: str
    code: str
    name_hi: str
    name_en: str
    on_day: date


class NewNames(Struct, frozen=True, forbid_unknown_fields=True):
    """What a unit is called from a day on."""

    name_hi: str
    name_en: str
    on_day: date


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """The unit from which another hangs, or whose part it becomes, from a day on."""

    to: UUID
    on_day: date


class PartShape(Struct, frozen=True, forbid_unknown_fields=True):
    """What leaves a unit. With both names it becomes a new unit; else `code` is one of today's."""

    code: str
    name_hi: str | None = None
    name_en: str | None = None
    children: list[UUID] = []
    groups: list[UUID] = []
    people: bool = False


class Division(Struct, frozen=True, forbid_unknown_fields=True):
    """The parts that leave a unit on a day."""

    parts: list[PartShape]
    on_day: date


class Day(Struct, frozen=True, forbid_unknown_fields=True):
    """From which day on."""

    on_day: date


class Made(Struct, frozen=True):
    """What was made."""

    id: UUID


class AllMade(Struct, frozen=True):
    """What was made, in the order in which it was asked for."""

    ids: list[UUID]


class WeightShape(Struct, frozen=True):
    """What hangs at a unit and below it today. `units` does not count the unit itself."""

    units: int
    people: int
    internal_groups: int
    public_groups: int


@post("/units/{id:uuid}/found", status_code=201)
async def found(caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[NewUnit]) -> Made:
    """Add a unit below one."""
    made = await actions.found(
        caller.rt,
        UnitId(id),
        level=data.level,
        code=data.code,
        names=Names(data.name_hi, data.name_en),
        on_day=data.on_day,
        key=key,
        actor=caller.actor,
    )
    return Made(made)


@post("/units/{id:uuid}/rename", status_code=204)
async def rename(caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[NewNames]) -> None:
    """Call a unit something else from a day on."""
    names = Names(data.name_hi, data.name_en)
    await actions.rename(
        caller.rt, UnitId(id), names, on_day=data.on_day, key=key, actor=caller.actor
    )


@post("/units/{id:uuid}/move", status_code=200)
async def move(caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[Place]) -> WeightShape:
    """Hang a unit, with everything below it, from another."""
    weight = await actions.move(
        caller.rt, UnitId(id), UnitId(data.to), on_day=data.on_day, key=key, actor=caller.actor
    )
    return _weight(weight)


@post("/units/{id:uuid}/move/preview", status_code=200)
async def look_at_move(caller: Called, id: FromPath[UUID], data: JSONBody[Place]) -> WeightShape:
    """Say what a move would take along, or why it cannot be. Nothing changes."""
    async with caller.transaction() as conn:
        here = await _hand_on(conn, caller, id)
        to = await actions.live(conn, UnitId(data.to), scope=caller.scope)
        check_hand(caller.scope, here.parent_path, to.path)
        check_hangs(here, to)
        return _weight(await queries.weight(conn, here))


@post("/units/{id:uuid}/take-back", status_code=204)
async def take_back(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Hang a unit where it hung before its move of today."""
    await actions.take_back(caller.rt, UnitId(id), key=key, actor=caller.actor)


@post("/units/{id:uuid}/merge", status_code=200)
async def merge(caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[Place]) -> WeightShape:
    """Make a unit part of another of its level; what was in it is in the other then."""
    weight = await reshaping.merge(
        caller.rt, UnitId(id), UnitId(data.to), on_day=data.on_day, key=key, actor=caller.actor
    )
    return _weight(weight)


@post("/units/{id:uuid}/merge/preview", status_code=200)
async def look_at_merge(caller: Called, id: FromPath[UUID], data: JSONBody[Place]) -> WeightShape:
    """Say what would go over to the other unit. Nothing changes."""
    async with caller.transaction() as conn:
        here = await _hand_on(conn, caller, id)
        to = await actions.live(conn, UnitId(data.to), scope=caller.scope)
        check_hand(caller.scope, here.parent_path, to.path)
        return _weight(await queries.weight(conn, here))


@post("/units/{id:uuid}/split", status_code=201)
async def split(caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[Division]) -> AllMade:
    """Take parts out of a unit: each becomes a new unit beside it, or goes to one of its level."""
    made = await reshaping.split(
        caller.rt,
        UnitId(id),
        [_part(part) for part in data.parts],
        on_day=data.on_day,
        key=key,
        actor=caller.actor,
    )
    return AllMade(list(made))


@post("/units/{id:uuid}/split/preview", status_code=200)
async def look_at_split(
    caller: Called, id: FromPath[UUID], data: JSONBody[Division]
) -> list[WeightShape]:
    """Say what hangs at the children that each part would take along. Nothing changes."""
    async with caller.transaction() as conn:
        here = await _hand_on(conn, caller, id)
        check_hand(caller.scope, here.parent_path)
        own = [child.id for child in await queries.children(conn, here.id)]
        totals = await unit_pages.totals(conn, own)
        sizes = await unit_pages.unit_sizes(conn, own, scope=caller.scope)
    below = {size.unit_id: size.units for size in sizes}
    return [
        WeightShape(
            units=sum(below[child] + 1 for child in going),
            people=sum(totals[child].people for child in going),
            internal_groups=sum(totals[child].internal_groups for child in going),
            public_groups=sum(totals[child].public_groups for child in going),
        )
        for going in ([id for id in own if id in part.children] for part in data.parts)
    ]


@post("/units/{id:uuid}/end", status_code=204)
async def end(caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[Day]) -> None:
    """Let a unit be no more from a day on. It has to be empty."""
    await actions.end(caller.rt, UnitId(id), on_day=data.on_day, key=key, actor=caller.actor)


@post("/units/{id:uuid}/end/preview", status_code=200)
async def look_at_end(caller: Called, id: FromPath[UUID]) -> WeightShape:
    """Say what is still in a unit and stands in the way of its end. Nothing changes."""
    async with caller.transaction() as conn:
        return _weight(await queries.weight(conn, await _hand_on(conn, caller, id)))


async def _hand_on(conn: db.Conn, caller: Caller, id: UUID) -> Placed:
    """Return a unit of today that the caller may change, or refuse."""
    here = await actions.live(conn, UnitId(id), scope=caller.scope)
    check_hand(caller.scope, here.path)
    return here


def _part(part: PartShape) -> reshaping.Part:
    named = part.name_hi is not None or part.name_en is not None
    return reshaping.Part(
        code=part.code,
        names=Names(part.name_hi or "", part.name_en or "") if named else None,
        children=tuple(UnitId(id) for id in part.children),
        groups=tuple(part.groups),
        people=part.people,
    )


def _weight(weight: Weight) -> WeightShape:
    return WeightShape(
        units=max(weight.units - 1, 0),
        people=weight.people,
        internal_groups=weight.internal_groups,
        public_groups=weight.public_groups,
    )


ROUTES: tuple[Any, ...] = (
    found,
    rename,
    move,
    look_at_move,
    take_back,
    merge,
    look_at_merge,
    split,
    look_at_split,
    end,
    look_at_end,
)
