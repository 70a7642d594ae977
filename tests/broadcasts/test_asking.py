"""Asking the provider what became of lost sends, and believing only what is sure."""

from datetime import timedelta

import pytest

from broadcasts.test_templates import CLOUD, NOON, Mandi, mandi
from chaupal.arrivals.models import Evidence, StatusArrived
from chaupal.broadcasts import asking
from chaupal.broadcasts.asking import EVERY, NOT_AFTER, unambiguous

__all__ = ["mandi"]
MEENA, BHOLA = "+911100000001", "+911100000002"


@pytest.fixture
async def lost(mandi: Mandi, clock):
    """Two sends whose answers were lost: one was taken, of the other nothing was heard."""
    mandi.meta.now = int(NOON.timestamp())
    await mandi.fetch()
    await mandi.reader(MEENA, "hi")
    await mandi.reader(BHOLA, "hi")
    mandi.meta.lose(MEENA)
    mandi.meta.lose(BHOLA, "request")
    id = await mandi.sending()
    await (await mandi.loop()).batch()
    assert await mandi.states(id) == {"unknown": 2}
    clock.at += timedelta(minutes=2)
    return id


async def ask(mandi: Mandi) -> int:
    return await asking.ask(mandi.rt, mandi.place.organisation, mandi.http)


async def test_what_the_provider_took_is_found_and_what_it_did_not_stays_unknown(mandi, lost):
    mandi.meta.taken[0].events.append(("DELIVERED", int(NOON.timestamp()) + 9))
    assert await ask(mandi) == 1
    assert await mandi.states(lost) == {"sent": 1, "unknown": 1}
    async with mandi.place.transaction() as conn:
        rows = await conn.execute("SELECT state::text, evidence FROM delivery ORDER BY 1")
        assert await rows.fetchall() == [("sent", Evidence.DELIVERED), ("unknown", 0)]


async def test_it_is_asked_now_and_then_and_by_one_worker(mandi, lost, clock):
    assert await ask(mandi) == 1
    pages = mandi.meta.pages_read
    assert await ask(mandi) == 0
    assert mandi.meta.pages_read == pages, "it was asked a moment ago"
    clock.at += EVERY
    assert await ask(mandi) == 0
    assert mandi.meta.pages_read > pages


async def test_what_is_too_young_or_too_old_is_not_asked_about(mandi, lost, clock):
    clock.at = NOON
    assert await ask(mandi) == 0
    clock.at = NOON + NOT_AFTER + timedelta(hours=1)
    assert await ask(mandi) == 0
    assert mandi.meta.pages_read == 0


async def test_two_messages_that_it_may_be_leave_it_unknown(mandi, lost):
    mandi.meta.take(MEENA)  # somebody wrote by hand, in the same minute
    assert await ask(mandi) == 0
    assert await mandi.states(lost) == {"unknown": 2}


async def test_another_broadcasts_own_message_is_not_taken_for_it(mandi, lost, clock):
    """The second message to the same person is known by its reference, so one is left."""
    clock.at = NOON + timedelta(seconds=1)
    mandi.meta.now += 1
    await mandi.sending()
    await (await mandi.loop()).batch()
    assert len(mandi.meta.taken) == 3
    clock.at += timedelta(minutes=2)
    assert await ask(mandi) == 1
    assert await mandi.states(lost) == {"sent": 1, "unknown": 1}


async def test_a_provider_that_is_away_leaves_all_as_it_was(mandi, lost, clock):
    async with mandi.place.transaction() as conn:
        await conn.execute("UPDATE sender SET endpoint = 'http://127.0.0.1:9/v23.0/1'")
    assert await ask(mandi) == 0
    assert await mandi.states(lost) == {"unknown": 2}
    async with mandi.place.transaction() as conn:
        await conn.execute("UPDATE sender SET endpoint = %s", (mandi.meta.endpoint,))
    clock.at += EVERY
    assert await ask(mandi) == 1


async def test_batches_follow_each_other_and_begin_anew(mandi, lost, clock):
    async with mandi.place.transaction() as conn:
        await conn.execute(
            "INSERT INTO doubt_asking (organisation_id, sender_id, asked_at, upto_since, upto_id)"
            " SELECT organisation_id, sender_id, doubtful_since - interval '1 hour',"
            " doubtful_since, max(id) OVER () FROM delivery LIMIT 1"
        )
    assert await ask(mandi) == 0, "behind the last one there is nothing"
    clock.at += EVERY
    assert await ask(mandi) == 1


def test_only_one_message_for_one_send_is_believed():
    def seen(key: str, ref: str) -> StatusArrived:
        return StatusArrived(NOON, ref, key, Evidence.ACCEPTED)

    assert unambiguous([seen("1", "a"), seen("2", "b")], {"b"}) == [seen("1", "a")]
    assert unambiguous([seen("1", "a"), seen("1", "b")], set()) == []
    assert unambiguous([seen("1", "a"), seen("2", "a")], set()) == []
    assert unambiguous([seen("1", "a"), seen("1", "b")], {"b"}) == [seen("1", "a")]
    assert CLOUD in asking.REMEMBERING
