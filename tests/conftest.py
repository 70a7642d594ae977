"""Real engines for every test: one PostgreSQL and one NATS a run, a cloned database a test."""

import logging
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import nats as nats_client
import psycopg
import pytest
from psycopg import AsyncConnection, sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

import privacy
from chaupal import world
from chaupal.channels.http import HttpClient
from chaupal.engine import migrate, nats, postgres
from chaupal.kit import log
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import Sealer

TEMPLATE = "chaupal"


@pytest.fixture(scope="session", autouse=True)
def logged(tmp_path_factory) -> Iterator[Path]:
    """Everything that is logged here, kept and searched at the end for what is personal.

    So are the logs of the processes that tests start: they lie below their `tmp_path`. Whoever
    keeps logs elsewhere, or pipes, has them searched where they end.
    """
    folder = Path(tempfile.mkdtemp(prefix="chaupal-logs-"))
    log.configure("debug")
    with (folder / "suite.log").open("w") as stream:
        handler = logging.getLogger().handlers[0]
        handler.setStream(stream)
        yield folder / "suite.log"
        handler.setStream(sys.stderr)
    found = privacy.found_in(folder / "suite.log")
    found += privacy.found_below(tmp_path_factory.getbasetemp())
    shutil.rmtree(folder)
    assert found == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Search what a test and its child processes, such as a worker's import, said aloud."""
    report = yield
    said = privacy.found(report.capstdout + report.capstderr, item.nodeid)
    if said and report.when == "teardown" and report.passed:
        report.outcome, report.longrepr = "failed", "\n".join(["this is personal:", *said])
    return report


@pytest.fixture(scope="session")
def engines() -> Iterator[tuple[postgres.Postgres, nats.Nats]]:
    """A PostgreSQL with a migrated template database, and a NATS, for the whole run.

    Not under pytest's own folder: pytest closes that to all others whenever another run
    begins, and as root the server runs as somebody else.
    """
    data = Path(tempfile.mkdtemp(prefix="chaupal-tests-"))
    try:
        database, bus = postgres.start(data, durable=False), nats.start(data, durable=False)
        migrate.migrate(database.owner_dsn)
        yield database, bus
    finally:
        nats.stop(data)
        postgres.stop(data)
        found = privacy.found_below(data)
        shutil.rmtree(data)
        assert found == []


@pytest.fixture
def database(engines) -> Iterator[postgres.Postgres]:
    """A fresh clone of the migrated database; commits and locks in it are real."""
    server, _ = engines
    name = f"test_{secrets.token_hex(6)}"
    admin = make_conninfo(server.owner_dsn, dbname="postgres")
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(TEMPLATE)
            )
        )
    yield postgres.Postgres(
        owner_dsn=make_conninfo(server.owner_dsn, dbname=name),
        program_dsn=make_conninfo(server.program_dsn, dbname=name),
        pid=server.pid,
    )
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class Clock:
    """A clock that a test may move. Runs by itself until it is set."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    def __call__(self) -> datetime:
        return self.at or datetime.now(UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def rt(engines, database, clock) -> AsyncIterator[Runtime]:
    """A runtime as the program has it: its own role, its own database, an empty arrivals log."""
    _, bus = engines
    connection = await nats_client.connect(bus.url)
    jetstream = connection.jetstream()
    for stream in await jetstream.streams_info():
        await jetstream.delete_stream(stream.config.name)
    async with AsyncConnectionPool(
        database.program_dsn,
        connection_class=AsyncConnection,
        min_size=1,
        max_size=8,
        timeout=10,
        kwargs={"options": world.SESSION},
        open=False,
    ) as pool:
        yield Runtime(
            pool=pool,
            nats=connection,
            sealer=Sealer(b"k" * 32),
            now=clock,
            public_url="http://links.invalid",
            desk_url="http://desk.invalid",
        )
    await connection.close()


@pytest.fixture(autouse=True)
def _no_settings_from_outside() -> None:
    """Tests read no DATABASE_URL of the machine they run on."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "NATS_URL", "CHAUPAL_DATA"):
        os.environ.pop(name, None)


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    async with HttpClient() as client:
        yield client
