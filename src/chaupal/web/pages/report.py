"""A broadcast's report: how far, how fast, where nothing moved; and the deliveries behind it."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from chaupal.arrivals.models import Evidence
from chaupal.broadcasts import queries, report, reporting, told
from chaupal.broadcasts.models import Broadcast, BroadcastId, State
from chaupal.broadcasts.reporting import SHARES
from chaupal.broadcasts.rungs import ENDED, LADDER, tally
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.organisations import Right, Scope
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import Level, Unit, UnitId
from chaupal.organisations.scope import INDIA
from chaupal.web import charts, visits
from chaupal.web.answers import page
from chaupal.web.language import Language
from chaupal.web.pages import paging
from chaupal.web.pages.recall import recall_of
from chaupal.web.visits import Asked, Desk

DELIVERIES_SHOWN = 50
FAILURE_LIMIT = 60


@get("/broadcasts/{id:uuid}/report")
async def show(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /broadcasts/<id>/report?unit=: one unit's part of it, and that of the units below it."""
    desk = await visits.desk_of(request)
    rt, hub = visits.runtime(request), request.app.state.hub
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        row = await _broadcast(conn, id, desk.scope)
        here = await _here(conn, desk.scope, request.query_params.get("unit"))
        levels = await organisations.levels(conn)
        lineage = await organisations.lineage(conn, here.path) if here else []
    under = here.path if here else report.WHOLE
    start = row.begins_at
    counted: reporting.Counted | None = None
    if start is not None:
        counted = await hub.remembered.of(
            ("report", desk.actor.organisation, row.id, under),
            lambda: reporting.count(rt, desk.scope, row.id, under, start),
        )
    contents = {
        "broadcast": {"id": row.id, "title": row.title, "started_at": start},
        "unit": here and {"id": here.id, "name": here.name(desk.language)},
        "path": [
            {"id": step.id, "name": step.name(desk.language), "open": desk.scope.covers(step.path)}
            for step in lineage
            if here and step.id != here.id
        ],
        "shares": SHARES,
        "recall": await recall_of(rt, hub, row, desk.scope),
        "counted": counted and _shown(counted, levels, desk.language),
        "may_export": desk.scope.allows(Right.EXPORT),
    }
    return page(request, desk, "report.html", contents)


async def _broadcast(conn: db.Conn, id: UUID, scope: Scope) -> Broadcast:
    row = await queries.find(conn, BroadcastId(id), scope=scope)
    if row is None:
        raise NotFound("broadcast.not_found")
    return row


async def _here(conn: db.Conn, scope: Scope, asked: str | None) -> Unit | None:
    """Return the unit that is asked for; else the one root of what somebody may see, if one."""
    if not asked:
        roots = await organisations.roots(conn, scope=scope)
        return roots[0] if len(roots) == 1 else None
    try:
        found = await organisations.unit(conn, UnitId(UUID(asked)), scope=scope)
    except ValueError as error:
        raise Invalid("request.malformed", where="unit") from error
    if found is None:
        raise NotFound("unit.not_found")
    return found


def _shown(
    counted: reporting.Counted, levels: Sequence[Level], language: Language
) -> dict[str, Any]:
    names = {level.rank: level.name(language) for level in levels}
    whole = tally(counted.counts)
    rows: dict[UUID | None, list[report.CountAt]] = {}
    for row in counted.counts:
        rows.setdefault(row.unit_id, []).append(row)
    return {
        "counted_at": counted.counted_at,
        "gathered": counted.gathered,
        "tally": whole,
        "children": [
            {"id": id, "name": _name(found[0], language), "tally": tally(found)}
            for id, found in rows.items()
        ],
        "by_unit": [
            {
                "id": row.place is not None and counted.numbers[row.place].id,
                "name": row.place is not None and _name(counted.numbers[row.place], language),
                **_times(row),
            }
            for row in counted.by_unit
        ],
        "by_level": [
            {"name": None if row.place is None else names[row.place], **_times(row)}
            for row in counted.by_level
        ],
        "curves": _curves(counted.curve, charts.total(whole)),
        "lasted_s": _lasted(counted.curve),
        "silent": [
            {
                "id": row.unit_id,
                "name": _name(row, language),
                "level": row.level_hi if language == "hi" else row.level_en,
                "targets": row.targets,
            }
            for row in counted.silent
        ],
        "branches": counted.silent[0].branches if counted.silent else 0,
        "failures": [{"failure": row.failure, "count": row.count} for row in counted.failures],
    }


def _name(
    row: report.CountAt | report.UnitNumber | report.Silent, language: Language
) -> str | None:
    return row.name_hi if language == "hi" else row.name_en


def _times(row: report.Times) -> dict[str, Any]:
    return {"targets": row.targets, "rungs": reporting.times_of(row)}


def _curves(steps: Iterable[report.CurveStep], whole: int) -> list[dict[str, str]]:
    """Return a line for each rung that anybody reached, the lowest rung first."""
    rises: dict[Evidence, dict[int, int]] = {}
    last = 0
    for row in steps:
        rises.setdefault(row.rung, {})[row.step] = row.targets
        last = max(last, row.step)
    return [
        {"rung": rung.name.lower(), "path": charts.curve(rises[rung], last + 1, whole)}
        for rung in sorted(rises)
    ]


def _lasted(steps: Sequence[report.CurveStep]) -> int:
    return max(((row.step + 1) * row.step_s for row in steps), default=0)


@get("/broadcasts/{id:uuid}/deliveries")
async def deliveries(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /broadcasts/<id>/deliveries?unit=&rung=&least=&failure=&after=: what a number counts."""
    desk = await visits.desk_of(request)
    rt, asked = visits.runtime(request), request.query_params
    after = paging.number(asked.get("after")) or 0
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        row = await _broadcast(conn, id, desk.scope)
        here = await _here(conn, desk.scope, asked["unit"]) if asked.get("unit") else None
        found = await told.page(
            conn,
            row.id,
            _filter(request, here),
            scope=desk.scope,
            after=after,
            limit=DELIVERIES_SHOWN + 1,
        )
    rows = found[:DELIVERIES_SHOWN]
    query = {name: asked.get(name) for name in ("unit", "rung", "least", "failure")}
    at = f"/broadcasts/{id}/deliveries"
    more = len(found) > DELIVERIES_SHOWN
    contents = {
        "broadcast": {"id": row.id, "title": row.title},
        "unit": here and here.name(desk.language),
        **{name: query[name] or "" for name in ("rung", "least", "failure")},
        "read_at": rt.now(),
        "deliveries": [_line(line, desk) for line in rows],
        "first_url": paging.address(at, **query) if after else None,
        "next_url": paging.address(at, **query, after=rows[-1].id) if more else None,
        "file_url": paging.address(f"{at}.csv", **query),
        "may_export": desk.scope.allows(Right.EXPORT),
    }
    return page(request, desk, "deliveries.html", contents)


def _line(row: told.Told, desk: Desk) -> dict[str, Any]:
    times = (row.accepted_at, row.delivered_at, row.opened_at, row.posted_at, row.verified_at)
    return {
        "group_id": row.group_id,
        "group_name": row.group_name,
        "unit_id": row.unit_id,
        "unit_name": row.unit_hi if desk.language == "hi" else row.unit_en,
        "rung": row.state.value if row.state in ENDED else row.evidence.name.lower(),
        "failure": row.failure,
        "times": [{"rung": rung, "at": at} for rung, at in zip(LADDER, times, strict=True) if at],
    }


@get("/broadcasts/{id:uuid}/deliveries.csv")
async def file(request: Asked, id: FromPath[UUID]) -> Stream:
    """GET /broadcasts/<id>/deliveries.csv: the same as a file, as it is read."""
    desk = await visits.desk_of(request)
    rt = visits.runtime(request)
    unit = request.query_params.get("unit")
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await _here(conn, desk.scope, unit) if unit else None
    pieces = await told.export(rt, BroadcastId(id), _filter(request, here), actor=desk.actor)
    day = rt.now().astimezone(INDIA).date()
    return Stream(
        pieces,
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="deliveries-{day}.csv"'},
    )


def _filter(request: Asked, here: Unit | None) -> told.Filter:
    rung, least = (request.query_params.get(name, "") for name in ("rung", "least"))
    failure = request.query_params.get("failure", "")
    if len(failure) > FAILURE_LIMIT:
        raise Invalid("request.malformed", where="failure")
    ended = State(rung) if rung in charts.ENDED else None
    return told.Filter(
        under=here.path if here else report.WHOLE,
        state=ended,
        evidence=_evidence(rung, "rung") if rung and ended is None else None,
        least=_evidence(least, "least") if least else None,
        failure=failure or None,
    )


def _evidence(rung: str, where: str) -> Evidence:
    if rung not in charts.REACHED:
        raise Invalid("request.malformed", where=where)
    return Evidence[rung.upper()]


ROUTES = (show, deliveries, file)
