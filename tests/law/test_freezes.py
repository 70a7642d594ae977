"""Stopping an area, and letting it go on: who may, and what leaves it meanwhile."""

import asyncio

import psycopg
import pytest

from chaupal import record
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.law import freezes
from chaupal.law.freezes import FreezeId
from factories import an_organisation
from growing import a_grove, part
from lawful import stopped


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


async def still(place) -> set[str]:
    async with place.transaction() as conn:
        assert (await record.verify(conn)).holds
        found = await conn.execute(
            "SELECT u.code FROM stillness q JOIN unit u ON u.id = q.unit_id WHERE q.why = 'freeze'"
        )
        return {code for (code,) in await found.fetchall()}


async def lift(place, id, actor):
    await freezes.lift(place.rt, id, key=str(new_id()), actor=actor)


async def test_an_area_is_stopped_and_goes_on_again(place):
    asha, ravi = await place.account("asha"), await place.account("ravi")
    same = str(new_id())
    id = await stopped(place, asha, "east", key=same)
    assert await stopped(place, asha, "east", key=same) == id
    assert await still(place) == {"east"}
    await lift(place, id, ravi)
    assert await still(place) == set()
    with pytest.raises(Refused, match=r"freeze\.lifted"):
        await lift(place, id, asha)


async def test_only_its_administrators_stop_an_area_and_let_it_go_on(place):
    asha, east = await place.account("asha"), await place.account("east", at="east")
    desk = await place.account("desk", role="desk")
    with pytest.raises(NotAllowed):
        await stopped(place, desk, "east")
    with pytest.raises(Invalid, match=r"law\.unknown_unit"):
        await stopped(place, east, "west")
    with pytest.raises(Invalid, match=r"law\.reason_malformed"):
        await freezes.order(place.rt, "east", " ", everything=True, key=str(new_id()), actor=asha)
    whole, west = await stopped(place, asha, "state"), await stopped(place, asha, "west")
    for id in (whole, west, FreezeId(new_id())):
        with pytest.raises(NotFound, match=r"freeze\.not_found"):
            await lift(place, id, east)
    with pytest.raises(NotAllowed):
        await lift(place, west, desk)
    assert await still(place) == {"state", "west"}


async def test_two_who_lift_at_once_lift_it_once(place):
    people = [await place.account(login) for login in ("asha", "ravi")]
    id = await stopped(place, people[0], "east")
    ends = await asyncio.gather(*(lift(place, id, who) for who in people), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["NoneType", "Refused"]


async def test_what_leaves_a_stopped_area_stays_stopped_until_that_is_lifted(rt):
    grove = await a_grove(await an_organisation(rt, "grove"))
    place = grove.place
    id = await stopped(place, grove.actor, "east")
    await grove.move("east-one", "west")
    await grove.split("east-one", part("new", children=grove.ids("east-one-1"), people=True))
    assert await still(place) == {"east", "east-one", "new", "east-one-1"}
    await lift(place, id, grove.actor)
    assert await still(place) == set()


async def test_a_stop_cannot_be_unsaid_by_hand(place):
    await stopped(place, await place.account("asha"), "east")
    for change in ("DELETE FROM area_freeze", "UPDATE area_freeze SET everything = false"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with place.transaction() as conn:
                await conn.execute(change)
