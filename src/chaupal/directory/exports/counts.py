"""How much there is to export: said in the record before the first piece leaves."""

from collections.abc import Sequence
from dataclasses import dataclass

from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows an export would have."""

    rows: int


async def units(conn: db.Conn, *, roots: Sequence[str]) -> Counted:
    """Count the units below `roots`."""
    return await db.one(
        conn,
        Counted,
        """
        SELECT count(*)::int AS rows FROM unit u
         WHERE u.organisation_id = current_organisation() AND u.ended_on IS NULL
           AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        roots=list(roots),
    )


async def people(conn: db.Conn, *, roots: Sequence[str]) -> Counted:
    """Count the people below `roots`."""
    return await db.one(
        conn,
        Counted,
        """
        SELECT count(*)::int AS rows
          FROM unit u
          JOIN person p ON p.organisation_id = u.organisation_id AND p.unit_id = u.id
         WHERE u.organisation_id = current_organisation() AND p.erased_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        roots=list(roots),
    )


async def groups(conn: db.Conn, *, roots: Sequence[str]) -> Counted:
    """Count the groups below `roots`."""
    return await db.one(
        conn,
        Counted,
        """
        SELECT count(*)::int AS rows
          FROM unit u
          JOIN chat_group g ON g.organisation_id = u.organisation_id AND g.unit_id = u.id
         WHERE u.organisation_id = current_organisation() AND g.archived_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        roots=list(roots),
    )


async def posts(conn: db.Conn, *, roots: Sequence[str]) -> Counted:
    """Count the offices below `roots`."""
    return await db.one(
        conn,
        Counted,
        """
        SELECT count(*)::int AS rows
          FROM unit u
          JOIN office o ON o.organisation_id = u.organisation_id AND o.unit_id = u.id
         WHERE u.organisation_id = current_organisation() AND u.ended_on IS NULL
           AND o.abolished_on IS NULL
           AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        roots=list(roots),
    )


async def memberships(conn: db.Conn, *, roots: Sequence[str]) -> Counted:
    """Count the memberships of people below `roots`."""
    return await db.one(
        conn,
        Counted,
        """
        SELECT count(*)::int AS rows
          FROM unit u
          JOIN person p ON p.organisation_id = u.organisation_id AND p.unit_id = u.id
          JOIN membership m ON m.organisation_id = p.organisation_id AND m.person_id = p.id
         WHERE u.organisation_id = current_organisation() AND p.erased_at IS NULL
           AND coalesce(m.until > m.since, true)
           AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        roots=list(roots),
    )
