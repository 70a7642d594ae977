"""Every statement that reads a group, its admins, its categories; and counts by branch."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chaupal.groups.models import (
    Belonging,
    Category,
    ChannelCount,
    Executive,
    Group,
    GroupAdmin,
    GroupId,
    UnitCount,
)
from chaupal.kit import db, digits
from chaupal.organisations.models import Right, Scope, UnitId
from chaupal.people.models import PersonId


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit lies, and whether it is over."""

    path: str
    ended: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Through which channel a sender sends."""

    channel: str


@dataclass(frozen=True, slots=True)
class Invite:
    """A group's invite link, as it is kept: sealed."""

    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person who may be made an admin."""

    id: PersonId


@dataclass(frozen=True, slots=True)
class SenderOfGroups:
    """A sender through which groups can be reached."""

    id: UUID
    name: str
    channel: str


async def group(conn: db.Conn, id: GroupId, *, scope: Scope) -> Group | None:
    """Return a group whose unit lies within `scope`."""
    return await db.maybe(
        conn,
        Group,
        """
        SELECT g.id, g.name, g.purpose::text AS purpose, g.channel, g.language, g.size, g.size_at,
               g.carries_notice, g.archived_at,
               g.unit_id, u.path AS unit_path, u.name_hi AS unit_name_hi,
               u.name_en AS unit_name_en,
               ARRAY(SELECT c.category_key FROM group_category c
                      WHERE c.organisation_id = g.organisation_id AND c.group_id = g.id
                      ORDER BY 1) AS categories,
               (SELECT count(*)::int FROM group_admin a
                 WHERE a.organisation_id = g.organisation_id AND a.group_id = g.id
                   AND a.left_at IS NULL) AS live_admins
          FROM chat_group g
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE g.organisation_id = current_organisation() AND g.id = %(id)s
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        id=id,
        paths=scope.paths(),
    )


async def admins(conn: db.Conn, group: GroupId, *, scope: Scope, today: date) -> list[GroupAdmin]:
    """Return who runs a group within `scope`, in the order in which a relay asks them.

    `executive` says who holds a post at the top of the organisation on `today`. Their
    addresses come masked, from `people.contacts_of`.
    """
    return await db.many(
        conn,
        GroupAdmin,
        """
        SELECT a.person_id, p.name, p.language, a.turn, a.since, a.left_at,
               EXISTS (SELECT FROM unit top
                         JOIN post t ON t.organisation_id = top.organisation_id
                                    AND t.unit_id = top.id
                         LEFT JOIN account c ON c.organisation_id = t.organisation_id
                                            AND c.id = t.account_id
                        WHERE top.organisation_id = a.organisation_id AND top.parent_id IS NULL
                          AND top.number = split_part(u.path, '/', 2)::integer
                          AND coalesce(t.person_id, c.person_id) = a.person_id
                          AND t.since <= %(today)s
                          AND (t.until IS NULL OR t.until >= %(today)s)) AS executive
          FROM group_admin a
          JOIN person p ON p.organisation_id = a.organisation_id AND p.id = a.person_id
          JOIN chat_group g ON g.organisation_id = a.organisation_id AND g.id = a.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE a.organisation_id = current_organisation() AND a.group_id = %(group)s
           AND p.erased_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY a.left_at IS NOT NULL, a.turn, a.person_id
        """,
        group=group,
        today=today,
        paths=scope.paths(),
    )


async def executives(conn: db.Conn, path: str, *, today: date, limit: int) -> list[Executive]:
    """Return who holds a post at the top of the tree in which `path` lies, by name.

    Office-bearers of the top are known to the whole organisation, so this takes no scope: only
    their names and titles leave here.
    """
    return await db.many(
        conn,
        Executive,
        """
        SELECT person_id, name, title_hi, title_en
          FROM (SELECT DISTINCT ON (p.id) p.id AS person_id, p.name, t.title_hi, t.title_en
                  FROM unit top
                  JOIN post t ON t.organisation_id = top.organisation_id AND t.unit_id = top.id
                  LEFT JOIN account c ON c.organisation_id = t.organisation_id
                                     AND c.id = t.account_id
                  JOIN person p ON p.organisation_id = t.organisation_id
                               AND p.id = coalesce(t.person_id, c.person_id)
                 WHERE top.organisation_id = current_organisation() AND top.parent_id IS NULL
                   AND top.number = split_part(%(path)s::text, '/', 2)::integer
                   AND t.since <= %(today)s AND (t.until IS NULL OR t.until >= %(today)s)
                   AND p.erased_at IS NULL
                 ORDER BY p.id, t.id) AS held
         ORDER BY name, person_id
         LIMIT %(limit)s
        """,
        path=path,
        today=today,
        limit=limit,
    )


async def eligible(
    conn: db.Conn, people: list[PersonId], path: str, *, scope: Scope, today: date
) -> list[Somebody]:
    """Return who of `people` may run a group at `path`: those within `scope`, and executives."""
    return await db.many(
        conn,
        Somebody,
        """
        SELECT p.id
          FROM person p
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE p.organisation_id = current_organisation() AND p.id = ANY(%(people)s::uuid[])
           AND p.erased_at IS NULL
           AND (EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                         WHERE u.path BETWEEN root AND root || '~')
                OR EXISTS (SELECT FROM unit top
                             JOIN post t ON t.organisation_id = top.organisation_id
                                        AND t.unit_id = top.id
                             LEFT JOIN account c ON c.organisation_id = t.organisation_id
                                                AND c.id = t.account_id
                            WHERE top.organisation_id = p.organisation_id
                              AND top.parent_id IS NULL
                              AND top.number = split_part(%(path)s::text, '/', 2)::integer
                              AND coalesce(t.person_id, c.person_id) = p.id
                              AND t.since <= %(today)s
                              AND (t.until IS NULL OR t.until >= %(today)s)))
        """,
        people=people,
        path=path,
        today=today,
        paths=scope.paths(),
    )


async def person_referenced(conn: db.Conn, reference: str, *, scope: Scope) -> Somebody | None:
    """Return who has this membership number, in digits of any script, if within `scope`."""
    return await db.maybe(
        conn,
        Somebody,
        """
        SELECT p.id
          FROM person p
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE p.organisation_id = current_organisation()
           AND p.reference = ANY(%(references)s::text[])
           AND p.erased_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY p.reference = %(reference)s DESC LIMIT 1
        """,
        reference=reference,
        references=digits.spellings(reference),
        paths=scope.paths(),
    )


async def belongings(conn: db.Conn, group: GroupId, *, scope: Scope) -> list[Belonging]:
    """Return in which categories a group within `scope` is and was, the newest first."""
    return await db.many(
        conn,
        Belonging,
        """
        SELECT c.category_key, c.since, c.until
          FROM (SELECT organisation_id, group_id, category_key, since, NULL::timestamptz AS until
                  FROM group_category
                UNION ALL
                SELECT organisation_id, group_id, category_key, since, until
                  FROM group_category_past) AS c
          JOIN chat_group g ON g.organisation_id = c.organisation_id AND g.id = c.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE c.organisation_id = current_organisation() AND c.group_id = %(group)s
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY c.until DESC NULLS FIRST, c.since DESC, c.category_key
        """,
        group=group,
        paths=scope.paths(),
    )


async def invite(conn: db.Conn, group: GroupId, *, scope: Scope) -> Invite | None:
    """Return the sealed invite of a group in whose unit `scope` may register groups."""
    return await db.maybe(
        conn,
        Invite,
        """
        SELECT g.invite_sealed AS sealed
          FROM chat_group g
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE g.organisation_id = current_organisation() AND g.id = %(group)s
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        group=group,
        paths=scope.paths(Right.REGISTER),
    )


async def senders_of_groups(conn: db.Conn) -> list[SenderOfGroups]:
    """Return the senders through which a group may be reached."""
    return await db.many(
        conn,
        SenderOfGroups,
        """
        SELECT id, name, channel FROM sender
         WHERE organisation_id = current_organisation()
           AND channel IN ('telegram', 'matrix', 'sandbox')
         ORDER BY channel, name
        """,
    )


async def unit_counts(conn: db.Conn, parent: UnitId, *, scope: Scope) -> list[UnitCount]:
    """Return for each unit right below `parent` how many live groups its subtree has.

    Reads the subtree once and tells the branches apart by their number in the path, instead of
    walking the range of every child.
    """
    return await db.many(
        conn,
        UnitCount,
        """
        WITH top AS MATERIALIZED (
            SELECT path, path_end FROM unit
             WHERE organisation_id = current_organisation() AND id = %(parent)s
        ), counted AS (
            SELECT split_part(substr(u.path, length(top.path) + 1), '/', 1) AS number,
                   count(*) FILTER (WHERE g.purpose = 'internal')::int AS internal,
                   count(*) FILTER (WHERE g.purpose = 'public')::int AS public
              FROM top
              JOIN unit u ON u.organisation_id = current_organisation()
                         AND u.path > top.path AND u.path <= top.path_end
              JOIN chat_group g ON g.organisation_id = current_organisation()
                               AND g.unit_id = u.id AND g.archived_at IS NULL
             GROUP BY 1
        )
        SELECT c.id AS unit_id, coalesce(n.internal, 0) AS internal,
               coalesce(n.public, 0) AS public
          FROM unit c
          LEFT JOIN counted n ON n.number = c.number::text
         WHERE c.organisation_id = current_organisation() AND c.parent_id = %(parent)s
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE c.path BETWEEN root AND root || '~')
         ORDER BY c.name_en, c.id
        """,
        parent=parent,
        paths=scope.paths(),
    )


async def headline(conn: db.Conn, *, scope: Scope) -> list[ChannelCount]:
    """Return how many live groups `scope` has on each channel, with how many members."""
    return await db.many(
        conn,
        ChannelCount,
        """
        SELECT g.channel, count(*)::int AS groups,
               coalesce(sum(g.size) FILTER (WHERE g.size_at IS NOT NULL), 0)::bigint AS members,
               count(*) FILTER (WHERE g.size_at IS NULL)::int AS unsized,
               min(g.size_at) AS oldest_size_at
          FROM chat_group g
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE g.organisation_id = current_organisation() AND g.archived_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         GROUP BY g.channel
         ORDER BY g.channel
        """,
        paths=scope.paths(),
    )


async def categories(conn: db.Conn) -> list[Category]:
    """Return every category of the organisation."""
    return await db.many(
        conn,
        Category,
        """
        SELECT key, name_hi, name_en FROM category
         WHERE organisation_id = current_organisation() ORDER BY key
        """,
    )


async def add_category(conn: db.Conn, key: str, *, name_hi: str, name_en: str) -> int:
    """Add a category, unless there is one of this key: then no row is touched."""
    return await db.run(
        conn,
        """
        INSERT INTO category (organisation_id, key, name_hi, name_en)
        VALUES (current_organisation(), %(key)s, %(name_hi)s, %(name_en)s)
        ON CONFLICT (organisation_id, key) DO NOTHING
        """,
        key=key,
        name_hi=name_hi,
        name_en=name_en,
    )


async def place_of_unit(conn: db.Conn, unit: UnitId, *, today: date) -> Place | None:
    """Return where a unit lies, whatever the scope: the caller compares."""
    return await db.maybe(
        conn,
        Place,
        """
        SELECT path, coalesce(ended_on <= %(today)s, false) AS ended
          FROM unit WHERE organisation_id = current_organisation() AND id = %(unit)s
           FOR KEY SHARE  -- so that it does not end before commit
        """,
        unit=unit,
        today=today,
    )


async def line_of_sender(conn: db.Conn, sender: UUID) -> Line | None:
    """Return through which channel a sender sends."""
    return await db.maybe(
        conn,
        Line,
        """
        SELECT channel FROM sender
         WHERE organisation_id = current_organisation() AND id = %(sender)s
        """,
        sender=sender,
    )
