"""An urgent broadcast alone, and beside a bulk one that is on its way: when it starts, and how much
longer it takes."""

import asyncio
from dataclasses import dataclass

from bench.dispatch import LOOK_S, WORKER, WORKER_LIMIT_MB
from bench.figures import Figure, cost
from bench.ground import Ground, processes, watched
from bench.plain import Place, founded
from chaupal.broadcasts.audience import Categories, Not
from chaupal.broadcasts.models import BroadcastId, Lane
from chaupal.kit import db
from chaupal.rehearsal.provider import process

URGENT_GROUPS = 1_000
# What Telegram allows a bot in bulk. Faster ones finish the urgent one in a blink, and what is
# measured then is how often we look.
RATE_PER_S = 30
START_LIMIT_S = 2.0
SLOWDOWN_LIMIT = 1.2
UNDER_WAY = 200
CHOSEN = Categories(["chosen"])


@dataclass(frozen=True, slots=True)
class Course:
    """How one urgent broadcast went, from its approval."""

    start_s: float
    end_s: float


async def urgent(ground: Ground, size: int) -> list[Figure]:
    """Measure an urgent broadcast to 1,000 groups, alone and beside a bulk one to `size` others.

    `urgent_start_s`: from the approval to the first answer that is settled. `urgent_slowdown`: how
    many times longer than alone it takes until its last one is.
    """
    chosen = min(URGENT_GROUPS, max(1, size // 2))
    async with process.running(ground.settings.data / "urgent.book") as provider:
        place = await founded(
            ground,
            "urgent",
            size + chosen,
            provider=provider.url,
            rate_per_s=RATE_PER_S,
            chosen=chosen,
        )
        await place.tell_sandbox(provider.url)
        async with (
            ground.owner(place.organisation) as owner,
            watched("chaupal.worker") as peak,
            processes(ground, WORKER),
        ):
            with ground.step("urgent: alone"):
                alone = await _course(place, owner)
            with ground.step(f"urgent: {size:,} groups in bulk on their way"):
                bulk = await place.approved(audience=Not(CHOSEN), lane=Lane.BULK)
                await _sent(owner, bulk, min(UNDER_WAY, size))
            with ground.step("urgent: beside them"):
                beside = await _course(place, owner)
    return [
        cost("urgent_start_s", beside.start_s, START_LIMIT_S, "s"),
        cost("urgent_slowdown", beside.end_s / alone.end_s, SLOWDOWN_LIMIT, "times"),
        cost("worker_memory_mb", peak.mb, WORKER_LIMIT_MB, "MB"),
    ]


async def _course(place: Place, owner: db.Conn) -> Course:
    id = await place.approved(audience=CHOSEN, lane=Lane.URGENT)
    await _finished(owner, id)
    found = await owner.execute(
        """
        SELECT extract(epoch FROM min(d.sent_at) - b.approved_at)::float8,
               extract(epoch FROM max(d.sent_at) - b.approved_at)::float8
          FROM broadcast b JOIN delivery d ON d.broadcast_id = b.id
         WHERE b.id = %s
         GROUP BY b.approved_at
        """,
        (id,),
    )
    return Course(*(await found.fetchone() or (0.0, 0.0)))


async def _sent(owner: db.Conn, id: BroadcastId, least: int) -> None:
    """Wait until so many deliveries of a broadcast are sent."""
    while True:
        found = await owner.execute(
            "SELECT coalesce(sum(targets), 0) >= %s FROM tally"
            " WHERE broadcast_id = %s AND state = 'sent'",
            (least, id),
        )
        if await found.fetchone() == (True,):
            return
        await asyncio.sleep(LOOK_S)


async def _finished(owner: db.Conn, id: BroadcastId) -> None:
    while True:
        found = await owner.execute(
            "SELECT NOT EXISTS (SELECT FROM delivery WHERE broadcast_id = %s"
            " AND state IN ('queued', 'sending')) AND frozen_at IS NOT NULL"
            "  FROM broadcast WHERE id = %s",
            (id, id),
        )
        if await found.fetchone() == (True,):
            return
        await asyncio.sleep(LOOK_S)
