"""What the law will hold back is told beforehand: where, from when, how many."""

from datetime import UTC, datetime, timedelta

import pytest

from chaupal.broadcasts import ahead, jobs
from chaupal.broadcasts.audience import Everyone, Units
from chaupal.broadcasts.held import LONGEST_LEASE
from chaupal.channels.registry import CHANNELS
from factories import an_organisation
from lawful import entered, stopped
from staging import Stage

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


@pytest.fixture
async def stage(rt):
    """One group by a sender and one by hand in the east, one by hand in the west; lives 24 h."""
    place = await an_organisation(rt)
    bot = await place.sender()
    stage = Stage(rt, place, await place.account("asha"), await place.account("ravi"), bot)
    await place.group("east-one", sender=bot)
    await place.group("east-two")
    await place.group("west")
    return stage


async def told(stage, id):
    async with stage.place.transaction() as conn:
        found = await ahead.of_broadcast(conn, await stage.broadcast(id), now=stage.rt.now())
    return [(row.code, row.channel, row.holds_from - NOON, row.targets) for row in found]


async def a_day(stage, audience=None, **changes):
    return await stage.submitted(audience or Everyone(), expires_at=NOON + 24 * HOUR, **changes)


def lead(channel: str) -> timedelta:
    return CHANNELS[channel].traits.time_to_live + LONGEST_LEASE


async def test_a_silence_within_its_life_is_told_with_the_channels_time_to_live(stage):
    id = await a_day(stage)
    await entered(stage.place, stage.author, "east", closes_in=58 * HOUR)  # silent from 10 h on
    rows = [
        ("east", "sandbox", 10 * HOUR - lead("sandbox"), 1),
        ("east", "whatsapp", 10 * HOUR, 1),
    ]
    assert await told(stage, id) == rows
    await stage.approve(id, denies=False)
    await freeze(stage, id)
    assert await told(stage, id) == rows, "and of what still waits once it is under way"


async def freeze(stage, id):
    await jobs.freeze(stage.rt, stage.place.organisation, id)


async def test_what_begins_after_its_end_or_ended_before_its_start_is_not_ahead(stage, clock):
    await entered(stage.place, stage.author, "east", closes_in=73 * HOUR)  # silent from 25 h on
    await entered(stage.place, stage.author, "west", closes_in=2 * HOUR)
    assert await told(stage, await a_day(stage, Units(await units(stage, "east")))) == []
    later = await a_day(stage, Units(await units(stage, "west")), starts_at=NOON + 3 * HOUR)
    assert await told(stage, later) == []


async def units(stage, *codes):
    async with stage.place.transaction() as conn:
        found = await conn.execute("SELECT id FROM unit WHERE code = ANY(%s)", (list(codes),))
        return [row[0] for row in await found.fetchall()]


async def test_a_slow_channel_meets_a_silence_that_begins_after_its_end(stage):
    begins = NOON + 24 * HOUR + lead("sandbox") - timedelta(seconds=1)
    await entered(stage.place, stage.author, "east", closes_in=begins - NOON + 48 * HOUR)
    assert [row[1] for row in await told(stage, await a_day(stage))] == ["sandbox"]


async def test_who_is_above_a_silent_area_waits_too_and_who_is_beside_it_does_not(stage):
    await stage.place.group("state")
    await entered(stage.place, stage.author, "east-one", closes_in=58 * HOUR)
    found = await told(stage, await a_day(stage))
    assert {row[1:2] + row[3:] for row in found} == {("sandbox", 1), ("whatsapp", 1)}


async def test_denied_by_both_no_silence_is_ahead_but_a_stopped_area_is(stage):
    await entered(stage.place, stage.author, "east", closes_in=58 * HOUR)
    id = await a_day(stage, election_matter=False)
    assert len(await told(stage, id)) == 2, "one word alone is not enough"
    await stage.approve(id, denies=True)
    assert await told(stage, id) == []
    await stopped(stage.place, stage.author, "west")
    assert [(row[0], row[3]) for row in await told(stage, id)] == [("west", 1)]


async def test_people_are_told_of_like_groups(stage):
    person = await stage.place.person("east-one", chat="p:1", consents=False)
    await stage.place.says(person, "given")
    await entered(stage.place, stage.author, "east", closes_in=58 * HOUR)
    id = await a_day(stage, via=("sandbox",))
    assert await told(stage, id) == [("east", "sandbox", 10 * HOUR - lead("sandbox"), 1)]
