"""The history of a unit: what it was, where it hung, and the tree as it was on a day."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.organisations import Right
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import UnitId
from chaupal.organisations.tree import EVER, Spell, Succession, Then, history, joined, queries
from chaupal.organisations.tree.actions import today
from chaupal.organisations.tree.models import last_day_before
from chaupal.web import visits
from chaupal.web.answers import page
from chaupal.web.visits import Asked, Desk


@get("/units/{id:uuid}/history")
async def show(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /units/<unit>/history?on=: its spells, and where it and what hung from it were then."""
    desk = await visits.desk_of(request)
    rt, unit, scope = visits.runtime(request), UnitId(id), desk.scope
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await queries.placed(conn, unit, scope=scope)
        if here is None:
            raise NotFound("unit.not_found")
        levels = {level.rank: level for level in await organisations.levels(conn)}
        spells = joined(await history.spells(conn, unit, scope=scope))
        successions = await history.successions(conn, unit, scope=scope)
        day = _day(request.query_params.get("on"), today(rt), here.ended_on)
        line = await history.lineage_on(conn, unit, day, scope=scope)
        below = await history.tree_on(conn, day, unit, scope=scope)
    contents = {
        "unit": {
            "id": here.id,
            "name": here.name(desk.language),
            "code": here.code,
            "level_name": levels[here.level_rank].name(desk.language),
            "ended_on": here.ended_on,
        },
        "spells": [_spell(spell, desk) for spell in spells],
        "successions": [_succession(row, desk) for row in successions],
        "on": day,
        "today": today(rt),
        "was_there": bool(line),
        "path": [_then(step, desk) for step in line[:-1]],
        "was_called": line[-1].name(desk.language) if line else None,
        "below": [
            {**_then(child, desk), "level_name": levels[child.level_rank].name(desk.language)}
            for child in below
        ],
        "may_change": here.ended_on is None and scope.covers(here.path, Right.MANAGE),
    }
    return page(request, desk, "unit_history.html", contents)


def _day(written: str | None, today: date, ended_on: date | None) -> date:
    """Return the day asked for; otherwise today, or the last that a unit was there."""
    if not written:
        return today if ended_on is None else last_day_before(ended_on)
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise Invalid("request.malformed", where="on") from error


def _spell(spell: Spell, desk: Desk) -> dict[str, Any]:
    return {
        "since": None if spell.since == EVER else spell.since,
        "until": last_day_before(spell.until) if spell.until else None,
        "name": spell.name(desk.language),
        "under": spell.parent_name(desk.language),
    }


def _succession(row: Succession, desk: Desk) -> dict[str, Any]:
    return {
        "kind": row.kind.value,
        "forward": row.forward,
        "on_day": row.on_day,
        "name": row.other_name(desk.language),
        "code": row.other_code,
    }


def _then(step: Then, desk: Desk) -> dict[str, Any]:
    return {
        "id": step.id,
        "name": step.name(desk.language),
        "code": step.code,
        "open": desk.scope.covers(step.path),
        "still": step.still,
    }


ROUTES = (show,)
