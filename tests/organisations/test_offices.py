"""Offices, the terms in them, vacancies and hand-over: what is refused, and what follows."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from chaupal import record
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.organisations import Right, scope_of
from chaupal.organisations.models import Role
from chaupal.organisations.offices import NewTerm, Titles, actions, pages, queries, terms
from chaupal.organisations.offices.terms import account_holder
from chaupal.people.holding import person_holder
from factories import Place, an_organisation

TODAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
CONVENOR = Titles("ज़िला संयोजक", "District Convenor")


@pytest.fixture
async def place(rt, clock) -> Place:
    clock.at = NOON
    return await an_organisation(rt)


@pytest.fixture
async def asha(place):
    return await place.account("asha")


def key() -> str:
    return str(new_id())


async def an_office(rt, place, actor, at="east-one", *, role=Role.COORDINATOR, since=TODAY):
    unit = place.units[at]
    return await actions.create(rt, unit, role, CONVENOR, since=since, key=key(), actor=actor)


async def held(rt, place, actor, who, at="east-one", *, since=TODAY, **changes):
    office = await an_office(rt, place, actor, at, since=since, **changes)
    term = await terms.appoint(
        rt, office, person_holder(who), NewTerm(since), key=key(), actor=actor
    )
    return office, term


async def member(place, login, at="east-one"):
    """A person with an account of their own."""
    person = await place.person(at)
    actor = await place.account(login, at=at, role="office_bearer")
    async with place.transaction() as conn:
        await conn.execute("UPDATE account SET person_id = %s WHERE id = %s", (person, actor.id))
    return person, actor


async def reach(rt, place, actor, right=Right.VIEW):
    async with place.transaction() as conn:
        return (await scope_of(rt, conn, actor)).paths(right)


async def history(place, office):
    async with place.transaction() as conn:
        return await queries.terms(conn, office)


async def listed(rt, place, actor, **asked):
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, actor)
        given = {
            "below": "/", "rank": None, "vacant": False, "ending_by": None, "today": TODAY,
            "after": None, "limit": 50, **asked,
        }  # fmt: skip
        return await pages.office_page(conn, scope=scope, **given)


async def kinds(place):
    async with place.transaction() as conn:
        return [entry.kind for entry in await record.after(conn, 0)]


async def test_an_appointment_gives_the_scope_at_once_and_its_end_takes_it_at_once(rt, place, asha):
    person, mohan = await member(place, "mohan")
    office = await an_office(rt, place, asha)
    assert await reach(rt, place, mohan) == []

    term = await terms.appoint(
        rt, office, person_holder(person), NewTerm(TODAY - 0 * DAY), key=key(), actor=asha
    )
    assert await reach(rt, place, mohan) == [place.paths["east-one"]]

    with pytest.raises(Refused, match=r"term\.begins_that_day"):
        await terms.end_term(rt, office, term, TODAY, key=key(), actor=asha)
    await terms.take_back(rt, office, term, key=key(), actor=asha)
    assert await reach(rt, place, mohan) == []
    assert [t.taken_back for t in await history(place, office)] == [True]


async def test_a_hand_over_moves_the_scope_from_one_to_the_next_on_its_day(rt, place, asha, clock):
    (out, old), (into, new) = await member(place, "old"), await member(place, "new", "east-two")
    office, _ = await held(rt, place, asha, out, since=TODAY - 90 * DAY)
    tomorrow = TODAY + DAY

    await terms.hand_over(rt, office, person_holder(into), NewTerm(tomorrow), key=key(), actor=asha)

    path = [place.paths["east-one"]]
    assert (await reach(rt, place, old), await reach(rt, place, new)) == (path, [])
    clock.at = datetime(2026, 3, 10, 18, 29, tzinfo=UTC)
    assert (await reach(rt, place, old), await reach(rt, place, new)) == (path, [])
    clock.at = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # midnight in India
    assert (await reach(rt, place, old), await reach(rt, place, new)) == ([], path)
    assert [(t.since, t.until) for t in await history(place, office)] == [
        (tomorrow, None), (TODAY - 90 * DAY, TODAY),
    ]  # fmt: skip
    assert (await kinds(place)).count("post.handed_over") == 1


async def test_a_hand_over_of_today_can_be_taken_back_and_one_of_yesterday_cannot(
    rt, place, asha, clock
):
    (out, old), (into, new) = await member(place, "old"), await member(place, "new")
    office, _ = await held(rt, place, asha, out, since=TODAY - 9 * DAY)
    term = await terms.hand_over(
        rt, office, person_holder(into), NewTerm(TODAY), key=key(), actor=asha
    )
    path = [place.paths["east-one"]]
    assert (await reach(rt, place, old), await reach(rt, place, new)) == ([], path)

    await terms.take_back(rt, office, term, key=key(), actor=asha)
    assert (await reach(rt, place, old), await reach(rt, place, new)) == (path, [])

    term = await terms.hand_over(
        rt, office, person_holder(into), NewTerm(TODAY), key=key(), actor=asha
    )
    clock.at = NOON + DAY
    with pytest.raises(Refused, match=r"term\.too_late_to_take_back"):
        await terms.take_back(rt, office, term, key=key(), actor=asha)


async def test_a_hand_over_sent_twice_happens_once(rt, place, asha):
    out, into = await place.person("east-one"), await place.person("east-one")
    office, _ = await held(rt, place, asha, out, since=TODAY - 9 * DAY)
    same = key()
    first, second = [
        await terms.hand_over(rt, office, person_holder(into), NewTerm(TODAY), key=same, actor=asha)
        for _ in range(2)
    ]
    assert first == second
    assert len(await history(place, office)) == 2


async def test_two_who_appoint_at_once_fill_the_seat_once(rt, place, asha):
    office = await an_office(rt, place, asha)
    people = [await place.person("east-one") for _ in range(4)]
    done = await asyncio.gather(
        *(
            terms.appoint(rt, office, person_holder(p), NewTerm(TODAY), key=key(), actor=asha)
            for p in people
        ),
        return_exceptions=True,
    )
    assert sorted(getattr(d, "code", "") for d in done) == ["", *["office.held"] * 3]


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewTerm(TODAY), "office.held"),
        (NewTerm(TODAY - 30 * DAY, TODAY - 5 * DAY), "office.held"),
        (NewTerm(TODAY - 60 * DAY, TODAY - 55 * DAY), "term.before_the_office"),
        (NewTerm(TODAY, TODAY - DAY), "term.ends_before_it_begins"),
        (NewTerm(TODAY + 9000 * DAY), "term.day_too_far"),
    ],
)
async def test_a_term_that_the_rules_do_not_allow_is_refused(rt, place, asha, new, code):
    person = await place.person("east-one")
    office, _ = await held(rt, place, asha, person, since=TODAY - 20 * DAY)
    with pytest.raises(Refused) as refusal:
        await terms.appoint(rt, office, person_holder(person), new, key=key(), actor=asha)
    assert refusal.value.code == code


async def test_a_term_may_not_reach_into_the_next_one(rt, place, asha):
    one, two = await place.person("east-one"), await place.person("east-one")
    office, term = await held(rt, place, asha, one, since=TODAY - 20 * DAY)
    await terms.end_term(rt, office, term, TODAY + 5 * DAY, key=key(), actor=asha)
    later = NewTerm(TODAY + 10 * DAY, TODAY + 20 * DAY)
    await terms.appoint(rt, office, person_holder(two), later, key=key(), actor=asha)

    with pytest.raises(Refused, match=r"term\.overlaps"):
        await terms.extend(rt, office, term, None, key=key(), actor=asha)
    with pytest.raises(Refused, match=r"term\.not_longer"):
        await terms.extend(rt, office, term, TODAY, key=key(), actor=asha)
    await terms.extend(rt, office, term, TODAY + 9 * DAY, key=key(), actor=asha)
    assert (await history(place, office))[1].until == TODAY + 9 * DAY


async def test_the_table_itself_allows_no_two_holders_on_one_day(rt, place, asha):
    person = await place.person("east-one")
    office, _ = await held(rt, place, asha, person, since=TODAY - 20 * DAY)
    with pytest.raises(psycopg.errors.ExclusionViolation):
        async with place.transaction() as conn:
            await queries.begin_term(
                conn, new_id(), office, person_id=person, account_id=None, since=TODAY,
                until=TODAY, follows_id=None, now=rt.now(),
            )  # fmt: skip


async def test_nobody_gives_a_right_or_a_unit_that_they_do_not_hold(rt, place, asha):
    person = await place.person("west-one")
    east = await place.account("east", at="east")
    coordinator = await place.account("ravi", at="east", role="coordinator")
    west = await an_office(rt, place, asha, "west-one")
    here = await an_office(rt, place, asha, "east-one")

    with pytest.raises(NotFound, match=r"office\.not_found"):
        await terms.appoint(rt, west, person_holder(person), NewTerm(TODAY), key=key(), actor=east)
    with pytest.raises(NotFound, match=r"person\.not_found"):
        await terms.appoint(rt, here, person_holder(person), NewTerm(TODAY), key=key(), actor=east)
    with pytest.raises(NotFound, match=r"person\.not_found"):
        unknown = person_holder(new_id())
        await terms.appoint(rt, here, unknown, NewTerm(TODAY), key=key(), actor=east)
    with pytest.raises(NotAllowed, match=r"access\.not_allowed"):
        await an_office(rt, place, coordinator, "east-one")
    with pytest.raises(NotFound, match=r"unit\.not_found"):
        await an_office(rt, place, east, "state")


async def test_nobody_lengthens_their_own_rights(rt, place, asha):
    person, east = await member(place, "east", "east")
    office = await an_office(rt, place, asha, "east", role=Role.ADMINISTRATOR)
    own = NewTerm(TODAY, TODAY + 30 * DAY)
    term = await terms.appoint(rt, office, person_holder(person), own, key=key(), actor=asha)
    below = await an_office(rt, place, east, "east-one")

    with pytest.raises(NotAllowed, match=r"term\.longer_than_own"):
        await terms.extend(rt, office, term, None, key=key(), actor=east)
    for new in (NewTerm(TODAY), NewTerm(TODAY, TODAY + 31 * DAY)):
        with pytest.raises(NotAllowed, match=r"term\.longer_than_own"):
            await terms.appoint(rt, below, person_holder(person), new, key=key(), actor=east)
    await terms.appoint(rt, below, person_holder(person), own, key=key(), actor=east)
    await terms.extend(rt, office, term, TODAY + 60 * DAY, key=key(), actor=asha)


async def test_the_last_administrator_at_the_root_stays_until_another_can_sign_in(rt, place, asha):
    async with place.transaction() as conn:
        [(office,)] = await (await conn.execute("SELECT id FROM office")).fetchall()
    [term] = await history(place, office)
    stranger = await place.person("state")
    successor, ravi = await member(place, "ravi", "state")

    with pytest.raises(Refused, match=r"office\.last_administrator"):
        await terms.end_term(rt, office, term.id, TODAY + 5 * DAY, key=key(), actor=asha)
    with pytest.raises(Refused, match=r"office\.last_administrator"):
        await terms.hand_over(
            rt, office, person_holder(stranger), NewTerm(TODAY), key=key(), actor=asha
        )
    assert (await history(place, office)) == [term]
    await terms.hand_over(
        rt, office, person_holder(successor), NewTerm(TODAY), key=key(), actor=asha
    )
    assert await reach(rt, place, asha) == []
    assert await reach(rt, place, ravi, Right.MANAGE) == [place.paths["state"]]


async def test_staff_hold_offices_by_their_account(rt, place, asha):
    office = await an_office(rt, place, asha)
    staff = await place.account("desk", at="east", role="office_bearer")
    holder = account_holder(rt, staff.id)
    await terms.appoint(rt, office, holder, NewTerm(TODAY), key=key(), actor=asha)
    assert await reach(rt, place, staff) == [place.paths["east-one"]]

    west = await place.account("west", at="west")
    other = await an_office(rt, place, asha, "west-one")
    with pytest.raises(NotFound, match=r"account\.not_found"):
        await terms.appoint(rt, other, holder, NewTerm(TODAY), key=key(), actor=west)


async def test_an_abolished_office_takes_nobody_and_can_be_reinstated(rt, place, asha):
    person = await place.person("east-one")
    office, term = await held(rt, place, asha, person, since=TODAY - 5 * DAY)
    with pytest.raises(Refused, match=r"office\.held"):
        await actions.abolish(rt, office, key=key(), actor=asha)
    await terms.end_term(rt, office, term, TODAY, key=key(), actor=asha)
    await actions.abolish(rt, office, key=key(), actor=asha)
    again = (rt, office, person_holder(person), NewTerm(TODAY))
    with pytest.raises(Refused, match=r"office\.abolished"):
        await terms.appoint(*again, key=key(), actor=asha)
    assert office not in [line.id for line in await listed(rt, place, asha)]
    await actions.reinstate(rt, office, key=key(), actor=asha)
    await terms.appoint(*again, key=key(), actor=asha)


async def test_a_new_title_leaves_terms_that_are_over_as_they_were(rt, place, asha):
    one, two = await place.person("east-one"), await place.person("east-one")
    office, _ = await held(rt, place, asha, one, since=TODAY - 9 * DAY)
    await terms.hand_over(rt, office, person_holder(two), NewTerm(TODAY), key=key(), actor=asha)
    await actions.retitle(rt, office, Titles("प्रभारी", "In charge"), key=key(), actor=asha)
    async with place.transaction() as conn:
        rows = await conn.execute(
            "SELECT title_en FROM post WHERE office_id = %s ORDER BY since", (office,)
        )
        assert await rows.fetchall() == [("District Convenor",), ("In charge",)]


@pytest.mark.parametrize("titles", [("", "x"), ("x", " "), ("x", "x" * 301)])
def test_an_office_has_a_title_in_both_languages(titles):
    with pytest.raises(Invalid, match=r"office\.title_length"):
        Titles(*titles)


async def test_vacancies_and_endings_are_listed_within_scope_page_by_page(rt, place, asha):
    people = [await place.person("east-one") for _ in range(3)]
    empty = [await an_office(rt, place, asha, at) for at in ("west-one", "east-two", "east-one")]
    ending, _ = await held(rt, place, asha, people[0], "east-two", since=TODAY - 40 * DAY)
    [term] = await history(place, ending)
    await terms.end_term(rt, ending, term.id, TODAY + 30 * DAY, key=key(), actor=asha)
    left, gone = await held(rt, place, asha, people[1], "east-one", since=TODAY - 40 * DAY)
    await terms.end_term(rt, left, gone, TODAY - 9 * DAY, key=key(), actor=asha)
    east = await place.account("east", at="east")

    vacant = await listed(rt, place, asha, vacant=True)
    assert {line.id for line in vacant} == {*empty, left}
    assert [line.unit_path for line in vacant] == sorted(line.unit_path for line in vacant)
    assert {line.id: line.vacant_since for line in vacant}[left] == TODAY - 9 * DAY
    assert {line.id for line in await listed(rt, place, east, vacant=True)} == {*empty[1:], left}
    soon = await listed(rt, place, asha, ending_by=TODAY + 30 * DAY)
    assert [line.id for line in soon] == [ending]

    found, after = [], None
    while batch := await listed(rt, place, asha, after=after, limit=2):
        found += [line.id for line in batch]
        after = pages.After(batch[-1].unit_path, batch[-1].title_hi, batch[-1].id)
    everything = await listed(rt, place, asha)
    assert found == [line.id for line in everything]
    async with place.transaction() as conn:
        counts = await pages.office_counts(
            conn,
            scope=await scope_of(rt, conn, asha),
            below="/",
            ending_by=TODAY + 30 * DAY,
            today=TODAY,
        )
    assert (counts.offices, counts.vacant, counts.ending) == (len(everything), 4, 1)
