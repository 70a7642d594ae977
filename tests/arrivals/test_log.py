import asyncio
from datetime import UTC, datetime, timedelta

import nats
import pytest

from chaupal.arrivals import log, own
from chaupal.arrivals.inlet import BUNDLE_LIMIT, Inlet
from chaupal.arrivals.log import Handed
from chaupal.arrivals.models import LinkClicked, RelayOpened, RelayPosted
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.refusals import Unavailable

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
FIRST, SECOND = OrganisationId(1), OrganisationId(2)


async def test_what_was_published_is_read_back_in_order_and_whole(rt):
    await log.publish(rt.nats, FIRST, "ab" * 16, b'{"a":1}', received_at=AT, channel="sandbox")
    await log.publish(rt.nats, SECOND, "link", b"\x00\xff", received_at=AT)

    [one, two] = await log.read(rt.nats, 0)

    assert (one.sequence, one.organisation, one.source, one.channel, one.received_at, one.body) == (
        1,
        FIRST,
        "ab" * 16,
        "sandbox",
        AT,
        b'{"a":1}',
    )
    assert (two.organisation, two.source, two.channel, two.body) == (
        SECOND,
        "link",
        "",
        b"\x00\xff",
    )
    assert [e.sequence for e in await log.read(rt.nats, 1)] == [2]
    assert await log.read(rt.nats, 2) == []


async def test_a_reader_waits_for_what_is_still_to_come(rt):
    await log.prepare(rt.nats)
    reading = asyncio.create_task(log.read(rt.nats, 0, wait_s=10))
    await log.publish(rt.nats, FIRST, "link", b"late", received_at=AT)
    assert [e.body for e in await reading] == [b"late"]


async def test_the_same_bytes_sent_again_at_once_are_one_entry(rt):
    for _ in range(2):
        await log.publish(rt.nats, FIRST, "link", b"same", received_at=AT)
    await log.publish(rt.nats, SECOND, "link", b"same", received_at=AT)
    assert [e.organisation for e in await log.read(rt.nats, 0)] == [FIRST, SECOND]


async def test_a_long_log_is_read_in_batches_without_a_gap(rt):
    await asyncio.gather(
        *(log.publish(rt.nats, FIRST, "link", b"%d" % n, received_at=AT) for n in range(2500))
    )
    sequences: list[int] = []
    while batch := await log.read(rt.nats, sequences[-1] if sequences else 0, limit=1000):
        assert len(batch) <= 1000
        sequences += [e.sequence for e in batch]
    assert sequences == list(range(1, 2501))


async def test_a_batch_is_bounded_in_bytes_as_well(rt):
    large = b"x" * 900_000
    for n in range(12):
        await log.publish(rt.nats, FIRST, "link", b"%d" % n + large, received_at=AT)
    batches = [await log.read(rt.nats, 0)]
    while batches[-1]:
        batches.append(await log.read(rt.nats, batches[-1][-1].sequence))
    assert all(1 <= len(batch) < 12 for batch in batches[:-1])
    assert [e.sequence for batch in batches for e in batch] == list(range(1, 13))


async def test_a_log_that_was_made_anew_has_another_name(rt):
    before = await log.prepare(rt.nats)
    assert await log.prepare(rt.nats) == before
    await rt.nats.jetstream().delete_stream(log.STREAM)
    assert await log.prepare(rt.nats) != before


async def test_room_is_made_only_out_of_what_was_applied(rt):
    for n in range(100):
        await log.publish(rt.nats, FIRST, "link", b"%d" % n, received_at=AT)
    assert await log.make_room(rt.nats, 100) == 0, "a log that is far from full forgets nothing"
    assert await log.make_room(rt.nats, 10, limit_bytes=1) == 10
    assert (await log.read(rt.nats, 0))[0].sequence == 11
    assert await log.make_room(rt.nats, 100, limit_bytes=1) == 45


async def test_a_full_log_says_no_rather_than_forget(rt):
    await log.prepare(rt.nats)
    jetstream = rt.nats.jetstream()
    config = (await jetstream.stream_info(log.STREAM)).config
    config.max_bytes = 3000
    await jetstream.update_stream(config)
    with pytest.raises(Unavailable, match="arrivals_away"):
        for n in range(20):
            await log.publish(rt.nats, FIRST, "link", b"%d" % n + b"x" * 500, received_at=AT)
    assert (await log.read(rt.nats, 0))[0].sequence == 1


async def test_publishing_without_a_connection_is_refused_at_once(engines):
    connection = await nats.connect(engines[1].url)
    await connection.close()
    with pytest.raises(Unavailable, match="arrivals_away"):
        await log.publish(connection, FIRST, "link", b"x", received_at=AT)
    with pytest.raises(Unavailable, match="arrivals_away"):
        await log.read(connection, 0)
    await log.hint(connection, FIRST, "relay")


async def test_a_hint_reaches_those_who_listen_and_holds_nothing(rt):
    listening = await rt.nats.subscribe("hint.1.*")
    await log.hint(rt.nats, FIRST, "broadcasts")
    heard = await listening.next_msg(timeout=5)
    assert (heard.subject, heard.data) == ("hint.1.broadcasts", b"")
    await listening.unsubscribe()


@pytest.mark.parametrize(
    "arrival",
    [
        LinkClicked(AT, 7_000_000_000),
        RelayOpened(AT + timedelta(microseconds=7), new_id()),
        RelayPosted(AT, new_id()),
    ],
)
def test_our_own_arrivals_come_back_as_they_were(arrival):
    assert own.read(own.write(arrival)) == arrival


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b"null", b'{"kind":"clicked","arrival":{"at":1}}', b"[" * 10_000]
)
def test_what_is_none_of_ours_is_not_read(body):
    assert own.read(body) is None


def handed(body: bytes, organisation: OrganisationId = FIRST) -> Handed:
    return Handed(organisation, "ab" * 16, "sandbox", AT, body)


async def test_who_comes_in_a_crowd_shares_entries_and_each_is_read_back_as_it_came(rt):
    inlet = Inlet(rt.nats)
    crowd = [handed(b"%d\xff" % n, (FIRST, SECOND)[n % 2]) for n in range(BUNDLE_LIMIT * 2)]

    await asyncio.gather(*(inlet.put(one) for one in crowd))

    envelopes = await log.read(rt.nats, 0)
    assert len({envelope.sequence for envelope in envelopes}) < 10
    assert sorted(
        (e.organisation, e.source, e.channel, e.received_at, e.body) for e in envelopes
    ) == sorted((h.organisation, h.source, h.channel, h.received_at, h.body) for h in crowd)
    assert await log.read(rt.nats, envelopes[-1].sequence) == []


async def test_one_alone_waits_for_nobody_and_is_an_entry_without_a_wrapping(rt):
    inlet = Inlet(rt.nats)
    for n in range(3):
        await inlet.put(handed(b"%d" % n))
    assert [(e.sequence, e.body) for e in await log.read(rt.nats, 0)] == [
        (1, b"0"),
        (2, b"1"),
        (3, b"2"),
    ]


async def test_a_crowd_of_large_bodies_is_parted_into_entries_that_nats_takes(rt):
    inlet = Inlet(rt.nats)
    large = [handed(b"%d" % n + b"x" * 1_000_000) for n in range(6)]
    await asyncio.gather(*(inlet.put(one) for one in large))
    sequences = set()
    while batch := await log.read(rt.nats, max(sequences, default=0)):
        sequences |= {e.sequence for e in batch}
    assert len(sequences) == 6


async def test_everybody_who_waits_is_told_when_the_log_is_away(engines):
    connection = await nats.connect(engines[1].url)
    await connection.close()
    inlet = Inlet(connection)
    crowd = [inlet.put(handed(b"%d" % n)) for n in range(20)]
    ended = await asyncio.gather(*crowd, return_exceptions=True)
    assert all(isinstance(end, Unavailable) for end in ended)
    assert len(ended) == 20


async def test_who_leaves_while_waiting_takes_nobody_else_along(rt):
    inlet = Inlet(rt.nats)
    crowd = [asyncio.create_task(inlet.put(handed(b"%d" % n))) for n in range(20)]
    await asyncio.sleep(0)
    for leaving in crowd[::2]:
        leaving.cancel()
    ended = await asyncio.gather(*crowd, return_exceptions=True)
    assert ended[1::2] == [None] * 10
    bodies = {e.body for e in await log.read(rt.nats, 0)}
    assert {b"%d" % n for n in range(1, 20, 2)} <= bodies
