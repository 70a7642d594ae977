"""Exporting units, people, groups, posts, memberships as CSV, page by page.

Each page is a transaction of its own, with what the actor may see by then: a reader who takes
their time holds nothing up, and memory does not grow with the file.
"""

import codecs
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

from chaupal import record
from chaupal.directory import staging
from chaupal.directory.exports import counts, queries
from chaupal.directory.exports.rows import Addresses, cells
from chaupal.directory.fields import escaped
from chaupal.directory.models import Kind
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import UnitId
from chaupal.organisations.scope import INDIA
from chaupal.record import Actor

CONSOLE = "console"
PAGE_ROWS = 2000

# In this order; every one of them is a column of the import of its kind.
EXPORTED: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        Kind.UNITS: ("code", "parent_code", "level", "name_hi", "name_en"),
        Kind.PEOPLE: (
            "reference",
            "unit_code",
            "name",
            "language",
            "phone",
            "email",
            "telegram",
            "matrix",
            "sandbox",
            "consent_basis",
            "consent_proof",
            "notice_version",
            "consent_purposes",
        ),
        Kind.GROUPS: (
            "address",
            "unit_code",
            "name",
            "purpose",
            "channel",
            "sender",
            "language",
            "size",
            "categories",
            "admins",
            "notice",
        ),
        Kind.POSTS: (
            "unit_code",
            "role",
            "title_hi",
            "title_en",
            "reference",
            "since",
            "until",
        ),
        Kind.MEMBERSHIPS: ("reference", "category", "since", "basis", "until"),
    }
)

Page: TypeAlias = Sequence[queries.AnyRow]


@dataclass(frozen=True, slots=True)
class _Reach:
    """Below which paths somebody may export, and below which of them see addresses whole."""

    paths: Sequence[str]
    whole: Sequence[str]
    units: Sequence[UUID]


async def export(
    rt: Runtime,
    kind: Kind,
    *,
    actor: Actor,
    unit: UnitId | None = None,
    unmask: bool = False,
    page_rows: int = PAGE_ROWS,
) -> AsyncIterator[bytes]:
    """Return a CSV file in pieces: everything of one kind that the actor may export, or what of
    it is at one unit and below.

    The record says so before the first piece leaves, with the number of rows; an export that is
    broken off stands there too. Addresses are masked, unless `unmask` is asked by somebody who
    may see them. No cell is taken for a formula, and importing the file again changes nothing.
    """
    async with db.transaction(rt.pool, actor.organisation) as conn:
        reach = await _reach(rt, conn, actor, unit=unit, unmask=unmask)
        counted = await _COUNTS[kind](conn, roots=reach.paths)
        await record.append(
            conn,
            f"{kind.value}.exported",
            new_id(),
            actor=actor,
            now=rt.now(),
            rows=counted.rows,
            unmasked=bool(reach.whole),
            units=[str(unit) for unit in reach.units],
        )
    return _pieces(rt, kind, actor=actor, unit=unit, unmask=unmask, page_rows=page_rows)


async def _pieces(
    rt: Runtime, kind: Kind, *, actor: Actor, unit: UnitId | None, unmask: bool, page_rows: int
) -> AsyncIterator[bytes]:
    yield codecs.BOM_UTF8 + _written([EXPORTED[kind]])
    last: queries.AnyRow | None = None
    while True:
        async with db.transaction(rt.pool, actor.organisation) as conn:
            reach = await _reach(rt, conn, actor, unit=unit, unmask=unmask)
            following = partial(_following(rt, kind), roots=reach.paths, limit=page_rows)
            page = await following(conn, queries.START if last is None else queries.key_of(last))
        if not page:
            return
        addresses = Addresses(rt.sealer, actor.organisation, reach.whole)
        yield _written([cells(row, addresses) for row in page])
        last = page[-1]


async def _reach(
    rt: Runtime, conn: db.Conn, actor: Actor, *, unit: UnitId | None, unmask: bool
) -> _Reach:
    if actor == record.part_of_the_system(actor.organisation, CONSOLE):
        everywhere = staging.EVERYWHERE
        return _Reach(everywhere, everywhere if unmask else (), ())
    scope = await scope_of(rt, conn, actor)
    scope.need(Right.EXPORT)
    if unmask:
        scope.need(Right.UNMASK)
    paths, whole = scope.paths(Right.EXPORT), scope.paths(Right.UNMASK) if unmask else []
    if unit is None:
        return _Reach(paths, whole, scope.units(Right.EXPORT))
    place = await organisations.unit(conn, unit, scope=scope)
    if place is None or not scope.covers(place.path, Right.EXPORT):
        raise NotFound("unit.not_found")
    return _Reach([place.path], _within(whole, place.path), [place.id])


def _within(roots: Sequence[str], path: str) -> Sequence[str]:
    """Return what of these subtrees lies at a path and below."""
    if any(path.startswith(root) for root in roots):
        return [path]
    return [root for root in roots if root.startswith(path)]


def _following(rt: Runtime, kind: Kind) -> Callable[..., Awaitable[Page]]:
    """Return what gives the rows after a key, unit by unit."""
    match kind:
        case Kind.UNITS:
            return queries.units
        case Kind.PEOPLE:
            return queries.people
        case Kind.GROUPS:
            return queries.groups
        case Kind.POSTS:
            return partial(queries.posts, today=rt.now().astimezone(INDIA).date())
        case Kind.MEMBERSHIPS:
            return queries.memberships


def _written(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([escaped(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


_COUNTS: Mapping[Kind, Callable[..., Awaitable[counts.Counted]]] = MappingProxyType(
    {
        Kind.UNITS: counts.units,
        Kind.PEOPLE: counts.people,
        Kind.GROUPS: counts.groups,
        Kind.POSTS: counts.posts,
        Kind.MEMBERSHIPS: counts.memberships,
    }
)
