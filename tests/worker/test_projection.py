"""The projector: everything in the log takes effect exactly once, whatever dies in between."""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from chaupal.arrivals import actions as arrivals
from chaupal.arrivals import log, own
from chaupal.arrivals import queries as arrival_queries
from chaupal.arrivals.models import Envelope, LinkClicked, RelayOpened, RelayPosted
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.organisations import scope_of
from chaupal.worker import projection
from factories import an_organisation
from relaying import a_bazaar, projected

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
async def bazaar(rt, clock):
    clock.at = NOON
    return await a_bazaar(rt)


def message(number: int, chat: str, text: str = "राम राम") -> dict:
    return {
        "update_id": number,
        "type": "message",
        "at": NOON.isoformat(),
        "chat_id": chat,
        "from": "p:somebody",
        "text": text,
    }


def pulse(number: int, chat: str, members: int, *, minutes: int = 0) -> dict:
    at = NOON + timedelta(minutes=minutes)
    return {
        "update_id": number,
        "type": "pulse",
        "at": at.isoformat(),
        "chat_id": chat,
        "members": members,
    }


async def post(bazaar, sender, *updates: dict, organisation=None) -> None:
    await log.publish(
        bazaar.rt.nats,
        organisation or bazaar.organisation,
        sender.hex,
        json.dumps({"updates": updates}).encode(),
        received_at=NOON,
        channel="sandbox",
    )


async def state_of(bazaar) -> list[tuple]:
    """Everything a projection may touch, except when it did."""
    return [
        *await bazaar.rows(
            "SELECT kind, event_key, group_id, text, at FROM arrival ORDER BY event_key"
        ),
        *await bazaar.rows("SELECT id, size, size_at, address FROM chat_group ORDER BY id"),
        *await bazaar.rows("SELECT id, state::text, evidence FROM delivery ORDER BY id"),
        *await bazaar.rows("SELECT id, telling::text, opened_at, posted_at FROM relay_assignment"),
    ]


async def test_messages_are_kept_and_texts_only_of_groups_with_a_notice(bazaar):
    bot = await bazaar.place.sender()
    noticed = await bazaar.place.group("east-one", sender=bot, address="g1")
    silent = await bazaar.place.group("east-one", sender=bot, address="g2", notice=False)
    await post(bazaar, bot, message(1, "g1"), message(2, "g2"), message(3, "nowhere"))
    await bazaar.projected()
    assert await bazaar.rows("SELECT group_id, text FROM arrival ORDER BY event_key") == [
        (noticed, "राम राम"),
        (silent, None),
        (None, None),
    ]


async def test_the_feed_shows_what_came_within_scope_and_no_text(bazaar):
    bot = await bazaar.place.sender()
    for code in ("east-one", "west-one"):
        await bazaar.place.group(code, sender=bot, address=code)
    await post(bazaar, bot, message(1, "east-one"), message(2, "west-one"), pulse(3, "east-one", 7))
    await bazaar.projected()
    eastern = await bazaar.place.account("eastern", at="east", role="coordinator")
    async with db.transaction(bazaar.rt.pool, bazaar.organisation) as conn:
        scope = await scope_of(bazaar.rt, conn, eastern)
        feed = await arrivals.newest(conn, scope)
    assert [(line.kind, line.unit_name_en) for line in feed] == [
        ("pulse", "Unit east-one"),
        ("message", "Unit east-one"),
    ]
    assert "राम" not in repr(feed)


async def test_what_may_not_be_kept_longer_is_deleted(bazaar, clock):
    bot = await bazaar.place.sender()
    await post(bazaar, bot, message(1, "g1"))
    await bazaar.projected()
    clock.at += timedelta(days=29)
    assert await arrivals.purge(bazaar.rt, bazaar.organisation) == 0
    clock.at += timedelta(days=1)
    assert await arrivals.purge(bazaar.rt, bazaar.organisation) == 1
    assert await bazaar.rows("SELECT 1 FROM arrival") == []


async def test_the_newest_pulse_holds_in_whatever_order_they_come(bazaar):
    bot = await bazaar.place.sender()
    await bazaar.place.group("east-one", sender=bot, address="g1")
    await post(bazaar, bot, pulse(1, "g1", 300, minutes=5), pulse(2, "g1", 200, minutes=1))
    await post(bazaar, bot, pulse(3, "g1", 100))
    await post(bazaar, bot, pulse(4, "g1", 9_999_999, minutes=9))
    await bazaar.projected()
    assert await bazaar.rows("SELECT size FROM chat_group") == [(300,)]


async def test_a_group_that_moved_is_followed(bazaar):
    bot = await bazaar.place.sender(channel="telegram")
    await bazaar.place.group("east-one", sender=bot, address="-1", channel="telegram")
    update = {
        "update_id": 5,
        "message": {"chat": {"id": -1}, "date": 1_700_000_000, "migrate_to_chat_id": -1009},
    }
    await log.publish(
        bazaar.rt.nats,
        bazaar.organisation,
        bot.hex,
        json.dumps(update).encode(),
        received_at=NOON,
        channel="telegram",
    )
    await bazaar.projected()
    assert await bazaar.rows("SELECT address FROM chat_group") == [("-1009",)]
    told = "SELECT actor_label FROM record WHERE kind = 'group.address_changed'"
    assert await bazaar.rows(told) == [("worker.projection",)]


async def test_receipts_reach_their_deliveries_and_each_organisation_its_own(bazaar, rt):
    other = await an_organisation(rt, "sangathan")
    bot = await bazaar.place.sender()
    group = await bazaar.place.group("east-one", sender=bot, categories=("farmers",))
    id = await bazaar.sending()
    [(delivery,)] = await bazaar.rows("SELECT id FROM delivery")
    await bazaar.rows(
        "UPDATE delivery SET state = 'sent', evidence = 1, sent_at = now(), provider_ref = '77'"
        " RETURNING 1"
    )
    status = {
        "update_id": 1,
        "type": "status",
        "at": NOON.isoformat(),
        "message_id": 77,
        "status": "read",
        "key": str(delivery),
    }
    await post(bazaar, bot, status, organisation=other.organisation)
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("sent", 1)
    await post(bazaar, bot, status)
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("sent", 3)
    await bazaar.agrees(id)
    kinds = "SELECT count(*) FROM record WHERE kind = 'arrivals.applied'"
    assert await bazaar.rows(kinds) == [(1,)], "one entry a batch and organisation"


async def test_bodies_that_cannot_be_read_are_counted_once_a_batch_and_block_nothing(bazaar):
    bot = await bazaar.place.sender()
    for number, body in enumerate([b"", b"\xff\xfe", b"[1,2", b"[" * 5000, b'"text"']):
        await log.publish(
            bazaar.rt.nats,
            bazaar.organisation,
            bot.hex,
            body,
            received_at=NOON + timedelta(seconds=number),
            channel="sandbox",
        )
    await log.publish(
        bazaar.rt.nats, bazaar.organisation, bot.hex, b"{}", received_at=NOON, channel="unheard-of"
    )
    await log.publish(bazaar.rt.nats, bazaar.organisation, own.LINK, b"x", received_at=NOON)
    await post(bazaar, bot, message(1, "g1"))
    await bazaar.projected()
    facts = "SELECT facts->'unreadable', facts->'kept' FROM record WHERE kind = 'arrivals.applied'"
    assert await bazaar.rows(facts) == [(7, 1)]


async def test_one_envelope_the_database_cannot_take_is_stepped_over_alone(bazaar):
    bot = await bazaar.place.sender()
    for number in range(5):
        await post(bazaar, bot, message(number, "g1"))
        if number == 2:
            hostile = own.write(LinkClicked(NOON, 2**70))
            await log.publish(
                bazaar.rt.nats, bazaar.organisation, own.LINK, hostile, received_at=NOON
            )
    await bazaar.projected()
    assert await bazaar.rows("SELECT count(*) FROM arrival") == [(5,)]
    assert await bazaar.rows("SELECT max(stream_sequence) FROM projection") == [(6,)]


async def test_an_entry_of_many_with_one_that_cannot_be_taken_loses_that_one_alone(bazaar):
    bot = await bazaar.place.sender()

    def handed(body: bytes, source: str = "") -> log.Handed:
        return log.Handed(bazaar.organisation, source or bot.hex, "sandbox", NOON, body)

    def told(*numbers: int) -> list[log.Handed]:
        updates = [{"updates": [message(number, "g1")]} for number in numbers]
        return [handed(json.dumps(update).encode()) for update in updates]

    hostile = handed(own.write(LinkClicked(NOON, 2**70)), own.LINK)
    await log.publish_together(bazaar.rt.nats, told(1, 2, 3))
    await log.publish_together(bazaar.rt.nats, [*told(4, 5), hostile, *told(6, 7)])
    await log.publish_together(bazaar.rt.nats, told(8))

    await bazaar.projected()

    assert await bazaar.rows("SELECT count(*) FROM arrival") == [(8,)]
    assert await bazaar.rows("SELECT max(stream_sequence) FROM projection") == [(3,)]


async def test_half_an_entry_never_moves_the_cursor_past_the_whole(bazaar):
    bot = await bazaar.place.sender()
    body = json.dumps({"updates": [message(1, "g1")]}).encode()
    hostile = own.write(LinkClicked(NOON, 2**70))
    await log.publish_together(
        bazaar.rt.nats,
        [
            log.Handed(bazaar.organisation, bot.hex, "sandbox", NOON, body),
            log.Handed(bazaar.organisation, own.LINK, "", NOON, hostile),
        ],
    )
    name = await log.prepare(bazaar.rt.nats)
    async with db.installation(bazaar.rt.pool) as conn:
        await arrival_queries.begin(conn, name)
    envelopes = await log.read(bazaar.rt.nats, 0)

    await projection.advance(bazaar.rt, name, 0, envelopes[:1], to=envelopes[1].sequence - 1)
    assert await bazaar.rows("SELECT max(stream_sequence) FROM projection") == [(0,)]

    await projection.advance(bazaar.rt, name, 0, envelopes)
    assert await bazaar.rows("SELECT max(stream_sequence) FROM projection") == [(1,)]
    assert await bazaar.rows("SELECT count(*) FROM arrival") == [(1,)]


async def test_a_full_replay_changes_nothing(bazaar):
    bot = await bazaar.place.sender()
    await bazaar.place.group("east-one", sender=bot, address="g1")
    admin = await bazaar.place.person("east-one")
    for _ in range(3):
        await bazaar.group("east-one", admin)
    id = await bazaar.tasked()
    assignments = await bazaar.assignments()
    for number in range(30):
        await post(bazaar, bot, message(number, "g1"), pulse(100 + number, "g1", number))
    for arrival in (
        RelayOpened(NOON, assignments[0].id),
        RelayPosted(NOON, assignments[1].id),
        LinkClicked(NOON, assignments[1].delivery_id),
        LinkClicked(NOON, assignments[2].delivery_id),
        RelayOpened(NOON, new_id()),
        LinkClicked(NOON, 999_999),
    ):
        await log.publish(
            bazaar.rt.nats,
            bazaar.organisation,
            own.LINK if isinstance(arrival, LinkClicked) else own.RELAY,
            own.write(arrival),
            received_at=NOON,
        )
    name = await log.prepare(bazaar.rt.nats)
    assert await projected(bazaar.rt, name) == 36
    before = await state_of(bazaar)

    assert await projected(bazaar.rt, name + " again", batch=7) == 36

    assert await state_of(bazaar) == before
    await bazaar.agrees(id)


async def test_two_projectors_at_once_apply_everything_once(bazaar):
    bot = await bazaar.place.sender()
    for number in range(60):
        await post(bazaar, bot, message(number, "g1"))
    stop = asyncio.Event()
    running = [asyncio.create_task(projection.run(bazaar.rt, stop, batch=10)) for _ in range(2)]
    await until(bazaar, "SELECT max(stream_sequence) = 60 FROM projection")
    stop.set()
    await asyncio.gather(*running)
    facts = "SELECT sum((facts->>'envelopes')::int), sum((facts->>'kept')::int) FROM record"
    assert await bazaar.rows(f"{facts} WHERE kind = 'arrivals.applied'") == [(60, 60)]


async def test_a_projector_whose_cursor_was_moved_applies_nothing(bazaar):
    bot = await bazaar.place.sender()
    await post(bazaar, bot, message(1, "g1"))
    name = await log.prepare(bazaar.rt.nats)
    [envelope] = await log.read(bazaar.rt.nats, 0)
    await projected(bazaar.rt, name)
    with pytest.raises(projection.Overtaken):
        await projection.advance(bazaar.rt, name, 0, [envelope])


async def test_a_projector_that_dies_between_batches_is_followed_without_loss_or_repeat(bazaar):
    bot = await bazaar.place.sender()
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    for number in range(80):
        await post(bazaar, bot, message(number, "g1"))
    for _ in range(5):
        dying = asyncio.create_task(projection.run(bazaar.rt, asyncio.Event(), batch=5))
        goal = dice.randrange(1, 80)
        await until(bazaar, f"SELECT coalesce(max(stream_sequence), 0) >= {goal} FROM projection")
        dying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dying
    await bazaar.projected()
    assert await bazaar.rows("SELECT count(*) FROM arrival") == [(80,)], f"seed {seed}"
    facts = "SELECT sum((facts->>'envelopes')::int) FROM record WHERE kind = 'arrivals.applied'"
    assert await bazaar.rows(facts) == [(80,)], f"seed {seed}"


async def test_a_cancelled_projector_always_ends(bazaar):
    bot = await bazaar.place.sender()
    for number in range(20):
        await post(bazaar, bot, message(number, "g1"))
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    for _ in range(80):
        cancelled = asyncio.create_task(projection.run(bazaar.rt, asyncio.Event(), batch=1))
        await asyncio.wait((cancelled,), timeout=dice.random() * 0.03)
        cancelled.cancel()
        await asyncio.wait((cancelled,), timeout=20)
        assert cancelled.done(), f"seed {seed}"


async def test_a_log_that_was_lost_and_made_anew_is_read_from_its_beginning(bazaar):
    bot = await bazaar.place.sender()
    for number in range(3):
        await post(bazaar, bot, message(number, "g1"))
    await bazaar.projected()
    await bazaar.rt.nats.jetstream().delete_stream(log.STREAM)
    await post(bazaar, bot, message(3, "g1"))
    await bazaar.projected()
    assert await bazaar.rows("SELECT count(*) FROM arrival") == [(4,)]


async def test_live_pages_are_told_what_moved(bazaar):
    bot = await bazaar.place.sender()
    listening = await bazaar.rt.nats.subscribe(f"hint.{bazaar.organisation}.*")
    await post(bazaar, bot, message(1, "g1"))
    await bazaar.projected()
    assert (await listening.next_msg(timeout=5)).subject.endswith(".arrivals")
    await listening.unsubscribe()


async def test_a_projection_has_one_cursor_for_all(bazaar):
    async with db.installation(bazaar.rt.pool) as conn:
        for _ in range(2):
            await arrival_queries.begin(conn, "one")
        assert await arrival_queries.cursor(conn, "one") == 0


async def until(bazaar, question: str) -> None:
    """Wait until the database says yes."""
    async with asyncio.timeout(30):
        while await bazaar.rows(question) != [(True,)]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_a_provider_says_of_a_sender_is_kept_and_a_repeat_changes_nothing(bazaar):
    bot = await bazaar.place.sender()
    told = {"type": "standing", "at": NOON.isoformat()}
    await post(
        bazaar,
        bot,
        {"update_id": 1, **told, "quality": "low", "daily_limit": 250},
        {"update_id": 2, **told, "restriction": "restricted"},
        {"update_id": 3, **told, "quality": ["low"], "daily_limit": True, "restriction": 7},
        {"update_id": 4, **told, "daily_limit": 10**12},
    )
    await bazaar.projected()
    kept = "SELECT quality, daily_limit, restriction, restriction_at FROM sender_standing"
    assert await bazaar.rows(kept) == [("low", 250, "restricted", NOON)]
    await post(bazaar, bot, {"update_id": 2, **told, "restriction": "restricted"})
    await bazaar.projected()
    assert await bazaar.rows(kept) == [("low", 250, "restricted", NOON)]


def test_only_after_little_what_comes_next_is_let_gather():
    def fetched(*sizes: int) -> projection.Fetched:
        envelopes = [
            Envelope(n, 1, "x", "sandbox", NOON, b"x" * size) for n, size in enumerate(sizes)
        ]
        return projection.Fetched(envelopes, {})

    assert fetched(100).is_little
    assert fetched(*[100] * 500).is_little
    assert not fetched(*[100] * 2_000).is_little
    assert not fetched(1_000_000).is_little
