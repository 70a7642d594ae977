"""Units: the tree as it is, and as it was."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from chaupal.api.callers import Called, unit_here
from chaupal.kit import db
from chaupal.kit.refusals import NotFound
from chaupal.organisations import pages as unit_pages
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import Unit, UnitId
from chaupal.organisations.tree import EVER, Then, history, joined
from chaupal.organisations.tree import queries as tree
from chaupal.organisations.tree.models import last_day_before


class UnitShape(Struct, frozen=True):
    """A unit with what it holds, everything below it included. `level` is the key of its level."""

    id: UUID
    parent_id: UUID | None
    level: str
    code: str
    name_hi: str
    name_en: str
    people: int
    internal_groups: int
    public_groups: int


class SpellShape(Struct, frozen=True):
    """A time of one name and place. No `since`: as long as we know; no `last_day`: until now."""

    since: date | None
    last_day: date | None
    parent_id: UUID | None
    name_hi: str
    name_en: str


class SuccessionShape(Struct, frozen=True):
    """What became of a unit (`forward`), or where it came from."""

    kind: str
    on_day: date
    forward: bool
    unit_id: UUID
    unit_code: str
    name_hi: str
    name_en: str


class HistoryShape(Struct, frozen=True):
    """A unit's spells and successions, the oldest first. Ended units have a history as well."""

    id: UUID
    code: str
    ended_on: date | None
    spells: list[SpellShape]
    successions: list[SuccessionShape]


class ThenShape(Struct, frozen=True):
    """A unit as it was on a day. `still`: it is there today and hangs from the same unit."""

    id: UUID
    level: str
    code: str
    name_hi: str
    name_en: str
    still: bool


class DayShape(Struct, frozen=True):
    """Where a unit was on a day, from the root down, and what hung from it."""

    on_day: date
    line: list[ThenShape]
    children: list[ThenShape]


@get("/units")
async def roots(caller: Called) -> list[UnitShape]:
    """List the units at which the caller's part of the tree begins."""
    async with caller.transaction() as conn:
        return await shapes(conn, await organisations.roots(conn, scope=caller.scope))


@get("/units/{id:uuid}")
async def unit(caller: Called, id: FromPath[UUID]) -> UnitShape:
    """Show one unit of today."""
    async with caller.transaction() as conn:
        [shape] = await shapes(conn, [await unit_here(conn, caller, id)])
    return shape


@get("/units/{id:uuid}/children")
async def children(caller: Called, id: FromPath[UUID]) -> list[UnitShape]:
    """List the units that hang directly from one."""
    async with caller.transaction() as conn:
        here = await unit_here(conn, caller, id)
        return await shapes(conn, await organisations.children(conn, here.id, scope=caller.scope))


@get("/units/{id:uuid}/history")
async def told(caller: Called, id: FromPath[UUID]) -> HistoryShape:
    """Tell what a unit was called and where it hung, and what became of it."""
    unit, scope = UnitId(id), caller.scope
    async with caller.transaction() as conn:
        here = await tree.placed(conn, unit, scope=scope)
        if here is None:
            raise NotFound("unit.not_found")
        spells = joined(await history.spells(conn, unit, scope=scope))
        successions = await history.successions(conn, unit, scope=scope)
    return HistoryShape(
        id=here.id,
        code=here.code,
        ended_on=here.ended_on,
        spells=[
            SpellShape(
                since=None if spell.since == EVER else spell.since,
                last_day=last_day_before(spell.until) if spell.until else None,
                parent_id=spell.parent_id,
                name_hi=spell.name_hi,
                name_en=spell.name_en,
            )
            for spell in spells
        ],
        successions=[
            SuccessionShape(
                kind=row.kind.value,
                on_day=row.on_day,
                forward=row.forward,
                unit_id=row.other_id,
                unit_code=row.other_code,
                name_hi=row.other_name_hi,
                name_en=row.other_name_en,
            )
            for row in successions
        ],
    )


@get("/units/{id:uuid}/then")
async def then(
    caller: Called,
    id: FromPath[UUID],
    on: Annotated[date, QueryParameter(description="A day, as 2024-03-31.")],
) -> DayShape:
    """Show where a unit was on a day and what hung from it. No line: it was not there."""
    unit, scope = UnitId(id), caller.scope
    async with caller.transaction() as conn:
        if await tree.placed(conn, unit, scope=scope) is None:
            raise NotFound("unit.not_found")
        line = await history.lineage_on(conn, unit, on, scope=scope)
        below = await history.tree_on(conn, on, unit, scope=scope)
        levels = await level_keys(conn)
    return DayShape(on, [_then(step, levels) for step in line], [_then(c, levels) for c in below])


def _then(step: Then, levels: dict[int, str]) -> ThenShape:
    return ThenShape(
        id=step.id,
        level=levels[step.level_rank],
        code=step.code,
        name_hi=step.name_hi,
        name_en=step.name_en,
        still=step.still,
    )


async def level_keys(conn: db.Conn) -> dict[int, str]:
    """Return the key of each level."""
    return {level.rank: level.key for level in await organisations.levels(conn)}


async def shapes(conn: db.Conn, units: list[Unit]) -> list[UnitShape]:
    """Put units that were found within a Scope into the API's own words, with what they hold."""
    levels = await level_keys(conn)
    totals = await unit_pages.totals(conn, [unit.id for unit in units])
    return [
        UnitShape(
            id=unit.id,
            parent_id=unit.parent_id,
            level=levels[unit.level_rank],
            code=unit.code,
            name_hi=unit.name_hi,
            name_en=unit.name_en,
            people=totals[unit.id].people,
            internal_groups=totals[unit.id].internal_groups,
            public_groups=totals[unit.id].public_groups,
        )
        for unit in units
    ]


ROUTES: tuple[Any, ...] = (roots, unit, children, told, then)
