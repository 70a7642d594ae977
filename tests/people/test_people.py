"""People: found by an address without opening any, shown masked, and their yes and no kept."""

import asyncio

import pytest

from chaupal import people
from chaupal.kit import db
from chaupal.kit.refusals import NotAllowed, NotFound, Refused
from chaupal.organisations import scope_of
from chaupal.people.models import ContactChannel, NewContact
from factories import an_organisation

PHONE = NewContact(ContactChannel.PHONE, "+911100000123")

MASKED = {
    "an Indian number": ("+911100000123", "+91 ••••• ••123"),
    "another country's": ("+9779841234567", "+••••• ••567"),
    "too short to be one": ("+12345", "+•••••"),
    "mail": ("asha.devi@example.invalid", "a•••@example.invalid"),
    "Matrix": ("@asha:example.invalid", "@•••:example.invalid"),
    "a chat": ("1234567890", "1•••"),
    "a chat of the sandbox": ("p:asha-devi", "p•••"),
    "a room": ("!secret:example.invalid", "!•••:example.invalid"),
    "a handle": ("@asha_devi", "@•••"),
    "hardly anything": ("ab", "•••"),
}


@pytest.mark.parametrize(("address", "shown"), MASKED.values(), ids=MASKED.keys())
def test_enough_is_shown_to_recognise_an_address_and_too_little_to_use_it(address, shown):
    assert people.masked(address) == shown


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


async def record_asha(rt, place, actor, **changes):
    return await people.record_person(
        rt,
        **{
            "reference": "m-1",
            "unit": place.units["east"],
            "name": "आशा",
            "language": "hi",
            "contacts": [PHONE],
            "actor": actor,
            **changes,
        },
    )


async def test_somebody_is_found_by_an_address_that_nobody_can_read(rt, place, database):
    actor = await place.account("admin")
    asha = await record_asha(rt, place, actor)
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, actor)
        assert await people.find(rt, conn, PHONE, scope=scope) == asha
        other = NewContact(ContactChannel.PHONE, "+911100000124")
        assert await people.find(rt, conn, other, scope=scope) is None
        shown = await people.contacts_of(
            rt.sealer, conn, [asha.id], organisation=place.organisation
        )
        assert shown[asha.id] == [people.MaskedContact(ContactChannel.PHONE, "+91 ••••• ••123")]
        cursor = await conn.execute("SELECT contact_point::text FROM contact_point")
        [(row,)] = await cursor.fetchall()
    assert "1100000123" not in row
    assert PHONE.address not in repr(PHONE)


async def test_people_are_found_only_within_the_scope(rt, place):
    admin = await place.account("admin")
    neighbour = await place.account("neighbour", at="west", role="coordinator")
    asha = await record_asha(rt, place, admin)
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, neighbour)
        assert await people.find(rt, conn, PHONE, scope=scope) is None
        assert await people.person(conn, asha.id, scope=scope) is None
        assert await people.person_page(conn, scope=scope) == []
    with pytest.raises(NotFound):
        await record_asha(rt, place, neighbour, reference="m-2", contacts=[])
    coordinator = await place.account("coordinator", at="east", role="coordinator")
    with pytest.raises(NotAllowed):
        await record_asha(rt, place, coordinator, reference="m-2", contacts=[])


async def test_another_organisation_finds_nobody(rt, place):
    asha = await record_asha(rt, place, await place.account("admin"))
    other = await an_organisation(rt, "dusra")
    theirs = await other.account("admin")
    async with other.transaction() as conn:
        scope = await scope_of(rt, conn, theirs)
        assert await people.find(rt, conn, PHONE, scope=scope) is None
        assert await people.person(conn, asha.id, scope=scope) is None
        assert await people.person_page(conn, scope=scope) == []


async def test_an_address_belongs_to_one_person_however_they_race(rt, place):
    actor = await place.account("admin")
    ended = await asyncio.gather(
        *(record_asha(rt, place, actor, reference=f"m-{n}") for n in range(4)),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ended) == ["Person", *["Refused"] * 3]
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, actor)
        assert len(await people.person_page(conn, scope=scope)) == 1, "the refused left nothing"
    with pytest.raises(Refused, match="reference_taken"):
        reference = next(end.reference for end in ended if not isinstance(end, Exception))
        await record_asha(rt, place, actor, reference=reference, contacts=[])


async def test_pages_follow_each_other_and_miss_nobody(rt, place):
    made = {await place.person("east-one") for _ in range(7)}
    actor = await place.account("admin")
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, actor)
        seen, after = [], None
        while page := await people.person_page(conn, scope=scope, after=after, limit=3):
            seen += [person.id for person in page]
            after = seen[-1]
    assert len(seen) == 7
    assert set(seen) == made


async def test_the_ledger_can_only_be_added_to(rt, place):
    async with db.transaction(rt.pool, place.organisation) as conn:
        cursor = await conn.execute(
            "SELECT has_table_privilege(current_user, 'consent', 'UPDATE'),"
            " has_table_privilege(current_user, 'consent', 'DELETE')"
        )
        assert await cursor.fetchone() == (False, False)
