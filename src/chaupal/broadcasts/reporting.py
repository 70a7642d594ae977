"""A whole report of one broadcast, at and below one place of the tree, and as a file."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from chaupal.broadcasts import kept, report
from chaupal.broadcasts.models import BroadcastId
from chaupal.broadcasts.rungs import LADDER, RUNGS, tally
from chaupal.broadcasts.told import written
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Scope

LINES_AT_ONCE = 500
SHARES = (50, 90, 95)
COLUMNS = (
    "unit_code", "unit", "targets", *RUNGS,
    *(f"{rung}_{share}_s" for rung in LADDER for share in SHARES),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """What one look at a broadcast's deliveries found, at and below one place."""

    counts: list[report.CountAt]
    by_unit: list[report.Times]
    by_level: list[report.Times]
    curve: list[report.CurveStep]
    silent: list[report.Silent]
    failures: list[report.FailureCount]
    numbers: dict[int, report.UnitNumber]
    counted_at: datetime
    gathered: bool = False


async def count(rt: Runtime, scope: Scope, id: BroadcastId, under: str, start: datetime) -> Counted:
    """Count a broadcast that the caller found within `scope`; `start` is when it begins.

    Of a large one the worker has gathered the upper storeys, as of a while ago; what lies below
    them is counted from the deliveries.
    """
    now = rt.now()
    async with db.transaction(rt.pool, scope.organisation) as conn:
        found = await kept.find(conn, id)
        if found is not None and found.tells(under):
            return await _gathered(conn, id, under, found.counted_at)
        by_unit = await report.times(conn, id, under=under, start=start, by_level=False)
        return Counted(
            counts=await report.counts_below(conn, id, under=under),
            by_unit=by_unit,
            by_level=await report.times(conn, id, under=under, start=start, by_level=True),
            curve=await report.curve(conn, id, under=under, start=start),
            silent=await report.silent(conn, id, under=under, limit=report.SILENT_SHOWN),
            failures=await report.failures(conn, id, under=under),
            numbers=await _numbers(conn, by_unit),
            counted_at=now,
        )


async def _gathered(conn: db.Conn, id: BroadcastId, under: str, counted_at: datetime) -> Counted:
    by_unit = await kept.times(conn, id, under=under, by_level=False)
    return Counted(
        counts=await kept.counts_below(conn, id, under=under),
        by_unit=by_unit,
        by_level=await kept.times(conn, id, under=under, by_level=True),
        curve=await kept.curve(conn, id, under=under),
        silent=await kept.silent(conn, id, under=under, limit=report.SILENT_SHOWN),
        failures=await kept.failures(conn, id, under=under),
        numbers=await _numbers(conn, by_unit),
        counted_at=counted_at,
        gathered=True,
    )


async def _numbers(conn: db.Conn, rows: list[report.Times]) -> dict[int, report.UnitNumber]:
    places = [row.place for row in rows if row.place is not None]
    return {row.number: row for row in await report.numbered(conn, places)}


def times_of(row: report.Times) -> dict[str, list[float | None]]:
    """Return by rung how many seconds 50, 90 and 95 % took; None is "not yet"."""
    found = (row.accepted, row.delivered, row.opened, row.posted, row.verified)
    return dict(zip(LADDER, found, strict=True))


async def as_file(counted: Counted, *, at_once: int = LINES_AT_ONCE) -> AsyncIterator[bytes]:
    """Write a line of CSV for each unit right below the place, and for the place's own targets, in
    pieces of so many lines.

    Together they are the whole. A time that has not come is empty. The database is not asked any
    more: however slowly somebody reads, no connection waits for them, and what is written grows
    neither with the audience nor with the tree.
    """
    yield written([COLUMNS])
    lines = _lines(counted)
    while piece := list(islice(lines, at_once)):
        yield written(piece)


def _lines(counted: Counted) -> Iterator[list[str]]:
    counts: dict[object, list[report.CountAt]] = {}
    for count in counted.counts:
        counts.setdefault(count.unit_id, []).append(count)
    for row in counted.by_unit:
        unit = None if row.place is None else counted.numbers[row.place]
        at = tally(counts.get(unit.id if unit else None, []))
        times = times_of(row)
        yield [
            unit.code if unit else "",
            unit.name_en if unit else "",
            str(row.targets),
            *(str(at.get(rung, 0)) for rung in RUNGS),
            *("" if s is None else f"{s:.0f}" for rung in LADDER for s in times[rung]),
        ]
