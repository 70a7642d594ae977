"""Judging staged people, some lines at a time, each step one statement for all of them.

A row that an earlier step has refused has no part in the later ones. Lines are judged in their
order, against those before them and the directory.
"""

from collections.abc import Sequence

from chaupal.directory.staging import Lines
from chaupal.kit import db


async def refuse_repeated(conn: db.Conn, lines: Lines) -> int:
    """Refuse rows whose reference an earlier line has."""
    return await db.run(
        conn,
        """
        INSERT INTO staged_refusal (line, refusal)
        SELECT s.line, 'repeated'
          FROM staged_person s
         WHERE s.line BETWEEN %(first)s AND %(last)s
           AND EXISTS (SELECT FROM staged_person e
                        WHERE e.reference = s.reference AND e.line < s.line)
        """,
        first=lines.first,
        last=lines.last,
    )


async def refuse_units(conn: db.Conn, lines: Lines, roots: Sequence[str]) -> int:
    """Refuse rows whose unit is none, no more, or none of ours."""
    return await db.run(
        conn,
        """
        WITH here AS MATERIALIZED (
            SELECT code, ended_on IS NULL AS lives,
                   EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                            WHERE path BETWEEN root AND root || '~') AS ours
              FROM unit WHERE organisation_id = current_organisation()
        )
        INSERT INTO staged_refusal (line, refusal)
        SELECT s.line, CASE WHEN u.code IS NULL THEN 'unit_unknown'
                            WHEN NOT u.ours THEN 'outside_scope' ELSE 'unit_ended' END
          FROM staged_person s
          LEFT JOIN here u ON u.code = s.unit_code
         WHERE s.line BETWEEN %(first)s AND %(last)s
           AND (u.code IS NULL OR NOT u.ours OR NOT u.lives)
           AND NOT EXISTS (SELECT FROM staged_refusal r WHERE r.line = s.line)
        """,
        first=lines.first,
        last=lines.last,
        roots=list(roots),
    )


async def note_known(conn: db.Conn, lines: Lines) -> int:
    """Note whom we know already, and whether the file says another unit, name or language."""
    return await db.run(
        conn,
        """
        INSERT INTO staged_known (line, id, from_id, unit_id, language, differs)
        SELECT s.line, p.id, p.unit_id, u.id, coalesce(s.language, p.language),
               (p.unit_id, p.name, p.language)
               IS DISTINCT FROM (u.id, s.name, coalesce(s.language, p.language))
          FROM staged_person s
          JOIN person p ON p.organisation_id = current_organisation()
                       AND p.reference = s.reference
          JOIN unit u ON u.organisation_id = current_organisation() AND u.code = s.unit_code
         WHERE s.line BETWEEN %(first)s AND %(last)s
           AND NOT EXISTS (SELECT FROM staged_refusal r WHERE r.line = s.line)
        """,
        first=lines.first,
        last=lines.last,
    )


async def refuse_from_elsewhere(conn: db.Conn, lines: Lines, roots: Sequence[str]) -> int:
    """Refuse known people who would come from a unit that is none of ours, or were erased."""
    return await db.run(
        conn,
        """
        INSERT INTO staged_refusal (line, refusal)
        SELECT k.line, CASE WHEN p.erased_at IS NULL THEN 'outside_scope' ELSE 'person_unknown' END
          FROM staged_known k
          JOIN person p ON p.organisation_id = current_organisation() AND p.id = k.id
          JOIN unit u ON u.organisation_id = current_organisation() AND u.id = k.from_id
         WHERE k.line BETWEEN %(first)s AND %(last)s
           AND (p.erased_at IS NOT NULL
                OR NOT EXISTS (SELECT FROM unnest(%(roots)s::text[]) AS root
                                WHERE u.path BETWEEN root AND root || '~'))
        """,
        first=lines.first,
        last=lines.last,
        roots=list(roots),
    )


async def refuse_repeated_addresses(conn: db.Conn, lines: Lines) -> int:
    """Refuse rows with an address that an earlier line has.

    Of an earlier line that is refused itself only for its addresses, they count all the same: what
    becomes of a row must not depend on where one check ends and the next begins.
    """
    return await db.run(
        conn,
        """
        INSERT INTO staged_refusal (line, refusal, culprit)
        SELECT DISTINCT ON (c.line) c.line, 'address_repeated', c.channel
          FROM staged_contact c
         WHERE c.line BETWEEN %(first)s AND %(last)s
           AND NOT EXISTS (SELECT FROM staged_refusal r WHERE r.line = c.line)
           AND EXISTS (SELECT FROM staged_contact e
                        WHERE e.lookup = c.lookup AND e.channel = c.channel AND e.line < c.line
                          AND NOT EXISTS (
                              SELECT FROM staged_refusal r
                               WHERE r.line = e.line
                                 AND r.refusal IN ('repeated', 'unit_unknown', 'unit_ended',
                                                   'outside_scope', 'person_unknown')))
         ORDER BY c.line, c.channel
        """,
        first=lines.first,
        last=lines.last,
    )


async def refuse_taken_addresses(conn: db.Conn, lines: Lines) -> int:
    """Refuse rows with an address that somebody else has in the directory."""
    return await db.run(
        conn,
        """
        INSERT INTO staged_refusal (line, refusal, culprit)
        SELECT DISTINCT ON (c.line) c.line, 'address_taken', c.channel
          FROM staged_contact c
          JOIN contact_point held ON held.organisation_id = current_organisation()
                                 AND held.channel = c.channel AND held.lookup = c.lookup
          LEFT JOIN staged_known k ON k.line = c.line
         WHERE c.line BETWEEN %(first)s AND %(last)s
           AND held.person_id IS DISTINCT FROM k.id
           AND NOT EXISTS (SELECT FROM staged_refusal r WHERE r.line = c.line)
         ORDER BY c.line, c.channel
        """,
        first=lines.first,
        last=lines.last,
    )


async def refuse_suppressed(conn: db.Conn, lines: Lines) -> int:
    """Refuse rows with the address of somebody erased, and rows that bring consent for an address
    whose owner, or the office, wants nothing sent there."""
    return await db.run(
        conn,
        """
        INSERT INTO staged_refusal (line, refusal, culprit)
        SELECT DISTINCT ON (c.line) c.line, 'address_suppressed', c.channel
          FROM suppression q
          JOIN staged_contact c ON c.channel = q.channel AND c.lookup = q.lookup
         WHERE q.organisation_id = current_organisation()
           AND c.line BETWEEN %(first)s AND %(last)s
           AND (q.reason = 'erased' OR c.basis IS NOT NULL)
           AND NOT EXISTS (SELECT FROM staged_refusal r WHERE r.line = c.line)
         ORDER BY c.line, c.channel
        """,
        first=lines.first,
        last=lines.last,
    )


async def refuse_withdrawn(conn: db.Conn, lines: Lines) -> int:
    """Refuse rows that bring consent of somebody who has withdrawn it: a file is no new yes."""
    return await db.run(
        conn,
        """
        INSERT INTO staged_refusal (line, refusal, culprit)
        SELECT DISTINCT c.line, 'consent_withdrawn', 'consent_basis'
          FROM staged_known k
          JOIN staged_contact c ON c.line = k.line AND c.basis IS NOT NULL
         CROSS JOIN LATERAL unnest(string_to_array(c.purposes, '|')) AS wanted (purpose)
         CROSS JOIN LATERAL (
             SELECT act FROM consent n
              WHERE n.organisation_id = current_organisation() AND n.person_id = k.id
                AND n.purpose = wanted.purpose AND n.channel = c.channel
              ORDER BY n.id DESC LIMIT 1) AS newest
         WHERE k.line BETWEEN %(first)s AND %(last)s AND newest.act = 'withdrawn'
           AND NOT EXISTS (SELECT FROM staged_refusal r WHERE r.line = k.line)
        """,
        first=lines.first,
        last=lines.last,
    )


async def note_changes(conn: db.Conn, lines: Lines) -> int:
    """Note which known people the file says something new of.

    Another basis or another notice is another act of consent.
    """
    return await db.run(
        conn,
        """
        INSERT INTO staged_change (line)
        SELECT line FROM (
            SELECT line FROM staged_known
             WHERE differs AND line BETWEEN %(first)s AND %(last)s
            UNION
            SELECT c.line
              FROM staged_known k
              JOIN staged_contact c ON c.line = k.line
              LEFT JOIN contact_point held ON held.organisation_id = current_organisation()
                                          AND held.channel = c.channel
                                          AND held.lookup = c.lookup
             WHERE held.person_id IS NULL AND k.line BETWEEN %(first)s AND %(last)s
            UNION
            SELECT c.line
              FROM staged_known k
              JOIN staged_contact c ON c.line = k.line AND c.basis IS NOT NULL
             CROSS JOIN LATERAL unnest(string_to_array(c.purposes, '|')) AS wanted (purpose)
              LEFT JOIN LATERAL (
                  SELECT basis, notice_version FROM consent n
                   WHERE n.organisation_id = current_organisation() AND n.person_id = k.id
                     AND n.purpose = wanted.purpose AND n.channel = c.channel
                   ORDER BY n.id DESC LIMIT 1) AS newest ON true
             WHERE k.line BETWEEN %(first)s AND %(last)s
               AND (c.basis, c.notice_version)
                   IS DISTINCT FROM (newest.basis, newest.notice_version)) AS new
         WHERE NOT EXISTS (SELECT FROM staged_refusal r WHERE r.line = new.line)
        """,
        first=lines.first,
        last=lines.last,
    )
