"""Every statement of asking admins to delete what was recalled, and of what they say."""

from datetime import datetime
from uuid import UUID

from chaupal.kit import db
from chaupal.relay.queries import DeliveryId


async def set_deleted(
    conn: db.Conn, assignment_ids: list[UUID], ats: list[datetime]
) -> list[DeliveryId]:
    """Note when people first said that it is deleted; return the deliveries that were recalled."""
    return await db.many(
        conn,
        DeliveryId,
        """
        WITH said AS (
            SELECT id, min(at) AS at
              FROM unnest(%(ids)s::uuid[], %(ats)s::timestamptz[]) AS t (id, at) GROUP BY id
        ), noted AS (
            UPDATE relay_assignment a SET deleted_at = said.at
              FROM said
             WHERE a.organisation_id = current_organisation() AND a.id = said.id
               AND a.deleted_at IS NULL
        )
        SELECT DISTINCT t.delivery_id
          FROM said
          JOIN relay_assignment a ON a.organisation_id = current_organisation() AND a.id = said.id
          JOIN relay_task t ON t.organisation_id = a.organisation_id AND t.id = a.task_id
          JOIN recall r ON r.organisation_id = t.organisation_id
                       AND r.broadcast_id = t.broadcast_id
        """,
        ids=assignment_ids,
        ats=ats,
    )


async def ask_back(conn: db.Conn, *, now: datetime, limit: int) -> int:
    """Have up to `limit` people told that a text which they posted or saw is withdrawn."""
    return await db.run(
        conn,
        """
        UPDATE relay_assignment a
           SET telling = 'queued', due_at = %(now)s, attempts = 0, recall_asked_at = %(now)s
          FROM (SELECT part.id
                  FROM retraction r
                  JOIN relay_task t ON t.organisation_id = r.organisation_id
                                   AND t.delivery_id = r.delivery_id
                  JOIN relay_assignment part ON part.organisation_id = t.organisation_id
                                            AND part.task_id = t.id
                 WHERE r.organisation_id = current_organisation() AND r.state = 'asked'
                   AND t.next_step_at IS NULL AND part.telling <> 'telling'
                   AND part.recall_asked_at IS NULL AND part.deleted_at IS NULL
                   AND (part.opened_at IS NOT NULL OR part.posted_at IS NOT NULL)
                 ORDER BY part.id
                 LIMIT %(limit)s
                   FOR UPDATE OF part SKIP LOCKED) AS those
         WHERE a.organisation_id = current_organisation() AND a.id = those.id
        """,
        now=now,
        limit=limit,
    )
