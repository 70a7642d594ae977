"""What an answer stops until a person has looked: a broadcast, a sender, or all of a channel.

Written by the transaction that settles the answer. What stopped is not sent again by itself, and
nothing that is unknown is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal import record
from chaupal.broadcasts.exchanges import plain
from chaupal.broadcasts.models import BroadcastId, Claim
from chaupal.channels.contract import Deferred, Halt, Outcome, Rejected
from chaupal.kit import db, log
from chaupal.record import Actor

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """What an answer asks to stop, and why in one of our own words."""

    halt: Halt
    reason: str
    broadcast_id: BroadcastId


@dataclass(frozen=True, slots=True)
class Stopped:
    """A sender that stopped just now."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Paused:
    """A broadcast that was paused just now."""

    id: BroadcastId


def order_of(claim: Claim, outcome: Outcome | None) -> Order | None:
    """Return what an outcome asks to stop, if anything."""
    match outcome:
        case Deferred(why, halts=Halt() as halt):
            return Order(halt, plain(why), claim.broadcast_id)
        case Rejected(_, detail, halts=Halt() as halt):
            return Order(halt, plain(detail), claim.broadcast_id)
    return None


def orders(claims: Iterable[Claim], outcomes: Iterable[Outcome | None]) -> list[Order]:
    """Return what a batch's outcomes ask to stop."""
    asked = map(order_of, claims, outcomes)
    return [order for order in asked if order is not None]


async def pause(
    conn: db.Conn, sender: UUID, asked_for: Iterable[Order], *, actor: Actor, now: datetime
) -> int:
    """Pause the broadcasts that answers ask to stop; return how many were under way until now.

    Before the deliveries are settled: whoever steers a broadcast locks it first as well.
    """
    asked = {o.broadcast_id: o.reason for o in asked_for if o.halt is Halt.CAMPAIGN}
    if not asked:
        return 0
    paused = await db.many(
        conn,
        Paused,
        """
        WITH found AS (
            SELECT b.id, o.reason
              FROM broadcast b
              JOIN unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS o (id, reason) ON o.id = b.id
             WHERE b.organisation_id = current_organisation() AND b.stage = 'sending'
             ORDER BY b.id FOR NO KEY UPDATE OF b
        ), noted AS (
            INSERT INTO broadcast_halt AS h (organisation_id, broadcast_id, sender_id, at, reason)
            SELECT current_organisation(), id, %(sender)s, %(now)s, reason FROM found
            ON CONFLICT (organisation_id, broadcast_id) DO UPDATE
               SET sender_id = excluded.sender_id, at = excluded.at, reason = excluded.reason
        )
        UPDATE broadcast b SET stage = 'paused'
          FROM found
         WHERE b.organisation_id = current_organisation() AND b.id = found.id
        RETURNING b.id
        """,
        ids=list(asked),
        reasons=list(asked.values()),
        sender=sender,
        now=now,
    )
    for broadcast in paused:  # of one batch: one, as good as always
        await record.append(
            conn,
            "broadcast.halted",
            broadcast.id,
            actor=actor,
            now=now,
            because=asked[broadcast.id],
        )
        logger.error("broadcast.halted", broadcast=str(broadcast.id), why=asked[broadcast.id])
    return len(paused)


async def stop(
    conn: db.Conn, sender: UUID, asked_for: Iterable[Order], *, actor: Actor, now: datetime
) -> int:
    """Stop the sender, or every sender of its channel; return how many went until now."""
    asked = [o for o in asked_for if o.halt is not Halt.CAMPAIGN]
    if not asked:
        return 0
    widest = next((o for o in asked if o.halt is Halt.ORGANISATION), asked[0])
    stopped = await db.many(
        conn,
        Stopped,
        """
        INSERT INTO sender_stop (organisation_id, sender_id, at, halt, reason)
        SELECT s.organisation_id, s.id, %(now)s, %(halt)s, %(reason)s
          FROM sender o
          JOIN sender s ON s.organisation_id = o.organisation_id
                       AND (s.id = o.id OR (%(halt)s = 'organisation' AND s.channel = o.channel))
         WHERE o.organisation_id = current_organisation() AND o.id = %(sender)s
         ORDER BY s.id
        ON CONFLICT (organisation_id, sender_id) DO NOTHING
        RETURNING sender_id AS id
        """,
        sender=sender,
        halt=widest.halt.value,
        reason=widest.reason,
        now=now,
    )
    for one in stopped:  # a handful
        await record.append(
            conn,
            "sender.stopped",
            one.id,
            actor=actor,
            now=now,
            because=widest.reason,
            halt=widest.halt.value,
        )
        logger.error(
            "sender.stopped", sender=str(one.id), why=widest.reason, halt=widest.halt.value
        )
    return len(stopped)


async def moved_on(conn: db.Conn, id: BroadcastId) -> int:
    """Forget why a broadcast was halted: a person moved it on."""
    return await db.run(
        conn,
        """
        DELETE FROM broadcast_halt
         WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
        """,
        id=id,
    )


async def let_go_on(conn: db.Conn, sender: UUID) -> int:
    """Take a sender's stop away; return how many there were: one or none."""
    return await db.run(
        conn,
        """
        DELETE FROM sender_stop
         WHERE organisation_id = current_organisation() AND sender_id = %(sender)s
        """,
        sender=sender,
    )
