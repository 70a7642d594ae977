"""A tree for tests, and an oracle that counts what hangs at each unit the slow way."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chaupal.directory import tree as reshaping
from chaupal.kit.ids import new_id
from chaupal.organisations import scope_of
from chaupal.organisations.models import UnitId
from chaupal.organisations.tree import Names, actions, history, queries
from chaupal.record import Actor
from factories import Place

COUNTED = """
    SELECT above.code, count(*) FILTER (WHERE what = 'person')::int,
           count(*) FILTER (WHERE what = 'internal')::int,
           count(*) FILTER (WHERE what = 'public')::int
      FROM (SELECT unit_id, 'person' AS what FROM person WHERE erased_at IS NULL
            UNION ALL
            SELECT unit_id, purpose::text FROM chat_group WHERE archived_at IS NULL) AS own
      JOIN unit u ON u.id = own.unit_id
      JOIN unit above ON u.path BETWEEN above.path AND above.path_end
     GROUP BY above.code
"""
TALLIED = """
    SELECT u.code, sum(people)::int, sum(internal_groups)::int, sum(public_groups)::int
      FROM unit_tally t JOIN unit u ON u.id = t.unit_id
     GROUP BY u.code
    HAVING sum(people) <> 0 OR sum(internal_groups) <> 0 OR sum(public_groups) <> 0
"""
CROOKED = """
    SELECT u.code FROM unit u LEFT JOIN unit p ON p.id = u.parent_id
     WHERE u.path <> coalesce(p.path, '/') || u.number || '/'
        OR p.level_rank >= u.level_rank
"""


@dataclass
class Grove:
    """An organisation whose tree somebody changes."""

    place: Place
    actor: Actor

    @property
    def rt(self):
        return self.place.rt

    async def rows(self, sql: str, *values: object) -> list[tuple]:
        async with self.place.transaction() as conn:
            return await (await conn.execute(sql, values)).fetchall()

    async def move(self, code: str, under: str, *, on: date | None = None, actor=None):
        return await actions.move(
            self.rt,
            self.place.units[code],
            self.place.units[under],
            on_day=on or actions.today(self.rt),
            key=str(new_id()),
            actor=actor or self.actor,
        )

    async def merge(self, code: str, into: str, *, on: date | None = None, actor=None):
        return await reshaping.merge(
            self.rt,
            self.place.units[code],
            self.place.units[into],
            on_day=on or actions.today(self.rt),
            key=str(new_id()),
            actor=actor or self.actor,
        )

    async def split(self, code: str, *parts: reshaping.Part, on: date | None = None, actor=None):
        made = await reshaping.split(
            self.rt,
            self.place.units[code],
            list(parts),
            on_day=on or actions.today(self.rt),
            key=str(new_id()),
            actor=actor or self.actor,
        )
        self.place.units |= {part.code: id for part, id in zip(parts, made, strict=True)}
        return made

    async def end(self, code: str, *, on: date | None = None, actor=None):
        await actions.end(
            self.rt,
            self.place.units[code],
            on_day=on or actions.today(self.rt),
            key=str(new_id()),
            actor=actor or self.actor,
        )

    async def rename(self, code: str, name: str, *, on: date | None = None, actor=None):
        await actions.rename(
            self.rt,
            self.place.units[code],
            Names(name, name),
            on_day=on or actions.today(self.rt),
            key=str(new_id()),
            actor=actor or self.actor,
        )

    async def found(self, code: str, under: str, *, level="district", on=None, actor=None):
        id = await actions.found(
            self.rt,
            self.place.units[under],
            level=level,
            code=code,
            names=Names(code, code),
            on_day=on or actions.today(self.rt),
            key=str(new_id()),
            actor=actor or self.actor,
        )
        self.place.units[code] = id
        return id

    async def take_back(self, code: str, *, actor=None):
        await actions.take_back(
            self.rt, self.place.units[code], key=str(new_id()), actor=actor or self.actor
        )

    async def lineage_on(self, code: str, day: date, *, actor=None) -> list[str]:
        """The codes from the root down to a unit, as they were on a day."""
        async with self.place.transaction() as conn:
            scope = await scope_of(self.rt, conn, actor or self.actor)
            steps = await history.lineage_on(conn, self.place.units[code], day, scope=scope)
        return [step.code for step in steps]

    async def tree_on(self, day: date, code: str, *, actor=None) -> set[str]:
        """The codes of what hung directly from a unit on a day."""
        async with self.place.transaction() as conn:
            scope = await scope_of(self.rt, conn, actor or self.actor)
            then = await history.tree_on(conn, day, self.place.units[code], scope=scope)
        return {unit.code for unit in then}

    async def spells(self, code: str, *, actor=None):
        async with self.place.transaction() as conn:
            scope = await scope_of(self.rt, conn, actor or self.actor)
            return await history.spells(conn, self.place.units[code], scope=scope)

    async def successions(self, code: str, *, actor=None):
        async with self.place.transaction() as conn:
            scope = await scope_of(self.rt, conn, actor or self.actor)
            return await history.successions(conn, self.place.units[code], scope=scope)

    async def path(self, code: str) -> str:
        [(path,)] = await self.rows("SELECT path FROM unit WHERE code = %s", code)
        return path

    async def check(self) -> None:
        """Every count is what counting says, and every path what the parents say."""
        assert dict(self._by_code(await self.rows(TALLIED))) == dict(
            self._by_code(await self.rows(COUNTED))
        )
        assert await self.rows(CROOKED) == []

    @staticmethod
    def _by_code(rows):
        return [(code, counts) for code, *counts in rows]

    async def placed(self, code: str):
        async with self.place.transaction() as conn:
            return await queries.coded(conn, code)

    def ids(self, *codes: str) -> tuple[UnitId, ...]:
        return tuple(self.place.units[code] for code in codes)


async def a_grove(place: Place) -> Grove:
    """The usual small organisation with booths, people and groups in it, and an administrator."""
    for district in ("east-one", "west-one"):
        for number in (1, 2):
            booth = f"{district}-{number}"
            await place.unit(booth, district)
            await place.person(booth)
            await place.group(booth)
            await place.group(booth, purpose="internal")
        await place.person(district)
        await place.group(district)
    return Grove(place, await place.account("anita"))


def part(code: str, *, children=(), groups: tuple[UUID, ...] = (), people=False, new=True):
    names = Names(code, code) if new else None
    return reshaping.Part(code, names, children=children, groups=groups, people=people)
