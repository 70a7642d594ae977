"""Matrix against a real homeserver: who has the message, who has not, and what comes back."""

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from urllib.parse import quote

import aiohttp
import pytest

from chaupal.arrivals.models import Evidence, Failure, MessageArrived, StatusArrived
from chaupal.broadcasts import imaging
from chaupal.channels.contract import (
    Accepted,
    Account,
    Bringing,
    Brought,
    Connection,
    Deleted,
    Deleting,
    Message,
    Picture,
    Rejected,
)
from chaupal.channels.matrix import Matrix
from homeserver import Homeserver, Receiver, start
from imagery import a_picture

MATRIX = Matrix()


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def home(receiver, tmp_path_factory) -> Iterator[Homeserver]:
    home = start(tmp_path_factory.mktemp("homeserver"), receiver.url)
    yield home
    home.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def account(home) -> Account:
    return Account(endpoint=home.url, token=home.as_token, webhook_secret=home.hs_token)


@pytest.fixture
def line(client, account) -> Connection:
    return MATRIX.connect(client, account)


@pytest.fixture
async def people(home, http):
    """A member, and somebody who is in another room."""
    tag = secrets.token_hex(4)
    return [await home.register(http, f"{name}-{tag}") for name in ("meena", "bhola")]


async def test_a_picture_is_brought_once_and_shown_with_its_text(
    home, http, line, people, receiver
):
    meena, _ = people
    room = await home.room(http, "किसान", [meena])
    made = imaging.prepared(a_picture(900, 700))
    picture = Picture(made.id, made.body, made.width, made.height, "मंडी का नक्शा")
    assert isinstance(line, Bringing)
    brought = await line.bring(picture)
    assert isinstance(brought, Brought)
    text, key = "मंडी कल बंद रहेगी", secrets.token_hex()
    message = Message(room, text, key, picture=replace(picture, reference=brought.reference))
    outcome = await line.send(message)
    assert isinstance(outcome, Accepted)
    assert await line.send(message) == outcome, "the same key is the same event"
    assert (await home.timelines(http, meena)) == {room: [text]}
    event = await home.ask(
        http, "GET", f"rooms/{quote(room, safe='')}/event/{quote(outcome.provider_ref, safe='')}",
        None, meena,
    )  # fmt: skip
    assert event["content"] == {
        "msgtype": "m.image",
        "body": text,
        "filename": "picture.jpg",
        "url": brought.reference,
        "info": {"mimetype": "image/jpeg", "size": len(made.body), "w": 900, "h": 700},
        "chaupal.key": key,
    }
    server, media = brought.reference.removeprefix("mxc://").split("/")
    url = f"{home.url}/_matrix/client/v1/media/download/{server}/{media}"
    headers = {"Authorization": f"Bearer {meena.token}"}
    async with http.get(url, headers=headers) as answer:
        assert await answer.read() == made.body
    pushed = await receiver.find(key.encode())
    [status] = [a for a in MATRIX.read(pushed.body) if isinstance(a, StatusArrived)]
    assert (status.key, status.provider_ref) == (key, outcome.provider_ref)


async def test_bringing_without_the_right_token_is_the_senders_fault(home, client):
    stranger = MATRIX.connect(client, Account(home.url, "wrong", "wrong"))
    ended = await stranger.bring(Picture(b"1" * 32, a_picture(), 640, 480, "x"))
    assert isinstance(ended, Rejected)
    assert ended.failure is Failure.MISCONFIGURED


async def test_a_message_is_for_the_rooms_members_alone(home, http, line, people):
    meena, bhola = people
    farmers = await home.room(http, "किसान", [meena])
    traders = await home.room(http, "व्यापारी", [bhola])
    outcome = await line.send(Message(farmers, "मंडी कल बंद रहेगी", secrets.token_hex()))
    assert isinstance(outcome, Accepted)
    assert (await home.timelines(http, meena)) == {farmers: ["मंडी कल बंद रहेगी"]}
    assert (await home.timelines(http, bhola)) == {traders: []}


async def test_a_repeat_under_the_same_key_is_one_message(home, http, line, people):
    room = await home.room(http, "किसान", people)
    message = Message(room, "एक बार", f"{secrets.token_hex()}/1")
    assert await line.send(message) == await line.send(message)
    again = Message(room, "दूसरी", f"{secrets.token_hex()}/1")
    assert isinstance(await line.send(again), Accepted)
    assert (await home.timelines(http, people[0]))[room] == ["एक बार", "दूसरी"]


async def test_a_message_that_was_taken_back_is_gone_for_the_members(home, http, line, people):
    room = await home.room(http, "किसान", people)
    wrong = await line.send(Message(room, "ग़लत", secrets.token_hex()))
    await line.send(Message(room, "सही", secrets.token_hex()))
    assert isinstance(line, Deleting)
    assert await line.delete(room, wrong.provider_ref) == Deleted()
    assert await line.delete(room, wrong.provider_ref) == Deleted()
    assert "ग़लत" not in (await home.timelines(http, people[0]))[room]
    assert isinstance(await line.delete("!nowhere:home.invalid", wrong.provider_ref), Rejected)


async def test_a_room_that_we_are_not_in_is_refused(line):
    outcome = await line.send(Message("!nowhere:home.invalid", "x", secrets.token_hex()))
    assert isinstance(outcome, Rejected)


async def test_a_withdrawn_token_is_refused(home, client):
    line = MATRIX.connect(client, Account(home.url, "withdrawn", "s"))
    outcome = await line.send(Message("!nowhere:home.invalid", "x", secrets.token_hex()))
    assert outcome == Rejected("misconfigured", "m_unknown_token")


async def test_a_members_reply_comes_back_as_an_arrival(home, http, account, receiver, people):
    room = await home.room(http, "किसान", people)
    event = await home.write(http, people[0], room, "कल कितने बजे?")
    pushed = await receiver.find(event.encode())
    assert MATRIX.signed(pushed.headers, pushed.body, account)
    (reply,) = (a for a in MATRIX.read(pushed.body) if getattr(a, "event_id", None) == event)
    assert reply == MessageArrived(reply.at, event, room, people[0].id, "कल कितने बजे?")


async def test_our_own_message_comes_back_as_proof(home, http, line, receiver, people):
    room, key = await home.room(http, "किसान", people), secrets.token_hex()
    outcome = await line.send(Message(room, "सूचना", key))
    pushed = await receiver.find(key.encode())
    (proof,) = (a for a in MATRIX.read(pushed.body) if getattr(a, "key", None) == key)
    assert isinstance(proof, StatusArrived)
    assert Accepted(proof.provider_ref) == outcome
    assert proof.evidence is Evidence.DELIVERED
