"""uvicorn under the edge: no access log, bounded heads, told to stop by an event."""

import asyncio
import socket
from contextlib import nullcontext
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chaupal.edge.app import Edge
from chaupal.kit import log

CONCURRENCY_LIMIT = 4000
BACKLOG = 4096
HEAD_LIMIT_BYTES = 65_536
HEAD_LIMIT_S = 15.0
IDLE_LIMIT_S = 20
FINISH_LIMIT_S = 10

TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)

logger = log.logger(__name__)


class BoundedHeads(HttpToolsProtocol):
    """HTTP whose heads are bounded in bytes and time: httptools itself would gather for ever."""

    _head_bytes = 0
    _in_head = True
    _too_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head, and end the connection where it grows too long."""
        if self._in_head:
            if self._head_bytes == 0 and self._too_late is None:
                self._await_head()
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_LIMIT_BYTES:
            self._end(TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Let the head be over."""
        self._in_head, self._head_bytes = False, 0
        self._rest()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect another head."""
        self._in_head = True
        super().on_message_complete()

    def _await_head(self) -> None:
        self._too_late = self.loop.call_later(HEAD_LIMIT_S, self._end, b"")

    def _rest(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None

    def _end(self, last_words: bytes) -> None:
        self._rest()
        if self.transport is not None and not self.transport.is_closing():
            if last_words:
                self.transport.write(last_words)
            self.transport.close()


async def serve(edge: Edge, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve until `stop`, then answer what has begun. Port 0 picks a free one, and logs it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    server = _Server(
        uvicorn.Config(
            edge,
            loop="none",
            http=BoundedHeads,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONCURRENCY_LIMIT,
            backlog=BACKLOG,
            timeout_keep_alive=IDLE_LIMIT_S,
            timeout_graceful_shutdown=FINISH_LIMIT_S,
        )
    )
    ending = asyncio.create_task(_end(server, stop))
    try:
        logger.info("edge.listening", port=listening.getsockname()[1])
        await server.serve(sockets=[listening])
    finally:
        stop.set()
        await ending
        listening.close()


class _Server(uvicorn.Server):
    """A server that leaves the signals to whoever runs it."""

    def capture_signals(self) -> Any:
        """Capture none."""
        return nullcontext()


async def _end(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True
