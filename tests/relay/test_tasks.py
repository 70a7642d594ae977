"""Tasks opened, people told, steps taken, tasks closed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from chaupal.broadcasts import by_hand
from chaupal.broadcasts.models import Lane
from chaupal.kit.ids import new_id
from chaupal.law import freezes
from chaupal.relay import jobs, tellings
from chaupal.relay.models import Patience
from chaupal.relay.telling import BATCH, CHANNELS_IN_ORDER
from lawful import stopped

MORNING = datetime(2026, 11, 23, 4, tzinfo=UTC)
PATIENCE = Patience()


@pytest.fixture(autouse=True)
def _morning(clock):
    clock.at = MORNING


async def test_each_group_gets_one_task_for_the_first_admin_whom_we_can_tell(bazaar):
    await bazaar.place.sender()
    mute = await bazaar.place.person("east-one")
    able = await bazaar.place.person("east-one", chat="p:1")
    group = await bazaar.group("east-one", mute, able)
    id = await bazaar.sending()

    assert await jobs.open_tasks(bazaar.rt, bazaar.organisation) == 1
    assert await jobs.open_tasks(bazaar.rt, bazaar.organisation) == 0

    [assignment] = await bazaar.assignments()
    assert (assignment.person_id, assignment.group_id) == (able, group)
    assert await bazaar.delivery(group) == ("tasked", 0)
    await bazaar.agrees(id)


async def test_two_workers_opening_at_once_make_each_task_once(bazaar):
    admin = await bazaar.place.person("east-one")
    for _ in range(20):
        await bazaar.group("east-one", admin)
    await bazaar.sending()
    await asyncio.gather(*(jobs.open_tasks(bazaar.rt, bazaar.organisation) for _ in range(3)))
    assert len(await bazaar.assignments()) == 20


async def test_without_a_live_admin_the_nearest_post_above_is_asked(bazaar):
    gone = await bazaar.place.person("east-one")
    state, division = await bazaar.place.person("state"), await bazaar.place.person("east")
    await bazaar.post(state, "state", role="administrator")
    await bazaar.post(division, "east")
    group = await bazaar.group("east-one", gone)
    await bazaar.rows("UPDATE group_admin SET left_at = now() RETURNING 1")
    await bazaar.tasked()
    [assignment] = await bazaar.assignments()
    assert (assignment.person_id, assignment.group_id) == (division, group)


async def test_a_group_with_nobody_all_the_way_up_is_refused_and_says_so(bazaar):
    group = await bazaar.group("east-one")
    id = await bazaar.tasked()
    assert await bazaar.delivery(group) == ("refused", 0)
    assert await bazaar.rows("SELECT failure FROM delivery") == [("no_admin",)]
    assert await bazaar.rows("SELECT 1 FROM relay_task") == []
    await bazaar.agrees(id)


async def test_nobody_is_asked_before_the_broadcast_begins(bazaar, clock):
    await bazaar.place.sender()
    admin = await bazaar.place.person("east-one", chat="p:1")
    group = await bazaar.group("east-one", admin)
    starts_at = MORNING + timedelta(hours=3)
    await bazaar.sending(starts_at=starts_at)
    clock.at = starts_at - timedelta(seconds=1)
    assert await jobs.open_tasks(bazaar.rt, bazaar.organisation) == 0
    assert await bazaar.assignments() == []
    clock.at = starts_at
    assert await jobs.open_tasks(bazaar.rt, bazaar.organisation) == 1
    assert await bazaar.delivery(group) == ("tasked", 0)
    [row] = await bazaar.rows("SELECT due_at, telling::text FROM relay_assignment")
    assert row == (starts_at, "queued")


async def test_a_polling_area_in_its_silence_gets_no_task_until_it_is_over(bazaar, clock):
    admin = await bazaar.place.person("east-one")
    quiet = await bazaar.group("east-one", admin)
    open_ = await bazaar.group("west-one", admin)
    await bazaar.silence("east", after=timedelta(0), length=timedelta(hours=2))
    await bazaar.tasked()
    assert (await bazaar.delivery(quiet), await bazaar.delivery(open_)) == (
        ("queued", 0),
        ("tasked", 0),
    )
    assert await bazaar.rows("SELECT group_id, failure FROM delivery ORDER BY failure LIMIT 1") == [
        (quiet, "silence")
    ]
    clock.at += timedelta(hours=3)
    await jobs.open_tasks(bazaar.rt, bazaar.organisation)
    assert await bazaar.delivery(quiet) == ("tasked", 0)
    assert await bazaar.rows("SELECT FROM delivery WHERE failure IS NOT NULL") == []


async def test_a_task_closes_before_the_next_silence_begins(bazaar, clock):
    admin = await bazaar.place.person("east-one")
    group = await bazaar.group("east-one", admin)
    await bazaar.silence("east-one", after=timedelta(hours=3), length=timedelta(hours=48))
    id = await bazaar.tasked()
    assert await bazaar.rows("SELECT closes_at FROM relay_task") == [
        (MORNING + timedelta(hours=3),)
    ]
    clock.at += timedelta(hours=3)
    assert await jobs.close(bazaar.rt, bazaar.organisation) == 1
    assert await bazaar.delivery(group) == ("expired", 0)
    assert await bazaar.rows("SELECT failure FROM delivery") == [("silence",)]
    await bazaar.agrees(id)


async def test_what_is_not_election_matter_knows_no_silence(bazaar):
    group = await bazaar.group("east-one", await bazaar.place.person("east-one"))
    await bazaar.silence("east", after=timedelta(0), length=timedelta(hours=2))
    await bazaar.tasked(election_matter=False)
    assert await bazaar.delivery(group) == ("tasked", 0)


async def test_a_stopped_area_gets_no_task_and_nobody_in_it_is_asked_further(bazaar, clock):
    people = [await bazaar.place.person("east-one") for _ in range(2)]
    group = await bazaar.group("east-one", *people)
    await bazaar.tasked(election_matter=False)
    order = await stopped(bazaar.place, bazaar.author, "east")
    clock.at += timedelta(hours=3)
    assert await jobs.escalate(bazaar.rt, bazaar.organisation) == 0
    later = await bazaar.tasked(election_matter=False)
    assert await bazaar.delivery(group) == ("queued", 0)
    await freezes.lift(bazaar.rt, order, key=str(new_id()), actor=bazaar.author)
    assert await jobs.escalate(bazaar.rt, bazaar.organisation) == 1
    clock.at += timedelta(minutes=10)
    await jobs.open_tasks(bazaar.rt, bazaar.organisation)
    assert await bazaar.delivery(group) == ("tasked", 0)
    await bazaar.agrees(later)


async def test_a_paused_broadcast_opens_no_tasks(bazaar):
    group = await bazaar.group("east-one", await bazaar.place.person("east-one"))
    id = await bazaar.sending()
    await bazaar.steer(id, "pause")
    assert await jobs.open_tasks(bazaar.rt, bazaar.organisation) == 0
    await bazaar.steer(id, "resume")
    assert await jobs.open_tasks(bazaar.rt, bazaar.organisation) == 1
    assert await bazaar.delivery(group) == ("tasked", 0)


async def test_one_message_tells_a_person_of_all_their_tasks_in_their_language(bazaar, post):
    await bazaar.place.sender(endpoint=post.url)
    asha = await bazaar.place.person("east-one", chat="p:asha")
    john = await bazaar.place.person("east-one", chat="p:john", language="en")
    for _ in range(3):
        await bazaar.group("east-one", asha)
    await bazaar.group("east-one", john)
    await bazaar.tasked()

    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 4
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 0

    said = {message["chat_id"]: message["text"] for message in post.taken}
    assert len(post.taken) == 2
    assert said["p:asha"].count("http://desk.invalid/r/") == 3
    assert "परीक्षण संगठन" in said["p:asha"]
    assert "Test Organisation" in said["p:john"]
    assert {a.telling for a in await bazaar.assignments()} == {"told"}
    exchanged = await bazaar.rows("SELECT told, status, outcome, times FROM exchange")
    assert exchanged == [(True, 200, "accepted", 2)], "the page of its sender counts both"


async def test_consent_withdrawn_after_the_task_was_opened_wins(bazaar, post):
    await bazaar.place.sender(endpoint=post.url)
    asha = await bazaar.place.person("east-one", chat="p:asha")
    await bazaar.group("east-one", asha)
    await bazaar.tasked()
    await bazaar.rows(
        "INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version,"
        " language, basis, proof, at) VALUES (current_organisation(), %s, 'coordination',"
        " 'sandbox', 'withdrawn', '1', 'hi', 'keyword', 'test', now()) RETURNING 1",
        asha,
    )
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    assert post.taken == []
    assert [a.telling for a in await bazaar.assignments()] == ["untellable"]


async def test_whoever_cannot_be_told_is_passed_over_at_once(bazaar, post):
    await bazaar.place.sender(endpoint=post.url)
    blocked = await bazaar.place.person("east-one", chat="p:blocked")
    other = await bazaar.place.person("east-one", chat="p:other")
    await bazaar.group("east-one", blocked, other)
    post.answer = lambda message: (
        (403, {"ok": False})
        if message["chat_id"] == "p:blocked"
        else (200, {"ok": True, "result": {"message_id": 1}})
    )
    await bazaar.tasked()
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    assert await jobs.escalate(bazaar.rt, bazaar.organisation) == 1
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    assert [(a.person_id, a.telling) for a in await bazaar.assignments()] == [
        (blocked, "untellable"),
        (other, "told"),
    ]


async def test_throttling_is_waited_for_and_is_no_failure(bazaar, post, clock):
    await bazaar.place.sender(endpoint=post.url)
    await bazaar.group("east-one", await bazaar.place.person("east-one", chat="p:1"))
    throttled = (429, {"ok": False, "parameters": {"retry_after": 60}})
    taken = (200, {"ok": True, "result": {"message_id": 1}})
    post.answer = lambda _: throttled if len(post.taken) == 1 else taken
    await bazaar.tasked()
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    assert [a.telling for a in await bazaar.assignments()] == ["queued"]
    clock.at += timedelta(seconds=61)
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 1
    assert len({message["key"] for message in post.taken}) == 1


async def test_nobody_is_asked_for_before_the_providers_wait_is_over(bazaar, post, clock):
    await bazaar.place.sender(endpoint=post.url, rate_per_s=100)
    for number in range(40):
        person = await bazaar.place.person("east-one", chat=f"p:{number}")
        await bazaar.group("east-one", person)
    post.answer = lambda _: (429, {"ok": False, "parameters": {"retry_after": 900}})
    await bazaar.tasked()
    manners = jobs.Manners()

    await jobs.tell(bazaar.rt, post.http, bazaar.organisation, manners)
    tried = len(post.taken)
    due = await bazaar.rows("SELECT DISTINCT telling::text, due_at FROM relay_assignment")
    late = await bazaar.place.person("east-one", chat="p:late")
    await bazaar.group("west-one", late)
    await bazaar.tasked()
    clock.at += timedelta(seconds=899)
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation, manners)
    tried_early = len(post.taken) - tried
    post.answer = lambda _: (200, {"ok": True, "result": {"message_id": 1}})
    clock.at += timedelta(seconds=1)
    told = await jobs.tell(bazaar.rt, post.http, bazaar.organisation, manners)

    assert tried < 40
    assert due == [("queued", MORNING + timedelta(seconds=900))]
    assert tried_early == 0, "not even those whose task began meanwhile"
    assert told == 40 + 41


async def test_a_wait_reaches_those_beyond_the_batch(bazaar, post):
    await bazaar.place.sender(endpoint=post.url)
    admin = await bazaar.place.person("east-one", chat="p:1")
    for _ in range(BATCH + 1):
        await bazaar.group("east-one", admin)
    post.answer = lambda _: (429, {"ok": False, "parameters": {"retry_after": 60}})
    await bazaar.tasked()
    for _ in range(2):
        await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    assert len(post.taken) == 1


async def test_a_provider_that_throttles_for_hours_makes_nobody_untellable(bazaar, post, clock):
    await bazaar.place.sender(endpoint=post.url)
    await bazaar.group("east-one", await bazaar.place.person("east-one", chat="p:1"))
    answers = ({"retry_after": 60}, {})
    post.answer = lambda _: (429, {"ok": False, "parameters": answers[len(post.taken) % 2]})
    await bazaar.tasked()
    for _ in range(40):
        await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
        clock.at += timedelta(minutes=10)
    assert len(post.taken) == 40
    assert [a.telling for a in await bazaar.assignments()] == ["queued"]


async def test_one_call_tells_one_batch_so_that_a_worker_hears_when_to_stop(bazaar, post):
    await bazaar.place.sender(endpoint=post.url)
    admin = await bazaar.place.person("east-one", chat="p:1")
    for _ in range(BATCH + 1):
        await bazaar.group("east-one", admin)
    await bazaar.tasked()
    told = [await jobs.tell(bazaar.rt, post.http, bazaar.organisation) for _ in range(3)]
    assert told == [BATCH, 1, 0]


async def test_an_urgent_broadcasts_admins_are_told_before_those_of_a_bulk_one(bazaar, post, clock):
    await bazaar.place.sender(endpoint=post.url)
    await bazaar.group("east-one", await bazaar.place.person("east-one", chat="p:1"))
    for lane in (Lane.BULK, Lane.NORMAL, Lane.URGENT):
        await bazaar.tasked(lane=lane)
        clock.at += timedelta(minutes=1)
    urgent = [a.id for a in await bazaar.assignments()][-1]
    async with bazaar.place.transaction() as conn:
        [first] = await tellings.claim(
            conn, channels=["sandbox"], now=clock.at, lease=timedelta(seconds=1), limit=1
        )
    assert first.assignment_id == urgent


async def test_a_lost_answer_is_not_told_again_but_reminded(bazaar, post, clock):
    await bazaar.place.sender(endpoint=post.url)
    await bazaar.group("east-one", await bazaar.place.person("east-one", chat="p:1"))
    post.answer = lambda _: (200, ["nobody can read this"])
    await bazaar.tasked()
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    assert len(post.taken) == 1
    assert [a.telling for a in await bazaar.assignments()] == ["unknown"]
    clock.at += PATIENCE.reminder
    await jobs.escalate(bazaar.rt, bazaar.organisation)
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    first, second = post.taken
    assert first["key"] != second["key"]
    assert "याद" in second["text"]


async def test_only_one_worker_tells_at_a_time_and_a_dead_one_is_not_waited_for_long(bazaar, post):
    await bazaar.place.sender(endpoint=post.url)
    for number in range(3):
        person = await bazaar.place.person("east-one", chat=f"p:{number}")
        await bazaar.group("east-one", person)
    await bazaar.tasked()

    async def claim(now):
        async with bazaar.place.transaction() as conn:
            await tellings.lapse(conn, now=now)
            return await tellings.claim(
                conn,
                channels=list(CHANNELS_IN_ORDER),
                now=now,
                lease=timedelta(seconds=60),
                limit=1,
            )

    assert len(await claim(MORNING)) == 1
    assert await claim(MORNING) == []
    assert len(await claim(MORNING + timedelta(seconds=61))) == 1
    assert sorted(a.telling for a in await bazaar.assignments()) == ["queued", "telling", "unknown"]


async def test_a_late_settlement_touches_nothing(bazaar):
    await bazaar.place.sender()
    await bazaar.group("east-one", await bazaar.place.person("east-one", chat="p:1"))
    await bazaar.tasked()
    async with bazaar.place.transaction() as conn:
        [part] = await tellings.claim(
            conn, channels=["sandbox"], now=MORNING, lease=timedelta(seconds=1), limit=9
        )
        later = MORNING + timedelta(seconds=2)
        assert await tellings.lapse(conn, now=later) == 1
        assert (
            await tellings.settle(
                conn,
                ids=[part.assignment_id],
                attempts=[part.attempts],
                tellings=["told"],
                due_ats=[None],
                now=later,
            )
            == 0
        )


async def test_a_neglected_task_is_reminded_then_passed_on_then_climbs_the_tree(
    bazaar, post, clock
):
    await bazaar.place.sender(endpoint=post.url)
    one = await bazaar.place.person("east-one", chat="p:one")
    two = await bazaar.place.person("east-one", chat="p:two")
    division = await bazaar.place.person("east", chat="p:division")
    state = await bazaar.place.person("state", chat="p:state")
    await bazaar.post(division, "east")
    await bazaar.post(state, "state")
    await bazaar.group("east-one", one, two)
    await bazaar.tasked()

    for at in (
        timedelta(0),
        PATIENCE.reminder,
        PATIENCE.next_admin,
        PATIENCE.above,
        PATIENCE.above + PATIENCE.further,
        PATIENCE.above + 2 * PATIENCE.further,
    ):
        clock.at = MORNING + at
        await jobs.escalate(bazaar.rt, bazaar.organisation)
        assert await jobs.escalate(bazaar.rt, bazaar.organisation) == 0, "a step is taken once"
        await jobs.tell(bazaar.rt, post.http, bazaar.organisation)

    assert [message["chat_id"] for message in post.taken] == [
        "p:one",
        "p:one",
        "p:two",
        "p:division",
        "p:state",
    ]
    assert [a.step for a in await bazaar.assignments()] == [0, 2, 3, 4]


async def test_a_person_is_asked_for_a_task_once_however_many_posts_they_hold(bazaar, clock):
    everybody = await bazaar.place.person("east-one")
    await bazaar.post(everybody, "east-one")
    await bazaar.post(everybody, "state")
    await bazaar.group("east-one", everybody)
    await bazaar.tasked()
    clock.at += timedelta(hours=20)
    for _ in range(4):
        await jobs.escalate(bazaar.rt, bazaar.organisation)
        clock.at += timedelta(minutes=1)
    assert len(await bazaar.assignments()) == 1


async def test_two_workers_escalating_at_once_take_each_step_once(bazaar, clock):
    people = [await bazaar.place.person("east-one") for _ in range(3)]
    for _ in range(10):
        await bazaar.group("east-one", *people)
    await bazaar.tasked()
    clock.at += PATIENCE.reminder
    taken = await asyncio.gather(*(jobs.escalate(bazaar.rt, bazaar.organisation) for _ in range(3)))
    assert sum(taken) == 10


async def test_recalled_tasks_tell_nobody_and_close(bazaar, post, clock):
    await bazaar.place.sender(endpoint=post.url)
    group = await bazaar.group("east-one", await bazaar.place.person("east-one", chat="p:1"))
    id = await bazaar.tasked()
    await bazaar.steer(id, "recall")
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 0
    clock.at += PATIENCE.reminder
    assert await jobs.escalate(bazaar.rt, bazaar.organisation) == 0
    assert await jobs.close(bazaar.rt, bazaar.organisation) == 1
    assert post.taken == []
    assert await bazaar.delivery(group) == ("recalled", 0)
    assert [a.telling for a in await bazaar.assignments()] == ["needless"]


async def test_closing_expires_what_nobody_posted_and_nothing_else(bazaar, clock):
    admin = await bazaar.place.person("east-one")
    neglected, done = await bazaar.group("east-one", admin), await bazaar.group("west-one", admin)
    id = await bazaar.tasked()
    [delivery] = [a.delivery_id for a in await bazaar.assignments() if a.group_id == done]
    async with bazaar.place.transaction() as conn:
        await by_hand.mark_posted(conn, [delivery], now=MORNING)
    clock.at += timedelta(days=1)
    assert await jobs.close(bazaar.rt, bazaar.organisation) == 2
    assert await bazaar.delivery(neglected) == ("expired", 0)
    assert await bazaar.delivery(done) == ("sent", 4)
    await bazaar.agrees(id)


def test_patience_in_seconds_keeps_its_proportions():
    hasty = Patience.from_seconds(1)
    assert (hasty.reminder, hasty.next_admin, hasty.above) == (
        timedelta(seconds=1),
        timedelta(seconds=4),
        timedelta(seconds=8),
    )
    assert Patience.from_seconds(None) == Patience()
    with pytest.raises(ValueError, match="after the one before"):
        Patience(reminder=timedelta(hours=3))
