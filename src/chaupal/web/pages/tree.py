"""The tree: a unit, what lies below it, and its own groups."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from chaupal.groups import lists
from chaupal.groups import pages as group_pages
from chaupal.groups.models import Group
from chaupal.kit import db
from chaupal.kit.refusals import NotFound
from chaupal.organisations import Right
from chaupal.organisations import pages as unit_pages
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import Level, Unit, UnitId
from chaupal.organisations.tree import queries as tree
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.language import Language, translations
from chaupal.web.pages import paging
from chaupal.web.visits import Asked, Desk

GROUPS_SHOWN = 50
COUNTED = ("units", "people", "groups", "internal", "public")


@get("/tree")
async def top(request: Asked) -> Response[Any]:
    """GET /tree: where somebody's own part of the tree begins."""
    desk = await visits.desk_of(request)
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        roots = await organisations.roots(conn, scope=desk.scope)
        if len(roots) == 1:
            return onward(f"/tree/{roots[0].id}")
        levels = {level.rank: level for level in await organisations.levels(conn)}
        children = await _counted(conn, roots, levels, desk)
    gettext = translations(desk.language).gettext
    contents = {
        "unit": {"id": "", "name": gettext("Your area"), "code": "", "level_name": ""},
        "path": [],
        "counts": {name: sum(child[name] for child in children) for name in COUNTED},
        "counted_at": rt.now(),
        "children": children,
        "largest": max((child["groups"] for child in children), default=0),
        "groups": [],
        "may_change": False,
        "first_url": None,
        "next_url": None,
    }
    return page(request, desk, "tree.html", contents)


@get("/tree/{id:uuid}")
async def unit(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /tree/<unit>: one unit within what the reader may see; of one that ended, its history."""
    desk = await visits.desk_of(request)
    rt, language = visits.runtime(request), desk.language
    behind = paging.group_id(request.query_params.get("after"))
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await organisations.unit(conn, UnitId(id), scope=desk.scope)
        if here is None:
            if await tree.placed(conn, UnitId(id), scope=desk.scope) is None:
                raise NotFound("unit.not_found")
            return onward(f"/units/{id}/history")
        levels = {level.rank: level for level in await organisations.levels(conn)}
        lineage = await organisations.lineage(conn, here.path)
        below = await organisations.children(conn, here.id, scope=desk.scope)
        head, *children = await _counted(conn, [here, *below], levels, desk)
        after = await lists.page_key(conn, behind) if behind else None
        listed = await group_pages.own_groups_page(
            conn, here.id, scope=desk.scope, after=after, limit=GROUPS_SHOWN + 1
        )
    shown = listed[:GROUPS_SHOWN]
    at = f"/tree/{here.id}"
    contents = {
        "unit": _head(here, levels, language),
        "path": [
            {"id": step.id, "name": step.name(language), "open": desk.scope.covers(step.path)}
            for step in lineage
            if step.id != here.id
        ],
        "counts": {name: head[name] for name in COUNTED},
        "counted_at": rt.now(),
        "children": children,
        "largest": max((child["groups"] for child in children), default=0),
        "groups": [_own(group) for group in shown],
        "may_change": desk.scope.covers(here.path, Right.MANAGE),
        "first_url": at if after else None,
        "next_url": (
            paging.address(at, after=shown[-1].id) if len(listed) > GROUPS_SHOWN else None
        ),
    }
    return page(request, desk, "tree.html", contents)


def _head(unit: Unit, levels: dict[int, Level], language: Language) -> dict[str, Any]:
    return {
        "id": unit.id,
        "name": unit.name(language),
        "code": unit.code,
        "level_name": levels[unit.level_rank].name(language),
    }


def _own(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "purpose": group.purpose.value,
        "channel": group.channel.value,
        "size": group.size,
    }


async def _counted(
    conn: db.Conn, units: Sequence[Unit], levels: dict[int, Level], desk: Desk
) -> list[dict[str, Any]]:
    """Return units, each with what its whole subtree holds."""
    ids = [unit.id for unit in units]
    sizes = await unit_pages.unit_sizes(conn, ids, scope=desk.scope)
    below = {size.unit_id: size.units for size in sizes}
    totals = await unit_pages.totals(conn, ids)
    return [
        {
            **_head(unit, levels, desk.language),
            "units": below[unit.id],
            "people": totals[unit.id].people,
            "groups": totals[unit.id].groups,
            "internal": totals[unit.id].internal_groups,
            "public": totals[unit.id].public_groups,
        }
        for unit in units
    ]


ROUTES = (top, unit)
