"""Everything there is, killed at random points of one send: the account adds up all the same.

Small in the suite. `make faults` kills 50 times in a send of 100,000 messages.
"""

import asyncio
import os
import random
import signal

import msgspec
import pytest

from botserver import a_bot_server
from chaupal import engine
from chaupal.broadcasts.audience import Categories
from stories.test_kill import (
    MISBEHAVIOUR,
    TEXT,
    ask,
    book_of,
    control,
    enlist,
    has_sent,
    runs,
    stats_of,
    told_everything,
)

MESSAGES = int(os.environ.get("CHAUPAL_FAULT_MESSAGES", "2400"))
KILLS = int(os.environ.get("CHAUPAL_FAULT_KILLS", "8"))
# What a worker may have in flight on a channel that remembers no keys, in its two loops, when it
# dies, or when the database is away for longer than a lease.
IN_FLIGHT_LIMIT = 64
STILL_TO_GO = 600


@pytest.fixture
def dice() -> random.Random:
    seed = int(os.environ.get("CHAUPAL_FAULT_SEED") or random.SystemRandom().randrange(2**32))
    print(f"CHAUPAL_FAULT_SEED={seed}")
    return random.Random(seed)


async def test_whatever_is_killed_the_account_adds_up_and_nothing_is_sent_blindly_again(
    house, sandbox, own_engines, dice
):
    behaviour = {**MISBEHAVIOUR, "seed": dice.randrange(2**32)}
    remembered = await enlist(house, sandbox, MESSAGES // 2)
    await control(house.http, sandbox, "behaviour", msgspec.json.encode(behaviour))
    stopped, kills = asyncio.Event(), {"worker": 0, "edge": 0, "postgres": 0, "nats": 0}
    async with a_bot_server() as telegram:
        bot = await house.place.sender(
            "telegram", channel="telegram", endpoint=telegram.url, rate_per_s=300
        )
        forgotten = await house.groups(bot, MESSAGES // 2, at="west-one", category="farmers")
        await house.start()
        keeping = asyncio.create_task(engine.keep(own_engines, stopped, durable=False))
        try:
            id = await house.send(Categories(["farmers"]), TEXT)
            moments = sorted(dice.choices(range(50, MESSAGES - STILL_TO_GO), k=KILLS))
            for moment in moments:
                await house.until(has_sent, house, id, moment)
                await ask(house, sandbox, dice.sample(remembered, 5))
                victim = dice.choice(sorted(kills))
                await kill(house, own_engines, victim)
                kills[victim] += 1
            await house.until(house.finished, id)
            await house.until(told_everything, house, sandbox)
        finally:
            stopped.set()
            await keeping

        states = await house.adds_up(id)
        assert states.keys() <= {"sent", "unknown"}, states
        assert states.get("unknown", 0) <= IN_FLIGHT_LIMIT * (kills["worker"] + kills["postgres"])
        assert await book_of(house, sandbox) == dict.fromkeys(remembered, 1)
        assert telegram.chats.keys() <= set(forgotten)
        assert max(telegram.chats.values()) == 1, "sent blindly again"
        stats = await stats_of(house, sandbox)
        assert stats["webhooks"]["abandoned"] == stats["webhooks"]["dropped"] == 0
        print(f"{MESSAGES} messages, kills {kills}, states {states}")


async def kill(house, engines, victim: str) -> None:
    """kill -9 of one of our processes, or of one of the engines once it runs again."""
    if victim in {"worker", "edge"}:
        getattr(house, victim).kill()
        return
    part = getattr(engine, victim)
    await house.until(runs, part, engines)
    os.kill(part.running(engines.data).pid, signal.SIGKILL)
