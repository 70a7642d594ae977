"""Webhooks: what a bot is told afterwards, signed, in batches, until it answers 200."""

import asyncio
import contextlib
import hmac
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from random import Random

import aiohttp
import msgspec

from chaupal.rehearsal.provider.behaviour import WebhookBehaviour
from chaupal.rehearsal.provider.town import Bot

WAITING_LIMIT = 500_000
TRIES_LIMIT = 40
FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 5.0
REORDER_WINDOW_S = 0.2
ANSWER_TIMEOUT_S = 10.0


@dataclass
class HookCounts:
    """What became of the updates."""

    delivered: int = 0
    duplicated: int = 0
    dropped: int = 0
    refused_posts: int = 0
    abandoned: int = 0


class Hook:
    """One bot's line back. Updates leave in order, unless the behaviour says otherwise."""

    def __init__(
        self, bot: Bot, dice: Random, http: aiohttp.ClientSession, counts: HookCounts
    ) -> None:
        self.bot = bot
        self.behaviour = WebhookBehaviour()
        self.dice = dice
        self._http = http
        self._counts = counts
        self._waiting: list[tuple[float, int, bytes]] = []
        self._order = count()
        self._in_flight = 0
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    @property
    def waiting(self) -> int:
        """Count the updates that have not been answered 200 yet."""
        return len(self._waiting) + self._in_flight

    def tell(self, update: bytes) -> None:
        """Queue one update, already encoded. A full queue drops it, and counts that."""
        if not self.bot.webhook_url:
            return
        how = self.behaviour
        if how.drop_share and self.dice.random() < how.drop_share:
            self._counts.dropped += 1
            return
        self._queue(update)
        if how.duplicate_share and self.dice.random() < how.duplicate_share:
            self._counts.duplicated += 1
            self._queue(update)

    async def close(self) -> None:
        """Stop telling; what is still waiting is forgotten."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def _queue(self, update: bytes) -> None:
        if len(self._waiting) >= WAITING_LIMIT:
            self._counts.dropped += 1
            return
        how = self.behaviour
        due = asyncio.get_running_loop().time()
        if how.late_s and self.dice.random() < how.late_share:
            due += self.dice.random() * how.late_s
        if how.reorder:
            due += self.dice.random() * REORDER_WINDOW_S
        heappush(self._waiting, (due, next(self._order), update))
        self._news.set()

    async def _run(self) -> None:
        while True:
            updates = self._due()
            if not updates:
                await self._wait()
                continue
            self._in_flight = len(updates)
            body = b'{"updates":[' + b",".join(updates) + b"]}"
            if await self._deliver(body):
                self._counts.delivered += len(updates)
            else:
                self._counts.abandoned += len(updates)
            self._in_flight = 0

    def _due(self) -> list[bytes]:
        now = asyncio.get_running_loop().time()
        updates: list[bytes] = []
        while self._waiting and self._waiting[0][0] <= now and len(updates) < self.behaviour.batch:
            updates.append(heappop(self._waiting)[2])
        return updates

    async def _wait(self) -> None:
        self._news.clear()
        if not self._waiting:
            await self._news.wait()
            return
        pause_s = self._waiting[0][0] - asyncio.get_running_loop().time()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), max(pause_s, 0.001))

    async def _deliver(self, body: bytes) -> bool:
        """Post one batch until it is answered 200; say whether it ever was."""
        wait_s = FIRST_WAIT_S
        for _ in range(TRIES_LIMIT):
            if await self._post(body):
                return True
            self._counts.refused_posts += 1
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
        return False

    async def _post(self, body: bytes) -> bool:
        bot = self.bot
        if not bot.webhook_url:
            return True
        headers = {
            "Content-Type": "application/json",
            "X-Sandbox-Signature": f"sha256={sign(bot.webhook_secret, body)}",
        }
        timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
        try:
            async with self._http.post(
                bot.webhook_url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False


def sign(secret: str, body: bytes) -> str:
    """Return the hexadecimal HMAC-SHA256 of the body's bytes."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def encode(update: dict[str, object]) -> bytes:
    """Write one update as JSON."""
    return msgspec.json.encode(update)
