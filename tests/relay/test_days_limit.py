"""Whoever is told of a task is somebody that a portfolio wrote to."""

from datetime import UTC, datetime, timedelta

import pytest

from chaupal.broadcasts import portfolios
from chaupal.broadcasts.portfolios import DAY
from chaupal.relay import jobs


@pytest.fixture(autouse=True)
def _morning(clock):
    clock.at = datetime(2026, 3, 2, 3, tzinfo=UTC)


@pytest.fixture
async def limited(bazaar, post):
    """Ten groups with an admin each, and one sender that may write to five people a day."""
    sender = await bazaar.place.sender(endpoint=post.url)
    await bazaar.rows(
        "UPDATE sender SET portfolio = 'p1', daily_limit = 5 WHERE id = %s RETURNING 1", sender
    )
    for number in range(10):
        await bazaar.group("east-one", await bazaar.place.person("east-one", chat=f"p:{number}"))
    return sender


async def told(bazaar) -> dict[str, int]:
    rows = await bazaar.rows("SELECT telling::text, count(*) FROM relay_assignment GROUP BY 1")
    return dict(rows)


async def test_whoever_is_told_of_a_task_counts_in_the_day_of_the_portfolio(bazaar, post, limited):
    await bazaar.rows("UPDATE sender SET daily_limit = 20 WHERE id = %s RETURNING 1", limited)
    await bazaar.tasked()
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 10
    people = {assignment.person_id for assignment in await bazaar.assignments()}
    counted = await bazaar.rows("SELECT portfolio, person_id FROM portfolio_person")
    assert {person for _, person in counted} == people
    assert await bazaar.rows("SELECT name, people FROM portfolio") == [("p1", 10)]

    strangers = [await bazaar.place.person("east-one") for _ in range(10)]
    async with bazaar.place.transaction() as conn:
        one = await portfolios.allowance(conn, limited)
        await portfolios.lock(conn, "p1")
        admitted = await portfolios.admit(
            conn, "p1", strangers, limit=one.people, now=bazaar.rt.now()
        )
    assert admitted == set(strangers[:6]), "of sixteen, ten are taken"


async def test_no_more_people_are_told_than_the_day_holds_and_the_rest_are_told_later(
    bazaar, post, limited, clock
):
    await bazaar.tasked(expires_at=bazaar.rt.now() + timedelta(days=3))
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 5
    assert await told(bazaar) == {"told": 5, "queued": 5}
    assert len({message["chat_id"] for message in post.taken}) == 5
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 0, "not at once again"

    clock.at += DAY
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 5
    assert await told(bazaar) == {"told": 10}
    assert len({message["chat_id"] for message in post.taken}) == 10


async def test_a_day_that_a_broadcast_filled_has_its_fifth_left_for_those_who_are_told(
    bazaar, post, limited
):
    strangers = [await bazaar.place.person("east-one") for _ in range(9)]
    async with bazaar.place.transaction() as conn:
        one = await portfolios.allowance(conn, limited)
        await portfolios.lock(conn, "p1")
        admitted = await portfolios.admit(
            conn, "p1", strangers, limit=one.people, now=bazaar.rt.now()
        )
    assert len(admitted) == 4
    await bazaar.tasked()
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 1


async def test_a_second_message_to_somebody_who_counts_already_takes_no_room(
    bazaar, post, limited, clock
):
    asha = await bazaar.place.person("east-two", chat="p:asha")
    await bazaar.rows("UPDATE group_admin SET person_id = %s RETURNING 1", asha)
    await bazaar.tasked()
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 10
    clock.at += timedelta(hours=1)
    await bazaar.tasked()
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 10
    assert await bazaar.rows("SELECT people FROM portfolio") == [(1,)]


async def test_a_sender_without_a_days_limit_counts_nobody(bazaar, post):
    await bazaar.place.sender(endpoint=post.url)
    await bazaar.group("east-one", await bazaar.place.person("east-one", chat="p:1"))
    await bazaar.tasked()
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 1
    assert await bazaar.rows("SELECT 1 FROM portfolio") == []
