"""Counters that differ from their deliveries: what the pages show of it, and what people do."""

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import findings, recounting
from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Scope
from chaupal.web import visits
from chaupal.web.answers import onward
from chaupal.web.visits import Asked, Desk


async def open_findings(conn: db.Conn, scope: Scope) -> list[dict[str, Any]]:
    """Return what nobody has settled or acknowledged yet, for the control room."""
    return [
        _shown(found)
        for found in await findings.unsettled(conn, scope=scope)
        if found.acknowledged_at is None
    ]


async def finding_of(conn: db.Conn, id: BroadcastId, scope: Scope) -> dict[str, Any] | None:
    """Return what differs of one broadcast, acknowledged or not."""
    found = await findings.unsettled(conn, scope=scope, broadcast=id)
    return _shown(found[0]) if found else None


def _shown(found: findings.Finding) -> dict[str, Any]:
    return {
        "broadcast_id": found.broadcast_id,
        "title": found.title,
        "off": found.off,
        "found_at": found.found_at,
        "seen_at": found.seen_at,
        "acknowledged_at": found.acknowledged_at,
        "acknowledged_label": found.acknowledged_label,
        "reason": found.reason,
    }


@post("/broadcasts/{id:uuid}/counters/recount")
async def recount(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /broadcasts/<id>/counters/recount: make them what the deliveries say."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    await recounting.recount(rt, BroadcastId(id), key=key, actor=desk.actor)
    return await _moved(rt, desk, id)


@post("/broadcasts/{id:uuid}/counters/acknowledge")
async def acknowledge(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /broadcasts/<id>/counters/acknowledge: let them stand for now, with a reason."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    reason = str((await visits.fields(request)).get("reason", ""))
    await recounting.acknowledge(rt, BroadcastId(id), reason, key=key, actor=desk.actor)
    return await _moved(rt, desk, id)


async def _moved(rt: Runtime, desk: Desk, id: UUID) -> Response[Any]:
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "broadcasts")
    return onward(f"/broadcasts/{id}")


ROUTES = (recount, acknowledge)
