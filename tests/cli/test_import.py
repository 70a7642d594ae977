"""Importing at the console: the real program, and what is left when it is killed."""

import asyncio
import csv

import psycopg
import pytest

from chaupal.directory import Reason
from chaupal.directory.words import REASONS
from factories import an_organisation
from workbooks import header, row, text, workbook

UNITS = "code,parent_code,level,name_hi,name_en\n"


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


@pytest.fixture
def units(tmp_path):
    path = tmp_path / "units.csv"
    rows = "".join(f"d{n},east,district,ज़िला {n},District {n}\n" for n in range(50))
    path.write_text(UNITS + rows + "lost,nowhere,booth,अ,A\n")
    return path


async def codes(place):
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT code FROM unit")
        return {code for (code,) in await cursor.fetchall()}


async def test_the_console_imports_a_file_and_says_what_became_of_each_row(
    terminal, place, units, tmp_path
):
    before = await codes(place)
    rehearsed = await terminal.run("import", "units", str(units), "--dry-run")
    assert rehearsed.status == 0
    assert "nothing was changed" in rehearsed.out
    assert await codes(place) == before

    report = tmp_path / "report.csv"
    said = await terminal.run("import", "units", str(units), "--report", str(report))
    assert (said.status, said.err) == (0, "")
    assert [line.split()[0] for line in said.out.splitlines()] == ["50", "0", "0", "1", "1", "51"]
    assert "parent_unknown" in said.out
    assert len(await codes(place)) == len(before) + 50
    assert report.read_text("utf-8-sig").splitlines()[-1] == (
        "52,refused,parent_unknown,,The parent is neither in the tree nor in the file."
    )


async def test_an_import_killed_before_its_end_leaves_nothing_half_done(
    terminal, place, units, database
):
    before = await codes(place)
    lock = (f"SELECT pg_advisory_lock(hashtextextended('chaupal.record', {place.organisation}))",)
    with psycopg.connect(database.owner_dsn, autocommit=True) as holder:
        holder.execute(*lock)  # all rows are written; the record, which comes last, must wait
        process = await terminal.start("import", "units", str(units))
        pid = await waiting_for_a_lock(database)
        process.kill()
        await process.communicate()
        holder.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
    assert await codes(place) == before

    said = await terminal.run("import", "units", str(units))
    assert said.status == 0
    assert len(await codes(place)) == len(before) + 50


async def waiting_for_a_lock(database) -> int:
    with psycopg.connect(database.owner_dsn, autocommit=True) as watcher:
        for _ in range(600):
            row = watcher.execute(
                "SELECT l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE l.locktype = 'advisory' AND NOT l.granted"
                " AND a.datname = current_database()"
            ).fetchone()
            if row is not None:
                return row[0]
            await asyncio.sleep(0.05)
    raise AssertionError("the import never came to its last statement")


@pytest.mark.parametrize(("language", "words"), [("en", "must not be kept"), ("hi", "धर्म, जाति")])
async def test_a_forbidden_column_is_refused_in_the_operators_language(
    terminal, place, tmp_path, language, words
):
    path = tmp_path / "people.csv"
    path.write_text("reference,unit_code,name,जाति\np1,east,आशा,x\n")
    said = await terminal.run("--language", language, "import", "people", str(path))
    assert said.status == 2
    assert "जाति" in said.err
    assert words in said.err
    assert "Traceback" not in said.err
    assert "आशा" not in said.err


async def test_headings_are_said_once_and_a_workbook_is_read_by_its_sheet(
    terminal, place, tmp_path
):
    rows = header("Booth No.", "unit_code", "नाम", "Remarks") + row(
        2, text("A2", "p1"), text("B2", "east"), text("C2", "आशा"), text("D2", "x")
    )
    path = tmp_path / "people.xlsx"
    path.write_bytes(workbook(header("x"), rows, names=("Cover", "People")))
    asked = await terminal.run("import", "people", str(path), "--sheet", "People")
    assert asked.status == 2
    assert "Booth No." in asked.err
    odd = await terminal.run("import", "people", str(path), "--map", "Booth No.")
    assert (odd.status, "HEADING=column" in odd.err) == (2, True)
    said = await terminal.run(
        "import", "people", str(path), "--sheet", "People", "--map", "Booth No.=reference",
        "--map", "Remarks=-",
    )  # fmt: skip
    assert (said.status, said.err) == (0, "")
    again = await terminal.run("import", "people", str(path), "--sheet", "People")
    assert [line.split()[0] for line in again.out.splitlines()] == ["0", "0", "1", "0", "1"]


async def test_the_report_speaks_the_operators_language(terminal, place, tmp_path):
    path, report = tmp_path / "units.csv", tmp_path / "report.csv"
    path.write_text(UNITS + "d1,east,district,अ,A\nlost,nowhere,booth,अ,A\n")
    said = await terminal.run(
        "--language", "hi", "import", "units", str(path), "--report", str(report)
    )
    assert said.status == 0
    with report.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["line", "outcome", "reason", "column", "words"],
            ["2", "accepted", "", "", "स्वीकृत"],
            ["3", "refused", "parent_unknown", "", REASONS[Reason.PARENT_UNKNOWN][1]],
        ]


async def test_the_console_exports_what_it_would_import(terminal, place, units, tmp_path):
    await terminal.run("import", "units", str(units))
    path = tmp_path / "export.csv"
    said = await terminal.run("export", "units", str(path))
    assert (said.status, said.err) == (0, "")
    assert path.stat().st_mode & 0o077 == 0
    again = await terminal.run("import", "units", str(path))
    counts = [line.split()[0] for line in again.out.splitlines()]
    assert counts[0] == counts[1] == counts[3] == "0"
    assert int(counts[2]) >= 50
    nowhere = await terminal.run("export", "units", str(tmp_path / "none" / "export.csv"))
    assert nowhere.status == 2
    assert "cannot be written" in nowhere.err
