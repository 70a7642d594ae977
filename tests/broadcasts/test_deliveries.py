"""Claims, settlements and receipts: nothing twice, nothing lost, evidence never falls."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from chaupal import record
from chaupal.arrivals.models import Evidence, Failure, StatusArrived
from chaupal.broadcasts import deliveries, jobs, receipts
from chaupal.broadcasts.approved import approved_texts
from chaupal.broadcasts.deliveries import Settlement
from chaupal.broadcasts.models import Lane, State
from chaupal.kit.ids import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
LEASE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


async def lease(stage, worker, *, now=NOON):
    async with stage.place.transaction() as conn:
        return await deliveries.lease_senders(
            conn, worker, channels=["sandbox"], now=now, lease=LEASE
        )


async def claim(stage, worker, *, now=NOON, limit=100, remembers=timedelta(days=1)):
    """What is leased; what is set aside shows in the account."""
    async with stage.place.transaction() as conn:
        judged = await deliveries.claim(
            conn,
            stage.bot,
            worker=worker,
            now=now,
            lease=LEASE,
            time_to_live=timedelta(minutes=5),
            remembers_keys_for=remembers,
            limit=limit,
        )
    return [row for row in judged if row.state is State.SENDING]


async def settle(stage, *settlements, now=NOON):
    async with stage.place.transaction() as conn:
        return await deliveries.settle(conn, list(settlements), now=now)


def sent(claim, ref="r"):
    return Settlement(claim.delivery_id, claim.attempts, "sent", ref, evidence=1)


async def test_only_the_worker_that_holds_the_sender_claims(stage):
    await stage.frozen()
    mine, yours = new_id(), new_id()
    assert [s.id for s in await lease(stage, mine)] == [stage.bot]
    assert await lease(stage, yours) == []
    assert await claim(stage, yours) == []
    assert len(await claim(stage, mine)) == 12


async def test_a_lapsed_sender_lease_goes_to_another_worker(stage):
    await stage.frozen()
    mine, yours = new_id(), new_id()
    await lease(stage, mine)
    later = NOON + LEASE + timedelta(seconds=1)
    assert [s.id for s in await lease(stage, yours, now=later)] == [stage.bot]
    assert await claim(stage, mine, now=later) == []


async def test_an_urgent_broadcast_goes_first_and_equals_take_turns(stage):
    bulk = await stage.frozen(lane=Lane.BULK)
    other = await stage.frozen(lane=Lane.BULK)
    urgent = await stage.frozen(lane=Lane.URGENT)
    worker = new_id()
    await lease(stage, worker)
    first = await claim(stage, worker, limit=12)
    assert {c.broadcast_id for c in first} == {urgent}
    then = await claim(stage, worker, limit=10)
    assert sorted(c.broadcast_id for c in then) == sorted([bulk, other] * 5)


async def test_a_worker_that_slept_through_its_lease_settles_nothing(stage):
    id = await stage.frozen()
    worker = new_id()
    await lease(stage, worker)
    [stale] = await claim(stage, worker, limit=1)
    later = NOON + LEASE + timedelta(seconds=1)
    async with stage.place.transaction() as conn:
        await deliveries.lapse(conn, now=later)
    await lease(stage, worker, now=later)
    [again] = [
        c for c in await claim(stage, worker, now=later) if c.delivery_id == stale.delivery_id
    ]
    assert await settle(stage, sent(stale, "r1")) == 0
    assert await settle(stage, sent(again, "r2")) == 1
    assert await stage.states(id) == {"sending": 11, "sent": 1}


async def test_where_a_repeat_would_be_a_second_message_a_lapse_is_unknown_and_stays(stage):
    id = await stage.frozen()
    worker = new_id()
    await lease(stage, worker)
    await claim(stage, worker, limit=3)
    later = NOON + LEASE + timedelta(seconds=1)
    async with stage.place.transaction() as conn:
        await deliveries.lapse(conn, now=later)
    await lease(stage, worker, now=later)
    assert len(await claim(stage, worker, now=later, remembers=timedelta(0))) == 9
    async with stage.place.transaction() as conn:
        await deliveries.give_up_doubtful(
            conn, channels=["sandbox"], windows=[timedelta(0)], now=later
        )
    assert await stage.states(id) == {"sending": 9, "unknown": 3}


async def test_a_send_in_doubt_is_repeated_only_while_its_key_is_remembered(stage):
    await stage.frozen()
    worker = new_id()
    await lease(stage, worker)
    [one] = await claim(stage, worker, limit=1)
    await settle(
        stage,
        Settlement(one.delivery_id, one.attempts, "queued", due_at=NOON, doubtful=True),
    )
    window = timedelta(minutes=20)
    soon, late = NOON + timedelta(minutes=19), NOON + timedelta(minutes=21)
    await lease(stage, worker, now=late)
    claimed = await claim(stage, worker, now=late, remembers=window)
    assert one.delivery_id not in {c.delivery_id for c in claimed}
    await lease(stage, worker, now=soon)
    claimed = await claim(stage, worker, now=soon, remembers=window)
    assert one.delivery_id in {c.delivery_id for c in claimed}


@pytest.mark.parametrize("verb", ["pause", "cancel", "recall"])
async def test_what_was_stopped_before_the_claim_is_not_claimed(stage, verb):
    await stage.frozen()
    id = await stage.frozen()
    await stage.steer(id, verb)
    worker = new_id()
    await lease(stage, worker)
    assert id not in {c.broadcast_id for c in await claim(stage, worker)}


async def test_a_group_archived_after_the_freeze_gets_nothing(stage):
    id = await stage.frozen()
    async with stage.place.transaction() as conn:
        await conn.execute(
            "UPDATE chat_group SET archived_at = now() WHERE id = %s", (stage.farmers[0],)
        )
    worker = new_id()
    await lease(stage, worker)
    assert len(await claim(stage, worker)) == 11
    await jobs.keep_in_order(stage.rt, stage.place.organisation)
    assert await stage.states(id) == {"sending": 11, "cancelled": 1}


@pytest.mark.parametrize(
    ("starts_in", "election_matter", "claimed"),
    [
        (timedelta(minutes=-1), True, 4),  # silent now
        (timedelta(minutes=4), True, 4),  # could still arrive inside the silence
        (timedelta(minutes=6), True, 12),  # certainly over by then
        (timedelta(minutes=-1), False, 12),  # two people said that it is no election matter
    ],
)
async def test_nothing_is_sent_that_could_arrive_in_a_silent_area(
    stage, starts_in, election_matter, claimed
):
    id = await stage.frozen(election_matter=election_matter)
    async with stage.place.transaction() as conn:
        await conn.execute(
            "INSERT INTO silence VALUES (current_organisation(), %s, %s, %s, %s, 'order 1')",
            (new_id(), stage.place.units["east"], NOON + starts_in, NOON + timedelta(days=2)),
        )
    worker = new_id()
    await lease(stage, worker)
    assert len(await claim(stage, worker)) == claimed
    assert (await stage.states(id)).get("queued", 0) == 12 - claimed


async def test_what_is_queued_at_the_end_expires_and_the_broadcast_finishes(stage, clock):
    id = await stage.frozen()
    worker = new_id()
    await lease(stage, worker)
    [one] = await claim(stage, worker, limit=1)
    await settle(stage, sent(one))
    clock.at = NOON + timedelta(hours=7)
    await jobs.keep_in_order(stage.rt, stage.place.organisation)
    assert await stage.states(id) == {"sent": 1, "expired": 11}
    assert (await stage.broadcast(id)).stage.value == "finished"


async def test_a_text_changed_behind_the_approval_is_never_sent(stage, database):
    id = await stage.frozen()
    async with stage.place.transaction() as conn:
        assert set(await approved_texts(conn, id)) == {"hi", "en"}
        await conn.execute("UPDATE broadcast_text SET body = body || '!'")
        assert await approved_texts(conn, id) == {}


async def test_evidence_cannot_fall_even_by_hand(stage):
    await stage.frozen()
    with pytest.raises(psycopg.errors.RaiseException, match="would fall"):
        async with stage.place.transaction() as conn:
            await conn.execute("UPDATE delivery SET evidence = 3")
            await conn.execute("UPDATE delivery SET evidence = 2")


STATUSES = {
    "accepted": (Evidence.ACCEPTED, None),
    "failed": (Evidence.ACCEPTED, Failure.BLOCKED),
    "delivered": (Evidence.DELIVERED, None),
    "read": (Evidence.OPENED, None),
}
SAID_AFTER = {"accepted": 1, "failed": 2, "delivered": 3, "read": 5}


def status(ref, word, *, key=None, at=NOON):
    evidence, failure = STATUSES[word]
    return StatusArrived(at, ref, key, evidence, failure)


@pytest.mark.parametrize("keyed", [True, False], ids=["by our key", "by the provider's reference"])
async def test_receipts_in_any_order_any_number_of_times_end_the_same(stage, keyed):
    dice = random.Random(7)
    worker = new_id()
    subsets = [set(words) for n in (1, 2, 3, 4) for words in itertools.combinations(STATUSES, n)]
    for words in subsets:
        id = await stage.frozen()
        await lease(stage, worker)
        claims = [c for c in await claim(stage, worker) if c.broadcast_id == id]
        statuses = [
            status(
                f"r{c.delivery_id}",
                word,
                key=str(c.delivery_id) if keyed else None,
                at=NOON + timedelta(seconds=SAID_AFTER[word] + again),
            )
            for c in claims
            for word in words
            for again in (0, 60)
        ]
        dice.shuffle(statuses)
        cut = dice.randrange(len(statuses))
        async with stage.place.transaction() as conn:  # some before the send returned, some after
            await receipts.apply(conn, stage.bot, statuses[:cut], now=LATER)
        await settle(stage, *(sent(c, f"r{c.delivery_id}") for c in claims))
        async with stage.place.transaction() as conn:
            await receipts.adopt(
                conn, actor=record.part_of_the_system(stage.place.organisation, "worker"), now=LATER
            )
            for half in (statuses[cut::2], statuses[cut + 1 :: 2]):
                await receipts.apply(conn, stage.bot, half, now=LATER)
            rows = await conn.execute(
                "SELECT DISTINCT state::text, evidence, delivered_at, opened_at"
                "  FROM delivery WHERE broadcast_id = %s",
                (id,),
            )
            ends = await rows.fetchall()
            left = await conn.execute("SELECT count(*) FROM orphan_status")
            assert await left.fetchone() == (0,)
        best = max(STATUSES[w][0] for w in words)
        refused = best < 2 and "failed" in words
        times = [
            NOON + timedelta(seconds=SAID_AFTER[word]) if word in words else None
            for word in ("delivered", "read")
        ]
        assert ends == [("refused" if refused else "sent", best, *times)], words


async def test_a_clock_of_a_provider_that_runs_ahead_is_believed_up_to_our_own(stage):
    id = await stage.frozen()
    worker = new_id()
    await lease(stage, worker)
    [one] = await claim(stage, worker, limit=1)
    ahead = status("r1", "delivered", key=str(one.delivery_id), at=LATER)
    async with stage.place.transaction() as conn:
        await receipts.apply(conn, stage.bot, [ahead], now=NOON)
        rows = await conn.execute(
            "SELECT delivered_at FROM delivery WHERE broadcast_id = %s AND evidence = 2", (id,)
        )
        assert await rows.fetchall() == [(NOON,)]


async def test_evidence_raised_by_a_statement_that_dates_no_rung_is_dated_when_it_rose(stage):
    await stage.frozen()
    async with stage.place.transaction() as conn:
        rows = await conn.execute(
            "UPDATE delivery SET evidence = 4, evidence_at = %s, state = 'sent', sent_at = %s"
            " RETURNING posted_at, verified_at",
            (LATER, NOON),
        )
        assert await rows.fetchall() == [(LATER, None)] * 12


async def test_a_status_of_another_sender_moves_nothing(stage):
    id = await stage.frozen()
    worker = new_id()
    await lease(stage, worker)
    [one] = await claim(stage, worker, limit=1)
    stranger = await stage.place.sender("stranger")
    async with stage.place.transaction() as conn:
        moved = await receipts.apply(
            conn, stranger, [status("r1", "read", key=str(one.delivery_id))], now=NOON
        )
    assert moved == 0
    assert await stage.states(id) == {"queued": 11, "sending": 1}


async def test_a_receipt_settles_what_was_unknown(stage):
    id = await stage.frozen()
    worker = new_id()
    await lease(stage, worker)
    [one] = await claim(stage, worker, limit=1)
    await settle(stage, Settlement(one.delivery_id, one.attempts, "unknown"))
    async with stage.place.transaction() as conn:
        await receipts.apply(
            conn, stage.bot, [status("r1", "delivered", key=str(one.delivery_id))], now=NOON
        )
    assert await stage.states(id) == {"queued": 11, "sent": 1}


async def test_folding_changes_no_count(stage):
    id = await stage.frozen()
    worker = new_id()
    await lease(stage, worker)
    for one in await claim(stage, worker):
        await settle(stage, sent(one))
    before = await stage.states(id)
    async with stage.place.transaction() as conn:
        from chaupal.broadcasts import queries

        await queries.fold(conn, id)
        rows = await conn.execute("SELECT count(*) FROM tally")
        assert await rows.fetchone() == (2,)  # a row for each branch
    assert await stage.states(id) == before == {"sent": 12}


async def test_a_counter_that_somebody_changed_is_noticed(stage):
    id = await stage.frozen()
    assert await jobs.reconcile(stage.rt, stage.place.organisation) == []
    async with stage.place.transaction() as conn:
        await conn.execute(
            "DELETE FROM tally WHERE broadcast_id = %s AND branch_id = %s",
            (id, stage.place.units["east"]),
        )
    assert await jobs.reconcile(stage.rt, stage.place.organisation) == [id]


async def test_what_comes_back_after_a_recall_ends_as_recalled(stage, clock):
    id = await stage.frozen()
    worker = new_id()
    await lease(stage, worker)
    claims = await claim(stage, worker)
    await stage.steer(id, "recall")
    deferred = [Settlement(c.delivery_id, c.attempts, "queued", due_at=NOON) for c in claims[:6]]
    await settle(stage, *deferred)
    async with stage.place.transaction() as conn:
        untried = claims[6:9]
        await deliveries.release_unattempted(
            conn, [c.delivery_id for c in untried], [c.attempts for c in untried]
        )
    clock.at = NOON + LEASE + timedelta(seconds=1)
    await jobs.keep_in_order(stage.rt, stage.place.organisation)
    assert await stage.states(id) == {"recalled": 9, "unknown": 3}, "a dead worker's are in doubt"


async def test_a_broadcast_paused_past_its_end_expires_and_finishes(stage, clock):
    id = await stage.frozen()
    await stage.steer(id, "pause")
    clock.at = NOON + timedelta(hours=7)
    await jobs.keep_in_order(stage.rt, stage.place.organisation)
    assert await stage.states(id) == {"expired": 12}
    assert (await stage.broadcast(id)).stage.value == "finished"
    async with stage.place.transaction() as conn:
        kinds = [entry.kind for entry in await record.after(conn, 0)]
    assert kinds[-2:] == ["deliveries.ended", "broadcast.finished"]


async def test_words_about_something_else_are_not_parked(stage):
    async with stage.place.transaction() as conn:
        told = [status("r1", "delivered", key="relay-1"), status("r2", "delivered")]
        await receipts.apply(conn, stage.bot, told, now=NOON)
        parked = await conn.execute("SELECT provider_ref FROM orphan_status")
        assert await parked.fetchall() == [("r2",)]
