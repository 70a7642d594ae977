"""Sending through a real line to a provider of the test's own: pace, order, doubt and refusals."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from botserver import BotServer, a_bot_server
from chaupal.broadcasts import actions, deliveries, jobs, queries
from chaupal.broadcasts.audience import Categories
from chaupal.broadcasts.breaker import LONGEST_WAIT_S
from chaupal.broadcasts.dispatch import IN_FLIGHT, LONGEST_WAIT, Dispatcher, Leases, SenderLoop
from chaupal.broadcasts.models import BroadcastId, Draft, Lane, Purpose
from chaupal.broadcasts.pace import Pace
from chaupal.channels.http import HttpClient
from chaupal.channels.registry import CHANNELS
from chaupal.kit.clock import Clock
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Unavailable
from chaupal.record import Actor
from factories import Place, an_organisation

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = "मंडी कल सुबह सात बजे खुलेगी।"
LIMIT_S = 30
ROUNDS_OF_TROUBLE = 20


@dataclass
class Post:
    """A post office: a provider, an organisation, and loops that a test turns by hand."""

    rt: object
    clock: object
    place: Place
    author: Actor
    approver: Actor
    provider: BotServer
    http: HttpClient
    seconds: float = 1000.0
    dispatchers: list[Dispatcher] = field(default_factory=list)

    async def sender(self, channel: str = "sandbox", **changes) -> UUID:
        return await self.place.sender(channel=channel, endpoint=self.provider.url, **changes)

    async def groups(self, sender: UUID, *chats: str, category: str, channel: str = "sandbox"):
        await self.place.category(category)
        for chat in chats:
            await self.place.group(
                "east-one", sender=sender, address=chat, categories=(category,), channel=channel
            )

    async def send(self, category: str, *, lane: Lane = Lane.NORMAL) -> BroadcastId:
        draft = Draft(
            title="सूचना",
            texts={"hi": TEXT},
            purpose=Purpose.PUBLIC,
            audience=Categories([category]),
            expires_at=self.rt.now() + timedelta(hours=6),
            lane=lane,
            election_matter=False,
        )
        id = await actions.write(self.rt, draft, key=str(new_id()), actor=self.author)
        await actions.submit(self.rt, id, key=str(new_id()), actor=self.author)
        await actions.approve(
            self.rt, id, seen_hash=draft.content_hash(), key=str(new_id()), actor=self.approver
        )
        await jobs.freeze(self.rt, self.place.organisation, id)
        return id

    async def loop(self, *, lease_s: float = 60) -> SenderLoop:
        """Hold the one sender that has something to send, on a clock that the test moves."""
        dispatcher = Dispatcher(
            self.rt,
            self.place.organisation,
            self.http,
            Leases(timedelta(hours=12), timedelta(seconds=lease_s)),
        )
        async with self.place.transaction() as conn:
            [leased] = await deliveries.lease_senders(
                conn,
                dispatcher.worker,
                channels=list(CHANNELS),
                now=self.rt.now(),
                lease=dispatcher.leases.sender,
            )
        loop = dispatcher._open(leased, self.seconds + 40_000, lambda: self.seconds)
        loop.pace = Pace(
            rate_per_s=leased.rate_per_s,
            chat_interval_s=leased.chat_interval_s,
            clock=lambda: self.seconds,
            sleep=self.sleep,
        )
        return loop

    async def sleep(self, wait_s: float) -> None:
        self.seconds += max(wait_s, 1e-6)

    async def turn(self, loop: SenderLoop, *, after_s: float = 1) -> int:
        """Let time pass for everybody, and have the loop send once."""
        self.seconds += after_s
        self.clock.at += timedelta(seconds=after_s)
        return await loop.batch()

    @asynccontextmanager
    async def working(self, *, leases: Leases | None = None) -> AsyncIterator[asyncio.Event]:
        """A dispatcher at work by the real clock, until the block ends or its event is set."""
        stop = asyncio.Event()
        dispatcher = Dispatcher(
            self.rt, self.place.organisation, self.http, leases=leases or Leases()
        )
        running = asyncio.create_task(dispatcher.run(stop))
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(running, LIMIT_S)

    async def states(self, id: BroadcastId) -> dict[str, int]:
        """The account by state, after checking that the counters equal the deliveries."""
        assert await jobs.reconcile(self.rt, self.place.organisation) == []
        async with self.place.transaction() as conn:
            counts = await queries.counts(conn, id)
        states: dict[str, int] = {}
        for count in counts:
            states[count.state.value] = states.get(count.state.value, 0) + count.targets
        return states

    async def until(self, id: BroadcastId, states: dict[str, int]) -> None:
        async def reached() -> bool:
            with suppress(Unavailable):
                return await self.states(id) == states
            return False

        async with asyncio.timeout(LIMIT_S):
            while not await reached():  # noqa: ASYNC110  (others do the work)
                await asyncio.sleep(0.02)

    async def rows(self, statement: str, *values: object) -> list[tuple]:
        async with self.place.transaction() as conn:
            return await (await conn.execute(statement, values)).fetchall()


@pytest.fixture
async def post(rt, clock) -> AsyncIterator[Post]:
    place = await an_organisation(rt)
    author, approver = await place.account("asha"), await place.account("ravi")
    async with a_bot_server() as provider, HttpClient() as http:
        yield Post(rt, clock, place, author, approver, provider, http)


@pytest.fixture
def noon(clock) -> None:
    clock.at = NOON


async def test_what_is_deferred_waits_as_long_as_asked_and_is_no_failure(post, noon):
    await post.groups(await post.sender(), "g:1", category="farmers")
    id = await post.send("farmers")
    loop = await post.loop()
    rounds = 35
    for _ in range(rounds):
        post.provider.answer("g:1", 429, parameters={"retry_after": 90})
    for round in range(1, rounds + 1):
        assert await post.turn(loop) == 1
        assert await post.turn(loop, after_s=88) == 0, "tried before its time"
        assert post.provider.chats["g:1"] == round
        assert await post.states(id) == {"queued": 1}
        post.seconds += 1
        post.clock.at += timedelta(seconds=1)
    assert await post.turn(loop) == 1
    assert await post.states(id) == {"sent": 1}
    assert await post.rows("SELECT failure FROM delivery") == [(None,)]


async def test_a_provider_that_asks_for_a_wait_gets_it_from_the_whole_sender(post, noon):
    chats = [f"g:{number}" for number in range(6)]
    await post.groups(await post.sender(rate_per_s=10), *chats, category="farmers")
    id = await post.send("farmers")
    loop = await post.loop()
    post.provider.answer("g:0", 429, parameters={"retry_after": 300})

    async def sleep(wait_s: float) -> None:
        """The others wait for their turn until the first has its answer."""
        async with asyncio.timeout(LIMIT_S):
            while not loop.pace.is_held_back():  # noqa: ASYNC110  (an answer is on its way)
                await asyncio.sleep(0.001)
        post.seconds += wait_s

    loop.pace._sleep = sleep
    assert await post.turn(loop) == len(post.provider.sends) == 1
    loop.pace._sleep = post.sleep
    assert await post.states(id) == {"queued": 6}, "what was not tried is not in doubt"
    assert await post.turn(loop, after_s=298) == 0
    async with asyncio.timeout(LIMIT_S):
        while (await post.states(id)).get("sent") != 6:
            await post.turn(loop)
    assert post.provider.chats == {**dict.fromkeys(chats, 1), "g:0": 2}


async def test_trouble_without_a_wait_is_tried_ever_more_rarely_and_never_given_up(post, noon):
    await post.groups(await post.sender(), "g:1", category="farmers")
    id = await post.send("farmers")
    loop = await post.loop()
    for _ in range(ROUNDS_OF_TROUBLE):
        post.provider.answer("g:1", 503)
    waits = []
    for _ in range(ROUNDS_OF_TROUBLE):
        assert await post.turn(loop) == 1
        [(due_at,)] = await post.rows("SELECT due_at FROM delivery")
        waits.append(due_at - post.clock.at)
        post.clock.at = max(due_at, post.clock.at)
        post.seconds += LONGEST_WAIT_S  # the breaker lets go as well
    assert all(earlier <= later for earlier, later in pairwise(waits))
    assert waits[-1] == LONGEST_WAIT
    assert await post.turn(loop) == 1
    assert await post.states(id) == {"sent": 1}


async def test_a_token_that_is_wrong_gives_no_group_up(post, noon):
    await post.groups(await post.sender(), "g:1", "g:2", category="farmers")
    id = await post.send("farmers")
    loop = await post.loop()
    for chat in ("g:1", "g:2"):
        post.provider.answer(chat, 401, error_code=401, description="unauthorized")
    await post.turn(loop)
    assert await post.states(id) == {"queued": 2}
    async with asyncio.timeout(LIMIT_S):
        while (await post.states(id)).get("sent") != 2:
            await post.turn(loop, after_s=LONGEST_WAIT.total_seconds())


@pytest.mark.parametrize(
    ("status", "description", "failure"),
    [
        (400, "chat not found", "no_such_address"),
        (403, "bot was kicked", "blocked"),
        (400, "message is too long", "content"),
    ],
)
async def test_what_a_provider_rejects_is_refused_with_its_reason_and_not_tried_again(
    post, noon, status, description, failure
):
    bot = await post.sender("telegram")
    await post.groups(bot, "g:1", "g:2", category="farmers", channel="telegram")
    id = await post.send("farmers")
    loop = await post.loop()
    post.provider.answer("g:1", status, description=description)
    assert await post.turn(loop) == 2
    assert await post.turn(loop, after_s=7000) == 0
    refused = "SELECT g.address, d.failure FROM delivery d JOIN chat_group g ON g.id = d.group_id"
    assert await post.rows(f"{refused} WHERE d.state = 'refused'") == [("g:1", failure)]
    assert await post.states(id) == {"refused": 1, "sent": 1}
    assert post.provider.chats == {"g:1": 1, "g:2": 1}


async def test_a_lost_answer_is_never_asked_again_where_a_repeat_is_a_second_message(post, noon):
    bot = await post.sender("telegram")
    await post.groups(bot, "g:1", category="farmers", channel="telegram")
    id = await post.send("farmers")
    loop = await post.loop()
    post.provider.answer("g:1", 502)
    assert await post.turn(loop) == 1
    for _ in range(3):
        await jobs.keep_in_order(post.rt, post.place.organisation)
        assert await post.turn(loop, after_s=3600) == 0
    assert post.provider.chats == {"g:1": 1}
    assert await post.states(id) == {"unknown": 1}


async def test_a_lost_answer_is_asked_again_under_the_same_key_where_that_is_safe(post, noon):
    await post.groups(await post.sender(), "g:1", category="farmers")
    id = await post.send("farmers")
    loop = await post.loop()
    post.provider.answer("g:1", 200, result="no number")
    assert await post.turn(loop) == 1
    assert await post.states(id) == {"queued": 1}
    assert await post.turn(loop, after_s=3) == 1
    assert await post.states(id) == {"sent": 1}
    [(delivery,)] = await post.rows("SELECT id FROM delivery")
    assert [send.key for send in post.provider.sends] == [str(delivery)] * 2


async def test_what_is_in_doubt_when_its_broadcast_ends_is_unknown_and_not_expired(post, noon):
    await post.groups(await post.sender(), "g:1", "g:2", category="farmers")
    id = await post.send("farmers")
    loop = await post.loop()
    post.provider.answer("g:1", 200, result="no number")
    post.provider.answer("g:2", 503)
    assert await post.turn(loop) == 2
    post.clock.at += timedelta(hours=7)
    await jobs.keep_in_order(post.rt, post.place.organisation)
    assert await post.states(id) == {"unknown": 1, "expired": 1}


async def test_a_text_changed_behind_the_approval_is_not_sent(post, noon, database):
    await post.groups(await post.sender(), "g:1", category="farmers")
    id = await post.send("farmers")
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute("UPDATE broadcast_text SET body = body || ' और वोट दें'")
    loop = await post.loop()
    assert await post.turn(loop) == 1
    assert await post.turn(loop, after_s=599) == 0
    assert post.provider.sends == []
    assert await post.states(id) == {"queued": 1}


async def test_an_urgent_broadcast_overtakes_a_bulk_one_that_is_under_way(post):
    batch = 40  # half a second's worth; two of them may be under way
    bot = await post.sender(rate_per_s=2 * batch / 0.8)
    await post.groups(bot, *(f"b:{n}" for n in range(6 * batch)), category="farmers")
    await post.groups(bot, *(f"u:{n}" for n in range(2 * batch)), category="students")
    bulk = await post.send("farmers", lane=Lane.BULK)
    async with post.working():
        await post.provider.until(batch // 2)
        urgent = await post.send("students", lane=Lane.URGENT)
        await post.until(urgent, {"sent": 2 * batch})
        await post.until(bulk, {"sent": 6 * batch})
    order = "".join(send.chat[0] for send in post.provider.sends)
    first, last = order.index("u"), order.rindex("u")
    assert order[first:last].count("b") <= 1.5 * batch, "only what was claimed before it goes first"
    assert order[last:].count("b") > batch, "the bulk was still under way"


async def test_two_workers_together_never_exceed_a_senders_rate(post):
    rate_per_s, groups = 60, 150
    chats = [f"g:{number}" for number in range(groups)]
    await post.groups(await post.sender(rate_per_s=rate_per_s), *chats, category="farmers")
    id = await post.send("farmers")
    leases = Leases(timedelta(seconds=1.5), timedelta(seconds=60))
    async with post.working(leases=leases) as first_stops, post.working(leases=leases):
        await post.provider.until(groups // 3)
        first_stops.set()
        await post.until(id, {"sent": groups})
    assert post.provider.chats == dict.fromkeys(chats, 1)
    at = [send.at for send in post.provider.sends]
    burst = rate_per_s * 0.8 * 0.1
    for first in range(groups):
        for last in range(first, groups):
            if (window_s := at[last] - at[first]) >= 1:
                assert last - first + 1 <= rate_per_s * window_s + burst
    assert groups <= 0.8 * rate_per_s * (at[-1] - at[0]) * 1.1 + burst


async def test_workers_whose_clocks_are_five_minutes_apart_keep_the_pace_and_send_once(post):
    rate_per_s, groups = 60, 90
    chats = [f"g:{number}" for number in range(groups)]
    await post.groups(await post.sender(rate_per_s=rate_per_s), *chats, category="farmers")
    rt, stops = post.rt, asyncio.Event()
    clocks = [Clock(shown=datetime.now(UTC) + timedelta(seconds=s)) for s in (-150, 150)]
    for clock in clocks:
        await clock.ask(rt.pool)
    assert abs(clocks[0]() - clocks[1]()) < timedelta(seconds=1)

    id = await post.send("farmers")
    workers = [
        Dispatcher(replace(rt, now=clock), post.place.organisation, post.http) for clock in clocks
    ]
    running = [asyncio.create_task(worker.run(stops)) for worker in workers]
    await post.until(id, {"sent": groups})
    stops.set()
    await asyncio.wait_for(asyncio.gather(*running), LIMIT_S)

    assert post.provider.chats == dict.fromkeys(chats, 1)
    at = [send.at for send in post.provider.sends]
    assert groups <= 0.8 * rate_per_s * (at[-1] - at[0]) * 1.1 + rate_per_s * 0.8 * 0.1
    assert sum(bool(worker.loops) for worker in workers) == 1, "both held the sender"


async def test_a_provider_that_is_down_costs_a_handful_of_unknowns_and_not_the_whole_audience(
    post, noon
):
    bot = await post.sender("telegram")
    chats = [f"g:{number}" for number in range(200)]
    await post.groups(bot, *chats, category="farmers", channel="telegram")
    id = await post.send("farmers")
    loop = await post.loop()
    for chat in chats:
        post.provider.answer(chat, 502)
    for _ in range(60):  # an hour of it
        await post.turn(loop, after_s=60)
    lost = (await post.states(id))["unknown"]
    assert lost <= IN_FLIGHT + 60 * 60 / LONGEST_WAIT_S + 10

    post.provider.answers.clear()
    async with asyncio.timeout(LIMIT_S):
        while (await post.states(id)).get("sent") != len(chats) - lost:
            await post.turn(loop, after_s=LONGEST_WAIT_S)
    assert max(post.provider.chats.values()) == 1


async def test_what_was_answered_while_the_database_was_away_is_written_when_it_is_back(
    post, database, caplog
):
    bot = await post.sender("telegram")
    chats = [f"g:{number}" for number in range(100)]
    await post.groups(bot, *chats, category="farmers", channel="telegram")
    id = await post.send("farmers")
    async with post.working():
        post.provider.gate.clear()
        await post.provider.until(64)  # two batches, which nobody may ask for again
        async with a_database_away(database.owner_dsn), asyncio.timeout(LIMIT_S):
            post.provider.gate.set()
            while "deliveries.wait_to_be_settled" not in caplog.text:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await post.until(id, {"sent": 100})
    assert post.provider.chats == dict.fromkeys(chats, 1)


@asynccontextmanager
async def a_database_away(dsn: str) -> AsyncIterator[None]:
    """Refuse every connection to a database, and end those that there are, for a while."""
    name = conninfo_to_dict(dsn)["dbname"]
    admin = await psycopg.AsyncConnection.connect(
        make_conninfo(dsn, dbname="postgres"), autocommit=True
    )
    async with admin:
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        await admin.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            yield
        finally:
            await admin.execute(allow.format(sql.Identifier(name), sql.SQL("true")))
