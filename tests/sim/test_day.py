"""A long bad day, replayed from a seed: the invariants of the design hold at every step of it.

Workers claim, send, settle, stall and die; the provider throttles, rejects, loses requests and
answers, goes away, and tells the same thing twice and backwards; people say no; broadcasts are
paused, recalled and overtaken; areas fall silent. `CHAUPAL_SIM_SEED=… pytest tests/sim` runs one
day again, `make sim` runs one after another until it is stopped.
"""

import os
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from chaupal.broadcasts import actions, deliveries, halts, jobs, queries, receipts
from chaupal.broadcasts.audience import Categories, Everyone
from chaupal.broadcasts.models import BroadcastId, Draft, Lane, Purpose, State
from chaupal.channels.registry import CHANNELS
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Refused
from chaupal.record import Actor
from factories import Place, an_organisation
from sim.simulated import (
    LEASE,
    SENDER_LEASE,
    Clock,
    Died,
    InHand,
    Provider,
    Worker,
    allowed_in_a_second,
    keys_of,
    most_people_in_a_day,
)

STEPS = int(os.environ.get("CHAUPAL_SIM_STEPS", "300"))
RATE_PER_S = 20
PEOPLE, GROUPS = 40, 40
SENDER_CHANNELS = ("sandbox", "telegram")
PAIR_INTERVAL_S, PAIR_BURST = 6, 3
PEOPLE_A_DAY = {"sandbox": 30, "telegram": 12}
ACCOUNT = "SELECT id, broadcast_id, person_id, state::text FROM delivery"


@dataclass
class Day:
    """Everything there is in the town, and what was done so far."""

    rt: object
    clock: Clock
    dice: random.Random
    place: Place
    author: Actor
    approver: Actor
    providers: dict[UUID, Provider] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    people: list[UUID] = field(default_factory=list)
    addresses: dict[UUID, str] = field(default_factory=dict)
    said_no: dict[UUID, float] = field(default_factory=dict)
    claimed_at: dict[str, float] = field(default_factory=dict)
    broadcasts: list[BroadcastId] = field(default_factory=list)
    starts: dict[BroadcastId, datetime] = field(default_factory=dict)
    channels: dict[UUID, str] = field(default_factory=dict)
    kills: int = 0

    # What may happen. Each is one step.

    async def broadcast(self) -> None:
        """Write a broadcast, to groups or to people, for now or for later, and freeze it."""
        now, ahead_h = self.clock.now(), self.dice.choice([0, 0, 0.1, 2])
        draft = Draft(
            title="सूचना",
            texts={"hi": "राम राम सा", "en": "Good morning"},
            purpose=Purpose.PUBLIC,
            audience=self.dice.choice([Everyone(), Categories(["farmers"])]),
            starts_at=now + timedelta(hours=ahead_h) if ahead_h else None,
            expires_at=now + timedelta(hours=ahead_h + self.dice.choice([1, 5])),
            lane=self.dice.choice(list(Lane)),
            election_matter=self.dice.random() < 0.5,
            via=self.dice.choice([(), ("sandbox",), ("telegram", "sandbox")]),
        )
        with suppress(Refused):  # nobody is left who agreed
            id = await actions.write(self.rt, draft, key=str(new_id()), actor=self.author)
            await actions.submit(self.rt, id, key=str(new_id()), actor=self.author)
            await actions.approve(
                self.rt, id, seen_hash=draft.content_hash(), key=str(new_id()), actor=self.approver
            )
            await jobs.freeze(self.rt, self.place.organisation, id)
            self.broadcasts.append(id)
            self.starts[id] = draft.starts_at or now

    async def claim(self) -> None:
        """Have a worker renew its leases and claim through one of its senders."""
        worker = self.dice.choice(self.workers)
        async with self.place.transaction() as conn:
            leased = await deliveries.lease_senders(
                conn,
                worker.id,
                channels=list(SENDER_CHANNELS),
                now=self.clock.now(),
                lease=SENDER_LEASE,
            )
        worker.take(leased)
        if not leased:
            return
        loop = worker.loops[self.dice.choice(leased).id]
        if loop.pace.is_held_back():
            return
        judged = await loop._claim()
        claims = [loop._opened(row) for row in judged if row.state is State.SENDING]
        if claims:
            worker.in_hand.append(InHand(loop, claims, self.clock.seconds))
            assert not await self.stopped(loop.leased.id), "nobody let it go on"
        for taken in claims:
            assert self.starts[taken.broadcast_id] <= self.clock.now(), "before its start"
            self.claimed_at[str(taken.delivery_id)] = self.clock.seconds

    async def send(self) -> None:
        """Have a worker send what it claimed. It may be killed in the middle."""
        waiting = [(w, h) for w in self.workers for h in w.in_hand if h.outcomes is None]
        if not waiting:
            return
        worker, hand = self.dice.choice(waiting)
        provider = self.providers[hand.loop.leased.id]
        if self.dice.random() < 0.1:
            provider.dies_in = self.dice.randrange(2 * len(hand.claims))
        begin_by = hand.claimed_at + LEASE.total_seconds() / 2
        try:
            hand.outcomes = await hand.loop.send(hand.claims, hand.claimed_at, begin_by=begin_by)
        except Died:
            self.kill(worker)
        provider.dies_in = None

    async def settle(self) -> None:
        """Have a worker write down how its sends ended, however late."""
        sent = [(w, h) for w in self.workers for h in w.in_hand if h.outcomes is not None]
        if sent:
            worker, hand = self.dice.choice(sent)
            worker.in_hand.remove(hand)
            await hand.loop.settle(hand.claims, hand.outcomes)

    async def die(self) -> None:
        """Kill a worker between two steps, with all that it had in hand."""
        self.kill(self.dice.choice(self.workers))

    def kill(self, worker: Worker) -> None:
        self.kills += 1
        self.workers.remove(worker)
        self.workers.append(self.a_worker())

    async def upkeep(self) -> None:
        """Take back what lapsed, end what is over, fold the counters."""
        await jobs.keep_in_order(self.rt, self.place.organisation)
        await jobs.tidy(self.rt, self.place.organisation)

    async def words(self) -> None:
        """Hear some of what the providers have to say, early, late or again."""
        for sender, provider in self.providers.items():
            async with self.place.transaction() as conn:
                await receipts.apply(conn, sender, provider.words(), now=self.clock.now())

    async def say_no(self) -> None:
        person = self.dice.choice(self.people)
        self.said_no.setdefault(person, self.clock.seconds)
        for channel in SENDER_CHANNELS:
            await self.place.says(person, "withdrawn", channel=channel)

    async def steer(self) -> None:
        if self.broadcasts:
            verb = self.dice.choice(["pause", "resume", "resume", "cancel", "recall"])
            with suppress(Refused):
                await actions.steer(
                    self.rt,
                    self.dice.choice(self.broadcasts),
                    verb,
                    key=str(new_id()),
                    actor=self.approver,
                )

    async def let_go_on(self) -> None:
        """A person has looked, and lets a sender go on."""
        async with self.place.transaction() as conn:
            await halts.let_go_on(
                conn, self.dice.choice(list(self.providers)), now=self.clock.now()
            )

    async def stopped(self, sender: UUID) -> bool:
        async with self.place.transaction() as conn:
            found = await conn.execute("SELECT 1 FROM sender_stop WHERE sender_id = %s", (sender,))
            return await found.fetchone() is not None

    async def go_away(self) -> None:
        """Cut a provider off for a while."""
        provider = self.dice.choice(list(self.providers.values()))
        provider.away_until = self.clock.seconds + self.dice.choice([10, 3600])

    async def wait(self) -> None:
        self.clock.seconds += self.dice.choice([0.5, 1, 5, 20, 70, 600])

    # How it begins, and what must hold.

    def a_worker(self) -> Worker:
        return Worker(self.rt, self.place, self.clock, self.providers)

    async def check(self) -> None:
        """The account adds up, and nobody has what they should not have."""
        assert await jobs.reconcile(self.rt, self.place.organisation) == []
        async with self.place.transaction() as conn:
            for id in self.broadcasts:
                broadcast = await queries.lock(conn, id)
                counts = await queries.counts(conn, id)
                assert sum(count.targets for count in counts) == broadcast.targets
            found = await (await conn.execute(ACCOUNT)).fetchall()
        account = {str(id): (broadcast, person, state) for id, broadcast, person, state in found}
        for provider in self.providers.values():
            keys = keys_of(provider)
            assert keys.keys() <= account.keys(), "nobody outside the frozen audiences"
            assert all(count == 1 for count in keys.values()), "nobody has it twice"
            assert provider.busiest_second() <= allowed_in_a_second(RATE_PER_S)
            assert provider.keeps_pairs_apart(PAIR_INTERVAL_S, PAIR_BURST), "one heard too much"
            for key in keys:
                person = account[key][1]
                if person in self.said_no:
                    assert self.claimed_at[key] <= self.said_no[person], "claimed after a no"

        for channel, people in PEOPLE_A_DAY.items():
            of = [p for sender, p in self.providers.items() if self.channels[sender] == channel]
            assert most_people_in_a_day(of) <= people, "more people than a portfolio may"

    async def come_to_rest(self) -> None:
        """Let the day end: everybody works, nothing misbehaves, until every broadcast is over."""
        for provider in self.providers.values():
            provider.dice, provider.away_until = random.Random(0), 0.0
        for _ in range(100):
            for act in (self.claim, self.send, self.settle, self.words, self.let_go_on):
                await act()
            self.clock.seconds += 300
            await self.upkeep()


LIKELY = {
    "claim": 30, "send": 25, "settle": 25, "words": 10, "wait": 15, "upkeep": 8,
    "say_no": 3, "steer": 2, "broadcast": 3, "die": 2, "go_away": 1, "let_go_on": 5,
}  # fmt: skip


@pytest.fixture
async def day(rt) -> AsyncIterator[Day]:
    seed = int(os.environ.get("CHAUPAL_SIM_SEED") or random.SystemRandom().randrange(2**32))
    print(f"CHAUPAL_SIM_SEED={seed}")
    clock, dice = Clock(), random.Random(seed)
    rt = replace(rt, now=clock.now)
    place = await an_organisation(rt)
    await place.category("farmers")
    day = Day(rt, clock, dice, place, await place.account("asha"), await place.account("ravi"))
    for channel in SENDER_CHANNELS:
        for number in range(2):
            sender = await place.sender(
                f"{channel}-{number}", channel=channel, rate_per_s=RATE_PER_S
            )
            async with place.transaction() as conn:
                await conn.execute(
                    "UPDATE sender SET portfolio = %s, daily_limit = %s, pair_interval_s = %s,"
                    " pair_burst = %s WHERE id = %s",
                    (channel, PEOPLE_A_DAY[channel], PAIR_INTERVAL_S, PAIR_BURST, sender),
                )
            day.channels[sender] = channel
            remembers = CHANNELS[channel].traits.idempotent
            day.providers[sender] = Provider(dice, clock, remembers)
            for n in range(GROUPS // 4):
                await place.group(
                    dice.choice(["east-one", "west-two"]),
                    sender=sender,
                    channel=channel,
                    categories=("farmers",) if n % 2 else (),
                )
    for n in range(PEOPLE):
        person = await place.person(dice.choice(["east-one", "west-two"]))
        for channel in SENDER_CHANNELS[: 1 + n % 2]:
            await place.contact(person, f"{channel}:{person}", channel=channel)
            await place.says(person, "given", channel=channel)
        day.people.append(person)
    day.workers = [day.a_worker() for _ in range(3)]
    return day


async def test_the_invariants_hold_on_a_bad_day(day):
    for step in range(STEPS):
        name = day.dice.choices(list(LIKELY), weights=list(LIKELY.values()))[0]
        await getattr(day, name)()
        if step % 25 == 0:
            await day.check()
    await day.check()
    await day.come_to_rest()
    await day.check()

    async with day.place.transaction() as conn:
        still_open = await conn.execute(
            "SELECT count(*)::int FROM delivery WHERE state IN ('sending', 'queued')"
        )
        assert await still_open.fetchone() == (0,), "something was forgotten"
        doubtful = await conn.execute(
            "SELECT d.id::text, d.state::text FROM delivery d JOIN sender s ON s.id = d.sender_id"
            " WHERE s.channel = 'telegram'"
        )
        states = dict(await doubtful.fetchall())
    for provider in day.providers.values():
        if not provider.remembers:
            arrived = keys_of(provider).keys()
            assert all(states[key] in {"sent", "unknown"} for key in arrived), (
                "posted, not owned up"
            )
