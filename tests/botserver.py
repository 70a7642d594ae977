"""A small Bot API on loopback that keeps no keys: what is sent twice is there twice.

Telegram and the sandbox's adapter speak to it alike. It writes down when each send came, to which
chat, and answers yes, or what a test has laid out for that chat.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

WAIT_S = 30


@dataclass(frozen=True)
class Send:
    """One request to send, as it came."""

    at: float
    chat: str
    text: str
    key: str | None


@dataclass
class BotServer:
    """What it was asked, and what it will answer."""

    sends: list[Send] = field(default_factory=list)
    answers: dict[str, list[tuple[int, dict]]] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def chats(self) -> Counter[str]:
        """How often each chat was sent something."""
        return Counter(send.chat for send in self.sends)

    def answer(self, chat: str, status: int, **body: object) -> None:
        """Lay out the next answer for a chat; without one the answer is yes."""
        self.answers.setdefault(chat, []).append((status, {"ok": status == 200, **body}))

    async def until(self, sends: int) -> None:
        """Wait until so many sends came."""
        async with asyncio.timeout(WAIT_S), self._news:
            await self._news.wait_for(lambda: len(self.sends) >= sends)

    async def _take(self, request: web.Request) -> web.Response:
        asked = await request.json()
        chat = str(asked["chat_id"])
        self.sends.append(Send(time.monotonic(), chat, asked["text"], asked.get("key")))
        number = len(self.sends)
        async with self._news:
            self._news.notify_all()
        await self.gate.wait()
        laid_out = self.answers.get(chat)
        if laid_out:
            status, body = laid_out.pop(0)
            return web.json_response(body, status=status)
        return web.json_response({"ok": True, "result": {"message_id": number}})


@asynccontextmanager
async def a_bot_server() -> AsyncIterator[BotServer]:
    """Serve until the block ends. The gate is open: a test may close it to keep answers back."""
    server = BotServer()
    server.gate.set()
    app = web.Application()
    app.router.add_post("/bot{token}/sendMessage", server._take)
    async with TestServer(app) as running:
        server.url = str(running.make_url("")).rstrip("/")
        yield server
        server.gate.set()
