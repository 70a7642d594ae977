"""Every page, asked by somebody who has signed in."""

import asyncio
import re
from collections.abc import Iterable

from asking import NO, PAGE_ACTS, PAGE_ADDED, PAGE_READ, PAGE_READ_ONE, Asking, path_of
from browsing import Browser, Seen
from scoping import mark

AT_ONCE = 6
LINKS = re.compile(r'href="/(people|groups|offices|tree)/([0-9a-f-]{36})"')


class ByPage:
    """One login's way through the pages."""

    def __init__(self, asking: Asking, login: int, browser: Browser) -> None:
        self.asking, self.login, self.browser = asking, login, browser
        self.built, self.world = asking.built, asking.built.world
        self.view = asking.reach(login, "view", by_key=False)
        self.hidden = asking.hidden(login, by_key=False)
        self.live = self.view - {self.world.ended}
        self.turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self) -> None:
        await asyncio.gather(self.reads(), self.reads_each())
        before = await self.asking.entries()
        await self.acts()
        assert await self.asking.entries() == before, "something outside was changed"

    async def seen(
        self, method: str, path: str, form: dict | None = None, *, besides: Iterable[str] = ()
    ) -> Seen:
        """Ask, and look through the page for the marks of what is outside."""
        async with self.turns:
            shown = await (
                self.browser.get(path) if method == "GET" else self.browser.post(path, form or {})
            )
        assert shown.status < 500, (path, shown.words)
        found = {word for word in self.hidden - {*besides} if word in shown.text}
        assert not found, f"login {self.login} saw {sorted(found)} at {method} {path}"
        return shown

    async def reads(self) -> None:
        """The lists hold what is inside: all of it, and nothing else."""
        listed: dict[str, set[str]] = {}
        for _, path in sorted(PAGE_READ):
            shown = await self.seen("GET", path)
            assert shown.status in {200, 303, 403, 409}, (path, shown.words)
            listed[path] = {id for kind, id in LINKS.findall(shown.text) if path == f"/{kind}"}
        world, built = self.world, self.built
        assert listed["/people"] == {
            str(built.people[n]) for n, at in enumerate(world.people) if n and at in self.view
        }
        assert listed["/groups"] == {
            str(built.circles[n])
            for n, circle in enumerate(world.circles)
            if circle.unit in self.view and not circle.archived
        }
        assert listed["/offices"] == {str(id) for id, unit in built.seats if unit in self.live}
        for typed, kind, ids in (
            ("Invented", "people", listed["/people"]),
            ("Gathering", "groups", listed["/groups"]),
            ("Locality", "tree", {str(built.units[n]) for n in self.live}),
        ):
            found = await self.seen("POST", "/search", {"q": typed})
            assert {id for at, id in LINKS.findall(found.text) if at == kind} == ids, typed

    async def reads_each(self) -> None:
        """One thing has a page inside, and outside it is not there."""
        await asyncio.gather(*(self.reads_one(path) for _, path in sorted(PAGE_READ_ONE)))

    async def reads_one(self, path: str) -> None:
        kind = path.split("/")[1]
        within, outside = self.asking.things(kind, self.view, self.login, by_key=False)
        if not path.endswith("/live"):
            for n, id in within[:1] + within[-1:]:
                besides = self.asking.told_of(kind)
                shown = await self.seen("GET", path_of(path, id, self.stranger()), besides=besides)
                alone = n == self.world.ended or "{holder" in path
                assert shown.status != 404 or alone, (path, shown.words)
        for _, id in outside[-1:]:
            shown = await self.seen("GET", path_of(path, id, self.stranger()))
            assert shown.status in NO, (path, shown.words)

    def stranger(self) -> object:
        """Somebody outside, or nobody."""
        people = enumerate(self.world.people)
        outside = [n for n, unit in people if n == 0 or unit not in self.view]
        return self.built.people[outside[-1]]

    async def acts(self) -> None:
        """Nothing outside can be changed, by whatever form."""
        await asyncio.gather(*(self.acts_on(path, form) for path, form in PAGE_ACTS.items()))
        _, outside = self.asking.things("units", self.view, self.login, by_key=False)
        for path, form in PAGE_ADDED.items():
            for n, id in outside[:1]:
                filled = self.asking.filled(form, id, n)
                shown = await self.seen("POST", path, filled, besides=[mark("u", n)])
                assert shown.status in NO | {422}, (path, shown.words)

    async def acts_on(self, path: str, form: dict[str, str]) -> None:
        kind = path.split("/")[1]
        _, outside = self.asking.things(kind, self.view, self.login, by_key=False)
        for n, id in outside[-1:]:
            at = path_of(path, id, self.built.people[-1])
            shown = await self.seen("POST", at, self.asking.filled(form, id, n))
            refused = NO | {422} if kind == "broadcasts" else NO  # a form is shown again
            assert shown.status in refused, (path, shown.words)


async def ask(asking: Asking, login: int) -> None:
    """Ask for every page as a login that has signed in."""
    browser = await asking.door.signed_in(asking.built.place, asking.built.actors[login])
    await ByPage(asking, login, browser).ask()
