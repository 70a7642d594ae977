"""A town on paper: a seeded clock, a provider that misbehaves, and workers that die.

Time is a number that moves only when the town says so. The dispatcher, its statements and its
database are the production ones; what is simulated is what lies outside: the network, the
provider, the processes and the people.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from chaupal.arrivals.models import Evidence, Failure, Halt, StatusArrived
from chaupal.broadcasts.approved import Wording
from chaupal.broadcasts.deliveries import Leased
from chaupal.broadcasts.dispatch import SenderLoop
from chaupal.broadcasts.models import Claim
from chaupal.broadcasts.pace import HEADROOM, Pace
from chaupal.channels.contract import (
    Accepted,
    Deferred,
    Message,
    Outcome,
    Rejected,
    Unknown,
)
from chaupal.channels.registry import CHANNELS
from chaupal.kit.ids import new_id
from chaupal.kit.runtime import Runtime
from factories import Place

DAWN = datetime(2026, 3, 1, 6, tzinfo=UTC)
LEASE = timedelta(seconds=60)
SENDER_LEASE = timedelta(seconds=90)
BURST_S = 0.1
DAY_S = 86_400.0


class Died(BaseException):
    """A process was killed here: whatever it knew is gone."""


@dataclass
class Clock:
    """The one time of the town, in seconds and as a date."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return DAWN + timedelta(seconds=self.seconds)

    async def sleep(self, wait_s: float) -> None:
        self.seconds += max(wait_s, 1e-6)


@dataclass
class Provider:
    """What a provider does with a send, by the dice; and its own book of who received what.

    `remembers`: whether a send repeated with the same key is one message.
    """

    dice: random.Random
    clock: Clock
    remembers: bool
    book: dict[str, list[tuple[str, float]]] = field(default_factory=lambda: defaultdict(list))
    sent_at: list[float] = field(default_factory=list)
    tried: list[tuple[str, float]] = field(default_factory=list)
    receipts: list[StatusArrived] = field(default_factory=list)
    away_until: float = 0.0
    dies_in: int | None = None

    async def send(self, message: Message, /) -> Outcome:
        """Take a message, or not, and tell the truth about it, or not."""
        self._die_maybe()
        self.sent_at.append(self.clock.seconds)
        self.tried.append((message.address, self.clock.seconds))
        await self.clock.sleep(self.dice.random() * 0.05)
        if self.clock.seconds < self.away_until:
            return Deferred("not reached")
        fate = self.dice.random()
        if fate < 0.05:
            return Deferred("throttled", timedelta(seconds=self.dice.choice([1, 5, 30])))
        if fate < 0.06:
            wait = timedelta(seconds=self.dice.choice([2, 60]))
            return Deferred("too_often_for_this_person", wait, pair_only=True)
        if fate < 0.065:
            return Deferred("reported_as_spam", halts=self.dice.choice(list(Halt)))
        if fate < 0.08:
            return Rejected(Failure.BLOCKED, "blocked")
        if fate < 0.11:
            return Unknown("the request was lost")
        ref = self._post(message)
        if fate < 0.16:
            return Unknown("the answer was lost")
        if self.remembers and fate < 0.19:
            return Deferred("trouble after the message was posted")
        self._die_maybe()
        return Accepted(ref)

    def _post(self, message: Message) -> str:
        kept = self.book[message.address]
        ref = f"{message.address}/{message.idempotency_key}"
        if self.remembers:
            if all(key != message.idempotency_key for key, _ in kept):
                kept.append((message.idempotency_key, self.clock.seconds))
            self._tell(message, ref)
        else:
            kept.append((message.idempotency_key, self.clock.seconds))
        return ref

    def _tell(self, message: Message, ref: str) -> None:
        """Words on a message, told again and out of order, some without our key."""
        key = message.idempotency_key if self.dice.random() < 0.5 else None
        for rank in self.dice.sample([Evidence.ACCEPTED, Evidence.DELIVERED, Evidence.OPENED], 3):
            told = StatusArrived(self.clock.now(), ref, key, rank, None)
            self.receipts += [told] * self.dice.randrange(3)

    def _die_maybe(self) -> None:
        if self.dies_in is None:
            return
        self.dies_in -= 1
        if self.dies_in < 0:
            self.dies_in = None
            raise Died

    async def close(self) -> None:
        """Nothing is open here."""

    def words(self) -> list[StatusArrived]:
        """Some of what was not told yet, in any order."""
        self.dice.shuffle(self.receipts)
        cut = self.dice.randrange(len(self.receipts) + 1)
        told, self.receipts = self.receipts[:cut], self.receipts[cut:]
        return told

    def keeps_pairs_apart(self, interval_s: float, burst: int) -> bool:
        """Whether no address was tried more often than a pair may be, in any span of time."""
        of: dict[str, list[float]] = defaultdict(list)
        for address, at in self.tried:
            of[address].append(at)
        return all(
            last - first + 1 <= burst + (at[last] - at[first]) / interval_s + 1e-6
            for at in of.values()
            for first in range(len(at))
            for last in range(first, len(at))
        )

    def busiest_second(self) -> int:
        """The most sends that came within any second."""
        first, most = 0, 0
        for last, at in enumerate(self.sent_at):
            while at - self.sent_at[first] >= 1:
                first += 1
            most = max(most, last - first + 1)
        return most


@dataclass
class InHand:
    """What a worker has claimed, and how that ended as far as it knows."""

    loop: SenderLoop
    claims: list[Claim]
    claimed_at: float
    outcomes: list[Outcome | None] | None = None


@dataclass
class Worker:
    """One process: its name in leases, the loops of the senders it holds, its work in hand."""

    rt: Runtime
    place: Place
    clock: Clock
    providers: dict[UUID, Provider]
    id: UUID = field(default_factory=new_id)
    loops: dict[UUID, SenderLoop] = field(default_factory=dict)
    in_hand: list[InHand] = field(default_factory=list)

    def take(self, leased: list[Leased]) -> None:
        """Hold these senders from now on, for as long as the lease lasts."""
        held_until = self.clock.seconds + SENDER_LEASE.total_seconds() * 0.7
        for sender in leased:
            loop = self.loops.get(sender.id)
            if loop is not None and not loop.halting.all:
                loop.held_until = held_until
            else:  # new here, or let go on by a person
                self.loops[sender.id] = self._loop(sender, held_until)

    def _loop(self, sender: Leased, held_until: float) -> SenderLoop:
        pace = Pace(
            rate_per_s=sender.rate_per_s,
            chat_interval_s=sender.chat_interval_s,
            clock=lambda: self.clock.seconds,
            sleep=self.clock.sleep,
            pair_interval_s=sender.pair_interval_s,
            pair_burst=sender.pair_burst,
        )
        return SenderLoop(
            rt=self.rt,
            organisation=self.place.organisation,
            worker=self.id,
            leased=sender,
            connection=self.providers[sender.id],
            traits=CHANNELS[sender.channel].traits,
            pace=pace,
            wording=Wording(self.rt, self.place.organisation),
            lease=LEASE,
            held_until=held_until,
            monotonic=lambda: self.clock.seconds,
        )


def allowed_in_a_second(rate_per_s: float) -> float:
    """How many sends may come within a second: the pace, and its burst."""
    rate = rate_per_s * HEADROOM
    return rate + max(1.0, rate * BURST_S)


def most_people_in_a_day(providers: Iterable[Provider]) -> int:
    """The most people whom senders together tried to write to within any day."""
    tried = sorted((at, to) for one in providers for to, at in one.tried if is_a_person(to))
    first, most, of = 0, 0, Counter[str]()
    for at, to in tried:
        of[to] += 1
        while at - tried[first][0] >= DAY_S:
            of[tried[first][1]] -= 1
            of += Counter()
            first += 1
        most = max(most, len(of))
    return most


def is_a_person(address: str) -> bool:
    """Whether an address of the town is a person's."""
    return address.partition(":")[0] in ("sandbox", "telegram")


def keys_of(provider: Provider) -> Counter[str]:
    """How many messages there are of each delivery, by the provider's book."""
    return Counter(key for kept in provider.book.values() for key, _ in kept)
