"""A recall: what was not sent stops at once, and what was is taken back, by the clock."""

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from chaupal import record
from chaupal.arrivals.models import Evidence, StatusArrived
from chaupal.broadcasts import deliveries, queries, recalls, receipts, retracting
from chaupal.broadcasts.audience import Everyone
from chaupal.broadcasts.deliveries import Settlement
from chaupal.broadcasts.models import Stage
from chaupal.broadcasts.retracting import Retractor
from chaupal.channels.contract import Account, Message
from chaupal.channels.sandbox import Sandbox as SandboxChannel
from chaupal.groups import moves
from chaupal.kit.ids import new_id
from chaupal.rehearsal.provider.control import application
from chaupal.rehearsal.provider.server import Sandbox

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LEASE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def provider(tmp_path, stage, http):
    """The rehearsal's provider, with all groups of the stage in it, and our bot."""
    app = application(Sandbox(tmp_path / "book"))
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        groups = "\n".join(f'{{"id": "g:{id}"}}' for id in stage.farmers)
        await http.post(f"{url}/control/groups", data=groups)
        await http.post(f"{url}/control/bots", json={"token": "token", "name": "bot"})
        async with stage.place.transaction() as conn:
            await conn.execute("UPDATE sender SET endpoint = %s", (url,))
        yield url


async def claimed(stage, conn, worker, *, now=NOON, limit=100):
    judged = await deliveries.claim(
        conn, stage.bot, worker=worker, now=now, lease=LEASE, time_to_live=timedelta(minutes=5),
        remembers_keys_for=timedelta(days=1), limit=limit,
    )  # fmt: skip
    return [row for row in judged if row.state.value == "sending"]


async def leased(stage):
    worker = new_id()
    async with stage.place.transaction() as conn:
        await deliveries.lease_senders(
            conn, worker, channels=["sandbox"], now=stage.rt.now(), lease=LEASE
        )
    return worker


async def sent(stage, client, url, *, limit=100) -> list[int]:
    """Send what is queued to the provider, and settle it under its references."""
    worker = await leased(stage)
    line = SandboxChannel().connect(client, Account(url, "token", ""))
    async with stage.place.transaction() as conn:
        rows = await claimed(stage, conn, worker, limit=limit)
        for row in rows:
            address = row.address or stage.rt.sealer.unseal(
                row.sealed, f"contact/{stage.place.organisation}/sandbox"
            )
            accepted = await line.send(Message(address, "राम राम", str(row.delivery_id)))
            ended = Settlement(
                row.delivery_id, row.attempts, "sent", accepted.provider_ref, evidence=1
            )
            await deliveries.settle(conn, [ended], now=stage.rt.now())
    return [row.delivery_id for row in rows]


async def in_chats(http, url) -> int:
    """How many messages stand in chats, by the provider's own book."""
    found = 0
    for path in ("/book", "/book/direct"):
        async with http.get(url + path) as answer:
            found += (await answer.text()).count('"message_id"')
    return found


async def standing(stage, id) -> dict[str, int]:
    async with stage.place.transaction() as conn:
        return {row.state: row.targets for row in await recalls.standing(conn, id)}


@pytest.mark.parametrize("target", ["groups", "people"])
async def test_what_was_sent_is_deleted_and_what_was_not_is_never_sent(
    stage, provider, http, client, target
):
    if target == "people":
        for at in ("east-one", "west-one") * 6:
            await stage.place.person(at, chat=f"p:{new_id()}", purpose="messages")
        id = await stage.frozen(Everyone(), via=("sandbox",))
    else:
        id = await stage.frozen()
    await sent(stage, client, provider, limit=5)
    assert await in_chats(http, provider) == 5

    await stage.steer(id, "recall")
    retractor = Retractor(stage.rt, stage.place.organisation, client)
    assert await retractor.work() == 5

    assert await in_chats(http, provider) == 0
    assert await standing(stage, id) == {"deleted": 5}
    assert await stage.states(id) == {"sent": 5, "recalled": 7}
    assert await sent(stage, client, provider) == []
    assert await retractor.work() == 0
    async with stage.place.transaction() as conn:
        recall = await recalls.find(conn, id)
    assert (recall.since, recall.gone_by) == (NOON, NOON + timedelta(hours=3))


async def test_another_broadcast_stays_in_the_same_chats(stage, provider, http, client):
    stays, goes = await stage.frozen(), await stage.frozen()
    assert len(await sent(stage, client, provider)) == 24
    await stage.steer(goes, "recall")
    assert await Retractor(stage.rt, stage.place.organisation, client).work() == 12
    assert await in_chats(http, provider) == 12
    assert await standing(stage, stays) == {}


async def test_a_receipt_that_comes_after_the_recall_brings_its_message_into_it(
    stage, provider, http, client
):
    """One was under way when the recall came; its answer was lost, and a receipt tells of it."""
    id = await stage.frozen()
    worker = await leased(stage)
    line = SandboxChannel().connect(client, Account(provider, "token", ""))
    async with stage.place.transaction() as conn:
        [row] = await claimed(stage, conn, worker, limit=1)
    accepted = await line.send(Message(row.address, "राम राम", str(row.delivery_id)))
    await stage.steer(id, "recall")
    retractor = Retractor(stage.rt, stage.place.organisation, client)
    assert await retractor.work() == 0
    assert await standing(stage, id) == {}

    word = StatusArrived(NOON, accepted.provider_ref, str(row.delivery_id), Evidence.DELIVERED)
    async with stage.place.transaction() as conn:
        await receipts.apply(conn, stage.bot, [word], now=NOON)
    assert await retractor.work() == 1
    assert await in_chats(http, provider) == 0


async def test_where_a_group_moved_to_no_other_message_is_deleted_in_its_place(
    stage, provider, client
):
    """The numbers of messages begin anew in a supergroup, so an old one would mean another."""
    id = await stage.frozen()
    await sent(stage, client, provider)
    later = NOON + timedelta(minutes=1)
    actor = record.part_of_the_system(stage.place.organisation, "worker.dispatch")
    async with stage.place.transaction() as conn:
        addresses = {f"g:{group}": f"new:{group}" for group in stage.farmers[:3]}
        moved = await moves.follow(conn, stage.bot, addresses, now=later, actor=actor)
    assert (len(moved.followed), moved.stuck) == (3, [])
    await stage.steer(id, "recall")
    assert await Retractor(stage.rt, stage.place.organisation, client).work() == 9
    assert await standing(stage, id) == {"deleted": 9, "impossible": 3}


async def test_what_cannot_be_deleted_is_said_and_not_tried_for_ever(stage, provider, http, client):
    id = await stage.frozen()
    ids = await sent(stage, client, provider)
    async with stage.place.transaction() as conn:
        await conn.execute("UPDATE delivery SET provider_ref = NULL WHERE id = %s", (ids[0],))
    await http.post(f"{provider}/control/bots", json={"token": "other", "name": "bot"})
    async with stage.place.transaction() as conn:
        wrong = stage.rt.sealer.seal("nobody", f"sender/{stage.bot}/token")
        await conn.execute("UPDATE sender SET sealed_token = %s", (wrong,))
    await stage.steer(id, "recall")
    assert await Retractor(stage.rt, stage.place.organisation, client).work() == 0
    assert await standing(stage, id) == {"impossible": 12}


async def test_a_provider_that_is_away_is_asked_again(stage, provider, http, client, clock):
    id = await stage.frozen()
    await sent(stage, client, provider)
    async with stage.place.transaction() as conn:
        await conn.execute("UPDATE sender SET endpoint = 'http://127.0.0.1:9'")
    await stage.steer(id, "recall")
    retractor = Retractor(stage.rt, stage.place.organisation, client)
    assert await retractor.work() == 0
    assert await standing(stage, id) == {"waiting": 12}
    assert await retractor.work() == 0  # not before its time
    async with stage.place.transaction() as conn:
        await conn.execute("UPDATE sender SET endpoint = %s", (provider,))
    clock.at = NOON + retracting.FIRST_WAIT
    assert await retractor.work() == 12


async def test_what_a_killed_worker_had_in_hand_is_deleted_by_the_next(
    stage, provider, client, clock
):
    id = await stage.frozen()
    await sent(stage, client, provider)
    await stage.steer(id, "recall")
    await retracting.gather(stage.rt, stage.place.organisation)
    async with stage.place.transaction() as conn:
        held = await recalls.claim(conn, now=NOON, lease=retracting.LEASE, limit=5)
    assert len(held) == 5
    retractor = Retractor(stage.rt, stage.place.organisation, client)
    assert await retractor.work() == 0  # one worker at a time
    clock.at = NOON + retracting.LEASE + timedelta(seconds=1)
    assert await retractor.work() == 12
    async with stage.place.transaction() as conn:  # the killed one wakes up too late
        settled = await recalls.settle(
            conn,
            ids=[one.delivery_id for one in held],
            attempts=[one.attempts for one in held],
            states=["impossible"] * 5,
            due_ats=[NOON] * 5,
            now=NOON,
        )
    assert settled == 0
    assert await standing(stage, id) == {"deleted": 12}


async def waits(stage) -> None:
    """Somebody waits for a lock."""
    async with asyncio.timeout(20):
        while True:
            async with stage.place.transaction() as conn:
                found = await conn.execute(
                    "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                    " WHERE NOT granted AND a.datname = current_database()"
                )
                if (await found.fetchone())[0]:
                    return


async def test_a_recall_waits_for_the_claim_under_way_and_ends_the_rest(stage):
    id = await stage.frozen()
    worker = await leased(stage)
    async with stage.place.transaction() as conn:
        assert len(await claimed(stage, conn, worker, limit=5)) == 5
        recall = asyncio.create_task(stage.steer(id, "recall"))
        await waits(stage)
    await recall
    assert await stage.states(id) == {"sending": 5, "recalled": 7}


async def test_a_claim_that_meets_a_recall_takes_nothing(stage):
    id = await stage.frozen()
    worker = await leased(stage)

    async def claim() -> int:
        async with stage.place.transaction() as conn:
            return len(await claimed(stage, conn, worker))

    async with stage.place.transaction() as conn:
        await queries.lock(conn, id)
        await queries.set_stage(conn, id, Stage.RECALLED, now=NOON)
        meeting = asyncio.create_task(claim())
        await waits(stage)
    assert await meeting == 0
    assert await stage.states(id) == {"queued": 12}


async def test_claims_and_a_recall_at_once_leave_nothing_between(stage):
    id = await stage.frozen()
    worker = await leased(stage)
    over = asyncio.Event()
    late: list[int] = []

    async def take() -> None:
        while True:
            after = over.is_set()
            async with stage.place.transaction() as conn:
                rows = await claimed(stage, conn, worker, limit=1)
            if after:
                late.append(len(rows))
                return

    async def recall() -> None:
        await stage.steer(id, "recall")
        over.set()

    await asyncio.gather(take(), take(), recall())
    assert late == [0, 0]
    states = await stage.states(id)
    assert states.get("sending", 0) + states["recalled"] == 12
