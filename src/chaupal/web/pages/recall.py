"""What a broadcast's page shows of its recall: the clock, how much is gone, and who is on it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import attending, recalls
from chaupal.broadcasts.models import Broadcast, BroadcastId, Stage
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Scope
from chaupal.web import visits
from chaupal.web.answers import onward
from chaupal.web.live import Hub
from chaupal.web.visits import Asked

OUTSTANDING = ("waiting", "deleting", "asked")
GONE = ("deleted", "acknowledged")
HOURS = ((1, "in_one_hour"), (2, "in_two_hours"))
# For so long an admin's link asks them, and the control room tells that they have not answered.
WATCHED_FOR = timedelta(days=7)


async def recall_of(rt: Runtime, hub: Hub, shown: Broadcast, scope: Scope) -> dict[str, Any] | None:
    """Return the clock of a recalled broadcast, or None; its counts are looked for now and then."""
    if shown.stage is not Stage.RECALLED:
        return None

    async def look() -> list[recalls.Standing]:
        async with db.transaction(rt.pool, scope.organisation) as conn:
            return await recalls.standing(conn, shown.id)

    async with db.transaction(rt.pool, scope.organisation) as conn:
        recall = await recalls.find(conn, shown.id)
    if recall is None:
        return None
    found = await hub.remembered.of(("recall", scope.organisation, shown.id), look)
    counts = {row.state: row.targets for row in found}
    outstanding = sum(counts.get(state, 0) for state in OUTSTANDING)
    ends = [row.last_at for row in found if row.last_at is not None]
    return {
        "since": recall.since,
        "by": recall.ordered_label,
        "gone_by": recall.gone_by,
        "attended_by": recall.attended_label,
        "attended_at": recall.attended_at,
        "is_over": rt.now() > recall.gone_by,
        "overdue": bool(outstanding) and rt.now() > recall.gone_by,
        "total": sum(counts.values()),
        "deleted": counts.get("deleted", 0),
        "acknowledged": counts.get("acknowledged", 0),
        "waiting": counts.get("waiting", 0) + counts.get("deleting", 0),
        "asked": counts.get("asked", 0),
        "impossible": counts.get("impossible", 0),
        "outstanding": outstanding,
        "hours": [
            (hours, sum(getattr(row, name) for row in found if row.state in GONE))
            for hours, name in HOURS
            if rt.now() >= recall.since + timedelta(hours=hours)
        ],
        "in_time": sum(row.in_time for row in found if row.state in GONE),
        "last_at": max(ends) if ends and not outstanding else None,
    }


async def overdue_now(conn: db.Conn, scope: Scope, now: datetime) -> list[recalls.Overdue]:
    """Return the recalls whose time is up with something outstanding, for the control room."""
    return await recalls.overdue(conn, scope=scope, now=now, watched_for=WATCHED_FOR)


@post("/broadcasts/{id:uuid}/attend")
async def attend(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /broadcasts/<id>/attend: say that one has seen that it is late, and is on it."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    await attending.attend(rt, BroadcastId(id), key=key, actor=desk.actor)
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "broadcasts")
    return onward(f"/broadcasts/{id}")


ROUTES = (attend,)
