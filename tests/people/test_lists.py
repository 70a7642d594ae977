"""Lists of people: unit by unit, each once from page to page, counted, narrowed, within scope."""

from datetime import date

import pytest

from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Refused
from chaupal.organisations import scope_of
from chaupal.people import ContactChannel, Purpose, pages
from chaupal.people.pages import ConsentState, PersonFilter
from factories import an_organisation

TODAY = date(2026, 11, 24)
EVERYBODY = PersonFilter()


@pytest.fixture
async def place(rt):
    place = await an_organisation(rt)
    await place.category("farmers")
    return place


async def listed(place, actor, filter=EVERYBODY, *, size=100, **more):
    """The whole list, page by page, with what it says to be its length."""
    found, after = [], None
    async with place.transaction() as conn:
        scope = await scope_of(place.rt, conn, actor)
        total = await pages.total(conn, scope=scope, filter=filter, today=TODAY, **more)
        while True:
            lines = await pages.person_page(
                conn, scope=scope, filter=filter, after=after, limit=size, today=TODAY
            )
            found += lines
            if len(lines) < size:
                return found, total
            after = lines[-1].id


async def test_the_list_goes_unit_by_unit_and_lists_everybody_once(place):
    for at in ("east-two", "state", "west-one", "east-one", "east-one", "east-two", "east-one"):
        await place.person(at)
    admin = await place.account("admin")

    found, total = await listed(place, admin, size=2)

    assert total == len(found) == len({line.id for line in found}) == 7
    assert [(line.unit_path, line.name, line.id) for line in found] == sorted(
        (line.unit_path, line.name, line.id) for line in found
    )


async def test_a_list_holds_only_what_is_within_the_scope_and_the_unit(place):
    here, below = await place.person("east"), await place.person("east-one")
    there = await place.person("west-one")
    coordinator = await place.account("asha", at="east", role="coordinator")
    bearer = await place.account("bearer", at="east", role="office_bearer")

    found, total = await listed(place, coordinator)
    of_unit, of_unit_total = await listed(
        place, coordinator, PersonFilter(unit=place.units["east-one"])
    )
    of_another, _ = await listed(place, coordinator, PersonFilter(unit=place.units["west-one"]))
    from_above, _ = await listed(place, coordinator, PersonFilter(unit=place.units["state"]))

    assert ([line.id for line in found], total) == ([here, below], 2)
    assert ([line.id for line in of_unit], of_unit_total) == ([below], 1)
    assert of_another == []
    assert [line.id for line in from_above] == [here, below]
    assert await listed(place, bearer) == ([], 0)
    assert there not in {line.id for line in found}


async def test_each_condition_narrows_the_list_and_its_count(place):
    english = await place.person("east-one", language="en")
    holder = await place.person("east-one")
    await place.post("east-one", person=holder, role="office_bearer")
    agreed = await place.person("east-one", chat="c:1")
    member = await place.person("east-one")
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO membership (organisation_id, category_key, person_id, since, basis)"
            " VALUES (current_organisation(), 'farmers', %s, '2026-01-01', 'paper')",
            (member,),
        )
    admin = await place.account("admin")
    sandbox = {"purpose": Purpose.COORDINATION, "channel": ContactChannel.SANDBOX}

    for filter, expected in (
        (PersonFilter(language="en"), {english}),
        (PersonFilter(in_office=True), {holder}),
        (PersonFilter(category="farmers"), {member}),
        (PersonFilter(consent=ConsentState.GIVEN, **sandbox), {agreed}),
        (PersonFilter(consent=ConsentState.NONE, **sandbox), {english, holder, member}),
        (PersonFilter(consent=ConsentState.WITHDRAWN, **sandbox), set()),
        (PersonFilter(without_address=True), {english, holder, member}),
        (PersonFilter(consent=ConsentState.GIVEN), {english, holder, agreed, member}),
    ):
        found, total = await listed(place, admin, filter)
        assert ({line.id for line in found}, total) == (expected, len(expected)), filter


async def test_the_newest_act_of_consent_is_what_a_list_goes_by(place):
    person = await place.person("east-one", chat="c:1")
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO consent (organisation_id, person_id, purpose, channel, act,"
            " notice_version, language, basis, proof, at) VALUES (current_organisation(), %s,"
            " 'coordination', 'sandbox', 'withdrawn', '', 'hi', 'desk', 'said so', now())",
            (person,),
        )
    admin = await place.account("admin")
    sandbox = {"purpose": Purpose.COORDINATION, "channel": ContactChannel.SANDBOX}

    given, _ = await listed(place, admin, PersonFilter(consent=ConsentState.GIVEN, **sandbox))
    gone, _ = await listed(place, admin, PersonFilter(consent=ConsentState.WITHDRAWN, **sandbox))

    assert (given, [line.id for line in gone]) == ([], [person])


async def test_the_erased_are_in_no_list(place):
    person = await place.person("east-one")
    async with place.transaction() as conn:
        await conn.execute("UPDATE person SET erased_at = now() WHERE id = %s", (person,))

    assert await listed(place, await place.account("admin")) == ([], 0)


async def test_a_count_with_conditions_stops_at_its_bound(place):
    for _ in range(6):
        await place.person("east-one")

    hindi, admin = PersonFilter(language="hi"), await place.account("admin")
    _, total = await listed(place, admin, hindi, counted_to=3)

    assert total == 4


async def test_a_page_behind_somebody_who_is_gone_begins_anew(place):
    person = await place.person("east-one")
    admin = await place.account("admin")
    async with place.transaction() as conn:
        scope = await scope_of(place.rt, conn, admin)
        found = await pages.person_page(conn, scope=scope, after=new_id(), today=TODAY)

    assert [line.id for line in found] == [person]


async def test_a_filter_that_looks_for_too_long_is_refused_as_too_wide(place):
    with pytest.raises(Refused) as refusal:
        async with (
            place.transaction() as conn,
            pages.for_a_while(conn, PersonFilter(language="hi")),
        ):
            [limit] = await (await conn.execute("SHOW statement_timeout")).fetchone()
            assert limit == f"{pages.LOOKED_FOR_S}s"
            await conn.execute("SELECT pg_cancel_backend(pg_backend_pid())")

    assert refusal.value.code == "people.filter_too_wide"


async def test_what_follows_a_filter_may_take_its_time(place):
    async with place.transaction() as conn:
        async with pages.for_a_while(conn, PersonFilter(language="hi")):
            pass
        [limit] = await (await conn.execute("SHOW statement_timeout")).fetchone()

    assert limit == "0"
