"""Judging staged units and taking them into the tree, each step one statement for all rows."""

from collections.abc import Iterable, Sequence

from chaupal.kit import db


async def stage(conn: db.Conn, rows: Iterable[Sequence[object]]) -> int:
    """Make the staging table and stream `rows` into it."""
    await db.run(
        conn,
        "CREATE TEMPORARY TABLE staged_unit (LIKE public.staged_unit INCLUDING ALL) ON COMMIT DROP",
    )
    staged = await db.copy(
        conn,
        "COPY staged_unit (line, id, code, parent_code, level, name_hi, name_en, search_key,"
        " refusal, culprit) FROM STDIN",
        rows,
    )
    await db.run(conn, "ANALYZE staged_unit")
    await db.run(
        conn,
        "CREATE OR REPLACE TEMPORARY VIEW staged_verdict AS"
        " SELECT line, outcome, refusal, culprit FROM staged_unit",
    )
    return staged


async def judge(conn: db.Conn, roots: Sequence[str]) -> int:
    """Find what is known of each row, and refuse what can be refused row by row."""
    return await db.run(
        conn,
        """
        UPDATE staged_unit s
           SET known_id = f.known_id, level_rank = f.level_rank, refusal = f.refusal
          FROM (
            SELECT s.line, known.id AS known_id, l.rank AS level_rank,
                   CASE
                     WHEN row_number() OVER (PARTITION BY s.code ORDER BY s.line) > 1
                          THEN 'repeated'
                     WHEN l.rank IS NULL THEN 'level_unknown'
                     WHEN NOT EXISTS (
                              SELECT FROM unnest(%(roots)s::text[]) AS root
                               WHERE coalesce(known.path, parent.path, '/')
                                     BETWEEN root AND root || '~')
                          AND (known.id IS NOT NULL OR parent.id IS NOT NULL
                               OR s.parent_code IS NULL)
                          THEN 'outside_scope'
                     WHEN known.ended_on IS NOT NULL OR parent.ended_on IS NOT NULL
                          THEN 'unit_ended'
                     WHEN known.level_rank <> l.rank THEN 'level_differs'
                     WHEN known.id IS NOT NULL AND parent.id IS DISTINCT FROM known.parent_id
                          THEN 'parent_differs'
                     WHEN known.id IS NULL AND s.parent_code IS NULL
                          AND (EXISTS (SELECT FROM unit WHERE parent_id IS NULL
                                          AND organisation_id = current_organisation())
                               OR count(*) FILTER (WHERE s.parent_code IS NULL)
                                  OVER (ORDER BY s.line) > 1)
                          THEN 'second_root'
                   END AS refusal
              FROM staged_unit s
              LEFT JOIN LATERAL (
                  SELECT rank FROM level
                   WHERE organisation_id = current_organisation()
                     AND lower(s.level) IN (key, lower(name_en), normalize(name_hi))
                   ORDER BY rank LIMIT 1) AS l ON true
              LEFT JOIN unit known ON known.organisation_id = current_organisation()
                                  AND known.code = s.code
              LEFT JOIN unit parent ON parent.organisation_id = current_organisation()
                                   AND parent.code = s.parent_code
             WHERE s.refusal IS NULL) AS f
         WHERE f.line = s.line
        """,
        roots=list(roots),
    )


async def refuse_orphans(conn: db.Conn) -> int:
    """Refuse new units whose parent is neither in the tree nor in the file."""
    return await db.run(
        conn,
        """
        UPDATE staged_unit s SET refusal = 'parent_unknown'
         WHERE s.refusal IS NULL AND s.known_id IS NULL AND s.parent_code IS NOT NULL
           AND NOT EXISTS (SELECT FROM unit u WHERE u.organisation_id = current_organisation()
                              AND u.code = s.parent_code)
           AND NOT EXISTS (SELECT FROM staged_unit p WHERE p.code = s.parent_code)
        """,
    )


async def refuse_cycles(conn: db.Conn) -> int:
    """Refuse units from which no way up ever ends: what cannot be reached from above."""
    return await db.run(
        conn,
        """
        WITH RECURSIVE reached (line, code) AS (
            SELECT s.line, s.code FROM staged_unit s
             WHERE s.parent_code IS NULL OR s.known_id IS NOT NULL OR s.refusal = 'parent_unknown'
                OR EXISTS (SELECT FROM unit u WHERE u.organisation_id = current_organisation()
                              AND u.code = s.parent_code)
            UNION
            SELECT s.line, s.code FROM reached r JOIN staged_unit s ON s.parent_code = r.code
        )
        UPDATE staged_unit s SET refusal = 'parent_cycle'
         WHERE s.refusal IS NULL AND NOT EXISTS (SELECT FROM reached r WHERE r.line = s.line)
        """,
    )


async def refuse_wrong_levels(conn: db.Conn) -> int:
    """Refuse new units whose level is not below their parent's."""
    return await db.run(
        conn,
        """
        UPDATE staged_unit s SET refusal = 'level_not_below_parent'
          FROM (SELECT code, level_rank FROM unit
                 WHERE organisation_id = current_organisation()
                UNION ALL
                SELECT code, level_rank FROM staged_unit
                 WHERE refusal IS NULL AND known_id IS NULL) AS p
         WHERE s.refusal IS NULL AND s.known_id IS NULL
           AND p.code = s.parent_code AND s.level_rank <= p.level_rank
        """,
    )


async def place(conn: db.Conn) -> int:
    """Give each new unit its number, and its path from the root down, through whole parents."""
    return await db.run(
        conn,
        """
        WITH RECURSIVE numbered AS MATERIALIZED (
            SELECT s.line, s.id, s.code, s.parent_code,
                   (SELECT coalesce(max(number), 0) FROM unit
                     WHERE organisation_id = current_organisation())
                   + row_number() OVER (ORDER BY s.line) AS number
              FROM staged_unit s
             WHERE s.refusal IS NULL AND s.known_id IS NULL
        ), placed (line, id, code, number, parent_id, path) AS (
            SELECT n.line, n.id, n.code, n.number, u.id,
                   coalesce(u.path COLLATE "default", '/') || n.number || '/'
              FROM numbered n
              LEFT JOIN unit u ON u.organisation_id = current_organisation()
                              AND u.code = n.parent_code
             WHERE n.parent_code IS NULL OR u.id IS NOT NULL
            UNION ALL
            SELECT n.line, n.id, n.code, n.number, p.id, p.path || n.number || '/'
              FROM placed p JOIN numbered n ON n.parent_code = p.code
        )
        UPDATE staged_unit s SET number = p.number, parent_id = p.parent_id, path = p.path
          FROM placed p WHERE p.line = s.line
        """,
    )


async def settle(conn: db.Conn) -> int:
    """Give each row its outcome. New units that found no place hang below a refused one."""
    return await db.run(
        conn,
        """
        UPDATE staged_unit s
           SET refusal = f.refusal,
               outcome = CASE WHEN f.refusal IS NOT NULL THEN 'refused'
                              WHEN s.known_id IS NULL THEN 'accepted'
                              WHEN f.differs THEN 'updated' ELSE 'unchanged' END
          FROM (SELECT s.line,
                       CASE WHEN s.refusal IS NULL AND s.known_id IS NULL AND s.path IS NULL
                            THEN 'parent_refused' ELSE s.refusal END AS refusal,
                       (u.name_hi, u.name_en) IS DISTINCT FROM (s.name_hi, s.name_en) AS differs
                  FROM staged_unit s
                  LEFT JOIN unit u ON u.organisation_id = current_organisation()
                                  AND u.id = s.known_id) AS f
         WHERE f.line = s.line
        """,
    )


async def measure(conn: db.Conn) -> None:
    """Tell the planner what the judging has left."""
    await db.run(conn, "ANALYZE staged_unit")


async def add(conn: db.Conn) -> int:
    """Take the accepted units into the tree."""
    return await db.run(
        conn,
        """
        INSERT INTO unit (organisation_id, id, number, parent_id, level_rank, code, name_hi,
                          name_en, path, search_key)
        SELECT current_organisation(), id, number, parent_id, level_rank, code, name_hi, name_en,
               path, search_key
          FROM staged_unit WHERE outcome = 'accepted' ORDER BY number
        """,
    )


async def rename(conn: db.Conn) -> int:
    """Give known units the names of the file."""
    return await db.run(
        conn,
        """
        UPDATE unit u SET name_hi = s.name_hi, name_en = s.name_en, search_key = s.search_key
          FROM staged_unit s
         WHERE u.organisation_id = current_organisation() AND u.id = s.known_id
           AND s.outcome = 'updated'
        """,
    )
