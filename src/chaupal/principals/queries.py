"""Every statement that gathers what is kept of a person. None of them writes."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chaupal.kit import db
from chaupal.organisations.models import Right, Scope
from chaupal.people.models import PersonId
from chaupal.principals.models import Access, Asked, Exposed, HeldPost, Joined, Seat, Seen, Waiting


@dataclass(frozen=True, slots=True)
class OrganisationName:
    """How the organisation is called."""

    name_hi: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Login:
    """The name under which a person signs in."""

    login: str


@dataclass(frozen=True, slots=True)
class Root:
    """A unit below which somebody could see everything."""

    unit_id: UUID
    path: str


@dataclass(frozen=True, slots=True)
class AccountId:
    """Just which."""

    id: UUID


async def organisation_name(conn: db.Conn) -> OrganisationName:
    """Return how the organisation of this transaction is called."""
    return await db.one(
        conn,
        OrganisationName,
        "SELECT name_hi, name_en FROM organisation WHERE id = current_organisation()",
    )


async def posts(conn: db.Conn, person: PersonId) -> list[HeldPost]:
    """Return a person's terms of office, newest first; what was taken back is none."""
    return await db.many(
        conn,
        HeldPost,
        """
        SELECT p.id, p.title_hi, p.title_en, p.office_id, p.unit_id, u.path AS unit_path,
               u.name_hi AS unit_name_hi, u.name_en AS unit_name_en, p.since, p.until
          FROM post p
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE p.organisation_id = current_organisation() AND p.person_id = %(person)s
           AND (p.until IS NULL OR p.until >= p.since)
         ORDER BY p.since DESC, p.id DESC
        """,
        person=person,
    )


async def seats(conn: db.Conn, person: PersonId) -> list[Seat]:
    """Return the groups that a person runs or has run, those of today first."""
    return await db.many(
        conn,
        Seat,
        """
        SELECT a.group_id, u.path AS unit_path, g.name, a.since, a.left_at,
               g.archived_at IS NULL AND NOT EXISTS (
                    SELECT FROM group_admin other
                     WHERE other.organisation_id = a.organisation_id
                       AND other.group_id = a.group_id AND other.person_id <> a.person_id
                       AND other.left_at IS NULL) AS alone
          FROM group_admin a
          JOIN chat_group g ON g.organisation_id = a.organisation_id AND g.id = a.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE a.organisation_id = current_organisation() AND a.person_id = %(person)s
         ORDER BY a.left_at IS NOT NULL, g.name, a.group_id
        """,
        person=person,
    )


async def categories(conn: db.Conn, person: PersonId) -> list[Joined]:
    """Return the categories that a person has chosen, those of today first."""
    return await db.many(
        conn,
        Joined,
        """
        SELECT c.key, c.name_hi, c.name_en, m.since, m.until, m.basis
          FROM membership m
          JOIN category c ON c.organisation_id = m.organisation_id AND c.key = m.category_key
         WHERE m.organisation_id = current_organisation() AND m.person_id = %(person)s
         ORDER BY m.until IS NOT NULL, c.key, m.since
        """,
        person=person,
    )


async def tasks(conn: db.Conn, person: PersonId, *, limit: int) -> list[Asked]:
    """Return what a person was asked to post, newest first."""
    return await db.many(
        conn,
        Asked,
        """
        SELECT b.title, g.name AS group_name, u.path AS unit_path, a.told_at, a.opened_at,
               a.posted_at
          FROM relay_assignment a
          JOIN relay_task t ON t.organisation_id = a.organisation_id AND t.id = a.task_id
          JOIN broadcast b ON b.organisation_id = t.organisation_id AND b.id = t.broadcast_id
          JOIN chat_group g ON g.organisation_id = t.organisation_id AND g.id = t.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE a.organisation_id = current_organisation() AND a.person_id = %(person)s
         ORDER BY a.id DESC
         LIMIT %(limit)s
        """,
        person=person,
        limit=limit,
    )


async def seen(conn: db.Conn, person: PersonId, *, limit: int) -> list[Seen]:
    """Return when a person's number or link was shown to somebody, newest first."""
    return await db.many(
        conn,
        Seen,
        """
        SELECT at, kind, facts FROM record
         WHERE organisation_id = current_organisation() AND subject = %(person)s::uuid::text
           AND split_part(kind, '.', 2) IN ('unmasked', 'exported', 'link_shown')
         ORDER BY number DESC
         LIMIT %(limit)s
        """,
        person=person,
        limit=limit,
    )


async def login(conn: db.Conn, person: PersonId) -> Login | None:
    """Return the name under which a person may sign in, if they may."""
    return await db.maybe(
        conn,
        Login,
        """
        SELECT login FROM account
         WHERE organisation_id = current_organisation() AND person_id = %(person)s
           AND disabled_at IS NULL
        """,
        person=person,
    )


async def waiting_page(
    conn: db.Conn, *, scope: Scope, right: Right = Right.MANAGE, limit: int
) -> list[Waiting]:
    """Return who asked to be erased within what `right` reaches, the longest waiting first."""
    return await db.many(
        conn,
        Waiting,
        """
        SELECT p.id, p.name, u.name_hi AS unit_name_hi, u.name_en AS unit_name_en, s.since
          FROM suppressed_person s
          JOIN person p ON p.organisation_id = s.organisation_id AND p.id = s.person_id
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE s.organisation_id = current_organisation() AND s.reason = 'erasure_asked'
           AND p.erased_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY s.since, p.id
         LIMIT %(limit)s
        """,
        paths=scope.paths(right),
        limit=limit,
    )


async def access_page(
    conn: db.Conn,
    *,
    scope: Scope,
    right: Right = Right.MANAGE,
    person: UUID | None,
    account: UUID | None,
    whole: bool,
    before: int | None,
    limit: int,
) -> list[Access]:
    """Return who saw a number, handed out a link or took a file along, newest first.

    Of people within what `right` reaches; files of many people only where `whole` is said.
    """
    return await db.many(
        conn,
        Access,
        """
        SELECT r.number, r.at, r.actor_id, r.actor_label, r.kind, r.subject, r.facts,
               seen.name AS person_name
          FROM record r
          LEFT JOIN LATERAL (
                SELECT p.name FROM person p
                  JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
                 WHERE p.organisation_id = r.organisation_id AND p.id::text = r.subject
                   AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                WHERE u.path BETWEEN root AND root || '~')) AS seen ON true
         WHERE r.organisation_id = current_organisation()
           AND split_part(r.kind, '.', 2) IN ('unmasked', 'exported', 'link_shown')
           AND (%(before)s::bigint IS NULL OR r.number < %(before)s::bigint)
           AND (%(person)s::uuid IS NULL OR r.subject = %(person)s::uuid::text)
           AND (%(account)s::uuid IS NULL OR r.actor_id = %(account)s::uuid)
           AND (%(whole)s::boolean OR seen.name IS NOT NULL)
         ORDER BY r.number DESC
         LIMIT %(limit)s
        """,
        paths=scope.paths(right),
        person=person,
        account=account,
        whole=whole,
        before=before,
        limit=limit,
    )


async def account_with_login(conn: db.Conn, login: str) -> AccountId | None:
    """Return whose login this is, disabled or not."""
    return await db.maybe(
        conn,
        AccountId,
        """
        SELECT id FROM account
         WHERE organisation_id = current_organisation() AND login = %(login)s
        """,
        login=login,
    )


async def reach(conn: db.Conn, account: UUID, *, since: date, until: date) -> list[Root]:
    """Return which subtrees an account could see at any time between two days."""
    return await db.many(
        conn,
        Root,
        """
        SELECT DISTINCT u.id AS unit_id, u.path
          FROM account a
          JOIN post p ON p.organisation_id = a.organisation_id
                     AND (p.account_id = a.id OR p.person_id = a.person_id)
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE a.organisation_id = current_organisation() AND a.id = %(account)s
           AND p.role <> 'office_bearer' AND p.since <= %(until)s
           AND (p.until IS NULL OR p.until >= greatest(p.since, %(since)s))
         ORDER BY u.path
        """,
        account=account,
        since=since,
        until=until,
    )


async def exposed(
    conn: db.Conn,
    *,
    roots: list[str],
    account: UUID | None,
    since: datetime,
    until: datetime,
    after: tuple[str, str, UUID] | None,
    limit: int,
) -> list[Exposed]:
    """Return people below `roots` in the order of the tree, with what was seen of them between
    two moments, by one account or by anybody; the page behind `after`.

    A file counts for everybody below the units that its record names; one that names none
    counts for all.
    """
    return await db.many(
        conn,
        Exposed,
        """
        WITH people AS MATERIALIZED (
            SELECT p.id, u.path AS unit_path, p.reference, p.name, u.code AS unit_code,
                   p.language, p.since
              FROM unit u
              JOIN person p ON p.organisation_id = u.organisation_id AND p.unit_id = u.id
             WHERE u.organisation_id = current_organisation() AND p.erased_at IS NULL
               AND u.path >= coalesce(%(path)s::text, '')
               AND (%(path)s::text IS NULL
                    OR (u.path, p.name, p.id) > (%(path)s::text, %(name)s::text, %(id)s::uuid))
               AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                            WHERE u.path BETWEEN root AND root || '~')
             ORDER BY u.path, p.name, p.id
             LIMIT %(limit)s
        ), entry AS MATERIALIZED (
            SELECT subject, kind, facts, at FROM record
             WHERE organisation_id = current_organisation()
               AND split_part(kind, '.', 2) IN ('unmasked', 'exported', 'link_shown')
               AND at >= %(since)s AND at < %(until)s
               AND (%(account)s::uuid IS NULL OR actor_id = %(account)s::uuid)
        ), shown AS MATERIALIZED (
            SELECT subject, count(*)::int AS times, max(at) AS last_at FROM entry
             WHERE split_part(kind, '.', 2) <> 'exported' GROUP BY subject
        ), file AS MATERIALIZED (
            SELECT coalesce(u.path, '/') AS root, count(*)::int AS times
              FROM entry
              LEFT JOIN LATERAL jsonb_array_elements_text(facts->'units') AS named (unit) ON true
              LEFT JOIN unit u ON u.organisation_id = current_organisation()
                              AND u.id = named.unit::uuid
             WHERE split_part(kind, '.', 2) = 'exported'
               AND kind NOT IN ('person.exported', 'units.exported')
             GROUP BY 1
        )
        SELECT p.id, p.unit_path, p.reference, p.name, p.unit_code, p.language, p.since,
               coalesce(c.channels, '{}') AS channels, c.since AS contacts_since,
               (SELECT count(*)::int FROM consent k
                 WHERE k.organisation_id = current_organisation() AND k.person_id = p.id)
                 AS consents,
               (SELECT count(*)::int FROM post o
                 WHERE o.organisation_id = current_organisation() AND o.person_id = p.id) AS posts,
               (SELECT count(*)::int FROM group_admin a
                 WHERE a.organisation_id = current_organisation() AND a.person_id = p.id) AS groups,
               (SELECT count(*)::int FROM membership m
                 WHERE m.organisation_id = current_organisation() AND m.person_id = p.id)
                 AS categories,
               coalesce(s.times, 0) AS shown, s.last_at AS last_shown_at,
               coalesce((SELECT sum(f.times)::int FROM file f
                          WHERE p.unit_path BETWEEN f.root AND f.root || '~'), 0) AS exported
          FROM people p
          LEFT JOIN LATERAL (
                SELECT array_agg(DISTINCT channel ORDER BY channel) AS channels,
                       min(since) AS since
                  FROM contact_point
                 WHERE organisation_id = current_organisation() AND person_id = p.id) AS c ON true
          LEFT JOIN shown s ON s.subject = p.id::text
         ORDER BY p.unit_path, p.name, p.id
        """,
        roots=roots,
        account=account,
        since=since,
        until=until,
        path=after[0] if after else None,
        name=after[1] if after else None,
        id=after[2] if after else None,
        limit=limit,
    )
