"""Every statement that keeps others from the tree, or from units of it, until commit."""

from dataclasses import dataclass

from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class Alone:
    """Whether nobody brings in a file now."""

    alone: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """How many units somebody else is holding."""

    missed: int


async def try_alone(conn: db.Conn) -> bool:
    """Keep imports out until commit, unless one is running: it may run for minutes."""
    row = await db.one(
        conn,
        Alone,
        """
        SELECT pg_try_advisory_xact_lock(
                   hashtextextended('chaupal.import', current_organisation())) AS alone
        """,
    )
    return row.alone


async def take_turn(conn: db.Conn) -> None:
    """Let changes of the tree follow each other and wait for readers that need it still."""
    await db.run(
        conn,
        "SELECT pg_advisory_xact_lock(hashtextextended('chaupal.tree', current_organisation()))",
    )


async def stand_still(conn: db.Conn) -> None:
    """Let nothing move until commit: for who reads paths in one statement and uses them later."""
    await db.run(
        conn,
        """
        SELECT pg_advisory_xact_lock_shared(
                   hashtextextended('chaupal.tree', current_organisation()))
        """,
    )


async def hold(conn: db.Conn, paths: list[str]) -> int:
    """Hold every unit under `paths` against whoever adds to them, and return how many were missed.

    Never waits: one who holds a unit may wait for another that we hold already.
    """
    row = await db.one(
        conn,
        Missed,
        """
        WITH held AS (
            SELECT u.id
              FROM unnest(%(paths)s::text[]) AS root
              JOIN unit u ON u.organisation_id = current_organisation()
                         AND u.path BETWEEN root AND root || '~'
               FOR UPDATE OF u SKIP LOCKED
        )
        SELECT ((SELECT count(*)
                   FROM unnest(%(paths)s::text[]) AS root
                   JOIN unit u ON u.organisation_id = current_organisation()
                              AND u.path BETWEEN root AND root || '~')
                - (SELECT count(*) FROM held))::int AS missed
        """,
        paths=paths,
    )
    return row.missed
