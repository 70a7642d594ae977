"""Which broadcasts wait for the hour at which they begin, and which are under way."""

from dataclasses import dataclass
from datetime import datetime

from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A broadcast that sends, and has begun."""

    id: BroadcastId


async def under_way(conn: db.Conn, *, now: datetime) -> list[UnderWay]:
    """Return the broadcasts that send now; of one that has yet to begin nothing needs looking
    after, however large it is."""
    return await db.many(
        conn,
        UnderWay,
        """
        SELECT id FROM broadcast
         WHERE organisation_id = current_organisation() AND stage = 'sending'
           AND (starts_at IS NULL OR starts_at <= %(now)s)
         ORDER BY lane, id
        """,
        now=now,
    )
