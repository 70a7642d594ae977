"""Pages of what is exported, unit by unit; each key is the last row of the page before.

Within the unit of the key a page begins behind it, in the ones after it at their beginning: said
as one comparison of rows, which an index can follow however many people a unit has.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias
from uuid import UUID

from chaupal.kit import db

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Key:
    """Where a page ended: the path of its unit, then a name, an id, and what there is of it."""

    path: str = ""
    name: str = ""
    id: UUID = NOBODY
    part: str = ""
    since: date = date.min


START = Key()


@dataclass(frozen=True, slots=True)
class ExportedUnit:
    """A unit of the tree as it is today."""

    path: str
    code: str
    parent_code: str | None
    level: str
    name_hi: str
    name_en: str


@dataclass(frozen=True, slots=True)
class ExportedPerson:
    """A person with their sealed addresses by channel, and the newest yes for each line."""

    path: str
    id: UUID
    reference: str
    unit_code: str
    name: str = field(repr=False)
    language: str
    channels: list[str]
    sealed: list[bytes] = field(repr=False)
    purposes: list[str]
    lines: list[str]
    bases: list[str]
    proofs: list[str]
    notices: list[str]


@dataclass(frozen=True, slots=True)
class ExportedGroup:
    """A group that is not archived. Its size is None where nobody has said it."""

    path: str
    id: UUID
    address: str = field(repr=False)
    unit_code: str
    name: str
    purpose: str
    channel: str
    sender: str | None
    language: str
    size: int | None
    categories: list[str]
    admins: list[str]
    notice: bool


@dataclass(frozen=True, slots=True)
class ExportedTerm:
    """A term of a person in an office, or the office as a vacancy."""

    path: str
    office_id: UUID
    unit_code: str
    role: str
    title_hi: str
    title_en: str
    reference: str | None
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class ExportedMembership:
    """A membership of a category. `until` is its last day."""

    path: str
    id: UUID
    name: str = field(repr=False)
    reference: str
    category: str
    since: date
    basis: str
    until: date | None


AnyRow: TypeAlias = (
    ExportedUnit | ExportedPerson | ExportedGroup | ExportedTerm | ExportedMembership
)


def key_of(row: AnyRow) -> Key:
    """Return where a page ends that ends with `row`."""
    match row:
        case ExportedUnit():
            return Key(row.path)
        case ExportedPerson() | ExportedGroup():
            return Key(row.path, row.name, row.id)
        case ExportedTerm():
            return Key(row.path, row.title_hi, row.office_id, row.reference or "", row.since)
        case ExportedMembership():
            return Key(row.path, row.name, row.id, row.category, row.since)


async def units(
    conn: db.Conn, after: Key, *, roots: Sequence[str], limit: int
) -> list[ExportedUnit]:
    """Return the units after one, above before below."""
    return await db.many(
        conn,
        ExportedUnit,
        """
        SELECT u.path, u.code, above.code AS parent_code, l.key AS level, u.name_hi, u.name_en
          FROM unit u
          JOIN level l ON l.organisation_id = u.organisation_id AND l.rank = u.level_rank
          LEFT JOIN unit above ON above.organisation_id = u.organisation_id
                              AND above.id = u.parent_id
         WHERE u.organisation_id = current_organisation() AND u.path > %(path)s
           AND u.ended_on IS NULL
           AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY u.path LIMIT %(limit)s
        """,
        path=after.path,
        roots=list(roots),
        limit=limit,
    )


async def people(
    conn: db.Conn, after: Key, *, roots: Sequence[str], limit: int
) -> list[ExportedPerson]:
    """Return the people after one, with the newest address of each channel."""
    return await db.many(
        conn,
        ExportedPerson,
        """
        SELECT u.path, p.id, p.reference, u.code AS unit_code, p.name, p.language,
               coalesce(c.channels, '{}') AS channels, coalesce(c.sealed, '{}') AS sealed,
               coalesce(k.purposes, '{}') AS purposes, coalesce(k.lines, '{}') AS lines,
               coalesce(k.bases, '{}') AS bases, coalesce(k.proofs, '{}') AS proofs,
               coalesce(k.notices, '{}') AS notices
          FROM unit u
         CROSS JOIN LATERAL (
             SELECT id, reference, name, language FROM person
              WHERE organisation_id = current_organisation() AND unit_id = u.id
                AND erased_at IS NULL
                AND (name, id) > (CASE WHEN u.path = %(path)s THEN %(name)s ELSE '' END,
                                  CASE WHEN u.path = %(path)s THEN %(id)s::uuid
                                       ELSE %(nobody)s::uuid END)
              ORDER BY name, id LIMIT %(limit)s) AS p
          LEFT JOIN LATERAL (
             SELECT array_agg(channel) AS channels, array_agg(sealed) AS sealed
               FROM (SELECT DISTINCT ON (channel) channel, sealed FROM contact_point
                      WHERE organisation_id = current_organisation() AND person_id = p.id
                      ORDER BY channel, id DESC) AS newest) AS c ON true
          LEFT JOIN LATERAL (
             SELECT array_agg(purpose) AS purposes, array_agg(channel) AS lines,
                    array_agg(basis) AS bases, array_agg(proof) AS proofs,
                    array_agg(notice_version) AS notices
               FROM (SELECT DISTINCT ON (purpose, channel) purpose, channel, act, basis, proof,
                            notice_version
                       FROM consent
                      WHERE organisation_id = current_organisation() AND person_id = p.id
                      ORDER BY purpose, channel, id DESC) AS newest
              WHERE act = 'given') AS k ON true
         WHERE u.organisation_id = current_organisation() AND u.path >= %(path)s
           AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY u.path, p.name, p.id LIMIT %(limit)s
        """,
        path=after.path,
        name=after.name,
        id=after.id,
        nobody=NOBODY,
        roots=list(roots),
        limit=limit,
    )


async def groups(
    conn: db.Conn, after: Key, *, roots: Sequence[str], limit: int
) -> list[ExportedGroup]:
    """Return the groups after one, with their categories, and their admins in their order.

    Of admins who belong outside `roots` nothing is said, not even a reference.
    """
    return await db.many(
        conn,
        ExportedGroup,
        """
        SELECT u.path, g.id, g.address, u.code AS unit_code, g.name, g.purpose::text, g.channel,
               d.name AS sender, g.language,
               CASE WHEN g.size_at IS NOT NULL THEN g.size END AS size,
               ARRAY(SELECT category_key FROM group_category
                      WHERE organisation_id = current_organisation() AND group_id = g.id
                      ORDER BY category_key) AS categories,
               ARRAY(SELECT a.reference
                       FROM group_admin m
                       JOIN person a ON a.organisation_id = m.organisation_id
                                    AND a.id = m.person_id
                       JOIN unit w ON w.organisation_id = a.organisation_id AND w.id = a.unit_id
                                  AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                                               WHERE w.path BETWEEN root AND root || '~')
                      WHERE m.organisation_id = current_organisation() AND m.group_id = g.id
                        AND m.left_at IS NULL
                      ORDER BY m.turn, m.person_id) AS admins,
               g.carries_notice AS notice
          FROM unit u
         CROSS JOIN LATERAL (
             SELECT id, address, name, purpose, channel, sender_id, language, size, size_at,
                    carries_notice
               FROM chat_group
              WHERE organisation_id = current_organisation() AND unit_id = u.id
                AND archived_at IS NULL
                AND (name, id) > (CASE WHEN u.path = %(path)s THEN %(name)s ELSE '' END,
                                  CASE WHEN u.path = %(path)s THEN %(id)s::uuid
                                       ELSE %(nobody)s::uuid END)
              ORDER BY name, id LIMIT %(limit)s) AS g
          LEFT JOIN sender d ON d.organisation_id = current_organisation() AND d.id = g.sender_id
         WHERE u.organisation_id = current_organisation() AND u.path >= %(path)s
           AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY u.path, g.name, g.id LIMIT %(limit)s
        """,
        path=after.path,
        name=after.name,
        id=after.id,
        nobody=NOBODY,
        roots=list(roots),
        limit=limit,
    )


async def posts(
    conn: db.Conn, after: Key, *, roots: Sequence[str], today: date, limit: int
) -> list[ExportedTerm]:
    """Return the terms of people and the vacancies after one, office by office.

    Terms that were taken back never had a day. Staff, who are no members, are not in it, nor are
    terms of people who belong outside `roots`.
    """
    return await db.many(
        conn,
        ExportedTerm,
        """
        SELECT u.path, t.office_id, u.code AS unit_code, t.role::text, t.title_hi, t.title_en,
               t.reference, t.since, t.until
          FROM unit u
         CROSS JOIN LATERAL (
             SELECT o.id AS office_id, o.role, o.title_hi, o.title_en, p.reference, h.since, h.until
               FROM office o
               JOIN post h ON h.organisation_id = o.organisation_id AND h.office_id = o.id
                          AND coalesce(h.until >= h.since, true)
               JOIN person p ON p.organisation_id = h.organisation_id AND p.id = h.person_id
                            AND p.erased_at IS NULL
               JOIN unit w ON w.organisation_id = p.organisation_id AND w.id = p.unit_id
                          AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                                       WHERE w.path BETWEEN root AND root || '~')
              WHERE o.organisation_id = current_organisation() AND o.unit_id = u.id
                AND o.abolished_on IS NULL
                AND (u.path > %(path)s
                     OR (o.title_hi, o.id, h.since, p.reference)
                        > (%(name)s, %(id)s, %(since)s, %(part)s))
              UNION ALL
             SELECT o.id, o.role, o.title_hi, o.title_en, NULL, o.since, NULL
               FROM office o
              WHERE o.organisation_id = current_organisation() AND o.unit_id = u.id
                AND o.abolished_on IS NULL
                AND NOT EXISTS (SELECT FROM post h
                                 WHERE h.organisation_id = o.organisation_id
                                   AND h.office_id = o.id
                                   AND coalesce(h.until >= greatest(h.since, %(today)s), true))
                AND (u.path > %(path)s
                     OR (o.title_hi, o.id, o.since, '')
                        > (%(name)s, %(id)s, %(since)s, %(part)s))
              ORDER BY 3, 1, 6, 5 NULLS FIRST LIMIT %(limit)s) AS t
         WHERE u.organisation_id = current_organisation() AND u.path >= %(path)s
           AND u.ended_on IS NULL
           AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY u.path, t.title_hi, t.office_id, t.since, t.reference NULLS FIRST
         LIMIT %(limit)s
        """,
        path=after.path,
        name=after.name,
        id=after.id,
        part=after.part,
        since=after.since,
        today=today,
        roots=list(roots),
        limit=limit,
    )


async def memberships(
    conn: db.Conn, after: Key, *, roots: Sequence[str], limit: int
) -> list[ExportedMembership]:
    """Return the memberships after one, person by person; those of no day are not in it."""
    return await db.many(
        conn,
        ExportedMembership,
        """
        SELECT u.path, m.id, m.name, m.reference, m.category, m.since, m.basis, m.until
          FROM unit u
         CROSS JOIN LATERAL (
             SELECT p.id, p.name, p.reference, c.category_key AS category, c.since, c.basis,
                    c.until - 1 AS until
               FROM person p
               JOIN membership c ON c.organisation_id = p.organisation_id AND c.person_id = p.id
              WHERE p.organisation_id = current_organisation() AND p.unit_id = u.id
                AND p.erased_at IS NULL AND coalesce(c.until > c.since, true)
                AND (p.name, p.id) >= (CASE WHEN u.path = %(path)s THEN %(name)s ELSE '' END,
                                       CASE WHEN u.path = %(path)s THEN %(id)s::uuid
                                       ELSE %(nobody)s::uuid END)
                AND (u.path > %(path)s
                     OR (p.name, p.id, c.category_key, c.since)
                        > (%(name)s, %(id)s, %(part)s, %(since)s))
              ORDER BY p.name, p.id, c.category_key, c.since LIMIT %(limit)s) AS m
         WHERE u.organisation_id = current_organisation() AND u.path >= %(path)s
           AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY u.path, m.name, m.id, m.category, m.since LIMIT %(limit)s
        """,
        path=after.path,
        name=after.name,
        id=after.id,
        nobody=NOBODY,
        part=after.part,
        since=after.since,
        roots=list(roots),
        limit=limit,
    )
