"""The engines, PostgreSQL and NATS JetStream: found by URL, or started from their wheels."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from chaupal.engine import nats, postgres, processes
from chaupal.kit import log
from chaupal.kit.refusals import Refused, Unavailable

WATCH_S = 1.0

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Engines:
    """Where the engines are. Addresses hold secrets, so they stay out of `repr`.

    `owner_dsn` is None where a foreign database was named without its owner: then nothing
    can be migrated. The pids are those of embedded engines.
    """

    data: Path
    program_dsn: str = field(repr=False)
    owner_dsn: str | None = field(repr=False)
    nats_url: str = field(repr=False)
    postgres_pid: int | None
    nats_pid: int | None
    mark: IO[str] = field(repr=False, compare=False)


def start(
    data: Path,
    *,
    database_url: str | None = None,
    database_owner_url: str | None = None,
    nats_url: str | None = None,
    durable: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> Engines:
    """Use the engines whose URLs are given, and have the others run under `data`.

    Several programs may share the embedded engines: each start leaves a mark that dies with
    its process, and the last one to stop takes the engines down.
    """
    data = data.resolve()
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unavailable("engine.directory_not_writable", path=str(data)) from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise Unavailable("engine.directory_not_writable", path=str(data))
    with processes.alone(data / "engines.lock"):
        database: postgres.Postgres | None = None
        broker: nats.Nats | None = None
        if database_url is None:
            progress("postgres")
            database = postgres.start(data, durable=durable)
        if nats_url is None:
            progress("nats")
            broker = nats.start(data, durable=durable)
        return Engines(
            data=data,
            program_dsn=database.program_dsn if database else str(database_url),
            owner_dsn=database.owner_dsn if database else database_owner_url,
            nats_url=broker.url if broker else str(nats_url),
            postgres_pid=database.pid if database else None,
            nats_pid=broker.pid if broker else None,
            mark=processes.hold(data / "engines.used"),
        )


def stop(engines: Engines) -> bool:
    """Let go of the engines; stop the embedded ones if nobody else uses them, and say so."""
    with processes.alone(engines.data / "engines.lock"):
        if not processes.let_go(engines.mark):
            return False
        if engines.nats_pid is not None:
            nats.stop(engines.data)
        if engines.postgres_pid is not None:
            postgres.stop(engines.data)
        return True


async def keep(engines: Engines, stopped: asyncio.Event, *, durable: bool = True) -> None:
    """Start an embedded engine again when it dies, at the same address, until `stopped`.

    One that refuses to start is tried again, since a full disk may have room a minute later.
    """
    while not stopped.is_set():
        try:
            await asyncio.to_thread(_revive, engines, durable=durable)
        except Refused as refused:
            logger.warning("engine.cannot_start", code=refused.code)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), WATCH_S)


def _revive(engines: Engines, *, durable: bool) -> None:
    if engines.postgres_pid is not None and postgres.running(engines.data) is None:
        logger.warning("postgres.died")
        postgres.start(engines.data, durable=durable)
    if engines.nats_pid is not None and nats.running(engines.data) is None:
        logger.warning("nats.died")
        nats.start(engines.data, durable=durable)
