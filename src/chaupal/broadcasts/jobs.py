"""What the worker does for broadcasts besides sending: freeze, expire, take back, fold, finish."""

from datetime import datetime, timedelta

from chaupal import record
from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import (
    certificates,
    deliveries,
    endings,
    exchanges,
    findings,
    people,
    portfolios,
    queries,
    receipts,
    schedule,
    targets,
)
from chaupal.broadcasts.actions import target_of
from chaupal.broadcasts.models import Broadcast, BroadcastId, Stage
from chaupal.channels.registry import CHANNELS
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Refused
from chaupal.kit.runtime import Runtime
from chaupal.law import exclusions
from chaupal.organisations.tree import stand_still

ORPHANS_KEPT = timedelta(days=8)  # providers retry webhooks for a week
ENDINGS_WATCHED = timedelta(days=30)
ENDED_AT_ONCE = 20_000
RECONCILED_FOR = timedelta(days=30)
ANSWERS_KEPT = timedelta(days=2)

logger = log.logger(__name__)


async def freeze_approved(rt: Runtime, organisation: OrganisationId) -> int:
    """Fix the audience of every approved broadcast, each in one transaction; return how many."""
    async with db.transaction(rt.pool, organisation) as conn:
        approved = await queries.at_stage(conn, Stage.APPROVED)
    for row in approved:
        await freeze(rt, organisation, row.id)
    return len(approved)


async def freeze(rt: Runtime, organisation: OrganisationId, id: BroadcastId) -> int:
    """Write the deliveries of one approved broadcast and start it; return how many.

    Two workers at once make one freeze: the second waits for the lock and finds it done. One that
    names what ended since its approval, or a channel whose provider does not take the organisation
    any more, or that reaches a channel for which it lacks a certificate by now, is stopped: whom
    it is for now, people decide.
    """
    async with db.transaction(rt.pool, organisation) as conn:
        await stand_still(conn)
        broadcast = await queries.lock(conn, id)
        if broadcast is None or broadcast.stage is not Stage.APPROVED:
            return 0
        texts = await queries.texts(conn, id)
        try:
            await exclusions.check(conn, broadcast.via, now=rt.now())
            if broadcast.electoral:
                await certificates.check(conn, broadcast, target_of(broadcast, now=rt.now()))
            written = await _write_deliveries(
                conn, broadcast, [text.language for text in texts], now=rt.now()
            )
        except Refused as refusal:
            await _stop(rt, conn, id, refusal, organisation)
            return 0
        await queries.set_frozen(conn, id, targets=written, now=rt.now())
        await record.append(
            conn,
            "broadcast.frozen",
            id,
            actor=record.part_of_the_system(organisation, "worker.freeze"),
            now=rt.now(),
            targets=written,
        )
    logger.info("broadcast.frozen", broadcast=str(id), targets=written)
    return written


async def _write_deliveries(
    conn: db.Conn, broadcast: Broadcast, languages: list[str], *, now: datetime
) -> int:
    target = target_of(broadcast, now=now)
    due_at = max(now, broadcast.starts_at or now)
    if broadcast.via:
        via = tuple(broadcast.via)
        return await people.freeze(
            conn, broadcast.id, target, via, languages=languages, due_at=due_at
        )
    return await targets.freeze(conn, broadcast.id, target, languages=languages, due_at=due_at)


async def _stop(
    rt: Runtime, conn: db.Conn, id: BroadcastId, refusal: Refused, organisation: OrganisationId
) -> None:
    await queries.set_stage(conn, id, Stage.CANCELLED, now=rt.now())
    await record.append(
        conn,
        "broadcast.cancelled",
        id,
        actor=record.part_of_the_system(organisation, "worker.freeze"),
        now=rt.now(),
        ended=0,
        because=refusal.code,
    )
    logger.warning("broadcast.cannot_freeze", broadcast=str(id), code=refusal.code)


async def keep_in_order(rt: Runtime, organisation: OrganisationId) -> int:
    """Do the small regular duties of one organisation; return how many rows they moved."""
    moved = await _take_back(rt, organisation)
    async with db.transaction(rt.pool, organisation) as conn:
        over = await endings.over(conn, now=rt.now(), since=rt.now() - ENDINGS_WATCHED)
    for broadcast in over:
        moved += await end(rt, organisation, broadcast.id, broadcast.state)
    return moved + await _finish(rt, organisation)


async def _take_back(rt: Runtime, organisation: OrganisationId) -> int:
    now = rt.now()
    async with db.transaction(rt.pool, organisation) as conn:
        moved = {
            "lapsed": await deliveries.lapse(conn, now=now),
            "unknown": await deliveries.give_up_doubtful(
                conn,
                channels=list(CHANNELS),
                windows=[channel.traits.remembers_keys_for for channel in CHANNELS.values()],
                now=now,
            ),
            "archived": sum(
                [
                    await endings.cancel_archived(conn, row.id)
                    for row in await schedule.under_way(conn, now=now)
                ]
            ),
        }
        if any(moved.values()):
            await record.append(
                conn,
                "deliveries.taken_back",
                "deliveries",
                actor=record.part_of_the_system(organisation, "worker.upkeep"),
                now=now,
                **moved,
            )
            logger.info("deliveries.taken_back", organisation=organisation, **moved)
    return sum(moved.values())


async def end(rt: Runtime, organisation: OrganisationId, id: BroadcastId, state: str) -> int:
    """End what is open of a broadcast that is over, batch by batch; return how many ended."""
    ended = 0
    while True:
        async with db.transaction(rt.pool, organisation) as conn:
            batch = await endings.end_open(conn, id, state, limit=ENDED_AT_ONCE)
            if batch:
                await record.append(
                    conn,
                    "deliveries.ended",
                    id,
                    actor=record.part_of_the_system(organisation, "worker.upkeep"),
                    now=rt.now(),
                    state=state,
                    ended=batch,
                )
        ended += batch
        if batch < ENDED_AT_ONCE:
            return ended


async def _finish(rt: Runtime, organisation: OrganisationId) -> int:
    async with db.transaction(rt.pool, organisation) as conn:
        finished = await endings.finish_settled(conn, now=rt.now())
        for broadcast in finished:  # a handful
            await record.append(
                conn,
                "broadcast.finished",
                broadcast.id,
                actor=record.part_of_the_system(organisation, "worker.upkeep"),
                now=rt.now(),
            )
    return len(finished)


async def tidy(rt: Runtime, organisation: OrganisationId) -> None:
    """Fold counters, apply words whose send is known by now, drop what nobody will ask for."""
    now = rt.now()
    actor = record.part_of_the_system(organisation, "worker.upkeep")
    async with db.transaction(rt.pool, organisation) as conn:
        for broadcast in await deliveries.long_tallies(conn, rows=200):
            await queries.fold(conn, broadcast.id)
        await receipts.adopt(conn, actor=actor, now=now)
        await receipts.forget_orphans(conn, before=now - ORPHANS_KEPT)
        await exchanges.forget(conn, before=now - exchanges.KEPT)
        for portfolio in await portfolios.names(conn):
            await portfolios.lock(conn, portfolio.name)
            await portfolios.forget(conn, portfolio.name, now=now)
        await record.forget_answers(conn, before=now - ANSWERS_KEPT)


async def reconcile(rt: Runtime, organisation: OrganisationId) -> list[BroadcastId]:
    """Recount, and return the broadcasts whose counters differ from their deliveries: none, if all
    is well.

    What is new of it becomes a finding, which people see in the control room, on the broadcast's
    page and in `chaupal doctor`; what agrees again is settled.
    """
    now = rt.now()
    actor = record.part_of_the_system(organisation, "worker.reconcile")
    async with db.transaction(rt.pool, organisation) as conn:
        found = await findings.differences(conn, since=now - RECONCILED_FOR)
        wrong = [one.broadcast_id for one in found]
        noted = await findings.note(conn, found, now=now)
        settled = await findings.settle(conn, wrong, now=now)
        for new in noted:  # it should be none
            await record.append(
                conn, "counters.differed", new.broadcast_id, actor=actor, now=now, off=new.off
            )
        for over in settled:
            await record.append(conn, "counters.agreed", over.broadcast_id, actor=actor, now=now)
    if wrong:
        logger.error("broadcasts.counters_differ", broadcasts=[str(id) for id in wrong])
    if noted or settled:
        await arrivals_log.hint(rt.nats, organisation, "broadcasts")
    return wrong
