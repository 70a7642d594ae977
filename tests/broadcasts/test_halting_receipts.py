"""What a receipt asks to stop, stops: once, and never again what a person let go on since."""

from datetime import UTC, datetime, timedelta

import pytest

from chaupal import record
from chaupal.arrivals.models import Evidence, Failure, Halt, StatusArrived
from chaupal.broadcasts import deliveries, jobs, receipts, sender_actions
from chaupal.broadcasts.deliveries import Settlement
from chaupal.broadcasts.models import Stage as At
from chaupal.kit.ids import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


class Exchange:
    """A broadcast of which some messages are with the provider, and what it says of them."""

    def __init__(self, stage, clock) -> None:
        self.stage, self.clock, self.worker = stage, clock, new_id()
        self.actor = record.part_of_the_system(stage.place.organisation, "worker.projection")

    async def send(self, count: int) -> list[str]:
        """Send some and return what the provider calls them."""
        now = self.stage.rt.now()
        async with self.stage.place.transaction() as conn:
            await deliveries.lease_senders(
                conn, self.worker, channels=["sandbox"], now=now, lease=timedelta(minutes=1)
            )
            claims = await deliveries.claim(
                conn,
                self.stage.bot,
                worker=self.worker,
                now=now,
                lease=timedelta(minutes=1),
                time_to_live=timedelta(hours=1),
                remembers_keys_for=timedelta(days=1),
                limit=count,
            )
            ends = [
                Settlement(
                    c.delivery_id,
                    c.attempts,
                    "sent",
                    provider_ref=f"r{c.delivery_id}",
                    evidence=Evidence.ACCEPTED,
                )
                for c in claims
            ]
            await deliveries.settle(conn, ends, now=now)
        self.clock.at += timedelta(seconds=10)
        return [end.provider_ref for end in ends]

    async def hear(self, *words: StatusArrived) -> None:
        async with self.stage.place.transaction() as conn:
            now = self.stage.rt.now()
            await receipts.hear(conn, {self.stage.bot: words}, actor=self.actor, now=now)
        self.clock.at += timedelta(seconds=10)

    async def written(self, kind: str) -> list[dict]:
        rows = await self.rows("SELECT facts FROM record WHERE kind = %s ORDER BY number", kind)
        return [facts for (facts,) in rows]

    async def rows(self, sql: str, *values: object) -> list[tuple]:
        async with self.stage.place.transaction() as conn:
            return await (await conn.execute(sql, values)).fetchall()


@pytest.fixture
def exchange(stage, clock) -> Exchange:
    return Exchange(stage, clock)


def refused(ref: str, halts: Halt = Halt.CAMPAIGN, why: str = "text_not_in_ledger"):
    return StatusArrived(NOON, ref, None, Evidence.ACCEPTED, Failure.CONTENT, halts, why)


async def test_one_receipt_pauses_its_broadcast_and_no_other_and_the_record_says_why(exchange):
    stage = exchange.stage
    id = await stage.frozen()
    [first, *_] = await exchange.send(3)
    other = await stage.frozen()
    await exchange.hear(refused(first))
    assert (await stage.broadcast(id)).stage is At.PAUSED
    assert (await stage.broadcast(other)).stage is At.SENDING
    assert await stage.states(id) == {"refused": 1, "sent": 2, "queued": 9}
    halted = "SELECT broadcast_id, sender_id, reason FROM broadcast_halt"
    assert await exchange.rows(halted) == [(id, stage.bot, "text_not_in_ledger")]
    [facts] = await exchange.written("broadcast.halted")
    assert facts["because"] == "text_not_in_ledger"


async def test_what_a_person_let_go_on_is_not_stopped_again_by_what_was_sent_before(exchange):
    stage = exchange.stage
    id = await stage.frozen()
    [first, second] = await exchange.send(2)
    await exchange.hear(refused(first))
    await stage.steer(id, "resume")
    await exchange.hear(refused(first), refused(second))  # a replay, and one that comes late
    assert (await stage.broadcast(id)).stage is At.SENDING
    assert await stage.states(id) == {"refused": 2, "queued": 10}

    [third] = await exchange.send(1)
    await exchange.hear(refused(third))
    assert (await stage.broadcast(id)).stage is At.PAUSED
    assert len(await exchange.written("broadcast.halted")) == 2


async def test_a_receipt_against_the_sender_stops_it_until_it_is_let_go_on(exchange):
    stage = exchange.stage
    id = await stage.frozen()
    [first, second] = await exchange.send(2)
    word = refused(first, Halt.SENDER, "sender_not_in_ledger")
    await exchange.hear(word, word)
    stopped = "SELECT sender_id, halt, reason FROM sender_stop"
    assert await exchange.rows(stopped) == [(stage.bot, "sender", "sender_not_in_ledger")]
    assert (await stage.broadcast(id)).stage is At.SENDING
    assert await exchange.send(9) == [], "a stopped sender claims nothing"

    await sender_actions.let_go_on(stage.rt, stage.bot, key=str(new_id()), actor=stage.author)
    await exchange.hear(word, refused(second, Halt.SENDER, "sender_not_in_ledger"))
    assert await exchange.rows(stopped) == []
    [third] = await exchange.send(1)
    await exchange.hear(refused(third, Halt.SENDER, "sender_not_in_ledger"))
    assert len(await exchange.rows(stopped)) == 1


async def test_a_word_that_waits_for_its_send_stops_its_broadcast_once_the_send_is_known(exchange):
    stage = exchange.stage
    id = await stage.frozen()
    [first] = await exchange.send(1)
    await exchange.rows(
        "UPDATE delivery SET provider_ref = NULL WHERE broadcast_id = %s RETURNING 1", id
    )
    await exchange.hear(refused(first))
    assert (await stage.broadcast(id)).stage is At.SENDING
    await exchange.rows(
        "UPDATE delivery SET provider_ref = %s WHERE broadcast_id = %s AND state = 'sent'"
        " RETURNING 1",
        first,
        id,
    )
    await jobs.tidy(stage.rt, stage.place.organisation)
    assert (await stage.broadcast(id)).stage is At.PAUSED
    assert await exchange.rows("SELECT 1 FROM orphan_status") == []


async def test_a_refusal_of_what_had_arrived_stops_nothing(exchange):
    stage = exchange.stage
    id = await stage.frozen()
    [first] = await exchange.send(1)
    await exchange.hear(StatusArrived(NOON, first, None, Evidence.DELIVERED))
    await exchange.hear(refused(first))
    assert (await stage.broadcast(id)).stage is At.SENDING


async def test_a_receipt_for_a_message_of_another_sender_stops_nothing(exchange):
    stage = exchange.stage
    id = await stage.frozen()
    [first] = await exchange.send(1)
    stranger = await stage.place.sender("stranger")
    async with stage.place.transaction() as conn:
        word = {stranger: [refused(first, Halt.ORGANISATION)]}
        await receipts.hear(conn, word, actor=exchange.actor, now=stage.rt.now())
    assert (await stage.broadcast(id)).stage is At.SENDING
    assert await exchange.rows("SELECT 1 FROM sender_stop") == []
