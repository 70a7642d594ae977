"""Importing whole files: every row ends in one way, and all at once or not at all."""

import asyncio
import codecs
import io
from datetime import date

import pytest

from chaupal import directory, record
from chaupal.directory import Kind
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, Refused
from factories import an_organisation

UNITS = "code,parent_code,level,name_hi,name_en\n"


def file(text: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


@pytest.fixture
def console(place):
    return record.part_of_the_system(place.organisation, "console")


async def outcomes(rt, kind, text, *, actor, tmp_path, **options):
    """Import, and return how each line ended: outcome, or reason and column."""
    report = tmp_path / "report.csv"
    told = await directory.import_file(
        rt, kind, file(text), actor=actor, report_to=report, **options
    )
    lines = report.read_text("utf-8-sig").splitlines()[1:]
    assert len(lines) == told.rows
    ended = {}
    for line in lines:
        number, outcome, reason, *_ = line.split(",")
        ended[int(number)] = reason or outcome
    return told, ended


async def count(place, table):
    async with place.transaction() as conn:
        cursor = await conn.execute(f"SELECT count(*) FROM {table}")
        return (await cursor.fetchone())[0]


async def test_units_may_come_before_their_parents(rt, place, console, tmp_path):
    told, ended = await outcomes(
        rt,
        Kind.UNITS,
        UNITS
        + "b1,d9,booth,बूथ एक,Booth One\n"
        + "d9,east,ज़िला,ज़िला नौ,District Nine\n"
        + "b2,d9,Booth,बूथ दो,Booth Two\n",
        actor=console,
        tmp_path=tmp_path,
    )
    assert ended == {2: "accepted", 3: "accepted", 4: "accepted"}
    assert (told.accepted, told.rows) == (3, 3)
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT code, path FROM unit WHERE code IN ('d9', 'b1')")
        paths = dict(await cursor.fetchall())
    assert paths["d9"].startswith(place.paths["east"])
    assert paths["b1"].startswith(paths["d9"])


async def test_each_unit_that_cannot_stand_is_refused_for_its_own_reason(
    rt, place, console, tmp_path
):
    text = UNITS + (
        "lost,nowhere,booth,अ,A\n"  # 2
        "below-lost,lost,booth,अ,A\n"
        "round,about,division,अ,A\n"  # 4
        "about,round,district,अ,A\n"
        "high,east-one,division,अ,A\n"  # 6
        "odd,east,province,अ,A\n"
        "east,state,division,पूर्व,East\n"  # 8
        "west,east,division,अ,A\n"
        "second,,state,अ,A\n"  # 10
        "nameless,east,district,,A\n"
        "twice,east,district,अ,A\n"  # 12
        "twice,west,district,अ,A\n"
        "short,east\n"  # 14
        "west-one,west,booth,अ,A\n"
        "below-nameless,nameless,booth,अ,A\n"  # 16
        "state,,state,इकाई state,Unit state\n"
    )
    told, ended = await outcomes(rt, Kind.UNITS, text, actor=console, tmp_path=tmp_path)
    assert ended == {
        2: "parent_unknown",
        3: "parent_refused",
        4: "parent_cycle",
        5: "parent_cycle",
        6: "level_not_below_parent",
        7: "level_unknown",
        8: "updated",
        9: "parent_differs",
        10: "second_root",
        11: "missing",
        12: "accepted",
        13: "repeated",
        14: "wrong_number_of_fields",
        15: "level_differs",
        16: "parent_refused",
        17: "unchanged",
    }
    assert (told.accepted, told.updated, told.unchanged, told.refused) == (1, 1, 1, 13)
    assert sum(told.reasons.values()) == told.refused


async def test_a_first_root_can_be_imported_once(rt, console, place, tmp_path):
    other = await an_empty_organisation(rt)
    actor = record.part_of_the_system(other, "console")
    text = UNITS + "rj,,state,राजस्थान,Rajasthan\nup,,state,उ,U\njpr,rj,division,ज,Jaipur\n"
    _, ended = await outcomes(rt, Kind.UNITS, text, actor=actor, tmp_path=tmp_path)
    assert ended == {2: "accepted", 3: "second_root", 4: "accepted"}


async def an_empty_organisation(rt):
    from chaupal.organisations import actions
    from chaupal.organisations.models import OrganisationType
    from factories import LEVELS

    made = await actions.found(
        rt, slug="khali", type=OrganisationType.NGO, name_hi="ख", name_en="K", levels=LEVELS
    )
    return made.id


PEOPLE = (
    "reference;unit_code;name;language;phone;sandbox;consent_basis;consent_proof;notice_version\n"
)


async def test_people_arrive_with_sealed_addresses_and_consent(rt, place, console, tmp_path):
    text = PEOPLE + (
        "p1;east;आशा;hi;०९८७६५ ४३२१०;chat-1;paper;form 7;v1\n"
        "p2;west;Ravi;en;9.19E+11;;;;\n"
        "p3;west;Ravi;en;919876543211;;;;\n"
        "p4;nowhere;Ravi;en;;;;;\n"
        "p5;west;Ravi;en;+91 98765-43210;;;;\n"
        "p6;west;Ravi;urdu;;;;;\n"
        "p7;west;Ravi;en;;;paper;;v1\n"
        "p3;west;Ravi;en;;;;;\n"
    )
    _, ended = await outcomes(rt, Kind.PEOPLE, text, actor=console, tmp_path=tmp_path)
    assert ended == {
        2: "accepted",
        3: "phone_scientific",
        4: "accepted",
        5: "unit_unknown",
        6: "address_repeated",
        7: "not_a_choice",
        8: "consent_incomplete",
        9: "repeated",
    }
    async with place.transaction() as conn:
        cursor = await conn.execute(
            "SELECT channel, sealed, lookup FROM contact_point ORDER BY channel, id"
        )
        phone, *_ = await cursor.fetchall()
        context = f"contact/{place.organisation}/phone"
        assert rt.sealer.unseal(phone[1], context) == "+919876543210"
        assert phone[2] == rt.sealer.lookup("+919876543210", context)
        cursor = await conn.execute("SELECT purpose, channel, act::text FROM consent ORDER BY 2")
        assert await cursor.fetchall() == [
            ("coordination", "phone", "given"),
            ("coordination", "sandbox", "given"),
        ]
    _, again = await outcomes(rt, Kind.PEOPLE, text, actor=console, tmp_path=tmp_path)
    assert {line: again[line] for line in (2, 4)} == {2: "unchanged", 4: "unchanged"}
    assert await count(place, "consent") == 2


async def test_a_new_number_replaces_the_old_one_and_nobody_elses(rt, place, console, tmp_path):
    first = PEOPLE + "p1;east;A;hi;9876543210;c1;;;\np2;east;B;hi;9876543211;;;;\n"
    await outcomes(rt, Kind.PEOPLE, first, actor=console, tmp_path=tmp_path)
    second = PEOPLE + "p1;east;A;hi;9876543219;;;;\np2;east;B;hi;;c1;;;\n"
    _, ended = await outcomes(rt, Kind.PEOPLE, second, actor=console, tmp_path=tmp_path)
    assert ended == {2: "updated", 3: "address_taken"}
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT lookup FROM contact_point WHERE channel = 'phone'")
        lookups = {row[0] for row in await cursor.fetchall()}
    context = f"contact/{place.organisation}/phone"
    assert lookups == {rt.sealer.lookup(f"+9198765432{n}", context) for n in ("19", "11")}
    assert await count(place, "contact_point") == 3


async def test_a_file_never_overrides_a_withdrawal(rt, place, console, tmp_path):
    text = PEOPLE + "p1;east;A;hi;9876543210;;paper;form;v1\n"
    await outcomes(rt, Kind.PEOPLE, text, actor=console, tmp_path=tmp_path)
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO consent (organisation_id, person_id, purpose, channel, act,"
            " notice_version, language, basis, proof, at) SELECT organisation_id, id,"
            " 'coordination', 'phone', 'withdrawn', '', 'hi', 'keyword', 'stop', now() FROM person"
        )
    _, ended = await outcomes(rt, Kind.PEOPLE, text, actor=console, tmp_path=tmp_path)
    assert ended == {2: "consent_withdrawn"}
    assert await count(place, "consent") == 2


GROUPS = "address,unit_code,name,purpose,channel,sender,size,categories,admins,notice\n"


async def test_groups_arrive_with_categories_and_admins(rt, place, console, tmp_path):
    await place.sender("bot")
    await place.sender("tele", channel="telegram")
    for key in ("farmers", "women"):
        await place.category(key)
    people = PEOPLE + "p1;east;A;hi;;;;;\np2;east;B;hi;;;;;\n"
    await outcomes(rt, Kind.PEOPLE, people, actor=console, tmp_path=tmp_path)
    text = GROUPS + (
        'g1,east,किसान,public,sandbox,bot,"१,०२४",women|farmers,p2|p1,yes\n'
        "g2,east,टीम,आंतरिक,WhatsApp,,,,p1,\n"
        "g3,east,X,public,sandbox,,,,,\n"
        "g4,east,X,public,sandbox,nobody,,,,\n"
        "g5,east,X,public,sandbox,tele,,,,\n"
        "g6,east,X,public,sandbox,bot,many,,,\n"
        "g7,east,X,public,sandbox,bot,,poets,,\n"
        "g8,east,X,public,sandbox,bot,,,p9,\n"
        "g1,east,X,public,sandbox,bot,,,,\n"
        "g9,east,X,public,sandbox,bot,999999,,,\n"
    )
    _, ended = await outcomes(rt, Kind.GROUPS, text, actor=console, tmp_path=tmp_path)
    assert ended == {
        2: "accepted",
        3: "accepted",
        4: "sender_mismatch",
        5: "sender_unknown",
        6: "sender_mismatch",
        7: "not_a_number",
        8: "category_unknown",
        9: "admin_unknown",
        10: "repeated",
        11: "out_of_range",
    }
    later = GROUPS + (
        "g1,east,किसान,public,sandbox,bot,,farmers,p1,\n"
        "g2,west,टीम,internal,whatsapp,,,,p1,\n"
        "g2,west,टीम,public,whatsapp,,,,p1,\n"
    )
    _, ended = await outcomes(rt, Kind.GROUPS, later, actor=console, tmp_path=tmp_path)
    assert ended == {2: "updated", 3: "updated", 4: "repeated"}
    async with place.transaction() as conn:
        cursor = await conn.execute(
            "SELECT size, carries_notice, ARRAY(SELECT category_key FROM group_category"
            " WHERE group_id = g.id) FROM chat_group g WHERE address = 'g1'"
        )
        assert await cursor.fetchone() == (1024, True, ["farmers"])
        cursor = await conn.execute(
            "SELECT p.reference, a.turn, a.left_at IS NULL FROM group_admin a"
            " JOIN person p ON p.id = a.person_id JOIN chat_group g ON g.id = a.group_id"
            " WHERE g.address = 'g1' ORDER BY 1"
        )
        assert await cursor.fetchall() == [("p1", 1, True), ("p2", 1, False)]
    _, ended = await outcomes(rt, Kind.GROUPS, later, actor=console, tmp_path=tmp_path)
    assert ended == {2: "unchanged", 3: "unchanged", 4: "repeated"}


async def test_an_internal_group_never_turns_public_by_a_file(rt, place, console, tmp_path):
    text = GROUPS + "g1,east,टीम,internal,whatsapp,,,,,\n"
    await outcomes(rt, Kind.GROUPS, text, actor=console, tmp_path=tmp_path)
    _, ended = await outcomes(
        rt, Kind.GROUPS, text.replace("internal", "public"), actor=console, tmp_path=tmp_path
    )
    assert ended == {2: "purpose_differs"}


async def test_a_dry_run_says_the_same_and_changes_nothing(rt, place, console, tmp_path):
    text = UNITS + "d9,east,district,अ,A\nlost,nowhere,booth,अ,A\n"
    before = await count(place, "unit"), await count(place, "record")
    dry, said = await outcomes(rt, Kind.UNITS, text, actor=console, tmp_path=tmp_path, dry_run=True)
    assert dry.dry_run
    assert (await count(place, "unit"), await count(place, "record")) == before
    _, done = await outcomes(rt, Kind.UNITS, text, actor=console, tmp_path=tmp_path)
    assert said == done == {2: "accepted", 3: "parent_unknown"}
    assert await count(place, "unit") == before[0] + 1
    async with place.transaction() as conn:
        *_, entry = await record.after(conn, 0)
    assert entry.kind == "units.imported"
    assert entry.facts == {
        "accepted": 1, "updated": 0, "unchanged": 0, "refused": 1,
        "reasons": {"parent_unknown": 1},
    }  # fmt: skip


async def test_two_imports_of_one_file_at_once_take_everything_over_once(rt, place, console):
    rows = "".join(f"d{n},east,district,अ,A{n}\n" for n in range(300))
    told = await asyncio.gather(
        *(
            directory.import_file(rt, Kind.UNITS, file(UNITS + rows), actor=console)
            for _ in range(2)
        )
    )
    assert sorted((t.accepted, t.unchanged) for t in told) == [(0, 300), (300, 0)]
    assert await count(place, "unit") == 307


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
async def test_a_file_reads_alike_however_the_spreadsheet_saved_it(
    rt, console, encoding, mark, separator
):
    text = (UNITS + 'd9,east,district,"ज़िला, नौ",Nine\n').replace("\n", "\r\n")
    text = text.replace('"ज़िला, नौ"', "ज़िला नौ").replace(",", separator)
    source = io.BytesIO(mark + text.encode(encoding))
    told = await directory.import_file(rt, Kind.UNITS, source, actor=console)
    assert told.accepted == 1
    async with db.transaction(rt.pool, console.organisation) as conn:
        cursor = await conn.execute("SELECT name_hi FROM unit WHERE code = 'd9'")
        assert await cursor.fetchone() == ("ज़िला नौ",)


async def test_only_whoever_may_import_can_and_only_below_their_post(rt, place, tmp_path):
    coordinator = await place.account("coordinator", at="east", role="coordinator")
    text = UNITS + "d9,east,district,अ,A\n" + "d8,west,district,अ,A\n" + "west,state,division,अ,A\n"
    with pytest.raises(NotAllowed):
        await directory.import_file(rt, Kind.UNITS, file(text), actor=coordinator)
    admin = await place.account("admin", at="east", role="administrator")
    _, ended = await outcomes(rt, Kind.UNITS, text, actor=admin, tmp_path=tmp_path)
    assert ended == {2: "accepted", 3: "outside_scope", 4: "outside_scope"}


async def test_an_import_sees_nothing_of_another_organisation(rt, place, console, tmp_path):
    other = await an_organisation(rt, "dusra")
    await other.unit("only-theirs", "state")
    text = UNITS + "d9,only-theirs,district,अ,A\n"
    _, ended = await outcomes(rt, Kind.UNITS, text, actor=console, tmp_path=tmp_path)
    assert ended == {2: "parent_unknown"}


async def test_typed_rows_are_loaded_the_same_way(rt, place):
    await place.sender("bot")
    post = (new_id(), "d9", "p1", "office_bearer", "संयोजक", "Convenor", date(2026, 1, 1))
    async with place.transaction() as conn:
        units = await directory.load_units(
            rt, conn, [directory.UnitRow("d9", "east", "district", "अ", "A")]
        )
        people = await directory.load_people(
            rt, conn, [directory.PersonRow("p1", "d9", "A", sandbox="c1")]
        )
        groups = await directory.load_groups(
            rt,
            conn,
            [directory.GroupRow("g1", "d9", "G", "public", "sandbox", "bot", admins=("p1",))],
        )
        posts = await directory.load_posts(conn, [directory.PostRow(*post)])
    assert [told.accepted for told in (units, people, groups)] == [1, 1, 1]
    assert posts == 1
    assert (
        await directory.unit_with_code(rt, None, organisation=place.organisation)
        == place.units["state"]
    )


async def test_a_stopped_import_leaves_nothing_and_frees_its_place(rt, place, console):
    text = PEOPLE + "".join(f"p{n};east;A;hi;98765{n:05};;;;\n" for n in range(30))
    before = [await count(place, table) for table in ("record", "person", "search_entry")]
    for stop_at in range(5):
        asked = iter(range(100))

        def enough(asked=asked, stop_at=stop_at) -> bool:
            return next(asked) >= stop_at

        with pytest.raises(Refused) as refusal:
            await directory.import_file(
                rt, Kind.PEOPLE, file(text), actor=console, cancelled=enough
            )
        assert refusal.value.code == "import.cancelled"
        after = [await count(place, table) for table in ("record", "person", "search_entry")]
        assert after == before
    told = await directory.import_file(rt, Kind.PEOPLE, file(text), actor=console)
    assert told.accepted == 30


async def test_a_file_that_breaks_at_its_end_changes_nothing(rt, place, console):
    text = PEOPLE + "".join(f"p{n};east;A;hi;;;;;\n" for n in range(30)) + '"never closed'
    with pytest.raises(Invalid) as refusal:
        await directory.import_file(rt, Kind.PEOPLE, file(text), actor=console)
    assert refusal.value.code == "import.broken_csv"
    assert await count(place, "person") == 0
