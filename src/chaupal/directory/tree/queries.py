"""Statements that take the people and groups of one unit to another, all at once."""

from dataclasses import dataclass
from uuid import UUID

from chaupal.kit import db
from chaupal.organisations.models import Scope, UnitId


@dataclass(frozen=True, slots=True)
class OwnGroup:
    """A group that belongs to a unit itself."""

    id: UUID
    name: str
    purpose: str


async def take_people(conn: db.Conn, unit: UnitId, *, to: UnitId) -> int:
    """Let everybody who belongs to a unit itself belong to another, erased people as well."""
    return await db.run(
        conn,
        """
        UPDATE person SET unit_id = %(to)s
         WHERE organisation_id = current_organisation() AND unit_id = %(unit)s
        """,
        unit=unit,
        to=to,
    )


async def take_groups(conn: db.Conn, unit: UnitId, *, to: UnitId) -> int:
    """Let every group of a unit itself belong to another, archived ones as well."""
    return await db.run(
        conn,
        """
        UPDATE chat_group SET unit_id = %(to)s
         WHERE organisation_id = current_organisation() AND unit_id = %(unit)s
        """,
        unit=unit,
        to=to,
    )


async def hand_groups(conn: db.Conn, unit: UnitId, *, ids: list[UUID], to: list[UnitId]) -> int:
    """Let these groups of a unit itself belong to others; one that is not its own is left out."""
    return await db.run(
        conn,
        """
        UPDATE chat_group g SET unit_id = h.unit_id
          FROM unnest(%(ids)s::uuid[], %(to)s::uuid[]) AS h (id, unit_id)
         WHERE g.organisation_id = current_organisation() AND g.id = h.id AND g.unit_id = %(unit)s
        """,
        unit=unit,
        ids=ids,
        to=to,
    )


async def own_groups(conn: db.Conn, unit: UnitId, *, scope: Scope, limit: int) -> list[OwnGroup]:
    """Return the groups that belong to a unit within `scope` itself, by name."""
    return await db.many(
        conn,
        OwnGroup,
        """
        SELECT g.id, g.name, g.purpose::text
          FROM chat_group g
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE g.organisation_id = current_organisation() AND g.unit_id = %(unit)s
           AND g.archived_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY g.name, g.id
         LIMIT %(limit)s
        """,
        unit=unit,
        paths=scope.paths(),
        limit=limit,
    )
