"""What an answer stops until a person has looked: a broadcast, a sender, or all of a channel.

Written by the transaction that settles the answer, or that applies the receipt which brought it.
What stopped is not sent again by itself, and nothing that is unknown is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal import record
from chaupal.arrivals.models import Halt, StatusArrived
from chaupal.broadcasts.exchanges import plain
from chaupal.broadcasts.models import BroadcastId, Claim, delivery_named
from chaupal.channels.contract import Accepted, Deferred, Outcome, Rejected
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
    """A broadcast that was paused just now, and why."""

    id: BroadcastId
    reason: str


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


def named(claims: Iterable[Claim], outcomes: Iterable[Outcome | None]) -> dict[str, BroadcastId]:
    """Return of which broadcast each message is that a provider has just given a name."""
    return {
        outcome.provider_ref: claim.broadcast_id
        for claim, outcome in zip(claims, outcomes, strict=True)
        if isinstance(outcome, Accepted)
    }


def told_already(said: Iterable[StatusArrived], messages: Mapping[str, BroadcastId]) -> list[Order]:
    """Return what receipts ask to stop that came before the answer to their message."""
    return [
        Order(one.halts, plain(one.why or ""), messages[one.provider_ref])
        for one in said
        if one.halts is not None and one.provider_ref in messages
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """What a receipt asks to stop, and through which sender its message went."""

    sender_id: UUID
    broadcast_id: BroadcastId
    halts: str
    why: str


async def told(
    conn: db.Conn, statuses: Mapping[UUID, Sequence[StatusArrived]], *, now: datetime
) -> dict[UUID, list[Order]]:
    """Return what receipts ask to stop, by sender.

    One is enough: what it says holds for the next message too, and each that is waited for costs
    as many as are sent meanwhile. A receipt for what was sent before a person let go on asks for
    nothing, so that neither one that comes late nor a replay stops what they let go.
    """
    asking = [
        (sender, one) for sender, said in statuses.items() for one in said if one.halts is not None
    ]
    if not asking:
        return {}
    rows = await db.many(
        conn,
        Told,
        """
        WITH asked AS (
            SELECT * FROM unnest(%(senders)s::uuid[], %(keys)s::bigint[], %(refs)s::text[],
                                 %(halts)s::text[], %(whys)s::text[])
                          AS t (sender_id, key, ref, halts, why)
        ), named AS (
            SELECT a.sender_id, a.halts, a.why, d.broadcast_id, d.evidence, d.sent_at, d.evidence_at
              FROM asked a
              JOIN delivery d ON d.organisation_id = current_organisation()
                             AND d.sender_id = a.sender_id AND d.id = a.key
            UNION ALL
            SELECT a.sender_id, a.halts, a.why, d.broadcast_id, d.evidence, d.sent_at, d.evidence_at
              FROM asked a
              JOIN delivery d ON d.organisation_id = current_organisation()
                             AND d.sender_id = a.sender_id AND d.provider_ref = a.ref
        )
        SELECT DISTINCT n.sender_id, n.broadcast_id, n.halts, n.why
          FROM named n
          JOIN broadcast b ON b.organisation_id = current_organisation() AND b.id = n.broadcast_id
          JOIN sender s ON s.organisation_id = current_organisation() AND s.id = n.sender_id
         WHERE n.evidence < 2
           AND coalesce(n.sent_at, n.evidence_at, %(now)s)
               > coalesce(CASE n.halts WHEN 'campaign' THEN b.gone_on_at ELSE s.gone_on_at END,
                          '-infinity')
         ORDER BY n.sender_id, n.broadcast_id, n.halts, n.why
        """,
        senders=[sender for sender, _ in asking],
        keys=[delivery_named(one.key) for _, one in asking],
        refs=[one.provider_ref for _, one in asking],
        halts=[str(one.halts) for _, one in asking],
        whys=[plain(one.why or "") for _, one in asking],
        now=now,
    )
    orders: dict[UUID, list[Order]] = {}
    for row in rows:
        order = Order(Halt(row.halts), row.why, row.broadcast_id)
        orders.setdefault(row.sender_id, []).append(order)
    return orders


async def pause(
    conn: db.Conn, asked_for: Mapping[UUID, Iterable[Order]], *, now: datetime
) -> list[Paused]:
    """Pause the broadcasts that answers to these senders ask to stop; return which were under way
    until now. It is not in the record yet: `write` puts it there.

    Before the deliveries are settled: whoever steers a broadcast locks it first as well.
    """
    asked = {
        order.broadcast_id: (order.reason, sender)
        for sender, orders in asked_for.items()
        for order in orders
        if order.halt is Halt.CAMPAIGN
    }
    if not asked:
        return []
    return await db.many(
        conn,
        Paused,
        """
        WITH found AS (
            SELECT b.id, o.reason, o.sender_id
              FROM broadcast b
              JOIN unnest(%(ids)s::uuid[], %(reasons)s::text[], %(senders)s::uuid[])
                   AS o (id, reason, sender_id) ON o.id = b.id
             WHERE b.organisation_id = current_organisation() AND b.stage = 'sending'
             ORDER BY b.id FOR NO KEY UPDATE OF b
        ), noted AS (
            INSERT INTO broadcast_halt AS h (organisation_id, broadcast_id, sender_id, at, reason)
            SELECT current_organisation(), id, sender_id, %(now)s, reason FROM found
            ON CONFLICT (organisation_id, broadcast_id) DO UPDATE
               SET sender_id = excluded.sender_id, at = excluded.at, reason = excluded.reason
        )
        UPDATE broadcast b SET stage = 'paused'
          FROM found
         WHERE b.organisation_id = current_organisation() AND b.id = found.id
        RETURNING b.id, found.reason
        """,
        ids=list(asked),
        reasons=[reason for reason, _ in asked.values()],
        senders=[sender for _, sender in asked.values()],
        now=now,
    )


async def write(
    conn: db.Conn,
    paused: Iterable[Paused],
    asked_for: Mapping[UUID, Iterable[Order]],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Put into the record what was paused, and stop the senders that have to.

    After the deliveries are settled: whoever settles some has them locked when it gets to the
    record, which is one for all.
    """
    for broadcast in paused:  # of one batch: one, as good as always
        await record.append(
            conn, "broadcast.halted", broadcast.id, actor=actor, now=now, because=broadcast.reason
        )
        logger.error("broadcast.halted", broadcast=str(broadcast.id), why=broadcast.reason)
    for sender, orders in asked_for.items():
        await stop(conn, sender, orders, actor=actor, now=now)


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


async def moved_on(conn: db.Conn, id: BroadcastId, *, now: datetime) -> None:
    """Forget why a broadcast was halted: a person moved it on."""
    await db.run(
        conn,
        """
        WITH halted AS (
            DELETE FROM broadcast_halt
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
        )
        UPDATE broadcast SET gone_on_at = %(now)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        now=now,
    )


async def let_go_on(conn: db.Conn, sender: UUID, *, now: datetime) -> int:
    """Take a sender's stop away; return how many there were: one or none."""
    return await db.run(
        conn,
        """
        WITH stopped AS (
            DELETE FROM sender_stop
             WHERE organisation_id = current_organisation() AND sender_id = %(sender)s
            RETURNING sender_id
        )
        UPDATE sender SET gone_on_at = %(now)s
         WHERE organisation_id = current_organisation()
           AND id IN (SELECT sender_id FROM stopped)
        """,
        sender=sender,
        now=now,
    )
