"""The report of a large broadcast as the worker has gathered it: the same answers as report.py
gives from the deliveries, from small tables, as of when they were gathered.

Counts are exact. Times are told by the end of their span, at most 2 % later than they were.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chaupal.broadcasts.models import BroadcastId
from chaupal.broadcasts.report import (
    CURVE_STEPS,
    CountAt,
    CurveStep,
    FailureCount,
    Silent,
    Times,
    next_place,
)
from chaupal.broadcasts.rungs import LADDER
from chaupal.kit import db

SHARES = (0.5, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Kept:
    """As of when a report was gathered, and how many storeys of the tree it tells apart."""

    counted_at: datetime
    storeys: int

    def tells(self, under: str) -> bool:
        """Say whether what lies right below a place is told apart."""
        return under.count("/") - 1 < self.storeys


@dataclass(frozen=True, slots=True)
class Reached:
    """When a share of a place's targets had reached a rung; without a rung, just its targets."""

    place: int | None
    targets: int
    rung: int | None
    share: int | None
    after_s: float | None


async def find(conn: db.Conn, id: BroadcastId) -> Kept | None:
    """Return what is kept of a broadcast, which the caller found within a Scope."""
    return await db.maybe(
        conn,
        Kept,
        """
        SELECT counted_at, storeys FROM report_kept
         WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
        """,
        id=id,
    )


async def counts_below(conn: db.Conn, id: BroadcastId, *, under: str) -> list[CountAt]:
    """Return the account of everything at and below a place, unit by unit of the next storey."""
    return await db.many(
        conn,
        CountAt,
        """
        SELECT u.id AS unit_id, u.name_hi, u.name_en, c.state::text, c.evidence, c.targets
          FROM (SELECT nullif(split_part(t.path, '/', %(place)s), '')::integer AS number,
                       t.state, t.evidence, sum(t.targets)::int AS targets
                  FROM report_account t
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


async def times(conn: db.Conn, id: BroadcastId, *, under: str, by_level: bool) -> list[Times]:
    """Return how fast it went at and below a place, unit by unit or level by level."""
    found = await db.many(
        conn,
        Reached,
        """
        WITH whole AS (
            SELECT CASE WHEN %(by_level)s THEN level_rank
                        ELSE nullif(split_part(path, '/', %(place)s), '')::integer END AS place,
                   sum(targets) AS targets
              FROM report_account
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
               AND (%(under)s = '/' OR path BETWEEN %(under)s AND %(under)s || '~')
             GROUP BY 1
        ), pace AS (
            SELECT CASE WHEN %(by_level)s THEN level_rank
                        ELSE nullif(split_part(path, '/', %(place)s), '')::integer END AS place,
                   rung, span, sum(targets) AS targets
              FROM report_pace
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
               AND (%(under)s = '/' OR path BETWEEN %(under)s AND %(under)s || '~')
             GROUP BY 1, 2, 3
        ), so_far AS (
            SELECT place, rung, span,
                   sum(targets) OVER (PARTITION BY place, rung ORDER BY span) AS targets
              FROM pace
        )
        SELECT w.place, w.targets::int, s.rung::int, share.turn::int AS share,
               span_ends(min(s.span)) AS after_s
          FROM whole w
          LEFT JOIN so_far s ON s.place IS NOT DISTINCT FROM w.place
          LEFT JOIN unnest(%(shares)s::numeric[]) WITH ORDINALITY AS share (of, turn)
            ON s.targets >= share.of * w.targets
         GROUP BY w.place, w.targets, s.rung, share.turn
         ORDER BY w.place, s.rung, share.turn
        """,
        id=id,
        under=under,
        place=next_place(under),
        by_level=by_level,
        shares=list(SHARES),
    )
    return list(_times(found))


def _times(found: Iterable[Reached]) -> Iterable[Times]:
    places: dict[int | None, tuple[int, list[list[float | None]]]] = {}
    for row in found:
        _, rungs = places.setdefault(
            row.place, (row.targets, [[None] * len(SHARES) for _ in LADDER])
        )
        if row.rung is not None and row.share is not None:
            rungs[row.rung - 1][row.share - 1] = row.after_s
    for place, (targets, rungs) in places.items():
        yield Times(place, targets, *rungs)


async def curve(conn: db.Conn, id: BroadcastId, *, under: str) -> list[CurveStep]:
    """Return how many reached each rung when, in at most `CURVE_STEPS` equal steps of time."""
    return await db.many(
        conn,
        CurveStep,
        """
        WITH dated AS (
            SELECT rung, span_ends(span) AS after_s, sum(targets) AS targets
              FROM report_pace
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
               AND (%(under)s = '/' OR path BETWEEN %(under)s AND %(under)s || '~')
             GROUP BY rung, span
        ), scale AS (
            SELECT greatest(1, ceil((max(after_s) + 1) / %(steps)s))::int AS step_s FROM dated
        )
        SELECT rung, floor(after_s / step_s)::int AS step, step_s, sum(targets)::int AS targets
          FROM dated CROSS JOIN scale
         GROUP BY rung, step, step_s
         ORDER BY rung, step
        """,
        id=id,
        under=under,
        steps=CURVE_STEPS,
    )


async def silent(conn: db.Conn, id: BroadcastId, *, under: str, limit: int) -> list[Silent]:
    """Return the highest units below a place under which no delivery has any evidence."""
    return await db.many(
        conn,
        Silent,
        """
        WITH own AS (
            SELECT path, sum(targets) AS targets,
                   coalesce(sum(targets) FILTER (WHERE evidence > 0), 0) AS moved
              FROM report_account
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
               AND path <> '' AND (%(under)s = '/' OR path BETWEEN %(under)s AND %(under)s || '~')
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


async def failures(conn: db.Conn, id: BroadcastId, *, under: str) -> list[FailureCount]:
    """Return why deliveries at and below a place ended, the commonest reason first."""
    return await db.many(
        conn,
        FailureCount,
        """
        SELECT failure, sum(targets)::int AS count
          FROM report_account
         WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
           AND failure IS NOT NULL
           AND (%(under)s = '/' OR path BETWEEN %(under)s AND %(under)s || '~')
         GROUP BY failure
         ORDER BY sum(targets) DESC, failure
        """,
        id=id,
        under=under,
    )
