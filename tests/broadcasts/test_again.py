"""What is unknown is sent again only because a person says so, knowing how many."""

from datetime import UTC, datetime, timedelta

import pytest

from chaupal.arrivals.models import Evidence, StatusArrived
from chaupal.broadcasts import again, deliveries, jobs, queries, receipts
from chaupal.broadcasts.deliveries import Settlement
from chaupal.broadcasts.models import Stage
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import NotAllowed, Refused

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(minutes=1)
KEY = "sent-again-by-hand"
WORKER = new_id()


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


async def claim(conn, stage, worker, *, limit):
    await deliveries.lease_senders(conn, worker, channels=["sandbox"], now=NOON, lease=LEASE)
    return await deliveries.claim(
        conn, stage.bot, worker=worker, now=NOON, lease=LEASE, time_to_live=timedelta(minutes=5),
        remembers_keys_for=timedelta(days=1), limit=limit,
    )  # fmt: skip


@pytest.fixture
async def doubtful(stage):
    """A broadcast of which two sends are unknown, and the deliveries that these are."""
    id = await stage.frozen()
    async with stage.place.transaction() as conn:
        lost = await claim(conn, stage, WORKER, limit=2)
        ends = [Settlement(c.delivery_id, c.attempts, "unknown", doubtful=True) for c in lost]
        await deliveries.settle(conn, ends, now=NOON)
    return id, lost


async def test_what_is_unknown_is_queued_again_with_a_name_and_counted(stage, doubtful):
    id, lost = doubtful
    queued = await again.send_again(stage.place.rt, id, 2, key=KEY, actor=stage.approver)
    repeated = await again.send_again(stage.place.rt, id, 2, key=KEY, actor=stage.approver)
    assert (queued, repeated) == (2, 2)
    assert await stage.states(id) == {"queued": 12}
    async with stage.place.transaction() as conn:
        claimed = await claim(conn, stage, WORKER, limit=100)
        found = await conn.execute(
            "SELECT actor_id, facts ->> 'count' FROM record WHERE kind = 'deliveries.sent_again'"
        )
        rows = await found.fetchall()
    assert {c.delivery_id for c in lost} <= {c.delivery_id for c in claimed}
    assert [(str(actor), count) for actor, count in rows] == [(str(stage.approver.id), "2")]


async def test_another_number_than_was_seen_sends_nothing(stage, doubtful):
    id, lost = doubtful
    async with stage.place.transaction() as conn:
        told = StatusArrived(NOON, "late", str(lost[0].delivery_id), Evidence.DELIVERED)
        await receipts.apply(conn, stage.bot, [told], now=NOON)
    with pytest.raises(Refused) as refusal:
        await again.send_again(stage.place.rt, id, 2, key=KEY, actor=stage.approver)
    assert (refusal.value.code, refusal.value.facts["count"]) == ("broadcast.unknown_moved", 1)
    assert await stage.states(id) == {"queued": 10, "sent": 1, "unknown": 1}


async def test_a_receipt_that_comes_after_the_decision_still_stops_the_second_send(stage, doubtful):
    id, lost = doubtful
    await again.send_again(stage.place.rt, id, 2, key=KEY, actor=stage.approver)
    async with stage.place.transaction() as conn:
        told = StatusArrived(NOON, "late", str(lost[0].delivery_id), Evidence.DELIVERED)
        await receipts.apply(conn, stage.bot, [told], now=NOON)
        claimed = await claim(conn, stage, WORKER, limit=100)
    assert lost[0].delivery_id not in {c.delivery_id for c in claimed}
    assert lost[1].delivery_id in {c.delivery_id for c in claimed}


async def test_a_finished_broadcast_goes_on_until_its_time_is_over(stage, doubtful, clock):
    id, _ = doubtful
    async with stage.place.transaction() as conn:
        rest = await claim(conn, stage, WORKER, limit=100)
        ends = [
            Settlement(c.delivery_id, c.attempts, "sent", f"r{c.delivery_id}", evidence=1)
            for c in rest
        ]
        await deliveries.settle(conn, ends, now=NOON)
    await jobs.keep_in_order(stage.place.rt, stage.place.organisation)
    assert (await stage.broadcast(id)).stage is Stage.FINISHED
    await again.send_again(stage.place.rt, id, 2, key=KEY, actor=stage.approver)
    assert (await stage.broadcast(id)).stage is Stage.SENDING
    assert (await stage.states(id))["queued"] == 2
    async with stage.place.transaction() as conn:
        ends = [
            Settlement(c.delivery_id, c.attempts, "unknown", doubtful=True)
            for c in await claim(conn, stage, WORKER, limit=100)
        ]
        await deliveries.settle(conn, ends, now=NOON)
    clock.at = (await stage.broadcast(id)).expires_at
    async with stage.place.transaction() as conn:
        shown = await queries.lock(conn, id)
        assert await again.offered(conn, shown, now=clock.at) == 0
    with pytest.raises(Refused) as refusal:
        await again.send_again(stage.place.rt, id, 2, key=f"{KEY}-late", actor=stage.approver)
    assert refusal.value.code == "broadcast.over_already"


async def test_a_recalled_broadcast_sends_nothing_again(stage, doubtful):
    id, _ = doubtful
    await stage.steer(id, "recall")
    with pytest.raises(Refused) as refusal:
        await again.send_again(stage.place.rt, id, 2, key=KEY, actor=stage.approver)
    assert refusal.value.code == "broadcast.cannot_move"


async def test_whoever_may_not_steer_decides_nothing(stage, doubtful):
    id, _ = doubtful
    office_bearer = await stage.place.account("mohan", role="office_bearer")
    with pytest.raises(NotAllowed):
        await again.send_again(stage.place.rt, id, 2, key=KEY, actor=office_bearer)
