"""The report against a count by brute force, and the lists behind its numbers."""

import csv
import io
import math
import random
from datetime import datetime, timedelta

import pytest

from chaupal.arrivals.models import Evidence
from chaupal.broadcasts import report, reporting, told
from chaupal.broadcasts.models import State
from chaupal.kit.refusals import NotAllowed, NotFound
from chaupal.organisations import scope_of

RUNGS = ("accepted", "delivered", "opened", "posted", "verified")
LIVE = ("queued", "sending", "tasked", "sent")


async def moved(stage, id, dice) -> datetime:
    """Bring each delivery somewhere, at some time; return when the sending began."""
    async with stage.place.transaction() as conn:
        found = await conn.execute("SELECT frozen_at FROM broadcast WHERE id = %s", (id,))
        [(start,)] = await found.fetchall()
        found = await conn.execute("SELECT id FROM delivery WHERE broadcast_id = %s", (id,))
        for (delivery,) in await found.fetchall():
            evidence = dice.randrange(6)
            ended = dice.random() < 0.2
            state = dice.choice(["refused", "expired"]) if ended else "sent"
            if evidence == 0 and not ended:
                continue
            at = [start + timedelta(seconds=dice.randrange(1, 500)) for _ in range(6)]
            jumped = dice.random() < 0.3
            await conn.execute(
                "UPDATE delivery SET state = %s::delivery_state, evidence = %s, failure = %s,"
                " sent_at = %s, evidence_at = %s, delivered_at = %s, opened_at = %s,"
                " posted_at = %s, verified_at = %s WHERE id = %s",
                (
                    state,
                    evidence,
                    "blocked" if state == "refused" else None,
                    at[1] if evidence >= 1 else None,
                    at[evidence] if evidence >= 2 else None,
                    at[2] if evidence == 2 or (evidence > 2 and not jumped) else None,
                    at[3] if evidence == 3 or (evidence > 3 and not jumped) else None,
                    at[4] if evidence == 4 or (evidence > 4 and not jumped) else None,
                    at[5] if evidence == 5 else None,
                    delivery,
                ),
            )
    return start


async def rows_of(stage, id) -> list[tuple]:
    async with stage.place.transaction() as conn:
        found = await conn.execute(
            "SELECT u.path, u.number, u.level_rank, d.state::text, d.evidence,"
            " ARRAY[d.sent_at, d.delivered_at, d.opened_at, d.posted_at, d.verified_at]"
            "  FROM delivery d JOIN chat_group g ON g.id = d.group_id"
            "  JOIN unit u ON u.id = g.unit_id"
            " WHERE d.broadcast_id = %s",
            (id,),
        )
        return await found.fetchall()


def reached_after(row: tuple, rung: int, start: datetime) -> float:
    """Seconds until a delivery had got to a rung, told from its own row alone."""
    _, _, _, state, evidence, times = row
    known = [at for at in times[rung:] if at is not None]
    if state not in LIVE or evidence <= rung or not known:
        return math.inf
    return (min(known) - start).total_seconds()


def oracle(rows: list[tuple], start: datetime) -> dict[str, list[float | None]]:
    shares = {}
    for place, rung in enumerate(RUNGS):
        after = sorted(reached_after(row, place, start) for row in rows)
        at = [after[math.ceil(share * len(after)) - 1] for share in (0.5, 0.9, 0.95)]
        shares[rung] = [None if math.isinf(one) else one for one in at]
    return shares


@pytest.mark.parametrize("seed", range(6))
async def test_the_times_of_a_report_are_those_of_a_brute_force_count(stage, seed):
    id = await stage.frozen()
    start = await moved(stage, id, random.Random(seed))
    rows = await rows_of(stage, id)
    for code in ("state", "east", "east-one"):
        under = stage.place.paths[code]
        within = [row for row in rows if row[0].startswith(under)]
        async with stage.place.transaction() as conn:
            by_unit = await report.times(conn, id, under=under, start=start, by_level=False)
            by_level = await report.times(conn, id, under=under, start=start, by_level=True)
        expected: dict[int | None, list[tuple]] = {}
        for row in within:
            below = row[0].removeprefix(under).split("/")[0]
            expected.setdefault(int(below) if below else None, []).append(row)
        assert {t.place: {rung: getattr(t, rung) for rung in RUNGS} for t in by_unit} == {
            place: oracle(found, start) for place, found in expected.items()
        }, f"seed {seed}"
        assert sum(t.targets for t in by_unit) == len(within)
        levels: dict[int, list[tuple]] = {}
        for row in within:
            levels.setdefault(row[2], []).append(row)
        assert {t.place: {rung: getattr(t, rung) for rung in RUNGS} for t in by_level} == {
            rank: oracle(found, start) for rank, found in levels.items()
        }


async def test_the_account_of_a_report_adds_up_to_the_targets_at_every_place(stage):
    id = await stage.frozen()
    await moved(stage, id, random.Random(3))
    rows = await rows_of(stage, id)
    for under in (report.WHOLE, stage.place.paths["state"], stage.place.paths["east"]):
        async with stage.place.transaction() as conn:
            counts = await report.counts_below(conn, id, under=under)
        assert sum(c.targets for c in counts) == sum(row[0].startswith(under) for row in rows)


async def test_a_curve_ends_at_what_the_account_says(stage):
    id = await stage.frozen()
    start = await moved(stage, id, random.Random(4))
    rows = await rows_of(stage, id)
    async with stage.place.transaction() as conn:
        steps = await report.curve(conn, id, under=report.WHOLE, start=start)
    for place, rung in enumerate(RUNGS):
        ends = sum(s.targets for s in steps if s.rung == Evidence[rung.upper()])
        assert ends == sum(not math.isinf(reached_after(row, place, start)) for row in rows)
    assert all(0 <= s.step < report.CURVE_STEPS for s in steps)


async def test_a_branch_where_nothing_moved_is_named_once_by_its_highest_unit(stage):
    id = await stage.frozen()
    async with stage.place.transaction() as conn:
        await conn.execute(
            "UPDATE delivery d SET state = 'sent', evidence = 1, sent_at = now() FROM chat_group g"
            " WHERE g.id = d.group_id AND g.unit_id = %s",
            (stage.place.units["east-one"],),
        )

        async def silent(under: str) -> list[tuple[str, int, int]]:
            found = await report.silent(conn, id, under=under, limit=10)
            return [(branch.name_en, branch.targets, branch.branches) for branch in found]

        assert await silent(report.WHOLE) == [("Unit east-two", 4, 2), ("Unit west", 4, 2)]
        assert await silent(stage.place.paths["east"]) == [("Unit east-two", 4, 1)]
        assert await silent(stage.place.paths["west"]) == [("Unit west", 4, 1)]


async def listed(stage, id, wanted: told.Filter, *, actor=None, limit: int = 5) -> list[told.Told]:
    """Everything that fits, page by page."""
    rows: list[told.Told] = []
    async with stage.place.transaction() as conn:
        scope = await scope_of(stage.rt, conn, actor or stage.author)
        while found := await told.page(
            conn, id, wanted, scope=scope, after=rows[-1].id if rows else 0, limit=limit
        ):
            rows += found
    return rows


async def test_every_number_counts_just_the_deliveries_of_its_list(stage):
    id = await stage.frozen()
    await moved(stage, id, random.Random(5))
    rows = await rows_of(stage, id)
    under = stage.place.paths["east"]
    within = [row for row in rows if row[0].startswith(under)]
    for rung in Evidence:
        just = await listed(stage, id, told.Filter(under=under, evidence=rung))
        assert len(just) == sum(row[3] in LIVE and row[4] == rung for row in within)
        least = await listed(stage, id, told.Filter(under=under, least=rung))
        assert len(least) == sum(row[3] in LIVE and row[4] >= rung for row in within)
    for state in (State.REFUSED, State.EXPIRED):
        found = await listed(stage, id, told.Filter(under=under, state=state))
        assert len(found) == sum(row[3] == state for row in within)
    whole = await listed(stage, id, told.Filter())
    assert len({row.id for row in whole}) == len(rows) == 12


async def test_a_list_shows_what_lies_within_ones_scope_alone(stage):
    id = await stage.frozen()
    eastern = await stage.place.account("eastern", at="east", role="coordinator")
    rows = await listed(stage, id, told.Filter(), actor=eastern)
    assert {row.unit_en for row in rows} == {"Unit east-one", "Unit east-two"}


async def exported(stage, id, wanted: told.Filter, actor) -> list[list[str]]:
    pieces = await told.export(stage.rt, id, wanted, actor=actor, page_rows=5)
    text = b"".join([piece async for piece in pieces]).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


async def test_a_file_of_deliveries_holds_what_the_list_does_and_no_formula(stage):
    await stage.place.group(
        "east-one", sender=stage.bot, categories=("farmers",), name="=cmd|'/c calc'!A1"
    )
    id = await stage.frozen()
    head, *lines = await exported(stage, id, told.Filter(), stage.author)
    assert head == list(told.COLUMNS)
    assert len(lines) == 13
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@"))]
    async with stage.place.transaction() as conn:
        found = await conn.execute("SELECT count(*) FROM record WHERE kind = 'deliveries.exported'")
        assert await found.fetchall() == [(1,)]


async def test_a_file_of_deliveries_is_for_those_who_may_export(stage):
    id = await stage.frozen()
    desk = await stage.place.account("desk", role="desk")
    with pytest.raises(NotAllowed):
        await exported(stage, id, told.Filter(), desk)
    elsewhere = await stage.place.account("western", at="west", role="coordinator")
    with pytest.raises(NotFound):
        await exported(stage, id, told.Filter(), elsewhere)


def free(rt) -> bool:
    """Whether every connection of the pool is back in it."""
    stats = rt.pool.get_stats()
    return stats["pool_available"] == stats["pool_size"]


async def test_a_report_leaves_in_pieces_and_holds_no_connection_for_a_slow_reader(stage):
    id = await stage.frozen()
    start = await moved(stage, id, random.Random(5))
    async with stage.place.transaction() as conn:
        scope = await scope_of(stage.rt, conn, stage.author)
    east = stage.place.paths["east"]
    counted = await reporting.count(stage.rt, scope, id, east, start)
    assert len(counted.by_unit) == 2
    pieces = reporting.as_file(counted, at_once=1)
    taken = []
    async for piece in pieces:
        assert free(stage.rt)
        taken.append(piece)
    lines = [list(csv.reader(io.StringIO(piece.decode()))) for piece in taken]
    assert [len(piece) for piece in lines] == [1, 1, 1]
    assert lines[0] == [list(reporting.COLUMNS)]
    whole = b"".join([piece async for piece in reporting.as_file(counted)])
    assert b"".join(taken) == whole
    assert sum(int(line[2]) for [line] in lines[1:]) == 8


async def test_a_report_as_a_file_is_written_as_it_is_taken_and_no_sooner(stage):
    """However wide the tree, no more than one piece of it is ever there."""
    made = []

    class Rows(list):
        def __iter__(self):
            for row in super().__iter__():
                made.append(row)
                yield row

    times = [report.Times(None, 1, *([None] * 3 for _ in RUNGS)) for _ in range(10_000)]
    counted = reporting.Counted([], Rows(times), [], [], [], [], {}, stage.rt.now())
    pieces = reporting.as_file(counted)
    taken = [await anext(pieces) for _ in range(3)]
    assert [piece.count(b"\n") for piece in taken] == [1, 500, 500]
    assert len(made) <= 1001, "what nobody has taken yet is not written"
    await pieces.aclose()


async def test_a_report_has_as_many_lines_for_twice_as_many_targets(stage):
    async def lines() -> int:
        id = await stage.frozen()
        async with stage.place.transaction() as conn:
            scope = await scope_of(stage.rt, conn, stage.author)
        start = (await stage.broadcast(id)).frozen_at
        counted = await reporting.count(stage.rt, scope, id, report.WHOLE, start)
        written = b"".join([piece async for piece in reporting.as_file(counted)])
        return written.count(b"\n")

    before = await lines()
    for code in ("east-one", "east-two", "west-one"):
        for _ in range(4):
            await stage.place.group(code, sender=stage.bot, categories=("farmers",))
    assert await lines() == before
