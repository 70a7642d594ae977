"""Reading and gathering the report of a large broadcast, beside a bare count of the same rows."""

from datetime import datetime
from time import perf_counter

from bench import members
from bench.figures import Figure, cost, median
from bench.ground import Ground
from bench.plain import Place, founded
from chaupal.broadcasts import keeping, queries, report, reporting
from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db
from chaupal.organisations import scope_of

ROUNDS = 3
GROUPS_LIMIT = 20_000
# Every delivery was accepted at some time in an hour, most were delivered, some refused.
MOVED = """
UPDATE delivery
   SET state = CASE WHEN id %% 50 = 0 THEN 'refused' ELSE 'sent' END::delivery_state,
       failure = CASE WHEN id %% 50 = 0 THEN 'blocked' END,
       evidence = CASE WHEN id %% 50 = 0 THEN 0 WHEN id %% 10 < 7 THEN 2 ELSE 1 END,
       sent_at = %(start)s + interval '30 minutes'
                 + abs(hashint8(id) %% 1800) * interval '1 second',
       delivered_at = CASE WHEN id %% 10 < 7 AND id %% 50 <> 0
                           THEN %(start)s + abs(hashint8(id) %% 1800) * interval '1 second'
                                + interval '40 minutes' END
 WHERE broadcast_id = %(id)s
"""
BARE = "SELECT state, evidence, count(*) FROM delivery WHERE broadcast_id = %s GROUP BY 1, 2"


async def reports(ground: Ground, size: int) -> list[Figure]:
    """Measure a report over `size` deliveries to people."""
    place = await founded(ground, "report", min(size, GROUPS_LIMIT))
    await members.add(ground, place.organisation, size)
    id = await place.approved(via=("sandbox",))
    await place.freeze(id, size)
    async with ground.owner(place.organisation) as owner:
        with ground.step(f"report: {size:,} deliveries that moved"):
            async with db.transaction(ground.rt.pool, place.organisation) as conn:
                broadcast = await queries.lock(conn, id)
            assert broadcast is not None
            assert broadcast.begins_at is not None
            await owner.execute(MOVED, {"id": id, "start": broadcast.begins_at})
            await owner.execute("ANALYZE delivery")
            await owner.execute(  # nobody is to send what was frozen here
                "UPDATE sender SET disabled_at = now() WHERE organisation_id = %s",
                (place.organisation,),
            )
        bare_s = median([await _bare(owner, id) for _ in range(ROUNDS)])
    with ground.step("report: gathered by the worker"):
        began = perf_counter()
        await keeping.keep(ground.rt, place.organisation, large=1)
        gathered_s = perf_counter() - began
    with ground.step("report: read as a page reads it"):
        read_s = median([await _read(place, id, broadcast.begins_at) for _ in range(ROUNDS)])
    return [
        cost("report_s", read_s, bare_s, "s"),
        cost("report_gather_s", gathered_s, bare_s, "s"),
    ]


async def _bare(owner: db.Conn, id: BroadcastId) -> float:
    began = perf_counter()
    await (await owner.execute(BARE, (id,))).fetchall()
    return perf_counter() - began


async def _read(place: Place, id: BroadcastId, start: datetime) -> float:
    rt = place.ground.rt
    async with db.transaction(rt.pool, place.organisation) as conn:
        scope = await scope_of(rt, conn, place.author)
    began = perf_counter()
    counted = await reporting.count(rt, scope, id, report.WHOLE, start)
    assert counted.gathered
    return perf_counter() - began
