"""Judging staged posts and taking them over, each step one statement for all rows.

Offices are `alike` that have one name, role and unit. A seat is busy on the days of its terms.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from chaupal.kit import db

MOST_ALIKE = 1000


async def stage(conn: db.Conn, rows: Iterable[Sequence[object]]) -> int:
    """Make the staging table and stream `rows` into it."""
    await db.run(
        conn,
        "CREATE TEMPORARY TABLE staged_office (LIKE public.staged_office INCLUDING ALL)"
        " ON COMMIT DROP",
    )
    staged = await db.copy(
        conn,
        "COPY staged_office (line, id, unit_code, role, title_hi, title_en, reference, since,"
        " until, refusal, culprit) FROM STDIN",
        rows,
    )
    await db.run(conn, "ANALYZE staged_office")
    await db.run(
        conn,
        "CREATE OR REPLACE TEMPORARY VIEW staged_verdict AS"
        " SELECT line, outcome, refusal, culprit FROM staged_office",
    )
    return staged


async def take_offices_turn(conn: db.Conn) -> None:
    """Make changes of offices on the pages wait until commit, as those wait for each other."""
    await db.run(
        conn,
        "SELECT pg_advisory_xact_lock(hashtextextended('chaupal.offices', current_organisation()))",
    )


async def judge(conn: db.Conn, roots: Sequence[str]) -> int:
    """Find the unit and the person of each row, and number the offices that are alike."""
    return await db.run(
        conn,
        """
        UPDATE staged_office s
           SET unit_id = f.unit_id, person_id = f.person_id, alike = f.alike, refusal = f.refusal
          FROM (
            SELECT s.line, u.id AS unit_id, p.id AS person_id,
                   dense_rank() OVER (ORDER BY s.unit_code, s.role, s.title_hi, s.title_en)
                       AS alike,
                   CASE
                     WHEN u.id IS NULL THEN 'unit_unknown'
                     WHEN NOT EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                                       WHERE u.path BETWEEN root AND root || '~')
                          THEN 'outside_scope'
                     WHEN u.ended_on IS NOT NULL THEN 'unit_ended'
                     WHEN s.reference IS NOT NULL AND p.id IS NULL THEN 'person_unknown'
                   END AS refusal
              FROM staged_office s
              LEFT JOIN unit u ON u.organisation_id = current_organisation()
                              AND u.code = s.unit_code
              LEFT JOIN person p ON p.organisation_id = current_organisation()
                                AND p.reference = s.reference AND p.erased_at IS NULL
             WHERE s.refusal IS NULL) AS f
         WHERE f.line = s.line
        """,
        roots=list(roots),
    )


async def recognise(conn: db.Conn) -> int:
    """Find the terms that are known: of the same person, on some of the same days.

    A blank end stays as it is.
    """
    return await db.run(
        conn,
        """
        UPDATE staged_office s
           SET known_id = f.id, office_id = f.office_id, until = coalesce(s.until, f.until)
          FROM (
            SELECT DISTINCT ON (s.line) s.line, t.id, t.office_id, t.until
              FROM staged_office s
              JOIN office o ON o.organisation_id = current_organisation()
                           AND o.unit_id = s.unit_id AND o.role::text = s.role
                           AND o.title_hi = s.title_hi AND o.title_en = s.title_en
                           AND o.abolished_on IS NULL
              JOIN post t ON t.organisation_id = current_organisation() AND t.office_id = o.id
                         AND t.person_id = s.person_id AND coalesce(t.until >= t.since, true)
                         AND daterange(t.since, t.until + 1) && daterange(s.since, s.until + 1)
             WHERE s.refusal IS NULL
             ORDER BY s.line, t.since <> s.since, t.since) AS f
         WHERE f.line = s.line
        """,
    )


async def refuse_repeated(conn: db.Conn) -> int:
    """Refuse rows of somebody who holds such an office on some of the days by an earlier line."""
    return await db.run(
        conn,
        """
        UPDATE staged_office s SET refusal = 'repeated'
         WHERE s.refusal IS NULL AND s.person_id IS NOT NULL
           AND EXISTS (SELECT FROM staged_office e
                        WHERE e.alike = s.alike AND e.person_id = s.person_id
                          AND e.line < s.line AND e.refusal IS NULL
                          AND (e.known_id = s.known_id
                               OR daterange(e.since, e.until + 1)
                                  && daterange(s.since, s.until + 1)))
        """,
    )


async def refuse_overlaps(conn: db.Conn) -> int:
    """Refuse rows that would stretch a known term over another one of its seat.

    Held against the others as they are and as the file has them: whichever rows are refused,
    nothing overlaps.
    """
    return await db.run(
        conn,
        """
        UPDATE staged_office s SET refusal = 'overlaps'
         WHERE s.refusal IS NULL AND s.known_id IS NOT NULL
           AND (EXISTS (SELECT FROM post t
                         WHERE t.organisation_id = current_organisation()
                           AND t.office_id = s.office_id AND t.id <> s.known_id
                           AND coalesce(t.until >= t.since, true)
                           AND daterange(t.since, t.until + 1)
                               && daterange(s.since, s.until + 1))
                OR EXISTS (SELECT FROM staged_office o
                            WHERE o.office_id = s.office_id AND o.line <> s.line
                              AND o.refusal IS NULL
                              AND daterange(o.since, o.until + 1)
                                  && daterange(s.since, s.until + 1)))
        """,
    )


async def refuse_administrators(conn: db.Conn) -> int:
    """Refuse rows that would give or change an administrator's office."""
    return await db.run(
        conn,
        """
        UPDATE staged_office s SET refusal = 'administrator_by_hand', culprit = 'role'
         WHERE s.refusal IS NULL AND s.role = 'administrator' AND s.person_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM post t
                            WHERE t.organisation_id = current_organisation()
                              AND t.id = s.known_id
                              AND (t.since, t.until) IS NOT DISTINCT FROM (s.since, s.until))
        """,
    )


async def line_up(conn: db.Conn, *, today: date) -> int:
    """Number the rows that need a seat, among those alike, by the day from which they need it.

    A vacancy needs a seat that is free from today on. More than so many alike are a mistake.
    """
    return await db.run(
        conn,
        """
        UPDATE staged_office s
           SET turn = f.turn,
               refusal = CASE WHEN f.turn > %(most)s THEN 'too_many_alike' END
          FROM (SELECT line, row_number() OVER (
                           PARTITION BY alike
                           ORDER BY CASE WHEN person_id IS NULL THEN greatest(since, %(today)s)
                                         ELSE since END, line) AS turn
                  FROM staged_office
                 WHERE refusal IS NULL AND known_id IS NULL) AS f
         WHERE f.line = s.line
        """,
        today=today,
        most=MOST_ALIKE,
    )


async def measure(conn: db.Conn) -> None:
    """Tell the planner what the judging has left."""
    await db.run(conn, "ANALYZE staged_office")


async def place(conn: db.Conn, *, today: date) -> int:
    """Give each row its seat, all offices alike at once, row by row of theirs.

    The first seat that is free on all its days, known ones first; else a new one, which goes by
    the id of the row. It is refused where somebody who is not in the file holds such a seat: a
    second one beside them may be meant, or that they are to go.
    """
    return await db.run(
        conn,
        """
        WITH RECURSIVE busy AS (
            SELECT s.alike, o.id, o.since,
                   coalesce(range_agg(coalesce(daterange(n.since, n.until + 1),
                                               daterange(t.since, t.until + 1)))
                            FILTER (WHERE t.id IS NOT NULL), '{}') AS days,
                   coalesce(bool_or(n.line IS NULL AND t.person_id IS NOT NULL
                                    AND coalesce(t.until >= %(today)s, true)), false) AS guarded
              FROM (SELECT DISTINCT alike, unit_id, role, title_hi, title_en
                      FROM staged_office WHERE turn = 1 AND refusal IS NULL) AS s
              JOIN office o ON o.organisation_id = current_organisation()
                           AND o.unit_id = s.unit_id AND o.role::text = s.role
                           AND o.title_hi = s.title_hi AND o.title_en = s.title_en
                           AND o.abolished_on IS NULL
              LEFT JOIN post t ON t.organisation_id = current_organisation()
                              AND t.office_id = o.id AND coalesce(t.until >= t.since, true)
              LEFT JOIN staged_office n ON n.known_id = t.id AND n.refusal IS NULL
             GROUP BY s.alike, o.id, o.since
        ), placed (alike, turn, line, seat, seats, days, guarded) AS (
            SELECT s.alike, 0, NULL::integer, NULL::uuid,
                   coalesce(array_agg(b.id ORDER BY b.since, b.id)
                            FILTER (WHERE b.id IS NOT NULL), '{}'),
                   coalesce(array_agg(b.days ORDER BY b.since, b.id)
                            FILTER (WHERE b.id IS NOT NULL), '{}'),
                   coalesce(bool_or(b.guarded), false)
              FROM staged_office s LEFT JOIN busy b ON b.alike = s.alike
             WHERE s.turn = 1 AND s.refusal IS NULL
             GROUP BY s.alike
            UNION ALL
            SELECT p.alike, w.turn, w.line,
                   CASE WHEN fit.place IS NOT NULL THEN p.seats[fit.place]
                        WHEN NOT p.guarded THEN w.id END,
                   CASE WHEN fit.place IS NULL AND NOT p.guarded THEN p.seats || w.id
                        ELSE p.seats END,
                   CASE WHEN fit.place IS NOT NULL
                        THEN p.days[:fit.place - 1] || (p.days[fit.place] + wanted.days)
                             || p.days[fit.place + 1:]
                        WHEN NOT p.guarded THEN p.days || wanted.days
                        ELSE p.days END,
                   p.guarded
              FROM placed p
              JOIN staged_office w ON w.alike = p.alike AND w.turn = p.turn + 1
                                  AND w.refusal IS NULL
             CROSS JOIN LATERAL (
                 SELECT datemultirange(daterange(
                            CASE WHEN w.person_id IS NULL THEN greatest(w.since, %(today)s)
                                 ELSE w.since END, w.until + 1)) AS days) AS wanted
             CROSS JOIN LATERAL (
                 SELECT min(place) AS place FROM generate_subscripts(p.days, 1) AS place
                  WHERE NOT p.days[place] && wanted.days) AS fit
        )
        UPDATE staged_office s
           SET office_id = p.seat, refusal = CASE WHEN p.seat IS NULL THEN 'office_held' END
          FROM placed p WHERE p.line = s.line
        """,
        today=today,
    )


async def settle(conn: db.Conn) -> int:
    """Give each row its outcome. A vacancy that is one already stays as it is."""
    return await db.run(
        conn,
        """
        UPDATE staged_office s
           SET outcome = CASE
             WHEN s.refusal IS NOT NULL THEN 'refused'
             WHEN s.known_id IS NOT NULL THEN
                  CASE WHEN EXISTS (SELECT FROM post t
                                     WHERE t.organisation_id = current_organisation()
                                       AND t.id = s.known_id
                                       AND (t.since, t.until)
                                           IS DISTINCT FROM (s.since, s.until))
                       THEN 'updated' ELSE 'unchanged' END
             WHEN s.person_id IS NULL
                  AND EXISTS (SELECT FROM office o
                               WHERE o.organisation_id = current_organisation()
                                 AND o.id = s.office_id)
             THEN 'unchanged' ELSE 'accepted' END
        """,
    )


async def change(conn: db.Conn, *, now: datetime) -> int:
    """Give known terms the days of the file, before anybody new sits down."""
    return await db.run(
        conn,
        """
        UPDATE post t
           SET since = s.since, until = s.until,
               planned_until = CASE WHEN t.until IS DISTINCT FROM s.until THEN t.until
                                    ELSE t.planned_until END,
               ended_at = CASE WHEN t.until IS DISTINCT FROM s.until THEN %(now)s
                               ELSE t.ended_at END
          FROM staged_office s
         WHERE t.organisation_id = current_organisation() AND t.id = s.known_id
           AND s.outcome = 'updated'
        """,
        now=now,
    )


async def add_offices(conn: db.Conn) -> int:
    """Add the seats that are new."""
    return await db.run(
        conn,
        """
        INSERT INTO office (organisation_id, id, unit_id, role, title_hi, title_en, since)
        SELECT current_organisation(), first.id, first.unit_id, first.role::post_role,
               first.title_hi, first.title_en,
               (SELECT min(since) FROM staged_office s
                 WHERE s.office_id = first.id AND s.outcome = 'accepted')
          FROM staged_office first
         WHERE first.outcome = 'accepted' AND first.office_id = first.id
         ORDER BY first.line
        """,
    )


async def lengthen(conn: db.Conn) -> int:
    """Let offices begin no later than the first term in them."""
    return await db.run(
        conn,
        """
        UPDATE office o SET since = f.since
          FROM (SELECT office_id, min(since) AS since FROM staged_office
                 WHERE outcome IN ('accepted', 'updated') GROUP BY office_id) AS f
         WHERE o.organisation_id = current_organisation() AND o.id = f.office_id
           AND o.since > f.since
        """,
    )


async def add_terms(conn: db.Conn) -> int:
    """Seat those who are new."""
    return await db.run(
        conn,
        """
        INSERT INTO post (organisation_id, id, office_id, unit_id, person_id, role, title_hi,
                          title_en, since, until)
        SELECT current_organisation(), id, office_id, unit_id, person_id, role::post_role,
               title_hi, title_en, since, until
          FROM staged_office
         WHERE outcome = 'accepted' AND person_id IS NOT NULL
         ORDER BY line
        """,
    )
