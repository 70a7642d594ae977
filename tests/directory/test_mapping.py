"""What headings were taken for: said once, remembered, and never beyond its organisation."""

import asyncio
import io

import pytest

from chaupal import directory, record
from chaupal.directory import Kind
from chaupal.kit.refusals import Invalid
from factories import an_organisation
from importing import ended
from workbooks import header, row, text, workbook

FILE = "ID Card,unit_code,Naam,Remarks\np1,east,A,x\n"
MAPPING = {"ID Card": "reference", "Remarks": "-"}


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


@pytest.fixture
def console(place):
    return record.part_of_the_system(place.organisation, "console")


async def test_what_a_heading_stands_for_is_said_once(rt, place, console, tmp_path):
    with pytest.raises(Invalid, match=r"import\.unknown_column"):
        await ended(rt, Kind.PEOPLE, FILE, actor=console, tmp_path=tmp_path)
    first = await ended(rt, Kind.PEOPLE, FILE, actor=console, tmp_path=tmp_path, mapping=MAPPING)
    assert first == {2: "accepted"}
    other_order = "Remarks,Naam,unit_code,id card\ny,B,east,p2\n"
    again = await ended(rt, Kind.PEOPLE, other_order, actor=console, tmp_path=tmp_path)
    assert again == {2: "accepted"}
    one_more = FILE.replace("Remarks", "Remarks,Notes").replace(",x", ",x,y")
    with pytest.raises(Invalid, match=r"import\.unknown_column"):
        await ended(rt, Kind.PEOPLE, one_more, actor=console, tmp_path=tmp_path)


async def test_what_is_said_later_holds_from_then_on(rt, place, console, tmp_path):
    file = "code_a,code_b,unit_code,name\np1,p2,east,A\n"
    for one, other in (("code_a", "code_b"), ("code_b", "code_a")):
        mapping = {one: "reference", other: "-"}
        await ended(rt, Kind.PEOPLE, file, actor=console, tmp_path=tmp_path, mapping=mapping)
        await ended(rt, Kind.PEOPLE, file, actor=console, tmp_path=tmp_path)
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT reference FROM person ORDER BY 1")
        assert await cursor.fetchall() == [("p1",), ("p2",)]
        cursor = await conn.execute("SELECT columns FROM import_mapping")
        assert await cursor.fetchall() == [(["-", "reference", "name", "unit_code"],)]


async def test_a_rehearsal_and_a_refused_file_leave_nothing_remembered(
    rt, place, console, tmp_path
):
    await ended(
        rt, Kind.PEOPLE, FILE, actor=console, tmp_path=tmp_path, mapping=MAPPING, dry_run=True
    )
    with pytest.raises(Invalid):
        await ended(rt, Kind.PEOPLE, FILE + '"', actor=console, tmp_path=tmp_path, mapping=MAPPING)
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT count(*) FROM import_mapping")
        assert await cursor.fetchone() == (0,)


async def test_nothing_that_the_file_says_is_kept(rt, place, console, tmp_path):
    file = "9876543210,unit_code,name\np1,east,A\n"  # a heading that is somebody's number
    await ended(
        rt, Kind.PEOPLE, file, actor=console, tmp_path=tmp_path, mapping={"9876543210": "reference"}
    )
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT m::text FROM import_mapping m")
        [(kept,)] = await cursor.fetchall()
    assert "98765" not in kept


async def test_what_is_said_of_people_says_nothing_of_groups(rt, place, console, tmp_path):
    await ended(rt, Kind.PEOPLE, FILE, actor=console, tmp_path=tmp_path, mapping=MAPPING)
    shown = await directory.look(rt, Kind.GROUPS, io.BytesIO(FILE.encode()), actor=console)
    assert [head.column for head in shown.headings] == [None, "unit_code", "name", None]


async def test_another_organisation_is_asked_for_itself(rt, place, console, tmp_path):
    await ended(rt, Kind.PEOPLE, FILE, actor=console, tmp_path=tmp_path, mapping=MAPPING)
    await an_organisation(rt, "dusra")
    other = await an_organisation(rt, "teesra")
    theirs = record.part_of_the_system(other.organisation, "console")
    with pytest.raises(Invalid, match=r"import\.unknown_column"):
        await ended(rt, Kind.PEOPLE, FILE, actor=theirs, tmp_path=tmp_path)


async def test_a_look_at_a_file_shows_what_was_said_before(rt, place, console, tmp_path):
    source = io.BytesIO(FILE.encode())
    shown = await directory.look(rt, Kind.PEOPLE, source, actor=console)
    assert [head.column for head in shown.headings] == [None, "unit_code", "name", None]
    assert shown.missing == ("reference",)
    await ended(rt, Kind.PEOPLE, FILE, actor=console, tmp_path=tmp_path, mapping=MAPPING)
    shown = await directory.look(rt, Kind.PEOPLE, source, actor=console)
    assert [head.column for head in shown.headings] == ["reference", "unit_code", "name", "-"]
    assert (shown.missing, shown.rows) == ((), (("p1", "east", "A", "x"),))


async def test_two_say_different_things_of_one_file_at_once(rt, place, console):
    file = b"code_a,code_b,unit_code,name\np1,p2,east,A\n"
    mappings = ({"code_a": "reference", "code_b": "-"}, {"code_b": "reference", "code_a": "-"})
    told = await asyncio.gather(
        *(
            directory.import_file(rt, Kind.PEOPLE, io.BytesIO(file), actor=console, mapping=mapping)
            for mapping in mappings
        )
    )
    assert [t.accepted for t in told] == [1, 1]


async def test_a_sheet_of_a_workbook_is_mapped_and_imported(rt, place, console, tmp_path):
    rows = header("सदस्यता क्रमांक", "Unit", "नाम", "Mob. No.", "बूथ") + row(
        2,
        text("A2", "p1"),
        text("B2", "east"),
        text("C2", "आशा"),
        "<c r='D2'><v>9.11100000001E+11</v></c>",
        text("E2", "७"),
    )
    file = workbook(header("x"), rows, names=("Cover", "People"))
    options = {"actor": console, "tmp_path": tmp_path, "sheet": "People"}
    said = await ended(rt, Kind.PEOPLE, file, mapping={"बूथ": "-"}, **options)
    assert said == {2: "accepted"}
    assert await ended(rt, Kind.PEOPLE, file, **options) == {2: "unchanged"}
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT lookup FROM contact_point")
        context = f"contact/{place.organisation}/phone"
        assert await cursor.fetchall() == [(rt.sealer.lookup("+911100000001", context),)]
