"""Statements over the counts of units. Adding to them is for triggers alone (0016)."""

from dataclasses import dataclass

from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class Differing:
    """How many units were counted wrong."""

    units: int


async def fold_tallies(conn: db.Conn) -> int:
    """Replace the deltas of each unit by their sum, and return how many units had several."""
    return await db.run(
        conn,
        """
        WITH several AS (
            SELECT unit_id FROM unit_tally WHERE organisation_id = current_organisation()
             GROUP BY unit_id HAVING count(*) > 1
        ), gone AS (
            DELETE FROM unit_tally t USING several s
             WHERE t.organisation_id = current_organisation() AND t.unit_id = s.unit_id
            RETURNING t.unit_id, t.people, t.internal_groups, t.public_groups
        )
        INSERT INTO unit_tally (organisation_id, unit_id, people, internal_groups, public_groups)
        SELECT current_organisation(), unit_id, sum(people), sum(internal_groups),
               sum(public_groups)
          FROM gone GROUP BY unit_id
        """,
    )


async def mend(conn: db.Conn) -> Differing:
    """Count all people and groups, and add to each unit's deltas what they are wrong by.

    One statement sees rows and deltas as they were at one moment, and both were always written
    together: so whoever is adding people meanwhile is in both or in neither.
    """
    return await db.one(
        conn,
        Differing,
        """
        WITH own AS (
            SELECT unit_id, count(*) AS people, 0 AS internal, 0 AS public
              FROM person
             WHERE organisation_id = current_organisation() AND erased_at IS NULL
             GROUP BY unit_id
            UNION ALL
            SELECT unit_id, 0, count(*) FILTER (WHERE purpose = 'internal'),
                   count(*) FILTER (WHERE purpose = 'public')
              FROM chat_group
             WHERE organisation_id = current_organisation() AND archived_at IS NULL
             GROUP BY unit_id
        ), wrong AS (
            SELECT unit_id, sum(people) AS people, sum(internal) AS internal, sum(public) AS public
              FROM (SELECT above.id AS unit_id, own.people, own.internal, own.public
                      FROM own
                      JOIN unit u ON u.organisation_id = current_organisation()
                                 AND u.id = own.unit_id
                     CROSS JOIN LATERAL unnest(numbers_above(u.path)) AS line (number)
                      JOIN unit above ON above.organisation_id = current_organisation()
                                     AND above.number = line.number
                    UNION ALL
                    SELECT unit_id, -people, -internal_groups, -public_groups
                      FROM unit_tally WHERE organisation_id = current_organisation()) AS both_sides
             GROUP BY unit_id
            HAVING sum(people) <> 0 OR sum(internal) <> 0 OR sum(public) <> 0
        ), mended AS (
            INSERT INTO unit_tally (organisation_id, unit_id, people, internal_groups,
                                    public_groups)
            SELECT current_organisation(), unit_id, people, internal, public FROM wrong
            RETURNING unit_id
        )
        SELECT count(*)::int AS units FROM mended
        """,
    )
