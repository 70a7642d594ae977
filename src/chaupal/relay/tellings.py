"""Every statement of telling people about their tasks: claimed under lease, settled, lapsed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from chaupal.kit import db
from chaupal.law.exclusions import day_of
from chaupal.relay.models import Telling


@dataclass(frozen=True, slots=True)
class ToTell:
    """One person's part in one task, leased to be told, or found untellable.

    The line's fields are None where there is none: no contact point on a channel of ours at
    which we may write to them for coordination.
    """

    assignment_id: UUID
    person_id: UUID
    language: str
    group_name: str
    step: int
    closes_at: datetime
    attempts: int
    telling: Telling
    recalled: bool
    channel: str | None
    sealed: bytes | None = field(repr=False)
    sender_id: UUID | None
    endpoint: str | None
    sealed_token: bytes | None = field(repr=False)
    sealed_webhook_secret: bytes | None = field(repr=False)
    rate_per_s: int | None


async def lock(conn: db.Conn) -> None:
    """Let one worker at a time claim people to tell, until commit."""
    await db.run(
        conn,
        "SELECT pg_advisory_xact_lock(hashtextextended('chaupal.tell', current_organisation()))",
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """Whether there is anybody to tell, or whose worker went quiet."""

    waits: bool


async def anybody(conn: db.Conn, *, now: datetime) -> bool:
    """Say whether `claim` or `lapse` may find anything: a look into two indexes."""
    found = await db.one(
        conn,
        Waiting,
        """
        SELECT EXISTS (SELECT FROM relay_assignment
                        WHERE organisation_id = current_organisation()
                          AND telling = 'queued' AND due_at <= %(now)s)
            OR EXISTS (SELECT FROM relay_assignment
                        WHERE organisation_id = current_organisation()
                          AND telling = 'telling' AND lease_until < %(now)s) AS waits
        """,
        now=now,
    )
    return found.waits


async def claim(
    conn: db.Conn, *, channels: list[str], now: datetime, lease: timedelta, limit: int
) -> list[ToTell]:
    """Lease up to `limit` assignments whose people are to be told: by lane, then oldest first.

    Nothing is claimed while another worker holds any, so that the pace holds with any number
    of workers. Consent, the sender, the broadcast's stage and what is kept still are read by this
    very statement; that a text is withdrawn may be told anywhere. Whoever can't be told is marked
    so at once.
    """
    return await db.many(
        conn,
        ToTell,
        """
        WITH waiting AS (
            SELECT a.id, a.person_id, t.step, t.closes_at, g.name AS group_name,
                   b.stage = 'recalled' AS recalled
              FROM relay_assignment a
              JOIN relay_task t ON t.organisation_id = a.organisation_id AND t.id = a.task_id
              JOIN delivery d ON d.organisation_id = t.organisation_id AND d.id = t.delivery_id
              JOIN broadcast b ON b.organisation_id = t.organisation_id AND b.id = t.broadcast_id
              JOIN chat_group g ON g.organisation_id = t.organisation_id AND g.id = t.group_id
              JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
             WHERE a.organisation_id = current_organisation()
               AND a.telling = 'queued' AND a.due_at <= %(now)s
               AND CASE b.stage
                   WHEN 'recalled' THEN a.recall_asked_at IS NOT NULL AND a.deleted_at IS NULL
                   WHEN 'sending' THEN t.closes_at > %(now)s AND d.state = 'tasked'
                    AND NOT EXISTS (
                        SELECT FROM stillness q
                         WHERE q.organisation_id = current_organisation()
                           AND (b.electoral OR q.everything)
                           AND q.starts_at <= %(now)s AND q.ends_at > %(now)s
                           AND (u.path BETWEEN q.path AND q.path_end
                                OR (q.reaches_up AND q.path BETWEEN u.path AND u.path_end)))
                   ELSE false END
               AND NOT EXISTS (SELECT FROM relay_assignment held
                                WHERE held.organisation_id = current_organisation()
                                  AND held.telling = 'telling')
             ORDER BY b.lane, a.due_at, a.id
             LIMIT %(limit)s
               FOR UPDATE OF a SKIP LOCKED
        ), line AS (
            SELECT DISTINCT ON (c.person_id)
                   c.person_id, c.channel, c.sealed, s.id AS sender_id, s.endpoint,
                   s.sealed_token, s.sealed_webhook_secret, s.rate_per_s
              FROM writable c
              JOIN sender s ON s.organisation_id = c.organisation_id AND s.channel = c.channel
             WHERE c.organisation_id = current_organisation()
               AND c.person_id IN (SELECT person_id FROM waiting)
               AND c.channel = ANY(%(channels)s::text[]) AND s.disabled_at IS NULL
               AND NOT EXISTS (SELECT FROM sender_stop h
                                WHERE h.organisation_id = s.organisation_id
                                  AND h.sender_id = s.id)
               AND NOT EXISTS (SELECT FROM excluded_channel x
                                WHERE x.organisation_id = s.organisation_id
                                  AND x.channel = s.channel
                                  AND %(today)s BETWEEN x.since AND coalesce(x.until, 'infinity'))
               AND c.purpose = 'coordination'
             ORDER BY c.person_id, array_position(%(channels)s::text[], c.channel), s.name, c.id
        )
        UPDATE relay_assignment a
           SET telling = CASE WHEN line.person_id IS NULL THEN 'untellable'
                              ELSE 'telling' END::telling,
               lease_until = CASE WHEN line.person_id IS NOT NULL THEN %(now)s + %(lease)s END,
               attempts = least(a.attempts + 1, 32000)
          FROM waiting
          JOIN person p ON p.organisation_id = current_organisation() AND p.id = waiting.person_id
          LEFT JOIN line ON line.person_id = waiting.person_id
         WHERE a.organisation_id = current_organisation() AND a.id = waiting.id
        RETURNING a.id AS assignment_id, a.person_id, p.language, waiting.group_name, waiting.step,
                  waiting.closes_at, a.attempts, a.telling::text, waiting.recalled, line.channel,
                  line.sealed, line.sender_id, line.endpoint, line.sealed_token,
                  line.sealed_webhook_secret, line.rate_per_s
        """,
        channels=channels,
        now=now,
        today=day_of(now),
        lease=lease,
        limit=limit,
    )


async def settle(
    conn: db.Conn,
    *,
    ids: list[UUID],
    attempts: list[int],
    tellings: list[str],
    due_ats: list[datetime | None],
    now: datetime,
) -> int:
    """Record how people were told, as far as this worker still holds them; return how many."""
    return await db.run(
        conn,
        """
        UPDATE relay_assignment a
           SET telling = o.telling::telling, lease_until = NULL,
               due_at = coalesce(o.due_at, a.due_at),
               told_at = CASE WHEN o.telling = 'told' THEN coalesce(a.told_at, %(now)s)
                              ELSE a.told_at END
          FROM unnest(%(ids)s::uuid[], %(attempts)s::int[], %(tellings)s::text[],
                      %(due_ats)s::timestamptz[]) AS o (id, attempts, telling, due_at)
         WHERE a.organisation_id = current_organisation() AND a.id = o.id
           AND a.telling = 'telling' AND a.attempts = o.attempts
        """,
        ids=ids,
        attempts=attempts,
        tellings=tellings,
        due_ats=due_ats,
        now=now,
    )


async def postpone(
    conn: db.Conn, *, sender_id: UUID, channels: list[str], now: datetime, until: datetime
) -> int:
    """Let nobody who would be told through this sender come up before `until`."""
    return await db.run(
        conn,
        """
        WITH waiting AS (
            SELECT id, person_id FROM relay_assignment
             WHERE organisation_id = current_organisation()
               AND telling = 'queued' AND due_at < %(until)s
        ), line AS (
            SELECT DISTINCT ON (c.person_id) c.person_id, s.id AS sender_id
              FROM writable c
              JOIN sender s ON s.organisation_id = c.organisation_id AND s.channel = c.channel
             WHERE c.organisation_id = current_organisation()
               AND c.person_id IN (SELECT person_id FROM waiting)
               AND c.channel = ANY(%(channels)s::text[]) AND s.disabled_at IS NULL
               AND NOT EXISTS (SELECT FROM sender_stop h
                                WHERE h.organisation_id = s.organisation_id
                                  AND h.sender_id = s.id)
               AND NOT EXISTS (SELECT FROM excluded_channel x
                                WHERE x.organisation_id = s.organisation_id
                                  AND x.channel = s.channel
                                  AND %(today)s BETWEEN x.since AND coalesce(x.until, 'infinity'))
               AND c.purpose = 'coordination'
             ORDER BY c.person_id, array_position(%(channels)s::text[], c.channel), s.name, c.id
        )
        UPDATE relay_assignment a SET due_at = %(until)s
          FROM waiting
          JOIN line ON line.person_id = waiting.person_id AND line.sender_id = %(sender_id)s
         WHERE a.organisation_id = current_organisation() AND a.id = waiting.id
           AND a.telling = 'queued' AND a.due_at < %(until)s
        """,
        sender_id=sender_id,
        channels=channels,
        today=day_of(now),
        until=until,
    )


async def lapse(conn: db.Conn, *, now: datetime) -> int:
    """Take back people whose worker went quiet. Whether they were told nobody knows, so it is
    the reminder that comes next, not the same message again."""
    return await db.run(
        conn,
        """
        UPDATE relay_assignment SET telling = 'unknown', lease_until = NULL
         WHERE organisation_id = current_organisation()
           AND telling = 'telling' AND lease_until < %(now)s
        """,
        now=now,
    )


async def hasten(conn: db.Conn, assignment_ids: list[UUID], *, now: datetime) -> int:
    """Let the tasks of people who can't be told go on to the next person at once."""
    return await db.run(
        conn,
        """
        UPDATE relay_task t
           SET step = greatest(t.step, 1), next_step_at = %(now)s
         WHERE t.organisation_id = current_organisation() AND t.next_step_at IS NOT NULL
           AND t.id IN (SELECT task_id FROM relay_assignment
                         WHERE organisation_id = current_organisation()
                           AND id = ANY(%(ids)s::uuid[]))
        """,
        ids=assignment_ids,
        now=now,
    )
