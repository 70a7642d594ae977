"""Every statement that the control room and the lists of broadcasts read with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chaupal.arrivals.models import Evidence
from chaupal.broadcasts.models import BroadcastId, Lane, Purpose, Stage, State
from chaupal.kit import db
from chaupal.organisations.models import Scope


@dataclass(frozen=True, slots=True)
class Flight:
    """A broadcast on its way, or one that ended lately."""

    id: BroadcastId
    title: str
    stage: Stage
    lane: Lane
    purpose: Purpose
    audience: dict[str, Any]
    started_at: datetime
    starts_at: datetime | None
    via: list[str]


@dataclass(frozen=True, slots=True)
class CountOf:
    """One line of the account of one broadcast among several."""

    broadcast_id: BroadcastId
    state: State
    evidence: Evidence
    targets: int


@dataclass(frozen=True, slots=True)
class StageCounts:
    """How many broadcasts are on their way, and how many wait for a second person."""

    live: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Sent:
    """How many deliveries were attempted with success."""

    deliveries: int


@dataclass(frozen=True, slots=True)
class Received:
    """A line of what one group received."""

    delivery_id: int
    broadcast_id: BroadcastId
    title: str
    author_paths: list[str]
    state: State
    evidence: Evidence
    failure: str | None
    at: datetime


async def flights(
    conn: db.Conn, *, scope: Scope, now: datetime, ended_since: datetime, limit: int
) -> list[Flight]:
    """Return broadcasts within `scope` on their way, those that have yet to begin, and then those
    that ended lately."""
    return await db.many(
        conn,
        Flight,
        """
        SELECT id, title, stage::text, lane::text, purpose::text, audience,
               greatest(coalesce(frozen_at, approved_at, created_at),
                        CASE WHEN starts_at < coalesce(finished_at, 'infinity') THEN starts_at END)
                   AS started_at,
               starts_at, via
          FROM broadcast b
         WHERE b.organisation_id = current_organisation()
           AND (stage IN ('approved', 'sending', 'paused')
                OR (finished_at >= %(ended_since)s AND frozen_at IS NOT NULL))
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = b.organisation_id
                              AND own.id = ANY(b.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
         ORDER BY stage IN ('approved', 'sending', 'paused') DESC,
                  coalesce(starts_at <= %(now)s, true) DESC, b.lane,
                  coalesce(frozen_at, approved_at, created_at) DESC
         LIMIT %(limit)s
        """,
        now=now,
        ended_since=ended_since,
        paths=scope.paths(),
        limit=limit,
    )


async def counts_of(conn: db.Conn, ids: list[BroadcastId]) -> list[CountOf]:
    """Return the accounts of several broadcasts, which the caller found within a Scope."""
    return await db.many(
        conn,
        CountOf,
        """
        SELECT broadcast_id, state::text, evidence, sum(targets)::int AS targets
          FROM tally
         WHERE organisation_id = current_organisation() AND broadcast_id = ANY(%(ids)s::uuid[])
         GROUP BY broadcast_id, state, evidence
        HAVING sum(targets) <> 0
         ORDER BY broadcast_id, state, evidence
        """,
        ids=ids,
    )


async def stage_counts(conn: db.Conn, *, scope: Scope) -> StageCounts:
    """Count the broadcasts within `scope` that are on their way or wait for approval."""
    return await db.one(
        conn,
        StageCounts,
        """
        SELECT count(*) FILTER (WHERE stage <> 'submitted')::int AS live,
               count(*) FILTER (WHERE stage = 'submitted')::int AS waiting
          FROM broadcast b
         WHERE b.organisation_id = current_organisation()
           AND stage IN ('submitted', 'approved', 'sending', 'paused')
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = b.organisation_id
                              AND own.id = ANY(b.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
        """,
        paths=scope.paths(),
    )


async def sent_since(conn: db.Conn, since: datetime, *, scope: Scope) -> int:
    """Count what was sent or posted of the broadcasts within `scope` that began after `since`."""
    row = await db.one(
        conn,
        Sent,
        """
        SELECT coalesce(sum(t.targets), 0)::int AS deliveries
          FROM broadcast b
          JOIN tally t ON t.organisation_id = b.organisation_id AND t.broadcast_id = b.id
         WHERE b.organisation_id = current_organisation()
           AND greatest(b.frozen_at, b.starts_at) >= %(since)s AND t.state = 'sent'
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = b.organisation_id
                              AND own.id = ANY(b.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
        """,
        since=since,
        paths=scope.paths(),
    )
    return row.deliveries


async def received(
    conn: db.Conn, group: UUID, *, scope: Scope, before: int | None, limit: int
) -> list[Received]:
    """Return what a group within `scope` was sent, newest first, the page before `before`."""
    return await db.many(
        conn,
        Received,
        """
        SELECT d.id AS delivery_id, d.broadcast_id, b.title,
               ARRAY(SELECT own.path FROM unit own
                      WHERE own.organisation_id = b.organisation_id
                        AND own.id = ANY(b.author_units) ORDER BY own.path) AS author_paths,
               d.state::text, d.evidence, d.failure,
               coalesce(d.evidence_at, d.sent_at, b.frozen_at) AS at
          FROM delivery d
          JOIN broadcast b ON b.organisation_id = d.organisation_id AND b.id = d.broadcast_id
          JOIN chat_group g ON g.organisation_id = d.organisation_id AND g.id = d.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE d.organisation_id = current_organisation() AND d.group_id = %(group)s
           AND (%(before)s::bigint IS NULL OR d.id < %(before)s::bigint)
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY d.id DESC
         LIMIT %(limit)s
        """,
        group=group,
        before=before,
        paths=scope.paths(),
        limit=limit,
    )
