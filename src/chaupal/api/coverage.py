"""Coverage: where groups are missing, who runs them, how many they reach; as last counted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath
from msgspec import Struct

from chaupal.api.callers import After, Called, Limit, Listing, UnitCode, unit_coded, unit_here
from chaupal.groups import coverage as counts
from chaupal.groups.coverage import Coverage
from chaupal.groups.models import judged
from chaupal.kit.refusals import NotFound
from chaupal.organisations import queries as organisations

CHILDREN_AT_MOST = 1000
EVERYWHERE = "/"


class CoverageShape(Struct, frozen=True):
    """A unit's numbers, everything below it included.

    `members` is the sum of the sizes of the `sized_groups`, told between the two dates.
    """

    unit_id: UUID
    code: str
    name_hi: str
    name_en: str
    booths: int
    booths_covered: int
    groups: int
    groups_no_admin: int
    groups_one_admin: int
    category_groups: int
    groups_no_executive: int
    public_groups: int
    sized_groups: int
    stale_groups: int
    members: int
    oldest_size_at: datetime | None
    newest_size_at: datetime | None
    by_category: dict[str, int]


class CoverageOf(Struct, frozen=True):
    """A unit and those right below it; `counted_at` says when."""

    counted_at: datetime | None
    unit: CoverageShape
    children: list[CoverageShape]


class BoothShape(Struct, frozen=True):
    """A booth without a live public group."""

    unit_id: UUID
    code: str
    name_hi: str
    name_en: str


@get("/coverage")
async def tops(caller: Called) -> list[CoverageShape]:
    """Show the coverage of the units at which the caller's part of the tree begins."""
    async with caller.transaction() as conn:
        roots = await organisations.roots(conn, scope=caller.scope)
        found = await counts.of_units(conn, [root.id for root in roots], scope=caller.scope)
    return [_shape(row) for row in found]


@get("/coverage/{id:uuid}")
async def unit(caller: Called, id: FromPath[UUID]) -> CoverageOf:
    """Show the coverage of a unit and of those right below it, the barest first."""
    async with caller.transaction() as conn:
        here = await unit_here(conn, caller, id)
        whole = await counts.of_unit(conn, here.id, scope=caller.scope)
        if whole is None:
            raise NotFound("unit.not_found")
        below = await counts.children(conn, here.id, scope=caller.scope, limit=CHILDREN_AT_MOST)
        counted = await counts.counted(conn)
    return CoverageOf(
        counted.counted_at if counted else None, _shape(whole), [_shape(row) for row in below]
    )


@get("/coverage/booths")
async def booths(
    caller: Called, *, unit: UnitCode = None, after: After = None, limit: Limit = 50
) -> Listing[BoothShape]:
    """List the booths without a live public group, as it is now."""
    behind = caller.after("booths", after, tuple[str])
    async with caller.transaction() as conn:
        top = await unit_coded(conn, caller, unit)
        found = await counts.bare_booths(
            conn,
            top.path if top else EVERYWHERE,
            scope=caller.scope,
            today=judged(caller.rt.now()).today,
            after=behind[0] if behind else None,
            limit=limit + 1,
        )
    return Listing(
        [BoothShape(row.unit_id, row.code, row.name_hi, row.name_en) for row in found[:limit]],
        caller.cursor("booths", found[limit - 1].path) if len(found) > limit else None,
    )


def _shape(row: Coverage) -> CoverageShape:
    return CoverageShape(
        unit_id=row.unit_id,
        code=row.code,
        name_hi=row.name_hi,
        name_en=row.name_en,
        booths=row.booths,
        booths_covered=row.booths_covered,
        groups=row.groups,
        groups_no_admin=row.groups_no_admin,
        groups_one_admin=row.groups_one_admin,
        category_groups=row.category_groups,
        groups_no_executive=row.groups_no_executive,
        public_groups=row.public_groups,
        sized_groups=row.sized_groups,
        stale_groups=row.stale_groups,
        members=row.members,
        oldest_size_at=row.oldest_size_at,
        newest_size_at=row.newest_size_at,
        by_category=row.by_category,
    )


ROUTES: tuple[Any, ...] = (tops, unit, booths)
