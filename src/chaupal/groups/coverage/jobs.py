"""The worker's duty: count coverage anew when something changed, or a day has gone by."""

import time
from datetime import timedelta

from chaupal.groups.coverage import counting
from chaupal.groups.models import judged
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime

AT_MOST_EVERY = timedelta(seconds=30)

logger = log.logger(__name__)


async def recount(
    rt: Runtime, organisation: OrganisationId, *, at_once: bool = False
) -> int | None:
    """Bring the coverage of every unit up to what holds now; return how many rows were not right.

    None where there was nothing to do: nothing changed since the last count, or that was less
    than AT_MOST_EVERY ago (`at_once` doesn't wait). Any number of workers may ask at once. What
    commits while it counts is counted the next time, because its note of change is still there.
    """
    day, started = judged(rt.now()), time.monotonic()
    async with db.transaction(rt.pool, organisation) as conn:
        await counting.take_turn(conn)
        last = await counting.last_count(conn)
        if last is not None:
            if not at_once and rt.now() - last.counted_at < AT_MOST_EVERY:
                return None
            if not last.changed and last.on_day == day.today:
                return None
        await counting.forget_changes(conn)
        await counting.allow_memory(conn)
        wrong = await counting.count_all(conn, today=day.today, stale_before=day.stale_before)
        took_ms = int((time.monotonic() - started) * 1000)
        await counting.note(conn, now=rt.now(), on_day=day.today, took_ms=took_ms)
    logger.info("coverage.counted", organisation=organisation, units=wrong, took_ms=took_ms)
    return wrong
