"""Coverage: where groups are missing, who runs them, how many they reach; down the tree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get

from chaupal.groups import coverage
from chaupal.groups import queries as groups
from chaupal.groups.coverage import Coverage
from chaupal.groups.models import Category, judged
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.organisations import Right
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import Level, Unit, UnitId
from chaupal.web import visits
from chaupal.web.answers import page
from chaupal.web.language import translations
from chaupal.web.pages import paging
from chaupal.web.treemap import HEIGHT, WIDTH, Plot, depth, framed
from chaupal.web.visits import Asked, Desk

UNITS_SHOWN = 200
BOOTHS_SHOWN = 100
TILES_DRAWN = 400
GAPS_BY = "district"


@dataclass(frozen=True, slots=True)
class Here:
    """Where somebody looks: at a unit, or (None) over all the parts of the tree they may see."""

    unit: Unit | None
    tops: list[Unit]
    coverage: Coverage | None

    @property
    def id(self) -> UnitId | None:
        """Return the unit's id for addresses; the whole area needs none."""
        return self.unit.id if self.unit else None

    @property
    def rank(self) -> int:
        """Return the level at which one looks."""
        return min(top.level_rank for top in self.tops)


@get("/coverage")
async def show(request: Asked) -> Response[Any]:
    """GET /coverage?unit=&by=&level=: one unit's coverage, and that of the units below it."""
    desk = await visits.desk_of(request)
    rt, language = visits.runtime(request), desk.language
    by = "reach" if request.query_params.get("by") == "reach" else "booths"
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        counted = await coverage.counted(conn)
        here = await _here(conn, desk, request.query_params.get("unit"))
        children = await _children(conn, desk, here)
        finer = await _finer(conn, desk, here)
        levels = await organisations.levels(conn)
        rank = _rank(request.query_params.get("level"), levels, here)
        rows = await _at_level(conn, desk, here, rank) if rank is not None else []
        categories = await groups.categories(conn)
        lineage = await organisations.lineage(conn, here.unit.path) if here.unit else []
    whole = here.coverage
    contents = {
        "unit": _head(here, levels, desk),
        "path": [
            {"id": step.id, "name": step.name(language), "open": desk.scope.covers(step.path)}
            for step in lineage
            if step.id != here.id
        ],
        "counted_at": counted.counted_at if counted else None,
        "whole": whole and _numbers(whole, language),
        "by": by,
        "by_urls": {
            way: paging.address("/coverage", unit=here.id, by=way if way == "reach" else None)
            for way in ("booths", "reach")
        },
        "frames": _frames(children[:UNITS_SHOWN], finer, by, language),
        "width": int(WIDTH),
        "height": int(HEIGHT),
        "children": [_numbers(child, language) for child in children[:UNITS_SHOWN]],
        "more_children": len(children) > UNITS_SHOWN,
        "matrix": _matrix(rows, categories, language),
        "levels": _levels(levels, here, rank, language),
        "may_register": desk.scope.allows(Right.REGISTER),
    }
    return page(request, desk, "coverage.html", contents)


async def _here(conn: db.Conn, desk: Desk, asked: str | None) -> Here:
    if asked:
        try:
            unit = await organisations.unit(conn, UnitId(UUID(asked)), scope=desk.scope)
        except ValueError as error:
            raise Invalid("request.malformed", where="unit") from error
        if unit is None:
            raise NotFound("unit.not_found")
        return Here(unit, [unit], await coverage.of_unit(conn, unit.id, scope=desk.scope))
    roots = await organisations.roots(conn, scope=desk.scope)
    if len(roots) == 1:
        [root] = roots
        return Here(root, [root], await coverage.of_unit(conn, root.id, scope=desk.scope))
    parts = await coverage.of_units(conn, [root.id for root in roots], scope=desk.scope)
    name = translations(desk.language).gettext("Your area")
    return Here(None, roots, coverage.together(parts, name=name) if parts else None)


async def _children(conn: db.Conn, desk: Desk, here: Here) -> list[Coverage]:
    if here.unit is None:
        ids = [top.id for top in here.tops]
        return await coverage.of_units(conn, ids, scope=desk.scope)
    return await coverage.children(conn, here.unit.id, scope=desk.scope, limit=UNITS_SHOWN + 1)


async def _finer(conn: db.Conn, desk: Desk, here: Here) -> list[Coverage]:
    """Return the units two steps down for the picture, or none where they would be too many."""
    if here.unit is None:
        return []
    found = await coverage.grandchildren(
        conn, here.unit.id, scope=desk.scope, limit=TILES_DRAWN + 1
    )
    return found if len(found) <= TILES_DRAWN else []


async def _at_level(conn: db.Conn, desk: Desk, here: Here, rank: int) -> list[Coverage]:
    found: list[Coverage] = []
    for top in here.tops:  # as many as somebody has posts
        limit = UNITS_SHOWN - len(found)
        found += await coverage.below(conn, top.path, rank, scope=desk.scope, limit=limit)
    return found


def _rank(asked: str | None, levels: Sequence[Level], here: Here) -> int | None:
    """Return by which level the gaps are shown: by district where one looks from above them."""
    if not here.tops:
        return None
    ranks = {level.key: level.rank for level in levels if level.rank >= here.rank}
    if asked:
        if asked not in ranks:
            raise Invalid("request.malformed", where="level")
        return ranks[asked]
    if ranks.get(GAPS_BY, here.rank) > here.rank:
        return ranks[GAPS_BY]
    return min(here.rank + 1, max(ranks.values()))


def _head(here: Here, levels: Sequence[Level], desk: Desk) -> dict[str, Any]:
    if here.unit is None:
        name = translations(desk.language).gettext("Your area")
        return {"id": None, "name": name, "code": "", "level_name": ""}
    names = {level.rank: level.name(desk.language) for level in levels}
    return {
        "id": here.unit.id,
        "name": here.unit.name(desk.language),
        "code": here.unit.code,
        "level_name": names[here.unit.level_rank],
    }


def _numbers(shown: Coverage, language: str) -> dict[str, Any]:
    """Return a unit's numbers with the address of the list that each of them counts."""

    def groups_where(**conditions: str) -> str:
        return paging.address("/groups", unit=shown.code, **conditions)

    return {
        "id": shown.unit_id,
        "name": shown.name(language),
        "url": paging.address("/coverage", unit=shown.unit_id),
        "booths": shown.booths,
        "covered": shown.booths_covered,
        "bare": shown.booths_bare,
        "bare_url": paging.address("/coverage/booths", unit=shown.unit_id if shown.code else None),
        "depth": depth(shown.booths_covered, shown.booths),
        "groups": shown.groups,
        "groups_url": groups_where(),
        "no_admin": shown.groups_no_admin,
        "no_admin_url": groups_where(admins="none"),
        "one_admin": shown.groups_one_admin,
        "one_admin_url": groups_where(admins="one"),
        "category_groups": shown.category_groups,
        "category_groups_url": groups_where(category="*"),
        "no_executive": shown.groups_no_executive,
        "no_executive_url": groups_where(executive="missing"),
        "public": shown.public_groups,
        "public_url": groups_where(purpose="public"),
        "sized": shown.sized_groups,
        "sized_url": groups_where(purpose="public", size="known"),
        "unsized": shown.unsized_groups,
        "unsized_url": groups_where(purpose="public", size="unknown"),
        "stale": shown.stale_groups,
        "stale_url": groups_where(purpose="public", size="stale"),
        "members": shown.members,
        "oldest_size_at": shown.oldest_size_at,
        "newest_size_at": shown.newest_size_at,
    }


def _frames(
    children: Sequence[Coverage], finer: Sequence[Coverage], by: str, language: str
) -> list[dict[str, Any]]:
    """Return the picture: a frame for each child, with a tile for each unit that lies in it."""

    def area(shown: Coverage) -> int:
        return shown.booths if by == "booths" else shown.members

    within = [[unit for unit in finer if unit.path.startswith(child.path)] for child in children]
    plots = [
        Plot(area(child), [area(unit) for unit in inner])
        for child, inner in zip(children, within, strict=True)
    ]
    return [
        {
            "frame": frame,
            "unit": _numbers(children[frame.index], language),
            "tiles": [
                {"tile": tile, "unit": _numbers(within[frame.index][tile.index], language)}
                for tile in frame.tiles
            ],
        }
        for frame in framed(plots)
    ]


def _matrix(
    rows: Sequence[Coverage], categories: Sequence[Category], language: str
) -> dict[str, Any]:
    """Return how many groups each unit has of each category, and how many units have none."""
    return {
        "categories": [
            {
                "key": category.key,
                "name": category.name(language),
                "gaps": sum(1 for row in rows if not row.by_category.get(category.key)),
            }
            for category in categories
        ],
        "rows": [
            {
                "id": row.unit_id,
                "name": row.name(language),
                "url": paging.address("/coverage", unit=row.unit_id),
                "cells": [
                    {
                        "name": category.name(language),
                        "groups": (held := row.by_category.get(category.key, 0)),
                        "url": (
                            paging.address("/groups", unit=row.code, category=category.key)
                            if held
                            else paging.address(
                                "/groups/new", unit=row.unit_id, category=category.key
                            )
                        ),
                    }
                    for category in categories
                ],
            }
            for row in rows
        ],
        "is_cut": len(rows) == UNITS_SHOWN,
    }


def _levels(
    levels: Sequence[Level], here: Here, chosen: int | None, language: str
) -> list[dict[str, Any]]:
    """Return by which levels the gaps may be shown."""
    if not here.tops:
        return []
    return [
        {
            "name": level.name(language),
            "chosen": level.rank == chosen,
            "url": paging.address("/coverage", unit=here.id, level=level.key) + "#gaps",
        }
        for level in levels
        if level.rank > here.rank
    ]


@get("/coverage/booths")
async def booths(request: Asked) -> Response[Any]:
    """GET /coverage/booths?unit=&after=: the booths without a live public group, as it is now."""
    desk = await visits.desk_of(request)
    rt, language = visits.runtime(request), desk.language
    after = request.query_params.get("after") or None
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await _here(conn, desk, request.query_params.get("unit"))
        found = await coverage.bare_booths(
            conn,
            here.unit.path if here.unit else "/",
            scope=desk.scope,
            today=judged(rt.now()).today,
            after=after,
            limit=BOOTHS_SHOWN + 1,
        )
        levels = await organisations.levels(conn)
    shown = found[:BOOTHS_SHOWN]
    contents = {
        "unit": _head(here, levels, desk),
        "booths": [
            {
                "id": booth.unit_id,
                "name": booth.name(language),
                "above": booth.above(language),
                "register_url": (
                    paging.address("/groups/new", unit=booth.unit_id)
                    if desk.scope.covers(booth.path, Right.REGISTER)
                    else None
                ),
            }
            for booth in shown
        ],
        "back_url": paging.address("/coverage", unit=here.id),
        "first_url": paging.address("/coverage/booths", unit=here.id) if after else None,
        "next_url": (
            paging.address("/coverage/booths", unit=here.id, after=shown[-1].path)
            if len(found) > BOOTHS_SHOWN
            else None
        ),
    }
    return page(request, desk, "coverage_booths.html", contents)


ROUTES = (show, booths)
