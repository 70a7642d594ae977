"""Limits that several workers share, and answers after which a person has to look."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from botserver import a_bot_server
from chaupal.broadcasts import actions, deliveries, halts, jobs, portfolios, queries
from chaupal.broadcasts.audience import Everyone
from chaupal.broadcasts.dispatch import FULL_S, Dispatcher, SenderLoop
from chaupal.broadcasts.models import BroadcastId, Draft, Purpose, Stage
from chaupal.broadcasts.pace import Pace
from chaupal.broadcasts.portfolios import DAY
from chaupal.channels.http import HttpClient
from chaupal.channels.registry import CHANNELS
from chaupal.kit.ids import new_id
from factories import an_organisation
from worker.test_dispatch import LIMIT_S, NOON, TEXT, Post

HALT = {"parameters": {"halt": "sender"}}


@pytest.fixture
async def post(rt, clock) -> AsyncIterator[Post]:
    clock.at = NOON
    place = await an_organisation(rt)
    author, approver = await place.account("asha"), await place.account("ravi")
    async with a_bot_server() as provider, HttpClient() as http:
        yield Post(rt, clock, place, author, approver, provider, http)


async def to_people(post: Post) -> BroadcastId:
    """A broadcast to everybody who agreed."""
    draft = Draft(
        title="सूचना",
        texts={"hi": TEXT},
        purpose=Purpose.PUBLIC,
        audience=Everyone(),
        expires_at=post.rt.now() + timedelta(days=13),
        election_matter=False,
        via=("sandbox",),
    )
    id = await actions.write(post.rt, draft, key=str(new_id()), actor=post.author)
    await actions.submit(post.rt, id, key=str(new_id()), actor=post.author)
    await actions.approve(
        post.rt, id, seen_hash=draft.content_hash(), key=str(new_id()), actor=post.approver
    )
    await jobs.freeze(post.rt, post.place.organisation, id)
    return id


async def people(post: Post, count: int) -> None:
    for _ in range(count):
        person = await post.place.person("east-one")
        await post.place.contact(person, f"p:{person}", channel="sandbox")
        await post.place.says(person, "given", channel="sandbox")


async def limited(post: Post, sender: UUID, **columns: object) -> None:
    for column, value in columns.items():
        await post.rows(f"UPDATE sender SET {column} = %s WHERE id = %s RETURNING 1", value, sender)


async def loops(post: Post, *, workers: int = 2) -> list[SenderLoop]:
    """Have each sender held by a worker of its own, all on the test's clock."""
    held = []
    for _ in range(workers):
        dispatcher = Dispatcher(post.rt, post.place.organisation, post.http)
        async with post.place.transaction() as conn:
            leased = await dispatcher_leases(conn, dispatcher, post)
        one = leased[0]
        loop = dispatcher._open(one, post.seconds + 10**9, lambda: post.seconds)
        loop.pace = Pace(
            rate_per_s=one.rate_per_s,
            chat_interval_s=0,
            clock=lambda: post.seconds,
            sleep=post.sleep,
            pair_interval_s=one.pair_interval_s,
            pair_burst=one.pair_burst,
        )
        held.append(loop)
        # What the next worker may take is what this one did not.
        for other in leased[1:]:
            await post.rows(
                "UPDATE sender SET lease_owner = NULL, lease_until = NULL WHERE id = %s"
                " RETURNING 1",
                other.id,
            )
        post.dispatchers.append(dispatcher)
    return held


async def dispatcher_leases(conn, dispatcher: Dispatcher, post: Post):
    return await deliveries.lease_senders(
        conn,
        dispatcher.worker,
        channels=list(CHANNELS),
        now=post.rt.now(),
        lease=timedelta(days=9),
    )


async def pass_time(post: Post, seconds: float) -> None:
    post.seconds += seconds
    post.clock.at += timedelta(seconds=seconds)


async def test_two_workers_of_one_portfolio_never_write_to_more_people_than_it_may(post):
    for name in ("one", "two"):
        sender = await post.sender(name=name)
        await limited(post, sender, portfolio="p1", daily_limit=20)
    await people(post, 60)
    id = await to_people(post)
    held = await loops(post)
    assert len({loop.leased.id for loop in held}) == 2
    for loop in held:
        loop.fitting = 5
    async with asyncio.timeout(LIMIT_S):
        for _ in range(20):
            await asyncio.gather(*(loop.batch() for loop in held))
            await pass_time(post, 1)
    assert len(post.provider.chats) == 16, "a fifth is kept free"
    assert await post.states(id) == {"sent": 16, "queued": 44}, "the rest waits and is not lost"
    [(people_counted, full)] = await post.rows("SELECT people, full_until FROM portfolio")
    assert people_counted == 16
    assert full is not None
    waits = await post.rows(
        "SELECT DISTINCT failure, due_at > %s FROM delivery WHERE failure IS NOT NULL",
        post.clock.at - timedelta(seconds=20),
    )
    assert waits == [("daily_limit", True)]

    # A day later there is room for as many again, and no more.
    await pass_time(post, DAY.total_seconds())
    async with asyncio.timeout(LIMIT_S):
        for _ in range(20):
            await asyncio.gather(*(loop.batch() for loop in held))
            await pass_time(post, FULL_S / 20)
    assert len(post.provider.chats) == 32
    assert set(post.provider.chats.values()) == {1}
    async with post.place.transaction() as conn:
        await portfolios.lock(conn, "p1")
        await portfolios.forget(conn, "p1", now=post.clock.at + 2 * DAY)
    assert await post.rows("SELECT people FROM portfolio") == [(0,)]
    assert await post.rows("SELECT 1 FROM portfolio_person") == []


async def test_who_was_written_to_within_the_day_is_not_counted_twice(post):
    sender = await post.sender()
    await limited(post, sender, daily_limit=10)
    await people(post, 8)
    first = await to_people(post)
    second = await to_people(post)
    [loop] = await loops(post, workers=1)
    for _ in range(6):
        await loop.batch()
        await pass_time(post, 1)
    assert await post.states(first) == await post.states(second) == {"sent": 8}
    assert await post.rows("SELECT name, people FROM portfolio") == [(str(sender), 8)]


async def test_groups_do_not_count_towards_the_days_people(post):
    sender = await post.sender()
    await limited(post, sender, daily_limit=1)
    await post.groups(sender, *(f"g:{n}" for n in range(5)), category="farmers")
    id = await post.send("farmers")
    [loop] = await loops(post, workers=1)
    await pass_time(post, 1)
    await loop.batch()
    assert await post.states(id) == {"sent": 5}


async def test_the_least_that_a_provider_or_a_person_said_of_any_sender_holds(post):
    one, two = await post.sender(name="one"), await post.sender(name="two")
    await limited(post, one, portfolio="p1", daily_limit=1000)
    await limited(post, two, portfolio="p1")
    said = (
        "INSERT INTO sender_standing (organisation_id, sender_id, daily_limit, daily_limit_at)"
        " VALUES (current_organisation(), %s, %s, now()) RETURNING 1"
    )
    await post.rows(said, two, 250)
    async with post.place.transaction() as conn:
        for sender in (one, two):
            allowed = await portfolios.allowance(conn, sender)
            assert (allowed.portfolio, allowed.daily_limit, allowed.people) == ("p1", 250, 200)
    await post.rows("UPDATE sender_standing SET daily_limit = -1 RETURNING 1")
    async with post.place.transaction() as conn:
        assert (await portfolios.allowance(conn, two)).daily_limit == 1000
        third = await post.sender(name="three")
    async with post.place.transaction() as conn:
        assert await portfolios.allowance(conn, third) is None


async def test_no_order_of_asking_puts_more_people_into_a_moving_day_than_its_limit(post):
    """A model of the moving day judges what two claimants, a clock and chance make of it."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    limit, town = 12, [new_id() for _ in range(40)]
    written: list[tuple[float, UUID]] = []
    at_s = 0.0

    async def ask(asked: list[UUID]) -> None:
        async with post.place.transaction() as conn:
            await portfolios.lock(conn, "p1")
            now = NOON + timedelta(seconds=at_s)
            admitted = await portfolios.admit(conn, "p1", asked, limit=limit, now=now)
        since = at_s - DAY.total_seconds()
        known = {person for at, person in written if at > since}
        new = [person for person in dict.fromkeys(asked) if person not in known]
        room = limit - len(known)
        assert admitted >= known & set(asked), "who was written to may be written to again"
        assert admitted <= known | set(new)
        assert len(admitted - known) == max(0, min(room, len(new))), "all the room is used"
        written.extend((at_s, person) for person in admitted)

    for _ in range(60):
        sample = [dice.choice(town) for _ in range(dice.randrange(1, 9))]
        await ask(sample)
        at_s += dice.choice([1, 600, 7200, 40_000])
    times = [at for at, _ in written]
    for end in times:
        day = {person for at, person in written if end - DAY.total_seconds() < at <= end}
        assert len(day) <= limit
    [(counted, rows)] = await post.rows(
        "SELECT people, (SELECT count(*)::int FROM portfolio_person) FROM portfolio"
    )
    assert counted == rows


async def test_claimants_that_meet_at_the_lock_count_each_other(post):
    town = [new_id() for _ in range(20)]

    async def ask(conn, asked: list[UUID]) -> set[UUID]:
        await portfolios.lock(conn, "p1")
        return await portfolios.admit(conn, "p1", asked, limit=15, now=NOON)

    async def second() -> set[UUID]:
        async with post.place.transaction() as conn:
            return await ask(conn, town[8:])

    async with post.place.transaction() as conn:
        await portfolios.lock(conn, "p1")
    async with post.place.transaction() as conn:
        first = await ask(conn, town[:10])
        racing = asyncio.create_task(second())
        blocked = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        async with asyncio.timeout(LIMIT_S):
            while not (racing.done() or await post.rows(blocked)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    other = await racing
    assert len(first) == 10
    assert other == set(town[8:15]), "two are known, and there is room for five more"
    assert await post.rows("SELECT people FROM portfolio") == [(15,)]


async def test_one_recipient_who_hears_too_much_is_left_alone_and_the_others_go_on(post):
    await post.groups(await post.sender(), "g:1", "g:2", "g:3", category="farmers")
    id = await post.send("farmers")
    post.provider.answer("g:1", 429, parameters={"pair": True, "retry_after": 120})
    loop = await post.loop()
    assert await post.turn(loop) == 3
    assert await post.states(id) == {"sent": 2, "queued": 1}
    assert not loop.pace.is_held_back()
    other = await post.send("farmers")
    assert await post.turn(loop) == 3
    assert post.provider.chats == {"g:1": 1, "g:2": 2, "g:3": 2}, "nor by another broadcast"
    assert await post.states(other) == {"sent": 2, "queued": 1}
    await post.turn(loop, after_s=125)
    assert post.provider.chats["g:1"] == 3
    assert await post.states(id) == await post.states(other) == {"sent": 3}


async def test_what_a_provider_takes_in_only_so_many_tries_is_given_up_with_a_reason(post):
    await post.groups(await post.sender(), "g:1", category="farmers")
    id = await post.send("farmers")
    for _ in range(5):
        post.provider.answer("g:1", 409, parameters={"tries": 3})
    loop = await post.loop()
    loop.pace.stop()
    await post.turn(loop)  # claimed and not tried: that is no try
    assert await post.rows("SELECT attempts FROM delivery") == [(1,)]
    loop.pace._stopped = False
    for _ in range(8):
        await post.turn(loop, after_s=60)
    assert post.provider.chats == {"g:1": 3}
    assert await post.states(id) == {"refused": 1}
    assert await post.rows("SELECT failure, tries::int FROM delivery") == [("tried_out", 3)]


async def test_who_may_have_it_already_is_unknown_and_not_given_up(post):
    await post.groups(await post.sender(), "g:1", category="farmers")
    id = await post.send("farmers")
    post.provider.answer("g:1", 200, result="no number")  # it was taken, and nobody knows
    post.provider.answer("g:1", 409, parameters={"tries": 1})
    loop = await post.loop()
    await post.turn(loop)
    await post.turn(loop, after_s=60)
    assert await post.states(id) == {"unknown": 1}


async def test_a_campaign_that_must_stop_is_paused_with_its_reason_until_a_person_resumes_it(post):
    sender = await post.sender(rate_per_s=10)
    await post.groups(sender, *(f"g:{n}" for n in range(20)), category="farmers")
    await post.groups(sender, "s:1", category="students")
    id, other = await post.send("farmers"), await post.send("students")
    for n in range(20):
        post.provider.answer(f"g:{n}", 423, parameters={"halt": "campaign"})
    loop = await post.loop()

    async def sleep(wait_s: float) -> None:
        """The others wait for their turn until the first has its answer."""
        async with asyncio.timeout(LIMIT_S):
            while not loop.halting.until:  # noqa: ASYNC110  (an answer is on its way)
                await asyncio.sleep(0.001)
        post.seconds += max(wait_s, 1e-6)

    loop.pace._sleep = sleep
    loop.pace.batch = lambda _: 12
    for _ in range(4):
        await post.turn(loop)
    loop.pace._sleep = post.sleep
    async with post.place.transaction() as conn:
        broadcast = await queries.lock(conn, id)
    assert broadcast.stage is Stage.PAUSED
    assert await post.states(other) == {"sent": 1}, "the others go on"
    assert await post.states(id) == {"queued": 20}, "what was claimed and not tried is released"
    assert post.provider.chats == {"g:0": 1, "s:1": 1}
    assert await post.rows("SELECT reason FROM broadcast_halt") == [("template_paused",)]
    [(actor,)] = await post.rows("SELECT actor_label FROM record WHERE kind = 'broadcast.halted'")
    assert actor == "worker.dispatch"

    post.provider.answers.clear()
    await actions.steer(post.rt, id, "resume", key=str(new_id()), actor=post.approver)
    assert await post.rows("SELECT 1 FROM broadcast_halt") == []
    for _ in range(10):
        await post.turn(loop, after_s=30)
    assert await post.states(id) == {"sent": 20}


async def test_a_sender_that_must_stop_stops_until_a_person_lets_it_go_on(post):
    post.clock.at = None
    one, two = await post.sender(name="one", rate_per_s=30), await post.sender(name="two")
    await post.groups(one, *(f"g:{n}" for n in range(40)), category="farmers")
    await post.groups(two, "s:1", category="farmers")
    id = await post.send("farmers")
    post.provider.answer("g:0", 423, **HALT)
    async with post.working():
        await post.until(id, await settled_when_stopped(post, id))
        assert await post.rows("SELECT sender_id, halt, reason FROM sender_stop") == [
            (one, "sender", "reported_as_spam")
        ]
        assert "s:1" in post.provider.chats
        tried = post.provider.chats.total()
        async with post.place.transaction() as conn:
            assert await halts.let_go_on(conn, one) == 1
        await post.until(id, {"sent": 41})
    assert post.provider.chats == Counter({f"g:{n}": 1 for n in range(40)}) + Counter(
        {"s:1": 1, "g:0": 1}
    )
    assert tried < 42
    stopped = await post.rows("SELECT count(*)::int FROM record WHERE kind = 'sender.stopped'")
    assert stopped == [(1,)]


async def settled_when_stopped(post: Post, id: BroadcastId) -> dict[str, int]:
    """Wait until the sender is stopped and nothing of it is leased; return the account then."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            stopped = await post.rows("SELECT 1 FROM sender_stop")
            states = await post.states(id)
            if stopped and "sending" not in states and "s:1" in post.provider.chats:
                return states
            await asyncio.sleep(0.02)


async def test_an_account_that_must_stop_stops_every_sender_of_its_channel_and_no_other(post):
    one, two = await post.sender(name="one"), await post.sender(name="two")
    bot = await post.sender("telegram", name="bot")
    await post.groups(one, "g:1", category="farmers")
    await post.send("farmers")
    post.provider.answer("g:1", 423, parameters={"halt": "organisation"})
    loop = await post.loop()
    await post.turn(loop)
    stopped = await post.rows("SELECT sender_id, halt FROM sender_stop")
    assert set(stopped) == {(one, "organisation"), (two, "organisation")}
    assert bot not in dict(stopped)
    await post.turn(loop, after_s=900)
    assert await loop._claim() == [], "it is due, and the claim itself leaves it"
    assert post.provider.chats == {"g:1": 1}
    async with post.place.transaction() as conn:
        assert await dispatcher_leases(conn, Dispatcher(post.rt, 1, post.http), post) == []


async def test_an_edited_limit_holds_for_a_worker_that_has_the_sender_already(post):
    sender = await post.sender()
    await post.groups(sender, "g:1", category="farmers")
    await post.send("farmers")
    worker = Dispatcher(post.rt, post.place.organisation, post.http)
    stop = asyncio.Event()
    await worker.renew(stop)
    [before] = worker.loops.values()
    await post.rows("UPDATE sender SET rate_per_s = 7 RETURNING 1")
    async with asyncio.timeout(LIMIT_S):
        while worker.loops[sender].leased.rate_per_s != 7:
            await worker.renew(stop)
            await asyncio.sleep(0.02)
    assert worker.loops[sender] is not before
    assert before.halting.all
    stop.set()
    await asyncio.wait_for(asyncio.gather(*worker.tasks.values()), LIMIT_S)
