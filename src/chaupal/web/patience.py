"""No reader waits forever: what does not begin to answer in time is refused, and told why.

A database that is down says so at once. One that hangs says nothing, and no cancelling of a
statement gets through to it, so the request is left behind and its reader is answered.
"""

import asyncio
from collections.abc import Callable

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)

from chaupal.kit import log
from chaupal.kit.refusals import Unavailable
from chaupal.web import answers, visits

# Longer than the pool waits for a connection, shorter than a browser's patience.
ANSWER_LIMIT_S = 20.0

logger = log.logger(__name__)


def patient(limit_s: float = ANSWER_LIMIT_S) -> Callable[[ASGIApp], ASGIApp]:
    """Return the middleware: `limit_s` without a word, either way, is too long."""

    def around(app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await app(scope, receive, send)
                return
            await _Visit(limit_s).answer(app, scope, receive, send)

        return answer

    return around


class _Visit:
    """One request: when it was last heard of, and whether its answer has begun."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._heard_at = 0.0
        self._begun = asyncio.Event()
        self._left = False

    async def answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer in its stead when it takes too long."""
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()

        async def hear() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            message = await receive()
            self._heard_at = loop.time()
            return message

        async def say(message: Message) -> None:
            if not self._left:
                self._begun.set()
                await send(message)

        answering = asyncio.create_task(_answered(app, scope, hear, say))
        try:
            if await self._in_time(answering):
                await answering
                return
        except asyncio.CancelledError:
            answering.cancel()
            raise
        self._left = True
        answering.add_done_callback(_forget)
        asked: visits.Asked = Request(scope)
        refusal = Unavailable("engine.database_away", kind="silent")
        await answers.refused(asked, refusal).to_asgi_response(None, asked)(scope, receive, send)

    async def _in_time(self, answering: asyncio.Task[None]) -> bool:
        """Wait until the answer has begun or the work has ended, and say whether it has."""
        begun = asyncio.create_task(self._begun.wait())
        try:
            while not (answering.done() or self._begun.is_set()):
                left_s = self._heard_at + self._limit_s - asyncio.get_running_loop().time()
                if left_s <= 0:
                    return False
                await asyncio.wait(
                    (answering, begun), timeout=left_s, return_when=asyncio.FIRST_COMPLETED
                )
            return True
        finally:
            begun.cancel()


async def _answered(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


def _forget(answering: asyncio.Future[None]) -> None:
    """Take the end of a request that nobody waits for any more."""
    if not answering.cancelled() and (error := answering.exception()):
        logger.warning("web.left_behind", kind=type(error).__name__)
