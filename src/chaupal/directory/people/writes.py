"""Taking over what stands of staged people, some lines at a time, each step one statement."""

from datetime import datetime

from chaupal.directory.staging import Lines
from chaupal.kit import db


async def add(conn: db.Conn, lines: Lines, *, now: datetime) -> int:
    """Take over the new people of some lines."""
    return await db.run(
        conn,
        """
        INSERT INTO person (organisation_id, id, reference, unit_id, name, language, search_key,
                            since)
        SELECT u.organisation_id, s.id, s.reference, u.id, s.name, coalesce(s.language, 'hi'),
               s.search_key, %(now)s
          FROM staged_person s
          JOIN unit u ON u.organisation_id = current_organisation() AND u.code = s.unit_code
         WHERE s.line BETWEEN %(first)s AND %(last)s
           AND NOT EXISTS (SELECT FROM staged_refusal r WHERE r.line = s.line)
           AND NOT EXISTS (SELECT FROM staged_known k WHERE k.line = s.line)
        """,
        first=lines.first,
        last=lines.last,
        now=now,
    )


async def add_contacts(conn: db.Conn, lines: Lines, *, now: datetime) -> int:
    """Take over the addresses of the new people of some lines."""
    return await db.run(
        conn,
        """
        INSERT INTO contact_point (organisation_id, person_id, channel, sealed, lookup, since)
        SELECT (SELECT current_organisation()), c.person_id, c.channel, c.sealed, c.lookup, %(now)s
          FROM staged_contact c
         WHERE c.line BETWEEN %(first)s AND %(last)s
           AND NOT EXISTS (SELECT FROM staged_refusal r WHERE r.line = c.line)
           AND NOT EXISTS (SELECT FROM staged_known k WHERE k.line = c.line)
        """,
        first=lines.first,
        last=lines.last,
        now=now,
    )


async def add_consent(conn: db.Conn, lines: Lines, *, now: datetime) -> int:
    """Write into the ledger what the new people of some lines have agreed to."""
    return await db.run(
        conn,
        """
        INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version,
                             language, basis, proof, at)
        SELECT (SELECT current_organisation()), c.person_id,
               unnest(string_to_array(c.purposes, '|')), c.channel, 'given', c.notice_version,
               coalesce(c.language, 'hi'), c.basis, c.proof, %(now)s
          FROM staged_contact c
         WHERE c.line BETWEEN %(first)s AND %(last)s AND c.basis IS NOT NULL
           AND NOT EXISTS (SELECT FROM staged_refusal r WHERE r.line = c.line)
           AND NOT EXISTS (SELECT FROM staged_known k WHERE k.line = c.line)
        """,
        first=lines.first,
        last=lines.last,
        now=now,
    )


async def change(conn: db.Conn, lines: Lines) -> int:
    """Give the known people of some lines what the file says of them."""
    return await db.run(
        conn,
        """
        UPDATE person p
           SET unit_id = k.unit_id, name = s.name, language = k.language,
               search_key = s.search_key
          FROM staged_known k
          JOIN staged_person s ON s.line = k.line
         WHERE p.organisation_id = current_organisation() AND p.id = k.id AND k.differs
           AND p.erased_at IS NULL
           AND k.line BETWEEN %(first)s AND %(last)s
           AND EXISTS (SELECT FROM staged_change c WHERE c.line = k.line)
        """,
        first=lines.first,
        last=lines.last,
    )


async def drop_replaced_contacts(conn: db.Conn, lines: Lines) -> int:
    """Take out the addresses that some lines replace, channel by channel."""
    return await db.run(
        conn,
        """
        DELETE FROM contact_point held
         USING staged_change n
          JOIN staged_known k ON k.line = n.line
          JOIN staged_contact c ON c.line = n.line
         WHERE held.organisation_id = current_organisation() AND held.person_id = k.id
           AND held.channel = c.channel AND held.lookup <> c.lookup
           AND n.line BETWEEN %(first)s AND %(last)s
        """,
        first=lines.first,
        last=lines.last,
    )


async def change_contacts(conn: db.Conn, lines: Lines, *, now: datetime) -> int:
    """Take over the addresses of some lines that are new of known people."""
    return await db.run(
        conn,
        """
        INSERT INTO contact_point (organisation_id, person_id, channel, sealed, lookup, since)
        SELECT (SELECT current_organisation()), k.id, c.channel, c.sealed, c.lookup, %(now)s
          FROM staged_change n
          JOIN staged_known k ON k.line = n.line
          JOIN person p ON p.organisation_id = current_organisation() AND p.id = k.id
                       AND p.erased_at IS NULL
          JOIN staged_contact c ON c.line = n.line
         WHERE n.line BETWEEN %(first)s AND %(last)s
           AND NOT EXISTS (SELECT FROM contact_point held
                            WHERE held.organisation_id = current_organisation()
                              AND held.channel = c.channel AND held.lookup = c.lookup)
        """,
        first=lines.first,
        last=lines.last,
        now=now,
    )


async def change_consent(conn: db.Conn, lines: Lines, *, now: datetime) -> int:
    """Add to the ledger what known people of some lines have agreed to since."""
    return await db.run(
        conn,
        """
        INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version,
                             language, basis, proof, at)
        SELECT (SELECT current_organisation()), k.id, wanted.purpose, c.channel, 'given',
               c.notice_version, k.language, c.basis, c.proof, %(now)s
          FROM staged_change n
          JOIN staged_known k ON k.line = n.line
          JOIN person p ON p.organisation_id = current_organisation() AND p.id = k.id
                       AND p.erased_at IS NULL
          JOIN staged_contact c ON c.line = n.line AND c.basis IS NOT NULL
         CROSS JOIN LATERAL unnest(string_to_array(c.purposes, '|')) AS wanted (purpose)
          LEFT JOIN LATERAL (
              SELECT act, basis, notice_version FROM consent o
               WHERE o.organisation_id = current_organisation() AND o.person_id = k.id
                 AND o.purpose = wanted.purpose AND o.channel = c.channel
               ORDER BY o.id DESC LIMIT 1) AS newest ON true
         WHERE n.line BETWEEN %(first)s AND %(last)s
           AND newest.act IS DISTINCT FROM 'withdrawn'
           AND (c.basis, c.notice_version) IS DISTINCT FROM (newest.basis, newest.notice_version)
        """,
        first=lines.first,
        last=lines.last,
        now=now,
    )
