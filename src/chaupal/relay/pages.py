"""Every statement that relay pages and reports read with. None of them writes."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chaupal.broadcasts.models import BroadcastId, Stage, State
from chaupal.kit import db
from chaupal.organisations.models import Scope
from chaupal.relay.models import Rung, SilentLink


@dataclass(frozen=True, slots=True)
class Part:
    """One person's part in one task, with everything its page needs but the text."""

    assignment_id: UUID
    person_id: UUID
    person_language: str
    delivery_id: int
    delivery_language: str
    state: State
    broadcast_id: BroadcastId
    stage: Stage
    title: str
    group_name: str
    organisation_name_hi: str
    organisation_name_en: str
    closes_at: datetime
    opened_at: datetime | None
    posted_at: datetime | None
    deleted_at: datetime | None
    silent: bool
    handed_over_at: datetime | None
    office_held: bool
    office_title_hi: str | None
    office_title_en: str | None
    office_unit_hi: str | None
    office_unit_en: str | None


@dataclass(frozen=True, slots=True)
class Other:
    """Another open part of the same person."""

    assignment_id: UUID
    title: str
    group_name: str
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Linked:
    """What a group's short link stands for."""

    broadcast_id: BroadcastId
    stage: Stage
    title: str
    language: str
    still: bool
    organisation_name_hi: str
    organisation_name_en: str


@dataclass(frozen=True, slots=True)
class OrganisationName:
    """How the organisation is called."""

    name_hi: str
    name_en: str


async def part(conn: db.Conn, assignment_id: UUID, *, now: datetime, today: date) -> Part | None:
    """Return one person's part in one task, and the office as whose holder they were asked."""
    return await db.maybe(
        conn,
        Part,
        """
        SELECT a.id AS assignment_id, a.person_id, p.language AS person_language,
               d.id AS delivery_id, d.language AS delivery_language, d.state::text,
               b.id AS broadcast_id, b.stage::text, b.title, g.name AS group_name,
               o.name_hi AS organisation_name_hi, o.name_en AS organisation_name_en,
               t.closes_at, a.opened_at, a.posted_at, a.deleted_at,
               EXISTS (
                    SELECT FROM stillness q
                     WHERE q.organisation_id = current_organisation()
                       AND (b.electoral OR q.everything)
                       AND q.starts_at <= %(now)s AND q.ends_at > %(now)s
                       AND (u.path BETWEEN q.path AND q.path_end
                            OR (q.reaches_up AND q.path BETWEEN u.path AND u.path_end))) AS silent,
               a.handed_over_at,
               EXISTS (SELECT FROM post held
                        WHERE held.organisation_id = a.organisation_id
                          AND held.office_id = a.office_id AND held.person_id IS NOT NULL
                          AND held.since <= %(today)s
                          AND (held.until IS NULL OR held.until >= %(today)s)) AS office_held,
               f.title_hi AS office_title_hi, f.title_en AS office_title_en,
               seat.name_hi AS office_unit_hi, seat.name_en AS office_unit_en
          FROM relay_assignment a
          JOIN person p ON p.organisation_id = a.organisation_id AND p.id = a.person_id
          JOIN relay_task t ON t.organisation_id = a.organisation_id AND t.id = a.task_id
          JOIN delivery d ON d.organisation_id = t.organisation_id AND d.id = t.delivery_id
          JOIN broadcast b ON b.organisation_id = t.organisation_id AND b.id = t.broadcast_id
          JOIN chat_group g ON g.organisation_id = t.organisation_id AND g.id = t.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
          JOIN organisation o ON o.id = a.organisation_id
          LEFT JOIN office f ON f.organisation_id = a.organisation_id AND f.id = a.office_id
          LEFT JOIN unit seat ON seat.organisation_id = f.organisation_id AND seat.id = f.unit_id
         WHERE a.organisation_id = current_organisation() AND a.id = %(id)s
        """,
        id=assignment_id,
        now=now,
        today=today,
    )


async def others(
    conn: db.Conn, person_id: UUID, *, besides: UUID, now: datetime, limit: int
) -> list[Other]:
    """Return what else waits for this person, what closes first first."""
    return await db.many(
        conn,
        Other,
        """
        SELECT a.id AS assignment_id, b.title, g.name AS group_name, t.closes_at
          FROM relay_assignment a
          JOIN relay_task t ON t.organisation_id = a.organisation_id AND t.id = a.task_id
          JOIN delivery d ON d.organisation_id = t.organisation_id AND d.id = t.delivery_id
          JOIN broadcast b ON b.organisation_id = t.organisation_id AND b.id = t.broadcast_id
          JOIN chat_group g ON g.organisation_id = t.organisation_id AND g.id = t.group_id
         WHERE a.organisation_id = current_organisation() AND a.person_id = %(person_id)s
           AND a.id <> %(besides)s AND a.posted_at IS NULL AND a.handed_over_at IS NULL
           AND t.closes_at > %(now)s AND d.state = 'tasked' AND b.stage = 'sending'
         ORDER BY t.closes_at, a.id
         LIMIT %(limit)s
        """,
        person_id=person_id,
        besides=besides,
        now=now,
        limit=limit,
    )


async def linked(conn: db.Conn, delivery_id: int, *, now: datetime) -> Linked | None:
    """Return what a group's short link stands for, and whether its area is kept still now."""
    return await db.maybe(
        conn,
        Linked,
        """
        SELECT b.id AS broadcast_id, b.stage::text, b.title, d.language,
               EXISTS (
                    SELECT FROM stillness q
                      JOIN chat_group g ON g.organisation_id = q.organisation_id
                                       AND g.id = d.group_id
                      JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
                     WHERE q.organisation_id = current_organisation()
                       AND (b.electoral OR q.everything)
                       AND q.starts_at <= %(now)s AND q.ends_at > %(now)s
                       AND (u.path BETWEEN q.path AND q.path_end
                            OR (q.reaches_up AND q.path BETWEEN u.path AND u.path_end))) AS still,
               o.name_hi AS organisation_name_hi, o.name_en AS organisation_name_en
          FROM delivery d
          JOIN broadcast b ON b.organisation_id = d.organisation_id AND b.id = d.broadcast_id
          JOIN organisation o ON o.id = d.organisation_id
         WHERE d.organisation_id = current_organisation() AND d.id = %(id)s
        """,
        id=delivery_id,
        now=now,
    )


async def organisation_name(conn: db.Conn) -> OrganisationName:
    """Return how the organisation of this transaction is called."""
    return await db.one(
        conn,
        OrganisationName,
        "SELECT name_hi, name_en FROM organisation WHERE id = current_organisation()",
    )


async def funnel(conn: db.Conn, broadcast_id: UUID, *, scope: Scope) -> list[Rung]:
    """Return how far a broadcast's tasks within `scope` have come, by the step they are at.

    `told`, `opened`, `posted`, `verified` count tasks, not people: what nobody knows of is not
    counted as told.
    """
    return await db.many(
        conn,
        Rung,
        """
        SELECT t.step, count(*)::int AS tasks,
               count(*) FILTER (WHERE part.told)::int AS told,
               count(*) FILTER (WHERE d.evidence >= 3)::int AS opened,
               count(*) FILTER (WHERE d.evidence >= 4)::int AS posted,
               count(*) FILTER (WHERE d.evidence >= 5)::int AS verified
          FROM relay_task t
          JOIN delivery d ON d.organisation_id = t.organisation_id AND d.id = t.delivery_id
          JOIN chat_group g ON g.organisation_id = t.organisation_id AND g.id = t.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
          LEFT JOIN LATERAL (
                SELECT bool_or(a.told_at IS NOT NULL) AS told
                  FROM relay_assignment a
                 WHERE a.organisation_id = t.organisation_id AND a.task_id = t.id) AS part ON true
         WHERE t.organisation_id = current_organisation() AND t.broadcast_id = %(broadcast_id)s
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE starts_with(u.path, root))
         GROUP BY t.step
         ORDER BY t.step
        """,
        broadcast_id=broadcast_id,
        paths=scope.paths(),
    )


async def silent_links(
    conn: db.Conn, broadcast_id: UUID, *, scope: Scope, after: UUID | None, limit: int
) -> list[SilentLink]:
    """Return tasks within `scope` whose page nobody has opened, a page after the task `after`."""
    return await db.many(
        conn,
        SilentLink,
        """
        SELECT t.id AS task_id, g.id AS group_id, g.name AS group_name, u.id AS unit_id,
               u.name_hi AS unit_name_hi, u.name_en AS unit_name_en, t.step,
               part.asked, part.told, t.closes_at
          FROM relay_task t
          JOIN delivery d ON d.organisation_id = t.organisation_id AND d.id = t.delivery_id
          JOIN chat_group g ON g.organisation_id = t.organisation_id AND g.id = t.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
          LEFT JOIN LATERAL (
                SELECT count(*)::int AS asked,
                       count(*) FILTER (WHERE a.told_at IS NOT NULL)::int AS told
                  FROM relay_assignment a
                 WHERE a.organisation_id = t.organisation_id AND a.task_id = t.id) AS part ON true
         WHERE t.organisation_id = current_organisation() AND t.broadcast_id = %(broadcast_id)s
           AND d.evidence < 3
           AND (%(after)s::uuid IS NULL OR t.id > %(after)s::uuid)
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE starts_with(u.path, root))
         ORDER BY t.id
         LIMIT %(limit)s
        """,
        broadcast_id=broadcast_id,
        after=after,
        paths=scope.paths(),
        limit=limit,
    )
