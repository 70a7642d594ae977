"""What of a broadcast waits for a sender: for a person to let it go on, or for room in its day."""

from dataclasses import dataclass
from datetime import datetime

from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class Halted:
    """Why a broadcast was paused by a provider's answer, and through which sender."""

    at: datetime
    reason: str
    sender: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many deliveries wait for a sender: it is stopped, or its day is full until then."""

    sender: str
    stopped_at: datetime | None
    halt: str | None
    reason: str | None
    full_until: datetime | None
    targets: int


@dataclass(frozen=True, slots=True)
class StoppedChannel:
    """A channel of which every sender was stopped at once, and since when."""

    channel: str
    since: datetime


async def halted(conn: db.Conn, id: BroadcastId) -> list[Halted]:
    """Return what paused a broadcast, if an answer did and nobody has moved it on since."""
    return await db.many(
        conn,
        Halted,
        """
        SELECT h.at, h.reason, s.name AS sender
          FROM broadcast_halt h
          JOIN sender s ON s.organisation_id = h.organisation_id AND s.id = h.sender_id
         WHERE h.organisation_id = current_organisation() AND h.broadcast_id = %(id)s
        """,
        id=id,
    )


async def waiting(conn: db.Conn, id: BroadcastId, *, now: datetime) -> list[Waiting]:
    """Return what of a broadcast waits for senders, the most first. Where no sender is stopped and
    no day is full, no delivery is looked at."""
    return await db.many(
        conn,
        Waiting,
        """
        SELECT s.name AS sender, h.at AS stopped_at, h.halt, h.reason, p.full_until,
               left_over.targets
          FROM sender s
          LEFT JOIN sender_stop h ON h.organisation_id = s.organisation_id AND h.sender_id = s.id
          LEFT JOIN portfolio p ON p.organisation_id = s.organisation_id
                               AND p.name = coalesce(s.portfolio, s.id::text)
                               AND p.full_until > %(now)s
         CROSS JOIN LATERAL (
            SELECT count(*)::int AS targets FROM delivery d
             WHERE d.organisation_id = s.organisation_id AND d.sender_id = s.id
               AND d.broadcast_id = %(id)s AND d.state = 'queued') AS left_over
         WHERE s.organisation_id = current_organisation()
           AND (h.at IS NOT NULL OR p.full_until IS NOT NULL)
           AND left_over.targets > 0
         ORDER BY left_over.targets DESC, s.name
        """,
        id=id,
        now=now,
    )


async def stopped_channels(conn: db.Conn) -> list[StoppedChannel]:
    """Return the channels that were stopped as a whole."""
    return await db.many(
        conn,
        StoppedChannel,
        """
        SELECT s.channel, min(h.at) AS since
          FROM sender_stop h
          JOIN sender s ON s.organisation_id = h.organisation_id AND s.id = h.sender_id
         WHERE h.organisation_id = current_organisation() AND h.halt = 'organisation'
         GROUP BY s.channel ORDER BY s.channel
        """,
    )
