"""Forty rooms of a real Matrix homeserver: the right ones have the message, and answer it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest

import homeserver
from chaupal import world
from chaupal.arrivals.actions import event_key
from chaupal.broadcasts.audience import And, Categories, Units
from chaupal.engine import ports
from homeserver import Homeserver, User
from house import House, a_house, environment_for

CATEGORIES = ("farmers", "students", "traders")
DISTRICTS = ("east-one", "east-two", "west-one", "west-two")
ROOMS, PEOPLE = 40, 8
TEXT = "किसान साथियों, मंडी कल सुबह सात बजे खुलेगी।"
REPLY = "राम राम, हम आएँगे"


@dataclass(frozen=True)
class Room:
    """A room with one member, as a group of Chaupal's."""

    id: str
    group: UUID
    district: str
    category: str
    purpose: str
    member: User

    @property
    def is_meant(self) -> bool:
        """Whether a public message to the farmers of the east is for it."""
        return (
            self.district.startswith("east")
            and self.category == "farmers"
            and self.purpose == "public"
        )


@dataclass(frozen=True)
class Town:
    """The homeserver, its rooms, and the house that sends to them."""

    home: Homeserver
    house: House
    rooms: list[Room]
    sender: UUID


@pytest.fixture
async def town(rt, database, engines, http, tmp_path) -> AsyncIterator[Town]:
    port = ports.free()
    children = environment_for(database.program_dsn, engines[1].url, port, tmp_path)
    settings = world.settings(children)
    async with a_house(rt, http, settings, children) as house:
        sender = await house.place.sender(channel="matrix", rate_per_s=50)
        home = homeserver.start(tmp_path / "homeserver", house.webhook(sender))
        try:
            await _enlist(house, home, sender)
            await house.start()
            yield Town(home, house, await _open_rooms(house, home, sender), sender)
        finally:
            home.stop()


async def _enlist(house: House, home: Homeserver, sender: UUID) -> None:
    """Give the sender what only the running homeserver knows."""
    seal = house.rt.sealer.seal
    await house.rows(
        "UPDATE sender SET endpoint = %s, sealed_token = %s, sealed_webhook_secret = %s"
        " WHERE id = %s RETURNING id",
        home.url,
        seal(home.as_token, f"sender/{sender}/token"),
        seal(home.hs_token, f"sender/{sender}/webhook_secret"),
        sender,
    )


async def _open_rooms(house: House, home: Homeserver, sender: UUID) -> list[Room]:
    people = [await home.register(house.http, f"member{number}") for number in range(PEOPLE)]
    for category in CATEGORIES:
        await house.place.category(category)
    rooms = []
    for number in range(ROOMS):
        member = people[number % PEOPLE]
        category, district = CATEGORIES[number % 3], DISTRICTS[number // 3 % 4]
        purpose = "internal" if number in (0, 12) else "public"
        id = await home.room(house.http, f"कक्ष {number}", [member])
        group = await house.place.group(
            district,
            sender=sender,
            purpose=purpose,
            categories=(category,),
            address=id,
            channel="matrix",
        )
        rooms.append(Room(id, group, district, category, purpose, member))
    return rooms


async def timelines(town: Town) -> dict[str, list[str]]:
    """What every member sees, room by room."""
    members = {room.member.id: room.member for room in town.rooms}
    seen: dict[str, list[str]] = {}
    for member in members.values():
        seen |= await town.home.timelines(town.house.http, member)
    return seen


async def test_a_message_is_in_exactly_the_right_rooms_and_a_reply_comes_back(town):
    house = town.house
    meant = [room for room in town.rooms if room.is_meant]
    assert 3 < len(meant) < 12
    assert {room.district for room in meant} == {"east-one", "east-two"}
    audience = And([Units([house.place.units["east"]]), Categories(["farmers"])])

    id = await house.send(audience, TEXT)
    await house.until(house.finished, id)

    expected = {room.id: [TEXT] if room.is_meant else [] for room in town.rooms}
    assert await timelines(town) == expected
    assert await house.adds_up(id) == {"sent": len(meant)}

    event = await town.home.write(house.http, meant[0].member, meant[0].id, REPLY)
    await house.until(_arrivals_of, house, event)
    assert await _arrivals_of(house, event) == [(meant[0].group, REPLY, str(town.sender))]
    await house.until(house.applied)
    assert await timelines(town) == {**expected, meant[0].id: [TEXT, REPLY]}
    assert await house.adds_up(id) == {"sent": len(meant)}


async def _arrivals_of(house: House, event: str) -> list[tuple]:
    return await house.rows(
        "SELECT group_id, text, source FROM arrival WHERE event_key = %s",
        event_key("message", event),
    )
