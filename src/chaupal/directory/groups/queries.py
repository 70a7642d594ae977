"""Judging staged groups and taking them over, each step one statement for all rows."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from chaupal.kit import db


async def stage(conn: db.Conn, rows: Iterable[Sequence[object]]) -> int:
    """Make the staging tables and stream `rows` into the first."""
    await db.run(
        conn,
        "CREATE TEMPORARY TABLE staged_group (LIKE public.staged_group INCLUDING ALL)"
        " ON COMMIT DROP",
    )
    await db.run(
        conn,
        "CREATE TEMPORARY TABLE staged_admin (LIKE public.staged_admin INCLUDING ALL)"
        " ON COMMIT DROP",
    )
    staged = await db.copy(
        conn,
        "COPY staged_group (line, id, address, unit_code, name, purpose, channel, sender, language,"
        " size, categories, admins, notice, search_key, refusal, culprit) FROM STDIN",
        rows,
    )
    await db.run(conn, "ANALYZE staged_group")
    await db.run(
        conn,
        "CREATE OR REPLACE TEMPORARY VIEW staged_verdict AS"
        " SELECT line, outcome, refusal, culprit FROM staged_group",
    )
    return staged


async def judge(conn: db.Conn, roots: Sequence[str], *, excluded: Sequence[str]) -> int:
    """Find what is known of each row, and refuse what can be refused row by row.

    A known group keeps the id it has. What the file leaves blank becomes what is known. `excluded`
    are the channels whose providers do not take this organisation.
    """
    return await db.run(
        conn,
        """
        UPDATE staged_group s
           SET id = coalesce(f.known_id, s.id), known = f.known_id IS NOT NULL,
               unit_id = f.unit_id, sender_id = f.sender_id, language = f.language,
               notice = f.notice, refusal = f.refusal
          FROM (
            SELECT s.line, g.id AS known_id, u.id AS unit_id, d.id AS sender_id,
                   coalesce(s.language, g.language, 'hi') AS language,
                   coalesce(s.notice, g.carries_notice, false) AS notice,
                   CASE
                     WHEN row_number() OVER (PARTITION BY s.channel, s.address ORDER BY s.line) > 1
                          THEN 'repeated'
                     WHEN u.id IS NULL THEN 'unit_unknown'
                     WHEN NOT EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                                       WHERE u.path BETWEEN root AND root || '~')
                          THEN 'outside_scope'
                     WHEN earlier.id IS NOT NULL
                          AND NOT EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                                           WHERE earlier.path BETWEEN root AND root || '~')
                          THEN 'outside_scope'
                     WHEN u.ended_on IS NOT NULL THEN 'unit_ended'
                     WHEN g.archived_at IS NOT NULL THEN 'group_archived'
                     WHEN g.purpose::text <> s.purpose THEN 'purpose_differs'
                     WHEN s.sender IS NOT NULL AND d.id IS NULL THEN 'sender_unknown'
                     WHEN d.channel <> s.channel THEN 'sender_mismatch'
                     WHEN d.channel = ANY(%(excluded)s::text[]) THEN 'channel_excluded'
                     WHEN NOT string_to_array(s.categories, '|') <@ (
                              SELECT coalesce(array_agg(key), '{}') FROM category
                               WHERE organisation_id = current_organisation())
                          THEN 'category_unknown'
                   END AS refusal
              FROM staged_group s
              LEFT JOIN unit u ON u.organisation_id = current_organisation()
                              AND u.code = s.unit_code
              LEFT JOIN sender d ON d.organisation_id = current_organisation()
                                AND d.name = s.sender
              LEFT JOIN chat_group g ON g.organisation_id = current_organisation()
                                    AND g.channel = s.channel AND g.address = s.address
              LEFT JOIN unit earlier ON earlier.organisation_id = current_organisation()
                                    AND earlier.id = g.unit_id
             WHERE s.refusal IS NULL) AS f
         WHERE f.line = s.line
        """,
        roots=list(roots),
        excluded=list(excluded),
    )


async def stage_admins(conn: db.Conn, roots: Sequence[str], *, today: date) -> int:
    """Lay out the admins that exist, one a row, in their order.

    To somebody who may write below `roots` nobody else exists, but for those who run the group
    already and the executives of the organisation.
    """
    return await db.run(
        conn,
        """
        INSERT INTO staged_admin (line, person_id, turn)
        SELECT s.line, p.id, a.turn
          FROM staged_group s
         CROSS JOIN LATERAL unnest(string_to_array(s.admins, '|'))
               WITH ORDINALITY AS a (reference, turn)
          JOIN person p ON p.organisation_id = current_organisation()
                       AND p.reference = a.reference AND p.erased_at IS NULL
          JOIN unit w ON w.organisation_id = p.organisation_id AND w.id = p.unit_id
         WHERE s.refusal IS NULL
           AND (EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                         WHERE w.path BETWEEN root AND root || '~')
                OR EXISTS (SELECT FROM group_admin m
                            WHERE m.organisation_id = p.organisation_id AND m.group_id = s.id
                              AND m.person_id = p.id AND m.left_at IS NULL)
                OR EXISTS (SELECT FROM unit top
                             JOIN post t ON t.organisation_id = top.organisation_id
                                        AND t.unit_id = top.id
                             LEFT JOIN account c ON c.organisation_id = t.organisation_id
                                                AND c.id = t.account_id
                            WHERE top.organisation_id = p.organisation_id
                              AND top.parent_id IS NULL
                              AND coalesce(t.person_id, c.person_id) = p.id
                              AND t.since <= %(today)s
                              AND (t.until IS NULL OR t.until >= %(today)s)))
        ON CONFLICT (line, person_id) DO NOTHING
        """,
        roots=list(roots),
        today=today,
    )


async def measure_admins(conn: db.Conn) -> None:
    """Tell the planner how many admins were laid out."""
    await db.run(conn, "ANALYZE staged_admin")


async def refuse_admins(conn: db.Conn) -> int:
    """Refuse rows that name more admins than were found."""
    return await db.run(
        conn,
        """
        UPDATE staged_group s SET refusal = 'admin_unknown'
          FROM (SELECT s.line
                  FROM staged_group s LEFT JOIN staged_admin a ON a.line = s.line
                 WHERE s.refusal IS NULL AND s.admins IS NOT NULL
                 GROUP BY s.line, s.admins
                HAVING count(a.person_id) < cardinality(string_to_array(s.admins, '|'))) AS f
         WHERE f.line = s.line
        """,
    )


async def settle(conn: db.Conn, roots: Sequence[str]) -> int:
    """Give each row its outcome, by what it would change.

    Of admins who belong outside `roots` a file says nothing, unless it names them.
    """
    return await db.run(
        conn,
        """
        UPDATE staged_group s
           SET outcome = CASE
             WHEN s.refusal IS NOT NULL THEN 'refused'
             WHEN NOT s.known THEN 'accepted'
             WHEN EXISTS (SELECT FROM chat_group g
                           WHERE g.organisation_id = current_organisation() AND g.id = s.id
                             AND ((g.unit_id, g.name, g.sender_id, g.language, g.carries_notice)
                                  IS DISTINCT FROM
                                  (s.unit_id, s.name, s.sender_id, s.language, s.notice)
                                  OR s.size IS NOT NULL
                                     AND (g.size <> s.size OR g.size_at IS NULL)))
               OR s.categories IS NOT NULL
                  AND string_to_array(s.categories, '|') IS DISTINCT FROM ARRAY(
                      SELECT category_key COLLATE "C" FROM group_category
                       WHERE organisation_id = current_organisation() AND group_id = s.id
                       ORDER BY 1)
               OR s.admins IS NOT NULL
                  AND ARRAY(SELECT person_id FROM staged_admin
                             WHERE line = s.line ORDER BY turn)
                      IS DISTINCT FROM ARRAY(
                      SELECT m.person_id
                        FROM group_admin m
                        JOIN person p ON p.organisation_id = m.organisation_id
                                     AND p.id = m.person_id
                        JOIN unit w ON w.organisation_id = p.organisation_id AND w.id = p.unit_id
                       WHERE m.organisation_id = current_organisation() AND m.group_id = s.id
                         AND m.left_at IS NULL
                         AND (EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                                       WHERE w.path BETWEEN root AND root || '~')
                              OR EXISTS (SELECT FROM staged_admin n
                                          WHERE n.line = s.line AND n.person_id = m.person_id))
                       ORDER BY m.turn, m.person_id)
             THEN 'updated' ELSE 'unchanged' END
        """,
        roots=list(roots),
    )


async def measure(conn: db.Conn) -> None:
    """Tell the planner what the judging has left."""
    await db.run(conn, "ANALYZE staged_group")


async def add(conn: db.Conn, *, now: datetime) -> int:
    """Take over the new groups."""
    return await db.run(
        conn,
        """
        INSERT INTO chat_group (organisation_id, id, unit_id, name, purpose, channel, sender_id,
                                address, language, size, size_at, carries_notice, search_key)
        SELECT current_organisation(), id, unit_id, name, purpose::group_purpose, channel,
               sender_id, address, language, coalesce(size, 0),
               CASE WHEN size IS NOT NULL THEN %(now)s::timestamptz END, notice, search_key
          FROM staged_group WHERE outcome = 'accepted' ORDER BY line
        """,
        now=now,
    )


async def change(conn: db.Conn, *, now: datetime) -> int:
    """Give known groups what the file says of them."""
    return await db.run(
        conn,
        """
        UPDATE chat_group g
           SET unit_id = s.unit_id, name = s.name, sender_id = s.sender_id, language = s.language,
               carries_notice = s.notice, search_key = s.search_key,
               size = coalesce(s.size, g.size),
               size_at = CASE WHEN s.size IS NULL THEN g.size_at ELSE %(now)s::timestamptz END
          FROM staged_group s
         WHERE g.organisation_id = current_organisation() AND g.id = s.id
           AND s.outcome = 'updated'
        """,
        now=now,
    )


async def drop_categories(conn: db.Conn, *, now: datetime) -> int:
    """Take groups out of the categories that the file no longer names."""
    return await db.run(
        conn,
        """
        WITH gone AS (
            DELETE FROM group_category c USING staged_group s
             WHERE c.organisation_id = current_organisation() AND c.group_id = s.id
               AND s.outcome = 'updated' AND s.categories IS NOT NULL
               AND c.category_key <> ALL (string_to_array(s.categories, '|'))
            RETURNING c.group_id, c.category_key, c.since
        )
        INSERT INTO group_category_past (organisation_id, group_id, category_key, since, until)
        SELECT current_organisation(), group_id, category_key, since, %(now)s FROM gone
        """,
        now=now,
    )


async def add_categories(conn: db.Conn, *, now: datetime) -> int:
    """Put groups into the categories that the file names."""
    return await db.run(
        conn,
        """
        INSERT INTO group_category (organisation_id, category_key, group_id, since)
        SELECT current_organisation(), named.key, s.id, %(now)s
          FROM staged_group s
         CROSS JOIN LATERAL unnest(string_to_array(s.categories, '|')) AS named (key)
         WHERE s.outcome IN ('accepted', 'updated')
        ON CONFLICT DO NOTHING
        """,
        now=now,
    )


async def let_admins_go(conn: db.Conn, roots: Sequence[str], *, now: datetime) -> int:
    """Write down that admins whom the file no longer names have left.

    Those who belong outside `roots` stay: whoever wrote the file did not see them.
    """
    return await db.run(
        conn,
        """
        UPDATE group_admin a SET left_at = %(now)s
          FROM staged_group s, person p, unit w
         WHERE a.organisation_id = current_organisation() AND a.group_id = s.id
           AND s.outcome = 'updated' AND s.admins IS NOT NULL AND a.left_at IS NULL
           AND p.organisation_id = a.organisation_id AND p.id = a.person_id
           AND w.organisation_id = p.organisation_id AND w.id = p.unit_id
           AND EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                        WHERE w.path BETWEEN root AND root || '~')
           AND NOT EXISTS (SELECT FROM staged_admin n
                            WHERE n.line = s.line AND n.person_id = a.person_id)
        """,
        roots=list(roots),
        now=now,
    )


async def add_admins(conn: db.Conn, *, now: datetime) -> int:
    """Give groups the admins that the file names, in its order; who had left is back."""
    return await db.run(
        conn,
        """
        INSERT INTO group_admin AS held (organisation_id, group_id, person_id, turn, since)
        SELECT current_organisation(), s.id, a.person_id, a.turn, %(now)s
          FROM staged_group s JOIN staged_admin a ON a.line = s.line
         WHERE s.outcome IN ('accepted', 'updated')
        ON CONFLICT (organisation_id, group_id, person_id)
        DO UPDATE SET turn = excluded.turn, left_at = NULL,
                      since = CASE WHEN held.left_at IS NULL THEN held.since ELSE excluded.since END
        """,
        now=now,
    )
