"""Loading a whole organisation, beside a raw COPY of the same rows into tables without a key."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import astuple
from typing import Any

from bench.figures import Figure, rate, seconds
from bench.ground import Ground
from chaupal import directory, record
from chaupal.channels.limits import Limits
from chaupal.directory import Consent, GroupRow, PersonRow, Summary, UnitRow
from chaupal.groups import queries as groups
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.organisations import actions as organisations
from chaupal.organisations.models import Level, OrganisationType
from chaupal.rehearsal import roster

SEED = 2026
Row = UnitRow | PersonRow | GroupRow
Loader = Callable[[Runtime, db.Conn, Iterable[Any]], Awaitable[Summary]]


async def load(ground: Ground, size: int) -> list[Figure]:
    """Measure Rajasthan with `size` groups and as many people, each kind in a transaction."""
    source = roster.rajasthan(SEED, size, size)
    organisation = await organisations.found(
        ground.rt,
        slug="load",
        type=OrganisationType(source.type),
        name_hi=source.name_hi,
        name_en=source.name_en,
        levels=[Level(row.rank, row.key, row.name_hi, row.name_en) for row in source.levels],
    )
    actor = record.part_of_the_system(organisation.id, "bench")
    for number in range(source.senders):
        await directory.add_sender(
            ground.rt,
            name=f"bot-{number}",
            channel="sandbox",
            endpoint="http://127.0.0.1:9",
            token="t",
            webhook_secret="s",
            limits=Limits(rate_per_s=1000),
            actor=actor,
        )
    async with db.transaction(ground.rt.pool, organisation.id) as conn:
        for row in source.categories:
            await groups.add_category(conn, key=row.key, name_hi=row.name_hi, name_en=row.name_en)
    with ground.step("load: writing the roster"):
        kinds: list[tuple[str, Loader, Sequence[Row]]] = [
            ("units", directory.load_units, _units(source)),
            ("people", directory.load_people, _people(source)),
            ("groups", directory.load_groups, _groups(source)),
        ]
    figures = []
    async with ground.owner(organisation.id) as owner:
        for name, loader, rows in kinds:
            with ground.step(f"load: {len(rows):,} {name}"):

                async def ours(loader: Loader = loader, rows: Sequence[Row] = rows) -> None:
                    async with db.transaction(ground.rt.pool, organisation.id) as conn:
                        told = await loader(ground.rt, conn, rows)
                    assert told.accepted == len(rows), "every row is taken in"

                ours_s = await seconds(ours)
                raw_s = await _copied(owner, [_fields(row) for row in rows])
            figures.append(rate(f"load.{name}", len(rows) / ours_s, len(rows) / raw_s, "rows/s"))
    return figures


def _fields(row: Row) -> tuple[str | None, ...]:
    """Return a row as text, column by column; what is nested becomes one column."""
    return tuple(None if value is None else str(value) for value in astuple(row))


async def _copied(owner: db.Conn, rows: list[tuple[str | None, ...]]) -> float:
    columns = ", ".join(f"c{number} text" for number in range(len(rows[0])))
    await owner.execute(f"CREATE TABLE bare_load ({columns})".encode())

    async def copy() -> None:
        async with owner.cursor() as cursor, cursor.copy("COPY bare_load FROM STDIN") as stream:
            for row in rows:
                await stream.write_row(row)

    raw_s = await seconds(copy)
    await owner.execute("DROP TABLE bare_load")
    return raw_s


def _units(source: roster.Organisation) -> list[UnitRow]:
    keys = {level.rank: level.key for level in source.levels}
    codes = _codes(source)
    return [
        UnitRow(
            unit.code,
            codes[unit.parent] if unit.parent else None,
            keys[unit.rank],
            unit.name_hi,
            unit.name_en,
        )
        for unit in source.units()
    ]


def _people(source: roster.Organisation) -> list[PersonRow]:
    codes = _codes(source)
    return [
        PersonRow(
            reference=f"P{person.number}",
            unit_code=codes[person.unit],
            name=person.name,
            language=person.language,
            phone=person.phone,
            sandbox=person.chat,
            consent=Consent(person.basis, "bench", "2026-01"),
        )
        for person in source.people()
    ]


def _groups(source: roster.Organisation) -> list[GroupRow]:
    codes = _codes(source)
    return [
        GroupRow(
            address=group.address,
            unit_code=codes[group.unit],
            name=group.name,
            purpose=group.purpose,
            channel=group.channel,
            sender=None if group.sender is None else f"bot-{group.sender}",
            language=group.language,
            size=group.size,
            categories=group.categories,
            admins=tuple(f"P{number}" for number in group.admins),
            notice=True,
        )
        for group in source.groups()
    ]


def _codes(source: roster.Organisation) -> dict[int, str]:
    return {unit.number: unit.code for unit in source.units()}
