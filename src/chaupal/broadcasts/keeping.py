"""Gathering the report of large broadcasts, by the worker, now and then while they move.

Its cost is bounded: what took long is gathered again later, so that it takes a twentieth of a core.
What nothing has moved in since is not gathered again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from time import perf_counter

from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime

# Fewer targets than these are counted when somebody looks.
LARGE = 20_000
# Below the lowest storey that is kept whoever looks counts what is there: a few thousand.
PLACES_KEPT = 2_000
OFTENEST = timedelta(seconds=30)
SHARE_OF_A_CORE = 20
MOVES_FOR = timedelta(days=30)

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A broadcast in which something has moved since its report was gathered."""

    id: BroadcastId
    begins_at: datetime
    mark: Decimal


@dataclass(frozen=True, slots=True)
class Storeys:
    """How many storeys of the tree are few enough to be kept unit by unit."""

    storeys: int


@dataclass(frozen=True, slots=True)
class Held:
    """Whether this worker may gather it now."""

    held: bool


async def keep(rt: Runtime, organisation: OrganisationId, *, large: int = LARGE) -> int:
    """Gather the reports that are due, each in one transaction; return how many."""
    async with db.transaction(rt.pool, organisation) as conn:
        found = await due(conn, now=rt.now(), large=large)
    for one in found:
        began = perf_counter()
        async with db.transaction(rt.pool, organisation) as conn:
            if not await _hold(conn, one.id):
                continue
            storeys = (await _storeys(conn, limit=PLACES_KEPT)).storeys
            now = rt.now()
            await gather(conn, one.id, start=one.begins_at, storeys=storeys)
            took_s = perf_counter() - began
            await _note(conn, one, storeys=storeys, took_s=took_s, now=now)
        logger.info("report.kept", broadcast=str(one.id), took_s=round(took_s, 2))
    return len(found)


async def due(conn: db.Conn, *, now: datetime, large: int) -> list[Due]:
    """Return the broadcasts whose report is to be gathered, by what their counters say now."""
    return await db.many(
        conn,
        Due,
        """
        SELECT b.id, coalesce(b.starts_at, b.frozen_at) AS begins_at, moved.mark
          FROM broadcast b
          LEFT JOIN report_kept k ON k.organisation_id = b.organisation_id
                                 AND k.broadcast_id = b.id
         CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.targets::numeric
                                * (hashtext(t.state::text) + 1000003 * t.evidence)), 0) AS mark
              FROM tally t
             WHERE t.organisation_id = b.organisation_id AND t.broadcast_id = b.id) AS moved
         WHERE b.organisation_id = current_organisation()
           AND b.frozen_at >= %(now)s::timestamptz - %(moves_for)s::interval
           AND b.targets >= %(large)s
           AND (k.broadcast_id IS NULL
                OR (k.mark <> moved.mark
                    AND k.counted_at + greatest(%(oftenest)s::interval,
                                                k.took_s * %(share)s * interval '1 second')
                        <= %(now)s))
         ORDER BY b.id
        """,
        now=now,
        large=large,
        moves_for=MOVES_FOR,
        oftenest=OFTENEST,
        share=SHARE_OF_A_CORE,
    )


async def _hold(conn: db.Conn, id: BroadcastId) -> bool:
    found = await db.one(
        conn,
        Held,
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%(id)s::text, 40)) AS held",
        id=str(id),
    )
    return found.held


async def _storeys(conn: db.Conn, *, limit: int) -> Storeys:
    return await db.one(
        conn,
        Storeys,
        """
        SELECT coalesce(max(depth), 1)::int AS storeys
          FROM (SELECT length(path) - length(replace(path, '/', '')) - 1 AS depth FROM unit
                 WHERE organisation_id = current_organisation()
                 GROUP BY 1 HAVING count(*) <= %(limit)s) AS few
        """,
        limit=limit,
    )


async def gather(conn: db.Conn, id: BroadcastId, *, start: datetime, storeys: int) -> None:
    """Put a broadcast's report in the place of the one before, by one look at its deliveries."""
    await db.run(
        conn,
        """
        WITH old_account AS (
            DELETE FROM report_account
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
        ), old_pace AS (
            DELETE FROM report_pace
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
        ), place AS MATERIALIZED (  -- once a unit, not once a delivery
            SELECT id, array_to_string((string_to_array(path, '/'))[1 : %(storeys)s + 1], '/')
                       || '/' AS kept
              FROM unit WHERE organisation_id = current_organisation()
        ), pace AS (
            INSERT INTO report_pace (organisation_id, broadcast_id, path, level_rank, rung, span,
                                     targets)
            SELECT current_organisation(), %(id)s, coalesce(place.kept, ''), t.level_rank,
                   rise.rung,
                   span_of(extract(epoch FROM rise.at - %(start)s)::double precision), count(*)
              FROM delivery_told t
              LEFT JOIN place ON place.id = t.unit_id
             CROSS JOIN LATERAL (VALUES (1, t.accepted_at), (2, t.delivered_at), (3, t.opened_at),
                                        (4, t.posted_at), (5, t.verified_at)) AS rise (rung, at)
             WHERE t.organisation_id = current_organisation() AND t.broadcast_id = %(id)s
               AND rise.at IS NOT NULL
             GROUP BY 3, 4, 5, 6
        )
        INSERT INTO report_account (organisation_id, broadcast_id, path, level_rank, state,
                                    evidence, failure, targets)
        SELECT current_organisation(), %(id)s, coalesce(t.path, ''), t.level_rank, t.state,
               t.evidence, t.failure, count(*)
          FROM delivery_told t
         WHERE t.organisation_id = current_organisation() AND t.broadcast_id = %(id)s
         GROUP BY 3, 4, 5, 6, 7
        """,
        id=id,
        start=start,
        storeys=storeys,
    )


async def _note(conn: db.Conn, one: Due, *, storeys: int, took_s: float, now: datetime) -> None:
    await db.run(
        conn,
        """
        INSERT INTO report_kept (organisation_id, broadcast_id, counted_at, took_s, storeys, mark)
        VALUES (current_organisation(), %(id)s, %(now)s, %(took_s)s, %(storeys)s, %(mark)s)
        ON CONFLICT (organisation_id, broadcast_id) DO UPDATE
           SET counted_at = excluded.counted_at, took_s = excluded.took_s,
               storeys = excluded.storeys, mark = excluded.mark
        """,
        id=one.id,
        now=now,
        took_s=took_s,
        storeys=storeys,
        mark=one.mark,
    )
