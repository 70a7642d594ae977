"""Watching over imports: one at a time for each organisation, each in a process of its own.

The worker renews the lease, writes down how far the run has got, and kills it when the job is
stopped or lost. Killing is the only way to stop: it is the one that has to work anyway.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec

from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts.dispatch import Leases
from chaupal.directory.jobs import run
from chaupal.directory.jobs.leases import Claimed
from chaupal.directory.jobs.models import ATTEMPTS_LIMIT, Told
from chaupal.kit import log
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.refusals import Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.worker.duties import Duty
from chaupal.worker.importer import Line

TELL_EVERY_S = 1.0
FINISH_S = 2.0
STARTING = Told("starting", 0, 0)

logger = log.logger(__name__)


@dataclass(slots=True)
class Watched:
    """One run: its process, and the last it said."""

    rt: Runtime
    organisation: OrganisationId
    claimed: Claimed
    lease: timedelta
    owner: UUID
    told: Told = STARTING
    refused: Line | None = None


def duty(rt: Runtime, organisation: OrganisationId, stop: asyncio.Event, leases: Leases) -> Duty:
    """Return the duty to import what is ordered; a worker that went quiet loses it as it would
    lose a sender."""
    return Duty("import", 1, lambda: run_next(rt, organisation, stop, lease=leases.sender))


async def run_next(
    rt: Runtime, organisation: OrganisationId, stop: asyncio.Event, *, lease: timedelta
) -> bool:
    """Carry out the next import of an organisation, and say whether there was one.

    A run that broke off is begun anew by whoever claims the job next, some times; then the job
    fails. A run that ends because the worker is told to stop does not count.
    """
    owner = new_id()
    claimed = await run.claim(rt, organisation, owner=owner, lease=lease)
    if claimed is None:
        return False
    watched = Watched(rt, organisation, claimed, lease, owner)
    logger.info("import.taken_up", job=str(claimed.id), attempts=claimed.attempts)
    await arrivals_log.hint(rt.nats, organisation, "imports")
    if claimed.attempts > ATTEMPTS_LIMIT:
        await _fail(watched, Line(refused="import.broke_off"))
    else:
        await _see_through(watched, stop)
    await arrivals_log.hint(rt.nats, organisation, "imports")
    return True


async def _see_through(watched: Watched, stop: asyncio.Event) -> None:
    claimed = watched.claimed
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "chaupal.worker.importer",
        *(str(watched.organisation), str(claimed.id), str(watched.owner)),
        stdin=PIPE,  # it ends when we do
        stdout=PIPE,
        start_new_session=True,
    )
    listening = asyncio.create_task(_listen(process, watched))
    ended = asyncio.create_task(process.wait())
    try:
        await _keep_the_lease(watched, ended, stop)
        if not stop.is_set():  # a job that is ours no more may be one that is just done
            await asyncio.wait((ended,), timeout=FINISH_S)
    finally:
        if not ended.done():
            with suppress(ProcessLookupError):
                process.kill()
        status = await ended
        await listening
    if watched.refused is not None:
        await _fail(watched, watched.refused)
    elif status != 0:
        logger.info("import.run_ended", job=str(claimed.id), status=status)
        await run.let_go(
            watched.rt,
            watched.organisation,
            claimed.id,
            owner=watched.owner,
            tried=not stop.is_set(),
        )


async def _keep_the_lease(
    watched: Watched, ended: "asyncio.Task[int]", stop: asyncio.Event
) -> None:
    """Return when the run has ended, when it must, or when the job is not ours any more."""
    now = asyncio.get_running_loop().time
    lease_end = now() + watched.lease.total_seconds()
    stopping = asyncio.create_task(stop.wait())
    try:
        while now() < lease_end:
            await asyncio.wait(
                (ended, stopping), timeout=TELL_EVERY_S, return_when=asyncio.FIRST_COMPLETED
            )
            if ended.done() or stop.is_set():
                return
            asked_at = now()
            with suppress(Unavailable):  # then the lease runs out by itself
                if not await run.tell(
                    watched.rt,
                    watched.organisation,
                    watched.claimed.id,
                    watched.told,
                    owner=watched.owner,
                    lease=watched.lease,
                ):
                    return
                lease_end = asked_at + watched.lease.total_seconds()
                await arrivals_log.hint(watched.rt.nats, watched.organisation, "imports")
    finally:
        stopping.cancel()


async def _listen(process: Process, watched: Watched) -> None:
    assert process.stdout is not None
    async for said in process.stdout:
        line = msgspec.json.decode(said, type=Line)
        if line.told is not None:
            watched.told = line.told
        if line.refused is not None:
            watched.refused = line


async def _fail(watched: Watched, line: Line) -> None:
    assert line.refused is not None
    logger.info("import.failed", job=str(watched.claimed.id), code=line.refused)
    await run.fail(
        watched.rt,
        watched.organisation,
        watched.claimed.id,
        owner=watched.owner,
        failure=line.refused,
        facts=dict(line.facts),
    )
