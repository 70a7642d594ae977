"""Judging staged memberships and taking them over, each step one statement for all rows.

In a file `until` is the last day; in the ledger it is the first on which it no longer holds, and
so it is here from `judge` on.
"""

from collections.abc import Iterable, Sequence

from chaupal.kit import db


async def stage(conn: db.Conn, rows: Iterable[Sequence[object]]) -> int:
    """Make the staging table and stream `rows` into it."""
    await db.run(
        conn,
        "CREATE TEMPORARY TABLE staged_membership (LIKE public.staged_membership INCLUDING ALL)"
        " ON COMMIT DROP",
    )
    staged = await db.copy(
        conn,
        "COPY staged_membership (line, reference, category, since, until, basis, refusal, culprit)"
        " FROM STDIN",
        rows,
    )
    await db.run(conn, "ANALYZE staged_membership")
    await db.run(
        conn,
        "CREATE OR REPLACE TEMPORARY VIEW staged_verdict AS"
        " SELECT line, outcome, refusal, culprit FROM staged_membership",
    )
    return staged


async def judge(conn: db.Conn, roots: Sequence[str]) -> int:
    """Find the person and the category of each row, and what is known; a blank end stays as it is.

    A category goes by its key, or by its name in either language.
    """
    return await db.run(
        conn,
        """
        UPDATE staged_membership s
           SET person_id = f.person_id, category_key = f.category_key, known = f.known,
               until = f.until, refusal = f.refusal
          FROM (
            SELECT s.line, p.id AS person_id, c.key AS category_key,
                   m.person_id IS NOT NULL AS known, coalesce(s.until + 1, m.until) AS until,
                   CASE
                     WHEN p.id IS NULL THEN 'person_unknown'
                     WHEN NOT EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                                       WHERE u.path BETWEEN root AND root || '~')
                          THEN 'outside_scope'
                     WHEN c.key IS NULL THEN 'category_unknown'
                   END AS refusal
              FROM staged_membership s
              LEFT JOIN person p ON p.organisation_id = current_organisation()
                                AND p.reference = s.reference AND p.erased_at IS NULL
              LEFT JOIN unit u ON u.organisation_id = current_organisation() AND u.id = p.unit_id
              LEFT JOIN LATERAL (
                  SELECT key FROM category
                   WHERE organisation_id = current_organisation()
                     AND lower(s.category) IN (key, lower(name_en), normalize(name_hi))
                   ORDER BY lower(s.category) = key DESC, key LIMIT 1) AS c ON true
              LEFT JOIN membership m ON m.organisation_id = current_organisation()
                                    AND m.person_id = p.id AND m.category_key = c.key
                                    AND m.since = s.since
             WHERE s.refusal IS NULL) AS f
         WHERE f.line = s.line
        """,
        roots=list(roots),
    )


async def refuse_repeated(conn: db.Conn) -> int:
    """Refuse rows that an earlier line says already."""
    return await db.run(
        conn,
        """
        UPDATE staged_membership s SET refusal = 'repeated'
          FROM (SELECT line, row_number() OVER (PARTITION BY person_id, category_key, since
                                                ORDER BY line) AS turn
                  FROM staged_membership WHERE refusal IS NULL) AS f
         WHERE f.line = s.line AND f.turn > 1
        """,
    )


async def refuse_known_overlaps(conn: db.Conn) -> int:
    """Refuse rows that would stretch a known membership over another one.

    Held against the others as they are and as the file has them: whichever rows are refused,
    nothing overlaps.
    """
    return await db.run(
        conn,
        """
        UPDATE staged_membership s SET refusal = 'overlaps'
         WHERE s.refusal IS NULL AND s.known
           AND (EXISTS (SELECT FROM membership m
                         WHERE m.organisation_id = current_organisation()
                           AND m.person_id = s.person_id AND m.category_key = s.category_key
                           AND m.since <> s.since
                           AND daterange(m.since, m.until) && daterange(s.since, s.until))
                OR EXISTS (SELECT FROM staged_membership o
                            WHERE o.person_id = s.person_id AND o.category_key = s.category_key
                              AND o.line <> s.line AND o.refusal IS NULL AND o.known
                              AND daterange(o.since, o.until) && daterange(s.since, s.until)))
        """,
    )


async def refuse_new_overlaps(conn: db.Conn) -> int:
    """Refuse new memberships on days on which they are members already, or by an earlier line."""
    return await db.run(
        conn,
        """
        UPDATE staged_membership s SET refusal = 'overlaps'
         WHERE s.refusal IS NULL AND NOT s.known
           AND (EXISTS (SELECT FROM staged_membership o
                         WHERE o.person_id = s.person_id AND o.category_key = s.category_key
                           AND o.line <> s.line AND o.refusal IS NULL
                           AND (o.known OR o.line < s.line)
                           AND daterange(o.since, o.until) && daterange(s.since, s.until))
                OR EXISTS (SELECT FROM membership m
                            WHERE m.organisation_id = current_organisation()
                              AND m.person_id = s.person_id AND m.category_key = s.category_key
                              AND daterange(m.since, m.until) && daterange(s.since, s.until)
                              AND NOT EXISTS (
                                  SELECT FROM staged_membership o
                                   WHERE o.person_id = m.person_id
                                     AND o.category_key = m.category_key AND o.since = m.since
                                     AND o.known AND o.refusal IS NULL)))
        """,
    )


async def settle(conn: db.Conn) -> int:
    """Give each row its outcome, by what it would change."""
    return await db.run(
        conn,
        """
        UPDATE staged_membership s
           SET outcome = CASE
             WHEN s.refusal IS NOT NULL THEN 'refused'
             WHEN NOT s.known THEN 'accepted'
             WHEN EXISTS (SELECT FROM membership m
                           WHERE m.organisation_id = current_organisation()
                             AND m.person_id = s.person_id AND m.category_key = s.category_key
                             AND m.since = s.since
                             AND (m.until, m.basis) IS DISTINCT FROM (s.until, s.basis))
             THEN 'updated' ELSE 'unchanged' END
        """,
    )


async def change(conn: db.Conn) -> int:
    """Give known memberships the end and the basis of the file."""
    return await db.run(
        conn,
        """
        UPDATE membership m SET until = s.until, basis = s.basis
          FROM staged_membership s
         WHERE m.organisation_id = current_organisation() AND m.person_id = s.person_id
           AND m.category_key = s.category_key AND m.since = s.since AND s.outcome = 'updated'
        """,
    )


async def add(conn: db.Conn) -> int:
    """Take over the new memberships."""
    return await db.run(
        conn,
        """
        INSERT INTO membership (organisation_id, category_key, person_id, since, until, basis)
        SELECT current_organisation(), category_key, person_id, since, until, basis
          FROM staged_membership WHERE outcome = 'accepted' ORDER BY line
        """,
    )
