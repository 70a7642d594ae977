"""One bound session with a service centre: messages side by side, each with its own answer.

What matters is where it broke. Before a message's bytes were written it was not sent; from then
on only the centre knows. What the centre brings is answered when it has been kept, and not before.
"""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from chaupal.channels.sms import pdus
from chaupal.channels.sms.centre import Centre
from chaupal.channels.sms.pdus import Pdu
from chaupal.channels.sms.verdicts import NOT_NOW
from chaupal.kit.refusals import Unavailable

CONNECT_TIMEOUT_S = 5.0
BIND_TIMEOUT_S = 5.0
# How many messages wait for an answer at once: what centres allow where they say nothing else.
WINDOW = 10
ENQUIRE_S = 30.0
LATE_REMEMBERED = 1000
SEQUENCE_LIMIT = 0x7FFFFFFF

Brought = Callable[[Pdu], Awaitable[None]]
Late = Callable[[str, Pdu], Awaitable[None]]


class BindRefused(Exception):
    """The centre said no to the bind."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class NotSent(Exception):
    """The session was over before the message was written."""


class Lost(Exception):
    """The message was written, and no answer came; says why in one word."""


@dataclass(slots=True)
class Session:
    """A session. `brought` keeps what the centre brings; without it the session only sends."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    brought: Brought | None
    late: Late | None = None
    enquire_s: float = ENQUIRE_S
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    window: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WINDOW))
    answers: dict[int, asyncio.Future[Pdu]] = field(default_factory=dict)
    overdue: OrderedDict[int, str] = field(default_factory=OrderedDict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    sequence: int = 0

    async def submit(
        self, raw: Callable[[int], bytes], *, key: str, timeout_s: float
    ) -> tuple[int, str]:
        """Send one message and return the centre's answer: its status, and its name for it.

        Raises `NotSent` where nothing was written, `Lost` where no answer came to what was.
        """
        written = False
        sequence = 0
        try:
            async with asyncio.timeout(timeout_s), self.window:
                if self.ended.is_set():
                    raise NotSent
                sequence = self.next()
                message = raw(sequence)
                written = True
                answer = await self._exchange(sequence, message)
        except TimeoutError as error:
            if not written:
                raise NotSent from error
            self._remember(sequence, key)
            raise Lost("TimeoutError") from error
        return answer.status, answer.text

    async def end(self) -> None:
        """Say goodbye where anybody still listens, and close."""
        if not self.ended.is_set():
            with suppress(Lost, TimeoutError):
                async with asyncio.timeout(1.0):
                    sequence = self.next()
                    await self._exchange(sequence, pdus.written(pdus.UNBIND, sequence))
        self.cut("unbound")
        current = asyncio.current_task()
        others = [task for task in self.tasks if task is not current]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def cut(self, why: str) -> None:
        """Close at once: whatever waits for an answer gets none."""
        if self.ended.is_set():
            return
        self.ended.set()
        self.writer.close()
        for answer in self.answers.values():
            if not answer.done():
                answer.set_exception(Lost(why))
        self.answers.clear()

    def next(self) -> int:
        """Return the number of the next request; they go round."""
        self.sequence = self.sequence % SEQUENCE_LIMIT + 1
        return self.sequence

    async def _exchange(self, sequence: int, raw: bytes) -> Pdu:
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self.answers[sequence] = answer
        try:
            self.writer.write(raw)
            return await answer
        finally:
            self.answers.pop(sequence, None)

    def _remember(self, sequence: int, key: str) -> None:
        self.overdue[sequence] = key
        while len(self.overdue) > LATE_REMEMBERED:
            self.overdue.popitem(last=False)

    def begin(self) -> None:
        """Read on, and ask now and then whether the other end is still there."""
        self._spawn(self._read())
        self._spawn(self._enquire())

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        task = asyncio.create_task(run())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _read(self) -> None:
        try:
            while True:
                self._take(await read(self.reader))
        except (asyncio.IncompleteReadError, OSError, ValueError) as error:
            self.cut(type(error).__name__)

    async def _enquire(self) -> None:
        while not self.ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), self.enquire_s)
                return
            sequence = self.next()
            try:
                async with asyncio.timeout(self.enquire_s):
                    await self._exchange(sequence, pdus.written(pdus.ENQUIRE_LINK, sequence))
            except (Lost, TimeoutError):
                self.cut("no_answer_to_enquire_link")

    def _take(self, pdu: Pdu) -> None:
        if pdu.command & pdus.RESPONSE:
            self._answered(pdu)
            return
        match pdu.command:
            case pdus.DELIVER_SM:
                self._spawn(self._bring(pdu))
            case pdus.ENQUIRE_LINK:
                self._answer(pdu, 0)
            case pdus.UNBIND:
                self._answer(pdu, 0)
                self.cut("unbound_by_centre")
            case _:
                self.writer.write(pdus.written(pdus.GENERIC_NACK, pdu.sequence, status=0x03))

    def _answered(self, pdu: Pdu) -> None:
        waiting = self.answers.get(pdu.sequence)
        if waiting is not None and not waiting.done():
            waiting.set_result(pdu)
            return
        key = self.overdue.pop(pdu.sequence, None)
        if key is not None and self.late is not None:
            self._spawn(self.late(key, pdu))

    async def _bring(self, pdu: Pdu) -> None:
        """Answer what the centre brings once it has been kept; until then it keeps it for us."""
        status = NOT_NOW
        if self.brought is not None:
            with suppress(Unavailable):
                await self.brought(pdu)
                status = 0
        if not self.ended.is_set():
            self._answer(pdu, status)

    def _answer(self, pdu: Pdu, status: int) -> None:
        body = b"\0" if pdu.command == pdus.DELIVER_SM else b""
        command = pdu.command | pdus.RESPONSE
        self.writer.write(pdus.written(command, pdu.sequence, body, status=status))


async def read(reader: asyncio.StreamReader) -> Pdu:
    """Read one unit from the stream; one of an impossible length is a ValueError."""
    size, command, status, sequence = pdus.head(await reader.readexactly(pdus.HEAD_BYTES))
    return Pdu(command, status, sequence, await reader.readexactly(size))


async def opened(
    centre: Centre,
    *,
    brought: Brought | None,
    late: Late | None,
    tls: ssl.SSLContext | None,
    enquire_s: float = ENQUIRE_S,
) -> Session:
    """Connect and bind: to send and to be brought things where `brought` keeps them, otherwise to
    send alone, so that the centre goes on keeping what is for us. Raises `BindRefused`, or what a
    network raises."""
    secured = (tls or ssl.create_default_context()) if centre.is_tls else None
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        reader, writer = await asyncio.open_connection(centre.host, centre.port, ssl=secured)
    session = Session(reader, writer, brought, late, enquire_s)
    try:
        async with asyncio.timeout(BIND_TIMEOUT_S):
            command = pdus.BIND_TRANSMITTER if brought is None else pdus.BIND_TRANSCEIVER
            sequence = session.next()
            writer.write(pdus.written(command, sequence, pdus.bind(centre)))
            answer = await read(reader)
    except BaseException:
        session.cut("not_bound")
        raise
    if answer.status != 0 or answer.command != command | pdus.RESPONSE:
        session.cut("not_bound")
        raise BindRefused(answer.status)
    session.begin()
    return session
