"""One HTTP/1.1 connection from the asking side: a request, then its answer, then the next."""

import asyncio
import select
from dataclasses import dataclass
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

BODY_LIMIT_BYTES = 65_536
HEAD_LIMIT_BYTES = 32_768
FRAMES = frozenset({b"content-length", b"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whole. `body` is None where there was more than a provider has to say."""

    status: int
    body: bytes | None


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The request may have been read, and no readable answer came."""

    why: str


class Line(asyncio.Protocol):
    """One connection, and the answer that is awaited over it."""

    __slots__ = (
        "_answer",
        "_framed",
        "_late",
        "_loop",
        "_parser",
        "_parts",
        "_secure",
        "_seen",
        "_size",
        "_status",
        "_strays",
        "_transport",
        "_whole",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, *, secure: bool) -> None:
        self._loop = loop
        self._secure = secure
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.WriteTransport | None = None
        self._strays = select.poll()
        self._answer: asyncio.Future[Reply | AnswerLost] | None = None
        self._status = 0
        self._framed = self._whole = False

    @property
    def stands(self) -> bool:
        """Say whether it may be asked something: the last answer, if any, was whole."""
        return self._whole and self._transport is not None and not self._transport.is_closing()

    @property
    def is_free(self) -> bool:
        """Say whether it stands and nothing of the last request is still unsent."""
        return (
            self.stands
            and self._transport is not None
            and not self._transport.get_write_buffer_size()
        )

    @property
    def is_silent(self) -> bool:
        """Ask the system whether something came that the loop has not seen yet.

        It would be taken for the answer to what is asked next; or it is the line's end.
        """
        return not self._strays.poll(0)

    def ask(self, raw: bytes, timeout_s: float) -> asyncio.Future[Reply | AnswerLost]:
        """Write a request, and return what its answer will be."""
        self._framed = self._whole = False
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
        self._strays.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

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

    def on_header(self, name: bytes, _value: bytes) -> None:
        """Note whether the answer says where it ends."""
        if name.lower() in FRAMES:
            self._framed = True

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
            self._status, self._framed = 0, False
        else:
            self._whole = self._parser.should_keep_alive()
            self._read()

    def connection_lost(self, error: Exception | None) -> None:
        """Take it as the end of an answer that names no other, or as its loss.

        Over TLS anybody may cut a line, so that there it is no end.
        """
        if error is None and self._status >= 200 and not self._framed and not self._secure:
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
