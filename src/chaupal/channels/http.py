"""HTTP/1.1 as a client that sends: lines that stay open, with one request at a time on each.

The parser is llhttp's (httptools), the lines are the event loop's. Of HTTP there is what sending
needs and no more: no redirects, no cookies, no compression, no proxies. What a request ends in is
a value, and says on which side of the first byte it broke.

After RFC 9112; addresses are tried as in RFC 8305.
"""

import asyncio
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import urlsplit

from aiohappyeyeballs import AddrInfoType, start_connection

from chaupal.channels.line import AnswerLost, Line, Reply

__all__ = ["JSON", "AnswerLost", "HttpClient", "NotReached", "Reply"]

CONNECT_TIMEOUT_S = 10.0
KEPT_S = 15.0  # a line that nobody used for so long may be about to be closed over there
LOOKED_UP_S = 10.0
NEXT_ADDRESS_AFTER_S = 0.25
LINES = 256
AGENT = "chaupal/0.1.0"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class NotReached:
    """No connection was made, so nothing was sent."""

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

    @property
    def origin(self) -> tuple[bool, str, int]:
        """Return what all places have in common that a line to one serves."""
        return self.secure, self.host, self.port


@lru_cache(maxsize=1024)
def place(url: str) -> Place | None:
    """Read a URL, which is taken as it is written, or return None for one we can't ask."""
    try:
        parts = urlsplit(url)
        secure = {"http": False, "https": True}[parts.scheme]
        name = parts.netloc
        if not name.startswith("["):
            name = name.encode("idna").decode()  # also where it is ASCII: some names are none
        host, port = urlsplit(f"//{name}").hostname, parts.port
    except (ValueError, KeyError):
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # urlsplit drops what would end a line; a URL that held such a thing is not ours to mend.
    if not host or "@" in name or not path.isascii() or any(c <= " " or c == "\x7f" for c in url):
        return None
    return Place(secure, host, port or (443 if secure else 80), path, name)


class Provider:
    """The lines to one host and port, those in use and those that are kept for the next.

    At most `lines` requests are under way at once; the others wait their turn.
    """

    def __init__(
        self, at: Place, *, lines: int, kept_s: float, trust: ssl.SSLContext | None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._at = at
        self._places = lines
        self._kept_s = kept_s
        self._trust = trust
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._kept: deque[tuple[float, Line]] = deque()
        self._looked_up: tuple[float, asyncio.Future[list[AddrInfoType]]] | None = None
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    def close(self) -> None:
        """Close every line that is kept, and keep none from now on."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._looked_up is not None:
            self._looked_up[1].cancel()
        while self._kept:
            self._kept.pop()[1].drop()

    async def ask(self, raw: bytes, timeout_s: float) -> End:
        """Send one request, in its turn, and return its end."""
        until = self._loop.time() + timeout_s
        if not await self._turn(timeout_s):
            return NotReached("TimeoutError")
        try:
            line = self._taken() or await self._opened(until)
            if isinstance(line, NotReached):
                return line
            left_s = until - self._loop.time()
            try:
                return await line.ask(raw, left_s) if left_s > 0 else NotReached("TimeoutError")
            finally:
                self._back(line)
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

    def _taken(self) -> Line | None:
        while self._kept:
            since, line = self._kept.pop()
            if line.is_free and line.is_silent and since > self._loop.time() - self._kept_s:
                return line
            line.drop()
        return None

    async def _opened(self, until: float) -> Line | NotReached:
        try:
            async with asyncio.timeout(min(until - self._loop.time(), CONNECT_TIMEOUT_S)):
                found = await self._addresses()
                reached = await start_connection(
                    found, happy_eyeballs_delay=NEXT_ADDRESS_AFTER_S, loop=self._loop
                )
                line = await self._begun(reached)
        except (OSError, TimeoutError) as error:
            return NotReached(type(error).__name__)
        return line if line.stands else NotReached("ConnectionAbortedError")

    async def _begun(self, reached: socket.socket) -> Line:
        secure = self._at.secure
        if secure and self._trust is None:
            self._trust = ssl.create_default_context()
        try:
            _, line = await self._loop.create_connection(
                lambda: Line(self._loop, secure=secure),
                sock=reached,
                ssl=self._trust if secure else None,
                server_hostname=self._at.host if secure else None,
            )
        except BaseException:
            reached.close()
            raise
        return line

    async def _addresses(self) -> list[AddrInfoType]:
        """Look the host up, once for all who ask meanwhile: a lookup that hangs holds a thread."""
        known = self._looked_up
        if known is None or (known[1].done() and not self._holds(*known)):
            task = self._loop.create_task(self._look_up())
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            known = self._looked_up = (self._loop.time(), task)
        return await asyncio.shield(known[1])

    async def _look_up(self) -> list[AddrInfoType]:
        found = await self._loop.getaddrinfo(
            self._at.host, self._at.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
        return list[AddrInfoType](found)

    def _holds(self, since: float, lookup: asyncio.Future[list[AddrInfoType]]) -> bool:
        failed = lookup.cancelled() or lookup.exception() is not None
        return not failed and since > self._loop.time() - LOOKED_UP_S

    def _back(self, line: Line) -> None:
        if self._closed or not line.is_free:
            line.drop()
            return
        self._kept.append((self._loop.time(), line))
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(self._kept_s, self._sweep)

    def _sweep(self) -> None:
        old = self._loop.time() - self._kept_s
        while self._kept and (self._kept[0][0] <= old or not self._kept[0][1].is_free):
            self._kept.popleft()[1].drop()
        more = bool(self._kept)
        self._sweeping = self._loop.call_later(self._kept_s, self._sweep) if more else None


class HttpClient:
    """All lines of one process to all providers. Safe to share between tasks.

    `lines`: so many requests may be under way at once to one provider; one that gets no place, or
    no connection, within ten seconds was not sent. `trust`: whose certificates count, if not the
    system's. `kept_s`: for so long a line stays open that nobody uses.
    """

    def __init__(
        self, *, lines: int = LINES, trust: ssl.SSLContext | None = None, kept_s: float = KEPT_S
    ) -> None:
        self._lines = lines
        self._trust = trust
        self._kept_s = kept_s
        self._providers: dict[tuple[bool, str, int], Provider] = {}

    async def __aenter__(self) -> Self:
        """Open nothing yet."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close every line that is kept."""
        for provider in self._providers.values():
            provider.close()
        await asyncio.sleep(0)

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        content_type: str = JSON,
        token: str | None = None,
        timeout_s: float,
    ) -> End:
        """Send one request and return its end, within `timeout_s`. Never raises for what a network
        can do. `token` goes into the Authorization header."""
        at = place(url)
        if at is None:
            return NotReached("bad_endpoint")
        if token is not None and not (token.isascii() and token.isprintable()):
            return NotReached("bad_token")
        provider = self._providers.get(at.origin)
        if provider is None:
            provider = self._providers[at.origin] = Provider(
                at, lines=self._lines, kept_s=self._kept_s, trust=self._trust
            )
        return await provider.ask(_written(method, at, content_type, token, body), timeout_s)


def _written(
    method: str, at: Place, content_type: str, token: str | None, body: bytes | None
) -> bytes:
    head = (
        f"{method} {at.path} HTTP/1.1\r\nHost: {at.name}\r\nUser-Agent: {AGENT}\r\n"
        "Accept: */*\r\nAccept-Encoding: identity\r\n"
    )
    if token is not None:
        head += f"Authorization: Bearer {token}\r\n"
    if body is None and method == "GET":
        return f"{head}\r\n".encode()
    body = body or b""
    head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
