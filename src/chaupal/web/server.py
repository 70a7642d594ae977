"""uvicorn under the web door: no access log, told to stop by an event."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import closing, nullcontext
from typing import Any

import uvicorn
from litestar import Litestar

from chaupal.kit import log
from chaupal.kit.runtime import Runtime
from chaupal.web.app import application
from chaupal.web.patience import ANSWER_LIMIT_S

CONCURRENCY_LIMIT = 2000
IDLE_LIMIT_S = 20
FINISH_LIMIT_S = 10

logger = log.logger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """Take a port. Port 0 takes a free one."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening


async def serve(
    rt: Runtime,
    listening: socket.socket,
    stop: asyncio.Event,
    *,
    trusted_proxies: Sequence[str] = (),
    answer_limit_s: float = ANSWER_LIMIT_S,
) -> None:
    """Serve until `stop`, then answer what has begun, and close the port.

    A visitor's address is the connection's, or, where that is one of `trusted_proxies`, the
    nearest one in X-Forwarded-For that is not: sign-in tries are counted by it.
    """
    with closing(listening):
        app = application(rt, stop=stop, answer_limit_s=answer_limit_s)
        server = _Server(_config(app, trusted_proxies))
        ending = asyncio.create_task(_end(server, stop))
        try:
            logger.info("web.ready", url=rt.desk_url, port=listening.getsockname()[1])
            await server.serve(sockets=[listening])
        finally:
            stop.set()
            await ending


def _config(app: Litestar, trusted_proxies: Sequence[str]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        limit_concurrency=CONCURRENCY_LIMIT,
        timeout_keep_alive=IDLE_LIMIT_S,
        timeout_graceful_shutdown=FINISH_LIMIT_S,
    )


class _Server(uvicorn.Server):
    """A server that leaves the signals to whoever runs it."""

    def capture_signals(self) -> Any:
        """Capture none."""
        return nullcontext()


async def _end(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True
