"""Webhooks taken in, beside the same bodies published to a bare stream of the same engine."""

import asyncio
from collections.abc import Sequence

from nats.js.api import StorageType, StreamConfig

from bench import webhooks
from bench.figures import Figure, rate, seconds
from bench.ground import Ground, processes
from bench.plain import founded

STATUSES = 10
GROUPS = 20
STREAM = "BARE"


async def edge(ground: Ground, size: int) -> list[Figure]:
    """Measure `size` webhooks of ten statuses each, from the post to the answer."""
    place = await founded(ground, "edge", GROUPS)
    posts: list[webhooks.Post] = []
    bodies: list[bytes] = []
    for turn in range(size):
        ids = range(turn * STATUSES + 1, (turn + 1) * STATUSES + 1)
        sender = place.senders[turn % len(place.senders)]
        posts += webhooks.posts(place, sender, ids, statuses=STATUSES)
        bodies.append(posts[-1].partition(b"\r\n\r\n")[2])
    with ground.step("edge: the bare stream"):
        before_s = await _published(ground, bodies)
    async with processes(ground, webhooks.EDGE):
        await webhooks.until_open(ground)
        with ground.step("edge: webhooks"):
            ours_s = await seconds(lambda: webhooks.send(ground, posts))
    with ground.step("edge: the bare stream again"):
        raw_s = min(before_s, await _published(ground, bodies))
    return [rate("edge", size / ours_s, size / raw_s, "webhooks/s")]


async def _published(ground: Ground, bodies: Sequence[bytes]) -> float:
    jetstream = ground.rt.nats.jetstream()
    await jetstream.add_stream(
        StreamConfig(name=STREAM, subjects=["bare.>"], storage=StorageType.FILE)
    )
    waiting = iter(bodies)

    async def carry() -> None:
        for body in waiting:
            await jetstream.publish("bare.body", body)

    async def publish() -> None:
        await asyncio.gather(*(carry() for _ in range(webhooks.CONCURRENCY)))

    try:
        return await seconds(publish)
    finally:
        await jetstream.delete_stream(STREAM)
