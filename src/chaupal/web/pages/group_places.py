"""Where a group belongs: found by tapping down the tree, or by a unit's code; and moving there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.groups import actions
from chaupal.groups import queries as groups
from chaupal.groups.models import GroupId
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound
from chaupal.organisations import Right
from chaupal.organisations import pages as unit_pages
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import Unit, UnitId
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.language import translations
from chaupal.web.visits import Asked, Desk
from chaupal.web.words import refusal_words

CHILDREN_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """How far somebody has come: `unit` is chosen, `at` is where they look, `code` is typed."""

    unit: UnitId | None
    at: UnitId | None
    code: str


def choice_in(asked: Mapping[str, str]) -> Choice:
    """Read a choice from an address."""
    unit, at = asked.get("unit"), asked.get("at")
    return Choice(
        unit=read_id(unit) if unit else None,
        at=read_id(at) if at else None,
        code=asked.get("code", "").strip()[:60],
    )


def read_id(written: str) -> UnitId:
    """Read a unit's id."""
    try:
        return UnitId(UUID(written))
    except ValueError as error:
        raise Invalid("request.malformed", where="unit") from error


async def contents(
    conn: db.Conn,
    desk: Desk,
    choice: Choice,
    *,
    at: str,
    heading: str,
    move_url: str | None = None,
) -> dict[str, Any]:
    """Return what the page shows where somebody has come to; nothing outside their right."""
    language, refusal = desk.language, None
    levels = {level.rank: level.name(language) for level in await organisations.levels(conn)}
    here = await organisations.unit(conn, choice.at, scope=desk.scope) if choice.at else None
    if choice.at and here is None:
        raise NotFound("unit.not_found")
    if choice.code:
        coded = await unit_pages.units_coded(
            conn, [choice.code], scope=desk.scope, right=Right.REGISTER
        )
        here = coded[0] if coded else here
        if not coded:
            refusal = refusal_words("audience.unknown_unit", {"unit": choice.code}, language)
    roots = await _roots(conn, desk)
    if here is None and len(roots) == 1:
        here = roots[0]
    below = await organisations.children(conn, here.id, scope=desk.scope) if here else roots
    lineage = await organisations.lineage(conn, here.path) if here else []
    return {
        "heading": heading,
        "here": here
        and {
            "id": here.id,
            "name": here.name(language),
            "level_name": levels[here.level_rank],
            "takes_groups": desk.scope.covers(here.path, Right.REGISTER),
        },
        "path": [
            {
                "id": step.id,
                "name": step.name(language),
                "url": f"{at}?at={step.id}" if desk.scope.covers(step.path) else None,
            }
            for step in lineage
            if here and step.id != here.id
        ],
        "children": [
            {
                "id": child.id,
                "name": child.name(language),
                "level_name": levels[child.level_rank],
                "url": f"{at}?at={child.id}",
            }
            for child in below[:CHILDREN_SHOWN]
        ],
        "more": len(below) > CHILDREN_SHOWN,
        "form_url": None if move_url else at,
        "move_url": move_url,
        "search_url": at,
        "code": choice.code,
        "refusal": refusal,
    }


async def _roots(conn: db.Conn, desk: Desk) -> list[Unit]:
    """Return where the reader's right to register groups begins, as far as they see from there."""
    return [
        root
        for root in await organisations.roots(conn, scope=desk.scope)
        if any(
            path.startswith(root.path) or root.path.startswith(path)
            for path in desk.scope.paths(Right.REGISTER)
        )
    ]


@get("/groups/{id:uuid}/place")
async def place(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /groups/<group>/place: to which unit it shall move."""
    desk = await visits.desk_of(request)
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await groups.group(conn, GroupId(id), scope=desk.scope)
        if here is None:
            raise NotFound("group.not_found")
        if not desk.scope.covers(here.unit_path, Right.REGISTER):
            raise NotAllowed("access.not_allowed", right=Right.REGISTER.value)
        shown = await contents(
            conn,
            desk,
            choice_in(request.query_params),
            at=f"/groups/{id}/place",
            heading=translations(desk.language).gettext("Move %(name)s") % {"name": here.name},
            move_url=f"/groups/{id}/move",
        )
    return page(request, desk, "group_place.html", shown)


@post("/groups/{id:uuid}/move")
async def move(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /groups/<group>/move: let it belong to another unit."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    unit = read_id(str((await visits.fields(request)).get("unit", "")))
    await actions.move(rt, GroupId(id), unit, key=key, actor=desk.actor)
    return onward(f"/groups/{id}")


ROUTES = (place, move)
