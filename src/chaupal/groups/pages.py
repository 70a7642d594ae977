"""Every statement that pages about groups read with, besides the directory's own."""

from dataclasses import dataclass

from chaupal.groups.models import Group, GroupId, PageKey, UnitCount
from chaupal.kit import db
from chaupal.organisations.models import Scope, UnitId


@dataclass(frozen=True, slots=True)
class SenderName:
    """How a sender is called."""

    name: str


async def own_groups_page(
    conn: db.Conn, unit: UnitId, *, scope: Scope, after: PageKey | None, limit: int
) -> list[Group]:
    """Return the live groups of one unit itself, without those below it, by name."""
    return await db.many(
        conn,
        Group,
        """
        SELECT g.id, g.name, g.purpose::text AS purpose, g.channel, g.language, g.size, g.size_at,
               g.carries_notice, g.archived_at,
               g.unit_id, u.path AS unit_path, u.name_hi AS unit_name_hi,
               u.name_en AS unit_name_en, '{}'::text[] AS categories, 0 AS live_admins
          FROM chat_group g
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE g.organisation_id = current_organisation() AND g.unit_id = %(unit)s
           AND g.archived_at IS NULL
           AND (%(name)s::text IS NULL OR (g.name, g.id) > (%(name)s::text, %(id)s::uuid))
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY g.name, g.id
         LIMIT %(limit)s
        """,
        unit=unit,
        name=after.name if after else None,
        id=after.id if after else None,
        paths=scope.paths(),
        limit=limit,
    )


async def own_count(conn: db.Conn, unit: UnitId, *, scope: Scope) -> UnitCount:
    """Return how many live groups one unit has itself, without those below it."""
    return await db.one(
        conn,
        UnitCount,
        """
        SELECT %(unit)s::uuid AS unit_id,
               count(*) FILTER (WHERE g.purpose = 'internal')::int AS internal,
               count(*) FILTER (WHERE g.purpose = 'public')::int AS public
          FROM chat_group g
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE g.organisation_id = current_organisation() AND g.unit_id = %(unit)s::uuid
           AND g.archived_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        unit=unit,
        paths=scope.paths(),
    )


async def sender_name(conn: db.Conn, group: GroupId, *, scope: Scope) -> SenderName | None:
    """Return through which sender a group within `scope` is reached, if not by its admins."""
    return await db.maybe(
        conn,
        SenderName,
        """
        SELECT s.name
          FROM chat_group g
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
          JOIN sender s ON s.organisation_id = g.organisation_id AND s.id = g.sender_id
         WHERE g.organisation_id = current_organisation() AND g.id = %(group)s
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        group=group,
        paths=scope.paths(),
    )
