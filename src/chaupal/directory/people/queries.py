"""The staging tables of people: made, filled batch by batch, measured."""

from chaupal.kit import db


async def make_staging(conn: db.Conn) -> None:
    """Make the staging tables, for this transaction alone."""
    await db.run(
        conn,
        """
        DO $$
        BEGIN
            CREATE TEMPORARY TABLE staged_person (LIKE public.staged_person INCLUDING ALL)
                ON COMMIT DROP;
            CREATE TEMPORARY TABLE staged_contact (LIKE public.staged_contact INCLUDING ALL)
                ON COMMIT DROP;
            CREATE TEMPORARY TABLE staged_refusal (LIKE public.staged_refusal INCLUDING ALL)
                ON COMMIT DROP;
            CREATE TEMPORARY TABLE staged_known (LIKE public.staged_known INCLUDING ALL)
                ON COMMIT DROP;
            CREATE TEMPORARY TABLE staged_change (LIKE public.staged_change INCLUDING ALL)
                ON COMMIT DROP;
            CREATE OR REPLACE TEMPORARY VIEW staged_verdict AS
            SELECT line, 'refused' AS outcome, refusal, culprit FROM staged_refusal
            UNION ALL
            SELECT s.line,
                   CASE WHEN k.line IS NULL THEN 'accepted' WHEN c.line IS NULL THEN 'unchanged'
                        ELSE 'updated' END,
                   NULL, NULL
              FROM staged_person s
              LEFT JOIN staged_known k ON k.line = s.line
              LEFT JOIN staged_change c ON c.line = s.line
             WHERE NOT EXISTS (SELECT FROM staged_refusal r WHERE r.line = s.line);
        END
        $$
        """,
    )


async def stage_people(conn: db.Conn, rows: bytes) -> None:
    """Stage people, as COPY reads them."""
    await db.pour(
        conn,
        "COPY staged_person (line, id, reference, unit_code, name, language, search_key)"
        " FROM STDIN",
        rows,
    )


async def stage_contacts(conn: db.Conn, rows: bytes) -> None:
    """Stage their addresses and consents, as COPY reads them."""
    await db.pour(
        conn,
        "COPY staged_contact (line, person_id, channel, sealed, lookup, language, basis, proof,"
        " notice_version, purposes) FROM STDIN",
        rows,
    )


async def stage_refusals(conn: db.Conn, rows: bytes) -> None:
    """Stage the lines that could not be read, as COPY reads them."""
    await db.pour(conn, "COPY staged_refusal (line, refusal, culprit) FROM STDIN", rows)


async def measure(conn: db.Conn) -> None:
    """Tell the planner what is staged, and what is noted beside it."""
    await db.run(
        conn,
        "ANALYZE staged_person, staged_contact, staged_refusal, staged_known, staged_change",
    )
