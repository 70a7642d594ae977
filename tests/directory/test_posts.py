"""Files of posts: which seat a row means, who is passed over, and what is left alone."""

import asyncio
import io

import pytest

from chaupal import directory, record
from chaupal.directory import Kind
from factories import an_organisation
from importing import ended

HEADER = "unit_code,role,title_hi,title_en,reference,since,until\n"


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


@pytest.fixture
def console(place):
    return record.part_of_the_system(place.organisation, "console")


@pytest.fixture
async def people(rt, place, console):
    rows = "".join(f"p{n},east,Person {n}\n" for n in range(1, 8))
    source = io.BytesIO(f"reference,unit_code,name\n{rows}".encode())
    await directory.import_file(rt, Kind.PEOPLE, source, actor=console)


async def imported(rt, rows, *, actor, tmp_path):
    return await ended(rt, Kind.POSTS, HEADER + rows, actor=actor, tmp_path=tmp_path)


async def terms(place):
    """Who held which seat, seat by seat."""
    async with place.transaction() as conn:
        cursor = await conn.execute(
            "SELECT o.id, array_agg((p.reference, t.since::text, t.until::text)::text"
            " ORDER BY t.since) FILTER (WHERE t.id IS NOT NULL) FROM office o"
            " LEFT JOIN post t ON t.office_id = o.id LEFT JOIN person p ON p.id = t.person_id"
            " GROUP BY o.id, o.since ORDER BY o.since, min(p.reference)"
        )
        return [held or [] for _, held in await cursor.fetchall()]


async def test_a_row_is_a_seat_with_a_term_or_a_vacancy(rt, place, console, people, tmp_path):
    rows = (
        "east,coordinator,ज़िला संयोजक,District convenor,p1,2024-01-01,\n"
        "east,पदाधिकारी,उपाध्यक्ष,,p2,१/२/२०२४,\n"
        "east,office_bearer,उपाध्यक्ष,,p3,1 फ़रवरी 2024,\n"
        "east,office_bearer,उपाध्यक्ष,,,2024-02-01,\n"
    )
    first = await imported(rt, rows, actor=console, tmp_path=tmp_path)
    assert first == dict.fromkeys(range(2, 6), "accepted")
    assert await terms(place) == [
        ["(p1,2024-01-01,)"],
        ["(p2,2024-02-01,)"],
        ["(p3,2024-02-01,)"],
        [],
    ]
    again = await imported(rt, rows, actor=console, tmp_path=tmp_path)
    assert again == dict.fromkeys(range(2, 6), "unchanged")


async def test_holders_of_one_office_follow_each_other_in_one_seat(
    rt, place, console, people, tmp_path
):
    rows = (
        "east,office_bearer,अध्यक्ष,President,p3,2025-01-01,\n"
        "east,office_bearer,अध्यक्ष,President,p1,2019-01-01,2022-12-31\n"
        "east,office_bearer,अध्यक्ष,President,p2,2023-01-01,2024-12-31\n"
    )
    for outcome in ("accepted", "unchanged"):
        ended_as = await imported(rt, rows, actor=console, tmp_path=tmp_path)
        assert ended_as == dict.fromkeys(range(2, 5), outcome)
    assert await terms(place) == [
        ["(p1,2019-01-01,2022-12-31)", "(p2,2023-01-01,2024-12-31)", "(p3,2025-01-01,)"]
    ]


async def test_a_hand_over_names_both(rt, place, console, people, tmp_path):
    held = "east,office_bearer,अध्यक्ष,President,p1,2020-01-01,\n"
    await imported(rt, held, actor=console, tmp_path=tmp_path)
    next_one = "east,office_bearer,अध्यक्ष,President,p2,2026-06-01,\n"
    assert await imported(rt, next_one, actor=console, tmp_path=tmp_path) == {2: "office_held"}
    vacant = "east,office_bearer,अध्यक्ष,President,,2026-06-01,\n"
    assert await imported(rt, vacant, actor=console, tmp_path=tmp_path) == {2: "office_held"}
    goes = held.replace(",\n", ",2026-05-31\n")
    both = await imported(rt, next_one + goes, actor=console, tmp_path=tmp_path)
    assert both == {2: "accepted", 3: "updated"}
    assert await terms(place) == [["(p1,2020-01-01,2026-05-31)", "(p2,2026-06-01,)"]]
    beside = "east,office_bearer,अध्यक्ष,President,p3,2026-07-01,\n"
    stays = await imported(rt, beside + next_one, actor=console, tmp_path=tmp_path)
    assert stays == {2: "accepted", 3: "unchanged"}
    assert len(await terms(place)) == 2


async def test_a_vacant_seat_is_filled_before_another_is_made(rt, place, console, people, tmp_path):
    vacant = "east,office_bearer,मंत्री,Secretary,,2024-01-01,\n"
    await imported(rt, vacant, actor=console, tmp_path=tmp_path)
    filled = "east,office_bearer,मंत्री,Secretary,p1,2025-01-01,\n"
    assert await imported(rt, filled, actor=console, tmp_path=tmp_path) == {2: "accepted"}
    assert await terms(place) == [["(p1,2025-01-01,)"]]


async def test_days_of_a_known_term_are_corrected_but_never_over_another(
    rt, place, console, people, tmp_path
):
    rows = (
        "east,office_bearer,अध्यक्ष,President,p1,2019-01-01,2022-12-31\n"
        "east,office_bearer,अध्यक्ष,President,p2,2023-01-01,\n"
    )
    await imported(rt, rows, actor=console, tmp_path=tmp_path)
    earlier = "east,office_bearer,अध्यक्ष,President,p1,2018-06-01,\n"
    assert await imported(rt, earlier, actor=console, tmp_path=tmp_path) == {2: "updated"}
    longer = "east,office_bearer,अध्यक्ष,President,p1,2018-06-01,2023-06-30\n"
    assert await imported(rt, longer, actor=console, tmp_path=tmp_path) == {2: "overlaps"}
    assert await terms(place) == [["(p1,2018-06-01,2022-12-31)", "(p2,2023-01-01,)"]]


async def test_each_post_that_cannot_stand_is_refused_for_its_own_reason(
    rt, place, console, people, tmp_path
):
    rows = (
        "nowhere,desk,अ,A,p1,2024-01-01,\n"  # 2
        "east,desk,अ,A,p99,2024-01-01,\n"
        "east,king,अ,A,p1,2024-01-01,\n"  # 4
        "east,desk,,,p1,2024-01-01,\n"
        "east,desk,अ,A,p1,,\n"  # 6
        "east,desk,अ,A,p1,31-02-2024,\n"
        "east,desk,अ,A,p1,01-01-24,\n"  # 8
        "east,desk,अ,A,p1,2024-01-02,2024-01-01\n"
        "east,desk,अ,A,,2024-01-01,2024-12-31\n"  # 10
        "east,desk,अ,A,p1,2024-01-01,\n"
        "east,desk,अ,A,p1,2025-01-01,\n"  # 12
        "east,desk,अ,A,p1,45292,\n"
    )
    assert await imported(rt, rows, actor=console, tmp_path=tmp_path) == {
        2: "unit_unknown",
        3: "person_unknown",
        4: "not_a_choice",
        5: "missing",
        6: "missing",
        7: "not_a_date",
        8: "not_a_date",
        9: "ends_before_start",
        10: "missing",
        11: "accepted",
        12: "repeated",
        13: "not_a_date",
    }


async def test_a_file_gives_nobody_more_than_its_importer_may_give(
    rt, place, console, people, tmp_path
):
    admin = await place.account("admin", at="east", role="administrator")
    rows = (
        "east,administrator,प्रशासक,Administrator,p1,2024-01-01,\n"
        "west,desk,कक्ष,Desk,p1,2024-01-01,\n"
        "east,desk,कक्ष,Desk,p1,2024-01-01,\n"
    )
    assert await imported(rt, rows, actor=admin, tmp_path=tmp_path) == {
        2: "administrator_by_hand",
        3: "outside_scope",
        4: "accepted",
    }
    ended_as = await imported(rt, rows, actor=console, tmp_path=tmp_path)
    assert ended_as == {2: "accepted", 3: "accepted", 4: "unchanged"}
    ends = "east,administrator,प्रशासक,Administrator,p1,2024-01-01,2024-12-31\n"
    assert await imported(rt, ends, actor=admin, tmp_path=tmp_path) == {2: "administrator_by_hand"}


async def test_an_ended_unit_gets_no_posts(rt, place, console, people, tmp_path):
    async with place.transaction() as conn:
        await conn.execute("UPDATE unit SET ended_on = '2025-01-01' WHERE code = 'west'")
    rows = "west,desk,कक्ष,Desk,p1,2024-01-01,\n"
    assert await imported(rt, rows, actor=console, tmp_path=tmp_path) == {2: "unit_ended"}


async def test_more_alike_than_any_unit_has_are_a_mistake(rt, place, console, people, tmp_path):
    rows = "east,office_bearer,सदस्य,Member,,2024-01-01,\n" * 1002
    ended_as = await imported(rt, rows, actor=console, tmp_path=tmp_path)
    assert list(ended_as.values()).count("accepted") == 1000
    assert {ended_as[1002], ended_as[1003]} == {"too_many_alike"}


async def test_two_imports_of_posts_at_once_seat_everybody_once(rt, place, console, people):
    rows = "".join(f"east,office_bearer,मंत्री,Secretary,p{n},2024-01-01,\n" for n in range(1, 8))
    sources = [io.BytesIO((HEADER + rows).encode()) for _ in range(2)]
    told = await asyncio.gather(
        *(directory.import_file(rt, Kind.POSTS, source, actor=console) for source in sources)
    )
    assert sorted((t.accepted, t.unchanged) for t in told) == [(0, 7), (7, 0)]
    assert len(await terms(place)) == 7


async def test_staff_in_an_office_of_the_same_name_are_left_alone(
    rt, place, console, people, tmp_path
):
    await place.account("staff", at="east", role="desk")  # its title: दायित्व, Post
    rows = "east,desk,दायित्व,Post,p1,2024-01-01,\n"
    assert await imported(rt, rows, actor=console, tmp_path=tmp_path) == {2: "accepted"}
    assert len(await terms(place)) == 2
