"""What is kept of each exchange with a provider: all of them, for an hour, and nothing personal."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest

from botserver import a_bot_server
from chaupal.arrivals.models import Failure
from chaupal.broadcasts import exchanges, jobs, sender_pages
from chaupal.broadcasts.exchanges import REMEMBERED, Alike, Journal, Line, State
from chaupal.channels.contract import Accepted, Deferred, Rejected, Unknown
from chaupal.channels.exchange import Heard
from chaupal.channels.http import HttpClient
from factories import an_organisation
from worker.test_dispatch import NOON, TEXT, Post

ALL = """
SELECT ended, status, kind, outcome, reason, sum(times)::int FROM exchange
 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 4, 5
"""


@pytest.fixture
async def post(rt, clock) -> AsyncIterator[Post]:
    clock.at = NOON
    place = await an_organisation(rt)
    author, approver = await place.account("asha"), await place.account("ravi")
    async with a_bot_server() as provider, HttpClient() as http:
        yield Post(rt, clock, place, author, approver, provider, http)


async def test_every_exchange_is_in_the_account_with_how_it_ended(post):
    await post.groups(await post.sender(), *(f"g:{n}" for n in range(6)), category="farmers")
    await post.send("farmers")
    post.provider.answer("g:0", 400, description="Bad Request: chat not found", error_code=400)
    post.provider.answer("g:1", 503)
    post.provider.answer("g:2", 429, parameters={"retry_after": 90})
    loop = await post.loop()
    assert await post.turn(loop) == 6

    found = await post.rows(ALL)
    assert sum(times for *_, times in found) == len(post.provider.sends) == 6
    assert ("answered", 200, None, "accepted", None, 3) in found
    assert ("answered", 429, None, "deferred", "throttled", 1) in found
    assert ("in_trouble", 503, None, "deferred", "http_503", 1) in found
    [refused] = [row for row in found if row[3] == "rejected"]
    assert refused[:2] == ("answered", 400)
    assert loop.journal.noted == {}, "what is written down is kept in memory no longer"


async def test_what_never_left_is_told_apart_from_what_was_lost(post):
    await post.groups(
        await post.place.sender(endpoint="http://127.0.0.1:9"), "g:1", category="farmers"
    )
    id = await post.send("farmers")
    loop = await post.loop()
    await post.turn(loop)
    [(ended, status, kind, outcome, _, times)] = await post.rows(ALL)
    assert (ended, status, outcome, times) == ("not_reached", None, "deferred", 1)
    assert kind == "ConnectionRefusedError"

    await post.rows("UPDATE broadcast SET title = 'another' WHERE id = %s RETURNING 1", id)
    loop.wording.known.clear()
    await post.rows("UPDATE delivery SET due_at = now() - interval '1 year' RETURNING 1")
    await post.turn(loop, after_s=400)
    unsent = await post.rows("SELECT reason FROM exchange WHERE ended = 'not_asked'")
    assert unsent == [("text is not what was approved",)]


async def test_nothing_of_what_was_said_or_to_whom_is_kept(post):
    secret = "g:very-secret-chat"
    await post.groups(await post.sender(), secret, category="farmers")
    await post.send("farmers")
    post.provider.answer(secret, 400, description=f"no {secret} of 9876543210 here")
    loop = await post.loop()
    await post.turn(loop)
    kept = str(await post.rows("SELECT e::text, s::text FROM exchange e, sender_state s"))
    assert "rejected" in kept
    for personal in ("very-secret", "9876543210", TEXT, "127.0.0.1", "token"):
        assert personal not in kept


def test_words_that_a_provider_chose_are_not_taken_along():
    journal = Journal()
    heard = [Heard("POST", "answer_lost", None, "Oops 9876543210", 0.2)]
    journal.note(1, Unknown("user 9876543210 said no"), heard)
    journal.note(2, Deferred("error_131000"), [])
    journal.note(3, Rejected(Failure.BLOCKED, "Asha said no"), heard)
    journal.note(4, None, heard)
    assert [line.alike for line in journal.lines()] == [
        Alike("POST", "answer_lost", None, "other", "unknown", "other"),
        Alike(None, "not_asked", None, None, "deferred", "error_131000"),
        Alike("POST", "answer_lost", None, "other", "rejected", "blocked"),
    ]


def test_alike_ones_share_a_line_that_counts_them_and_a_journal_has_a_limit():
    journal = Journal()
    for n in range(REMEMBERED + 10):
        journal.note(n, Accepted("r"), [Heard("POST", "answered", 200, None, 0.1 + (n == 50))])
    assert len(journal.noted) == REMEMBERED
    [line] = journal.lines([50, 51])
    assert (line.times, line.took_ms, line.slowest_ms) == (2, 600, 1100)
    journal.forget([50, 51, 51])
    assert journal.lines([50, 51]) == []


async def test_the_table_itself_takes_no_words(post):
    sender = await post.sender()
    for alike in (
        Alike("POST", "answered", 200, None, "deferred", "call 9876543210"),
        Alike("POST", "answer_lost", None, "Asha Invented", "unknown", None),
        Alike("POST /bot123", "answered", 200, None, "accepted", None),
        Alike("POST", "somehow", 200, None, "accepted", None),
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            async with post.place.transaction() as conn:
                await exchanges.write(conn, sender, [Line(alike, 1, 1, 1)], now=NOON)


async def test_two_loops_of_one_sender_write_each_exchange_once(post):
    await post.groups(await post.sender(), *(f"g:{n}" for n in range(40)), category="farmers")
    await post.send("farmers")
    loop = await post.loop()
    loop.fitting = 10
    post.clock.at += timedelta(seconds=1)
    post.seconds += 1
    while sum(await asyncio.gather(loop.batch(), loop.batch())):
        post.seconds += 1
    assert await post.rows(ALL) == [("answered", 200, None, "accepted", None, 40)]
    assert loop.journal.noted == {}


async def test_a_breaker_shows_until_it_is_over(post):
    sender = await post.sender()
    await post.groups(sender, *(f"g:{n}" for n in range(6)), category="farmers")
    await post.send("farmers")
    for n in range(6):
        post.provider.answer(f"g:{n}", 503)
    loop = await post.loop()
    await post.turn(loop)
    async with post.place.transaction() as conn:
        [row] = await sender_pages.standings(conn, now=post.clock.at)
    assert (row.id, row.trips, row.held) == (sender, 1, True)
    assert row.held_until > post.clock.at
    assert row.rate_now_per_s == pytest.approx(row.rate_per_s * 0.8)

    async with post.place.transaction() as conn:
        await exchanges.note_state(conn, sender, State(4.0, 0, 0), now=post.clock.at)
        [row] = await sender_pages.standings(conn, now=post.clock.at)
    assert (row.trips, row.held_until, row.rate_now_per_s) == (0, None, 4.0)


async def test_what_is_older_than_an_hour_is_gone(post):
    sender = await post.sender()
    alike = Alike("POST", "answered", 200, None, "accepted", None)
    async with post.place.transaction() as conn:
        for ago in (timedelta(minutes=59), timedelta(minutes=61)):
            await exchanges.write(conn, sender, [Line(alike, 3, 1, 1)], now=NOON - ago)
    await jobs.tidy(post.rt, post.place.organisation)
    async with post.place.transaction() as conn:
        kept = await sender_pages.exchanged(
            conn, sender, since=NOON - timedelta(days=1), before=None, limit=9
        )
        traffic = await sender_pages.traffic(
            conn, minute=NOON - timedelta(minutes=1), hour=NOON - exchanges.KEPT
        )
    assert [(row.at, row.times) for row in kept] == [(NOON - timedelta(minutes=59), 3)]
    assert [(row.last_minute, row.last_hour) for row in traffic] == [(0, 3)]


async def test_a_senders_exchanges_are_sealed_from_another_organisation(post):
    sender = await post.sender()
    alike = Alike("POST", "answered", 200, None, "accepted", None)
    async with post.place.transaction() as conn:
        await exchanges.write(conn, sender, [Line(alike, 1, 1, 1)], now=NOON)
    other = await an_organisation(post.rt, "doosra")
    async with other.transaction() as conn:
        assert await sender_pages.standings(conn, now=NOON) == []
        found = await sender_pages.exchanged(
            conn, sender, since=NOON - timedelta(hours=1), before=None, limit=9
        )
    assert found == []
