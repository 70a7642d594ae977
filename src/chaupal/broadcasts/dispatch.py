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
from typing import assert_never
from uuid import UUID

import aiohttp

from chaupal import record
from chaupal.arrivals import log as arrivals_log
from chaupal.arrivals.models import Evidence, Failure
from chaupal.broadcasts import bounced, deliveries, exchanges, receipts
from chaupal.broadcasts.approved import Wording
from chaupal.broadcasts.breaker import Breaker
from chaupal.broadcasts.deliveries import Judged, Leased, Settlement
from chaupal.broadcasts.models import Claim, State
from chaupal.broadcasts.pace import Pace
from chaupal.broadcasts.showing import Showing
from chaupal.channels.contract import (
    Accepted,
    Account,
    Connection,
    Deferred,
    Message,
    Outcome,
    Picture,
    Rejected,
    Traits,
    Unknown,
)
from chaupal.channels.exchange import ANSWER_TIMEOUT_S, listening
from chaupal.channels.registry import CHANNELS, CLOSED
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
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)
SETTLE_AGAIN_S = 0.5
THROTTLED = "throttled"  # what every channel calls it

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
    showing: Showing = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no picture known to the provider."""
        self.showing = Showing(
            self.rt, self.organisation, self.leased.id, self.connection, self.traits, self.monotonic
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop, or until the lease is gone."""
        async with asyncio.TaskGroup() as loops:  # one that fails takes the other along
            for _ in range(LOOPS_A_SENDER):
                loops.create_task(self._loop(stop))

    async def _loop(self, stop: asyncio.Event) -> None:
        idle_s = 0.05
        while not stop.is_set() and self.monotonic() < self.held_until:
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
        if self.pace.is_held_back():
            return 0
        claimed_at, lease_s = self.monotonic(), self.lease.total_seconds()
        judged = await self._claim()
        claims = [self._opened(row) for row in judged if row.state is State.SENDING]
        if not claims:
            return len(judged)
        began_at = self.monotonic()
        outcomes = await self.send(claims, begin_by=claimed_at + lease_s / 2)
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
            row.delivery_id, row.broadcast_id, address, row.language, row.attempts, row.person_id
        )

    async def _claim(self) -> list[Judged]:
        limit = 1 if self.breaker.asks else min(self.pace.batch(BATCH_S), self.fitting, BATCH_LIMIT)
        if not self.traits.idempotent:
            limit = min(limit, IN_FLIGHT)  # what is claimed at a kill is unknown afterwards
        async with db.transaction(self.rt.pool, self.organisation) as conn:
            return await deliveries.claim(
                conn,
                self.leased.id,
                worker=self.worker,
                now=self.rt.now(),
                lease=self.lease,
                # A claim may wait for its turn and its answer for as long as the lease lasts.
                time_to_live=self.traits.time_to_live + self.lease,
                remembers_keys_for=self.traits.remembers_keys_for,
                limit=limit,
            )

    async def send(self, claims: list[Claim], *, begin_by: float) -> list[Outcome | None]:
        """Send side by side at the sender's pace. None stands for a claim that was not tried:
        its turn would have come after `begin_by`, or after another worker may have the sender."""
        outcomes: list[Outcome | None] = [None] * len(claims)
        try:
            await self.wording.of(claims)
        except Unavailable:
            return outcomes
        waiting = iter(enumerate(claims))

        async def carry() -> None:
            for place, claim in waiting:
                with listening() as heard:
                    outcomes[place] = await self._send_one(claim, begin_by)
                self.journal.note(claim.delivery_id, outcomes[place], heard)

        await asyncio.gather(*(carry() for _ in range(min(IN_FLIGHT, len(claims)))))
        return outcomes

    async def _send_one(self, claim: Claim, begin_by: float) -> Outcome | None:
        text = self.wording.text(claim)
        if text is None:
            return Deferred("text is not what was approved", LONGEST_WAIT)
        if not claim.address:
            logger.error("delivery.cannot_be_unsealed", delivery=claim.delivery_id)
            return Deferred("sealed under another key", LONGEST_WAIT)
        begin_by = min(begin_by, self.held_until)
        shown = self.wording.beside(claim)
        if shown is None:
            return await self._in_turn(claim, text, begin_by)
        return await self.showing.send(
            shown, lambda picture: self._in_turn(claim, text, begin_by, picture), begin_by=begin_by
        )

    async def _in_turn(
        self, claim: Claim, text: str, begin_by: float, picture: Picture | None = None
    ) -> Outcome | None:
        if not await self.pace.turn(claim.address, until=begin_by):
            return None
        key, way_out = str(claim.delivery_id), self._way_out(claim)
        message = Message(claim.address, text, key, unsubscribe_url=way_out, picture=picture)
        outcome = await self.connection.send(message)
        if isinstance(outcome, Rejected) and outcome.failure is Failure.MISCONFIGURED:
            # The account's fault, not the group's: a new token mends it, so nothing is given up.
            logger.error("sender.misconfigured", sender=str(self.leased.id))
            outcome = Deferred("sender is misconfigured", LONGEST_WAIT)
        if isinstance(outcome, Deferred) and outcome.why == THROTTLED:
            self.pace.throttled()
        if isinstance(outcome, Deferred) and outcome.wait is not None:
            self.pace.hold_back(min(outcome.wait, LONGEST_WAIT).total_seconds())
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
            self._settlement(claim, outcome)
            for claim, outcome in zip(claims, outcomes, strict=True)
            if outcome is not None
        ]
        untried = [c for c, outcome in zip(claims, outcomes, strict=True) if outcome is None]
        async with db.transaction(self.rt.pool, self.organisation) as conn:
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
                actor=record.part_of_the_system(self.organisation, "worker.dispatch"),
                now=now,
                settled=settled,
                **counted,
            )
        self.journal.forget(tries)
        self.shown = state
        await arrivals_log.hint(self.rt.nats, self.organisation, "broadcasts")
        logger.info("deliveries.attempted", sender=str(self.leased.id), settled=settled, **counted)

    def _settlement(self, claim: Claim, outcome: Outcome) -> Settlement:
        """Put an outcome into the words of the table."""
        match outcome:
            case Accepted(ref):
                proven = Evidence.VERIFIED if self.traits.proves_delivery else Evidence.ACCEPTED
                return Settlement(
                    claim.delivery_id, claim.attempts, "sent", provider_ref=ref, evidence=proven
                )
            case Deferred(_, wait):
                pause = wait or min(FIRST_WAIT * 2 ** min(claim.attempts - 1, 10), LONGEST_WAIT)
                return Settlement(
                    claim.delivery_id,
                    claim.attempts,
                    "queued",
                    due_at=self.rt.now() + min(pause, LONGEST_WAIT),
                )
            case Rejected(failure, _):
                return Settlement(
                    claim.delivery_id, claim.attempts, "refused", failure=failure.value
                )
            case Unknown():
                if self.traits.idempotent:  # asking again with the same key is safe
                    return Settlement(
                        claim.delivery_id,
                        claim.attempts,
                        "queued",
                        due_at=self.rt.now() + FIRST_WAIT,
                        doubtful=True,
                    )
                return Settlement(claim.delivery_id, claim.attempts, "unknown", doubtful=True)
            case _:
                assert_never(outcome)


@dataclass(slots=True)
class Dispatcher:
    """Holds what senders it can get for one organisation, and runs a loop for each."""

    rt: Runtime
    organisation: OrganisationId
    http: aiohttp.ClientSession
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
                channels=[name for name in CHANNELS if name not in CLOSED],
                now=self.rt.now(),
                lease=self.leases.sender,
            )
        # Shorter than the lease in the table, so that we stop before another may begin.
        held_until = asked_at + self.leases.sender.total_seconds() * 0.7
        for leased in held:
            task = self.tasks.get(leased.id)
            if task is not None and not task.done():
                self.loops[leased.id].held_until = held_until
                continue
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

    def _open(
        self, leased: Leased, held_until: float, monotonic: Callable[[], float]
    ) -> SenderLoop:
        channel = CHANNELS[leased.channel]
        account = Account(
            endpoint=leased.endpoint,
            token=self.rt.sealer.unseal(leased.sealed_token, f"sender/{leased.id}/token"),
            webhook_secret=self.rt.sealer.unseal(
                leased.sealed_webhook_secret, f"sender/{leased.id}/webhook_secret"
            ),
        )
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
            ),
            wording=Wording(self.rt, self.organisation),
            lease=self.leases.delivery,
            held_until=held_until,
            monotonic=monotonic,
        )
