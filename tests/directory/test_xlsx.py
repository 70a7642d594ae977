"""Workbooks: what a cell says, and files that were made to harm or broke on their way."""

import io
import tracemalloc
import zipfile
from contextlib import suppress
from datetime import date

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chaupal.directory import Kind, reading, xlsx
from chaupal.kit.refusals import Invalid, Refused, TooLarge
from workbooks import MAIN, header, row, text, workbook, zipped

UNITS = ("code", "parent_code", "level", "name_hi", "name_en")


def table(file: bytes, sheet: str | None = None) -> list[tuple[int, list[str]]]:
    with xlsx.opened(io.BytesIO(file), sheet) as opened:
        return list(opened.records)


def value(cell: str, **parts: str) -> str:
    """What the cell in A2 says, below a heading."""
    [_, (line, fields)] = table(workbook(header("x") + row(2, cell), **parts))
    assert line == 2
    return fields[0]


CELLS = {
    "a whole number": ("<c r='A2'><v>919876543210</v></c>", "919876543210"),
    "a number as it is stored": ("<c r='A2'><v>9.1987654321E+11</v></c>", "919876543210"),
    "a float that is whole": ("<c r='A2'><v>919876543210.0</v></c>", "919876543210"),
    "a fraction": ("<c r='A2'><v>0.1</v></c>", "0.1"),
    "more digits than a spreadsheet keeps": (
        "<c r='A2'><v>1234567890123456789</v></c>",
        "1.2345678901234568e+18",
    ),
    "text in the cell": (text("A2", "आशा &amp; देवी"), "आशा & देवी"),
    "text in pieces": (
        "<c r='A2' t='inlineStr'><is><r><t>आ</t></r><r><t>शा</t></r><rPh><t>x</t></rPh></is></c>",
        "आशा",
    ),
    "what a formula gave": ("<c r='A2' t='str'><f>A1&amp;1</f><v>x1</v></c>", "x1"),
    "yes": ("<c r='A2' t='b'><v>1</v></c>", "TRUE"),
    "an error": ("<c r='A2' t='e'><v>#N/A</v></c>", "#N/A"),
    "a date in words": ("<c r='A2' t='d'><v>2026-01-31</v></c>", "2026-01-31"),
    "a letter that XML cannot hold": (text("A2", "a_x000D_b"), "a\rb"),
    "half a letter": (text("A2", "a_xD83D_b"), "a_xD83D_b"),
    "no place": ("<c><v>7</v></c>", "7"),
}


@pytest.mark.parametrize(("cell", "said"), CELLS.values(), ids=CELLS.keys())
def test_a_cell_says_what_the_spreadsheet_means(cell, said):
    assert value(cell) == said


STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="[$-4009]dd\\/mm\\/yyyy"/>'
    '<numFmt numFmtId="165" formatCode="0.00 &quot;day&quot;"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    "</cellXfs>"
)
DAYS = {
    "a day": ("<c r='A2' s='1'><v>46053</v></c>", "", "2026-01-31"),
    "a day in a form of its own": ("<c r='A2' s='2'><v>46053</v></c>", "", "2026-01-31"),
    "a day with an hour": ("<c r='A2' s='1'><v>46053.5</v></c>", "", "2026-01-31 12:00:00"),
    "before the leap day that never was": ("<c r='A2' s='1'><v>1</v></c>", "", "1900-01-01"),
    "after it": ("<c r='A2' s='1'><v>61</v></c>", "", "1900-03-01"),
    "from 1904": ("<c r='A2' s='1'><v>44591</v></c>", 'date1904="1"', "2026-01-31"),
    "only the word day": ("<c r='A2' s='3'><v>46053</v></c>", "", "46053"),
    "no style": ("<c r='A2' s='0'><v>46053</v></c>", "", "46053"),
}


@pytest.mark.parametrize(("cell", "properties", "said"), DAYS.values(), ids=DAYS.keys())
def test_a_number_is_a_day_where_it_is_shown_as_one(cell, properties, said):
    assert value(cell, styles=STYLES, properties=properties) == said


def test_shared_texts_are_found_by_their_number():
    texts = "<si><t>एक</t></si><si><r><t>द</t></r><r><t>ो</t></r><rPh><t>x</t></rPh></si>"
    cells = '<c r="A1" t="s"><v>1</v></c><c r="C1" t="s"><v>0</v></c>'
    assert table(workbook(row(1, cells), texts=texts)) == [(1, ["दो", "", "एक"])]


def test_rows_keep_the_lines_of_the_sheet_and_the_width_of_the_header():
    rows = header("a", "b", "c") + row(4, text("B4", "x")) + row(9, text("D9", "y"))
    assert table(workbook(rows)) == [
        (1, ["a", "b", "c"]),
        (4, ["", "x", ""]),
        (9, ["", "", "", "y"]),
    ]


def test_the_first_sheet_that_is_not_hidden_is_read_or_the_one_that_is_named():
    sheets = [header(name) for name in ("one", "two", "three")]
    file = workbook(*sheets, names=("क", "ख", "Third"), states=("hidden", "visible", "visible"))
    assert table(file) == [(1, ["two"])]
    assert table(file, " third ") == [(1, ["three"])]
    with pytest.raises(Invalid) as refused:
        table(file, "ग")
    assert refused.value.code == "import.sheet_unknown"
    assert refused.value.facts == {"sheet": "ग", "sheets": "क, ख, Third"}


def test_units_come_from_a_workbook_as_from_csv():
    rows = header(*UNITS) + row(2, *(text(f"{letter}2", "x") for letter in "ABCDE"))
    [found] = reading.rows(io.BytesIO(workbook(rows)), Kind.UNITS)
    assert (found.line, found.written) == (2, dict.fromkeys(UNITS, "x"))


def test_a_column_of_caste_refuses_a_workbook_even_where_it_would_be_left_out():
    file = workbook(header(*UNITS, "जाति"))
    with pytest.raises(Invalid, match=r"import\.forbidden_column"):
        list(reading.rows(io.BytesIO(file), Kind.UNITS, mapping={"जाति": "-"}))


GOOD = workbook(header(*UNITS))
BROKEN = {
    "cut off": GOOD[:-30],
    "cut in the middle": GOOD[: len(GOOD) // 2],
    "only its first bytes": b"PK\x03\x04",
    "a zip of something else": zipped({"mimetype": "text/plain"}),
    "no sheet": workbook(),
    "a damaged part": GOOD.replace(b"xl/workbook.xml", b"xl/workbook.xmm"),
    "XML that breaks off": zipped({"xl/workbook.xml": "<workbook>"}),
    "a document type": workbook(
        header(*UNITS),
        more={"xl/sharedStrings.xml": '<!DOCTYPE x [<!ENTITY a "b">]><sst>&a;</sst>'},
    ),
    "rows out of order": workbook(row(3, text("A3", "x")) + row(2, text("A2", "x"))),
    "a row that no sheet has": workbook(row(2_000_000, text("A1", "x"))),
    "a column that no sheet has": workbook(row(1, text("XFE1", "x"))),
    "a text that is not there": workbook(row(1, '<c r="A1" t="s"><v>7</v></c>')),
    "a number that is none": workbook(row(1, '<c r="A1"><v>nan</v></c>')),
}  # fmt: skip


@pytest.mark.parametrize("file", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_workbook_is_refused_by_name(file):
    with pytest.raises(Invalid) as refused:
        table(file)
    assert refused.value.code == "import.broken_workbook"


def test_old_and_locked_workbooks_are_refused_by_name():
    with pytest.raises(Invalid, match=r"import\.old_workbook"):
        list(reading.rows(io.BytesIO(xlsx.OLD_MARK + b"\0" * 100), Kind.UNITS))


def lied(file: bytes, part: str, size: int) -> bytes:
    """The same file, but its directory says that a part is larger than it is."""
    at = file.rindex(b"PK\x01\x02", 0, file.rindex(part.encode()))
    return file[: at + 24] + size.to_bytes(4, "little") + file[at + 28 :]


ZEROS = "0" * 5_000_000
BOMBS = {
    "a sheet of gigabytes": lied(GOOD, "xl/worksheets/sheet1.xml", 2**31 + 1),
    "a style sheet of megabytes": lied(GOOD, "xl/styles.xml", 2**25),
    "one text of megabytes": workbook(header("x"), texts=f"<si><t>{ZEROS}</t></si>"),
    "one cell of megabytes": workbook(row(1, f"<c r='A1'><v>{ZEROS}</v></c>")),
    "one attribute of megabytes": workbook(row(1, f"<c r='A1' z='{ZEROS}'><v>1</v></c>")),
    "one comment of megabytes": workbook(f"<!--{ZEROS}-->"),
    "one row of a million cells": workbook(
        row(1, *("<c t='inlineStr'><is><t>0123456789</t></is></c>" for _ in range(200_000)))
    ),
    "elements in elements": workbook("<a>" * 100_000 + "</a>" * 100_000),
    "a name for everything": workbook("".join(f"<a{n}/>" for n in range(10_000))),
    "parts without end": zipped({f"p{n}": "" for n in range(10_001)}),
}


@pytest.mark.parametrize("file", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_and_never_fills_the_memory(file):
    tracemalloc.start()
    try:
        with pytest.raises((TooLarge, Invalid)) as refused:
            table(file)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.code in {"import.workbook_too_large", "import.broken_workbook"}
    assert peak_bytes < 60_000_000


def test_a_directory_of_parts_that_claims_too_much_is_not_read():
    end = GOOD.rindex(b"PK\x05\x06")
    claimed = (2**30).to_bytes(4, "little")
    with pytest.raises(TooLarge):
        table(GOOD[: end + 12] + claimed + GOOD[end + 16 :])


def test_a_long_sheet_is_a_stream():
    rows = header(*UNITS) + "".join(
        row(n, *(text(f"{letter}{n}", f"{n}") for letter in "ABCDE")) for n in range(2, 20_000)
    )
    source = io.BytesIO(workbook(rows))
    tracemalloc.start()
    try:
        lines = sum(1 for _ in reading.rows(source, Kind.UNITS))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert lines == 19_998
    assert peak_bytes < 4_000_000


# A cell as people fill it, and the text that we read out of it.
texts = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="_"), max_size=20)
days = st.dates(date(1901, 1, 1), date(2199, 12, 31))
cells = st.one_of(
    st.none().map(lambda _: (None, "")),
    texts.map(lambda written: (written, written)),
    st.integers(-(10**14), 10**14).map(lambda whole: (whole, str(whole))),
    days.map(lambda day: (day, day.isoformat())),
    st.booleans().map(lambda truth: (truth, str(truth).upper())),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=8))
def test_what_another_program_has_written_is_read_alike(rows):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["a", "b", "c"])
    for cells_of_row in rows:
        sheet.append([written for written, _ in cells_of_row])
        for cell, (written, _) in zip(sheet[sheet.max_row], cells_of_row, strict=True):
            if isinstance(written, str):  # never a formula
                cell.data_type = "s"
    file = io.BytesIO()
    book.save(file)
    found = dict(table(file.getvalue()))
    for line, cells_of_row in enumerate(rows, 2):
        expected = [said for _, said in cells_of_row]
        assert found.get(line, ["", "", ""]) == expected


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_workbook_damaged_anywhere_is_read_or_refused_and_nothing_else(data):
    file = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(file) - 1))
        file[place] = data.draw(st.integers(0, 255))
    with suppress(Refused):
        table(bytes(file))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="<>/&;\"'= rowcvtsi0A1\n!-[]?", max_size=200))
def test_any_xml_is_read_or_refused_and_nothing_else(written):
    for more in ({}, {"xl/sharedStrings.xml": f"<sst xmlns='{MAIN}'>{written}"}):
        with suppress(Refused):
            table(workbook(written, more=more))


def test_the_source_stays_open_for_its_owner():
    source = io.BytesIO(GOOD)
    assert list(reading.rows(source, Kind.UNITS)) == []
    assert not source.closed
    with zipfile.ZipFile(source) as archive:
        assert archive.namelist()
