"""Migrations: numbered plain SQL, applied in order by the owner, one transaction each."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from chaupal.engine import postgres
from chaupal.engine.postgres import PROGRAM
from chaupal.kit import log
from chaupal.kit.refusals import Refused

FOLDER = Path(__file__).parent / "migrations"
FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
OLDEST_POSTGRES = 160000
# Any constant will do, so long as everyone who migrates uses the same one.
MIGRATION_LOCK = 0x6368617570616C

Session: TypeAlias = psycopg.Connection[tuple[Any, ...]]

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: what it is called, and exactly what it says."""

    number: int
    name: str
    statements: bytes = field(repr=False)

    @property
    def sha256(self) -> bytes:
        """Tell this text from any other."""
        return hashlib.sha256(self.statements).digest()


@dataclass(frozen=True, slots=True)
class Applied:
    """What a database remembers of a migration."""

    number: int
    name: str
    sha256: bytes


def migrate(
    owner_dsn: str, *, folder: Path = FOLDER, program_password: str | None = None
) -> list[str]:
    """Bring the database up to date and return the names of what was applied, in order.

    Any number may run this at once: one does the work and the others find nothing to do. A
    file that fails leaves its predecessors applied and nothing of itself. Refused where the
    database has a migration that we don't know (it belongs to a newer Chaupal) or remembers
    another text for one that we do. `program_password` is given to the program's role only
    if that has to be made.
    """
    files = read(folder)
    with postgres.connect(owner_dsn) as conn, _only_one(conn):
        _check_server(conn)
        _ensure_role(conn, program_password)
        with conn.transaction():
            _ensure_memory(conn)
        waiting = _compare(files, _applied(conn))
        for migration in waiting:
            _apply(conn, migration)
        return [migration.name for migration in waiting]


def pending(dsn: str, *, folder: Path = FOLDER) -> list[str]:
    """Return the names of migrations that wait to be applied; changes nothing."""
    files = read(folder)
    with postgres.connect(dsn) as conn:
        known = conn.execute("SELECT to_regclass('migration') IS NOT NULL").fetchone()
        applied = _applied(conn) if known == (True,) else []
    return [migration.name for migration in _compare(files, applied)]


def read(folder: Path = FOLDER) -> list[Migration]:
    """Return the folder's migrations in order. A name out of pattern or a gap is a bug."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = FILE_NAME.fullmatch(path.name)
        assert match is not None, f"{path.name} is not named NNNN_like_this.sql"
        found.append(Migration(int(match[1]), path.stem, path.read_bytes()))
    numbers = [migration.number for migration in found]
    assert numbers == list(range(1, len(found) + 1)), "migrations are numbered 1, 2, 3 …"
    return found


@contextmanager
def _only_one(conn: Session) -> Iterator[None]:
    conn.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute("SELECT pg_advisory_unlock(%s)", (MIGRATION_LOCK,))


def _check_server(conn: Session) -> None:
    if conn.info.server_version < OLDEST_POSTGRES:
        raise Refused("engine.postgres_too_old", version=conn.info.server_version // 10000)


def _ensure_role(conn: Session, password: str | None) -> None:
    """Have the program's role: one that can sign in, and is above no rule."""
    found = conn.execute(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", (PROGRAM,)
    ).fetchone()
    if found == (True,):
        raise Refused("engine.program_role_too_strong", role=PROGRAM)
    if found is None:
        create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        try:
            conn.execute(create.format(sql.Identifier(PROGRAM), sql.Literal(password)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise Refused("engine.program_role_missing", role=PROGRAM) from error
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            return  # made this instant by whoever migrates a neighbouring database


def _ensure_memory(conn: Session) -> None:
    role, database = sql.Identifier(PROGRAM), sql.Identifier(conn.info.dbname)
    conn.execute("""
        CREATE TABLE IF NOT EXISTS migration (
            number     integer PRIMARY KEY,
            name       text NOT NULL,
            sha256     bytea NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    conn.execute(sql.SQL("GRANT SELECT ON migration TO {}").format(role))
    may = conn.execute(
        "SELECT has_database_privilege(%s, current_database(), 'CONNECT')", [PROGRAM]
    )
    if may.fetchone() != (True,):
        conn.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role))


def _applied(conn: Session) -> list[Applied]:
    with conn.cursor(row_factory=class_row(Applied)) as cursor:
        cursor.execute("SELECT number, name, sha256 FROM migration ORDER BY number")
        return cursor.fetchall()


def _compare(files: list[Migration], applied: list[Applied]) -> list[Migration]:
    """Return what waits. Pure."""
    ours = {migration.number: migration for migration in files}
    for row in applied:
        if row.number not in ours:
            raise Refused("engine.migration_unknown", name=row.name)
        if ours[row.number].sha256 != row.sha256:
            raise Refused("engine.migration_changed", name=row.name)
    done = {row.number for row in applied}
    return [migration for migration in files if migration.number not in done]


def _apply(conn: Session, migration: Migration) -> None:
    with conn.transaction():
        conn.execute(migration.statements)
        conn.execute(
            "INSERT INTO migration (number, name, sha256) VALUES (%s, %s, %s)",
            (migration.number, migration.name, migration.sha256),
        )
    logger.info("migration.applied", name=migration.name)
