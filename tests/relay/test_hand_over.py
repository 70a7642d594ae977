"""An office goes from one holder to the next, and its open tasks go along."""

from datetime import UTC, datetime, timedelta

import pytest

from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Gone
from chaupal.organisations.offices import NewTerm, terms
from chaupal.organisations.offices import queries as offices
from chaupal.organisations.offices.actions import today
from chaupal.people.holding import person_holder
from chaupal.relay import actions, jobs
from relaying import Bazaar

DAY = timedelta(days=1)


@pytest.fixture
async def bazaar(bazaar: Bazaar, clock) -> Bazaar:
    clock.at = datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
    return bazaar


def key() -> str:
    return str(new_id())


async def asked_as_holder(bazaar, at="east-one"):
    """A group without admins, whose task waits for the holder of an office."""
    person = await bazaar.place.person("east-one", chat="c:old")
    office = await bazaar.place.post(at, person=person)
    await bazaar.group("east-one")
    await bazaar.tasked()
    return person, office


async def hand_over(bazaar, office, person, *, on=None):
    return await terms.hand_over(
        bazaar.rt,
        office,
        person_holder(person),
        NewTerm(on or today(bazaar.rt)),
        key=key(),
        actor=bazaar.author,
    )


async def swept(bazaar) -> int:
    return await jobs.hand_over(bazaar.rt, bazaar.organisation)


async def waiting(bazaar):
    """Who is asked now."""
    return {
        row[0]
        for row in await bazaar.rows(
            "SELECT person_id FROM relay_assignment WHERE handed_over_at IS NULL"
        )
    }


async def test_open_tasks_go_to_the_next_holder_who_is_told_with_a_link_of_their_own(
    bazaar, post, clock
):
    await bazaar.place.sender(endpoint=post.url)
    old, office = await asked_as_holder(bazaar)
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    new = await bazaar.place.person("east-two", chat="c:new")
    assert await swept(bazaar) == 0

    await hand_over(bazaar, office, new)
    assert await swept(bazaar) == 1
    assert await swept(bazaar) == 0

    before, after = await bazaar.assignments()
    assert (before.person_id, before.telling) == (old, "needless")
    assert (after.person_id, after.telling, after.step) == (new, "queued", before.step)
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    assert [message["chat_id"] for message in post.taken] == ["c:old", "c:new"]
    shown = await actions.open_page(bazaar.rt, await bazaar.token(after))
    assert shown.text
    with pytest.raises(Gone, match=r"relay\.handed_over") as gone:
        await actions.open_page(bazaar.rt, await bazaar.token(before))
    assert gone.value.facts == {
        "title_hi": "दायित्व, इकाई east-one",
        "title_en": "Post, Unit east-one",
    }


async def test_a_hand_over_of_tomorrow_moves_nothing_today(bazaar, clock):
    old, office = await asked_as_holder(bazaar)
    new = await bazaar.place.person("east-one")
    await hand_over(bazaar, office, new, on=today(bazaar.rt) + DAY)
    assert await swept(bazaar) == 0
    assert await waiting(bazaar) == {old}

    clock.at = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # midnight in India
    assert await swept(bazaar) == 1
    assert await waiting(bazaar) == {new}


async def test_a_hand_over_that_is_taken_back_gives_the_task_back_with_its_old_link(bazaar):
    old, office = await asked_as_holder(bazaar)
    new = await bazaar.place.person("east-one")
    term = await hand_over(bazaar, office, new)
    await swept(bazaar)
    await terms.take_back(bazaar.rt, office, term, key=key(), actor=bazaar.author)
    assert await swept(bazaar) == 1

    assert await waiting(bazaar) == {old}
    mine, theirs = await bazaar.assignments()
    assert (mine.person_id, mine.telling, theirs.telling) == (old, "queued", "needless")
    assert (await actions.open_page(bazaar.rt, await bazaar.token(mine))).text


async def test_a_vacant_office_sends_its_tasks_one_up_at_once(bazaar):
    _, office = await asked_as_holder(bazaar)
    above = await bazaar.place.person("east")
    await bazaar.post(above, "east")
    async with bazaar.place.transaction() as conn:
        [term] = await offices.terms(conn, office)
    await terms.end_term(
        bazaar.rt, office, term.id, today(bazaar.rt), key=key(), actor=bazaar.author
    )

    await swept(bazaar)
    await jobs.escalate(bazaar.rt, bazaar.organisation)

    assert await waiting(bazaar) == {above}
    before, _ = await bazaar.assignments()
    with pytest.raises(Gone, match=r"relay\.passed_on"):
        await actions.open_page(bazaar.rt, await bazaar.token(before))


async def test_what_was_posted_stays_with_whoever_posted_it(bazaar):
    old, office = await asked_as_holder(bazaar)
    [assignment] = await bazaar.assignments()
    token = await bazaar.token(assignment)
    await actions.posted(bazaar.rt, token)
    await bazaar.projected()
    await hand_over(bazaar, office, await bazaar.place.person("east-one"))
    assert await swept(bazaar) == 0
    assert await waiting(bazaar) == {old}
    assert (await actions.open_page(bazaar.rt, token)).posted_at


async def test_posted_by_a_former_holder_still_counts(bazaar):
    _, office = await asked_as_holder(bazaar)
    [assignment] = await bazaar.assignments()
    await hand_over(bazaar, office, await bazaar.place.person("east-one"))
    await swept(bazaar)
    await actions.posted(bazaar.rt, await bazaar.token(assignment))
    await bazaar.projected()
    assert await bazaar.delivery(bazaar.groups[0]) == ("sent", 4)


async def test_an_admin_keeps_the_task_of_their_group_whatever_office_they_lose(bazaar):
    person = await bazaar.place.person("east-one")
    office = await bazaar.place.post("east-one", person=person)
    await bazaar.group("east-one", person)
    await bazaar.tasked()
    await hand_over(bazaar, office, await bazaar.place.person("east-one"))
    assert await swept(bazaar) == 0
    assert await waiting(bazaar) == {person}


async def test_who_lost_one_office_is_asked_again_as_the_holder_of_another(bazaar):
    person, office = await asked_as_holder(bazaar)
    await bazaar.post(person, "east")
    async with bazaar.place.transaction() as conn:
        [term] = await offices.terms(conn, office)
    await terms.end_term(
        bazaar.rt, office, term.id, today(bazaar.rt), key=key(), actor=bazaar.author
    )
    await swept(bazaar)
    assert await waiting(bazaar) == set()
    await jobs.escalate(bazaar.rt, bazaar.organisation)
    assert await waiting(bazaar) == {person}


async def test_a_reminder_goes_to_the_holder_of_today(bazaar, post, clock):
    await bazaar.place.sender(endpoint=post.url)
    _, office = await asked_as_holder(bazaar)
    new = await bazaar.place.person("east-one", chat="c:new")
    term = await hand_over(bazaar, office, new)
    await swept(bazaar)
    await terms.take_back(bazaar.rt, office, term, key=key(), actor=bazaar.author)
    await swept(bazaar)
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    clock.at += timedelta(minutes=31)
    await jobs.escalate(bazaar.rt, bazaar.organisation)
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    assert [message["chat_id"] for message in post.taken] == ["c:old", "c:old"]


async def test_all_tasks_of_an_office_go_along(bazaar):
    old = await bazaar.place.person("east-one")
    office = await bazaar.place.post("east-one", person=old)
    for _ in range(30):
        await bazaar.group("east-one")
    await bazaar.tasked()
    new = await bazaar.place.person("east-one")
    await hand_over(bazaar, office, new)
    assert await swept(bazaar) == 30
    assert {a.person_id for a in await bazaar.assignments() if a.telling == "queued"} == {new}
