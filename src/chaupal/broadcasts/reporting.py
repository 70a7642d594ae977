"""A whole report of one broadcast, at and below one place of the tree, and as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chaupal.broadcasts import report
from chaupal.broadcasts.models import BroadcastId
from chaupal.broadcasts.rungs import LADDER, RUNGS, tally
from chaupal.broadcasts.told import written
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Scope

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


async def count(rt: Runtime, scope: Scope, id: BroadcastId, under: str, start: datetime) -> Counted:
    """Count a broadcast that the caller found within `scope`; `start` is when it begins."""
    now = rt.now()
    async with db.transaction(rt.pool, scope.organisation) as conn:
        by_unit = await report.times(conn, id, under=under, start=start, by_level=False)
        places = [row.place for row in by_unit if row.place is not None]
        return Counted(
            counts=await report.counts_below(conn, id, under=under),
            by_unit=by_unit,
            by_level=await report.times(conn, id, under=under, start=start, by_level=True),
            curve=await report.curve(conn, id, under=under, start=start),
            silent=await report.silent(conn, id, under=under, limit=report.SILENT_SHOWN),
            failures=await report.failures(conn, id, under=under),
            numbers={row.number: row for row in await report.numbered(conn, places)},
            counted_at=now,
        )


def times_of(row: report.Times) -> dict[str, list[float | None]]:
    """Return by rung how many seconds 50, 90 and 95 % took; None is "not yet"."""
    found = (row.accepted, row.delivered, row.opened, row.posted, row.verified)
    return dict(zip(LADDER, found, strict=True))


def as_file(counted: Counted) -> bytes:
    """Write a line of CSV for each unit right below the place, and for the place's own targets.

    Together they are the whole. A time that has not come is empty.
    """
    return written([COLUMNS, *_lines(counted)])


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
