"""Moves beside people who work on: whoever comes first, every count is right afterwards."""

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from chaupal.broadcasts import actions as broadcasts
from chaupal.broadcasts import jobs, queries
from chaupal.broadcasts.audience import Not, Units
from chaupal.broadcasts.models import Draft, Purpose, Stage
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Refused
from chaupal.organisations import scope_of
from chaupal.organisations.tree import actions, stand_still
from chaupal.people.queries import place_of_unit
from factories import an_organisation
from growing import Grove, a_grove, part

WAITING = """
    SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
       AND datname = current_database() AND query LIKE %s
"""
TRYING_AGAIN = """
    SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'
       AND datname = current_database() AND query LIKE '%%SKIP LOCKED%%'
       AND state_change < clock_timestamp() - interval '30 ms'
"""


@pytest.fixture
async def grove(rt) -> Grove:
    return await a_grove(await an_organisation(rt))


async def until(grove: Grove, counted: str, *values: str) -> None:
    """Look until there is something to be counted."""
    async with asyncio.timeout(30):
        while True:
            [(found,)] = await grove.rows(counted, *values)
            if found:
                return
            await asyncio.sleep(0.01)


async def until_somebody_waits(grove: Grove, words: str) -> None:
    """Wait until a statement with these words waits for a lock."""
    await until(grove, WAITING, f"%{words}%")


@asynccontextmanager
async def moving(grove: Grove, code: str, under: str):
    """A move that has done everything and has not committed yet."""
    rt = grove.rt
    async with grove.place.transaction() as conn:
        scope = await actions.alone(rt, conn, grove.actor)
        unit, parent = grove.ids(code, under)
        await actions.held(conn, [await actions.live(conn, unit, scope=scope)])
        await actions.rehung(conn, [unit], [parent], on_day=actions.today(rt))
        yield


@asynccontextmanager
async def merging(grove: Grove, code: str, into: str):
    """A merge that has ended its unit and has not committed yet."""
    rt = grove.rt
    async with grove.place.transaction() as conn:
        scope = await actions.alone(rt, conn, grove.actor)
        unit, heir = grove.ids(code, into)
        await actions.held(conn, [await actions.live(conn, unit, scope=scope)])
        await actions.ended(rt, conn, unit, heir=heir, on_day=actions.today(rt))
        yield


CHANGES = {
    "a person is added": "INSERT INTO person (organisation_id, id, reference, unit_id, name,"
    " language, search_key, since) SELECT organisation_id, gen_random_uuid(), 'new', id, 'x', 'hi',"
    " 'x', now() FROM unit WHERE code = 'east-one-1'",
    "a person moves away": "UPDATE person SET unit_id = (SELECT id FROM unit WHERE code ="
    " 'west-two') WHERE unit_id = (SELECT id FROM unit WHERE code = 'east-one-1')",
    "a person is erased": "UPDATE person SET erased_at = now() WHERE unit_id ="
    " (SELECT id FROM unit WHERE code = 'east-one-1')",
    "a group is archived": "UPDATE chat_group SET archived_at = now() WHERE unit_id ="
    " (SELECT id FROM unit WHERE code = 'east-one-1')",
}


@pytest.mark.parametrize("change", CHANGES)
async def test_who_changes_something_during_a_move_waits_for_it(grove, change):
    async def changed():
        async with grove.place.transaction() as conn:
            await conn.execute(CHANGES[change])

    async with moving(grove, "east-one", "west"):
        changing = asyncio.create_task(changed())
        await until_somebody_waits(grove, CHANGES[change].split(" WHERE")[0][:40])
    await changing
    await grove.check()


@pytest.mark.parametrize("change", CHANGES)
async def test_a_move_waits_for_who_came_first(grove, change):
    async with grove.place.transaction() as conn:
        await conn.execute(CHANGES[change])
        move = asyncio.create_task(grove.move("east-one", "west"))
        await until(grove, TRYING_AGAIN)
    await move
    await grove.check()


async def test_counts_are_right_after_many_moves_among_many_changes(grove):
    seed = random.randrange(10**6)
    print("seed", seed)
    dice, over = random.Random(seed), asyncio.Event()
    booths = [code for code in grove.place.units if code.count("-") == 2]

    async def worker():
        while not over.is_set():
            booth = dice.choice(booths)
            if dice.random() < 0.5:
                await grove.place.person(booth)
            else:
                await grove.place.group(booth)
            await grove.rows(
                "UPDATE person SET erased_at = now() WHERE id = (SELECT id FROM person"
                " WHERE erased_at IS NULL ORDER BY random() LIMIT 1) RETURNING 1"
            )

    async def mover():
        try:
            for turn in range(10):
                await grove.move("east-one", ("west", "east")[turn % 2])
                await grove.move("west-one-1", ("east-one", "west-one")[turn % 2])
        finally:
            over.set()

    await asyncio.gather(mover(), *(worker() for _ in range(4)))
    await grove.check()


async def test_changes_of_one_unit_follow_each_other(grove):
    outcomes = await asyncio.gather(
        grove.move("east-one", "west"),
        grove.merge("east-one", "west-one"),
        grove.split("east-one", part("new", people=True)),
        return_exceptions=True,
    )
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) >= 1
    assert all(isinstance(o, Refused) for o in outcomes if isinstance(o, Exception))
    await grove.check()


async def test_nothing_moves_while_a_file_is_taken_in(grove):
    async with grove.place.transaction() as conn:
        await conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('chaupal.import',"
            " current_organisation()))"
        )
        with pytest.raises(Refused, match=r"unit\.busy"):
            await grove.move("east-one", "west")
    await grove.move("east-one", "west")


async def test_a_file_that_is_nearly_taken_in_is_waited_for(grove):
    asked = "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid <> %s"
    async with grove.place.transaction() as conn:
        own = conn.info.backend_pid
        await conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('chaupal.import',"
            " current_organisation()))"
        )
        moving = asyncio.create_task(grove.move("east-one", "west"))
        while not await grove.rows(asked, own):  # noqa: ASYNC110  (it has yet to look and wait)
            await asyncio.sleep(0)
    await moving
    await grove.check()


async def test_a_unit_that_somebody_holds_for_long_does_not_move_and_keeps_nobody_waiting(grove):
    async with grove.place.transaction() as conn:
        await conn.execute(CHANGES["a person is added"])
        with pytest.raises(Refused, match=r"unit\.busy"):
            await grove.move("east-one", "west")
    await grove.check()


def draft(grove: Grove, code: str) -> Draft:
    return Draft(
        title="सूचना",
        texts={"hi": "राम राम"},
        purpose=Purpose.PUBLIC,
        audience=Units(list(grove.ids(code))),
        expires_at=grove.rt.now() + timedelta(hours=3),
    )


async def test_a_broadcast_reaches_its_whole_audience_though_its_unit_moved_in_between(grove):
    coordinator = await grove.place.account("ravi", at="east-one", role="coordinator")
    sent = draft(grove, "east-one")
    id = await broadcasts.write(grove.rt, sent, key=str(new_id()), actor=coordinator)
    await broadcasts.submit(grove.rt, id, key=str(new_id()), actor=coordinator)
    await grove.move("east-one", "west")
    await broadcasts.approve(
        grove.rt, id, seen_hash=sent.content_hash(), key=str(new_id()), actor=grove.actor
    )

    assert await jobs.freeze(grove.rt, grove.place.organisation, id) == 3

    async with grove.place.transaction() as conn:
        west = await scope_of(
            grove.rt, conn, await grove.place.account("west", at="west", role="coordinator")
        )
        east = await scope_of(
            grove.rt, conn, await grove.place.account("east", at="east", role="coordinator")
        )
        assert await queries.find(conn, id, scope=west) is not None
        assert await queries.find(conn, id, scope=east) is None


@pytest.mark.parametrize("negated", [False, True])
async def test_a_broadcast_that_names_a_unit_which_ended_goes_to_nobody(grove, negated):
    named = Units(list(grove.ids("east-one")))
    sent = replace(draft(grove, "east-one"), audience=Not(named) if negated else named)
    author = await grove.place.account("author")
    id = await broadcasts.write(grove.rt, sent, key=str(new_id()), actor=author)
    await broadcasts.submit(grove.rt, id, key=str(new_id()), actor=author)
    await broadcasts.approve(
        grove.rt, id, seen_hash=sent.content_hash(), key=str(new_id()), actor=grove.actor
    )
    await grove.merge("east-one", "west-one")

    assert await jobs.freeze(grove.rt, grove.place.organisation, id) == 0

    shown = await broadcasts.show(grove.rt, id, actor=author)
    assert shown.broadcast.stage is Stage.CANCELLED
    with pytest.raises(Refused, match=r"audience\.unknown_unit"):
        await broadcasts.write(grove.rt, sent, key=str(new_id()), actor=author)


async def test_who_enters_somebody_into_a_unit_that_is_just_merged_is_told(grove):
    unit = grove.place.units["east-one"]

    async def entered():
        async with grove.place.transaction() as conn:
            return await place_of_unit(conn, unit)

    async with merging(grove, "east-one", "west-one"):
        entering = asyncio.create_task(entered())
        await until_somebody_waits(grove, "FOR KEY SHARE")
    assert await entering is None


async def test_a_move_waits_until_an_audience_is_frozen(grove):
    async with grove.place.transaction() as conn:
        await stand_still(conn)
        move = asyncio.create_task(grove.move("east-one", "west"))
        await until_somebody_waits(grove, "chaupal.tree")
        assert (await grove.path("east-one")).startswith(await grove.path("east"))
    await move
    assert (await grove.path("east-one")).startswith(await grove.path("west"))
