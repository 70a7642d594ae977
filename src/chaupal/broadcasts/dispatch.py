"""Sending: what is queued goes out through the senders that this worker holds.

One loop a sender. Each loop claims about half a second's worth, so that an urgent broadcast is
never more than that away, sends side by side at the sender's pace, and settles the whole batch
in one statement. Two batches are under way at once: while one is being settled and claimed,
the other is being sent.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

from chaupal import record
from chaupal.arrivals import log as arrivals_log
from chaupal.arrivals.models import Failure
from chaupal.broadcasts import bounced, deliveries, exchanges, halts, moved, portfolios, receipts
from chaupal.broadcasts.approved import Wording
from chaupal.broadcasts.breaker import Breaker
from chaupal.broadcasts.deliveries import Judged, Leased
from chaupal.broadcasts.halting import Halting
from chaupal.broadcasts.lines import account_of, hear
from chaupal.broadcasts.models import Claim, State
from chaupal.broadcasts.pace import Pace
from chaupal.broadcasts.registered import name_of
from chaupal.broadcasts.settling import LONGEST_WAIT, TOO_OFTEN, heed, settlement
from chaupal.broadcasts.showing import Showing
from chaupal.channels.contract import (
    Connection,
    Deferred,
    Message,
    Outcome,
    Picture,
    Rejected,
    Traits,
)
from chaupal.channels.exchange import ANSWER_TIMEOUT_S, listening
from chaupal.channels.http import HttpClient
from chaupal.channels.registry import CHANNELS
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.refusals import Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import Broken
from chaupal.people.links import own_token
from chaupal.people.models import ContactChannel, PersonId, contact_context

BATCH_S = 0.5
BATCH_LIMIT = 1000
IN_FLIGHT = 32
FIRST_BATCH = 4 * IN_FLIGHT
LOOPS_A_SENDER = 2
IDLE_S = 1.0
SETTLE_AGAIN_S = 0.5
FULL_S = 60.0  # a portfolio whose day is full is looked at again after so long

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Leases:
    """How long a worker that went quiet keeps a sender, and a delivery, from all others.

    Half of a delivery's lease is for waiting one's turn, half for the provider's slowest answer.
    """

    sender: timedelta = timedelta(seconds=15)
    delivery: timedelta = timedelta(seconds=2 * ANSWER_TIMEOUT_S)


def next_batch(sent: int, took_s: float) -> int:
    """Return how many sends fit into half a second, going by how long the last ones took.

    The pace is only the most that is allowed: a slow provider, or a busy machine, manages less,
    and what is claimed beyond that would keep an urgent broadcast waiting.
    """
    return max(IN_FLIGHT, int(sent / max(took_s, 0.001) * BATCH_S))


@dataclass(slots=True)
class SenderLoop:
    """One leased sender: its line to the provider and its pace."""

    rt: Runtime
    organisation: OrganisationId
    worker: UUID
    leased: Leased
    connection: Connection
    traits: Traits
    pace: Pace
    wording: Wording
    lease: timedelta
    held_until: float
    monotonic: Callable[[], float]
    fitting: int = FIRST_BATCH
    breaker: Breaker = field(default_factory=Breaker)
    journal: exchanges.Journal = field(default_factory=exchanges.Journal)
    shown: exchanges.State | None = None
    halting: Halting = field(default_factory=Halting)
    full_until: float = 0.0
    showing: Showing = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no picture known to the provider."""
        self.showing = Showing(
            self.rt, self.organisation, self.leased.id, self.connection, self.traits, self.monotonic
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop, or until the lease is gone."""
        async with asyncio.TaskGroup() as all_of_it:  # what fails takes the rest along
            hearing = all_of_it.create_task(
                hear(self.rt, self.organisation, self.leased, self.connection)
            )
            async with asyncio.TaskGroup() as loops:
                for _ in range(LOOPS_A_SENDER):
                    loops.create_task(self._loop(stop))
            hearing.cancel()

    async def _loop(self, stop: asyncio.Event) -> None:
        idle_s = 0.05
        while not (stop.is_set() or self.halting.all) and self.monotonic() < self.held_until:
            try:
                sent = await self.batch()
            except Unavailable:
                sent = 0  # the database is away; leases lapse by themselves
            idle_s = 0.05 if sent else min(IDLE_S, idle_s * 2)
            if not sent:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), idle_s)

    async def batch(self) -> int:
        """Claim, send and settle once; return how many deliveries were tried or set aside."""
        if self.pace.is_held_back() or self.monotonic() < self.full_until:
            return 0
        claimed_at, lease_s = self.monotonic(), self.lease.total_seconds()
        judged = await self._claim()
        claims = [self._opened(row) for row in judged if row.state is State.SENDING]
        if not claims:
            return len(judged)
        began_at = self.monotonic()
        outcomes = await self.send(claims, claimed_at, begin_by=claimed_at + lease_s / 2)
        if wait_s := self.breaker.note(outcomes):
            self.pace.hold_back(wait_s)
            logger.warning("sender.provider_in_trouble", sender=str(self.leased.id), wait_s=wait_s)
        self.fitting = next_batch(len(claims), self.monotonic() - began_at)
        await self._settle_within(claims, outcomes, lease_end=claimed_at + lease_s)
        set_aside = len(judged) - len(claims)
        return set_aside + sum(outcome is not None for outcome in outcomes)

    def _opened(self, row: Judged) -> Claim:
        """Return a leased delivery with its address in the clear, or with none where a person's
        was sealed under another key."""
        address = row.address or ""
        if row.sealed is not None and self.traits.reaches_people_at is not None:
            place = contact_context(self.organisation, self.traits.reaches_people_at)
            with suppress(Broken):
                address = self.rt.sealer.unseal(row.sealed, place)
        return Claim(
            row.delivery_id,
            row.broadcast_id,
            address,
            row.language,
            row.attempts,
            row.person_id,
            row.tries,
        )

    async def _claim(self) -> list[Judged]:
        limit = 1 if self.breaker.asks else min(self.pace.batch(BATCH_S), self.fitting, BATCH_LIMIT)
        if not self.traits.idempotent:
            limit = min(limit, IN_FLIGHT)  # what is claimed at a kill is unknown afterwards
        async with db.transaction(self.rt.pool, self.organisation) as conn:
            judged = await deliveries.claim(
                conn,
                self.leased.id,
                worker=self.worker,
                now=self.rt.now(),
                lease=self.lease,
                # A claim may wait for its turn and its answer for as long as the lease lasts.
                time_to_live=self.traits.time_to_live + self.lease,
                remembers_keys_for=self.traits.remembers_keys_for,
                templated=self.traits.templated,
                heeds_every_silence=self.traits.heeds_every_silence,
                limit=limit,
            )
            if not self.leased.limited:
                return judged
            admitted = await portfolios.within(conn, self.leased.id, judged, now=self.rt.now())
        if len(admitted) < len(judged):
            self.full_until = self.monotonic() + FULL_S
        return admitted

    async def send(
        self, claims: list[Claim], claimed_at: float, *, begin_by: float
    ) -> list[Outcome | None]:
        """Send side by side at the sender's pace. None stands for a claim that was not tried: its
        turn would have come after `begin_by`, or after another worker may have the sender, or an
        answer stopped it."""
        outcomes: list[Outcome | None] = [None] * len(claims)
        try:
            await self.wording.of(claims)
        except Unavailable:
            return outcomes
        waiting = iter(enumerate(claims))

        async def carry() -> None:
            for place, claim in waiting:
                with listening() as heard:
                    outcomes[place] = await self._send_one(claim, claimed_at, begin_by)
                self.journal.note(claim.delivery_id, outcomes[place], heard)

        await asyncio.gather(*(carry() for _ in range(min(IN_FLIGHT, len(claims)))))
        return outcomes

    async def _send_one(self, claim: Claim, claimed_at: float, begin_by: float) -> Outcome | None:
        text = self.wording.text(claim)
        if text is None:
            return Deferred("text is not what was approved", LONGEST_WAIT)
        if self.wording.lacks_registration(claim):
            return Deferred("text is not registered", LONGEST_WAIT)
        if not claim.address:
            logger.error("delivery.cannot_be_unsealed", delivery=claim.delivery_id)
            return Deferred("sealed under another key", LONGEST_WAIT)
        until = min(begin_by, self.held_until)
        if (wait_s := self.pace.held_from_s(claim.address)) > until - self.monotonic():
            return Deferred(TOO_OFTEN, timedelta(seconds=wait_s), pair_only=True)
        in_turn = partial(self._in_turn, claim, text, claimed_at, until)
        shown = self.wording.beside(claim)
        if shown is None:
            return await in_turn(None)
        outcome = await self.showing.send(shown, in_turn, begin_by=until)
        return None if outcome is None else self._mended(outcome)

    async def _in_turn(
        self, claim: Claim, text: str, claimed_at: float, until: float, picture: Picture | None
    ) -> Outcome | None:
        taken = await self.pace.turn(claim.address, until=until)
        if not taken or self.halting.stops(claim.broadcast_id, claimed_at):
            return None
        message = Message(
            claim.address,
            text,
            str(claim.delivery_id),
            self.wording.template(claim),
            unsubscribe_url=self._way_out(claim),
            picture=picture,
        )
        outcome = self._mended(await self.connection.send(message))
        heed(outcome, claim, self.pace, self.halting)
        return outcome

    def _mended(self, outcome: Outcome) -> Outcome:
        """Defer what was refused for the account's fault, not the group's: a new token mends it, so
        nothing is given up."""
        if isinstance(outcome, Rejected) and outcome.failure is Failure.MISCONFIGURED:
            logger.error("sender.misconfigured", sender=str(self.leased.id))
            return Deferred("sender is misconfigured", LONGEST_WAIT, halts=outcome.halts)
        return outcome

    def _way_out(self, claim: Claim) -> str | None:
        """Return where a person says no in one click; a group has no such place."""
        contact = self.traits.reaches_people_at
        if claim.person_id is None or contact is None:
            return None
        person = PersonId(claim.person_id)
        token = own_token(self.rt.sealer, self.organisation, person, now=self.rt.now())
        return f"{self.rt.desk_url}/p/{token}/unsubscribe/{contact}"

    async def _settle_within(
        self, claims: list[Claim], outcomes: list[Outcome | None], *, lease_end: float
    ) -> None:
        """Settle, and wait for a database that is away: what a provider answered is known here
        alone, and forgetting it would leave it in doubt. The fence makes a repeat harmless."""
        while True:
            try:
                await self.settle(claims, outcomes)
            except Unavailable:
                if self.monotonic() >= lease_end:
                    raise
                logger.warning("deliveries.wait_to_be_settled", sender=str(self.leased.id))
                await asyncio.sleep(SETTLE_AGAIN_S)
            else:
                return

    async def settle(self, claims: list[Claim], outcomes: list[Outcome | None]) -> None:
        """Write how the batch ended, in one transaction with its record."""
        now = self.rt.now()
        tried = [
            settlement(claim, outcome, self.traits, now=now)
            for claim, outcome in zip(claims, outcomes, strict=True)
            if outcome is not None
        ]
        untried = [c for c, outcome in zip(claims, outcomes, strict=True) if outcome is None]
        orders = halts.orders(claims, outcomes)
        actor = record.part_of_the_system(self.organisation, "worker.dispatch")
        elsewhere = moved.told(claims, outcomes)
        async with db.transaction(self.rt.pool, self.organisation) as conn:
            await halts.pause(conn, self.leased.id, orders, actor=actor, now=now)
            if elsewhere:
                tried = await moved.follow(
                    conn, self.organisation, self.leased.id, elsewhere,
                    claims=claims, tried=tried, now=now,
                )  # fmt: skip
            settled = await deliveries.settle(conn, tried, now=now)
            await deliveries.release_unattempted(
                conn, [c.delivery_id for c in untried], [c.attempts for c in untried]
            )
            refs = [s.provider_ref for s in tried if s.provider_ref is not None]
            if refs:
                await receipts.adopt(conn, self.leased.id, now=now, refs=refs)
            if self.traits.reaches_people_at is ContactChannel.EMAIL:
                await bounced.suppress(conn, [s.delivery_id for s in tried], now=now)
            counted = {
                state: sum(s.state == state for s in tried) for state in {s.state for s in tried}
            }
            tries = [claim.delivery_id for claim in claims]
            await exchanges.write(conn, self.leased.id, self.journal.lines(tries), now=now)
            state = exchanges.State(self.pace.rate_per_s, self.pace.held_s, self.breaker.trips)
            if state != self.shown:
                await exchanges.note_state(conn, self.leased.id, state, now=now)
            await record.append(
                conn,
                "deliveries.attempted",
                self.leased.id,
                actor=actor,
                now=now,
                settled=settled,
                **counted,
            )
            await halts.stop(conn, self.leased.id, orders, actor=actor, now=now)
        self.halting.written(orders, self.monotonic())
        self.journal.forget(tries)
        self.shown = state
        await arrivals_log.hint(self.rt.nats, self.organisation, "broadcasts")
        logger.info("deliveries.attempted", sender=str(self.leased.id), settled=settled, **counted)


@dataclass(slots=True)
class Dispatcher:
    """Holds what senders it can get for one organisation, and runs a loop for each."""

    rt: Runtime
    organisation: OrganisationId
    http: HttpClient
    leases: Leases = field(default_factory=Leases)
    worker: UUID = field(default_factory=new_id)
    loops: dict[UUID, SenderLoop] = field(default_factory=dict)
    tasks: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self, stop: asyncio.Event) -> None:
        """Renew leases and start loops until told to stop; then let go of everything."""
        renew_s = min(IDLE_S, self.leases.sender.total_seconds() / 5)
        try:
            while not stop.is_set():
                try:
                    await self.renew(stop)
                except Unavailable:
                    logger.warning("dispatch.database_away", organisation=self.organisation)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), renew_s)
        finally:
            await asyncio.gather(*self.tasks.values(), return_exceptions=True)
            with suppress(Unavailable):
                async with db.transaction(self.rt.pool, self.organisation) as conn:
                    await deliveries.release_senders(conn, self.worker)

    async def renew(self, stop: asyncio.Event) -> None:
        """Take and renew leases, and see to it that each has its loop."""
        monotonic = asyncio.get_running_loop().time
        asked_at = monotonic()
        async with db.transaction(self.rt.pool, self.organisation) as conn:
            held = await deliveries.lease_senders(
                conn,
                self.worker,
                channels=list(CHANNELS),
                listening=[name for name, one in CHANNELS.items() if one.traits.listens],
                now=self.rt.now(),
                lease=self.leases.sender,
            )
        # Shorter than the lease in the table, so that we stop before another may begin.
        held_until = asked_at + self.leases.sender.total_seconds() * 0.7
        self._let_go(held)
        for leased in held:
            task = self.tasks.get(leased.id)
            if task is not None and not task.done():
                self.loops[leased.id].held_until = held_until
                continue  # one that is halted ends by itself, and is opened anew after that
            if task is not None and (error := task.exception()) is not None:
                logger.error(
                    "dispatch.loop_failed", sender=str(leased.id), kind=type(error).__name__
                )
            try:
                loop = self._open(leased, held_until, monotonic)
            except Broken:  # sealed under another key: this sender waits, the others go on
                logger.exception("sender.cannot_be_unsealed", sender=str(leased.id))
                continue
            self.loops[leased.id] = loop
            self.tasks[leased.id] = asyncio.create_task(loop.run(stop))

    def _let_go(self, held: list[Leased]) -> None:
        """End the loops of senders that were stopped, lost or changed; what is still ours is opened
        anew, as it is now."""
        as_now = {leased.id: leased for leased in held}
        for sender, loop in self.loops.items():
            if as_now.get(sender) != loop.leased:
                loop.halting.all = True
                loop.pace.stop()

    def _open(
        self, leased: Leased, held_until: float, monotonic: Callable[[], float]
    ) -> SenderLoop:
        channel = CHANNELS[leased.channel]
        account = account_of(self.rt.sealer, leased)
        return SenderLoop(
            rt=self.rt,
            organisation=self.organisation,
            worker=self.worker,
            leased=leased,
            connection=channel.connect(self.http, account),
            traits=channel.traits,
            pace=Pace(
                rate_per_s=leased.rate_per_s,
                chat_interval_s=leased.chat_interval_s,
                clock=monotonic,
                pair_interval_s=leased.pair_interval_s,
                pair_burst=leased.pair_burst,
            ),
            wording=Wording(self.rt, self.organisation, name_of(channel, account)),
            lease=self.leases.delivery,
            held_until=held_until,
            monotonic=monotonic,
        )
