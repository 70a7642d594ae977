"""What the worker does for the watch: it forgets wordings that were kept long enough."""

from chaupal import record
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime
from chaupal.watch import queries


async def forget(rt: Runtime, organisation: OrganisationId) -> int:
    """Delete the wording of clusters after a month; return of how many."""
    async with db.transaction(rt.pool, organisation) as conn:
        forgotten = await queries.forget(conn, now=rt.now())
        if forgotten:
            await record.append(
                conn,
                "clusters.forgotten",
                "clusters",
                actor=record.part_of_the_system(organisation, "worker.watch"),
                now=rt.now(),
                clusters=len(forgotten),
            )
    return len(forgotten)
