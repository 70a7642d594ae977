"""A template's own time to live is what counts before a poll, where it is sure."""

from datetime import timedelta

import psycopg
import pytest

from broadcasts.test_templates import (
    CLOUD,
    ENGLISH,
    HINDI,
    NOON,
    TOKEN,
    mandi,
    template,
)
from chaupal.broadcasts import ahead, deliveries, held
from chaupal.broadcasts.audience import Everyone
from chaupal.broadcasts.filling import LIFE_KNOWN_FOR
from chaupal.broadcasts.held import LONGEST_LEASE
from chaupal.broadcasts.models import Purpose
from chaupal.channels.registry import CHANNELS
from lawful import entered

__all__ = ["mandi"]
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
SILENCE = timedelta(hours=48)
LEASE = timedelta(seconds=60)
CHANNELS_OWN = CHANNELS[CLOUD].traits.time_to_live


async def listed(mandi, *, hi: object = 3600, en: object = 3600, **changes) -> None:
    """The template as a business account has it, with its time to live in each language."""
    changes = {"category": "UTILITY", **changes}
    mandi.meta.templates = [
        template("hi", HINDI, message_send_ttl_seconds=hi, **changes),
        template("en", ENGLISH, message_send_ttl_seconds=en, **changes),
    ]
    await mandi.fetch()
    for number in ("+911100000001", "+911100000002"):
        await mandi.place.person("east-one", chat=number, channel=CLOUD, purpose="coordination")


async def silent_in(mandi, begins_in: timedelta) -> None:
    await entered(mandi.place, mandi.author, "east", closes_in=begins_in + SILENCE)


async def internal(mandi):
    return await mandi.sending(purpose=Purpose.INTERNAL, expires_at=NOON + 10 * DAY)


async def gone(mandi) -> int:
    """How many have gone after one more batch."""
    await (await mandi.loop()).batch()
    return len(mandi.meta.taken)


async def told(mandi, id) -> list[tuple]:
    async with mandi.place.transaction() as conn:
        found = await ahead.of_broadcast(conn, await mandi.broadcast(id), now=mandi.rt.now())
    return [(row.code, row.channel, row.holds_from - NOON, row.targets) for row in found]


async def test_what_lives_for_an_hour_goes_until_an_hour_before_a_silence(mandi, clock):
    await listed(mandi)
    await silent_in(mandi, 2 * HOUR)
    id = await internal(mandi)
    loop = await mandi.loop()
    loop.pace.batch = lambda _: 1
    clock.at = NOON + HOUR - LEASE - SECOND
    assert await gone(mandi) == 1
    clock.at = NOON + HOUR - LEASE
    assert await gone(mandi) == 1, "it could arrive as the silence begins"
    assert await mandi.states(id) == {"sent": 1, "queued": 1}


async def test_the_longest_of_its_languages_counts(mandi):
    await listed(mandi, hi=3600, en=4 * 3600)
    await silent_in(mandi, 3 * HOUR)
    id = await internal(mandi)
    assert await gone(mandi) == 0
    async with mandi.place.transaction() as conn:
        [row] = await held.held(conn, id, now=NOON, limit=9, own=4 * HOUR)
        assert row.targets == 2
        assert await held.held(conn, id, now=NOON, limit=9, own=HOUR) == []


UNSURE = {
    "one language without": {"en": None},
    "thirty days": {"hi": -1},
    "longer than its kind may have": {"hi": 12 * 3600 + 1},
    "shorter than its kind may have": {"hi": 29},
    "no number": {"hi": "3600"},
    "marketing, which has its own elsewhere alone": {
        "category": "MARKETING", "hi": 12 * 3600, "en": 12 * 3600,
    },
}  # fmt: skip


@pytest.mark.parametrize("there", UNSURE.values(), ids=UNSURE.keys())
async def test_what_is_not_sure_counts_as_long_as_the_channel(mandi, there):
    await listed(mandi, **there)
    await silent_in(mandi, CHANNELS_OWN)
    id = await internal(mandi)
    assert await gone(mandi) == 0
    assert await mandi.states(id) == {"queued": 2}


async def test_what_was_not_looked_at_lately_is_not_sure(mandi, clock):
    await listed(mandi)
    await silent_in(mandi, 20 * DAY)
    id = await internal(mandi)
    clock.at = NOON + LIFE_KNOWN_FOR
    assert await gone(mandi) == 0
    assert await own(mandi, id) is None
    await mandi.fetch()
    assert await own(mandi, id) == HOUR


async def test_nothing_lives_longer_than_its_channel_says(mandi, database):
    await listed(mandi)
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute("UPDATE message_template SET ttl_s = %s", (40 * 86_400,))
    await silent_in(mandi, 35 * DAY)
    await internal(mandi)
    assert await gone(mandi) == 2


async def test_its_author_is_told_how_far_ahead_it_has_to_be_gone(mandi):
    await listed(mandi)
    await silent_in(mandi, 5 * DAY)
    asked = {"purpose": Purpose.INTERNAL, "expires_at": NOON + 10 * DAY}
    draft = await mandi.as_template(**asked)
    [row] = await ahead.of_draft(mandi.rt, draft, actor=mandi.author)
    holds_from = 5 * DAY - HOUR - LONGEST_LEASE
    assert row.holds_from - NOON == holds_from
    id = await internal(mandi)
    assert await told(mandi, id) == [("east", CLOUD, holds_from, 2)]


async def test_of_several_business_accounts_the_slowest_is_told_and_each_keeps_its_own(
    mandi, database
):
    await listed(mandi)
    await silent_in(mandi, 6 * HOUR)
    id = await internal(mandi)
    await mandi.loop()
    line = {"endpoint": "http://127.0.0.1:9/v23.0/7", "token": TOKEN}
    second = await mandi.place.sender("second", channel=CLOUD, **line)
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO message_template (organisation_id, id, business_account, name, code,"
            " language, category, status, body, ttl_s, checked_at, changed_at)"
            " SELECT organisation_id, gen_random_uuid(), '77', name, code, language, category,"
            " status, body, 43200, checked_at, changed_at FROM message_template"
        )
        owner.execute("UPDATE sender SET business_account = '77' WHERE id = %s", (second,))
        assert await own(mandi, id) == 12 * HOUR
        assert await gone(mandi) == 2
        owner.execute("UPDATE message_template SET ttl_s = NULL WHERE business_account = '77'")
    assert await own(mandi, id) is None


async def own(mandi, id) -> timedelta | None:
    async with mandi.place.transaction() as conn:
        return await ahead.own_life(conn, (await mandi.broadcast(id)).chosen, now=mandi.rt.now())


async def test_a_marketing_template_has_no_time_of_its_own_in_the_table_either(mandi, database):
    await listed(mandi)
    with (
        psycopg.connect(database.owner_dsn, autocommit=True) as owner,
        pytest.raises(psycopg.errors.CheckViolation),
    ):
        owner.execute("UPDATE message_template SET category = 'marketing'")


async def test_without_a_template_nothing_is_asked(mandi):
    async with mandi.place.transaction() as conn:
        assert await ahead.own_life(conn, mandi.draft(Everyone()).template, now=NOON) is None


async def test_a_claim_reads_only_the_template_that_it_goes_as(mandi, database):
    await listed(mandi)
    await internal(mandi)
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO message_template (organisation_id, id, business_account, name, code,"
            " language, category, status, body, ttl_s, checked_at, changed_at)"
            " SELECT organisation_id, gen_random_uuid(), business_account, 't' || n, code,"
            " language, category, status, body, ttl_s, checked_at, changed_at"
            " FROM message_template, generate_series(1, 2000) AS n"
        )
        owner.execute("ANALYZE message_template")
    worker = (await mandi.loop()).worker
    async with mandi.place.transaction() as conn:
        claimed = await deliveries.claim(
            conn, mandi.bot, worker=worker, now=NOON, lease=LEASE, limit=10, templated=True,
            time_to_live=CHANNELS_OWN, remembers_keys_for=timedelta(0),
        )  # fmt: skip
        found = await conn.execute(
            "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
            " WHERE relname = 'message_template'"
        )
        (read,) = await found.fetchone()
    assert len(claimed) == 2
    assert read < 20, "every template was read"
