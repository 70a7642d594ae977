"""SMS over SMPP, as TRAI's ledger wants it.  SMPP 3.4  docs/channels/sms.md"""

import asyncio
import re
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from smpp34 import SmppError

from chaupal.arrivals.models import Arrival, Failure
from chaupal.channels.contract import (
    Accepted,
    Account,
    Connection,
    Deferred,
    FilledTemplate,
    Halt,
    Keep,
    Message,
    Outcome,
    Rejected,
    Traits,
    Unknown,
)
from chaupal.channels.http import HttpClient
from chaupal.channels.sms import pdus, receipts, segments, verdicts
from chaupal.channels.sms.centre import Centre
from chaupal.channels.sms.pdus import Pdu
from chaupal.channels.sms.session import ENQUIRE_S, BindRefused, Lost, NotSent, Session, opened
from chaupal.law.models import BULK_BAN
from chaupal.people.models import ContactChannel

ANSWER_TIMEOUT_S = 20.0
IDLE_S = 10.0
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
# How long a centre tries to reach a telephone that is off; stated on every message.
LIVES = timedelta(hours=12)
NUMBER = re.compile(r"\+[1-9]\d{7,14}")

TRAITS = Traits(
    name="sms",
    remembers_keys_for=timedelta(0),
    time_to_live=LIVES,
    text_limit_characters=segments.SEGMENTS_LIMIT * segments.JOINED[segments.Alphabet.GSM_7],
    proves_delivery=False,
    reaches_people_at=ContactChannel.PHONE,
    heeds_every_silence="sms" in BULK_BAN.channels,
    listens=True,
)


@dataclass(frozen=True, slots=True)
class Sms:
    """SMS as a channel, to people alone. A lost answer stays unknown: SMPP knows no keys."""

    answer_timeout_s: float = ANSWER_TIMEOUT_S
    enquire_s: float = ENQUIRE_S
    first_wait_s: float = FIRST_WAIT_S
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    traits: Traits = TRAITS

    def connect(self, http: HttpClient, account: Account) -> Connection:  # noqa: ARG002
        """Open a sender's line; it binds with the first message, or when somebody listens."""
        return _Line(self, account)

    def signed(self, headers: Mapping[str, str], body: bytes, account: Account) -> bool:  # noqa: ARG002
        """Say no: what a centre has to say comes over the bind, and never to the edge."""
        return False

    def read(self, body: bytes) -> list[Arrival]:
        """Read one unit that came over the bind, as the line framed it."""
        return receipts.read(body)

    def name_of(self, account: Account) -> str:
        """Return the header under which this sender's texts are registered."""
        return Centre.of(account).header


@dataclass(frozen=True, slots=True)
class _Ready:
    """What one message needs to go out."""

    centre: Centre
    session: Session
    template: FilledTemplate


@dataclass(slots=True)
class _Line:
    """One bind with one centre, made again when it breaks, ever more slowly while it will not."""

    manner: Sms
    account: Account = field(repr=False)
    keep: Keep | None = None
    now: Callable[[], datetime] | None = None
    session: Session | None = None
    binding: asyncio.Lock = field(default_factory=asyncio.Lock)
    refusal: Deferred | Rejected = field(default_factory=lambda: Deferred("not_bound"))
    failed: int = 0
    not_before: float = 0.0
    idle: asyncio.TimerHandle | None = None

    async def send(self, message: Message, /) -> Outcome:
        """Hand one message to the centre. What broke before its bytes were written was not sent."""
        ready = await self._ready(message)
        if not isinstance(ready, _Ready):
            return ready
        session = ready.session

        def raw(sequence: int) -> bytes:
            return pdus.submit(
                ready.centre,
                message.address,
                message.text,
                ready.template,
                lives=LIVES,
                sequence=sequence,
            )

        try:
            status, reference = await session.submit(
                raw, key=message.idempotency_key, timeout_s=self.manner.answer_timeout_s
            )
        except NotSent:
            return Deferred("not_bound")
        except Lost as lost:
            return Unknown(str(lost))
        except (SmppError, ValueError):  # a template's name, say, that no tag can hold
            return Rejected(Failure.MISCONFIGURED, "cannot_be_written", halts=Halt.SENDER)
        finally:
            self._rest(session)
        return verdicts.of_answer(status, reference)

    async def _ready(self, message: Message) -> _Ready | Deferred | Rejected:
        """Return what it takes to send, or how it ended before that."""
        try:
            centre = Centre.of(self.account)
        except ValueError:
            return Deferred("bad_endpoint")
        if message.template is None:
            return Rejected(Failure.CONTENT, "no_template", halts=Halt.CAMPAIGN)
        if not NUMBER.fullmatch(message.address):
            return Rejected(Failure.NO_SUCH_ADDRESS, "address_malformed")
        if segments.count(message.text).segments > segments.SEGMENTS_LIMIT:
            return Rejected(Failure.CONTENT, "too_long")
        session = await self._bound(centre)
        if not isinstance(session, Session):
            return session
        return _Ready(centre, session, message.template)

    async def listen(self, keep: Keep, now: Callable[[], datetime], /) -> None:
        """Hold the bind for what the centre brings, until cancelled; then say goodbye."""
        self.keep, self.now = keep, now
        try:
            if self.session is not None:  # it was bound to send alone
                await self.session.end()
            await self._hold()
        finally:
            self.keep = None
            if self.session is not None:
                await self.session.end()

    async def _hold(self) -> None:
        monotonic = asyncio.get_running_loop().time
        while True:
            session = None
            with suppress(ValueError):
                session = await self._bound(Centre.of(self.account))
            if isinstance(session, Session):
                await session.ended.wait()
            await asyncio.sleep(max(self.manner.first_wait_s, self.not_before - monotonic()))

    async def _bound(self, centre: Centre) -> Session | Deferred | Rejected:
        """Return the session, made anew if it is over; or why there is none just now."""
        async with self.binding:
            if self.session is not None and not self.session.ended.is_set():
                return self.session
            monotonic = asyncio.get_running_loop().time
            if monotonic() < self.not_before:
                return self.refusal
            try:
                self.session = await opened(
                    centre,
                    brought=None if self.keep is None else self._brought,
                    late=self._late,
                    tls=self.manner.tls,
                    enquire_s=self.manner.enquire_s,
                )
            except BindRefused as refused:
                self.refusal = verdicts.of_bind(refused.status)
            except (OSError, TimeoutError, EOFError, ValueError) as error:
                self.refusal = Deferred(type(error).__name__)
            else:
                self.failed = 0
                return self.session
            wait_s = min(self.manner.first_wait_s * 2.0 ** min(self.failed, 10), LONGEST_WAIT_S)
            self.not_before = monotonic() + wait_s
            self.failed += 1
            return self.refusal

    async def _brought(self, pdu: Pdu) -> None:
        assert self.keep is not None, "nobody brings to a line that only sends"
        assert self.now is not None
        await self.keep(receipts.framed(pdu, at=self.now()))

    async def _late(self, key: str, pdu: Pdu) -> None:
        """Keep an answer that came after we stopped waiting: it settles what was in doubt."""
        outcome = verdicts.of_answer(pdu.status, pdu.text)
        if self.keep is not None and self.now is not None and isinstance(outcome, Accepted):
            await self.keep(receipts.framed_answer(key, outcome.provider_ref, at=self.now()))

    def _rest(self, session: Session) -> None:
        """Let go of a bind that nobody listens on, some seconds after its last message."""

        def close() -> None:
            if self.keep is None and not session.answers:
                session.cut("idle")

        if self.idle is not None:
            self.idle.cancel()
        self.idle = asyncio.get_running_loop().call_later(IDLE_S, close)
