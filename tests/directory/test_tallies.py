"""Whatever happens to people, groups and units, counts and search entries equal a recount."""

import asyncio
import io

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chaupal import directory, record
from chaupal.directory import Kind, tallies
from chaupal.kit.ids import new_id
from chaupal.kit.sound import search_key
from factories import an_organisation
from growing import COUNTED, TALLIED, Grove

UNITS = ["state", "east", "west", "east-one", "east-two", "west-one", "west-two"]
NAMES = ["राम लाल", "Ram Ram", "Lal Ram", "सीता देवी", "Om", "A B A B"]
PERSON = st.tuples(st.integers(0, 30), st.sampled_from(UNITS), st.sampled_from(NAMES))
STEP = st.one_of(
    st.tuples(st.just("people"), st.lists(PERSON, min_size=1, max_size=12)),
    st.tuples(st.just("groups"), st.lists(PERSON, min_size=1, max_size=6)),
    st.tuples(st.just("move"), st.tuples(st.sampled_from(UNITS), st.sampled_from(UNITS))),
    st.tuples(st.just("erase"), st.integers(0, 30)),
    st.tuples(st.just("archive"), st.integers(0, 30)),
    st.tuples(st.just("hang"), st.sampled_from([("east-one", "west"), ("east-one", "east")])),
    st.tuples(st.just("rename"), st.tuples(st.sampled_from(UNITS), st.sampled_from(NAMES))),
    st.tuples(st.just("fold"), st.none()),
)
ENTRIES = "SELECT kind::text, key, subject_id, unit_id FROM search_entry"
SUBJECTS = """
    SELECT 'u', search_key, id, id FROM unit
    UNION ALL SELECT 'g', search_key, id, unit_id FROM chat_group
    UNION ALL SELECT 'p', search_key, id, unit_id FROM person
"""


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


@pytest.fixture
async def grove(place):
    return Grove(place, await place.account("admin"))


def turned(key: str) -> set[str]:
    """Every form of a name, beginning with each of its words."""
    words = [form.split(" ") for form in key.split("|")]
    return {" ".join(w[at:] + w[:at]) for w in words for at in range(len(w))}


async def holds(grove):
    """Hold counts and search entries against the rows themselves."""
    assert sorted(await grove.rows(TALLIED)) == sorted(await grove.rows(COUNTED))
    expected = {
        (kind, turn, subject, unit)
        for kind, key, subject, unit in await grove.rows(SUBJECTS)
        for turn in turned(key)
    }
    found = await grove.rows(ENTRIES)
    assert len(found) == len(set(found))
    assert set(found) == expected


class Life:
    """What may happen, each as the program does it or as one statement for many rows."""

    def __init__(self, grove):
        self.grove = grove
        self.console = record.part_of_the_system(grove.place.organisation, "console")

    async def happens(self, kind, what):
        await getattr(self, kind)(what)

    async def people(self, rows):
        text = "reference,unit_code,name\n" + "".join(f"p{n},{u},{name}\n" for n, u, name in rows)
        source = io.BytesIO(text.encode())
        await directory.import_file(self.grove.rt, Kind.PEOPLE, source, actor=self.console)

    async def groups(self, rows):
        text = "address,unit_code,name,purpose,channel\n" + "".join(
            f"g{n},{u},{name},{('public', 'internal')[n % 2]},whatsapp\n" for n, u, name in rows
        )
        source = io.BytesIO(text.encode())
        await directory.import_file(self.grove.rt, Kind.GROUPS, source, actor=self.console)

    async def move(self, units):
        came, goes = (self.grove.place.units[code] for code in units)
        await self.grove.rows(
            "UPDATE person SET unit_id = %s WHERE unit_id = %s RETURNING id", goes, came
        )

    async def erase(self, number):
        await self.grove.rows(
            "UPDATE person SET erased_at = now(), search_key = '-', reference = 'erased/' || id"
            " WHERE reference = %s RETURNING id",
            f"p{number}",
        )

    async def archive(self, number):
        await self.grove.rows(
            "UPDATE chat_group SET archived_at = CASE WHEN archived_at IS NULL THEN now() END"
            " WHERE address = %s RETURNING id",
            f"g{number}",
        )

    async def hang(self, units):
        code, under = units
        [(parent,)] = await self.grove.rows(
            "SELECT p.code FROM unit u JOIN unit p ON p.id = u.parent_id WHERE u.code = %s", code
        )
        if parent != under:
            await self.grove.move(code, under)

    async def rename(self, what):
        code, name = what
        await self.grove.rows(
            "UPDATE unit SET name_hi = %s, search_key = %s WHERE code = %s RETURNING id",
            name,
            search_key(name, "Unit"),
            code,
        )

    async def fold(self, _):
        await tallies.fold(self.grove.rt, self.grove.place.organisation)


async def test_counts_and_search_entries_always_equal_a_recount(grove):
    loop = asyncio.get_running_loop()
    life = Life(grove)

    async def lived(steps):
        for step in steps:
            await life.happens(*step)
        await holds(grove)
        assert await tallies.recount(grove.rt, grove.place.organisation) == 0

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(STEP, min_size=1, max_size=8))
    def always(steps):
        asyncio.run_coroutine_threadsafe(lived(steps), loop).result(60)

    await asyncio.to_thread(always)
    assert (await grove.rows("SELECT count(*) > 0 FROM unit_tally"))[0][0]


async def test_folding_changes_no_count_and_leaves_each_unit_one_row(grove):
    life = Life(grove)
    for number in range(5):
        await life.people([(number, "east-one", "राम लाल")])
    before = sorted(await grove.rows(TALLIED))
    assert await tallies.fold(grove.rt, grove.place.organisation) > 0
    assert sorted(await grove.rows(TALLIED)) == before
    assert await grove.rows("SELECT max(n) FROM (SELECT count(*) AS n FROM unit_tally"
                            " GROUP BY unit_id) AS t") == [(1,)]  # fmt: skip


async def test_a_wrong_count_is_found_put_right_and_told(grove, logged):
    life = Life(grove)
    await life.people([(1, "east-one", "राम लाल"), (2, "west", "Om")])
    east = grove.place.units["east"]
    await grove.rows("DELETE FROM unit_tally WHERE unit_id = %s RETURNING unit_id", east)
    assert await tallies.recount(grove.rt, grove.place.organisation) == 1
    await holds(grove)
    async with grove.place.transaction() as conn:
        *_, entry = await record.after(conn, 0)
    assert (entry.kind, entry.facts) == ("tally.mended", {"units": 1})
    assert "tally.differs" in logged.read_text()
    assert await tallies.recount(grove.rt, grove.place.organisation) == 0


PERSON_AT = (
    "INSERT INTO person (organisation_id, id, reference, unit_id, name, search_key, since)"
    " VALUES (current_organisation(), %s, %s, %s, 'A', 'a', now()) RETURNING id"
)
CONTACT_OF = (
    "INSERT INTO contact_point (organisation_id, person_id, channel, sealed, lookup, since)"
    " VALUES (current_organisation(), %s, 'phone', decode(repeat('00', 30), 'hex'),"
    " decode(repeat('00', 16), 'hex'), now()) RETURNING id"
)
CONSENT_OF = (
    "INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version,"
    " language, basis, proof, at) VALUES (current_organisation(), %s, 'messages', 'phone',"
    " 'given', '1', 'hi', 'paper', 'form', now()) RETURNING id"
)


async def test_nothing_points_at_a_unit_or_a_person_of_nobody_or_of_somebody_else(rt, grove):
    stranger = await an_organisation(rt, "dusra")
    theirs = await stranger.person("east")
    ours = await grove.place.person("east")
    broken = [
        (PERSON_AT, (new_id(), "r1", new_id())),
        (PERSON_AT, (new_id(), "r2", stranger.units["east"])),
        ("UPDATE person SET unit_id = %s WHERE id = %s RETURNING id", (new_id(), ours)),
        (
            "UPDATE person SET unit_id = %s WHERE id = %s RETURNING id",
            (stranger.units["east"], ours),
        ),
        *((sql, (id,)) for sql in (CONTACT_OF, CONSENT_OF) for id in (new_id(), theirs)),
    ]
    for sql, values in broken:
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            await grove.rows(sql, *values)
    for sql in (CONTACT_OF, CONSENT_OF):
        assert await grove.rows(sql, ours)


async def test_a_person_and_a_unit_stay_even_if_the_owner_deletes_them(grove, database):
    person = await grove.place.person("east", chat="c1")
    other = await grove.place.person("west")
    unit = grove.place.units["east"]
    attempts = [
        ("DELETE FROM person WHERE id = %s", (person,)),
        ("DELETE FROM unit WHERE id = %s", (unit,)),
        ("TRUNCATE person CASCADE", ()),
        ("TRUNCATE unit CASCADE", ()),
        ("UPDATE person SET id = gen_random_uuid() WHERE id = %s", (person,)),
        ("UPDATE unit SET id = gen_random_uuid() WHERE id = %s", (unit,)),
        ("UPDATE contact_point SET person_id = %s WHERE person_id = %s", (other, person)),
        ("UPDATE consent SET person_id = %s WHERE person_id = %s", (other, person)),
    ]
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        for sql, values in attempts:
            with pytest.raises(psycopg.errors.RestrictViolation):
                owner.execute(sql, values)


async def test_who_adds_somebody_holds_the_unit_until_the_end(grove):
    unit = grove.place.units["east"]
    held = "SELECT id FROM unit WHERE id = %s FOR UPDATE SKIP LOCKED"
    async with grove.place.transaction() as conn:
        await conn.execute(PERSON_AT, (new_id(), "r1", unit))
        assert await grove.rows(held, unit) == []
    assert await grove.rows(held, unit) == [(unit,)]
