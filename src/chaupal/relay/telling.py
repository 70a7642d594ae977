"""Telling people what waits for them: one message for all their tasks, on a channel that works."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from chaupal import record
from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import exchanges
from chaupal.broadcasts.pace import Pace
from chaupal.channels.contract import (
    Accepted,
    Account,
    Connection,
    Deferred,
    Message,
    Outcome,
    Rejected,
    Unknown,
)
from chaupal.channels.exchange import listening
from chaupal.channels.http import HttpClient
from chaupal.channels.registry import CHANNELS
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import Broken
from chaupal.people.links import own_token
from chaupal.people.models import PersonId
from chaupal.relay import links, pages, tellings, wording
from chaupal.relay.models import REMINDER, Telling
from chaupal.relay.tellings import ToTell

PREFERRED = ("telegram", "matrix", "email", "sandbox")
CHANNELS_IN_ORDER = tuple(name for name in PREFERRED if name in CHANNELS)

LEASE = timedelta(seconds=60)
# For so long somebody can still say that a recalled text is deleted.
RECALL_LINK = timedelta(days=7)
BATCH = 500
IN_FLIGHT = 32
# A worker that is told to stop waits for one batch, so a batch is short.
SEND_LIMIT_S = 10.0
# Dispatch keeps 80 % of a sender's rate for itself; telling takes most of what it leaves.
SHARE_OF_RATE = 0.2
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=10)

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """How telling one person of one task ended, in the words of the table."""

    part: ToTell
    telling: Telling
    due_at: datetime | None = None


@dataclass(slots=True)
class Manners:
    """What a worker keeps in mind of each sender from batch to batch: its pace, and how long
    its provider asked us to wait."""

    _paces: dict[tuple[UUID, int], Pace] = field(default_factory=dict)
    _held_until: dict[UUID, datetime] = field(default_factory=dict)

    def pace(self, sender: UUID, rate_per_s: int) -> Pace:
        """Return the pace at which a sender tells."""
        if (sender, rate_per_s) not in self._paces:
            self._paces[sender, rate_per_s] = Pace(
                rate_per_s=rate_per_s * SHARE_OF_RATE,
                chat_interval_s=0,
                clock=asyncio.get_running_loop().time,
            )
        return self._paces[sender, rate_per_s]

    def hold_back(self, sender: UUID, until: datetime) -> None:
        """Send nothing before `until`: the provider asked for it."""
        known = self._held_until.get(sender)
        self._held_until[sender] = until if known is None else max(known, until)

    def held(self, *, now: datetime) -> dict[UUID, datetime]:
        """Return the senders that have to wait, and until when."""
        return {sender: until for sender, until in self._held_until.items() if until > now}


async def tell(
    rt: Runtime,
    http: HttpClient,
    organisation: OrganisationId,
    manners: Manners | None = None,
) -> int:
    """Tell one batch of those who are to be told; return how many parts were told.

    One worker at a time tells for an organisation, at a fifth of its senders' rates, and hands
    its `manners` in again with the next batch. A part that is not tried in time goes back
    untouched; while a provider asks us to wait, whatever would go through it waits until then.
    """
    settled = await _batch(rt, http, organisation, manners or Manners())
    told = sum(s.telling is Telling.TOLD for s in settled)
    if told:
        await arrivals_log.hint(rt.nats, organisation, "relay")
    return told


async def _batch(
    rt: Runtime, http: HttpClient, organisation: OrganisationId, manners: Manners
) -> list[Settled]:
    async with db.transaction(rt.pool, organisation) as conn:
        if not await tellings.anybody(conn, now=rt.now()):
            return []  # several times a second, whatever else is going on
        await tellings.lock(conn)
        await tellings.lapse(conn, now=rt.now())
        parts = await tellings.claim(
            conn, channels=list(CHANNELS_IN_ORDER), now=rt.now(), lease=LEASE, limit=BATCH
        )
        await tellings.hasten(conn, _ids(parts, Telling.UNTELLABLE), now=rt.now())
        name = await pages.organisation_name(conn)
    if not parts:
        return []
    by_person: dict[tuple[UUID, bool], list[ToTell]] = {}
    for part in parts:
        if part.telling is Telling.TELLING:
            by_person.setdefault((part.person_id, part.recalled), []).append(part)
    names = {"hi": name.name_hi, "en": name.name_en}
    teller = _Teller(rt, http, organisation, names, manners)
    settled = await teller.tell_all(list(by_person.values()))
    settled += [Settled(p, p.telling) for p in parts if p.telling is Telling.UNTELLABLE]
    await _settle(rt, organisation, settled, manners, teller.journals)
    return settled


def _ids(parts: list[ToTell], telling: Telling) -> list[UUID]:
    return [part.assignment_id for part in parts if part.telling is telling]


async def _settle(
    rt: Runtime,
    organisation: OrganisationId,
    settled: list[Settled],
    manners: Manners,
    journals: dict[UUID, exchanges.Journal],
) -> None:
    now = rt.now()
    counted = {
        telling.value: sum(s.telling is telling for s in settled)
        for telling in {s.telling for s in settled}
    }
    async with db.transaction(rt.pool, organisation) as conn:
        await tellings.settle(
            conn,
            ids=[s.part.assignment_id for s in settled],
            attempts=[s.part.attempts for s in settled],
            tellings=[s.telling.value for s in settled],
            due_ats=[s.due_at for s in settled],
            now=now,
        )
        untellable = [s.part.assignment_id for s in settled if s.telling is Telling.UNTELLABLE]
        await tellings.hasten(conn, untellable, now=now)
        for sender, until in manners.held(now=now).items():
            await tellings.postpone(
                conn, sender_id=sender, channels=list(CHANNELS_IN_ORDER), now=now, until=until
            )
        for sender, journal in journals.items():  # a handful
            await exchanges.write(conn, sender, journal.lines(), now=now, told=True)
        await record.append(
            conn,
            "relay.people_told",
            "relay",
            actor=record.part_of_the_system(organisation, "worker.relay"),
            now=now,
            **counted,
        )
    logger.info("relay.people_told", organisation=organisation, **counted)


class _Teller:
    """Sends one batch, each sender at its own pace."""

    def __init__(
        self,
        rt: Runtime,
        http: HttpClient,
        organisation: OrganisationId,
        names: dict[str, str],
        manners: Manners,
    ) -> None:
        self._rt = rt
        self._http = http
        self._organisation = organisation
        self._names = names
        self._manners = manners
        self._lines: dict[UUID, Connection] = {}
        self.journals: dict[UUID, exchanges.Journal] = {}
        self._clock = asyncio.get_running_loop().time
        self._until = self._clock() + SEND_LIMIT_S

    async def tell_all(self, people: list[list[ToTell]]) -> list[Settled]:
        """Tell each person of all their parts; those not reached in time are queued again."""
        waiting = iter(people)
        settled: list[Settled] = []

        async def carry() -> None:
            for parts in waiting:
                settled.extend(await self._tell(parts))

        await asyncio.gather(*(carry() for _ in range(min(IN_FLIGHT, len(people)))))
        return settled

    async def _tell(self, parts: list[ToTell]) -> list[Settled]:
        if self._clock() >= self._until:
            return [Settled(part, Telling.QUEUED) for part in parts]
        first = min(parts, key=lambda part: part.assignment_id)
        try:
            message = self._message(parts, first)
            sender, connection = self._line(first)
        except Broken:
            logger.warning("relay.line_will_not_open", assignment=str(first.assignment_id))
            return [Settled(part, Telling.UNTELLABLE) for part in parts]
        pace = self._manners.pace(sender, first.rate_per_s or 1)
        if self._held_until(sender) or not await pace.turn(message.address, until=self._until):
            return self._untried(parts, sender)
        if self._held_until(sender):  # somebody else's answer came while this one waited
            return self._untried(parts, sender)
        with listening() as heard:
            outcome = await connection.send(message)
        journal = self.journals.setdefault(sender, exchanges.Journal())
        journal.note(first.assignment_id, outcome, heard)
        if isinstance(outcome, Deferred) and outcome.wait is not None:
            self._manners.hold_back(sender, self._rt.now() + outcome.wait)
        return [self._settled(part, outcome) for part in parts]

    def _held_until(self, sender: UUID) -> datetime | None:
        return self._manners.held(now=self._rt.now()).get(sender)

    def _untried(self, parts: list[ToTell], sender: UUID) -> list[Settled]:
        due_at = self._held_until(sender)
        return [Settled(part, Telling.QUEUED, due_at) for part in parts]

    def _message(self, parts: list[ToTell], first: ToTell) -> Message:
        """Write to one person. A repeat after a kill carries the same key, a reminder another."""
        assert first.sealed is not None, "a part that is being told has a line"
        address = self._rt.sealer.unseal(
            first.sealed, f"contact/{self._organisation}/{first.channel}"
        )
        tasks = [(part.group_name, self._url(part)) for part in parts]
        text = wording.telling(
            self._names[first.language],
            tasks,
            own_url=self._own_url(first),
            language=first.language,
            reminder=first.step == REMINDER,
            recalled=first.recalled,
        )
        turn = "recall" if first.recalled else str(first.step)
        return Message(address, text, f"relay-{first.assignment_id}-{turn}")

    def _url(self, part: ToTell) -> str:
        until = self._rt.now() + RECALL_LINK if part.recalled else part.closes_at
        token = links.personal_token(self._rt.sealer, self._organisation, part.assignment_id, until)
        return f"{self._rt.desk_url}/r/{token}"

    def _own_url(self, part: ToTell) -> str:
        token = own_token(
            self._rt.sealer, self._organisation, PersonId(part.person_id), now=self._rt.now()
        )
        return f"{self._rt.desk_url}/p/{token}"

    def _line(self, part: ToTell) -> tuple[UUID, Connection]:
        """Open the line of a part's sender, once a batch."""
        assert part.sender_id is not None, "a part that is being told has a line"
        assert part.channel is not None
        known = self._lines.get(part.sender_id)
        if known is not None:
            return part.sender_id, known
        sealer, sender = self._rt.sealer, part.sender_id
        account = Account(
            endpoint=part.endpoint or "",
            token=sealer.unseal(part.sealed_token or b"", f"sender/{sender}/token"),
            webhook_secret=sealer.unseal(
                part.sealed_webhook_secret or b"", f"sender/{sender}/webhook_secret"
            ),
        )
        self._lines[sender] = CHANNELS[part.channel].connect(self._http, account)
        return sender, self._lines[sender]

    def _settled(self, part: ToTell, outcome: Outcome) -> Settled:
        match outcome:
            case Accepted():
                return Settled(part, Telling.TOLD)
            case Deferred(_, wait):  # however often: the task's closing is the limit
                if wait is None:
                    wait = min(FIRST_WAIT * 2 ** min(part.attempts, 10), LONGEST_WAIT)
                return Settled(part, Telling.QUEUED, self._rt.now() + wait)
            case Rejected():
                return Settled(part, Telling.UNTELLABLE)
            case Unknown():
                return Settled(part, Telling.UNKNOWN)
            case _:
                assert_never(outcome)
