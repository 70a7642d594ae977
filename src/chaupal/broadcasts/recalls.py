"""Every statement of a recall: its clock, and what has to be taken back from the chats."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db
from chaupal.organisations.models import Scope


@dataclass(frozen=True, slots=True)
class Recall:
    """Since when a broadcast is withdrawn, by whom, and by when it has to be gone; and who has
    seen that it is late and is on it, if somebody is."""

    broadcast_id: BroadcastId
    ordered_label: str
    since: datetime
    gone_by: datetime
    attended_label: str | None
    attended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How many deliveries of a recalled broadcast are how far from being gone.

    How many of them had settled one hour and two hours after it, and when they had to be gone.
    """

    state: str
    targets: int
    last_at: datetime | None
    in_one_hour: int
    in_two_hours: int
    in_time: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What had come of a recall when its time was up. `late`: neither gone nor said to be."""

    broadcast_id: BroadcastId
    deleted: int
    acknowledged: int
    impossible: int
    late: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """A recall whose time is up while something may still stand in a chat."""

    broadcast_id: BroadcastId
    title: str
    gone_by: datetime
    attended_label: str | None
    attended_at: datetime | None
    outstanding: int


@dataclass(frozen=True, slots=True)
class ToGather:
    """A recalled broadcast of which more may stand in chats than was gathered so far."""

    broadcast_id: BroadcastId


@dataclass(frozen=True, slots=True)
class ToDelete:
    """A message that is to be deleted, leased. The address is a group's, or a person's, sealed."""

    delivery_id: int
    attempts: int
    sender_id: UUID
    channel: str
    endpoint: str
    sealed_token: bytes = field(repr=False)
    sealed_webhook_secret: bytes = field(repr=False)
    rate_per_s: int
    address: str | None = field(repr=False)
    sealed: bytes | None = field(repr=False)
    provider_ref: str


async def begin(
    conn: db.Conn, id: BroadcastId, *, by: UUID, label: str, now: datetime, within: timedelta
) -> None:
    """Start the clock of a broadcast that was just withdrawn."""
    await db.run(
        conn,
        """
        INSERT INTO recall (organisation_id, broadcast_id, ordered_by, ordered_label, since,
                            gone_by)
        VALUES (current_organisation(), %(id)s, %(by)s, %(label)s, %(now)s,
                %(now)s::timestamptz + %(within)s::interval)
        """,
        id=id,
        by=by,
        label=label,
        now=now,
        within=within,
    )


async def find(conn: db.Conn, id: BroadcastId) -> Recall | None:
    """Return the clock of a broadcast, which the caller found within a Scope."""
    return await db.maybe(
        conn,
        Recall,
        """
        SELECT broadcast_id, ordered_label, since, gone_by, attended_label, attended_at
          FROM recall
         WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
        """,
        id=id,
    )


async def standing(conn: db.Conn, id: BroadcastId) -> list[Standing]:
    """Return how far the taking back has come."""
    return await db.many(
        conn,
        Standing,
        """
        SELECT t.state::text, count(*)::int AS targets, max(t.settled_at) AS last_at,
               (count(*) FILTER (WHERE t.settled_at <= r.since + interval '1 hour'))::int
                   AS in_one_hour,
               (count(*) FILTER (WHERE t.settled_at <= r.since + interval '2 hours'))::int
                   AS in_two_hours,
               (count(*) FILTER (WHERE t.settled_at <= r.gone_by))::int AS in_time
          FROM retraction t
          JOIN recall r ON r.organisation_id = t.organisation_id
                       AND r.broadcast_id = t.broadcast_id
         WHERE t.organisation_id = current_organisation() AND t.broadcast_id = %(id)s
         GROUP BY t.state
        """,
        id=id,
    )


async def judge(conn: db.Conn, *, now: datetime) -> list[Judged]:
    """Return, once each, the recalls whose time is up, with what had come of them by then."""
    return await db.many(
        conn,
        Judged,
        """
        WITH due AS (
            UPDATE recall SET judged_at = %(now)s
             WHERE organisation_id = current_organisation() AND judged_at IS NULL
               AND gone_by <= %(now)s
            RETURNING broadcast_id, gone_by
        )
        SELECT due.broadcast_id, counted.*
          FROM due CROSS JOIN LATERAL (
            SELECT (count(*) FILTER (WHERE state = 'deleted' AND settled_at <= due.gone_by))::int
                       AS deleted,
                   (count(*) FILTER (WHERE state = 'acknowledged'
                                       AND settled_at <= due.gone_by))::int AS acknowledged,
                   (count(*) FILTER (WHERE state = 'impossible'))::int AS impossible,
                   (count(*) FILTER (WHERE state <> 'impossible'
                                       AND (settled_at IS NULL OR settled_at > due.gone_by)))::int
                       AS late
              FROM retraction
             WHERE organisation_id = current_organisation()
               AND broadcast_id = due.broadcast_id) AS counted
         ORDER BY due.broadcast_id
        """,
        now=now,
    )


async def overdue(
    conn: db.Conn, *, scope: Scope, now: datetime, watched_for: timedelta
) -> list[Overdue]:
    """Return the recalls within `scope` whose time is up with something outstanding, the oldest
    first, attended or not, for as long as admins may still answer."""
    return await db.many(
        conn,
        Overdue,
        """
        SELECT r.broadcast_id, b.title, r.gone_by, r.attended_label, r.attended_at,
               count(*)::int AS outstanding
          FROM recall r
          JOIN broadcast b ON b.organisation_id = r.organisation_id AND b.id = r.broadcast_id
          JOIN retraction t ON t.organisation_id = r.organisation_id
                           AND t.broadcast_id = r.broadcast_id
                           AND t.state IN ('waiting', 'deleting', 'asked')
         WHERE r.organisation_id = current_organisation() AND r.gone_by < %(now)s
           AND r.since >= %(now)s::timestamptz - %(watched_for)s::interval
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = b.organisation_id
                              AND own.id = ANY(b.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
         GROUP BY r.broadcast_id, b.title, r.gone_by, r.attended_label, r.attended_at
         ORDER BY r.gone_by, r.broadcast_id
        """,
        paths=scope.paths(),
        now=now,
        watched_for=watched_for,
    )


async def to_gather(conn: db.Conn, *, since: datetime) -> list[ToGather]:
    """Return the recalls begun since then of which something new may stand in a chat.

    By the counters: what was sent, and what an admin has at least seen, against what is gathered.
    """
    return await db.many(
        conn,
        ToGather,
        """
        SELECT r.broadcast_id
          FROM recall r
          JOIN tally t ON t.organisation_id = r.organisation_id AND t.broadcast_id = r.broadcast_id
         WHERE r.organisation_id = current_organisation() AND r.since >= %(since)s
           AND (t.state = 'sent' OR t.evidence >= 3)
         GROUP BY r.broadcast_id, r.gathered
        HAVING sum(t.targets) > r.gathered
         ORDER BY r.broadcast_id
        """,
        since=since,
    )


async def gather(
    conn: db.Conn, id: BroadcastId, *, deleting: list[str], now: datetime, limit: int
) -> int:
    """Write down up to `limit` deliveries that stand in a chat, or may; return how many.

    What went by one of the `deleting` channels is to be deleted there. What an admin posted, or
    has only seen, is for that admin to take away. A receipt or a "posted" that comes after the
    recall brings its delivery here as well. One worker at a time gathers a broadcast.
    """
    return await db.run(
        conn,
        """
        WITH held AS MATERIALIZED (
            SELECT broadcast_id FROM recall
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
               FOR UPDATE SKIP LOCKED
        ), written AS (
            INSERT INTO retraction (organisation_id, delivery_id, broadcast_id, sender_id, state,
                                    due_at, settled_at)
            SELECT d.organisation_id, d.id, d.broadcast_id, d.sender_id,
                   CASE WHEN d.sender_id IS NULL THEN 'asked'
                        WHEN s.channel = ANY(%(deleting)s::text[]) AND d.provider_ref IS NOT NULL
                        THEN 'waiting' ELSE 'impossible' END::retraction_state,
                   %(now)s,
                   CASE WHEN d.sender_id IS NOT NULL
                         AND (s.channel <> ALL(%(deleting)s::text[]) OR d.provider_ref IS NULL)
                        THEN %(now)s::timestamptz END
              FROM held
              JOIN delivery d ON d.organisation_id = current_organisation()
                             AND d.broadcast_id = held.broadcast_id
              LEFT JOIN sender s ON s.organisation_id = d.organisation_id AND s.id = d.sender_id
             WHERE (d.state = 'sent' OR d.evidence >= 3)
               AND NOT EXISTS (SELECT FROM retraction r
                                WHERE r.organisation_id = d.organisation_id
                                  AND r.delivery_id = d.id)
             ORDER BY d.id
             LIMIT %(limit)s
            RETURNING 1
        )
        UPDATE recall SET gathered = gathered + (SELECT count(*) FROM written)
         WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
           AND EXISTS (SELECT FROM written)
        """,
        id=id,
        deleting=deleting,
        now=now,
        limit=limit,
    )


async def lock(conn: db.Conn) -> None:
    """Let one worker at a time claim what is to be deleted, until commit."""
    await db.run(
        conn,
        "SELECT pg_advisory_xact_lock(hashtextextended('chaupal.retract', current_organisation()))",
    )


async def lapse(conn: db.Conn, *, now: datetime) -> int:
    """Take back what a worker that went quiet had in hand: deleting twice does no harm."""
    return await db.run(
        conn,
        """
        UPDATE retraction SET state = 'waiting', lease_until = NULL
         WHERE organisation_id = current_organisation()
           AND state = 'deleting' AND lease_until < %(now)s
        """,
        now=now,
    )


async def claim(conn: db.Conn, *, now: datetime, lease: timedelta, limit: int) -> list[ToDelete]:
    """Lease up to `limit` messages to be deleted, the oldest first.

    Nothing is claimed while another worker holds any, so that the pace holds with any number of
    workers. Nobody's consent is asked: what is taken away is not sent. What was sent before a group
    moved has no address any more: its reference means another message where the group is now.
    """
    return await db.many(
        conn,
        ToDelete,
        """
        WITH due AS (
            SELECT r.delivery_id FROM retraction r
              JOIN sender s ON s.organisation_id = r.organisation_id AND s.id = r.sender_id
             WHERE r.organisation_id = current_organisation() AND r.state = 'waiting'
               AND r.due_at <= %(now)s AND s.disabled_at IS NULL
               AND NOT EXISTS (SELECT FROM retraction held
                                WHERE held.organisation_id = current_organisation()
                                  AND held.state = 'deleting')
             ORDER BY r.due_at, r.delivery_id
             LIMIT %(limit)s
               FOR UPDATE OF r SKIP LOCKED
        )
        UPDATE retraction r
           SET state = 'deleting', lease_until = %(now)s + %(lease)s,
               attempts = least(r.attempts + 1, 32000)
          FROM due
          JOIN delivery d ON d.organisation_id = current_organisation() AND d.id = due.delivery_id
          JOIN sender s ON s.organisation_id = d.organisation_id AND s.id = d.sender_id
          LEFT JOIN chat_group g ON g.organisation_id = d.organisation_id AND g.id = d.group_id
          LEFT JOIN contact_point c ON c.organisation_id = d.organisation_id AND c.id = d.contact_id
         WHERE r.organisation_id = current_organisation() AND r.delivery_id = due.delivery_id
        RETURNING r.delivery_id, r.attempts, s.id AS sender_id, s.channel, s.endpoint,
                  s.sealed_token, s.sealed_webhook_secret, s.rate_per_s,
                  CASE WHEN g.address_since > d.sent_at THEN NULL ELSE g.address END AS address,
                  c.sealed, d.provider_ref
        """,
        now=now,
        lease=lease,
        limit=limit,
    )


async def settle(
    conn: db.Conn,
    *,
    ids: list[int],
    attempts: list[int],
    states: list[str],
    due_ats: list[datetime],
    now: datetime,
) -> int:
    """Record how deletions ended, as far as this worker still holds them; return how many."""
    return await db.run(
        conn,
        """
        UPDATE retraction r
           SET state = o.state::retraction_state, lease_until = NULL, due_at = o.due_at,
               settled_at = CASE WHEN o.state <> 'waiting' THEN %(now)s::timestamptz END
          FROM unnest(%(ids)s::bigint[], %(attempts)s::int[], %(states)s::text[],
                      %(due_ats)s::timestamptz[]) AS o (id, attempts, state, due_at)
         WHERE r.organisation_id = current_organisation() AND r.delivery_id = o.id
           AND r.state = 'deleting' AND r.attempts = o.attempts
        """,
        ids=ids,
        attempts=attempts,
        states=states,
        due_ats=due_ats,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Settled:
    """How many deliveries that settled."""

    targets: int


async def acknowledge(conn: db.Conn, delivery_ids: list[int], *, now: datetime) -> int:
    """Say that admins tell us that these recalled ones are not in their groups; return how many.

    Their word may come before the delivery was gathered: then it is gathered by it.
    """
    settled = await db.one(
        conn,
        Settled,
        """
        WITH said AS (
            INSERT INTO retraction AS r (organisation_id, delivery_id, broadcast_id, state, due_at,
                                         settled_at)
            SELECT d.organisation_id, d.id, d.broadcast_id, 'acknowledged', %(now)s, %(now)s
              FROM delivery d
             WHERE d.organisation_id = current_organisation() AND d.id = ANY(%(ids)s::bigint[])
               AND d.sender_id IS NULL AND (d.state = 'sent' OR d.evidence >= 3)
             ORDER BY d.id
            ON CONFLICT (organisation_id, delivery_id) DO UPDATE
               SET state = 'acknowledged', settled_at = %(now)s
             WHERE r.state = 'asked'
            RETURNING r.broadcast_id, r.xmax = 0 AS is_new
        ), counted AS (
            UPDATE recall SET gathered = gathered + born.targets
              FROM (SELECT broadcast_id, count(*) AS targets FROM said WHERE is_new
                     GROUP BY broadcast_id) AS born
             WHERE recall.organisation_id = current_organisation()
               AND recall.broadcast_id = born.broadcast_id
        )
        SELECT count(*)::int AS targets FROM said
        """,
        ids=delivery_ids,
        now=now,
    )
    return settled.targets
