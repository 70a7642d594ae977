"""What the worker does with the counts of units."""

from chaupal import record
from chaupal.directory.tallies import queries
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.runtime import Runtime

logger = log.logger(__name__)


async def fold(rt: Runtime, organisation: OrganisationId) -> int:
    """Keep sums short: each unit's deltas become one row. Changes no count."""
    async with db.transaction(rt.pool, organisation) as conn:
        return await queries.fold_tallies(conn)


async def recount(rt: Runtime, organisation: OrganisationId) -> int:
    """Hold the counts against the people and groups themselves; return how many units differed.

    It should be none. Where it is some they are put right, which is said in the log and in the
    record.
    """
    async with db.transaction(rt.pool, organisation) as conn:
        differing = await queries.mend(conn)
        if differing.units:
            await record.append(
                conn,
                "tally.mended",
                new_id(),
                actor=record.part_of_the_system(organisation, "worker"),
                now=rt.now(),
                units=differing.units,
            )
    if differing.units:
        logger.error("tally.differs", organisation=organisation, units=differing.units)
    return differing.units
