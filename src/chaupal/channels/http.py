"""HTTP/1.1 as a client that sends: lines that stay open, with one request at a time on each.

The parser is llhttp's (httptools), the lines are the event loop's. Of HTTP there is what sending
needs and no more: no redirects, no cookies, no compression, no proxies. What a request ends in is
a value, and says on which side of the first byte it broke.

After RFC 9112.
"""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Self, TypeAlias, cast
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

BODY_LIMIT_BYTES = 65_536
HEAD_LIMIT_BYTES = 32_768
CONNECT_TIMEOUT_S = 10.0
KEPT_S = 15.0  # a line that nobody used for so long may be about to be closed over there
LINES = 512
AGENT = "chaupal/0.1.0"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whole. `body` is None where there was more than a provider has to say."""

    status: int
    body: bytes | None


@dataclass(frozen=True, slots=True)
class NotReached:
    """No connection was made, so nothing was sent."""

    why: str


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The request may have been read, and no readable answer came."""

    why: str


End: TypeAlias = Reply | NotReached | AnswerLost


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads: a line to `host` and `port`, and what to ask there."""

    secure: bool
    host: str
    port: int
    path: str
    name: str
    origin: tuple[bool, str, int]


@lru_cache(maxsize=1024)
def place(url: str) -> Place | None:
    """Read a URL, which is taken as it is written, or return None for one we can't ask."""
    try:
        parts = urlsplit(url)
        secure = {"http": False, "https": True}[parts.scheme]
        name = parts.netloc.encode("ascii" if parts.netloc.isascii() else "idna").decode()
        host, port = urlsplit(f"//{name}").hostname, parts.port
    except (ValueError, KeyError):
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # urlsplit drops what would end a line; a URL that held such a thing is not ours to mend.
    if not host or "@" in name or not path.isascii() or any(c <= " " or c == "\x7f" for c in url):
        return None
    origin = (secure, host, port or (443 if secure else 80))
    return Place(*origin, path, name, origin)


class Line(asyncio.Protocol):
    """One connection, and the answer that is awaited over it."""

    __slots__ = ("_answer", "_late", "_loop", "_parser", "_parts", "_seen", "_size", "_status",
                 "_transport", "_whole")  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.WriteTransport | None = None
        self._answer: asyncio.Future[Reply | AnswerLost] | None = None
        self._status = 0
        self._whole = False

    @property
    def is_free(self) -> bool:
        """Say whether it stands, and has nothing left over from an earlier answer."""
        return self._whole and self._transport is not None and not self._transport.is_closing()

    def ask(self, raw: bytes, timeout_s: float) -> asyncio.Future[Reply | AnswerLost]:
        """Write a request, and return what its answer will be."""
        self._whole = False
        self._parts: list[bytes] = []
        self._seen = self._size = self._status = 0
        self._answer = answer = self._loop.create_future()
        self._late = self._loop.call_later(timeout_s, self._lose, "TimeoutError")
        assert self._transport is not None
        self._transport.write(raw)
        return answer

    def drop(self) -> None:
        """Close the line at once; an answer that is awaited is lost."""
        self._lose("dropped")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, free."""
        self._transport, self._whole = cast("asyncio.WriteTransport", transport), True

    def data_received(self, data: bytes) -> None:
        """Read on, as far as a provider may go."""
        if self._answer is None:
            self._lose("unasked")
            return
        self._seen += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._lose("answer_unreadable")
            return
        if self._answer is not None and self._seen > HEAD_LIMIT_BYTES + BODY_LIMIT_BYTES:
            if self._status:
                self._end(Reply(self._status, None))
            self._lose("answer_too_large")

    def on_message_begin(self) -> None:
        """See that it is what was asked for: more than one answer to a question spoils the line."""
        self._whole = False

    def on_headers_complete(self) -> None:
        """Note what kind of answer it is."""
        self._status = self._parser.get_status_code()

    def on_body(self, part: bytes) -> None:
        """Keep what was said, up to a bound."""
        self._size += len(part)
        if self._size <= BODY_LIMIT_BYTES:
            self._parts.append(part)

    def on_message_complete(self) -> None:
        """End, or go on where this was only a word before the answer."""
        if self._answer is None:
            self._lose("unasked")
        elif self._status < 200:
            self._status = 0
        else:
            self._whole = self._parser.should_keep_alive()
            self._read()

    def connection_lost(self, error: Exception | None) -> None:
        """Take it as the end of an answer that had no other, or as its loss."""
        self._whole = False
        ends_with_the_line = self._status >= 200 and not self._parser.should_keep_alive()
        if error is None and ends_with_the_line:
            self._read()
        self._lose("answer_cut" if error is None else type(error).__name__)

    def _read(self) -> None:
        within = self._size <= BODY_LIMIT_BYTES
        self._end(Reply(self._status, b"".join(self._parts) if within else None))

    def _lose(self, why: str) -> None:
        self._whole = False
        if self._transport is not None:
            self._transport.abort()
        self._end(AnswerLost(why))

    def _end(self, reply: Reply | AnswerLost) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            self._late.cancel()
            if not answer.done():
                answer.set_result(reply)


class HttpClient:
    """All lines of one process to all providers. Safe to share between tasks.

    `lines`: so many requests may be under way at once; one that gets no place, or no connection,
    within ten seconds was not sent. `trust`: whose certificates count, if not the system's.
    `kept_s`: for so long a line stays open that nobody uses.
    """

    def __init__(
        self, *, lines: int = LINES, trust: ssl.SSLContext | None = None, kept_s: float = KEPT_S
    ) -> None:
        self._places = lines
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._trust = trust
        self._kept_s = kept_s
        self._kept: dict[tuple[bool, str, int], deque[tuple[float, Line]]] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Open nothing yet."""
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close every line that is kept."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for lines in self._kept.values():
            for _, line in lines:
                line.drop()
        self._kept.clear()
        await asyncio.sleep(0)

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        content_type: str = "application/json",
        token: str | None = None,
        timeout_s: float,
    ) -> End:
        """Send one request and return its end, within `timeout_s`. Never raises for what a network
        can do. `token` goes into the Authorization header."""
        target = place(url)
        if target is None:
            return NotReached("bad_endpoint")
        if token is not None and not (token.isascii() and token.isprintable()):
            return NotReached("bad_token")
        raw = _written(method, target, content_type, token, body)
        until = self._loop.time() + timeout_s
        if not await self._turn(timeout_s):
            return NotReached("TimeoutError")
        try:
            line = self._taken(target) or await self._opened(target, until)
            if isinstance(line, NotReached):
                return line
            try:
                return await line.ask(raw, until - self._loop.time())
            finally:
                self._back(target, line)
        finally:
            self._pass_on()

    async def _turn(self, longest_s: float) -> bool:
        if self._places > 0:
            self._places -= 1
            return True
        turn = self._loop.create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(min(longest_s, CONNECT_TIMEOUT_S)):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # it came at the last moment
                self._pass_on()
            turn.cancel()
            if isinstance(error, TimeoutError):
                return False
            raise
        return True

    def _pass_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._places += 1

    def _taken(self, target: Place) -> Line | None:
        kept = self._kept.get(target.origin)
        while kept:
            since, line = kept.pop()
            if line.is_free and since > self._loop.time() - self._kept_s:
                return line
            line.drop()
        return None

    async def _opened(self, target: Place, until: float) -> Line | NotReached:
        try:
            async with asyncio.timeout(min(until - self._loop.time(), CONNECT_TIMEOUT_S)):
                _, line = await self._loop.create_connection(
                    lambda: Line(self._loop),
                    target.host,
                    target.port,
                    ssl=self._trusted() if target.secure else None,
                )
        except (OSError, TimeoutError) as error:
            return NotReached(type(error).__name__)
        return line

    def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = ssl.create_default_context()
        return self._trust

    def _back(self, target: Place, line: Line) -> None:
        if not line.is_free:
            line.drop()
            return
        self._kept.setdefault(target.origin, deque()).append((self._loop.time(), line))
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(self._kept_s, self._sweep)

    def _sweep(self) -> None:
        old = self._loop.time() - self._kept_s
        for origin, kept in list(self._kept.items()):
            while kept and (kept[0][0] <= old or not kept[0][1].is_free):
                kept.popleft()[1].drop()
            if not kept:
                del self._kept[origin]
        self._sweeping = self._loop.call_later(self._kept_s, self._sweep) if self._kept else None


def _written(
    method: str, target: Place, content_type: str, token: str | None, body: bytes | None
) -> bytes:
    head = (
        f"{method} {target.path} HTTP/1.1\r\nHost: {target.name}\r\nUser-Agent: {AGENT}\r\n"
        "Accept: */*\r\nAccept-Encoding: identity\r\n"
    )
    if token is not None:
        head += f"Authorization: Bearer {token}\r\n"
    if body is None:
        return f"{head}\r\n".encode()
    return (
        f"{head}Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )
