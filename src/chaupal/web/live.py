"""Live pages: one listener for all hints, one look at the database for all who watch the same.

A hint says only that something moved. Whoever watches the same thing, with the same scope and
in the same language, shares one look: at most one a second, and one every ten seconds even
when nothing was heard, so that "counted just now" stays true. Each browser gets what changed.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from nats.aio.msg import Msg

from chaupal.kit import log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.organisations.offices import doubts

LEAST_S = 1.0
LONGEST_S = 10.0
KEPT_FOR_ITS_COST = 20
LONGEST_KEPT_S = 600.0
HEARTBEAT_S = 15.0
STILL_ALLOWED_EVERY_S = 30.0
RECONNECT_MS = 2000

Fragments: TypeAlias = Mapping[str, str]
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Picture:
    """What one look saw: the fragments that all may share, and what the rest are made of."""

    fragments: Fragments
    rest: Any = None


@dataclass(slots=True)
class Watch:
    """One thing that at least one browser watches."""

    organisation: OrganisationId
    look: Callable[[], Awaitable[Picture]]
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    readers: set[asyncio.Event] = field(default_factory=set)
    picture: Picture | None = None
    version: int = 0
    doubts: int = 0
    looking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Look again and again, for as long as anybody watches."""
        while True:
            self.moved.clear()
            try:
                self.picture = await self.look()
            except Unavailable as refusal:
                logger.warning("live.cannot_look", code=refusal.code)
            else:
                self.version += 1
                self.wake()
            await asyncio.sleep(LEAST_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.moved.wait(), LONGEST_S - LEAST_S)

    def wake(self) -> None:
        """Let every reader look up."""
        for reader in self.readers:
            reader.set()

    @property
    def over(self) -> bool:
        """Say whether nothing more will come."""
        return self.looking is None or self.looking.done()


class Hub:
    """Everything that is watched in this process."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._watches: dict[Hashable, Watch] = {}
        self.ended = asyncio.Event()
        self.remembered: Remembered[Hashable, Any] = Remembered(LONGEST_S)

    @asynccontextmanager
    async def listening(self, stop: asyncio.Event) -> AsyncIterator[None]:
        """Listen for hints until the block ends, or `stop` is set and all streams with it."""
        subscription = await self._rt.nats.subscribe("hint.*.>", cb=self._heard)
        stopping = asyncio.create_task(self._end_with(stop))
        try:
            yield
        finally:
            stopping.cancel()
            self._end()
            if self._rt.nats.is_connected:
                await subscription.unsubscribe()

    async def _heard(self, hint: Msg) -> None:
        _, organisation, topic = hint.subject.split(".", 2)
        for watch in self._watches.values():
            if str(watch.organisation) != organisation:
                continue
            if topic == doubts.TOPIC:
                watch.doubts += 1
                watch.wake()
            else:
                watch.moved.set()

    async def _end_with(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._end()

    def _end(self) -> None:
        self.ended.set()
        for watch in self._watches.values():
            if watch.looking is not None:
                watch.looking.cancel()
            watch.wake()

    @property
    def watching(self) -> int:
        """Return how many different things are watched: what live pages cost."""
        return len(self._watches)

    async def events(
        self,
        key: Hashable,
        organisation: OrganisationId,
        look: Callable[[], Awaitable[Picture]],
        *,
        own: Callable[[Picture], Fragments],
        still: Callable[[], Awaitable[bool]],
    ) -> AsyncIterator[bytes]:
        """Yield server-sent events for one browser until it leaves, or may not look any more.

        `own` makes the fragments that are this reader's alone; `still` says whether they may
        look, from time to time and whenever rights have moved. Ends quietly whatever happens:
        the browser comes back by itself.
        """
        watch, news = self._join(key, organisation, look), asyncio.Event()
        watch.readers.add(news)
        try:
            yield f"retry: {RECONNECT_MS}\n\n".encode()
            seen, told, now = 0, dict[str, str](), asyncio.get_running_loop().time
            asked_at, doubted = now(), watch.doubts
            while not (self.ended.is_set() or watch.over):
                news.clear()
                if watch.doubts > doubted or now() - asked_at >= STILL_ALLOWED_EVERY_S:
                    asked_at, doubted = now(), watch.doubts
                    if not await still():
                        return
                if watch.picture is not None and watch.version > seen:
                    seen = watch.version
                    for chunk in _changed({**watch.picture.fragments, **own(watch.picture)}, told):
                        yield chunk
                try:
                    await asyncio.wait_for(news.wait(), HEARTBEAT_S)
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            watch.readers.discard(news)
            if not watch.readers:
                self._watches.pop(key, None)
                if watch.looking is not None:
                    watch.looking.cancel()

    def _join(
        self, key: Hashable, organisation: OrganisationId, look: Callable[[], Awaitable[Picture]]
    ) -> Watch:
        watch = self._watches.get(key)
        if watch is None or watch.over:
            watch = self._watches[key] = Watch(organisation, look)
            watch.looking = asyncio.create_task(watch.run())
            watch.looking.add_done_callback(_ended(watch))
        return watch


def _ended(watch: Watch) -> Callable[[asyncio.Task[None]], None]:
    """Let readers go when a look ends, and own up to a bug in it."""

    def ended(looking: asyncio.Task[None]) -> None:
        if not looking.cancelled() and looking.exception() is not None:
            logger.error("live.bug", kind=type(looking.exception()).__name__)
        watch.wake()

    return ended


def _changed(fragments: Fragments, told: dict[str, str]) -> list[bytes]:
    """Return as events what differs from what this browser was told before."""
    chunks = []
    for name, text in fragments.items():
        if told.get(name) != text:
            told[name] = text
            chunks.append(event(name, text))
    return chunks


def event(name: str, text: str) -> bytes:
    """Write one server-sent event (WHATWG HTML, 9.2.6)."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n".encode()


@dataclass(slots=True)
class _Finding(Generic[V]):
    """Something that is looked for, or was found, and until when that is good enough."""

    task: asyncio.Task[V]
    until: float = math.inf

    @property
    def failed(self) -> bool:
        """Say whether nothing was found."""
        return self.task.done() and (self.task.cancelled() or self.task.exception() is not None)


class Remembered(Generic[K, V]):
    """What was found lately: asked by many at once, it is looked for once.

    What was dear to find is kept for longer: looking for it takes a twentieth of a core at most,
    however many ask and however large it is.
    """

    def __init__(self, lasts_s: float, *, limit: int = 500) -> None:
        self._lasts_s = lasts_s
        self._limit = limit
        self._found: OrderedDict[K, _Finding[V]] = OrderedDict()

    async def of(self, key: K, find: Callable[[], Awaitable[V]]) -> V:
        """Return what is known of `key`, or find it."""
        now = asyncio.get_running_loop().time()
        known = self._found.get(key)
        if known is not None and now < known.until and not known.failed:
            return await asyncio.shield(known.task)
        finding = _Finding(asyncio.ensure_future(_found(find)))
        finding.task.add_done_callback(lambda _: self._date(finding, now))
        self._found[key] = finding
        self._found.move_to_end(key)
        while len(self._found) > self._limit:
            self._found.popitem(last=False)
        return await asyncio.shield(finding.task)

    def _date(self, finding: _Finding[V], began: float) -> None:
        now = finding.task.get_loop().time()
        dear_s = min((now - began) * KEPT_FOR_ITS_COST, LONGEST_KEPT_S)
        finding.until = max(began + self._lasts_s, now + dear_s)


async def _found(find: Callable[[], Awaitable[V]]) -> V:
    return await find()
