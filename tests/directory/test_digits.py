"""A number is the same number in Devanagari digits: in files, on pages, in search, in old rows."""

from datetime import date

import psycopg
import pytest

from chaupal import groups
from chaupal.directory.models import Kind
from chaupal.directory.search.actions import search
from chaupal.directory.search.models import Searched
from chaupal.engine import migrate
from chaupal.groups.models import GroupChannel, GroupPurpose, NewGroup
from chaupal.groups.queries import person_referenced
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Refused
from chaupal.organisations import pages, scope_of
from chaupal.organisations.tree import actions as tree
from chaupal.organisations.tree.models import Names
from chaupal.people import ContactChannel, NewContact, record_person
from factories import an_organisation
from importing import ended


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


@pytest.fixture
async def admin(place):
    return await place.account("admin")


async def stored(place, query):
    async with place.transaction() as conn:
        return [row[0] for row in await (await conn.execute(query)).fetchall()]


async def registered(rt, place, admin, address, channel=GroupChannel.WHATSAPP):
    return await groups.register(
        rt,
        NewGroup(
            unit=place.units["east"],
            name="समूह",
            purpose=GroupPurpose.PUBLIC,
            channel=channel,
            address=address,
        ),
        key=str(new_id()),
        actor=admin,
    )


async def test_files_in_either_script_mean_the_same_people_units_and_groups(
    rt, place, admin, tmp_path
):
    async def came(kind, text):
        return await ended(rt, kind, text, actor=admin, tmp_path=tmp_path)

    units = "code,parent_code,level,name_hi,name_en\n{},state,division,नया,New\n"
    people = "reference,unit_code,name\n{},{},Invented Name\n"
    posts = "unit_code,role,title_hi,reference,since\n{},office_bearer,मंत्री,{},2026-01-01\n"
    chats = "reference,unit_code,name,purpose,channel,admins\nWA-{},{},समूह,public,whatsapp,{}\n"
    for kind, text, holes in (
        (Kind.UNITS, units, ["१२"]),
        (Kind.PEOPLE, people, ["म-७", "१२"]),
        (Kind.POSTS, posts, ["१२", "म-७"]),
        (Kind.GROUPS, chats, ["९", "१२", "म-७"]),
    ):
        latin = [hole.translate(str.maketrans("१२७९", "1279")) for hole in holes]
        assert await came(kind, text.format(*holes)) == {2: "accepted"}
        assert await came(kind, text.format(*latin)) == {2: "unchanged"}
        assert await came(kind, text.format(*holes)) == {2: "unchanged"}
    assert await came(Kind.PEOPLE, people.format("8", "12") + "८,12,Another Name\n") == {
        2: "accepted",
        3: "repeated",
    }
    assert "12" in await stored(place, "SELECT code FROM unit")
    assert sorted(await stored(place, "SELECT reference FROM person")) == ["8", "म-7"]
    assert await stored(place, "SELECT address FROM chat_group") == ["WA-9"]


async def test_what_is_typed_on_a_page_is_stored_and_found_in_plain_digits(rt, place, admin):
    await tree.found(
        rt,
        place.units["state"],
        level="division",
        code="वार्ड-१०",
        names=Names("दस", "Ten"),
        on_day=date(2026, 1, 1),
        key=str(new_id()),
        actor=admin,
    )
    with pytest.raises(Refused, match="code_taken"):
        await tree.found(
            rt,
            place.units["state"],
            level="division",
            code="वार्ड-10",
            names=Names("दस", "Ten"),
            on_day=date(2026, 1, 1),
            key=str(new_id()),
            actor=admin,
        )
    person = await record_person(
        rt,
        reference="M-४२",
        unit=place.units["east"],
        name="Invented Name",
        language="hi",
        contacts=[NewContact(ContactChannel.PHONE, "+911100000001")],
        actor=admin,
    )
    group = await registered(rt, place, admin, "WA-७")
    with pytest.raises(Refused, match="address_taken"):
        await registered(rt, place, admin, "WA-7")
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, admin)
        for written in ("वार्ड-१०", "वार्ड-10"):
            assert len(await pages.units_coded(conn, [written], scope=scope)) == 1
        for written in ("M-४२", "M-42"):
            found = await person_referenced(conn, written, scope=scope)
            assert found is not None
            assert found.id == person.id
        for typed, kind, id in (
            ("m-४२", Searched.PERSON, person.id),
            ("M-42", Searched.PERSON, person.id),
            ("११०००००००१", Searched.PERSON, person.id),
            ("WA-७", Searched.GROUP, group),
        ):
            exact = (await search(rt, conn, typed, scope=scope)).exact
            assert [hit.id for hit in exact[kind]] == [id]


async def test_old_rows_are_made_plain_and_where_two_would_meet_neither_is_lost(
    rt, place, admin, database
):
    for code in ("१", "२", "2", "३", "٣"):
        await place.unit(code, "state")
    people = [await place.person("east") for _ in range(4)]
    for id, reference in zip(people, ("अ-१", "अ-२", "अ-2", "९"), strict=True):
        async with place.transaction() as conn:
            await conn.execute("UPDATE person SET reference = %s WHERE id = %s", (reference, id))
    await place.group("east", address="WA-५")
    await place.group("east", address="!५:server", channel="matrix", sender=await place.sender())
    other = await an_organisation(rt, "other")
    await other.unit("१", "state")

    text = next(file for file in migrate.read() if file.name.endswith("_digits")).statements
    for _ in range(2):  # the second time there is nothing to do
        with psycopg.connect(database.owner_dsn) as conn:
            conn.execute(text)
        codes = await stored(place, "SELECT code FROM unit ORDER BY number DESC LIMIT 5")
        assert codes == ["٣", "3", "2", "२", "1"]
        references = await stored(place, "SELECT reference FROM person ORDER BY id")
        assert references == ["अ-1", "अ-२", "अ-2", "9"]
        addresses = await stored(place, "SELECT address FROM chat_group ORDER BY id")
        assert addresses == ["WA-5", "!५:server"]
        assert "1" in await stored(other, "SELECT code FROM unit")

    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, admin)
        for typed in ("२", "2"):  # each is found first by whoever types it so
            assert (await pages.units_coded(conn, [typed], scope=scope))[0].code == typed
            found = await tree.queries.coded(conn, typed)
            assert found is not None
            assert found.code == typed
        assert (await pages.units_coded(conn, ["१"], scope=scope))[0].code == "1"
    with psycopg.connect(database.owner_dsn) as conn:  # held by row-level security as before
        forced = conn.execute(
            "SELECT bool_and(relforcerowsecurity) FROM pg_class"
            " WHERE relname IN ('person', 'unit', 'chat_group')"
        ).fetchone()
        assert forced == (True,)
