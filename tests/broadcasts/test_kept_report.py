"""The report that the worker has gathered says what a count of the deliveries says."""

import math
import random
from datetime import timedelta

import pytest

from broadcasts.test_report import RUNGS, moved
from chaupal.broadcasts import keeping, kept, report, reporting
from chaupal.organisations import scope_of


def told_as(seconds: float | None) -> float | None:
    """The end of the span in which a time lies: of a second, later of 2 %."""
    if seconds is None or seconds <= 100:
        return seconds if seconds is None else float(math.ceil(seconds))
    return 100 * 1.02 ** math.ceil(math.log(seconds / 100) / math.log(1.02))


def times(rows: list[report.Times]) -> dict:
    return {row.place: (row.targets, {rung: getattr(row, rung) for rung in RUNGS}) for row in rows}


def expected(rows: list[report.Times]) -> dict:
    return {
        row.place: (
            row.targets,
            {
                rung: [pytest.approx(told_as(s)) if s is not None else None
                       for s in getattr(row, rung)]
                for rung in RUNGS
            },
        )
        for row in rows
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_gathered_is_what_the_deliveries_say(stage, seed):
    id = await stage.frozen()
    start = await moved(stage, id, random.Random(seed))
    assert await keeping.keep(stage.rt, stage.place.organisation, large=1) == 1
    for under in (report.WHOLE, *(stage.place.paths[code] for code in ("state", "east"))):
        async with stage.place.transaction() as conn:
            assert (await kept.find(conn, id)).tells(under)
            for by_level in (False, True):
                ours = await kept.times(conn, id, under=under, by_level=by_level)
                raw = await report.times(conn, id, under=under, start=start, by_level=by_level)
                assert times(ours) == expected(raw), f"seed {seed}"
            counts = await kept.counts_below(conn, id, under=under)
            assert counts == await report.counts_below(conn, id, under=under)
            fails = await kept.failures(conn, id, under=under)
            assert fails == await report.failures(conn, id, under=under)
            silent = await kept.silent(conn, id, under=under, limit=50)
            assert silent == await report.silent(conn, id, under=under, limit=50)
            by_rung = [
                {rung: sum(s.targets for s in steps if s.rung == rung) for rung in range(1, 6)}
                for steps in (
                    await kept.curve(conn, id, under=under),
                    await report.curve(conn, id, under=under, start=start),
                )
            ]
            assert by_rung[0] == by_rung[1]


async def test_below_the_storeys_that_are_kept_the_deliveries_are_counted(stage):
    id = await stage.frozen()
    start = await moved(stage, id, random.Random(9))
    assert await keeping.keep(stage.rt, stage.place.organisation, large=1) == 1
    async with stage.place.transaction() as conn:
        await keeping.gather(conn, id, start=start, storeys=2)
        await conn.execute("UPDATE report_kept SET storeys = 2")
        scope = await scope_of(stage.rt, conn, stage.author)
        ours = await kept.times(conn, id, under=stage.place.paths["state"], by_level=False)
        raw = await report.times(
            conn, id, under=stage.place.paths["state"], start=start, by_level=False
        )
    assert times(ours) == expected(raw)
    for code, gathered in (("state", True), ("east", False)):
        counted = await reporting.count(stage.rt, scope, id, stage.place.paths[code], start)
        assert counted.gathered == gathered


async def test_a_report_says_as_of_when_and_is_gathered_again_when_something_moved(stage, clock):
    id = await stage.frozen()
    began = clock.at = stage.rt.now()
    start = await moved(stage, id, random.Random(1))
    keep = lambda: keeping.keep(stage.rt, stage.place.organisation, large=1)  # noqa: E731
    assert await keep() == 1
    clock.at = began + timedelta(hours=1)
    assert await keep() == 0, "nothing has moved"
    async with stage.place.transaction() as conn:
        scope = await scope_of(stage.rt, conn, stage.author)
        await conn.execute("UPDATE delivery SET state = 'expired', failure = 'late'")
    counted = await reporting.count(stage.rt, scope, id, report.WHOLE, start)
    assert (counted.counted_at, counted.gathered) == (began, True)
    assert await keep() == 1
    counted = await reporting.count(stage.rt, scope, id, report.WHOLE, start)
    assert counted.counted_at == clock.at
    assert {row.state for row in counted.counts} == {"expired"}


async def test_what_is_gathered_often_waits_for_its_turn(stage, clock):
    await stage.frozen()
    clock.at = stage.rt.now()
    assert await keeping.keep(stage.rt, stage.place.organisation, large=1) == 1
    async with stage.place.transaction() as conn:
        await conn.execute("UPDATE delivery SET state = 'expired', failure = 'late'")
    assert await keeping.keep(stage.rt, stage.place.organisation, large=1) == 0
    clock.at += keeping.OFTENEST + timedelta(minutes=10)
    assert await keeping.keep(stage.rt, stage.place.organisation, large=1) == 1


async def test_a_small_broadcast_is_counted_when_somebody_looks(stage):
    id = await stage.frozen()
    start = await moved(stage, id, random.Random(2))
    assert await keeping.keep(stage.rt, stage.place.organisation) == 0
    async with stage.place.transaction() as conn:
        scope = await scope_of(stage.rt, conn, stage.author)
    assert not (await reporting.count(stage.rt, scope, id, report.WHOLE, start)).gathered
