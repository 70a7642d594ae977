"""What the worker does for relay: opens tasks, takes their next steps, closes them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from chaupal import record
from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import by_hand
from chaupal.broadcasts.deliveries import LOOK_AGAIN
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.runtime import Runtime
from chaupal.relay import handing, queries, recalling
from chaupal.relay.models import ABOVE, REMINDER, Patience
from chaupal.relay.telling import CHANNELS_IN_ORDER, Manners, tell

__all__ = ["Manners", "ask_back", "close", "escalate", "hand_over", "open_tasks", "tell"]

BATCH = 2000
INDIA = ZoneInfo("Asia/Kolkata")
PATIENCE = Patience()

logger = log.logger(__name__)


async def open_tasks(
    rt: Runtime, organisation: OrganisationId, patience: Patience = PATIENCE
) -> int:
    """Make tasks of all deliveries that people have to carry out; return how many moved.

    Each batch is one transaction: the task, its first hand and the delivery's state together.
    A group with nobody to ask, all the way up the tree, is refused as `no_admin`.
    """
    moved = 0
    while batch := await _open_batch(rt, organisation, patience):
        moved += batch
    if moved:
        await arrivals_log.hint(rt.nats, organisation, "relay")
        await arrivals_log.hint(rt.nats, organisation, "broadcasts")
    return moved


async def _open_batch(rt: Runtime, organisation: OrganisationId, patience: Patience) -> int:
    now = rt.now()
    async with db.transaction(rt.pool, organisation) as conn:
        await by_hand.hold_back(conn, now=now, until=now + LOOK_AGAIN, limit=BATCH)
        waiting = await by_hand.claim_for_relay(conn, now=now, limit=BATCH)
        if not waiting:
            return 0
        tasks = {new_id(): delivery for delivery in waiting}
        hands = await queries.next_hands(
            conn,
            task_ids=list(tasks),
            group_ids=[delivery.group_id for delivery in waiting],
            climbs=[False] * len(tasks),
            channels=list(CHANNELS_IN_ORDER),
            today=_today(now),
        )
        asked = {hand.task_id: tasks[hand.task_id] for hand in hands}
        first_step_at = now + patience.wait_after(0)
        await queries.add_tasks(
            conn,
            ids=list(asked),
            delivery_ids=[delivery.delivery_id for delivery in asked.values()],
            broadcast_ids=[delivery.broadcast_id for delivery in asked.values()],
            group_ids=[delivery.group_id for delivery in asked.values()],
            next_step_ats=[min(first_step_at, d.closes_at) for d in asked.values()],
            closes_ats=[delivery.closes_at for delivery in asked.values()],
        )
        await queries.assign(
            conn,
            ids=[new_id() for _ in hands],
            task_ids=[hand.task_id for hand in hands],
            person_ids=[hand.person_id for hand in hands],
            office_ids=[hand.office_id for hand in hands],
            steps=[0] * len(hands),
            now=now,
        )
        await by_hand.task(conn, [delivery.delivery_id for delivery in asked.values()])
        alone = [d.delivery_id for id, d in tasks.items() if id not in asked]
        await by_hand.refuse(conn, alone, failure="no_admin")
        counted = {"asked": len(asked), "alone": len(alone)}
        await _record(rt, conn, organisation, "relay.tasks_opened", **counted)
    logger.info("relay.tasks_opened", organisation=organisation, **counted)
    return len(waiting)


async def escalate(rt: Runtime, organisation: OrganisationId, patience: Patience = PATIENCE) -> int:
    """Take the steps that have come: remind, ask the next one, climb; return how many.

    A task for which nobody is left to ask waits for its end.
    """
    taken = 0
    while batch := await _escalate_batch(rt, organisation, patience):
        taken += batch
    if taken:
        await arrivals_log.hint(rt.nats, organisation, "relay")
    return taken


async def _escalate_batch(rt: Runtime, organisation: OrganisationId, patience: Patience) -> int:
    now = rt.now()
    async with db.transaction(rt.pool, organisation) as conn:
        due = await queries.due_steps(conn, now=now, limit=BATCH)
        if not due:
            return 0
        step_of = {task.task_id: task.step + 1 for task in due}
        reminded = await queries.remind(
            conn, [id for id, step in step_of.items() if step == REMINDER], now=now
        )
        onward = [task for task in due if step_of[task.task_id] > REMINDER]
        hands = await queries.next_hands(
            conn,
            task_ids=[task.task_id for task in onward],
            group_ids=[task.group_id for task in onward],
            climbs=[step_of[task.task_id] >= ABOVE for task in onward],
            channels=list(CHANNELS_IN_ORDER),
            today=_today(now),
        )
        await queries.assign(
            conn,
            ids=[new_id() for _ in hands],
            task_ids=[hand.task_id for hand in hands],
            person_ids=[hand.person_id for hand in hands],
            office_ids=[hand.office_id for hand in hands],
            steps=[step_of[hand.task_id] for hand in hands],
            now=now,
        )
        exhausted = {task.task_id for task in onward} - {hand.task_id for hand in hands}
        await queries.set_steps(
            conn,
            task_ids=[task.task_id for task in due],
            steps=[step_of[task.task_id] for task in due],
            next_step_ats=[
                task.closes_at
                if task.task_id in exhausted
                else min(now + patience.wait_after(step_of[task.task_id]), task.closes_at)
                for task in due
            ],
        )
        counted = {"reminded": reminded, "asked": len(hands), "exhausted": len(exhausted)}
        await _record(rt, conn, organisation, "relay.steps_taken", **counted)
    logger.info("relay.steps_taken", organisation=organisation, **counted)
    return len(due)


async def hand_over(rt: Runtime, organisation: OrganisationId) -> int:
    """Give tasks that wait for former holders of offices to those who hold them today.

    Their old links say kindly that the task went along. Where an office is vacant, a task that
    nobody else has goes on to the next one up at once. Returns how many left a former holder.
    """
    moved = 0
    while batch := await _hand_over_batch(rt, organisation):
        moved += batch
    if moved:
        await arrivals_log.hint(rt.nats, organisation, "relay")
    return moved


async def _hand_over_batch(rt: Runtime, organisation: OrganisationId) -> int:
    now = rt.now()
    async with db.transaction(rt.pool, organisation) as conn:
        left = await handing.left_behind(conn, now=now, today=_today(now), limit=BATCH)
        if not left:
            return 0
        await handing.pass_on(conn, [part.assignment_id for part in left], now=now)
        onward = [part for part in left if part.is_open and part.holder_id is not None]
        await queries.assign(
            conn,
            ids=[new_id() for _ in onward],
            task_ids=[part.task_id for part in onward],
            person_ids=[part.holder_id for part in onward if part.holder_id is not None],
            office_ids=[part.office_id for part in onward],
            steps=[part.step for part in onward],
            now=now,
        )
        await handing.go_on(conn, [part.task_id for part in left if part.is_open], now=now)
        counted = {"left": len(left), "handed": len(onward)}
        await _record(rt, conn, organisation, "relay.tasks_handed_over", **counted)
    logger.info("relay.tasks_handed_over", organisation=organisation, **counted)
    return len(left)


async def ask_back(rt: Runtime, organisation: OrganisationId) -> int:
    """Ask those who posted a recalled text, or saw it, to delete it; return how many are asked."""
    asked = 0
    while batch := await _ask_back_batch(rt, organisation):
        asked += batch
    return asked


async def _ask_back_batch(rt: Runtime, organisation: OrganisationId) -> int:
    async with db.transaction(rt.pool, organisation) as conn:
        asked = await recalling.ask_back(conn, now=rt.now(), limit=BATCH)
        if not asked:
            return 0
        await _record(rt, conn, organisation, "relay.asked_back", asked=asked)
    logger.info("relay.asked_back", organisation=organisation, asked=asked)
    return asked


async def close(rt: Runtime, organisation: OrganisationId) -> int:
    """End tasks whose time is over, and those that ended some other way; return how many.

    What nobody said was posted is expired. A "posted" that comes later still counts.
    """
    ended = 0
    while batch := await _close_batch(rt, organisation):
        ended += batch
    return ended


async def _close_batch(rt: Runtime, organisation: OrganisationId) -> int:
    async with db.transaction(rt.pool, organisation) as conn:
        ends = await queries.due_ends(conn, now=rt.now(), limit=BATCH)
        if not ends:
            return 0
        ids = [task.delivery_id for task in ends]
        expired = await by_hand.expire(conn, ids, now=rt.now())
        await queries.end(conn, ids)
        counted = {"tasks": len(ends), "expired": expired}
        await _record(rt, conn, organisation, "relay.tasks_closed", **counted)
    logger.info("relay.tasks_closed", organisation=organisation, **counted)
    return len(ends)


async def _record(
    rt: Runtime, conn: db.Conn, organisation: OrganisationId, kind: str, **counts: int
) -> None:
    actor = record.part_of_the_system(organisation, "worker.relay")
    await record.append(conn, kind, "relay", actor=actor, now=rt.now(), **counts)


def _today(now: datetime) -> date:
    return now.astimezone(INDIA).date()
