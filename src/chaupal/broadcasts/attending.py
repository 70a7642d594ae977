"""That somebody has seen a recall that is late, and is on it."""

from datetime import datetime
from uuid import UUID

from chaupal import record
from chaupal.broadcasts import queries
from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db
from chaupal.kit.refusals import NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.record import Actor


async def attend(rt: Runtime, id: BroadcastId, *, key: str, actor: Actor) -> None:
    """Say that `actor` is on a recall that is late; whoever was on it before is relieved.

    The control room goes on showing it, under that name, and rings for it no more. Nothing of the
    recall changes: what is outstanding stays outstanding. One that is not late is refused.
    """
    request = b"attend" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        scope.need(Right.STEER)
        if await queries.find(conn, id, scope=scope) is None:
            raise NotFound("broadcast.not_found")
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        if not await _note(conn, id, by=actor.id, label=actor.label, now=rt.now()):
            raise Refused("recall.not_late")
        await record.answer(conn, key, request, "attended", actor=actor, now=rt.now())
        await record.append(conn, "recall.attended", id, actor=actor, now=rt.now())


async def _note(conn: db.Conn, id: BroadcastId, *, by: UUID, label: str, now: datetime) -> bool:
    """Note who is on it, if its time is up with something outstanding; say whether it is."""
    noted = await db.run(
        conn,
        """
        UPDATE recall r
           SET attended_at = %(now)s, attended_by = %(by)s, attended_label = %(label)s
         WHERE r.organisation_id = current_organisation() AND r.broadcast_id = %(id)s
           AND r.gone_by < %(now)s
           AND EXISTS (SELECT FROM retraction t
                        WHERE t.organisation_id = r.organisation_id
                          AND t.broadcast_id = r.broadcast_id
                          AND t.state IN ('waiting', 'deleting', 'asked'))
        """,
        id=id,
        by=by,
        label=label,
        now=now,
    )
    return noted > 0
