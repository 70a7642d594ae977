"""Every statement that takes tasks along when an office goes from one holder to the next."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chaupal.kit import db

# No broadcast lives longer than two weeks, so no task does: older ends left nothing behind.
LOOKED_BACK_DAYS = 31


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A part in a task whose person was asked as the holder of an office, and holds it no more.

    `holder_id` holds it today; nobody does where it is vacant.
    """

    assignment_id: UUID
    task_id: UUID
    office_id: UUID
    step: int
    is_open: bool
    holder_id: UUID | None


async def left_behind(conn: db.Conn, *, now: datetime, today: date, limit: int) -> list[LeftBehind]:
    """Lock what former holders have not posted, found by the terms that ended lately.

    Those are terms whose last day was lately, and terms whose end was written down lately,
    however far back it lies.
    """
    return await db.many(
        conn,
        LeftBehind,
        """
        WITH over AS (
            SELECT DISTINCT office_id, person_id FROM post
             WHERE organisation_id = current_organisation() AND person_id IS NOT NULL
               AND until < %(today)s
               AND (until >= %(today)s - %(days)s::int
                    OR ended_at >= %(now)s::timestamptz - %(days)s::int * interval '1 day')
        )
        SELECT a.id AS assignment_id, a.task_id, a.office_id, a.step,
               t.next_step_at IS NOT NULL AND t.closes_at > %(now)s AS is_open,
               holder.person_id AS holder_id
          FROM over
          JOIN relay_assignment a ON a.organisation_id = current_organisation()
                                 AND a.office_id = over.office_id
                                 AND a.person_id = over.person_id
          JOIN relay_task t ON t.organisation_id = a.organisation_id AND t.id = a.task_id
          LEFT JOIN LATERAL (
                SELECT p.person_id FROM post p
                 WHERE p.organisation_id = a.organisation_id AND p.office_id = a.office_id
                   AND p.since <= %(today)s AND (p.until IS NULL OR p.until >= %(today)s)
                 LIMIT 1) AS holder ON true
         WHERE a.office_id IS NOT NULL AND a.handed_over_at IS NULL AND a.posted_at IS NULL
           AND a.person_id IS DISTINCT FROM holder.person_id
         ORDER BY a.id
         LIMIT %(limit)s
           FOR UPDATE OF a SKIP LOCKED
        """,
        now=now,
        today=today,
        days=LOOKED_BACK_DAYS,
        limit=limit,
    )


async def pass_on(conn: db.Conn, assignment_ids: list[UUID], *, now: datetime) -> int:
    """Ask these people no more. A telling that is under way ends in nothing."""
    return await db.run(
        conn,
        """
        UPDATE relay_assignment
           SET handed_over_at = %(now)s, telling = 'needless', lease_until = NULL
         WHERE organisation_id = current_organisation() AND id = ANY(%(ids)s::uuid[])
        """,
        ids=assignment_ids,
        now=now,
    )


async def go_on(conn: db.Conn, task_ids: list[UUID], *, now: datetime) -> int:
    """Let those of these tasks that nobody has any more go on to the next person at once."""
    return await db.run(
        conn,
        """
        UPDATE relay_task t
           SET step = greatest(t.step, 1), next_step_at = %(now)s
         WHERE t.organisation_id = current_organisation() AND t.id = ANY(%(ids)s::uuid[])
           AND t.next_step_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM relay_assignment a
                            WHERE a.organisation_id = t.organisation_id AND a.task_id = t.id
                              AND a.handed_over_at IS NULL AND a.telling <> 'untellable')
        """,
        ids=task_ids,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """How many tasks go along with an office."""

    tasks: int


async def open_tasks_of(conn: db.Conn, office_id: UUID, *, now: datetime) -> OpenTasks:
    """Count the open tasks for which an office's holder was asked; the caller found the office."""
    return await db.one(
        conn,
        OpenTasks,
        """
        SELECT count(*)::int AS tasks
          FROM relay_assignment a
          JOIN relay_task t ON t.organisation_id = a.organisation_id AND t.id = a.task_id
         WHERE a.organisation_id = current_organisation() AND a.office_id = %(office_id)s
           AND a.handed_over_at IS NULL AND a.posted_at IS NULL
           AND t.next_step_at IS NOT NULL AND t.closes_at > %(now)s
        """,
        office_id=office_id,
        now=now,
    )
