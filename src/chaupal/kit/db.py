"""PostgreSQL, in a handful of verbs.

Every statement goes through `one`, `maybe`, `many` or `run`. SQL is a literal, parameters are
named, and rows come back as the frozen dataclass that the caller names, so a query and its
meaning can be read in one place, and tests/test_sql.py can have PostgreSQL prepare it.

A transaction belongs to one organisation: row-level security compares each row with the
setting `chaupal.organisation`, and shows nothing at all where it is unset.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString, TypeAlias, TypeVar

import msgspec
from psycopg import AsyncConnection, AsyncCursor, OperationalError
from psycopg.sql import SQL, Composed
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Unavailable

Conn: TypeAlias = AsyncConnection[Any]
Pool: TypeAlias = AsyncConnectionPool[Conn]
T = TypeVar("T")


@asynccontextmanager
async def transaction(pool: Pool, organisation: OrganisationId) -> AsyncIterator[Conn]:
    """Open the one transaction of an action, sealed to `organisation`; commits at the end.

    A database that is down or full is `Unavailable`: the caller can try again, and nothing
    was half done.
    """
    try:
        async with pool.connection() as conn, conn.transaction():
            await enter(conn, organisation)
            yield conn
    except (OperationalError, PoolTimeout) as error:
        raise Unavailable("engine.database_away", kind=type(error).__name__) from error


async def enter(conn: Conn, organisation: OrganisationId) -> None:
    """Seal what is left of this transaction to `organisation`."""
    await conn.execute("SELECT set_config('chaupal.organisation', %s::text, true)", (organisation,))


@asynccontextmanager
async def installation(pool: Pool) -> AsyncIterator[Conn]:
    """Open a transaction that belongs to no organisation: it sees only what all may see."""
    try:
        async with pool.connection() as conn, conn.transaction():
            yield conn
    except (OperationalError, PoolTimeout) as error:
        raise Unavailable("engine.database_away", kind=type(error).__name__) from error


def _typed(kind: type[T]) -> Callable[[AsyncCursor[Any]], Callable[[Sequence[Any]], T]]:
    """Make each row a `kind`: names must fit exactly, enums come from their values."""

    def factory(cursor: AsyncCursor[Any]) -> Callable[[Sequence[Any]], T]:
        names = [column.name for column in cursor.description or ()]

        def make(values: Sequence[Any]) -> T:
            return msgspec.convert(dict(zip(names, values, strict=True)), kind)

        return make

    return factory


async def many(conn: Conn, kind: type[T], sql: LiteralString, **params: object) -> list[T]:
    """Return every row, each as `kind`."""
    async with conn.cursor(row_factory=_typed(kind)) as cursor:
        await cursor.execute(sql, params)
        return await cursor.fetchall()


async def maybe(conn: Conn, kind: type[T], sql: LiteralString, **params: object) -> T | None:
    """Return the only row, or None."""
    rows = await many(conn, kind, sql, **params)
    assert len(rows) <= 1, f"expected at most one {kind.__name__}, found {len(rows)}"
    return rows[0] if rows else None


async def one(conn: Conn, kind: type[T], sql: LiteralString, **params: object) -> T:
    """Return the only row; its absence is a bug."""
    row = await maybe(conn, kind, sql, **params)
    assert row is not None, f"expected one {kind.__name__}, found none"
    return row


async def run(conn: Conn, sql: LiteralString, **params: object) -> int:
    """Execute a write and return how many rows it touched."""
    cursor = await conn.execute(sql, params)
    return cursor.rowcount


async def composed(
    conn: Conn, kind: type[T], sql: Composed | SQL, params: dict[str, object]
) -> list[T]:
    """Return every row of a composed statement. For the audience compiler alone."""
    async with conn.cursor(row_factory=_typed(kind)) as cursor:
        await cursor.execute(sql, params)
        return await cursor.fetchall()


async def copy(conn: Conn, sql: LiteralString, rows: Iterable[Sequence[object]]) -> int:
    """Stream `rows` through one COPY and return how many there were."""
    total = 0
    async with conn.cursor() as cursor, cursor.copy(sql) as stream:
        for row in rows:
            await stream.write_row(row)
            total += 1
    return total


async def pour(conn: Conn, sql: LiteralString, text: bytes) -> None:
    """Send rows that are written in COPY's text format already, all at once."""
    async with conn.cursor() as cursor, cursor.copy(sql) as stream:
        await stream.write(text)


async def copied(conn: Conn, sql: LiteralString) -> AsyncIterator[bytes]:
    """Stream what a COPY … TO STDOUT gives, piece by piece."""
    async with conn.cursor() as cursor, cursor.copy(sql) as stream:
        async for piece in stream:
            yield bytes(piece)
