"""How deliveries and broadcasts end that are not sent: expired, cancelled, recalled, finished."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db

# A transaction that archives a group may be as old as this when it commits, beside a freeze that
# did not see it.
OVERLAP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Over:
    """A broadcast that is over while something of it is still open, and how that is to end."""

    id: BroadcastId
    state: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A broadcast of which nothing is open any more."""

    id: BroadcastId


@dataclass(frozen=True, slots=True)
class Archived:
    """A group that takes no part any more."""

    id: UUID


async def end_open(conn: db.Conn, id: BroadcastId, state: str, *, limit: int) -> int:
    """End up to `limit` deliveries that are not under way; return how many.

    What is under way at a provider ends by its own answer, and what is in doubt is shown as
    unknown. What the law held back until its time was over keeps saying so.
    """
    return await db.run(
        conn,
        """
        UPDATE delivery d
           SET state = CASE WHEN d.doubtful_since IS NOT NULL THEN 'unknown'
                            ELSE %(state)s END::delivery_state,
               failure = CASE WHEN d.doubtful_since IS NULL AND %(state)s = 'expired'
                              THEN d.failure END
          FROM (SELECT id FROM delivery
                 WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
                   AND state IN ('queued', 'tasked')
                 ORDER BY id
                 LIMIT %(limit)s
                   FOR UPDATE SKIP LOCKED) AS still_open
         WHERE d.organisation_id = current_organisation() AND d.id = still_open.id
        """,
        id=id,
        state=state,
        limit=limit,
    )


async def over(conn: db.Conn, *, now: datetime, since: datetime) -> list[Over]:
    """Return what is over and still open: past its end, or cancelled or recalled `since` then.

    A delivery that was under way when its broadcast was recalled may come back into the queue
    later, so this is asked again and again.
    """
    return await db.many(
        conn,
        Over,
        """
        SELECT b.id, CASE WHEN b.stage IN ('cancelled', 'recalled') THEN b.stage::text
                          ELSE 'expired' END AS state
          FROM broadcast b
         WHERE b.organisation_id = current_organisation() AND b.frozen_at IS NOT NULL
           AND ((b.stage IN ('sending', 'paused') AND b.expires_at <= %(now)s)
                OR (b.stage IN ('cancelled', 'recalled') AND b.finished_at >= %(since)s))
           AND EXISTS (SELECT FROM tally t
                        WHERE t.organisation_id = b.organisation_id AND t.broadcast_id = b.id
                          AND t.state IN ('queued', 'tasked')
                       HAVING sum(t.targets) > 0)
         ORDER BY b.id
        """,
        now=now,
        since=since,
    )


async def cancel_archived(conn: db.Conn, id: BroadcastId) -> int:
    """End queued deliveries to groups that were archived since the freeze, or just before it.

    Those groups are few, most seconds none: they are asked for first, so that nobody reads all
    that is queued to find that out.
    """
    gone = await db.many(
        conn,
        Archived,
        """
        SELECT g.id FROM chat_group g
         WHERE g.organisation_id = current_organisation()
           AND g.archived_at >= (SELECT b.frozen_at - %(overlap)s::interval FROM broadcast b
                                  WHERE b.organisation_id = current_organisation()
                                    AND b.id = %(id)s)
         ORDER BY g.id
        """,
        id=id,
        overlap=OVERLAP,
    )
    if not gone:
        return 0
    return await db.run(
        conn,
        """
        UPDATE delivery SET state = 'cancelled', failure = NULL
         WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
           AND group_id = ANY(%(gone)s) AND state = 'queued'
           AND EXISTS (SELECT FROM chat_group g
                        WHERE g.organisation_id = current_organisation()
                          AND g.id = delivery.group_id AND g.archived_at IS NOT NULL)
        """,
        id=id,
        gone=[group.id for group in gone],
    )


async def finish_settled(conn: db.Conn, *, now: datetime) -> list[Finished]:
    """Finish broadcasts of which nothing is open any more, paused ones once their time is over.

    One that a claim holds at this moment is left for the next time, so that nobody waits.
    """
    return await db.many(
        conn,
        Finished,
        """
        WITH settled AS (
            SELECT b.id FROM broadcast b
             WHERE b.organisation_id = current_organisation()
               AND (b.stage = 'sending' OR (b.stage = 'paused' AND b.expires_at <= %(now)s))
               AND NOT EXISTS (
                    SELECT FROM tally t
                     WHERE t.organisation_id = b.organisation_id AND t.broadcast_id = b.id
                       AND t.state IN ('queued', 'sending', 'tasked')
                    HAVING sum(t.targets) > 0)
               FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE broadcast b SET stage = 'finished', finished_at = %(now)s
          FROM settled
         WHERE b.organisation_id = current_organisation() AND b.id = settled.id
        RETURNING b.id
        """,
        now=now,
    )
