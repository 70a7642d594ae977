"""Every statement that reads coverage. The numbers are those of the last count."""

from datetime import date

from chaupal.groups.coverage.models import Booth, Counted, Coverage
from chaupal.kit import db
from chaupal.organisations.models import Scope, UnitId


async def counted(conn: db.Conn) -> Counted | None:
    """Return when coverage was counted last, or None before the first count."""
    return await db.maybe(
        conn,
        Counted,
        """
        SELECT counted_at, on_day FROM coverage_count
         WHERE organisation_id = current_organisation()
        """,
    )


async def of_units(conn: db.Conn, units: list[UnitId], *, scope: Scope) -> list[Coverage]:
    """Return the coverage of some units within `scope`, in the order of the tree."""
    return await db.many(
        conn,
        Coverage,
        """
        SELECT c.unit_id, u.code, u.name_hi, u.name_en, u.path, u.level_rank, c.booths,
               c.booths_covered, c.groups, c.groups_no_admin, c.groups_one_admin,
               c.category_groups, c.groups_no_executive, c.public_groups, c.sized_groups,
               c.stale_groups, c.members, c.oldest_size_at, c.newest_size_at, c.by_category
          FROM unit u
          JOIN coverage c ON c.organisation_id = u.organisation_id AND c.unit_id = u.id
         WHERE u.organisation_id = current_organisation() AND u.id = ANY(%(units)s::uuid[])
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY u.path
        """,
        units=units,
        paths=scope.paths(),
    )


async def of_unit(conn: db.Conn, unit: UnitId, *, scope: Scope) -> Coverage | None:
    """Return the coverage of a unit within `scope`, if it was there at the last count."""
    found = await of_units(conn, [unit], scope=scope)
    return found[0] if found else None


async def children(conn: db.Conn, parent: UnitId, *, scope: Scope, limit: int) -> list[Coverage]:
    """Return the units right below `parent`, those with the most bare booths first."""
    return await db.many(
        conn,
        Coverage,
        """
        SELECT c.unit_id, u.code, u.name_hi, u.name_en, u.path, u.level_rank, c.booths,
               c.booths_covered, c.groups, c.groups_no_admin, c.groups_one_admin,
               c.category_groups, c.groups_no_executive, c.public_groups, c.sized_groups,
               c.stale_groups, c.members, c.oldest_size_at, c.newest_size_at, c.by_category
          FROM unit u
          JOIN coverage c ON c.organisation_id = u.organisation_id AND c.unit_id = u.id
         WHERE u.organisation_id = current_organisation() AND u.parent_id = %(parent)s
           AND (u.ended_on IS NULL OR c.groups > 0 OR c.booths > 0)
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY c.booths - c.booths_covered DESC, c.booths DESC, u.path
         LIMIT %(limit)s
        """,
        parent=parent,
        paths=scope.paths(),
        limit=limit,
    )


async def grandchildren(
    conn: db.Conn, parent: UnitId, *, scope: Scope, limit: int
) -> list[Coverage]:
    """Return the units two steps below `parent`, in the order of the tree."""
    return await db.many(
        conn,
        Coverage,
        """
        SELECT c.unit_id, u.code, u.name_hi, u.name_en, u.path, u.level_rank, c.booths,
               c.booths_covered, c.groups, c.groups_no_admin, c.groups_one_admin,
               c.category_groups, c.groups_no_executive, c.public_groups, c.sized_groups,
               c.stale_groups, c.members, c.oldest_size_at, c.newest_size_at, c.by_category
          FROM unit u
          JOIN coverage c ON c.organisation_id = u.organisation_id AND c.unit_id = u.id
         WHERE u.organisation_id = current_organisation()
           AND u.parent_id IN (SELECT id FROM unit
                                WHERE organisation_id = current_organisation()
                                  AND parent_id = %(parent)s)
           AND (u.ended_on IS NULL OR c.groups > 0 OR c.booths > 0)
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY u.path
         LIMIT %(limit)s
        """,
        parent=parent,
        paths=scope.paths(),
        limit=limit,
    )


async def below(conn: db.Conn, path: str, rank: int, *, scope: Scope, limit: int) -> list[Coverage]:
    """Return the units of one level that lie at or below `path`, in the order of the tree."""
    return await db.many(
        conn,
        Coverage,
        """
        SELECT c.unit_id, u.code, u.name_hi, u.name_en, u.path, u.level_rank, c.booths,
               c.booths_covered, c.groups, c.groups_no_admin, c.groups_one_admin,
               c.category_groups, c.groups_no_executive, c.public_groups, c.sized_groups,
               c.stale_groups, c.members, c.oldest_size_at, c.newest_size_at, c.by_category
          FROM unit u
          JOIN coverage c ON c.organisation_id = u.organisation_id AND c.unit_id = u.id
         WHERE u.organisation_id = current_organisation() AND u.level_rank = %(rank)s
           AND u.path >= %(path)s::text AND u.path <= %(path)s::text || '~'
           AND (u.ended_on IS NULL OR c.groups > 0 OR c.booths > 0)
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY u.path
         LIMIT %(limit)s
        """,
        path=path,
        rank=rank,
        paths=scope.paths(),
        limit=limit,
    )


async def bare_booths(
    conn: db.Conn, path: str, *, scope: Scope, today: date, after: str | None, limit: int
) -> list[Booth]:
    """Return the booths below `path` that have no live public group now, and follow `after`."""
    return await db.many(
        conn,
        Booth,
        """
        SELECT u.id AS unit_id, u.code, u.name_hi, u.name_en, u.path,
               coalesce(above.name_hi, '') AS above_hi, coalesce(above.name_en, '') AS above_en
          FROM unit u
          LEFT JOIN unit above ON above.organisation_id = u.organisation_id
                              AND above.id = u.parent_id
         WHERE u.organisation_id = current_organisation()
           AND u.level_rank = (SELECT max(rank) FROM level
                                WHERE organisation_id = current_organisation())
           AND (u.ended_on IS NULL OR u.ended_on > %(today)s)
           AND u.path >= %(path)s::text AND u.path <= %(path)s::text || '~'
           AND u.path > coalesce(%(after)s::text, '')
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
           AND NOT EXISTS (SELECT FROM chat_group g
                            WHERE g.organisation_id = u.organisation_id AND g.unit_id = u.id
                              AND g.purpose = 'public' AND g.archived_at IS NULL)
         ORDER BY u.path
         LIMIT %(limit)s
        """,
        path=path,
        after=after,
        today=today,
        paths=scope.paths(),
        limit=limit,
    )
