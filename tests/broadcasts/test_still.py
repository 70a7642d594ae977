"""What the law keeps still is not claimed, says why it waits, and goes on when that is over."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.errors import CheckViolation

from chaupal.broadcasts import deliveries, held, jobs, report
from chaupal.broadcasts.audience import Everyone
from chaupal.kit.ids import new_id
from chaupal.law import freezes, polls
from lawful import entered, stopped

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEASE = timedelta(minutes=1)
LIFE = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


async def claim(stage, *, now=None):
    """The states of what is claimed or judged."""
    at, worker = now or stage.rt.now(), new_id()
    async with stage.place.transaction() as conn:
        await conn.execute("UPDATE sender SET lease_owner = NULL, lease_until = NULL")
        await deliveries.lease_senders(conn, worker, channels=["sandbox"], now=at, lease=LEASE)
        judged = await deliveries.claim(
            conn, stage.bot, worker=worker, now=at, lease=LEASE, time_to_live=LIFE,
            remembers_keys_for=timedelta(days=1), limit=100,
        )  # fmt: skip
    return sorted(row.state.value for row in judged)


async def frozen(stage, target: str, **changes):
    """A broadcast to twelve groups, or to three people, a third of them in each district."""
    if target == "groups":
        return await stage.frozen(**changes)
    for at in ("east-one", "east-two", "west-one"):
        for _ in range(4):
            await stage.place.person(at, chat=f"p:{new_id()}", purpose="messages")
    return await stage.frozen(Everyone(), via=("sandbox",), **changes)


async def reasons(stage, id) -> dict[str, int]:
    async with stage.place.transaction() as conn:
        return {row.failure: row.count for row in await report.failures(conn, id)}


async def held_back(stage, id) -> list[tuple]:
    async with stage.place.transaction() as conn:
        found = await held.held(conn, id, now=stage.rt.now(), limit=10)
    return [(row.why, row.name_en, row.title, row.targets) for row in found]


@pytest.mark.parametrize("target", ["groups", "people"])
async def test_what_could_arrive_in_the_silence_waits_and_says_why(stage, target):
    id = await frozen(stage, target)
    # The silence begins in four minutes; a message of this channel may take five.
    await entered(stage.place, stage.author, "east", closes_in=48 * HOUR + timedelta(minutes=4))

    assert await claim(stage) == ["queued"] * 8 + ["sending"] * 4
    assert await reasons(stage, id) == {"silence": 8}
    assert await held_back(stage, id) == [("silence", "Unit east", "Assembly", 8)]


@pytest.mark.parametrize("target", ["groups", "people"])
async def test_what_waited_goes_when_the_poll_has_closed_and_no_longer_says_why(
    stage, target, clock
):
    id = await frozen(stage, target, expires_at=NOON + 10 * HOUR)
    await entered(stage.place, stage.author, "east", closes_in=2 * HOUR)
    assert await claim(stage) == ["queued"] * 8 + ["sending"] * 4

    clock.at = NOON + 2 * HOUR
    assert await claim(stage) == ["sending"] * 8

    assert await reasons(stage, id) == {}
    assert await held_back(stage, id) == []


async def test_what_is_still_waiting_at_the_end_expires_and_says_why(stage, clock):
    id = await stage.frozen()
    await entered(stage.place, stage.author, "east-one")
    await claim(stage)
    clock.at = NOON + 7 * HOUR
    await jobs.keep_in_order(stage.rt, stage.place.organisation)
    assert await stage.states(id) == {"unknown": 8, "expired": 4}
    assert await reasons(stage, id) == {"silence": 4}


@pytest.mark.parametrize("verb", ["cancel", "recall"])
async def test_what_people_stopped_was_not_stopped_by_the_law(stage, verb):
    id = await stage.frozen()
    await entered(stage.place, stage.author, "state")
    await claim(stage)
    await stage.steer(id, verb)
    assert await reasons(stage, id) == {}


async def test_a_poll_that_two_people_took_back_holds_nothing_up(stage):
    id = await stage.frozen()
    poll = await entered(stage.place, stage.author, "state")
    assert await claim(stage) == ["queued"] * 12
    await polls.doubt(stage.rt, poll, "another year", key=str(new_id()), actor=stage.author)
    await polls.withdraw(stage.rt, poll, key=str(new_id()), actor=stage.approver)
    assert await claim(stage, now=NOON + deliveries.LOOK_AGAIN) == ["sending"] * 12
    assert await stage.states(id) == {"sending": 12}


async def test_those_above_a_polling_area_are_silent_with_it_and_those_beside_are_not(stage):
    above = await stage.place.group("east", sender=stage.bot, categories=("farmers",))
    await stage.frozen()
    await entered(stage.place, stage.author, "east-one")
    await claim(stage)
    async with stage.place.transaction() as conn:
        found = await conn.execute(
            "SELECT count(*), bool_or(group_id = %s) FROM delivery WHERE state = 'queued'", (above,)
        )
        assert await found.fetchone() == (5, True)


@pytest.mark.parametrize("target", ["groups", "people"])
@pytest.mark.parametrize(
    ("everything", "election_matter", "waiting"),
    [(True, False, 4), (True, True, 4), (False, True, 4), (False, False, 0)],
)
async def test_nothing_goes_into_a_stopped_area_until_it_goes_on(
    stage, target, everything, election_matter, waiting
):
    id = await frozen(stage, target, election_matter=election_matter)
    order = await stopped(stage.place, stage.author, "east-one", everything=everything)

    assert await claim(stage) == ["queued"] * waiting + ["sending"] * (12 - waiting)

    if waiting:
        assert await reasons(stage, id) == {"freeze": waiting}
        assert await held_back(stage, id) == [("freeze", "Unit east-one", "asha", waiting)]
    await freezes.lift(stage.rt, order, key=str(new_id()), actor=stage.approver)
    assert await claim(stage, now=NOON + deliveries.LOOK_AGAIN) == ["sending"] * waiting
    assert await stage.states(id) == {"sending": 12}
    assert await reasons(stage, id) == {}


async def test_a_stop_is_for_what_lies_below_and_not_for_those_above(stage):
    await stage.place.group("east", sender=stage.bot, categories=("farmers",))
    await stage.frozen()
    await stopped(stage.place, stage.author, "east-one")
    assert await claim(stage) == ["queued"] * 4 + ["sending"] * 9


async def test_a_claim_that_begins_after_the_stop_takes_nothing_of_its_area(stage):
    id = await stage.frozen()
    over, worker = asyncio.Event(), new_id()
    async with stage.place.transaction() as conn:
        await deliveries.lease_senders(conn, worker, channels=["sandbox"], now=NOON, lease=LEASE)

    async def take(judged: list[tuple[bool, str]]) -> None:
        while True:
            after = over.is_set()
            states = await claim_one(stage, worker)
            judged += [(after, state) for state in states]
            if after and not states:
                return

    judged: list[tuple[bool, str]] = []

    async def order() -> None:
        await stopped(stage.place, stage.author, "state")
        over.set()

    await asyncio.gather(take(judged), take(judged), order())
    assert {state for after, state in judged if after} <= {"queued"}
    states = await stage.states(id)
    assert sum(states.values()) == len(judged) == 12


async def claim_one(stage, worker):
    async with stage.place.transaction() as conn:
        judged = await deliveries.claim(
            conn, stage.bot, worker=worker, now=NOON, lease=LEASE, time_to_live=LIFE,
            remembers_keys_for=timedelta(days=1), limit=1,
        )  # fmt: skip
    return [row.state.value for row in judged]


async def test_what_was_in_doubt_when_its_area_was_stopped_waits_too(stage):
    """A message that may have gone is repeated only where anything may go."""
    id = await stage.frozen()
    await claim(stage)
    later = NOON + LEASE + timedelta(seconds=1)
    async with stage.place.transaction() as conn:
        await deliveries.lapse(conn, now=later)
    await stopped(stage.place, stage.author, "state")
    assert await claim(stage, now=later) == ["queued"] * 12
    assert await stage.states(id) == {"queued": 12}


@pytest.mark.parametrize(
    ("author_says", "approver_denies", "waiting"),
    [(True, True, 12), (True, False, 12), (False, False, 12), (False, True, 0)],
)
async def test_it_is_election_matter_unless_two_people_say_otherwise(
    stage, author_says, approver_denies, waiting
):
    id = await stage.submitted(election_matter=author_says)
    await stage.approve(id, denies=approver_denies)
    await jobs.freeze(stage.rt, stage.place.organisation, id)
    await entered(stage.place, stage.author, "state")
    assert await claim(stage) == ["queued"] * waiting + ["sending"] * (12 - waiting)
    assert (await stage.broadcast(id)).electoral is bool(waiting)


async def test_an_edit_voids_what_the_approver_said_of_it(stage):
    id = await stage.submitted(election_matter=False)
    async with stage.place.transaction() as conn:
        with pytest.raises(CheckViolation, match="denied_by_who_approved"):
            await conn.execute("UPDATE broadcast SET approver_denies = true")
    assert (await stage.broadcast(id)).electoral
