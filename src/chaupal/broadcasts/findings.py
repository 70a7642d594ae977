"""Counters that differ from their deliveries: found by recounting, shown until it is over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.organisations.models import Scope


@dataclass(frozen=True, slots=True)
class Difference:
    """What a broadcast's counters say and what its deliveries do, where that is not the same.

    `off` is by how many the counters are off, all places together. `differences` has a line for
    each branch, state and evidence: what was tallied, and what was counted.
    """

    broadcast_id: BroadcastId
    differences: list[dict[str, Any]]
    off: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference that somebody should know of."""

    id: UUID
    broadcast_id: BroadcastId
    title: str
    off: int
    found_at: datetime
    seen_at: datetime
    acknowledged_at: datetime | None
    acknowledged_label: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Noted:
    """A finding that is new, or open again because it is another one now."""

    broadcast_id: BroadcastId
    off: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A broadcast whose counters agree again."""

    broadcast_id: BroadcastId


async def differences(conn: db.Conn, *, since: datetime) -> list[Difference]:
    """Recount the broadcasts frozen since then, and those with an unsettled finding.

    Counters and deliveries are read by one statement, so what moves meanwhile makes no difference.
    """
    return await db.many(
        conn,
        Difference,
        """
        WITH recent AS (
            SELECT b.id FROM broadcast b
             WHERE b.organisation_id = current_organisation()
               AND (b.frozen_at >= %(since)s
                    OR EXISTS (SELECT FROM finding f
                                WHERE f.organisation_id = b.organisation_id
                                  AND f.broadcast_id = b.id AND f.settled_at IS NULL))
        ), place AS (
            SELECT broadcast_id, branch_id, state, evidence, sum(tallied)::int AS tallied,
                   sum(counted)::int AS counted
              FROM (SELECT t.broadcast_id, t.branch_id, t.state, t.evidence,
                           t.targets AS tallied, 0 AS counted
                      FROM tally t JOIN recent ON recent.id = t.broadcast_id
                     WHERE t.organisation_id = current_organisation()
                    UNION ALL
                    SELECT d.broadcast_id, d.branch_id, d.state, d.evidence, 0, 1
                      FROM delivery d JOIN recent ON recent.id = d.broadcast_id
                     WHERE d.organisation_id = current_organisation()) AS both_sides
             GROUP BY broadcast_id, branch_id, state, evidence
            HAVING sum(tallied) <> sum(counted)
        )
        SELECT broadcast_id, sum(abs(tallied - counted))::int AS off,
               jsonb_agg(jsonb_build_object('branch', branch_id, 'state', state,
                                            'evidence', evidence, 'tallied', tallied,
                                            'counted', counted)
                         ORDER BY branch_id, state, evidence) AS differences
          FROM place
         GROUP BY broadcast_id
         ORDER BY broadcast_id
        """,
        since=since,
    )


async def note(conn: db.Conn, found: list[Difference], *, now: datetime) -> list[Noted]:
    """Write down what differs; return what is new of it. What is known already is only seen again.

    One that somebody acknowledged stays so for as long as it is the same.
    """
    return await db.many(
        conn,
        Noted,
        """
        WITH now_found AS (
            SELECT * FROM unnest(%(ids)s::uuid[], %(broadcasts)s::uuid[], %(differences)s::jsonb[],
                                 %(offs)s::int[]) AS t (id, broadcast_id, differences, off)
        ), known AS (
            SELECT f.broadcast_id FROM finding f JOIN now_found n USING (broadcast_id)
             WHERE f.organisation_id = current_organisation() AND f.settled_at IS NULL
               AND (f.acknowledged_at IS NULL OR f.differences = n.differences)
        ), written AS (
            INSERT INTO finding AS f (organisation_id, id, broadcast_id, differences, off,
                                      found_at, seen_at)
            SELECT current_organisation(), id, broadcast_id, differences, off, %(now)s, %(now)s
              FROM now_found
            ON CONFLICT (organisation_id, broadcast_id) WHERE settled_at IS NULL DO UPDATE
               SET seen_at = excluded.seen_at,
                   differences = excluded.differences,
                   off = excluded.off,
                   acknowledged_at = CASE WHEN f.differences = excluded.differences
                                          THEN f.acknowledged_at END,
                   acknowledged_by = CASE WHEN f.differences = excluded.differences
                                          THEN f.acknowledged_by END,
                   acknowledged_label = CASE WHEN f.differences = excluded.differences
                                             THEN f.acknowledged_label END,
                   reason = CASE WHEN f.differences = excluded.differences THEN f.reason END
            RETURNING f.broadcast_id, f.off
        )
        SELECT broadcast_id, off FROM written
         WHERE broadcast_id NOT IN (SELECT broadcast_id FROM known)
         ORDER BY broadcast_id
        """,
        ids=[new_id() for _ in found],
        broadcasts=[one.broadcast_id for one in found],
        differences=[Jsonb(one.differences) for one in found],
        offs=[one.off for one in found],
        now=now,
    )


async def settle(conn: db.Conn, still: list[BroadcastId], *, now: datetime) -> list[Settled]:
    """Settle the findings of all broadcasts but those that still differ; return which."""
    return await db.many(
        conn,
        Settled,
        """
        UPDATE finding SET settled_at = %(now)s
         WHERE organisation_id = current_organisation() AND settled_at IS NULL
           AND broadcast_id <> ALL(%(still)s::uuid[])
        RETURNING broadcast_id
        """,
        still=still,
        now=now,
    )


async def settle_one(conn: db.Conn, broadcast: BroadcastId, *, now: datetime) -> None:
    """Settle the finding of a broadcast whose counters were made right."""
    await db.run(
        conn,
        """
        UPDATE finding SET settled_at = %(now)s
         WHERE organisation_id = current_organisation() AND broadcast_id = %(broadcast)s
           AND settled_at IS NULL
        """,
        broadcast=broadcast,
        now=now,
    )


async def unsettled(
    conn: db.Conn, *, scope: Scope, broadcast: BroadcastId | None = None
) -> list[Finding]:
    """Return what differs of the broadcasts within `scope`, or of one, the oldest first."""
    return await db.many(
        conn,
        Finding,
        """
        SELECT f.id, f.broadcast_id, b.title, f.off, f.found_at, f.seen_at, f.acknowledged_at,
               f.acknowledged_label, f.reason
          FROM finding f
          JOIN broadcast b ON b.organisation_id = f.organisation_id AND b.id = f.broadcast_id
         WHERE f.organisation_id = current_organisation() AND f.settled_at IS NULL
           AND (%(broadcast)s::uuid IS NULL OR f.broadcast_id = %(broadcast)s)
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = b.organisation_id
                              AND own.id = ANY(b.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
         ORDER BY f.found_at, f.id
        """,
        paths=scope.paths(),
        broadcast=broadcast,
    )


async def lock(conn: db.Conn, broadcast: BroadcastId) -> bool:
    """Hold a broadcast's unsettled finding; say whether there is one."""
    held = await db.run(
        conn,
        """
        SELECT FROM finding
         WHERE organisation_id = current_organisation() AND broadcast_id = %(broadcast)s
           AND settled_at IS NULL
           FOR UPDATE
        """,
        broadcast=broadcast,
    )
    return held > 0


async def acknowledge(
    conn: db.Conn, broadcast: BroadcastId, *, by: UUID, label: str, reason: str, now: datetime
) -> None:
    """Say that somebody knows of a broadcast's unsettled finding, and why it may stand."""
    await db.run(
        conn,
        """
        UPDATE finding
           SET acknowledged_at = %(now)s, acknowledged_by = %(by)s,
               acknowledged_label = %(label)s, reason = %(reason)s
         WHERE organisation_id = current_organisation() AND broadcast_id = %(broadcast)s
           AND settled_at IS NULL
        """,
        broadcast=broadcast,
        by=by,
        label=label,
        reason=reason,
        now=now,
    )


async def recount(conn: db.Conn, broadcast: BroadcastId) -> int:
    """Add to a broadcast's counters what they lack of its deliveries; return how many lines.

    What is added is a difference, read by one statement: moves and folds of others meanwhile stay
    as they are. The caller holds the finding, so that nobody adds the same twice.
    """
    return await db.run(
        conn,
        """
        INSERT INTO tally (organisation_id, broadcast_id, branch_id, state, evidence, targets)
        SELECT current_organisation(), %(broadcast)s, branch_id, state, evidence, sum(lacking)
          FROM (SELECT branch_id, state, evidence, 1 AS lacking FROM delivery
                 WHERE organisation_id = current_organisation() AND broadcast_id = %(broadcast)s
                UNION ALL
                SELECT branch_id, state, evidence, -targets FROM tally
                 WHERE organisation_id = current_organisation() AND broadcast_id = %(broadcast)s)
               AS both_sides
         GROUP BY branch_id, state, evidence
        HAVING sum(lacking) <> 0
        """,
        broadcast=broadcast,
    )
