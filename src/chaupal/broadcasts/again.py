"""What a person decides about sends of which nobody knows whether they arrived.

By itself nothing is ever sent twice: what is unknown stays unknown, and a late receipt settles it.
Somebody who has looked may have it sent again, knowing that some will then read it twice.
"""

from datetime import datetime

from chaupal import record
from chaupal.broadcasts import queries
from chaupal.broadcasts.models import Broadcast, BroadcastId, Stage, State
from chaupal.kit import db
from chaupal.kit.refusals import NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.record import Actor

STAGES = frozenset({Stage.SENDING, Stage.PAUSED, Stage.FINISHED})


async def offered(conn: db.Conn, broadcast: Broadcast, *, now: datetime) -> int:
    """Return how many sends of a broadcast could be made again now: those that are unknown."""
    if broadcast.stage not in STAGES or broadcast.expires_at <= now:
        return 0
    counts = await queries.counts(conn, broadcast.id)
    return sum(count.targets for count in counts if count.state is State.UNKNOWN)


async def send_again(rt: Runtime, id: BroadcastId, seen: int, *, key: str, actor: Actor) -> int:
    """Queue again what is unknown of a broadcast that still has time; return how many.

    `seen` is how many the person was told of: another number is refused, as they decided about
    that one. All that a claim asks is asked again: consent, silence, limits. A broadcast that was
    finished goes on.
    """
    request = b"again" + id.bytes + str(seen).encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        scope.need(Right.STEER)
        broadcast = await queries.lock(conn, id)
        if broadcast is None or not all(scope.covers(path) for path in broadcast.author_paths):
            raise NotFound("broadcast.not_found")
        if (answered := await record.answered(conn, key, request, actor=actor)) is not None:
            return int(answered)
        if broadcast.stage not in STAGES:
            raise Refused("broadcast.cannot_move", stage=broadcast.stage.value, verb="again")
        if broadcast.expires_at <= rt.now():
            raise Refused("broadcast.over_already")
        if broadcast.stage is Stage.FINISHED:
            await queries.set_stage(conn, id, Stage.SENDING, now=rt.now())
        queued = await db.run(
            conn,
            """
            UPDATE delivery
               SET state = 'queued', due_at = %(now)s, doubtful_since = NULL, failure = NULL
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
               AND state = 'unknown'
            """,
            id=id,
            now=rt.now(),
        )
        if queued != seen:
            raise Refused("broadcast.unknown_moved", count=queued)
        await record.answer(conn, key, request, str(queued), actor=actor, now=rt.now())
        await record.append(
            conn, "deliveries.sent_again", id, actor=actor, now=rt.now(), count=queued
        )
    return queued
