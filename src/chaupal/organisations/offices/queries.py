"""Every statement that touches offices and the terms in them one at a time."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chaupal.kit import db
from chaupal.organisations.models import AccountId, Scope, UnitId
from chaupal.organisations.offices.models import Office, OfficeId, Term, TermId


@dataclass(frozen=True, slots=True)
class Seat:
    """A unit at which an office may be."""

    unit_path: str
    at_the_root: bool
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class Reach:
    """Until when an account administers a unit by its own posts: for good, or the last day."""

    for_good: bool
    until: date | None


@dataclass(frozen=True, slots=True)
class Administrators:
    """How many who can sign in administer the whole organisation."""

    signing_in: int


async def take_turn(conn: db.Conn) -> None:
    """Let changes to offices and accounts of one organisation follow each other, until commit."""
    await db.run(
        conn,
        "SELECT pg_advisory_xact_lock(hashtextextended('chaupal.offices', current_organisation()))",
    )


async def seat(conn: db.Conn, unit: UnitId, *, scope: Scope) -> Seat | None:
    """Return where a unit within `scope` lies."""
    return await db.maybe(
        conn,
        Seat,
        """
        SELECT u.path AS unit_path, u.parent_id IS NULL AS at_the_root, u.ended_on
          FROM unit u
         WHERE u.organisation_id = current_organisation() AND u.id = %(unit)s
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        unit=unit,
        paths=scope.paths(),
    )


async def office(conn: db.Conn, id: OfficeId, *, scope: Scope) -> Office | None:
    """Return an office whose unit lies within `scope`."""
    return await db.maybe(
        conn,
        Office,
        """
        SELECT o.id, o.unit_id, u.path AS unit_path, u.parent_id IS NULL AS at_the_root,
               o.role::text, o.title_hi, o.title_en, o.since, o.abolished_on
          FROM office o
          JOIN unit u ON u.organisation_id = o.organisation_id AND u.id = o.unit_id
         WHERE o.organisation_id = current_organisation() AND o.id = %(id)s
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        id=id,
        paths=scope.paths(),
    )


async def add_office(
    conn: db.Conn,
    id: OfficeId,
    *,
    unit_id: UnitId,
    role: str,
    title_hi: str,
    title_en: str,
    since: date,
) -> None:
    """Add a seat at a unit."""
    await db.run(
        conn,
        """
        INSERT INTO office (organisation_id, id, unit_id, role, title_hi, title_en, since)
        VALUES (current_organisation(), %(id)s, %(unit_id)s, %(role)s::post_role, %(title_hi)s,
                %(title_en)s, %(since)s)
        """,
        id=id,
        unit_id=unit_id,
        role=role,
        title_hi=title_hi,
        title_en=title_en,
        since=since,
    )


async def retitle(
    conn: db.Conn, id: OfficeId, *, title_hi: str, title_en: str, today: date
) -> None:
    """Call an office something else; terms that are over keep what they were called."""
    await db.run(
        conn,
        """
        WITH called AS (
            UPDATE office SET title_hi = %(title_hi)s, title_en = %(title_en)s
             WHERE organisation_id = current_organisation() AND id = %(id)s
            RETURNING organisation_id, id, title_hi, title_en
        )
        UPDATE post p SET title_hi = called.title_hi, title_en = called.title_en
          FROM called
         WHERE p.organisation_id = called.organisation_id AND p.office_id = called.id
           AND (p.until IS NULL OR p.until >= %(today)s)
        """,
        id=id,
        title_hi=title_hi,
        title_en=title_en,
        today=today,
    )


async def abolish(conn: db.Conn, id: OfficeId, *, on_day: date | None) -> None:
    """Say from which day on an office is no more, or that it is after all."""
    await db.run(
        conn,
        """
        UPDATE office SET abolished_on = %(on_day)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        on_day=on_day,
    )


async def terms(conn: db.Conn, office: OfficeId) -> list[Term]:
    """Return who held an office when, the newest first; the caller found it within a Scope."""
    return await db.many(
        conn,
        Term,
        """
        SELECT id, office_id, person_id, account_id, since, until, appointed_at, follows_id
          FROM post
         WHERE organisation_id = current_organisation() AND office_id = %(office)s
         ORDER BY since DESC, id DESC
        """,
        office=office,
    )


async def begin_term(
    conn: db.Conn,
    id: TermId,
    office: OfficeId,
    *,
    person_id: UUID | None,
    account_id: AccountId | None,
    since: date,
    until: date | None,
    follows_id: TermId | None,
    now: datetime,
) -> None:
    """Give an office to somebody, as it is called today."""
    await db.run(
        conn,
        """
        INSERT INTO post (organisation_id, id, office_id, unit_id, person_id, account_id, role,
                          title_hi, title_en, since, until, appointed_at, follows_id)
        SELECT organisation_id, %(id)s, id, unit_id, %(person_id)s, %(account_id)s, role,
               title_hi, title_en, %(since)s, %(until)s, %(now)s, %(follows_id)s
          FROM office
         WHERE organisation_id = current_organisation() AND id = %(office)s
        """,
        id=id,
        office=office,
        person_id=person_id,
        account_id=account_id,
        since=since,
        until=until,
        follows_id=follows_id,
        now=now,
    )


async def end_term(conn: db.Conn, id: TermId, *, until: date, now: datetime) -> None:
    """Say which day is a term's last; what was planned before is kept."""
    await db.run(
        conn,
        """
        UPDATE post SET planned_until = until, until = %(until)s, ended_at = %(now)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        until=until,
        now=now,
    )


async def extend_term(conn: db.Conn, id: TermId, *, until: date | None) -> None:
    """Let a term last longer, or until further notice."""
    await db.run(
        conn,
        """
        UPDATE post SET until = %(until)s, ended_at = NULL
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        until=until,
    )


async def restore_term(conn: db.Conn, id: TermId) -> None:
    """Let a term last as it was planned to before it was handed over."""
    await db.run(
        conn,
        """
        UPDATE post SET until = planned_until, planned_until = NULL, ended_at = NULL
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
    )


async def reach(conn: db.Conn, account: AccountId, path: str, *, today: date) -> Reach:
    """Return until when an account's own posts of today let it administer the unit at `path`."""
    return await db.one(
        conn,
        Reach,
        """
        SELECT coalesce(bool_or(p.until IS NULL), false) AS for_good, max(p.until) AS until
          FROM account a
          JOIN post p ON p.organisation_id = a.organisation_id
                     AND (p.account_id = a.id OR p.person_id = a.person_id)
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE a.organisation_id = current_organisation() AND a.id = %(account)s
           AND p.role = 'administrator' AND %(path)s::text BETWEEN u.path AND u.path_end
           AND p.since <= %(today)s AND (p.until IS NULL OR p.until >= %(today)s)
        """,
        account=account,
        path=path,
        today=today,
    )


async def administrators(conn: db.Conn, *, day: date) -> Administrators:
    """Count who can sign in and, on `day`, administers the organisation from its root."""
    return await db.one(
        conn,
        Administrators,
        """
        SELECT count(DISTINCT a.id)::int AS signing_in
          FROM unit root
          JOIN post p ON p.organisation_id = root.organisation_id AND p.unit_id = root.id
          JOIN account a ON a.organisation_id = p.organisation_id
                        AND (a.id = p.account_id OR a.person_id = p.person_id)
         WHERE root.organisation_id = current_organisation() AND root.parent_id IS NULL
           AND p.role = 'administrator' AND a.disabled_at IS NULL
           AND p.since <= %(day)s AND (p.until IS NULL OR p.until >= %(day)s)
        """,
        day=day,
    )


@dataclass(frozen=True, slots=True)
class OwnPerson:
    """Which person an account belongs to, if it is a member's."""

    person_id: UUID | None


async def person_of(conn: db.Conn, account: AccountId) -> OwnPerson | None:
    """Return whose account this is; None if there is no such account."""
    return await db.maybe(
        conn,
        OwnPerson,
        """
        SELECT person_id FROM account
         WHERE organisation_id = current_organisation() AND id = %(account)s
        """,
        account=account,
    )


async def person_within(
    conn: db.Conn, account: AccountId, *, scope: Scope, today: date
) -> OwnPerson | None:
    """Return whose account this is, if its unit or a post of it lies within `scope`."""
    return await db.maybe(
        conn,
        OwnPerson,
        """
        SELECT a.person_id
          FROM account a
         WHERE a.organisation_id = current_organisation() AND a.id = %(account)s
           AND a.disabled_at IS NULL
           AND EXISTS (
                SELECT FROM unit u
                 WHERE u.organisation_id = a.organisation_id
                   AND (u.id = a.unit_id OR u.id IN (
                        SELECT p.unit_id FROM post p
                         WHERE p.organisation_id = a.organisation_id
                           AND (p.account_id = a.id OR p.person_id = a.person_id)
                           AND p.since <= %(today)s AND (p.until IS NULL OR p.until >= %(today)s)))
                   AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                WHERE u.path BETWEEN root AND root || '~'))
        """,
        account=account,
        today=today,
        paths=scope.paths(),
    )
