"""Everything that one worker process runs, for every organisation of the installation."""

import asyncio
from contextlib import suppress

from chaupal.broadcasts.dispatch import Dispatcher, Leases
from chaupal.channels.http import HttpClient
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.organisations import queries as organisations
from chaupal.relay.models import Patience
from chaupal.worker import imports, projection
from chaupal.worker.duties import carry_out, duties

NEW_ORGANISATIONS_EVERY_S = 5.0

logger = log.logger(__name__)


async def run(
    rt: Runtime,
    stop: asyncio.Event,
    *,
    patience: Patience | None = None,
    leases: Leases | None = None,
) -> None:
    """Work until told to stop. A part that fails for another reason than an engine being away
    ends the whole worker, loudly: its supervisor starts a fresh one."""
    async with HttpClient() as http, asyncio.TaskGroup() as parts:
        parts.create_task(projection.run(rt, stop))
        known: set[OrganisationId] = set()
        while not stop.is_set():
            for organisation in await _organisations(rt) - known:
                known.add(organisation)
                logger.info("worker.organisation_taken_up", organisation=organisation)
                dispatcher = Dispatcher(rt, organisation, http, leases or Leases())
                parts.create_task(dispatcher.run(stop))
                importing = imports.duty(rt, organisation, stop, leases or Leases())
                for duty in (
                    importing,
                    *duties(rt, organisation, http, patience or Patience()),
                ):
                    parts.create_task(carry_out(duty, stop))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), NEW_ORGANISATIONS_EVERY_S)


async def _organisations(rt: Runtime) -> set[OrganisationId]:
    try:
        async with db.installation(rt.pool) as conn:
            return {organisation.id for organisation in await organisations.organisations(conn)}
    except Unavailable:
        logger.warning("worker.database_away")
        return set()
