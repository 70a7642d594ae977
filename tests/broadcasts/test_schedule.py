"""A broadcast with a start of its own: approved as ever, and not begun before its hour."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from chaupal.broadcasts import actions, deliveries, jobs, schedule
from chaupal.broadcasts import pages as broadcast_pages
from chaupal.broadcasts.approved import approved_texts
from chaupal.broadcasts.audience import Everyone
from chaupal.broadcasts.models import LONGEST_AHEAD, LONGEST_LIFE, Lane, Stage, State
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid
from chaupal.organisations import scope_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
START = NOON + timedelta(hours=2)
END = START + timedelta(hours=4)
MOMENT = timedelta(seconds=1)
LEASE = timedelta(minutes=1)
TIMES = {"starts_at": START, "expires_at": END}


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


async def claimed(stage, *, limit=100):
    """What the one worker may send now; what is set aside shows in the account."""
    worker, now = stage.bot, stage.rt.now()
    async with stage.place.transaction() as conn:
        await deliveries.lease_senders(conn, worker, channels=["sandbox"], now=now, lease=LEASE)
        judged = await deliveries.claim(
            conn,
            stage.bot,
            worker=worker,
            now=now,
            lease=LEASE,
            time_to_live=timedelta(minutes=5),
            remembers_keys_for=timedelta(days=1),
            limit=limit,
        )
    return [row for row in judged if row.state is State.SENDING]


async def test_it_is_frozen_at_its_approval_and_nothing_is_claimed_before_its_hour(stage, clock):
    id = await stage.frozen(**TIMES)
    frozen = await stage.broadcast(id)
    assert (frozen.stage, frozen.targets, frozen.frozen_at) == (Stage.SENDING, 12, NOON)
    assert frozen.begins_at == START

    clock.at = START - MOMENT
    assert await claimed(stage) == []
    clock.at = START
    assert len(await claimed(stage)) == 12
    assert await stage.states(id) == {"sending": 12}


async def test_workers_that_wait_for_the_hour_side_by_side_take_each_delivery_once(stage, clock):
    await stage.frozen(**TIMES)
    clock.at = START
    hands = await asyncio.gather(*(claimed(stage, limit=5) for _ in range(4)))
    taken = [row.delivery_id for hand in hands for row in hand]
    assert len(taken) == len({*taken}) == 12


async def test_who_says_no_while_it_waits_gets_nothing(stage, clock):
    people = [await stage.place.person("east-one", chat=f"p:{n}", consents=False) for n in range(2)]
    for person in people:
        await stage.place.says(person, "given")
    id = await stage.frozen(Everyone(), via=("sandbox",), **TIMES)
    await stage.place.says(people[0], "withdrawn")
    clock.at = START
    assert len(await claimed(stage)) == 1
    assert await stage.states(id) == {"refused": 1, "sending": 1}


async def test_a_pause_over_its_start_holds_and_a_resumed_one_still_waits_for_it(stage, clock):
    id = await stage.frozen(**TIMES)
    await stage.steer(id, "pause")
    await stage.steer(id, "resume")
    clock.at = START - MOMENT
    assert await claimed(stage) == []
    await stage.steer(id, "pause")
    clock.at = START + MOMENT
    assert await claimed(stage) == []
    await stage.steer(id, "resume")
    assert len(await claimed(stage)) == 12


async def test_one_that_is_cancelled_while_it_waits_ends_whole(stage, clock):
    id = await stage.frozen(**TIMES)
    await stage.steer(id, "cancel")
    assert await stage.states(id) == {"cancelled": 12}
    clock.at = START
    assert await claimed(stage) == []


async def test_an_urgent_one_that_waits_keeps_nobody_else_waiting(stage, clock):
    urgent = await stage.frozen(lane=Lane.URGENT, **TIMES)
    bulk = await stage.frozen(lane=Lane.BULK)
    assert {row.broadcast_id for row in await claimed(stage, limit=6)} == {bulk}
    clock.at = START
    assert {row.broadcast_id for row in await claimed(stage, limit=6)} == {urgent}


async def test_one_that_was_held_up_beyond_its_end_is_never_begun(stage, clock):
    id = await stage.frozen(**TIMES)
    clock.at = END
    assert await claimed(stage) == []
    await jobs.keep_in_order(stage.rt, stage.place.organisation)
    assert await stage.states(id) == {"expired": 12}
    assert (await stage.broadcast(id)).stage is Stage.FINISHED


async def test_a_start_that_passed_before_the_approval_means_at_once(stage, clock):
    id = await stage.submitted(**TIMES)
    clock.at = START + timedelta(minutes=5)
    await stage.approve(id)
    await jobs.freeze(stage.rt, stage.place.organisation, id)
    assert (await stage.broadcast(id)).begins_at == clock.at
    assert len(await claimed(stage)) == 12


async def test_what_waits_needs_no_looking_after_until_it_begins(stage, clock):
    waits, goes = await stage.frozen(**TIMES), await stage.frozen()
    for at, under_way in ((NOON, {goes}), (START, {waits, goes})):
        clock.at = at
        async with stage.place.transaction() as conn:
            found = await schedule.under_way(conn, now=at)
        assert {row.id for row in found} == under_way


async def test_a_group_archived_while_it_waits_is_left_out(stage, clock):
    id = await stage.frozen(**TIMES)
    async with stage.place.transaction() as conn:
        await conn.execute(
            "UPDATE chat_group SET archived_at = now() WHERE id = %s", (stage.farmers[0],)
        )
    await jobs.keep_in_order(stage.rt, stage.place.organisation)
    assert await stage.states(id) == {"queued": 12}
    clock.at = START
    await jobs.keep_in_order(stage.rt, stage.place.organisation)
    assert await stage.states(id) == {"queued": 11, "cancelled": 1}


async def test_in_the_control_room_it_stands_behind_what_is_on_its_way(stage, clock):
    waits, goes = await stage.frozen(lane=Lane.URGENT, **TIMES), await stage.frozen(lane=Lane.BULK)

    async def order():
        async with stage.place.transaction() as conn:
            flights = await broadcast_pages.flights(
                conn,
                scope=await scope_of(stage.rt, conn, stage.approver),
                now=clock.at,
                ended_since=clock.at,
                limit=9,
            )
        return [(flight.id, flight.started_at) for flight in flights]

    assert await order() == [(goes, NOON), (waits, START)]
    clock.at = START
    assert await order() == [(waits, START), (goes, NOON)]


async def test_the_start_is_part_of_what_is_signed_and_old_signatures_stay(stage):
    assert b"starts_at" not in stage.draft().content()
    assert stage.draft(**TIMES).content_hash() != stage.draft(expires_at=END).content_hash()
    later = {"starts_at": START + MOMENT, "expires_at": END}
    assert stage.draft(**TIMES).content_hash() != stage.draft(**later).content_hash()

    id = await stage.frozen(**TIMES)
    async with stage.place.transaction() as conn:
        assert set(await approved_texts(conn, id)) == {"hi", "en"}
        await conn.execute("UPDATE broadcast SET starts_at = %s", (NOON,))
        assert await approved_texts(conn, id) == {}, "moved behind the approval's back"


async def test_an_edit_moves_the_start_or_takes_it_away(stage):
    id = await stage.submitted(**TIMES)
    for starts_at in (START + timedelta(hours=1), None):
        draft = stage.draft(expires_at=END, starts_at=starts_at)
        await actions.rewrite(stage.rt, id, draft, key=str(new_id()), actor=stage.author)
        found = await stage.broadcast(id)
        assert (found.starts_at, found.stage) == (starts_at, Stage.DRAFT)
        assert found.content_hash == draft.content_hash()


@pytest.mark.parametrize(
    ("starts_at", "expires_at", "code"),
    [
        (NOON, END, "broadcast.starts_in_the_past"),
        (NOON - timedelta(days=400), END, "broadcast.starts_in_the_past"),
        (END, END, "broadcast.starts_after_its_end"),
        (END + MOMENT, END, "broadcast.starts_after_its_end"),
        (
            NOON + LONGEST_AHEAD + MOMENT,
            NOON + LONGEST_AHEAD + timedelta(hours=1),
            "broadcast.starts_too_late",
        ),
        (START, START + LONGEST_LIFE + MOMENT, "broadcast.expires_too_late"),
    ],
)
async def test_a_start_that_cannot_be_kept_is_refused(stage, starts_at, expires_at, code):
    with pytest.raises(Invalid) as refusal:
        await stage.written(starts_at=starts_at, expires_at=expires_at)
    assert refusal.value.code == code


async def test_the_longest_wait_and_the_longest_life_fit_together(stage):
    starts_at = NOON + LONGEST_AHEAD
    assert await stage.written(starts_at=starts_at, expires_at=starts_at + LONGEST_LIFE)


async def test_the_database_itself_refuses_a_start_behind_the_end(stage):
    id = await stage.written(**TIMES)
    with pytest.raises(psycopg.errors.CheckViolation, match="starts_before_its_end"):
        async with stage.place.transaction() as conn:
            await conn.execute("UPDATE broadcast SET starts_at = expires_at WHERE id = %s", (id,))
