"""Every statement that moves relay tasks and assignments.

tellings.py has those of telling people, pages.py those that only read.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose turn a task's next one is. `office_id`: they are asked as its holder."""

    task_id: UUID
    person_id: UUID
    office_id: UUID | None


@dataclass(frozen=True, slots=True)
class Due:
    """A task whose next step has come."""

    task_id: UUID
    delivery_id: int
    group_id: UUID
    step: int
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A task that is over."""

    task_id: UUID
    delivery_id: int


@dataclass(frozen=True, slots=True)
class DeliveryId:
    """Just which."""

    delivery_id: int


async def next_hands(
    conn: db.Conn,
    *,
    task_ids: list[UUID],
    group_ids: list[UUID],
    climbs: list[bool],
    channels: list[str],
    today: date,
) -> list[Hand]:
    """Return who is asked next for each task, leaving out tasks for which nobody is left.

    The group's live admins in their turn, those first whom we can tell; then, or at once where
    the task `climbs`, whoever holds a post at the unit or at the nearest one above it.
    """
    return await db.many(
        conn,
        Hand,
        """
        WITH line AS (
            SELECT DISTINCT channel FROM sender
             WHERE organisation_id = current_organisation() AND disabled_at IS NULL
               AND channel = ANY(%(channels)s::text[])
        ), asked AS (
            SELECT * FROM unnest(%(task_ids)s::uuid[], %(group_ids)s::uuid[], %(climbs)s::bool[])
                          AS t (task_id, group_id, climbs)
        ), hand AS (
            SELECT asked.task_id,
                   CASE WHEN asked.climbs THEN coalesce(holder.person_id, admin.person_id)
                        ELSE coalesce(admin.person_id, holder.person_id) END AS person_id,
                   CASE WHEN asked.climbs OR admin.person_id IS NULL
                        THEN holder.office_id END AS office_id
              FROM asked
              JOIN chat_group g ON g.organisation_id = current_organisation()
                               AND g.id = asked.group_id
              JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
              LEFT JOIN LATERAL (
                SELECT a.person_id
                  FROM group_admin a
                 WHERE a.organisation_id = g.organisation_id AND a.group_id = g.id
                   AND a.left_at IS NULL
                   AND NOT EXISTS (SELECT FROM relay_assignment had
                                    WHERE had.organisation_id = a.organisation_id
                                      AND had.task_id = asked.task_id
                                      AND had.person_id = a.person_id
                                      AND had.handed_over_at IS NULL)
                 ORDER BY EXISTS (
                        SELECT FROM writable c
                          JOIN line ON line.channel = c.channel
                         WHERE c.organisation_id = a.organisation_id AND c.person_id = a.person_id
                           AND c.purpose = 'coordination') DESC,
                       a.turn, a.person_id
                 LIMIT 1) AS admin ON true
              LEFT JOIN LATERAL (
                SELECT p.person_id, p.office_id
                  FROM unit above
                  JOIN post p ON p.organisation_id = above.organisation_id
                             AND p.unit_id = above.id
                 WHERE (asked.climbs OR admin.person_id IS NULL)
                   AND above.organisation_id = u.organisation_id
                   AND above.number = ANY(string_to_array(trim(BOTH '/' FROM u.path), '/')::int[])
                   AND p.person_id IS NOT NULL AND p.role <> 'desk'
                   AND p.since <= %(today)s AND (p.until IS NULL OR p.until >= %(today)s)
                   AND NOT EXISTS (SELECT FROM relay_assignment had
                                    WHERE had.organisation_id = p.organisation_id
                                      AND had.task_id = asked.task_id
                                      AND had.person_id = p.person_id
                                      AND had.handed_over_at IS NULL)
                 ORDER BY length(above.path) DESC,
                       EXISTS (
                        SELECT FROM writable c
                          JOIN line ON line.channel = c.channel
                         WHERE c.organisation_id = p.organisation_id AND c.person_id = p.person_id
                           AND c.purpose = 'coordination') DESC,
                       p.role = 'coordinator' DESC, p.since, p.id
                 LIMIT 1) AS holder ON true)
        SELECT task_id, person_id, office_id FROM hand WHERE person_id IS NOT NULL
        """,
        task_ids=task_ids,
        group_ids=group_ids,
        climbs=climbs,
        channels=channels,
        today=today,
    )


async def add_tasks(
    conn: db.Conn,
    *,
    ids: list[UUID],
    delivery_ids: list[int],
    broadcast_ids: list[UUID],
    group_ids: list[UUID],
    next_step_ats: list[datetime],
    closes_ats: list[datetime],
) -> int:
    """Write new tasks; a delivery has one at most."""
    return await db.run(
        conn,
        """
        INSERT INTO relay_task (organisation_id, id, delivery_id, broadcast_id, group_id,
                                next_step_at, closes_at)
        SELECT current_organisation(), *
          FROM unnest(%(ids)s::uuid[], %(delivery_ids)s::bigint[], %(broadcast_ids)s::uuid[],
                      %(group_ids)s::uuid[], %(next_step_ats)s::timestamptz[],
                      %(closes_ats)s::timestamptz[])
        """,
        ids=ids,
        delivery_ids=delivery_ids,
        broadcast_ids=broadcast_ids,
        group_ids=group_ids,
        next_step_ats=next_step_ats,
        closes_ats=closes_ats,
    )


async def assign(
    conn: db.Conn,
    *,
    ids: list[UUID],
    task_ids: list[UUID],
    person_ids: list[UUID],
    office_ids: list[UUID | None],
    steps: list[int],
    now: datetime,
) -> int:
    """Give tasks to people, who are to be told now. A person has a task once at most.

    One that they had handed over comes back to them, with the link that they had.
    """
    return await db.run(
        conn,
        """
        INSERT INTO relay_assignment AS a (organisation_id, id, task_id, person_id, office_id, step,
                                           due_at)
        SELECT DISTINCT ON (task_id, person_id)
               current_organisation(), id, task_id, person_id, office_id, step, %(now)s
          FROM unnest(%(ids)s::uuid[], %(task_ids)s::uuid[], %(person_ids)s::uuid[],
                      %(office_ids)s::uuid[], %(steps)s::smallint[])
               AS t (id, task_id, person_id, office_id, step)
        ON CONFLICT (organisation_id, task_id, person_id) DO UPDATE
           SET office_id = EXCLUDED.office_id, step = EXCLUDED.step, due_at = EXCLUDED.due_at,
               telling = 'queued', attempts = 0, handed_over_at = NULL
         WHERE a.handed_over_at IS NOT NULL
        """,
        ids=ids,
        task_ids=task_ids,
        person_ids=person_ids,
        office_ids=office_ids,
        steps=steps,
        now=now,
    )


async def due_steps(conn: db.Conn, *, now: datetime, limit: int) -> list[Due]:
    """Lock open tasks whose next step has come and may be taken; the caller takes it.

    While the law keeps an area still, nobody there is asked or reminded.
    """
    return await db.many(
        conn,
        Due,
        """
        SELECT t.id AS task_id, t.delivery_id, t.group_id, t.step, t.closes_at
          FROM relay_task t
          JOIN delivery d ON d.organisation_id = t.organisation_id AND d.id = t.delivery_id
          JOIN broadcast b ON b.organisation_id = t.organisation_id AND b.id = t.broadcast_id
          JOIN chat_group g ON g.organisation_id = t.organisation_id AND g.id = t.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE t.organisation_id = current_organisation()
           AND t.next_step_at <= %(now)s AND t.closes_at > %(now)s
           AND d.state = 'tasked' AND b.stage = 'sending'
           AND NOT EXISTS (
                SELECT FROM stillness q
                 WHERE q.organisation_id = current_organisation()
                   AND (b.electoral OR q.everything)
                   AND q.starts_at <= %(now)s AND q.ends_at > %(now)s
                   AND (u.path BETWEEN q.path AND q.path_end
                        OR (q.reaches_up AND q.path BETWEEN u.path AND u.path_end)))
         ORDER BY t.next_step_at, t.id
         LIMIT %(limit)s
           FOR UPDATE OF t SKIP LOCKED
        """,
        now=now,
        limit=limit,
    )


async def set_steps(
    conn: db.Conn, *, task_ids: list[UUID], steps: list[int], next_step_ats: list[datetime]
) -> int:
    """Say how far these tasks have come and when they go on."""
    return await db.run(
        conn,
        """
        UPDATE relay_task t
           SET step = o.step, next_step_at = o.next_step_at
          FROM unnest(%(ids)s::uuid[], %(steps)s::smallint[], %(ats)s::timestamptz[])
               AS o (id, step, next_step_at)
         WHERE t.organisation_id = current_organisation() AND t.id = o.id
        """,
        ids=task_ids,
        steps=steps,
        ats=next_step_ats,
    )


async def remind(conn: db.Conn, task_ids: list[UUID], *, now: datetime) -> int:
    """Have whoever was asked last for each of these tasks told once more."""
    return await db.run(
        conn,
        """
        UPDATE relay_assignment a
           SET telling = 'queued', due_at = %(now)s
          FROM (SELECT DISTINCT ON (task_id) id FROM relay_assignment
                 WHERE organisation_id = current_organisation()
                   AND task_id = ANY(%(ids)s::uuid[]) AND handed_over_at IS NULL
                 ORDER BY task_id, id DESC) AS newest
         WHERE a.organisation_id = current_organisation() AND a.id = newest.id
           AND a.telling IN ('told', 'unknown') AND a.posted_at IS NULL
        """,
        ids=task_ids,
        now=now,
    )


async def due_ends(conn: db.Conn, *, now: datetime, limit: int) -> list[Ended]:
    """Lock tasks whose time is over, or whose delivery has come to an end some other way."""
    return await db.many(
        conn,
        Ended,
        """
        SELECT t.id AS task_id, t.delivery_id
          FROM relay_task t
          JOIN delivery d ON d.organisation_id = t.organisation_id AND d.id = t.delivery_id
         WHERE t.organisation_id = current_organisation() AND t.next_step_at <= %(now)s
           AND (t.closes_at <= %(now)s OR d.state <> 'tasked')
         ORDER BY t.next_step_at, t.id
         LIMIT %(limit)s
           FOR UPDATE OF t SKIP LOCKED
        """,
        now=now,
        limit=limit,
    )


async def end(conn: db.Conn, delivery_ids: list[int]) -> int:
    """Take no further step for these deliveries' tasks, and tell nobody who is still to be."""
    return await db.run(
        conn,
        """
        WITH ended AS (
            UPDATE relay_task SET next_step_at = NULL
             WHERE organisation_id = current_organisation()
               AND delivery_id = ANY(%(ids)s::bigint[]) AND next_step_at IS NOT NULL
            RETURNING id
        )
        UPDATE relay_assignment a SET telling = 'needless'
          FROM ended
         WHERE a.organisation_id = current_organisation() AND a.task_id = ended.id
           AND a.telling = 'queued'
        """,
        ids=delivery_ids,
    )


async def set_opened(
    conn: db.Conn, assignment_ids: list[UUID], ats: list[datetime]
) -> list[DeliveryId]:
    """Note when people first opened their page; return the deliveries, noted before or not."""
    return await db.many(
        conn,
        DeliveryId,
        """
        WITH said AS (
            SELECT id, min(at) AS at
              FROM unnest(%(ids)s::uuid[], %(ats)s::timestamptz[]) AS t (id, at) GROUP BY id
        ), noted AS (
            UPDATE relay_assignment a SET opened_at = said.at
              FROM said
             WHERE a.organisation_id = current_organisation() AND a.id = said.id
               AND a.opened_at IS NULL
        )
        SELECT DISTINCT t.delivery_id
          FROM said
          JOIN relay_assignment a ON a.organisation_id = current_organisation() AND a.id = said.id
          JOIN relay_task t ON t.organisation_id = a.organisation_id AND t.id = a.task_id
        """,
        ids=assignment_ids,
        ats=ats,
    )


async def set_posted(
    conn: db.Conn, assignment_ids: list[UUID], ats: list[datetime]
) -> list[DeliveryId]:
    """Note when people first said "posted"; return the deliveries, noted before or not."""
    return await db.many(
        conn,
        DeliveryId,
        """
        WITH said AS (
            SELECT id, min(at) AS at
              FROM unnest(%(ids)s::uuid[], %(ats)s::timestamptz[]) AS t (id, at) GROUP BY id
        ), noted AS (
            UPDATE relay_assignment a
               SET posted_at = said.at, opened_at = coalesce(a.opened_at, said.at)
              FROM said
             WHERE a.organisation_id = current_organisation() AND a.id = said.id
               AND a.posted_at IS NULL
        )
        SELECT DISTINCT t.delivery_id
          FROM said
          JOIN relay_assignment a ON a.organisation_id = current_organisation() AND a.id = said.id
          JOIN relay_task t ON t.organisation_id = a.organisation_id AND t.id = a.task_id
        """,
        ids=assignment_ids,
        ats=ats,
    )
