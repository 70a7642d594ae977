"""What of a broadcast the law holds back now, and what holds it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chaupal.broadcasts.models import BroadcastId
from chaupal.channels.registry import CHANNELS
from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class Held:
    """How many deliveries wait for one rule in one unit, and until when it holds there.

    `title` and `detail` are a poll's election and phase, or who stopped the area and why.
    """

    why: str
    unit_id: UUID
    name_hi: str
    name_en: str
    path: str
    title: str | None
    detail: str | None
    starts_at: datetime
    ends_at: datetime | None
    targets: int


def lives(own: timedelta | None = None) -> list[timedelta]:
    """Return how long each channel may take for a message; one that sends templates as long as the
    template at hand, where that has a time of its `own` and a shorter one."""
    return [
        (min(own, one.time_to_live) if own is not None and one.templated else one.time_to_live)
        + LONGEST_LEASE
        for one in (channel.traits for channel in CHANNELS.values())
    ]


async def held(
    conn: db.Conn,
    id: BroadcastId,
    *,
    now: datetime,
    limit: int,
    own: timedelta | None = None,
) -> list[Held]:
    """Return what holds back deliveries of a broadcast, whose template may have a time to live of
    its `own`; the most first.

    One that several rules hold back is counted under each, and so is a task that must not be
    carried out now. What nobody has looked at since a rule began is not counted yet.
    """
    traits = [channel.traits for channel in CHANNELS.values()]
    return await db.many(
        conn,
        Held,
        """
        SELECT q.why, q.unit_id, a.name_hi, a.name_en, a.path,
               coalesce(p.election, f.ordered_label) AS title,
               coalesce(p.phase, f.reason) AS detail, q.starts_at,
               nullif(q.ends_at, 'infinity') AS ends_at,
               count(*)::int AS targets
          FROM delivery d
          JOIN broadcast b ON b.organisation_id = d.organisation_id AND b.id = d.broadcast_id
          LEFT JOIN sender s ON s.organisation_id = d.organisation_id AND s.id = d.sender_id
          LEFT JOIN unnest(%(channels)s::text[], %(lives)s::interval[], %(heeding)s::boolean[])
                    AS line (channel, life, heeds_every_silence)
            ON line.channel = s.channel
          LEFT JOIN chat_group g ON g.organisation_id = d.organisation_id AND g.id = d.group_id
          LEFT JOIN person m ON m.organisation_id = d.organisation_id AND m.id = d.person_id
          JOIN unit u ON u.organisation_id = d.organisation_id
                     AND u.id = coalesce(g.unit_id, m.unit_id)
          JOIN stillness q ON q.organisation_id = d.organisation_id
           AND (b.electoral OR q.everything OR (line.heeds_every_silence AND q.why = 'silence'))
           AND q.starts_at <= %(now)s::timestamptz + coalesce(line.life, interval '0')
           AND q.ends_at > %(now)s
           AND (u.path BETWEEN q.path AND q.path_end
                OR (q.reaches_up AND q.path BETWEEN u.path AND u.path_end))
          JOIN unit a ON a.organisation_id = q.organisation_id AND a.id = q.unit_id
          LEFT JOIN poll p ON p.organisation_id = q.organisation_id AND p.id = q.poll_id
          LEFT JOIN area_freeze f ON f.organisation_id = q.organisation_id AND f.id = q.id
         WHERE d.organisation_id = current_organisation() AND d.broadcast_id = %(id)s
           AND ((d.state = 'queued' AND d.failure IS NOT NULL) OR d.state = 'tasked')
         GROUP BY q.why, q.id, q.unit_id, a.name_hi, a.name_en, a.path, p.election, p.phase,
                  f.ordered_label, f.reason, q.starts_at, q.ends_at
         ORDER BY count(*) DESC, q.id
         LIMIT %(limit)s
        """,
        id=id,
        now=now,
        channels=[one.name for one in traits],
        lives=lives(own),
        heeding=[one.heeds_every_silence for one in traits],
        limit=limit,
    )


# What a claim adds to a channel's time to live: it may wait for its turn that long.
LONGEST_LEASE = timedelta(minutes=2)
