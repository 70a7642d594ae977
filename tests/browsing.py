"""A real web door on loopback, and browsers without a screen that go through it."""

import asyncio
import io
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from urllib.parse import urlencode

import aiohttp

from chaupal.kit.ids import new_id
from chaupal.record import Actor
from chaupal.web.patience import ANSWER_LIMIT_S
from chaupal.web.server import listen, serve
from factories import PASSWORD, Place


@dataclass(frozen=True)
class Seen:
    """What came back."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def words(self) -> str:
        """The text as a person reads it."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.text)).split())

    def hidden(self, name: str) -> str:
        """The value of a hidden field."""
        return re.search(rf'name="{name}" value="([^"]*)"', self.text)[1]


class Browser:
    """Keeps cookies, follows nothing by itself."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url, self.http = url, http
        self.csrf = ""

    async def get(self, path: str, **headers: str) -> Seen:
        return await self._seen("GET", path, None, headers)

    async def post(self, path: str, form: dict | None = None, **headers: str) -> Seen:
        fields = {"csrf": self.csrf, "idempotency_key": str(new_id()), **(form or {})}
        return await self._seen("POST", path, fields, headers)

    async def _seen(self, method, path, form, headers) -> Seen:
        kept = {name.replace("_", "-"): value for name, value in headers.items()}
        body = None
        if form is not None:
            kept["Content-Type"] = "application/x-www-form-urlencoded"
            body = io.BytesIO(urlencode(form, doseq=True).encode())
        async with self.http.request(
            method,
            self.url + path,
            data=body,
            headers=kept,
            allow_redirects=False,
        ) as answer:
            return Seen(answer.status, await answer.text(), dict(answer.headers))

    async def sign_in(self, slug: str, actor: Actor | str, password: str = PASSWORD) -> Seen:
        door = await self.get("/sign-in")
        form = {
            "organisation": slug,
            "login": actor if isinstance(actor, str) else actor.label,
            "password": password,
            "csrf": door.hidden("csrf"),
            "back": "/",
        }
        answer = await self.post("/sign-in", form)
        if answer.status == 303:
            self.csrf = (await self.get("/")).hidden("csrf")
        return answer


@dataclass
class Door:
    """A web door that runs."""

    url: str
    stop: asyncio.Event
    open_browsers: list[aiohttp.ClientSession] = field(default_factory=list)

    def browser(self, **headers: str) -> Browser:
        http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            headers={"Accept": "text/html", **{k.replace("_", "-"): v for k, v in headers.items()}},
        )
        self.open_browsers.append(http)
        return Browser(self.url, http)

    async def signed_in(self, place: Place, actor: Actor) -> Browser:
        browser = self.browser()
        answer = await browser.sign_in(place.slug, actor)
        assert answer.status == 303, answer.words
        return browser


@asynccontextmanager
async def a_door(rt, *, answer_limit_s: float = ANSWER_LIMIT_S):
    """Open a web door on a free port of loopback, for as long as the block lasts."""
    stop, listening = asyncio.Event(), listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    serving = asyncio.create_task(
        serve(replace(rt, desk_url=url), listening, stop, answer_limit_s=answer_limit_s)
    )
    door = Door(url, stop)
    try:
        async with aiohttp.ClientSession() as http:
            while True:
                try:
                    async with http.get(f"{url}/static/none"):
                        break
                except aiohttp.ClientConnectorError:
                    assert not serving.done(), serving.exception()
                    await asyncio.sleep(0.01)
        yield door
    finally:
        for http in door.open_browsers:
            await http.close()
        stop.set()
        await serving
