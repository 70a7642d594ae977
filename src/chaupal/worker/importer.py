"""`python -m chaupal.worker.importer`: one import, in a process of its own, and then no more.

A worker starts it and listens: each line on standard output is JSON, how far it has got or why
the file is refused. When the worker is gone, standard input ends, and so does this, at once.
"""

import asyncio
import os
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import BinaryIO
from uuid import UUID

import msgspec

from chaupal import world
from chaupal.directory.jobs import files, run
from chaupal.directory.jobs.leases import Task
from chaupal.directory.jobs.models import JobId, Told
from chaupal.engine import supervise
from chaupal.kit import log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Refused, Unavailable
from chaupal.kit.runtime import Runtime

# Sending goes first where both want the same core.
NICENESS = 5
TELL_EVERY_S = 0.5
REFUSED_STATUS = 2

logger = log.logger("chaupal.worker.importer")  # also where this is run as __main__


class Line(msgspec.Struct, omit_defaults=True):
    """What is said to the worker: how far the run has got, or why the file is refused."""

    told: Told | None = None
    refused: str | None = None
    facts: Mapping[str, str | int | float] = {}


@dataclass(frozen=True, slots=True)
class Order:
    """Which job to carry out, for whom."""

    organisation: OrganisationId
    job: JobId
    owner: UUID


def say(line: Line) -> None:
    """Say one thing to the worker."""
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


async def main(settings: world.Settings, order: Order) -> int:
    """Carry the import out and return the status to end with.

    Reading a file waits for its bytes, so the import has a thread and a loop of its own; this
    loop brings it the pieces.
    """
    async with world.opened(settings, connections=1) as rt:
        fetch = files.fetching(rt, order.organisation, order.job)
        return await asyncio.to_thread(asyncio.run, _carry_out(settings, order, fetch))


async def _carry_out(settings: world.Settings, order: Order, fetch: files.Fetch) -> int:
    try:
        async with world.opened(settings, connections=2) as rt:
            await _run(rt, order, fetch)
    except run.Lost:
        logger.info("import.lost", job=str(order.job))
    except Unavailable as refusal:
        logger.warning("import.engine_away", code=refusal.code)
        return os.EX_TEMPFAIL
    except Refused as refusal:
        say(Line(refused=refusal.code, facts=_plain(refusal.facts)))
        return REFUSED_STATUS
    except Exception as error:  # noqa: BLE001
        place = traceback.extract_tb(error.__traceback__)[-1]
        logger.error(  # noqa: TRY400  (a traceback may quote a row)
            "import.broke_off",
            kind=type(error).__name__,
            place=f"{Path(place.filename).name}:{place.lineno}",
        )
        return os.EX_SOFTWARE
    return os.EX_OK


async def _run(rt: Runtime, order: Order, fetch: files.Fetch) -> None:
    began, last = time.monotonic(), 0.0

    def tell(told: Told) -> None:
        nonlocal last
        if time.monotonic() - last >= TELL_EVERY_S:
            last = time.monotonic()
            say(Line(told=told))

    def opened(task: Task) -> BinaryIO:
        return files.opened(fetch, task.bytes)

    summary = await run.carry_out(
        rt, order.organisation, order.job, owner=order.owner, opened=opened, say=tell
    )
    logger.info(
        "import.ended",
        job=str(order.job),
        brings=summary.kind.value,
        rows=summary.rows,
        dry_run=summary.dry_run,
        took_s=round(time.monotonic() - began, 1),
        memory_mb=getrusage(RUSAGE_SELF).ru_maxrss // 1024,
    )


def _plain(facts: Mapping[str, object]) -> dict[str, str | int | float]:
    return {
        name: fact if isinstance(fact, str | int | float) else str(fact)
        for name, fact in facts.items()
    }


if __name__ == "__main__":
    organisation, job, owner = sys.argv[1:]
    told = world.settings()
    log.configure(told.log_level)
    os.nice(NICENESS)
    supervise.watch_parent(sys.stdin.fileno(), lambda: os._exit(os.EX_TEMPFAIL))
    asked = Order(OrganisationId(int(organisation)), JobId(UUID(job)), UUID(owner))
    # Not sys.exit: a thread that waits for a piece must not hold the end up.
    status = asyncio.run(main(told, asked))
    sys.stdout.flush()
    os._exit(status)
