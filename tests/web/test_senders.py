"""The pages of senders: how each stands, what went wrong, and every exchange of the last hour."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from chaupal.arrivals.models import Quality, Restriction, SenderHeard
from chaupal.broadcasts import exchanges, sender_pages, standing
from chaupal.broadcasts.exchanges import Alike, Line, State
from chaupal.broadcasts.sender_pages import Standing
from chaupal.kit.ids import new_id
from chaupal.web.language import LANGUAGES
from chaupal.web.pages.senders import EXCHANGES_SHOWN
from chaupal.web.sender_words import ENDED, OUTCOMES, WHY, how_it_ended, how_it_stands

NOON = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
TAKEN = Alike("POST", "answered", 200, None, "accepted", None)
TROUBLED = Alike("POST", "in_trouble", 503, None, "unknown", "http_503")
READY = Standing(
    id=new_id(), name="bot", channel="sandbox", rate_per_s=20, chat_interval_s=1.0,
    daily_limit=None, pair_interval_s=None, pair_burst=None, disabled_at=None, held=True,
    waits=True, rate_now_per_s=16.0, held_until=None, trips=0, portfolio=None, stopped_at=None,
    stopped_halt=None, stopped_reason=None, full_until=None, people_in_a_day=None, quality=None,
    quality_at=None, allowed_daily=None, allowed_daily_at=None, restriction=None,
    restriction_at=None, excluded_by=None,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


@pytest.fixture
async def bot(place):
    """A sender in trouble, with a day's work behind it."""
    bot = await place.sender("Main bot", rate_per_s=20)
    async with place.transaction() as conn:
        await conn.execute(
            "UPDATE sender SET lease_owner = %s, lease_until = %s, chat_interval_s = 3,"
            " daily_limit = 2000, pair_interval_s = 6, pair_burst = 45",
            (new_id(), NOON + timedelta(seconds=15)),
        )
        for ago_s, line in (
            (30, Line(TAKEN, 1200, 40, 310)),
            (70, Line(TAKEN, 30, 40, 40)),
            (20, Line(TROUBLED, 4, 90, 90)),
        ):
            at = NOON - timedelta(seconds=ago_s)
            await exchanges.write(conn, bot, [line], now=at, told=ago_s == 70)
        await exchanges.note_state(conn, bot, State(12.5, 40.0, 3), now=NOON)
    return bot


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "It sends as usual."),
        ({"waits": False}, "It is ready"),
        ({"held": False}, "no worker has taken it up"),
        ({"held": False, "waits": False, "trips": 3}, "It is at rest"),
        ({"rate_now_per_s": 8.0}, "It goes slower for a while"),
        ({"rate_now_per_s": None}, "It sends as usual."),
        ({"held_until": NOON + timedelta(minutes=5)}, "asked for a pause until today 12:05"),
        ({"held_until": NOON - timedelta(minutes=5)}, "It sends as usual."),
        ({"held_until": NOON + timedelta(minutes=5), "trips": 2}, "in trouble, 2 times in a row"),
        ({"held_until": NOON, "trips": 2}, "One message asks now"),
        ({"disabled_at": NOON, "trips": 2}, "switched off today 12:00"),
        (
            {"stopped_at": NOON, "stopped_halt": "sender", "stopped_reason": "reported_as_spam"},
            "until somebody lets it go on. Too many people reported it",
        ),
        (
            {"stopped_at": NOON, "stopped_halt": "organisation", "stopped_reason": "error_77"},
            "Every sender of this channel was stopped today 12:00",
        ),
        ({"full_until": NOON + timedelta(hours=2)}, "follow from today 14:00 on"),
        ({"full_until": NOON + timedelta(hours=2), "waits": False}, "It is ready"),
    ],
)
def test_how_a_sender_stands_is_one_sentence(changes, said):
    assert said in how_it_stands(replace(READY, **changes), "en", now=NOON)
    assert "%(" not in how_it_stands(replace(READY, **changes), "hi", now=NOON)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_in_which_an_exchange_can_end_has_its_words(language):
    ways = [
        *(Alike("POST", end, 503, "X", "unknown", "http_503") for end in ENDED),
        *(Alike("POST", "answered", 200, None, outcome, None) for outcome in OUTCOMES),
        *(Alike(None, "not_asked", None, None, "deferred", why) for why in WHY),
        Alike("POST", "answered", 403, None, "rejected", "blocked"),
    ]
    said = [how_it_ended(way, language) for way in ways]
    assert len({*said}) == len(said)
    assert all("%(" not in sentence for sentence in said)


async def test_an_administrator_sees_how_each_sender_stands_and_what_went_wrong(door, place, bot):
    await place.sender("Quiet bot")
    admin = await door.signed_in(place, await place.account("asha", language="en"))
    shown = (await admin.get("/senders")).words
    for said in (
        "Main bot", "Quiet bot", "3 times in a row", "12.5 a second", "20 a second",
        "one in 3 s to each chat", "one in 6 s to each person, 45 at once",
        "2,000 people written to first in a day", "1,204", "1,234", "4 of them not taken",
        "The provider is in trouble: it answered 503. 4 times, last today 11:59",
        "It is at rest",
    ):  # fmt: skip
        assert said in shown, said


async def test_every_exchange_of_the_last_hour_is_listed_page_by_page(door, place, bot):
    admin = await door.signed_in(place, await place.account("asha", language="en"))
    first = await admin.get(f"/senders/{bot}")
    assert "POST 503" in first.words
    assert "telling admins of their tasks" in first.words
    async with place.transaction() as conn:
        await exchanges.write(
            conn, bot, [Line(TAKEN._replace(status=201), 1, 1, 1)] * EXCHANGES_SHOWN, now=NOON
        )
    newest = await admin.get(f"/senders/{bot}")
    assert newest.text.count("POST</span> 201") == EXCHANGES_SHOWN
    onward = newest.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert "POST 503" in (await admin.get(onward)).words
    assert (await admin.get(f"/senders/{new_id()}")).status == 404
    assert (await admin.get(f"/senders/{bot}?before=x")).status == 422


async def test_only_who_administers_the_whole_organisation_sees_senders(door, place, bot):
    for login, at, role in (
        ("kiran", "east", "administrator"),
        ("desk", "state", "desk"),
        ("coordinator", "state", "coordinator"),
    ):
        browser = await door.signed_in(place, await place.account(login, at=at, role=role))
        assert (await browser.get("/senders")).status == 403
        refused = await browser.get(f"/senders/{bot}")
        assert refused.status == 404
        assert "Main bot" not in refused.text
        assert 'href="/senders"' not in (await browser.get("/")).text


async def test_a_stopped_sender_goes_on_by_a_click_of_who_administers_all(door, place, bot):
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO sender_stop VALUES (current_organisation(), %s, %s, 'organisation',"
            " 'error_368')",
            (bot, NOON),
        )
    coordinator = await door.signed_in(place, await place.account("kiran", role="coordinator"))
    assert (await coordinator.post(f"/senders/{bot}/go_on")).status == 403
    admin = await door.signed_in(place, await place.account("asha", language="en"))
    shown = (await admin.get("/senders")).words
    assert "1 sender is stopped" in shown
    assert "blocked the account for breaking its rules" in shown
    assert "Rehearsal is stopped since" in (await admin.get("/broadcasts")).words
    assert (await admin.post(f"/senders/{new_id()}/go_on")).status == 404
    await admin.post(f"/senders/{bot}/go_on")
    await admin.post(f"/senders/{bot}/go_on")
    assert "is stopped" not in (await admin.get("/senders")).words
    async with place.transaction() as conn:
        found = await conn.execute("SELECT actor_label FROM record WHERE kind = 'sender.let_go_on'")
        assert len(await found.fetchall()) == 1, "who did it, once"


async def test_limits_are_written_down_by_who_administers_all_and_stand_in_the_record(
    door, place, bot
):
    admin = await door.signed_in(place, await place.account("asha", language="en"))
    form = {
        "rate_per_s": "८०", "chat_interval_s": "", "portfolio": "p-1", "daily_limit": "250",
        "pair_interval_s": "6", "pair_burst": "45",
    }  # fmt: skip
    assert 'name="pair_burst"' in (await admin.get(f"/senders/{bot}")).text
    coordinator = await door.signed_in(place, await place.account("kiran", role="coordinator"))
    assert (await coordinator.post(f"/senders/{bot}/limits", form)).status == 403
    assert (await admin.post(f"/senders/{bot}/limits", form)).status in (200, 303)
    for wrong in (
        {"rate_per_s": "0"}, {"rate_per_s": "many"}, {"pair_burst": ""}, {"portfolio": "p 1"},
        {"daily_limit": "-1"}, {"pair_interval_s": "nan"}, {"chat_interval_s": "inf"},
        {"daily_limit": "9" * 30},
    ):  # fmt: skip
        refused = await admin.post(f"/senders/{bot}/limits", {**form, **wrong})
        assert refused.status == 422, wrong
        assert next(iter(wrong)) in refused.words or "pair" in refused.words
    async with place.transaction() as conn:
        found = await conn.execute(
            "SELECT rate_per_s, chat_interval_s, portfolio, daily_limit, pair_burst FROM sender"
        )
        assert await found.fetchall() == [(80, 0, "p-1", 250, 45)]
        found = await conn.execute(
            "SELECT actor_label, facts->>'daily_limit' FROM record"
            " WHERE kind = 'sender.limits_written'"
        )
        [(_, limit)] = await found.fetchall()
        assert limit == "250"
    shown = (await admin.get("/senders")).words
    assert "together with all senders of p-1" in shown
    assert "250 people written to first in a day" in shown


async def test_what_the_provider_says_of_a_sender_is_shown_in_words_with_its_time(door, place, bot):
    async with place.transaction() as conn:
        await standing.apply(
            conn,
            bot,
            [
                SenderHeard(NOON, Quality.LOW, 250),
                SenderHeard(NOON, restriction=Restriction.WARNED),
            ],
            now=NOON,
        )
    admin = await door.signed_in(place, await place.account("asha", language="en"))
    shown = (await admin.get("/senders")).words
    assert "people block it or report it: its limit may be lowered today 12:00" in shown
    assert "250 people written to first in a day today 12:00" in shown
    assert "the provider has warned the account" in shown


async def test_the_newest_word_of_each_kind_holds_in_whatever_order_they_come(place, bot):
    hour = timedelta(hours=1)
    words = [
        SenderHeard(NOON - 2 * hour, Quality.HIGH, 1000),
        SenderHeard(NOON - hour, daily_limit=-1),
        SenderHeard(NOON, Quality.LOW, restriction=Restriction.DISABLED),
        SenderHeard(NOON + 9 * hour, restriction=Restriction.LIFTED),
    ]
    for order in permutations(words):
        async with place.transaction() as conn:
            await conn.execute("UPDATE sender_standing SET quality = NULL, quality_at = NULL,"
                " daily_limit = NULL, daily_limit_at = NULL, restriction = NULL,"
                " restriction_at = NULL")  # fmt: skip
            for word in order[:2]:
                await standing.apply(conn, bot, [word], now=NOON)
            await standing.apply(conn, bot, order[2:] * 2, now=NOON)
            [row] = await sender_pages.standings(conn, now=NOON)
        assert (row.quality, row.quality_at) == ("low", NOON)
        assert (row.allowed_daily, row.allowed_daily_at) == (-1, NOON - hour)
        assert row.restriction_at == NOON
