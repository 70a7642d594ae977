"""Every statement that the pages of senders read with.

Senders belong to the organisation as a whole, and so do their pages: whoever asks here has made
sure that the reader administers all of it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.kit import db
from chaupal.law.exclusions import day_of


@dataclass(frozen=True, slots=True)
class Standing:
    """A sender, what its provider allows, and how it stood when that last changed.

    `held`: a worker has it. `waits`: something is due to go through it. Without a state nothing
    has gone through it yet. `stopped_at`: an answer stopped it, until somebody lets it go on.
    `full_until`: it has written to as many people as its portfolio may in a day. What the provider
    said of it is dated by when it was heard; a limit below zero is none. `excluded_by`: the rule by
    which its provider does not take this organisation.
    """

    id: UUID
    name: str
    channel: str
    rate_per_s: int
    chat_interval_s: float
    daily_limit: int | None
    pair_interval_s: float | None
    pair_burst: int | None
    disabled_at: datetime | None
    held: bool
    waits: bool
    rate_now_per_s: float | None
    held_until: datetime | None
    trips: int | None
    portfolio: str | None
    stopped_at: datetime | None
    stopped_halt: str | None
    stopped_reason: str | None
    full_until: datetime | None
    people_in_a_day: int | None
    quality: str | None
    quality_at: datetime | None
    allowed_daily: int | None
    allowed_daily_at: datetime | None
    restriction: str | None
    restriction_at: datetime | None
    excluded_by: str | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much went through a sender lately, and how much of it the provider did not take."""

    sender_id: UUID
    last_minute: int
    last_hour: int
    not_taken: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong with a sender in one way: how often, and when last."""

    sender_id: UUID
    ended: str
    status: int | None
    kind: str | None
    outcome: str
    reason: str | None
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Exchanges of one batch that went alike."""

    id: int
    at: datetime
    told: bool
    method: str | None
    ended: str
    status: int | None
    kind: str | None
    outcome: str
    reason: str | None
    times: int
    took_ms: int
    slowest_ms: int


async def standings(conn: db.Conn, *, now: datetime) -> list[Standing]:
    """Return every sender of the organisation, by name."""
    return await db.many(
        conn,
        Standing,
        """
        SELECT s.id, s.name, s.channel, s.rate_per_s, s.chat_interval_s::float8, s.daily_limit,
               s.pair_interval_s::float8, s.pair_burst, s.disabled_at,
               coalesce(s.lease_until > %(now)s, false) AS held,
               EXISTS (SELECT FROM broadcast b
                        WHERE b.organisation_id = s.organisation_id AND b.stage = 'sending'
                          AND EXISTS (SELECT FROM delivery d
                                       WHERE d.organisation_id = s.organisation_id
                                         AND d.sender_id = s.id AND d.broadcast_id = b.id
                                         AND d.state = 'queued' AND d.due_at <= %(now)s)) AS waits,
               t.rate_per_s::float8 AS rate_now_per_s, t.held_until, t.trips,
               s.portfolio, h.at AS stopped_at, h.halt AS stopped_halt,
               h.reason AS stopped_reason, f.full_until, f.people AS people_in_a_day,
               q.quality, q.quality_at, q.daily_limit AS allowed_daily,
               q.daily_limit_at AS allowed_daily_at, q.restriction, q.restriction_at,
               (SELECT min(x.source) FROM excluded_channel x
                 WHERE x.organisation_id = s.organisation_id AND x.channel = s.channel
                   AND %(today)s BETWEEN x.since AND coalesce(x.until, 'infinity')) AS excluded_by
          FROM sender s
          LEFT JOIN sender_state t ON t.organisation_id = s.organisation_id AND t.sender_id = s.id
          LEFT JOIN sender_stop h ON h.organisation_id = s.organisation_id AND h.sender_id = s.id
          LEFT JOIN sender_standing q ON q.organisation_id = s.organisation_id
                                     AND q.sender_id = s.id
          LEFT JOIN portfolio f ON f.organisation_id = s.organisation_id
                               AND f.name = coalesce(s.portfolio, s.id::text)
         WHERE s.organisation_id = current_organisation()
         ORDER BY h.at IS NULL, s.disabled_at IS NOT NULL, s.name
        """,
        now=now,
        today=day_of(now),
    )


async def traffic(conn: db.Conn, *, minute: datetime, hour: datetime) -> list[Traffic]:
    """Count what senders exchanged since these moments; one that was silent is missing."""
    return await db.many(
        conn,
        Traffic,
        """
        SELECT sender_id,
               coalesce(sum(times) FILTER (WHERE at > %(minute)s), 0)::int AS last_minute,
               sum(times)::int AS last_hour,
               coalesce(sum(times) FILTER (WHERE outcome <> 'accepted'), 0)::int AS not_taken
          FROM exchange
         WHERE organisation_id = current_organisation() AND at > %(hour)s
           AND ended <> 'not_asked'
         GROUP BY sender_id
        """,
        minute=minute,
        hour=hour,
    )


async def troubles(conn: db.Conn, *, since: datetime, limit: int) -> list[Trouble]:
    """Return what went wrong since then, each way once, the latest first."""
    return await db.many(
        conn,
        Trouble,
        """
        SELECT sender_id, ended, status, kind, outcome, reason, sum(times)::int AS times,
               max(at) AS last_at
          FROM exchange
         WHERE organisation_id = current_organisation() AND at > %(since)s
           AND outcome <> 'accepted'
         GROUP BY sender_id, ended, status, kind, outcome, reason
         ORDER BY max(at) DESC, sum(times) DESC, ended, reason
         LIMIT %(limit)s
        """,
        since=since,
        limit=limit,
    )


async def exchanged(
    conn: db.Conn, sender: UUID, *, since: datetime, before: int | None, limit: int
) -> list[Exchanged]:
    """Return what a sender exchanged since then, newest first, the page before `before`."""
    return await db.many(
        conn,
        Exchanged,
        """
        SELECT id, at, told, method, ended, status, kind, outcome, reason, times, took_ms,
               slowest_ms
          FROM exchange
         WHERE organisation_id = current_organisation() AND sender_id = %(sender)s
           AND at > %(since)s AND (%(before)s::bigint IS NULL OR id < %(before)s::bigint)
         ORDER BY id DESC
         LIMIT %(limit)s
        """,
        sender=sender,
        since=since,
        before=before,
        limit=limit,
    )
