"""What people do about counters that differ: recount them, or say with a reason that they know."""

from chaupal import record
from chaupal.broadcasts import findings, queries
from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.record import Actor

REASON_LIMIT_CHARACTERS = 300


async def acknowledge(rt: Runtime, id: BroadcastId, reason: str, *, key: str, actor: Actor) -> None:
    """Take a finding off the control room, for as long as it stays the same.

    It stays on the broadcast's page with the name and the reason, and the record has both.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid("finding.reason_missing")
    if len(reason) > REASON_LIMIT_CHARACTERS:
        raise Invalid("finding.reason_too_long", limit=REASON_LIMIT_CHARACTERS, length=len(reason))
    request = b"acknowledge" + id.bytes + reason.encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if not await _held(rt, conn, id, request, key=key, actor=actor):
            return
        await findings.acknowledge(
            conn, id, by=actor.id, label=actor.label, reason=reason, now=rt.now()
        )
        await record.answer(conn, key, request, "acknowledged", actor=actor, now=rt.now())
        await record.append(
            conn, "counters.acknowledged", id, actor=actor, now=rt.now(), reason=reason
        )


async def recount(rt: Runtime, id: BroadcastId, *, key: str, actor: Actor) -> None:
    """Make a broadcast's counters equal to its deliveries, and settle the finding."""
    request = b"recount" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if not await _held(rt, conn, id, request, key=key, actor=actor):
            return
        lines = await findings.recount(conn, id)
        await findings.settle_one(conn, id, now=rt.now())
        await record.answer(conn, key, request, "recounted", actor=actor, now=rt.now())
        await record.append(conn, "counters.recounted", id, actor=actor, now=rt.now(), lines=lines)


async def _held(
    rt: Runtime, conn: db.Conn, id: BroadcastId, request: bytes, *, key: str, actor: Actor
) -> bool:
    """Hold the finding for somebody who may steer the broadcast; False if this was done before."""
    scope = await scope_of(rt, conn, actor)
    scope.need(Right.STEER)
    if await queries.find(conn, id, scope=scope) is None:
        raise NotFound("broadcast.not_found")
    held = await findings.lock(conn, id)
    if await record.answered(conn, key, request, actor=actor) is not None:
        return False
    if not held:
        raise Refused("finding.settled")
    return True
