"""Simulated admins: they open, post, say so, click and neglect, over HTTP like anybody else.

They know nothing of Chaupal's insides: they find their personal link in the sandbox's inbox,
read the page as a browser would, and write into the sandbox's group by hand. What an admin does
follows from the link itself by a hash, so a run can be repeated.
"""

import asyncio
import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import aiohttp
import msgspec

PERSONAL_LINK = re.compile(r"https?://\S+/r/[A-Za-z0-9_-]+")
GROUP_LINK = re.compile(r"https?://\S+/g/[A-Za-z0-9_-]+")
PHONE = "Mozilla/5.0 (Linux; Android 11; Mobile) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
POLL_S = 0.3
AT_ONCE = 24

# Out of a hundred: who does what with a task. The rest neglect it.
POST_AND_SAY, POST_AND_FORGET, ONLY_OPEN = 62, 10, 13
CLICKED = 45  # out of a hundred posted texts, somebody in the group follows the link


class _Page(HTMLParser):
    """What a person sees on the relay page: the group, the text, the form."""

    def __init__(self) -> None:
        super().__init__()
        self.group = ""
        self.text = ""
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._inside: str | None = None
        self._in_form = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Follow the elements that matter."""
        given = {name: value or "" for name, value in attrs}
        if tag == "h1":
            self._inside = "group"
        elif given.get("id") == "text":
            self._inside = "text"
        elif tag == "form" and given.get("id") == "posted":
            self.action, self._in_form = given.get("action"), True
        elif tag == "input" and self._in_form:
            self.fields[given.get("name", "")] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Leave them again."""
        if tag in {"h1", "div"}:
            self._inside = None
        elif tag == "form":
            self._in_form = False

    def handle_data(self, data: str) -> None:
        """Keep their words."""
        if self._inside == "group":
            self.group += data
        elif self._inside == "text":
            self.text += data


@dataclass(slots=True)
class Admins:
    """Everybody who relays by hand. `groups` says, for a person's chat, which groups they run:
    the address by its name."""

    provider: str
    groups: Mapping[str, Mapping[str, str]]
    http: aiohttp.ClientSession
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _turns: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def run(self, stop: asyncio.Event) -> None:
        """Read the inboxes and act on every new link until told to stop."""
        cursor = 0
        async with asyncio.TaskGroup() as acting:
            while not stop.is_set():
                cursor, links = await self._read(cursor)
                for person, link in links:
                    acting.create_task(self._act(person, link))
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), POLL_S)

    async def _read(self, cursor: int) -> tuple[int, list[tuple[str, str]]]:
        found = []
        async with self.http.get(f"{self.provider}/people/inboxes?since={cursor}") as answer:
            for line in (await answer.read()).splitlines():
                told = msgspec.json.decode(line)
                if "next" in told:
                    cursor = told["next"]
                    continue
                found += [(told["person"], link) for link in PERSONAL_LINK.findall(told["text"])]
        return cursor, found

    async def _act(self, person: str, link: str) -> None:
        dice = hashlib.sha256(link.encode()).digest()
        share = dice[0] * 100 // 256
        async with self._gate:
            with suppress(aiohttp.ClientError, TimeoutError):
                if share < POST_AND_SAY + POST_AND_FORGET:
                    await self._relay(person, link, says_so=share < POST_AND_SAY, dice=dice[1])
                elif share < POST_AND_SAY + POST_AND_FORGET + ONLY_OPEN:
                    await self._open(link)
                    self.counts["only_opened"] += 1
                else:
                    self.counts["neglected"] += 1

    async def _open(self, link: str) -> _Page | None:
        page = _Page()
        async with self.http.get(link, headers={"User-Agent": PHONE}) as answer:
            if answer.status != 200:
                self.counts["found_closed"] += 1
                return None
            page.feed(await answer.text())
        return page

    async def _relay(self, person: str, link: str, *, says_so: bool, dice: int) -> None:
        page = await self._open(link)
        if page is None or page.action is None:
            return
        group = self.groups.get(person, {}).get(page.group.strip())
        if group is None:  # somebody up the tree, who is in no such group themselves
            return
        text = page.text.strip()
        async with self._turns[group]:
            if not await self._stands_there(group, text):
                async with self.http.post(
                    f"{self.provider}/people/{person}/post", json={"chat_id": group, "text": text}
                ) as answer:
                    self.counts["posted" if answer.status == 200 else "could_not_post"] += 1
                    if answer.status != 200:
                        return
        if says_so:
            await self._say(urljoin(link, page.action), page.fields)
        if not says_so or dice * 100 // 256 < CLICKED:
            await self._click(text)

    async def _stands_there(self, group: str, text: str) -> bool:
        """Look into the group first, as a careful person would: somebody may have been quicker."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        async with self.http.get(f"{self.provider}/book", params={"group": group}) as answer:
            return digest in await answer.text()

    async def _say(self, url: str, fields: dict[str, str]) -> None:
        async with self.http.post(
            url, data=fields, headers={"User-Agent": PHONE}, allow_redirects=False
        ) as answer:
            self.counts["said" if answer.status in {200, 303} else "could_not_say"] += 1

    async def _click(self, text: str) -> None:
        for url in GROUP_LINK.findall(text)[:1]:
            async with self.http.get(url, headers={"User-Agent": PHONE}) as answer:
                self.counts["clicked" if answer.status == 200 else "could_not_click"] += 1
