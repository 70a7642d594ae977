"""How far a broadcast got, how fast, and where nothing moved: counted from its deliveries.

Everything here reads `delivery_told`, in which what ended without arriving has reached no rung, so
that nothing is rounded up and all of it adds up to the targets. A place is the whole (the path
'/') or a unit; what is below it is told unit by unit, one storey further down.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.arrivals.models import Evidence
from chaupal.broadcasts.models import BroadcastId, State
from chaupal.kit import db

WHOLE = "/"
CURVE_STEPS = 120
SILENT_SHOWN = 50


@dataclass(frozen=True, slots=True)
class CountAt:
    """How many targets of one unit and everything below it stand where.

    `unit_id` is None for those that hang at the place itself, and for those without a unit.
    """

    unit_id: UUID | None
    name_hi: str | None
    name_en: str | None
    state: State
    evidence: Evidence
    targets: int


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from the start until 50, 90 and 95 % of the targets had reached each rung.

    `place` is a unit's number or a level's rank. None stands for "not yet": a share counts all
    targets of the place, also those that will never arrive.
    """

    place: int | None
    targets: int
    accepted: list[float | None]
    delivered: list[float | None]
    opened: list[float | None]
    posted: list[float | None]
    verified: list[float | None]


@dataclass(frozen=True, slots=True)
class CurveStep:
    """How many targets reached a rung within one step of time, counted from the start."""

    rung: Evidence
    step: int
    step_s: int
    targets: int


@dataclass(frozen=True, slots=True)
class Silent:
    """A branch of the tree in which nothing moved, although its parent's branch did."""

    unit_id: UUID
    name_hi: str
    name_en: str
    level_hi: str
    level_en: str
    targets: int
    branches: int


@dataclass(frozen=True, slots=True)
class FailureCount:
    """How many deliveries ended for one reason."""

    failure: str
    count: int


@dataclass(frozen=True, slots=True)
class UnitNumber:
    """A unit by its number, as paths have it."""

    number: int
    id: UUID
    code: str
    name_hi: str
    name_en: str


async def counts_below(conn: db.Conn, id: BroadcastId, *, under: str) -> list[CountAt]:
    """Return the account of everything at and below a place, unit by unit of the next storey."""
    return await db.many(
        conn,
        CountAt,
        """
        SELECT u.id AS unit_id, u.name_hi, u.name_en, c.state::text, c.evidence, c.targets
          FROM (SELECT nullif(split_part(t.path, '/', %(place)s), '')::integer AS number,
                       t.state, t.evidence, count(*)::int AS targets
                  FROM delivery_told t
                 WHERE t.organisation_id = current_organisation() AND t.broadcast_id = %(id)s
                   AND (%(under)s = '/' OR t.path BETWEEN %(under)s AND %(under)s || '~')
                 GROUP BY 1, 2, 3) AS c
          LEFT JOIN unit u ON u.organisation_id = current_organisation() AND u.number = c.number
         ORDER BY u.name_en, u.id, c.state, c.evidence
        """,
        id=id,
        under=under,
        place=next_place(under),
    )


async def times(
    conn: db.Conn, id: BroadcastId, *, under: str, start: datetime, by_level: bool
) -> list[Times]:
    """Return how fast it went at and below a place, unit by unit or level by level."""
    return await db.many(
        conn,
        Times,
        """
        WITH told AS (
            SELECT CASE WHEN %(by_level)s THEN t.level_rank
                        ELSE nullif(split_part(t.path, '/', %(place)s), '')::integer END AS place,
                   t.accepted_at, t.delivered_at, t.opened_at, t.posted_at, t.verified_at
              FROM delivery_told t
             WHERE t.organisation_id = current_organisation() AND t.broadcast_id = %(id)s
               AND (%(under)s = '/' OR t.path BETWEEN %(under)s AND %(under)s || '~')
        ), reached AS (
            SELECT place, count(*)::int AS targets,
                   percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
                       ORDER BY coalesce(accepted_at, 'infinity')) AS accepted,
                   percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
                       ORDER BY coalesce(delivered_at, 'infinity')) AS delivered,
                   percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
                       ORDER BY coalesce(opened_at, 'infinity')) AS opened,
                   percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
                       ORDER BY coalesce(posted_at, 'infinity')) AS posted,
                   percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
                       ORDER BY coalesce(verified_at, 'infinity')) AS verified
              FROM told GROUP BY place
        )
        SELECT place, targets, seconds_after(accepted, %(start)s) AS accepted,
               seconds_after(delivered, %(start)s) AS delivered,
               seconds_after(opened, %(start)s) AS opened,
               seconds_after(posted, %(start)s) AS posted,
               seconds_after(verified, %(start)s) AS verified
          FROM reached
         ORDER BY place
        """,
        id=id,
        under=under,
        place=next_place(under),
        start=start,
        by_level=by_level,
    )


async def curve(conn: db.Conn, id: BroadcastId, *, under: str, start: datetime) -> list[CurveStep]:
    """Return how many reached each rung when, in at most `CURVE_STEPS` equal steps of time."""
    return await db.many(
        conn,
        CurveStep,
        """
        WITH dated AS (
            SELECT rise.rung, greatest(0, extract(epoch FROM rise.at - %(start)s)) AS after_s
              FROM delivery_told t
             CROSS JOIN LATERAL (VALUES (1, t.accepted_at), (2, t.delivered_at), (3, t.opened_at),
                                        (4, t.posted_at), (5, t.verified_at)) AS rise (rung, at)
             WHERE t.organisation_id = current_organisation() AND t.broadcast_id = %(id)s
               AND (%(under)s = '/' OR t.path BETWEEN %(under)s AND %(under)s || '~')
               AND rise.at IS NOT NULL
        ), span AS (
            SELECT greatest(1, ceil((max(after_s) + 1) / %(steps)s))::int AS step_s FROM dated
        )
        SELECT rung, floor(after_s / step_s)::int AS step, step_s, count(*)::int AS targets
          FROM dated CROSS JOIN span
         GROUP BY rung, step, step_s
         ORDER BY rung, step
        """,
        id=id,
        under=under,
        start=start,
        steps=CURVE_STEPS,
    )


async def silent(conn: db.Conn, id: BroadcastId, *, under: str, limit: int) -> list[Silent]:
    """Return the highest units below a place under which no delivery has any evidence.

    The ones with most targets first, at most `limit`; `branches` says how many there are in all.
    """
    return await db.many(
        conn,
        Silent,
        """
        WITH own AS (
            SELECT path, count(*) AS targets, count(*) FILTER (WHERE evidence > 0) AS moved
              FROM delivery_told
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
               AND path IS NOT NULL
               AND (%(under)s = '/' OR path BETWEEN %(under)s AND %(under)s || '~')
             GROUP BY path
        ), branch AS (
            SELECT line.number, sum(own.targets)::int AS targets, sum(own.moved) AS moved
              FROM own CROSS JOIN LATERAL unnest(numbers_above(own.path)) AS line (number)
             GROUP BY line.number
        )
        SELECT u.id AS unit_id, u.name_hi, u.name_en, l.name_hi AS level_hi, l.name_en AS level_en,
               b.targets, (count(*) OVER ())::int AS branches
          FROM branch b
          JOIN unit u ON u.organisation_id = current_organisation() AND u.number = b.number
          JOIN level l ON l.organisation_id = u.organisation_id AND l.rank = u.level_rank
          LEFT JOIN unit parent ON parent.organisation_id = u.organisation_id
                               AND parent.id = u.parent_id
          LEFT JOIN branch above ON above.number = parent.number
         WHERE b.moved = 0 AND (%(under)s = '/' OR u.path BETWEEN %(under)s AND %(under)s || '~')
           AND (above.moved > 0 OR above.number IS NULL OR u.path = %(under)s)
         ORDER BY b.targets DESC, u.name_en, u.id
         LIMIT %(limit)s
        """,
        id=id,
        under=under,
        limit=limit,
    )


async def failures(conn: db.Conn, id: BroadcastId, *, under: str = WHOLE) -> list[FailureCount]:
    """Return why deliveries at and below a place ended, the commonest reason first."""
    return await db.many(
        conn,
        FailureCount,
        """
        SELECT failure, count(*)::int AS count
          FROM delivery_told
         WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
           AND failure IS NOT NULL
           AND (%(under)s = '/' OR path BETWEEN %(under)s AND %(under)s || '~')
         GROUP BY failure
         ORDER BY count(*) DESC, failure
        """,
        id=id,
        under=under,
    )


async def numbered(conn: db.Conn, numbers: list[int]) -> list[UnitNumber]:
    """Return the units that have these numbers."""
    return await db.many(
        conn,
        UnitNumber,
        """
        SELECT number, id, code, name_hi, name_en FROM unit
         WHERE organisation_id = current_organisation() AND number = ANY(%(numbers)s::int[])
        """,
        numbers=numbers,
    )


def next_place(under: str) -> int:
    """Return which part of a path, split at its strokes, names the unit below a place."""
    return under.count("/") + 1
