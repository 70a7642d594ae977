"""Dispatch over real HTTP by one worker, beside a bare loop to the same server; and its memory."""

import asyncio
import sys
from datetime import datetime

import msgspec

from bench.bare import Task
from bench.celery_peer import sent_by_celery
from bench.figures import Figure, cost, rate
from bench.ground import Ground, processes, watched
from bench.plain import HINDI, Place, founded
from chaupal.broadcasts.dispatch import IN_FLIGHT, LOOPS_A_SENDER
from chaupal.broadcasts.models import BroadcastId
from chaupal.engine.supervise import Child
from chaupal.rehearsal.provider import process

WORKER = Child("worker", [sys.executable, "-m", "chaupal.worker"])
LOOK_S = 0.1
# Beyond this the sandbox, not the loop, is what queues.
CONCURRENCY_LIMIT = 256
# Celery's rate does not depend on how many there are, and it takes its time.
CELERY_LIMIT = 3_000
WORKER_LIMIT_MB = 300.0


class Message(msgspec.Struct, frozen=True):
    """A line of the sandbox's book. Our keys are numbers, those of the bare loop are not."""

    key: str
    at: datetime


class Received(msgspec.Struct, frozen=True):
    """What one group received."""

    messages: list[Message]


async def dispatch(ground: Ground, size: int) -> list[Figure]:
    """Measure `size` messages, from the freeze to the last settled answer.

    `dispatch` has in it the time until the worker notices; `dispatch.sending` begins with the
    first message in the sandbox's book. `dispatch_vs_celery`: beside what Celery and Redis make of
    the same messages.
    """
    async with process.running(ground.settings.data / "dispatch.book") as provider:
        place = await founded(ground, "dispatch", size, provider=provider.url)
        await place.tell_sandbox(provider.url)
        with ground.step("dispatch: the bare loop"):
            bare_s, bare_mb = await _bare(place, provider.url, "before")
        with ground.step("dispatch: one worker"):
            id = await place.approved()
            async with watched("chaupal.worker") as peak, processes(ground, WORKER):
                await _finished(place, id)
        with ground.step("dispatch: the bare loop again"):
            again_s, again_mb = await _bare(place, provider.url, "after")
        with ground.step("dispatch: Celery and Redis"):
            by_celery = min(size, CELERY_LIMIT)
            celery_s = await sent_by_celery(place, provider.url, by_celery)
        began_at = await _first_message(ground, provider.url)
    frozen_at, ended_at = await _times(place, id)
    limit = size / min(bare_s, again_s)
    ours = size / (ended_at - frozen_at)
    return [
        rate("dispatch", ours, limit, "messages/s"),
        rate("dispatch_vs_celery", ours, by_celery / celery_s, "messages/s"),
        rate("dispatch.sending", size / (ended_at - began_at), limit, "messages/s"),
        cost("memory", peak.mb, max(bare_mb, again_mb), "MB"),
        cost("worker_memory_mb", peak.mb, WORKER_LIMIT_MB, "MB"),
    ]


async def memory(ground: Ground, size: int) -> list[Figure]:
    """Measure the worker's peak memory alone, beside that of the bare loop."""
    return [figure for figure in await dispatch(ground, size) if figure.name == "memory"]


async def _bare(place: Place, provider: str, prefix: str) -> tuple[float, float]:
    """Run the bare loop as a process of its own; return its seconds and its memory."""
    task = Task(
        urls=[f"{provider}/bot{sender.token}/sendMessage" for sender in place.senders],
        addresses=[place.address(number) for number in range(place.groups)],
        text=HINDI,
        prefix=prefix,
        concurrency=min(CONCURRENCY_LIMIT, len(place.senders) * LOOPS_A_SENDER * IN_FLIGHT),
    )
    async with watched("bench.bare") as peak:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.bare"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await child.communicate(msgspec.json.encode(task))
    assert child.returncode == 0, "the bare loop broke"
    return float(said), peak.mb


async def _finished(place: Place, id: BroadcastId) -> None:
    async with place.ground.owner(place.organisation) as owner:
        while True:
            found = await owner.execute("SELECT stage::text FROM broadcast WHERE id = %s", (id,))
            if await found.fetchone() == ("finished",):
                return
            await asyncio.sleep(LOOK_S)


async def _first_message(ground: Ground, provider: str) -> float:
    """Return when the worker's first message came, by the sandbox's book."""
    async with ground.http.get(f"{provider}/book") as answer:
        groups = [
            msgspec.json.decode(line, type=Received) for line in (await answer.read()).splitlines()
        ]
    keys = (message for group in groups for message in group.messages)
    return min(message.at.timestamp() for message in keys if message.key.isdigit())


async def _times(place: Place, id: BroadcastId) -> tuple[float, float]:
    """Return when the broadcast was frozen and when its last answer was settled."""
    async with place.ground.owner(place.organisation) as owner:
        found = await owner.execute(
            """
            SELECT extract(epoch FROM b.frozen_at)::float8,
                   extract(epoch FROM max(d.sent_at))::float8,
                   count(*) FILTER (WHERE d.state = 'sent')
              FROM broadcast b JOIN delivery d ON d.broadcast_id = b.id
             WHERE b.id = %s
             GROUP BY b.frozen_at
            """,
            (id,),
        )
        frozen_at, ended_at, sent = await found.fetchone() or (0.0, 0.0, 0)
    assert sent == place.groups, "every message went out"
    return frozen_at, ended_at
