"""Files of memberships: chosen categories with their days, never twice on one day."""

import asyncio
import io

import pytest

from chaupal import directory, record
from chaupal.directory import Kind
from factories import an_organisation
from importing import ended

HEADER = "reference,category,since,basis,until\n"


@pytest.fixture
async def place(rt):
    place = await an_organisation(rt)
    for key in ("farmers", "women"):
        await place.category(key)
    return place


@pytest.fixture
def console(place):
    return record.part_of_the_system(place.organisation, "console")


@pytest.fixture(autouse=True)
async def people(rt, place, console):
    text = "reference,unit_code,name\np1,east,A\np2,east,B\np3,west,C\n"
    await directory.import_file(rt, Kind.PEOPLE, io.BytesIO(text.encode()), actor=console)


@pytest.fixture
def imported(rt, console, tmp_path):
    async def run(rows, actor=console):
        return await ended(rt, Kind.MEMBERSHIPS, HEADER + rows, actor=actor, tmp_path=tmp_path)

    return run


async def ledger(place):
    async with place.transaction() as conn:
        cursor = await conn.execute(
            "SELECT p.reference, m.category_key, m.since::text, m.until::text, m.basis"
            " FROM membership m JOIN person p ON p.id = m.person_id ORDER BY 1, 2, 3"
        )
        return await cursor.fetchall()


async def test_members_join_and_leave_on_their_days(place, imported):
    rows = (
        "p1,farmers,2024-01-01,paper,\n"
        "p1,Women,2024-01-01,own_page,2025-12-31\n"
        "p2,farmers,01/02/2024,सदस्यता फ़ॉर्म,\n"
    )
    assert await imported(rows) == {2: "accepted", 3: "accepted", 4: "accepted"}
    assert await ledger(place) == [
        ("p1", "farmers", "2024-01-01", None, "paper"),
        ("p1", "women", "2024-01-01", "2026-01-01", "own_page"),
        ("p2", "farmers", "2024-02-01", None, "membership_form"),
    ]
    assert await imported(rows) == {2: "unchanged", 3: "unchanged", 4: "unchanged"}
    assert await imported("p2,farmers,2024-02-01,keyword,2024-12-31\n") == {2: "updated"}


async def test_a_blank_end_never_opens_again_what_somebody_has_left(place, imported):
    await imported("p1,farmers,2024-01-01,paper,2024-06-30\n")
    assert await imported("p1,farmers,2024-01-01,paper,\n") == {2: "unchanged"}
    assert await imported("p1,farmers,2024-06-30,paper,\n") == {2: "overlaps"}
    assert await imported("p1,farmers,2024-07-01,keyword,\n") == {2: "accepted"}


async def test_nobody_is_in_a_category_twice_on_one_day(place, imported):
    rows = (
        "p1,farmers,2024-01-01,paper,\n"
        "p1,farmers,2024-01-01,paper,\n"
        "p1,farmers,2025-01-01,paper,\n"
        "p2,farmers,2024-01-01,paper,2024-12-31\n"
        "p2,farmers,2025-01-01,paper,\n"
    )
    assert await imported(rows) == {
        2: "accepted",
        3: "repeated",
        4: "overlaps",
        5: "accepted",
        6: "accepted",
    }
    leaves_and_returns = "p1,farmers,2024-01-01,paper,2024-12-31\np1,farmers,2025-06-01,paper,\n"
    assert await imported(leaves_and_returns) == {2: "updated", 3: "accepted"}
    stretched = "p1,farmers,2024-01-01,paper,2025-06-01\n"
    assert await imported(stretched) == {2: "overlaps"}


async def test_each_membership_that_cannot_stand_is_refused_for_its_own_reason(place, imported):
    coordinator = await place.account("admin", at="east", role="administrator")
    rows = (
        "p9,farmers,2024-01-01,paper,\n"
        "p3,farmers,2024-01-01,paper,\n"
        "p1,poets,2024-01-01,paper,\n"
        "p1,farmers,2024-01-01,desk,\n"
        "p1,farmers,2024-01-01,,\n"
        "p1,farmers,yesterday,paper,\n"
        "p1,farmers,2024-02-01,paper,2024-01-31\n"
        ",farmers,2024-01-01,paper,\n"
    )
    assert await imported(rows, coordinator) == {
        2: "person_unknown",
        3: "outside_scope",
        4: "category_unknown",
        5: "not_a_choice",
        6: "missing",
        7: "not_a_date",
        8: "ends_before_start",
        9: "missing",
    }


async def test_two_imports_of_memberships_at_once_take_everything_over_once(rt, place, console):
    rows = "".join(f"p1,farmers,20{n}-01-01,paper,20{n}-12-31\n" for n in range(10, 30))
    sources = [io.BytesIO((HEADER + rows).encode()) for _ in range(2)]
    told = await asyncio.gather(
        *(directory.import_file(rt, Kind.MEMBERSHIPS, source, actor=console) for source in sources)
    )
    assert sorted((t.accepted, t.unchanged) for t in told) == [(0, 20), (20, 0)]
    assert len(await ledger(place)) == 20
