"""Deliveries carried out by hand: the statements through which relay moves them.

Evidence only rises, and a row that is already so far is left alone, so a replay changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class ByHand:
    """A delivery that waits for a person's hand, and until when it may be carried out."""

    delivery_id: int
    broadcast_id: BroadcastId
    group_id: UUID
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Risen:
    """A delivery whose evidence has just risen."""

    delivery_id: int
    group_id: UUID


async def claim_for_relay(conn: db.Conn, *, now: datetime, limit: int) -> list[ByHand]:
    """Lock deliveries that may become tasks, urgent ones first; the caller moves them.

    The same is read again as by a sender's claim: the broadcast still sends and is not past
    its end, the group is not archived, and no polling area of it is silent. An admin may post
    at any moment until the task closes, so it closes before the next silence begins.
    """
    return await db.many(
        conn,
        ByHand,
        """
        SELECT d.id AS delivery_id, d.broadcast_id, d.group_id,
               least(b.expires_at, quiet.starts_at) AS closes_at
          FROM broadcast b
          JOIN delivery d ON d.organisation_id = b.organisation_id AND d.broadcast_id = b.id
          JOIN chat_group g ON g.organisation_id = d.organisation_id AND g.id = d.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
          LEFT JOIN LATERAL (
                SELECT min(q.starts_at) AS starts_at
                  FROM stillness q
                 WHERE q.organisation_id = current_organisation() AND q.ends_at > %(now)s
                   AND (b.electoral OR q.everything)
                   AND (u.path BETWEEN q.path AND q.path_end
                        OR (q.reaches_up AND q.path BETWEEN u.path AND u.path_end))
               ) AS quiet ON true
         WHERE b.organisation_id = current_organisation()
           AND b.stage = 'sending' AND b.expires_at > %(now)s
           AND d.sender_id IS NULL AND d.state = 'queued' AND d.due_at <= %(now)s
           AND g.archived_at IS NULL
           AND (quiet.starts_at IS NULL OR quiet.starts_at > %(now)s)
         ORDER BY b.lane, d.id
         LIMIT %(limit)s
           FOR UPDATE OF d SKIP LOCKED
        """,
        now=now,
        limit=limit,
    )


async def hold_back(conn: db.Conn, *, now: datetime, until: datetime, limit: int) -> int:
    """Put off what is due where the law keeps an area still, and say why, as a claim does.

    Each is looked at again when that ends, or at `until`, as calendars change.
    """
    return await db.run(
        conn,
        """
        WITH quiet AS MATERIALIZED (
            SELECT path, path_end, reaches_up, everything, why, ends_at
              FROM stillness
             WHERE organisation_id = current_organisation()
               AND starts_at <= %(now)s AND ends_at > %(now)s
        ), held AS (
            SELECT d.id, still.ends_at, still.why
              FROM broadcast b
              JOIN delivery d ON d.organisation_id = b.organisation_id AND d.broadcast_id = b.id
              JOIN chat_group g ON g.organisation_id = d.organisation_id AND g.id = d.group_id
              JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
             CROSS JOIN LATERAL (
                SELECT max(q.ends_at) AS ends_at, min(q.why) AS why
                  FROM quiet q
                 WHERE (b.electoral OR q.everything)
                   AND (u.path BETWEEN q.path AND q.path_end
                        OR (q.reaches_up AND q.path BETWEEN u.path AND u.path_end))) AS still
             WHERE EXISTS (SELECT FROM quiet)
               AND b.organisation_id = current_organisation()
               AND b.stage = 'sending' AND b.expires_at > %(now)s
               AND d.sender_id IS NULL AND d.state = 'queued' AND d.due_at <= %(now)s
               AND still.why IS NOT NULL
             LIMIT %(limit)s
               FOR UPDATE OF d SKIP LOCKED
        )
        UPDATE delivery d SET failure = held.why, due_at = least(held.ends_at, %(until)s)
          FROM held
         WHERE d.organisation_id = current_organisation() AND d.id = held.id
        """,
        now=now,
        until=until,
        limit=limit,
    )


async def task(conn: db.Conn, delivery_ids: list[int]) -> int:
    """Say that these have become tasks for people."""
    return await db.run(
        conn,
        """
        UPDATE delivery SET state = 'tasked', failure = NULL
         WHERE organisation_id = current_organisation()
           AND id = ANY(%(ids)s::bigint[]) AND state = 'queued'
        """,
        ids=delivery_ids,
    )


async def refuse(conn: db.Conn, delivery_ids: list[int], *, failure: str) -> int:
    """Say that these can't be carried out, and why."""
    return await db.run(
        conn,
        """
        UPDATE delivery SET state = 'refused', failure = %(failure)s
         WHERE organisation_id = current_organisation()
           AND id = ANY(%(ids)s::bigint[]) AND state = 'queued'
        """,
        ids=delivery_ids,
        failure=failure,
    )


async def expire(conn: db.Conn, delivery_ids: list[int], *, now: datetime) -> int:
    """Say that the time of these is over and nobody said that they were posted.

    What closed before its broadcast's own end did so for the silence that began then.
    """
    return await db.run(
        conn,
        """
        UPDATE delivery d
           SET state = 'expired',
               failure = CASE WHEN b.stage = 'sending' AND b.expires_at > %(now)s
                              THEN 'silence' END
          FROM broadcast b
         WHERE d.organisation_id = current_organisation()
           AND d.id = ANY(%(ids)s::bigint[]) AND d.state = 'tasked'
           AND b.organisation_id = d.organisation_id AND b.id = d.broadcast_id
        """,
        ids=delivery_ids,
        now=now,
    )


async def mark_opened(conn: db.Conn, delivery_ids: list[int], *, now: datetime) -> list[Risen]:
    """Lift these to opened: somebody has the task's page before their eyes."""
    return await db.many(
        conn,
        Risen,
        """
        UPDATE delivery d
           SET evidence = 3, evidence_at = %(now)s
          FROM (SELECT id FROM delivery
                 WHERE organisation_id = current_organisation()
                   AND id = ANY(%(ids)s::bigint[]) AND evidence < 3
                 ORDER BY id FOR UPDATE) AS locked
         WHERE d.organisation_id = current_organisation() AND d.id = locked.id
        RETURNING d.id AS delivery_id, d.group_id
        """,
        ids=delivery_ids,
        now=now,
    )


async def mark_posted(conn: db.Conn, delivery_ids: list[int], *, now: datetime) -> list[Risen]:
    """Lift these to posted: an admin says that the text is in the group.

    One that had expired meanwhile is sent after all. What was cancelled or recalled stays so,
    with its evidence: whoever follows up the recall must know of it.
    """
    return await _lift(conn, delivery_ids, 4, now=now)


async def mark_verified(conn: db.Conn, delivery_ids: list[int], *, now: datetime) -> list[Risen]:
    """Lift these to verified: somebody followed the group's own link out of the group.

    That is proof, whatever was believed before, and a click may well come before "posted".
    """
    return await _lift(conn, delivery_ids, 5, now=now)


async def _lift(
    conn: db.Conn, delivery_ids: list[int], evidence: int, *, now: datetime
) -> list[Risen]:
    return await db.many(
        conn,
        Risen,
        """
        UPDATE delivery d
           SET evidence = greatest(d.evidence, %(evidence)s::smallint),
               evidence_at = CASE WHEN d.evidence < %(evidence)s::smallint THEN %(now)s
                                  ELSE d.evidence_at END,
               state = CASE WHEN locked.ends THEN 'sent' ELSE d.state END,
               failure = CASE WHEN locked.ends THEN NULL ELSE d.failure END,
               sent_at = CASE WHEN locked.ends THEN coalesce(d.sent_at, %(now)s)
                              ELSE d.sent_at END
          FROM (SELECT id, state IN ('tasked', 'unknown', 'expired', 'refused') AS ends
                  FROM delivery
                 WHERE organisation_id = current_organisation()
                   AND id = ANY(%(ids)s::bigint[])
                   AND (evidence < %(evidence)s::smallint
                        OR state IN ('tasked', 'unknown', 'expired', 'refused'))
                 ORDER BY id FOR UPDATE) AS locked
         WHERE d.organisation_id = current_organisation() AND d.id = locked.id
        RETURNING d.id AS delivery_id, d.group_id
        """,
        ids=delivery_ids,
        evidence=evidence,
        now=now,
    )
