"""What a file says of units that have ended, or hangs from them, is refused for that reason."""

import io

import pytest

from chaupal import directory, record
from chaupal.directory.models import Kind
from factories import an_organisation

UNITS = "code,parent_code,level,name_hi,name_en\n"
PEOPLE = "reference,unit_code,name,sandbox\n"
GROUPS = "address,unit_code,name,purpose,channel\n"


@pytest.fixture
async def place(rt):
    place = await an_organisation(rt)
    async with place.transaction() as conn:
        await conn.execute("UPDATE unit SET ended_on = '2025-01-01' WHERE code = 'west-one'")
    return place


async def imported(rt, place, kind, text, tmp_path):
    report = tmp_path / "report.csv"
    console = record.part_of_the_system(place.organisation, "console")
    file = io.BytesIO(text.encode())
    await directory.import_file(rt, kind, file, actor=console, report_to=report)
    lines = [line.split(",") for line in report.read_text("utf-8-sig").splitlines()[1:]]
    return {int(line): reason or outcome for line, outcome, reason, *_ in lines}


async def test_an_ended_unit_keeps_its_names_and_nothing_new_hangs_from_it(rt, place, tmp_path):
    text = UNITS + (
        "west-one,west,district,नया नाम,New Name\n"
        "below,west-one,booth,बूथ,Booth\n"
        "below-below,below,booth,बूथ,Booth\n"
        "beside,west,district,ज़िला,District\n"
    )
    ended = await imported(rt, place, Kind.UNITS, text, tmp_path)
    assert ended == {2: "unit_ended", 3: "unit_ended", 4: "parent_refused", 5: "accepted"}
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT name_en FROM unit WHERE code = 'west-one'")
        assert await cursor.fetchone() == ("Unit west-one",)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.PEOPLE, PEOPLE + "p1,west-one,A,x1\n"),
        (Kind.GROUPS, GROUPS + "g1,west-one,टीम,internal,whatsapp\n"),
    ],
)
async def test_people_and_groups_of_an_ended_unit_are_refused(rt, place, tmp_path, kind, text):
    assert await imported(rt, place, kind, text, tmp_path) == {2: "unit_ended"}
