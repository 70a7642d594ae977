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
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

WAIT_S = 30
WRONG = (
    "wrong file identifier/HTTP URL specified"  # what Telegram says of a name it gave no picture
)


@dataclass(frozen=True)
class Send:
    """One request to send, as it came."""

    at: float
    chat: str
    text: str
    key: str | None
    picture: str | None = None


@dataclass
class BotServer:
    """What it was asked, and what it will answer."""

    sends: list[Send] = field(default_factory=list)
    answers: dict[str, list[tuple[int, dict]]] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    pictures: dict[str, bytes] = field(default_factory=dict)
    brought: list[bytes] = field(default_factory=list)
    brings_lost: int = 0
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
        return await self._answered(asked, asked["text"], asked.get("picture"))

    async def _take_photo(self, request: web.Request) -> web.Response:
        """Take a picture's bytes, or the name that it was given before."""
        if request.content_type == "application/json":
            asked = await request.json()
            return await self._answered(asked, asked["caption"], asked["photo"])
        asked = await request.post()
        return await self._answered(asked, asked["caption"], self._keep(asked["photo"].file.read()))

    async def _take_picture(self, request: web.Request) -> web.Response:
        name = self._keep(await request.read())
        if self.brings_lost:
            self.brings_lost -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"ok": True, "result": {"picture": name}})

    def _keep(self, content: bytes) -> str:
        self.brought.append(content)
        name = f"picture-{len(self.brought)}"
        self.pictures[name] = content
        return name

    async def _answered(self, asked: Any, text: str, picture: str | None) -> web.Response:
        chat = str(asked["chat_id"])
        self.sends.append(Send(time.monotonic(), chat, text, asked.get("key"), picture))
        number = len(self.sends)
        async with self._news:
            self._news.notify_all()
        await self.gate.wait()
        laid_out = self.answers.get(chat)
        if laid_out:
            status, body = laid_out.pop(0)
            return web.json_response(body, status=status)
        if picture is not None and picture not in self.pictures:
            said = "picture not found" if asked.get("key") else "Bad Request: " + WRONG
            return web.json_response({"ok": False, "description": said}, status=400)
        sizes = [{"file_id": f"{picture}-small"}, {"file_id": picture}]
        shown = {} if picture is None else {"photo": sizes}
        return web.json_response({"ok": True, "result": {"message_id": number, **shown}})


@asynccontextmanager
async def a_bot_server() -> AsyncIterator[BotServer]:
    """Serve until the block ends. The gate is open: a test may close it to keep answers back."""
    server = BotServer()
    server.gate.set()
    app = web.Application()
    app.router.add_post("/bot{token}/sendMessage", server._take)
    app.router.add_post("/bot{token}/sendPhoto", server._take_photo)
    app.router.add_post("/bot{token}/bringPicture", server._take_picture)
    async with TestServer(app) as running:
        server.url = str(running.make_url("")).rstrip("/")
        yield server
        server.gate.set()
