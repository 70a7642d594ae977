"""The ground that a bench stands on: engines of its own, durable, and gone afterwards."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import psutil
from psycopg import AsyncConnection

from chaupal import engine, world
from chaupal.engine import supervise
from chaupal.engine.migrate import migrate
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime
from chaupal.rehearsal.demo.progress import Steps

LOG_LEVEL = "warning"
LOOK_S = 0.05
LIMIT_S = 3_600


@dataclass(frozen=True, slots=True)
class Ground:
    """Engines, a runtime on them, and a way to tell how far we are."""

    settings: world.Settings
    engines: engine.Engines
    rt: Runtime
    http: aiohttp.ClientSession
    steps: Steps

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show a step as it goes."""
        with self.steps.step(name):
            yield

    @asynccontextmanager
    async def owner(self, organisation: OrganisationId) -> AsyncIterator[db.Conn]:
        """Give the owner's connection, for raw limits; each statement commits by itself."""
        assert self.engines.owner_dsn is not None
        async with await AsyncConnection.connect(self.engines.owner_dsn, autocommit=True) as conn:
            await conn.execute(
                "SELECT set_config('chaupal.organisation', %s::text, false)", (organisation,)
            )
            yield conn


@asynccontextmanager
async def opened(steps: Steps) -> AsyncIterator[Ground]:
    """Start engines in a temporary directory; at the end stop them and take it all away."""
    data = Path(tempfile.mkdtemp(prefix="chaupal-bench-"))
    settings = replace(world.with_free_ports(world.settings({}, data=data)), log_level=LOG_LEVEL)
    try:
        with steps.step("Engines: PostgreSQL and NATS"):
            engines = await asyncio.to_thread(engine.start, data)
        try:
            assert engines.owner_dsn is not None
            await asyncio.to_thread(migrate, engines.owner_dsn)
            async with (
                world.runtime(
                    settings, database_url=engines.program_dsn, nats_url=engines.nats_url
                ) as rt,
                aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
            ):
                yield Ground(settings, engines, rt, http, steps)
        finally:
            await asyncio.to_thread(engine.stop, engines)
    finally:
        shutil.rmtree(data, ignore_errors=True)


class Ended(Exception):
    """Our processes were told to stop before the bench was over, by Ctrl-C as a rule."""


@asynccontextmanager
async def processes(ground: Ground, *children: supervise.Child) -> AsyncIterator[None]:
    """Keep processes of Chaupal running for as long as the block lasts."""
    stop, over = asyncio.Event(), False

    async def keep() -> None:
        environment = world.for_children(ground.settings, ground.engines)
        await supervise.supervise(children, environment=environment, stop=stop)
        if not over:
            raise Ended

    async with asyncio.TaskGroup() as parts:
        parts.create_task(keep())
        try:
            async with asyncio.timeout(LIMIT_S):
                yield
        finally:
            over = True
            stop.set()


@dataclass(slots=True)
class Peak:
    """The most memory that one process held."""

    mb: float = 0.0

    async def watch(self, words: str) -> None:
        """Look at our child whose command line holds `words`, until cancelled."""
        while True:
            for child in psutil.Process().children():
                with suppress(psutil.Error):
                    if words in child.cmdline():
                        self.mb = max(self.mb, child.memory_info().rss / 1e6)
            await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def watched(words: str) -> AsyncIterator[Peak]:
    """Watch the memory of a child for as long as the block lasts."""
    peak = Peak()
    watching = asyncio.create_task(peak.watch(words))
    try:
        yield peak
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
