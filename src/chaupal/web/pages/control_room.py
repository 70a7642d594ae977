"""The control room: what is on its way, how far it got, and what has just come in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from litestar import Response, get

from chaupal.arrivals import actions as arrivals
from chaupal.arrivals.models import Newcomer
from chaupal.broadcasts import audience
from chaupal.broadcasts import pages as broadcast_pages
from chaupal.broadcasts.models import BranchCount, BroadcastId
from chaupal.broadcasts.queries import counts_by_branch
from chaupal.groups import queries as groups
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Scope
from chaupal.organisations.scope import INDIA
from chaupal.web import visits
from chaupal.web.answers import page
from chaupal.web.language import Language
from chaupal.web.live import Hub, Picture
from chaupal.web.pages.counters import open_findings
from chaupal.web.pages.law import stopped_now
from chaupal.web.pages.naming import names_in
from chaupal.web.pages.recall import overdue_now
from chaupal.web.render import render
from chaupal.web.sentences import sentence
from chaupal.web.shapes import divisions, reached, stage_of, tally
from chaupal.web.visits import Asked

FLIGHTS_SHOWN = 12
ARRIVALS_SHOWN = 20
ENDED_LATELY = timedelta(hours=2)
FRAGMENTS = ("alarms", "counts", "flights", "divisions", "arrivals")


@dataclass(frozen=True, slots=True)
class Today:
    """What changes slowly, and is counted at most every few seconds."""

    groups: int
    deliveries: int
    messages: int
    counted_at: datetime


@get("/")
async def control_room(request: Asked) -> Response[str]:
    """GET /: the control room."""
    desk = await visits.desk_of(request)
    rt, hub = visits.runtime(request), request.app.state.hub
    contents = await look(rt, hub, desk.scope, desk.language)
    return page(request, desk, "control_room.html", contents)


async def picture(rt: Runtime, hub: Hub, scope: Scope, language: Language) -> Picture:
    """Look, and write down the fragments that everybody with this scope may share."""
    contents = await look(rt, hub, scope, language)
    return Picture(
        {
            name: render(f"fragments/{name}.html", language, now=rt.now(), page=contents)
            for name in FRAGMENTS
        }
    )


async def look(rt: Runtime, hub: Hub, scope: Scope, language: Language) -> dict[str, Any]:
    """Return what the control room shows to whoever has `scope`."""
    now = rt.now()
    today = await hub.remembered.of(("today", scope), lambda: _today(rt, scope))
    async with db.transaction(rt.pool, scope.organisation) as conn:
        alarms = await open_findings(conn, scope)
        overdue = await overdue_now(conn, scope, now)
        stopped = await stopped_now(conn, scope, now, language)
        stages = await broadcast_pages.stage_counts(conn, scope=scope)
        flights = await broadcast_pages.flights(
            conn, scope=scope, now=now, ended_since=now - ENDED_LATELY, limit=FLIGHTS_SHOWN
        )
        ids = [flight.id for flight in flights]
        counts = await _counts(conn, ids)
        branches: list[BranchCount] = []
        for id in ids:  # at most twelve
            branches.extend(await counts_by_branch(conn, id))
        newest = await arrivals.newest(conn, scope, limit=ARRIVALS_SHOWN)
        expressions = {flight.id: audience.parse(flight.audience) for flight in flights}
        names = await names_in(conn, expressions.values(), scope=scope)
    return {
        "alarms": {
            "looked_at": now,
            "items": alarms,
            "stopped": stopped,
            "overdue": [one for one in overdue if one.attended_at is None],
            "attended": [one for one in overdue if one.attended_at is not None],
        },
        "counts": {
            "groups": today.groups,
            "live": stages.live,
            "waiting": stages.waiting,
            "deliveries_today": today.deliveries,
            "messages_today": today.messages,
            "counted_at": today.counted_at,
        },
        "flights": {
            "counted_at": now,
            "items": [
                {
                    "id": flight.id,
                    "title": flight.title,
                    "stage": stage_of(flight.stage, flight.starts_at, now),
                    "lane": flight.lane.value,
                    "purpose": flight.purpose.value,
                    "audience": sentence(
                        expressions[flight.id], flight.purpose, names, language, via=flight.via
                    ),
                    "to_people": bool(flight.via),
                    "started_at": flight.started_at,
                    "tally": tally(counts.get(flight.id, [])),
                    "reached": reached(counts.get(flight.id, [])),
                }
                for flight in flights
            ],
        },
        "divisions": {"counted_at": now, "items": divisions(branches, language)},
        "arrivals": {"counted_at": now, "items": _feed(newest, language)},
    }


async def _today(rt: Runtime, scope: Scope) -> Today:
    now = rt.now()
    midnight = datetime.combine(now.astimezone(INDIA).date(), time(), INDIA)
    async with db.transaction(rt.pool, scope.organisation) as conn:
        channels = await groups.headline(conn, scope=scope)
        return Today(
            groups=sum(channel.groups for channel in channels),
            deliveries=await broadcast_pages.sent_since(conn, midnight, scope=scope),
            messages=await arrivals.messages_since(conn, midnight, scope=scope),
            counted_at=now,
        )


async def _counts(
    conn: db.Conn, ids: list[BroadcastId]
) -> dict[BroadcastId, list[broadcast_pages.CountOf]]:
    counts: dict[BroadcastId, list[broadcast_pages.CountOf]] = {}
    for count in await broadcast_pages.counts_of(conn, ids):
        counts.setdefault(count.broadcast_id, []).append(count)
    return counts


def _feed(newest: Sequence[Newcomer], language: Language) -> list[dict[str, Any]]:
    return [
        {
            "id": arrival.id,
            "kind": arrival.kind,
            "at": arrival.at,
            "group_id": arrival.group_id,
            "group_name": arrival.group_name,
            "unit_name": arrival.unit_name_hi if language == "hi" else arrival.unit_name_en,
            "text": None,
        }
        for arrival in newest
    ]


ROUTES = (control_room,)
