"""The demonstration's world: engines, the sandbox, Chaupal's processes and the simulated admins."""

import asyncio
import math
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import psutil

from chaupal import engine, world
from chaupal.engine import supervise
from chaupal.engine.migrate import migrate
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime
from chaupal.rehearsal.demo import queries
from chaupal.rehearsal.demo.progress import Steps
from chaupal.rehearsal.provider import process

READY_LIMIT_S = 60
WATCH_MEMORY_S = 0.5
ENDING = (signal.SIGINT, signal.SIGTERM)
# Seconds, where in earnest these are half an hour, two hours, four hours.
PATIENCE_S = (8, 16, 24, 8)


@dataclass(slots=True)
class Memory:
    """The most memory that our own processes held together; engines are not counted."""

    peak_mb: float = 0.0

    async def watch(self, stop: asyncio.Event) -> None:
        """Look twice a second until told to stop."""
        me = psutil.Process()
        while not stop.is_set():
            total = me.memory_info().rss
            for child in me.children(recursive=True):
                try:
                    if not _is_engine(child):
                        total += child.memory_info().rss
                except psutil.Error:
                    continue
            self.peak_mb = max(self.peak_mb, total / 1e6)
            try:
                await asyncio.wait_for(stop.wait(), WATCH_MEMORY_S)
            except TimeoutError:
                continue


def _is_engine(child: psutil.Process) -> bool:
    return child.name().startswith(("postgres", "nats-server"))


def age_s() -> int:
    """Return how long ago the operating system started this process, in whole seconds, up."""
    return math.ceil(time.time() - psutil.Process().create_time())


@dataclass(frozen=True, slots=True)
class Town:
    """Everything that a demonstration talks to."""

    rt: Runtime
    settings: world.Settings
    engines: engine.Engines
    provider: str
    http: aiohttp.ClientSession

    async def stats(self) -> dict[str, Any]:
        """Return what the sandbox counts."""
        async with self.http.get(f"{self.provider}/control/stats") as answer:
            told: dict[str, Any] = await answer.json()
        return told


@contextmanager
def cancelled_by_signals() -> Iterator[None]:
    """Have SIGINT or SIGTERM cancel this task, once: a second one must not disturb its ending."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def cancel() -> None:
        if not task.cancelling():
            task.cancel()

    for number in ENDING:
        loop.add_signal_handler(number, cancel)
    try:
        yield
    finally:
        for number in ENDING:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def opened(settings: world.Settings, steps: Steps) -> AsyncIterator[Town]:
    """Start the engines and the sandbox; at the end stop what was started, and only that."""
    with steps.step("Engines: PostgreSQL and NATS"):
        engines = await _engines(settings)
    try:
        if engines.owner_dsn is not None:
            await asyncio.to_thread(migrate, engines.owner_dsn)
        book = settings.data / "sandbox.book"
        async with (
            world.runtime(
                settings, database_url=engines.program_dsn, nats_url=engines.nats_url
            ) as rt,
            process.running(book) as provider,
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http,
        ):
            yield Town(rt, settings, engines, provider.url, http)
    finally:
        await asyncio.to_thread(engine.stop, engines)


async def _engines(settings: world.Settings) -> engine.Engines:
    """Start the engines. A thread can't be called back: when cancelled, stop what it started."""
    starting = asyncio.create_task(
        asyncio.to_thread(
            engine.start,
            settings.data,
            database_url=settings.database_url,
            database_owner_url=settings.database_owner_url,
            nats_url=settings.nats_url,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.to_thread(engine.stop, await starting)
        raise


async def point_senders(town: Town, organisation: OrganisationId) -> None:
    """Tell the sandbox of this organisation's bots, and the senders where the sandbox is now."""
    async with db.transaction(town.rt.pool, organisation) as conn:
        senders = await queries.senders(conn)
        await queries.move_senders(conn, town.provider)
    for sender in senders:  # a handful
        unseal = town.rt.sealer.unseal
        bot = {
            "token": unseal(sender.sealed_token, f"sender/{sender.id}/token"),
            "name": f"{organisation}-{sender.name}",
            "webhook_url": f"{town.settings.public_url}/in/{organisation}/{sender.id}",
            "webhook_secret": unseal(
                sender.sealed_webhook_secret, f"sender/{sender.id}/webhook_secret"
            ),
            "idempotent": True,
        }
        async with town.http.post(f"{town.provider}/control/bots", json=bot) as answer:
            answer.raise_for_status()


async def run_processes(town: Town, stop: asyncio.Event) -> None:
    """Keep web, edge and worker running until told to stop."""
    children = [
        supervise.Child(name, [sys.executable, "-m", f"chaupal.{name}"])
        for name in ("edge", "worker", "web")
    ]
    environment = world.for_children(town.settings, town.engines)
    await supervise.supervise(children, environment=environment, stop=stop)
    for number in ENDING:  # the supervisor let go of them, and the engines still have to stop
        asyncio.get_running_loop().add_signal_handler(number, stop.set)


async def until_ready(town: Town) -> None:
    """Wait until the pages and the edge answer."""
    for url in (f"{town.settings.public_url}/healthz", f"{town.settings.desk_url}/sign-in"):
        async with asyncio.timeout(READY_LIMIT_S):
            while not await _answers(town.http, url):  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.1)


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False
