"""Every statement that says what belonged where on which day."""

from datetime import date

from chaupal.kit import db
from chaupal.organisations.models import Scope, UnitId
from chaupal.organisations.tree.models import Spell, Succession, Then


async def tree_on(conn: db.Conn, day: date, unit: UnitId, *, scope: Scope) -> list[Then]:
    """Return what hung directly from a unit on a day, as far as it lies within `scope` today."""
    return await db.many(
        conn,
        Then,
        """
        SELECT u.id, u.code, held.level_rank, held.name_hi, held.name_en, u.path,
               u.ended_on IS NULL AND u.parent_id = %(unit)s AS still
          FROM (SELECT id AS unit_id, level_rank, name_hi, name_en FROM unit
                 WHERE organisation_id = current_organisation() AND parent_id = %(unit)s
                   AND since <= %(day)s AND (ended_on IS NULL OR %(day)s < ended_on)
                UNION ALL
                SELECT unit_id, level_rank, name_hi, name_en FROM unit_past
                 WHERE organisation_id = current_organisation() AND parent_id = %(unit)s
                   AND since <= %(day)s AND %(day)s < until) AS held
          JOIN unit u ON u.organisation_id = current_organisation() AND u.id = held.unit_id
         WHERE EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY held.name_en, u.id
        """,
        day=day,
        unit=unit,
        paths=scope.paths(),
    )


async def lineage_on(conn: db.Conn, unit: UnitId, day: date, *, scope: Scope) -> list[Then]:
    """Return the units from the root down to this one as they were on a day.

    Empty where the unit was not there on that day, or is not within `scope`. What was above it
    is told by name alone, as `lineage` tells it of today.
    """
    return await db.many(
        conn,
        Then,
        """
        WITH RECURSIVE line (unit_id, parent_id, level_rank, name_hi, name_en) AS (
            SELECT held.*
              FROM (SELECT id, parent_id, level_rank, name_hi, name_en FROM unit
                     WHERE organisation_id = current_organisation() AND id = %(unit)s
                       AND since <= %(day)s AND (ended_on IS NULL OR %(day)s < ended_on)
                    UNION ALL
                    SELECT unit_id, parent_id, level_rank, name_hi, name_en FROM unit_past
                     WHERE organisation_id = current_organisation() AND unit_id = %(unit)s
                       AND since <= %(day)s AND %(day)s < until) AS held
             WHERE EXISTS (SELECT FROM unit here, unnest(%(paths)s::text[]) AS root
                            WHERE here.organisation_id = current_organisation()
                              AND here.id = %(unit)s
                              AND here.path BETWEEN root AND root || '~')
            UNION ALL
            SELECT held.*
              FROM line
             CROSS JOIN LATERAL (
                SELECT id, parent_id, level_rank, name_hi, name_en FROM unit
                 WHERE organisation_id = current_organisation() AND id = line.parent_id
                   AND since <= %(day)s AND (ended_on IS NULL OR %(day)s < ended_on)
                UNION ALL
                SELECT unit_id, parent_id, level_rank, name_hi, name_en FROM unit_past
                 WHERE organisation_id = current_organisation() AND unit_id = line.parent_id
                   AND since <= %(day)s AND %(day)s < until) AS held
        )
        SELECT u.id, u.code, line.level_rank, line.name_hi, line.name_en, u.path,
               u.ended_on IS NULL AND u.parent_id IS NOT DISTINCT FROM line.parent_id AS still
          FROM line
          JOIN unit u ON u.organisation_id = current_organisation() AND u.id = line.unit_id
         ORDER BY line.level_rank
        """,
        unit=unit,
        day=day,
        paths=scope.paths(),
    )


async def spells(conn: db.Conn, unit: UnitId, *, scope: Scope) -> list[Spell]:
    """Return what held of a unit within `scope` and when, the oldest first."""
    return await db.many(
        conn,
        Spell,
        """
        SELECT held.since, held.until, held.parent_id, p.name_hi AS parent_name_hi,
               p.name_en AS parent_name_en, held.name_hi, held.name_en
          FROM (SELECT since, ended_on AS until, parent_id, name_hi, name_en FROM unit
                 WHERE organisation_id = current_organisation() AND id = %(unit)s
                UNION ALL
                SELECT since, until, parent_id, name_hi, name_en FROM unit_past
                 WHERE organisation_id = current_organisation() AND unit_id = %(unit)s) AS held
          LEFT JOIN unit p ON p.organisation_id = current_organisation() AND p.id = held.parent_id
         WHERE EXISTS (SELECT FROM unit here, unnest(%(paths)s::text[]) AS root
                        WHERE here.organisation_id = current_organisation()
                          AND here.id = %(unit)s AND here.path BETWEEN root AND root || '~')
         ORDER BY held.since
        """,
        unit=unit,
        paths=scope.paths(),
    )


async def successions(conn: db.Conn, unit: UnitId, *, scope: Scope) -> list[Succession]:
    """Return where a unit within `scope` came from and what became of it, the oldest first."""
    return await db.many(
        conn,
        Succession,
        """
        SELECT s.kind::text, s.on_day, s.from_id = %(unit)s AS forward, o.id AS other_id,
               o.code AS other_code, o.name_hi AS other_name_hi, o.name_en AS other_name_en
          FROM unit_succession s
          JOIN unit o ON o.organisation_id = s.organisation_id
                     AND o.id = CASE WHEN s.from_id = %(unit)s THEN s.to_id ELSE s.from_id END
         WHERE s.organisation_id = current_organisation()
           AND %(unit)s IN (s.from_id, s.to_id)
           AND EXISTS (SELECT FROM unit here, unnest(%(paths)s::text[]) AS root
                        WHERE here.organisation_id = current_organisation()
                          AND here.id = %(unit)s AND here.path BETWEEN root AND root || '~')
         ORDER BY s.on_day, forward, o.name_en, o.id
        """,
        unit=unit,
        paths=scope.paths(),
    )
