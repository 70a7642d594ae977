"""Exports: what one may see, masked or not, and a file that an import takes without a change."""

import csv
import io

import pytest

from chaupal import directory, record
from chaupal.directory import Kind
from chaupal.directory.exports import EXPORTED
from chaupal.directory.models import COLUMNS
from chaupal.kit.refusals import NotAllowed
from factories import an_organisation
from importing import ended

PEOPLE = (
    "reference,unit_code,name,language,phone,email,telegram,sandbox,consent_basis,consent_proof,"
    "notice_version,consent_purposes\n"
    "p1,east,आशा,hi,+911100000001,a@example.invalid,@asha,chat-1,paper,form 7,v1,"
    "messages|coordination\n"
    "p2,east-one,'=SUM(A1),en,+911100000002,,-100,,,,,\n"
    "p3,west,Ravi,hi,,,,,,,,\n"
    "p4,west,'@home,hi,,,,,,,,\n"
)
GROUPS = (
    "address,unit_code,name,purpose,channel,sender,size,categories,admins,notice\n"
    "g1,east,किसान,public,sandbox,bot,1024,farmers|women,p2|p1,yes\n"
    "'-100200,east,Team,internal,whatsapp,,,,p1,no\n"
    'g3,west,"+ Group, of ""West""",public,sandbox,bot,0,,,\n'
)
POSTS = (
    "unit_code,role,title_hi,title_en,reference,since,until\n"
    "east,coordinator,संयोजक,Convenor,p1,2024-01-01,\n"
    "east,office_bearer,अध्यक्ष,President,p2,2019-01-01,2022-12-31\n"
    "east,office_bearer,अध्यक्ष,President,p1,2023-01-01,\n"
    "east,office_bearer,मंत्री,Secretary,,2024-01-01,\n"
    "east,office_bearer,मंत्री,Secretary,p2,2024-01-01,\n"
    "west,office_bearer,मंत्री,Secretary,p3,2020-01-01,2023-12-31\n"
)
MEMBERSHIPS = (
    "reference,category,since,basis,until\n"
    "p1,farmers,2020-01-01,paper,2021-12-31\n"
    "p1,farmers,2023-01-01,own_page,\n"
    "p1,women,2023-01-01,own_page,\n"
    "p3,women,2023-01-01,keyword,\n"
)
FILES = {
    Kind.PEOPLE: PEOPLE,
    Kind.GROUPS: GROUPS,
    Kind.POSTS: POSTS,
    Kind.MEMBERSHIPS: MEMBERSHIPS,
}


@pytest.fixture
async def place(rt):
    place = await an_organisation(rt)
    for key in ("farmers", "women"):
        await place.category(key)
    await place.sender("bot")
    return place


@pytest.fixture
def console(place):
    return record.part_of_the_system(place.organisation, "console")


@pytest.fixture(autouse=True)
async def filled(rt, console, tmp_path):
    for kind, text in FILES.items():
        said = await ended(rt, kind, text, actor=console, tmp_path=tmp_path)
        assert set(said.values()) == {"accepted"}, said


async def exported(rt, kind, *, actor, **options) -> bytes:
    pieces = await directory.export(rt, kind, actor=actor, **options)
    return b"".join([piece async for piece in pieces])


def table(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))


def test_what_is_exported_is_what_an_import_takes():
    for kind in Kind:
        expected = COLUMNS[kind]
        assert set(EXPORTED[kind]) <= expected.known
        assert set(expected.needed) <= set(EXPORTED[kind])


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("unmask", [False, True])
async def test_what_was_exported_and_imported_again_changes_nothing(
    rt, console, tmp_path, kind, unmask
):
    file = await exported(rt, kind, actor=console, unmask=unmask)
    said = await ended(rt, kind, file, actor=console, tmp_path=tmp_path)
    assert said
    assert set(said.values()) == {"unchanged"}
    assert await exported(rt, kind, actor=console, unmask=unmask) == file


@pytest.mark.parametrize("kind", list(Kind))
async def test_another_organisation_can_be_made_of_the_files(rt, console, tmp_path, kind):
    other = await an_organisation(rt, "dusra")
    for key in ("farmers", "women"):
        await other.category(key)
    await other.sender("bot")
    theirs = record.part_of_the_system(other.organisation, "console")
    for each in Kind:
        file = await exported(rt, each, actor=console, unmask=True)
        await ended(rt, each, file, actor=theirs, tmp_path=tmp_path)
    ours = await exported(rt, kind, actor=console, unmask=True)
    assert sorted(table(await exported(rt, kind, actor=theirs, unmask=True))) == sorted(table(ours))


async def test_a_file_can_be_opened_in_a_spreadsheet(rt, console):
    for kind in Kind:
        file = await exported(rt, kind, actor=console, unmask=True)
        assert file.startswith(b"\xef\xbb\xbf")
        for row in table(file):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    people = table(await exported(rt, Kind.PEOPLE, actor=console, unmask=True))
    assert {"'=SUM(A1)", "'@home"} <= {row[2] for row in people}


async def test_addresses_are_masked_unless_somebody_asks_who_may(rt, place, console):
    masked = await exported(rt, Kind.PEOPLE, actor=console)
    for secret in (b"1100000001", b"a@example", b"asha", b"chat-1"):
        assert secret not in masked
    whole = await exported(rt, Kind.PEOPLE, actor=console, unmask=True)
    assert b"+911100000001" in whole
    async with place.transaction() as conn:
        entries = [entry for entry in await record.after(conn, 0) if "exported" in entry.kind]
    assert [(entry.kind, entry.facts) for entry in entries] == [
        ("people.exported", {"rows": 4, "unmasked": False, "units": []}),
        ("people.exported", {"rows": 4, "unmasked": True, "units": []}),
    ]


async def test_an_export_stays_within_the_post_of_who_asks(rt, place, console):
    coordinator = await place.account("coordinator", at="east", role="coordinator")
    desk = await place.account("desk", at="east", role="desk")
    for kind, column, mine in (
        (Kind.UNITS, 0, {"east", "east-one"}),
        (Kind.PEOPLE, 0, {"p1", "p2"}),
        (Kind.GROUPS, 1, {"east"}),
        (Kind.POSTS, 0, {"east"}),
        (Kind.MEMBERSHIPS, 0, {"p1"}),
    ):
        rows = table(await exported(rt, kind, actor=coordinator))[1:]
        assert {row[column] for row in rows} >= mine
        beyond = {"state", "west", "p3", "p4"}
        assert not {row[column] for row in rows} & beyond
        with pytest.raises(NotAllowed):
            await directory.export(rt, kind, actor=desk)


async def test_admins_from_elsewhere_are_in_no_narrow_export_and_stay_after_its_import(
    rt, place, tmp_path
):
    """Whoever sees one part takes a file of it along, changes it, and brings it back."""
    narrow = await place.account("narrow", at="east", role="administrator")
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO group_admin (organisation_id, group_id, person_id, turn, since)"
            " SELECT g.organisation_id, g.id, p.id, 0, now() FROM chat_group g, person p"
            " WHERE g.address = 'g1' AND p.reference = 'p3'"
        )
    file = await exported(rt, Kind.GROUPS, actor=narrow)
    [row] = [row for row in table(file) if row[0] == "g1"]
    assert row[9] == "p2|p1"

    async def brought(text):
        said = await ended(rt, Kind.GROUPS, text, actor=narrow, tmp_path=tmp_path)
        return said, await admins()

    async def admins():
        async with place.transaction() as conn:
            cursor = await conn.execute(
                "SELECT p.reference FROM group_admin a JOIN person p ON p.id = a.person_id"
                " JOIN chat_group g ON g.id = a.group_id"
                " WHERE g.address = 'g1' AND a.left_at IS NULL ORDER BY 1"
            )
            return [reference for (reference,) in await cursor.fetchall()]

    assert await brought(file) == ({2: "unchanged", 3: "unchanged"}, ["p1", "p2", "p3"])
    fewer = file.replace(b"p2|p1", b"p2")
    assert set((await brought(fewer))[0].values()) == {"unchanged", "updated"}
    assert await admins() == ["p2", "p3"]
    named = file.replace(b"p2|p1", b"p2|p3")  # as a file from above would
    assert set((await brought(named))[0].values()) == {"unchanged", "updated"}
    assert (await brought(named)) == ({2: "unchanged", 3: "unchanged"}, ["p2", "p3"])
    stranger = file.replace(b"p2|p1", b"p2|p4")  # from west, and not said whether they are there
    nobody = file.replace(b"p2|p1", b"p2|p99")
    assert set((await brought(stranger))[0].values()) == {"unchanged", "admin_unknown"}
    assert set((await brought(nobody))[0].values()) == {"unchanged", "admin_unknown"}
    await place.post("state", person=await person_of(place, "p4"), role="office_bearer")
    assert set((await brought(stranger))[0].values()) == {"unchanged", "updated"}
    assert await admins() == ["p2", "p3", "p4"]


async def person_of(place, reference):
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT id FROM person WHERE reference = %s", (reference,))
        return (await cursor.fetchone())[0]


async def test_who_loses_the_right_halfway_gets_no_more(rt, place, console):
    coordinator = await place.account("coordinator", at="east", role="coordinator")
    pieces = await directory.export(rt, Kind.PEOPLE, actor=coordinator, page_rows=1)
    assert b"reference" in await anext(pieces)
    assert b"p1" in await anext(pieces)
    async with place.transaction() as conn:
        await conn.execute("UPDATE account SET disabled_at = now() WHERE login = 'coordinator'")
    with pytest.raises(NotAllowed):
        await anext(pieces)


@pytest.mark.parametrize("kind", list(Kind))
async def test_pages_of_any_size_give_the_same_file(rt, console, kind):
    whole = await exported(rt, kind, actor=console)
    for rows in (1, 2, 3):
        assert await exported(rt, kind, actor=console, page_rows=rows) == whole


async def test_erased_people_and_archived_groups_are_not_in_it(rt, place, console):
    async with place.transaction() as conn:
        await conn.execute("UPDATE person SET erased_at = now() WHERE reference = 'p1'")
        await conn.execute("UPDATE chat_group SET archived_at = now() WHERE address = 'g1'")
    assert [row[0] for row in table(await exported(rt, Kind.PEOPLE, actor=console))[1:]] == [
        "p2",
        "p4",
        "p3",
    ]
    assert "g1" not in {row[0] for row in table(await exported(rt, Kind.GROUPS, actor=console))}
    for kind in (Kind.POSTS, Kind.MEMBERSHIPS):
        assert "p1" not in str(table(await exported(rt, kind, actor=console)))


async def test_consent_that_does_not_hold_for_all_is_not_claimed(rt, place, console, tmp_path):
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO consent (organisation_id, person_id, purpose, channel, act,"
            " notice_version, language, basis, proof, at) SELECT organisation_id, id,"
            " 'messages', 'phone', 'withdrawn', '', 'hi', 'keyword', 'stop', now() FROM person"
            " WHERE reference = 'p1'"
        )
    file = await exported(rt, Kind.PEOPLE, actor=console)
    [row] = [row for row in table(file) if row[0] == "p1"]
    assert row[-4:] == ["paper", "form 7", "v1", "coordination"]
    said = await ended(rt, Kind.PEOPLE, file, actor=console, tmp_path=tmp_path)
    assert set(said.values()) == {"unchanged"}
