"""`python -m chaupal.worker`: one worker process, until told to stop."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import uvloop

from chaupal import world
from chaupal.broadcasts.dispatch import Leases
from chaupal.kit import log
from chaupal.kit.clock import Clock
from chaupal.kit.refusals import Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.relay.models import Patience
from chaupal.worker import loops

# Senders, duties and the projector each take one at times.
CONNECTIONS = 24
ASK_EVERY_S = 60.0
WORTH_A_WORD_S = 1.0

logger = log.logger("chaupal.worker")


async def main() -> None:
    """Run with the settings of the environment."""
    settings = world.settings()
    log.configure(settings.log_level)
    stop = world.stop_when_told()
    patience = Patience(*(timedelta(seconds=step_s) for step_s in settings.relay_steps_s))
    leases = Leases(*(timedelta(seconds=lease_s) for lease_s in settings.leases_s))
    clock = Clock()
    async with world.opened(settings, connections=CONNECTIONS) as rt:
        await clock.ask(rt.pool)
        async with asyncio.TaskGroup() as parts:
            parts.create_task(keep_time(rt, clock, stop))
            on_time = replace(rt, now=clock)
            parts.create_task(loops.run(on_time, stop, patience=patience, leases=leases))


async def keep_time(rt: Runtime, clock: Clock, stop: asyncio.Event) -> None:
    """Set the clock by the database's again and again; one that is away is asked next time."""
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), ASK_EVERY_S)
        with suppress(Unavailable):
            wrong = await clock.ask(rt.pool)
            if abs(wrong.total_seconds()) > WORTH_A_WORD_S:
                logger.warning("worker.clock_was_wrong", by_s=round(wrong.total_seconds(), 3))


if __name__ == "__main__":
    uvloop.run(main())
