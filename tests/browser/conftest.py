"""A real Chromium in front of the real web door; provider, worker and edge behind it."""

import asyncio
import os
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiohttp
import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from browsing import Door, a_door
from chaupal.arrivals import log as arrivals_log
from chaupal.edge.app import Edge
from chaupal.edge.server import serve as serve_edge
from chaupal.engine import ports
from chaupal.rehearsal.provider import process
from chaupal.worker import loops
from factories import PASSWORD, Place, an_organisation

GROUPS = 24
RATE_PER_S = 8
PATIENCE_MS = 30_000
FLAGS = [
    "--no-sandbox", "--headless=new", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-quic",
]  # fmt: skip
NAMES = (
    "chromium", "chromium-browser", "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)  # fmt: skip


@pytest.fixture
async def chromium():
    """The system's Chromium. Without one the test says so; under CI that is a failure."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        told = "no Chromium on this machine: `sh tools/browser.sh` says how to get one"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        await browser.close()


@dataclass
class Watched:
    """A page whose console is listened to: whatever a browser complains of is a failure."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, said) -> None:
        if said.type in {"error", "warning"}:
            self.complaints.append(said.text)


@dataclass
class Town:
    """An organisation at work: groups on a provider, a worker, an edge, and the web door."""

    place: Place
    door: Door
    chromium: Chromium
    contexts: list[BrowserContext] = field(default_factory=list)
    watched: list[Watched] = field(default_factory=list)

    async def visitor(self, **options) -> Page:
        """A fresh browser of somebody who is not known yet."""
        context = await self.chromium.new_context(**{"locale": "hi-IN", **options})
        self.contexts.append(context)
        watched = Watched(await context.new_page())
        self.watched.append(watched)
        return watched.page

    async def signed_in(self, login: str, **options) -> Page:
        """A fresh browser of somebody who has signed in."""
        page = await self.visitor(**options)
        await page.goto(f"{self.door.url}/sign-in")
        await page.fill("#organisation", self.place.slug)
        await page.fill("#login", login)
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{self.door.url}/")
        return page

    @property
    def complaints(self) -> list[str]:
        """What any of these browsers complained of."""
        return [complaint for watched in self.watched for complaint in watched.complaints]


@pytest.fixture
async def town(rt, chromium, tmp_path):
    port = ports.free()
    rt = replace(rt, public_url=f"http://127.0.0.1:{port}")
    place = await an_organisation(rt)
    for key in ("farmers", "students"):
        await place.category(key)
    async with (
        process.running(tmp_path / "book") as provider,
        aiohttp.ClientSession() as http,
    ):
        bot = await place.sender(endpoint=provider.url, rate_per_s=RATE_PER_S)
        hook = f"{rt.public_url}/in/{place.organisation}/{bot}"
        await tell(
            http, provider.url, "bots", token="token", webhook_url=hook, webhook_secret="secret"
        )
        for number in range(GROUPS):
            at = ("east-one", "east-two", "west-one", "west-two")[number % 4]
            address = f"g{number}"
            await place.group(at, sender=bot, categories=("farmers",), address=address)
            await tell(http, provider.url, "groups", id=address, members=40)
        relayed = await place.group("west-one", categories=("students",))
        await place.admin(relayed, await place.person("west-one"))
        await place.account("asha", language="hi")
        await place.account("ravi", language="en")
        async with at_work(rt, port), a_door(rt) as door:
            town = Town(replace(place, rt=replace(rt, desk_url=door.url)), door, chromium)
            yield town
            for context in town.contexts:
                await context.close()


@asynccontextmanager
async def at_work(rt, port: int):
    """A worker and an edge, for as long as the block lasts."""
    stop = asyncio.Event()
    await arrivals_log.prepare(rt.nats)
    edge = Edge(rt)
    parts = [
        asyncio.create_task(loops.run(rt, stop)),
        asyncio.create_task(edge.count(stop)),
        asyncio.create_task(serve_edge(edge, "127.0.0.1", port, stop)),
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*parts)


async def tell(http: aiohttp.ClientSession, url: str, what: str, **body) -> None:
    async with http.post(f"{url}/control/{what}", json=body) as answer:
        assert answer.status == 200, await answer.text()
