"""What a provider says of a sender: its quality, its day's limit, what it did to the account."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chaupal.arrivals.models import Restriction, SenderHeard
from chaupal.kit import db


async def apply(conn: db.Conn, sender: UUID, heard: Sequence[SenderHeard], *, now: datetime) -> int:
    """Keep the newest word of each kind, in the caller's transaction; return whether any was there.

    In any order, any number of times, the end is the same. A word is never from the future.
    """
    return await db.run(
        conn,
        """
        WITH heard AS (
            SELECT h.quality, h.daily_limit, h.restriction, h.place, least(h.at, %(now)s) AS at
              FROM unnest(%(ats)s::timestamptz[], %(qualities)s::text[], %(limits)s::int[],
                          %(restrictions)s::text[])
                   WITH ORDINALITY AS h (at, quality, daily_limit, restriction, place)
        ), q AS (
            SELECT quality, at FROM heard WHERE quality IS NOT NULL
             ORDER BY at DESC, place DESC LIMIT 1
        ), l AS (
            SELECT daily_limit, at FROM heard WHERE daily_limit IS NOT NULL
             ORDER BY at DESC, place DESC LIMIT 1
        ), r AS (
            SELECT nullif(restriction, %(lifted)s) AS restriction, at FROM heard
             WHERE restriction IS NOT NULL
             ORDER BY at DESC, place DESC LIMIT 1
        )
        INSERT INTO sender_standing AS s (organisation_id, sender_id, quality, quality_at,
                                          daily_limit, daily_limit_at, restriction, restriction_at)
        SELECT current_organisation(), %(sender)s, q.quality, q.at, l.daily_limit, l.at,
               r.restriction, r.at
          FROM (SELECT) AS one
          LEFT JOIN q ON true LEFT JOIN l ON true LEFT JOIN r ON true
        ON CONFLICT (organisation_id, sender_id) DO UPDATE
           SET quality = CASE WHEN excluded.quality_at >= coalesce(s.quality_at, '-infinity')
                              THEN excluded.quality ELSE s.quality END,
               quality_at = greatest(s.quality_at, excluded.quality_at),
               daily_limit = CASE WHEN excluded.daily_limit_at
                                       >= coalesce(s.daily_limit_at, '-infinity')
                                  THEN excluded.daily_limit ELSE s.daily_limit END,
               daily_limit_at = greatest(s.daily_limit_at, excluded.daily_limit_at),
               restriction = CASE WHEN excluded.restriction_at
                                       >= coalesce(s.restriction_at, '-infinity')
                                  THEN excluded.restriction ELSE s.restriction END,
               restriction_at = greatest(s.restriction_at, excluded.restriction_at)
        """,
        sender=sender,
        ats=[one.at or now for one in heard],
        qualities=[one.quality for one in heard],
        limits=[one.daily_limit for one in heard],
        restrictions=[one.restriction for one in heard],
        lifted=Restriction.LIFTED.value,
        now=now,
    )
