"""Every statement that pages of offices and accounts read with. None of them writes."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chaupal.kit import db
from chaupal.organisations.models import AccountId, Right, Role, Scope, UnitId
from chaupal.organisations.offices.models import OfficeId, TermId


@dataclass(frozen=True, slots=True)
class OfficeLine:
    """An office with whoever holds it today, or since when nobody does.

    `next_since`: the first day of the next term, where one is written down already.
    """

    id: OfficeId
    unit_id: UnitId
    unit_path: str
    unit_name_hi: str
    unit_name_en: str
    level_name_hi: str
    level_name_en: str
    role: Role
    title_hi: str
    title_en: str
    since: date
    abolished_on: date | None
    term_id: TermId | None
    person_id: UUID | None
    account_id: AccountId | None
    account_name: str | None
    held_since: date | None
    held_until: date | None
    vacant_since: date
    next_since: date | None


@dataclass(frozen=True, slots=True)
class OfficeCounts:
    """How many offices there are, how many nobody holds, how many terms end soon."""

    offices: int
    vacant: int
    ending: int


@dataclass(frozen=True, slots=True)
class After:
    """Behind which office a page begins."""

    path: str
    title: str
    id: UUID


@dataclass(frozen=True, slots=True)
class AccountName:
    """How somebody who signs in is called."""

    id: AccountId
    name: str


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account that its reader may look after."""

    id: AccountId
    login: str
    name: str
    language: str
    person_id: UUID | None
    unit_id: UnitId | None
    unit_name_hi: str | None
    unit_name_en: str | None
    title_hi: str | None
    title_en: str | None
    disabled_at: datetime | None


async def office_page(
    conn: db.Conn,
    *,
    scope: Scope,
    below: str,
    rank: int | None,
    vacant: bool,
    ending_by: date | None,
    today: date,
    after: After | None,
    limit: int,
) -> list[OfficeLine]:
    """Return the offices within `scope` at the unit `below` and under it, unit by unit.

    All of them, or those alone that are vacant, or whose holder's last day comes by `ending_by`.
    """
    return await db.many(
        conn,
        OfficeLine,
        """
        SELECT o.id, o.unit_id, u.path AS unit_path, u.name_hi AS unit_name_hi,
               u.name_en AS unit_name_en, l.name_hi AS level_name_hi, l.name_en AS level_name_en,
               o.role::text, o.title_hi, o.title_en, o.since, o.abolished_on, held.id AS term_id,
               held.person_id, held.account_id, a.name AS account_name,
               held.since AS held_since, held.until AS held_until,
               coalesce(before.until + 1, o.since) AS vacant_since, later.since AS next_since
          FROM unit u
          JOIN level l ON l.organisation_id = u.organisation_id AND l.rank = u.level_rank
          JOIN office o ON o.organisation_id = u.organisation_id AND o.unit_id = u.id
          LEFT JOIN LATERAL (
                SELECT id, person_id, account_id, since, until FROM post p
                 WHERE p.organisation_id = o.organisation_id AND p.office_id = o.id
                   AND p.since <= %(today)s AND (p.until IS NULL OR p.until >= %(today)s)
                 LIMIT 1) AS held ON true
          LEFT JOIN account a ON a.organisation_id = o.organisation_id AND a.id = held.account_id
          LEFT JOIN LATERAL (
                SELECT max(p.until) AS until FROM post p
                 WHERE p.organisation_id = o.organisation_id AND p.office_id = o.id
                   AND p.until < %(today)s AND p.until >= p.since) AS before ON true
          LEFT JOIN LATERAL (
                SELECT min(p.since) AS since FROM post p
                 WHERE p.organisation_id = o.organisation_id AND p.office_id = o.id
                   AND p.since > %(today)s AND (p.until IS NULL OR p.until >= p.since)
                ) AS later ON true
         WHERE u.organisation_id = current_organisation()
           AND u.path BETWEEN %(below)s::text AND %(below)s::text || '~'
           AND (%(rank)s::int IS NULL OR u.level_rank = %(rank)s::int)
           AND o.abolished_on IS NULL
           AND (NOT %(vacant)s::bool OR held.id IS NULL)
           AND (%(ending_by)s::date IS NULL OR held.until <= %(ending_by)s::date)
           AND (%(path)s::text IS NULL
                OR u.path >= %(path)s::text
                   AND (u.path, o.title_hi, o.id) > (%(path)s::text, %(title)s::text, %(id)s::uuid))
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY u.path, o.title_hi, o.id
         LIMIT %(limit)s
        """,
        below=below,
        rank=rank,
        vacant=vacant,
        ending_by=ending_by,
        today=today,
        path=after.path if after else None,
        title=after.title if after else None,
        id=after.id if after else None,
        paths=scope.paths(),
        limit=limit,
    )


async def office_counts(
    conn: db.Conn, *, scope: Scope, below: str, ending_by: date, today: date
) -> OfficeCounts:
    """Count the offices within `scope` at the unit `below` and under it."""
    return await db.one(
        conn,
        OfficeCounts,
        """
        SELECT count(*)::int AS offices,
               count(*) FILTER (WHERE held.id IS NULL)::int AS vacant,
               count(*) FILTER (WHERE held.until <= %(ending_by)s)::int AS ending
          FROM unit u
          JOIN office o ON o.organisation_id = u.organisation_id AND o.unit_id = u.id
          LEFT JOIN post held ON held.organisation_id = o.organisation_id
                             AND held.office_id = o.id AND held.since <= %(today)s
                             AND (held.until IS NULL OR held.until >= %(today)s)
         WHERE u.organisation_id = current_organisation()
           AND u.path BETWEEN %(below)s::text AND %(below)s::text || '~'
           AND o.abolished_on IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        below=below,
        ending_by=ending_by,
        today=today,
        paths=scope.paths(),
    )


async def account_names(conn: db.Conn, ids: list[AccountId]) -> list[AccountName]:
    """Return how these accounts are called; the caller found them in offices within a Scope."""
    return await db.many(
        conn,
        AccountName,
        """
        SELECT id, name FROM account
         WHERE organisation_id = current_organisation() AND id = ANY(%(ids)s::uuid[])
        """,
        ids=ids,
    )


async def account_page(
    conn: db.Conn,
    *,
    scope: Scope,
    today: date,
    only: AccountId | None = None,
    named: str = "",
    after: str | None = None,
    limit: int = 1,
) -> list[AccountLine]:
    """Return the accounts that `scope` may look after, by login: all, or `only` one.

    Those are accounts of units which it manages, all of whose posts, now and later, lie there
    too: nobody gets at an account that may do more than they may.
    """
    return await db.many(
        conn,
        AccountLine,
        """
        WITH mine AS (SELECT unnest(%(paths)s::text[]) AS root)
        SELECT a.id, a.login, a.name, a.language, a.person_id, a.unit_id,
               u.name_hi AS unit_name_hi, u.name_en AS unit_name_en, held.title_hi, held.title_en,
               a.disabled_at
          FROM account a
          LEFT JOIN unit u ON u.organisation_id = a.organisation_id AND u.id = a.unit_id
          LEFT JOIN LATERAL (
                SELECT p.title_hi, p.title_en
                  FROM post p
                  JOIN unit at ON at.organisation_id = p.organisation_id AND at.id = p.unit_id
                 WHERE p.organisation_id = a.organisation_id
                   AND (p.account_id = a.id OR p.person_id = a.person_id)
                   AND p.since <= %(today)s AND (p.until IS NULL OR p.until >= %(today)s)
                 ORDER BY p.role, at.level_rank, p.id
                 LIMIT 1) AS held ON true
         WHERE a.organisation_id = current_organisation()
           AND (%(only)s::uuid IS NULL OR a.id = %(only)s::uuid)
           AND (%(after)s::text IS NULL OR a.login > %(after)s::text)
           AND (%(named)s::text = '' OR strpos(lower(a.name), lower(%(named)s::text)) > 0
                OR strpos(a.login, lower(%(named)s::text)) > 0)
           AND CASE WHEN u.path IS NULL
                    THEN NOT EXISTS (SELECT FROM unit top
                                      WHERE top.organisation_id = a.organisation_id
                                        AND top.parent_id IS NULL
                                        AND NOT EXISTS (SELECT FROM mine
                                                         WHERE top.path BETWEEN root
                                                                            AND root || '~'))
                    ELSE EXISTS (SELECT FROM mine WHERE u.path BETWEEN root AND root || '~') END
           AND NOT EXISTS (
                SELECT FROM post p
                  JOIN unit at ON at.organisation_id = p.organisation_id AND at.id = p.unit_id
                 WHERE p.organisation_id = a.organisation_id
                   AND (p.account_id = a.id OR p.person_id = a.person_id)
                   AND (p.until IS NULL OR p.until >= %(today)s AND p.until >= p.since)
                   AND NOT EXISTS (SELECT FROM mine WHERE at.path BETWEEN root AND root || '~'))
         ORDER BY a.login
         LIMIT %(limit)s
        """,
        paths=scope.paths(Right.MANAGE),
        today=today,
        only=only,
        named=named,
        after=after,
        limit=limit,
    )
