"""What a broadcast's page shows of its recall: the clock, and how much is gone."""

from typing import Any

from chaupal.broadcasts import recalls
from chaupal.broadcasts.models import Broadcast, Stage
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Scope
from chaupal.web.live import Hub

OUTSTANDING = ("waiting", "deleting", "asked")


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
        "overdue": bool(outstanding) and rt.now() > recall.gone_by,
        "total": sum(counts.values()),
        "deleted": counts.get("deleted", 0),
        "acknowledged": counts.get("acknowledged", 0),
        "waiting": counts.get("waiting", 0) + counts.get("deleting", 0),
        "asked": counts.get("asked", 0),
        "impossible": counts.get("impossible", 0),
        "outstanding": outstanding,
        "last_at": max(ends) if ends and not outstanding else None,
    }
