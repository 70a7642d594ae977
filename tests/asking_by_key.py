"""Every route of the API, asked with somebody's key."""

import asyncio
import csv
import io
from collections.abc import Iterable

from asking import (
    ACTS,
    ADDED,
    HOME,
    LISTED,
    NO,
    READ,
    READ_ONE,
    Asking,
    path_of,
)
from calling import Program, Told
from scoping import DEEPEST, mark

SAMPLED = 1
AT_ONCE = 6


class ByKey:
    """One login's questions to the API."""

    def __init__(self, asking: Asking, login: int) -> None:
        self.asking, self.login, self.built = asking, login, asking.built
        self.world = asking.built.world
        self.program = Program(asking.door, asking.built.keys[login])
        self.view = asking.reach(login, "view")
        self.hidden = asking.hidden(login)
        self.live = self.view - {self.world.ended}
        self.turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self) -> None:
        """Ask everything, and hold the answers against the oracle."""
        if self.world.logins[self.login].disabled:
            await self.asks_in_vain()
            return
        await asyncio.gather(self.lists(), self.reads(), self.finds(), self.exports())
        before = await self.asking.entries()
        if self.view:
            await self.acts()
        assert await self.asking.entries() == before, "something outside was changed"

    async def asks_in_vain(self) -> None:
        for method, path in (*LISTED, *READ, *READ_ONE):
            told = await self.told(method, path_of(path, self.built.units[0], self.built.people[1]))
            assert told.status == 401, (path, told.text)

    async def told(
        self, method: str, path: str, body: object = None, *, besides: Iterable[str] = (), **query
    ) -> Told:
        """Ask, and look through the answer for the marks of what is outside."""
        async with self.turns:
            told = await (
                self.program.get(path, **query)
                if method == "GET"
                else self.program.post(path, body)
            )
        assert told.status < 500, (path, told.text)
        found = {word for word in self.hidden - {*besides} if word in told.text}
        assert not found, f"login {self.login} got {sorted(found)} from {method} {path} {body}"
        return told

    async def every(self, path: str, **query: object) -> list[dict]:
        """What stands on all pages of a list; each page is looked through."""
        items, after = [], {}
        while True:
            told = await self.told("GET", f"{HOME}/{path}", limit=3, **query, **after)
            assert told.status == 200, (path, told.text)
            items += told.json["items"]
            if told.json["next"] is None:
                return items
            after = {"after": told.json["next"]}

    async def ids(self, path: str, key: str = "id", **query: object) -> list[str]:
        found = [item[key] for item in await self.every(path, **query)]
        assert len(found) == len({*found}), f"{path} lists something twice"
        return sorted(found)

    async def lists(self) -> None:
        """Every list holds, over all its pages, exactly what is inside."""
        built, world = self.built, self.world
        people = inside(built.people, (n for n in self.people() if n))
        assert await self.ids("people") == people
        assert (await self.told("GET", f"{HOME}/people")).json["total"] == len(people)
        for archived in (False, True):
            assert await self.ids("groups", archived=str(archived).lower()) == inside(
                built.circles,
                (n for n, c in enumerate(world.circles)
                 if c.unit in self.view and c.archived is archived),
            )  # fmt: skip
        assert await self.ids("offices") == sorted(
            str(id) for id, unit in built.seats if unit in self.live
        )
        covered = {c.unit for c in world.circles if c.public and not c.archived}
        bare = {n for n in self.live if world.depth(n) == DEEPEST} - covered
        assert await self.ids("coverage/booths", "unit_id") == inside(built.units, bare)
        if self.asking.reach(self.login, "import"):
            own = self.asking.imports_of(self.login)
            assert await self.ids("imports") == sorted(self.asking.files[n] for n in own)
        else:
            assert (await self.told("GET", f"{HOME}/imports")).status == 403
        assert await self.units_below() == inside(built.units, self.live)

    def people(self) -> set[int]:
        return {n for n, unit in enumerate(self.world.people) if unit in self.view}

    async def units_below(self) -> list[str]:
        """Walk the tree down from where it begins for somebody."""
        ahead = (await self.told("GET", f"{HOME}/units")).json
        seen = []
        while ahead:
            unit = ahead.pop()
            seen.append(unit["id"])
            ahead += (await self.told("GET", f"{HOME}/units/{unit['id']}/children")).json
        assert len(seen) == len({*seen})
        return sorted(seen)

    async def reads(self) -> None:
        """One thing is shown inside, and outside it is not there."""
        for method, path in READ:
            query = {"page": "people"} if path.endswith("filters") else {}
            told = await self.told(method, path, **query)
            assert told.status in {200, 403}, (path, told.text)
            if path.endswith("record"):
                tops = {n for n, above in enumerate(self.world.above) if above is None}
                everywhere = tops <= self.asking.reach(self.login, "import")
                assert told.status == (200 if everywhere else 403), (self.login, told.text[:300])
        await asyncio.gather(*(self.reads_one(path) for _, path in READ_ONE))

    async def reads_one(self, path: str) -> None:
        kind = path.removeprefix(f"{HOME}/").split("/")[0]
        within, outside = self.asking.things(kind, self.view, self.login, by_key=True)
        query = {"on": "2026-11-20"} if path.endswith("then") else {}
        for n, id in within[:SAMPLED] + within[-1:]:
            besides = self.asking.told_of(kind)
            told = await self.told("GET", path_of(path, id, id), besides=besides, **query)
            shown = told.status in {200, 403, 409, 410}
            assert shown or n == self.world.ended or kind == "imports", (path, told.text)
        for _, id in outside[:SAMPLED] + outside[-1:]:
            told = await self.told("GET", path_of(path, id, id), **query)
            assert told.status in NO, (path, told.text)

    async def finds(self) -> None:
        """Search and look-ups find what is inside, all of it."""
        world, built = self.world, self.built
        expected = {
            "people": ("Invented", inside(built.people, (n for n in self.people() if n))),
            "groups": ("Gathering", inside(built.circles, (
                n for n, c in enumerate(world.circles)
                if c.unit in self.view and not c.archived))),
            "units": ("Locality", inside(built.units, self.live)),
        }  # fmt: skip
        for kind, (typed, ids) in expected.items():
            assert await self.searched(kind, typed) == ids, kind
        for n in range(len(world.people)):
            address = {"channel": "sandbox", "address": f"s:{mark('p', n)}"}
            told = await self.told("POST", f"{HOME}/people/find", address)
            assert told.status == (200 if n and n in self.people() else 404)
        for deed, right in (("withdraw", "register"), ("move", "import")):
            meant = (n for n, unit in enumerate(world.people) if n and unit in self.reach(right))
            await self.previews("people", {"whom": {}, "deed": deed}, right, len([*meant]))
        for deed, archived in (("archive", False), ("join", False), ("leave", True)):
            within = (c for c in world.circles if c.unit in self.reach("register"))
            meant = (c for c in within if c.archived is archived)
            look = {"which": {"archived": archived}, "deed": deed}
            await self.previews("groups", look, "register", len([*meant]))

    async def searched(self, kind: str, typed: str) -> list[str]:
        found, after = set(), {}
        while True:
            body = {"q": typed, "kind": kind, **after}
            section = (await self.told("POST", f"{HOME}/search", body)).json[kind]
            if section is None:
                return []
            found |= {hit["id"] for hit in section["exact"] + section["hits"]}
            if section["next"] is None:
                return sorted(found)
            after = {"after": section["next"]}

    def reach(self, right: str) -> set[int]:
        return self.asking.reach(self.login, right)

    async def previews(self, kind: str, look: dict, right: str, meant: int) -> None:
        """A bulk action counts those for whom somebody may do it, and nobody else."""
        told = await self.told("POST", f"{HOME}/{kind}/bulk/preview", look)
        if not self.reach(right):
            assert told.status == 403
        elif meant:
            assert told.json == {kind: meant}
        else:
            assert told.status == 409

    async def exports(self) -> None:
        """An export holds what somebody may take along, all of it and nothing else."""
        world, reach = self.world, self.asking.reach(self.login, "export")
        wanted = {
            "units": {mark("u", n) for n in reach - {world.ended}},
            "people": {mark("p", n) for n, unit in enumerate(world.people) if n and unit in reach},
            "groups": {f"g:{mark('g', n)}" for n, c in enumerate(world.circles)
                       if c.unit in reach and not c.archived},
            "posts": None,
            "memberships": None,
        }  # fmt: skip
        for kind, expected in wanted.items():
            told = await self.told("POST", f"{HOME}/exports", {"kind": kind})
            assert told.status == (200 if reach else 403)
            if reach and expected is not None:
                rows = [*csv.reader(io.StringIO(told.text.removeprefix("\ufeff")))][1:]
                assert {row[0] for row in rows} == expected, kind
                assert len(rows) == len(expected)
            if reach and kind == "groups":  # of admins from elsewhere nothing is said
                assert {row[0]: row[9] for row in rows} == {
                    f"g:{mark('g', n)}": "|".join(
                        mark("p", admin) for admin in c.admins if world.people[admin] in reach
                    )
                    for n, c in enumerate(world.circles)
                    if c.unit in reach and not c.archived
                }

    async def acts(self) -> None:
        """Nothing outside can be changed, by whatever route."""
        for path, body in ACTS.items():
            kind = path.split("/")[0]
            _, outside = self.asking.things(kind, self.view, self.login, by_key=True)
            for n, id in outside[-1:]:
                at = path_of(f"{HOME}/{path}", id, self.built.people[-1])
                told = await self.told("POST", at, self.asking.filled(body, id, n))
                assert told.status in NO, (path, told.text)
        _, outside = self.asking.things("units", self.view, self.login, by_key=True)
        for path, body in ADDED.items():
            for n, id in outside[:1]:
                told = await self.told("POST", f"{HOME}/{path}", self.asking.filled(body, id, n),
                                       besides=[mark("u", n)])  # fmt: skip
                assert told.status in NO | {422}, (path, told.text)


def inside(ids: list, places: Iterable[int]) -> list[str]:
    return sorted(str(ids[n]) for n in places)


async def ask(asking: Asking, login: int) -> None:
    """Ask every route of the API with the key of a login."""
    await ByKey(asking, login).ask()
