"""One suite for every channel that speaks HTTP: whatever a network or a provider does, sending ends
in a value. E-mail and SMS keep the same promises in test_email.py and test_sms.py, against
servers that speak SMTP and SMPP."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import assert_never

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chaupal.arrivals.models import MessageArrived, PersonSaid
from chaupal.channels.contract import (
    Accepted,
    Account,
    Channel,
    Deferred,
    Deleted,
    Deleting,
    Message,
    Outcome,
    Rejected,
    Remembering,
    Templating,
    Unknown,
)
from chaupal.channels.http import HttpClient
from chaupal.channels.matrix import Matrix
from chaupal.channels.registry import CHANNELS, RELAYED, channel
from chaupal.channels.sandbox import Sandbox
from chaupal.channels.telegram import Telegram
from chaupal.channels.whatsapp_cloud import WhatsAppCloud
from chaupal.channels.whatsapp_cloud.naming import reference
from chaupal.kit.refusals import Invalid
from chaupal.people.models import Word

TOKEN, ADDRESS, TEXT = "tok-54321", "!addr-98765:x", "गोपनीय पाठ"
MESSAGE = Message(address=ADDRESS, text=TEXT, idempotency_key="key/1 ?")
PATIENT: dict[str, Channel] = dict(CHANNELS)
HURRIED: dict[str, Channel] = {
    "sandbox": Sandbox(answer_timeout_s=0.2),
    "telegram": Telegram(answer_timeout_s=0.2),
    "matrix": Matrix(answer_timeout_s=0.2),
    "whatsapp_cloud": WhatsAppCloud(answer_timeout_s=0.2),
}
YES = {
    "sandbox": {"ok": True, "result": {"message_id": 7}},
    "telegram": {"ok": True, "result": {"message_id": 7}},
    "matrix": {"event_id": "$7"},
    "whatsapp_cloud": {"messages": [{"id": "wamid.7"}]},
}
REFERENCES = {"sandbox": "7", "telegram": "7", "matrix": "$7"}
REFERENCES["whatsapp_cloud"] = reference("wamid.7")
THROTTLED = {
    "sandbox": {"ok": False, "error_code": 429, "parameters": {"retry_after": 9}},
    "telegram": {"ok": False, "error_code": 429, "parameters": {"retry_after": 9}},
    "matrix": {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 9000},
    "whatsapp_cloud": {"error": {"code": 130429}},
}
# How long the provider of each says to wait; WhatsApp's says nothing.
WAITS = dict.fromkeys(("sandbox", "telegram", "matrix"), timedelta(seconds=9))
DIRECT = {
    "sandbox": lambda text: {
        "updates": [
            {
                "update_id": 1,
                "type": "direct",
                "at": "2026-11-23T12:00:00Z",
                "from": "7",
                "text": text,
            }
        ]
    },
    "telegram": lambda text: {
        "update_id": 1,
        "message": {"chat": {"id": 7, "type": "private"}, "date": 1_795_000_000, "text": text},
    },
    "matrix": lambda text: {
        "events": [
            {
                "type": "m.room.message",
                "event_id": "$1",
                "room_id": "7",
                "sender": "@a:x",
                "origin_server_ts": 1_795_000_000_000,
                "content": {"body": text},
            }
        ]
    },
    "whatsapp_cloud": lambda text: {
        "entry": [{"changes": [{"value": {"messages": [a_whatsapp_message(text)]}}]}]
    },
}
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def a_whatsapp_message(text: str) -> dict:
    return {
        "from_user_id": "IN.7",
        "id": "wamid.1",
        "timestamp": "1795000000",
        "type": "text",
        "text": {"body": text},
    }


pytestmark = pytest.mark.parametrize("name", sorted(CHANNELS.keys() - {"email", "sms"}))


class Told:
    """A provider that answers as it is told, and remembers what it read."""

    def __init__(self) -> None:
        self.answer: Answer = say(200, {})
        self.read: list[tuple[str, bytes]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.read.append((request.path, await request.read()))
        return await self.answer(request)


def say(status: int, body: object) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=raw)

    return answer


async def cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def silence(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    with pytest.raises(ConnectionError):
        while True:
            await response.write(b" " * 65_536)
    return response


@pytest.fixture
def http(client) -> HttpClient:
    return client


@pytest.fixture
async def provider() -> AsyncIterator[Told]:
    told = Told()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", told.take)
    async with TestServer(app, skip_url_asserts=True) as server:
        told.url = str(server.make_url("")).rstrip("/")
        yield told


async def end_of(
    name: str,
    provider: Told,
    http: HttpClient,
    answer: Answer,
    channels: dict[str, Channel] = PATIENT,
) -> Outcome:
    provider.answer = answer
    account = Account(endpoint=provider.url, token=TOKEN, webhook_secret="s")
    return discreet(await channels[name].connect(http, account).send(MESSAGE))


def discreet(outcome: Outcome) -> Outcome:
    """What is told of an outcome holds no token, address or text."""
    for secret in (TOKEN, "98765", TEXT, "127.0.0.1"):
        assert secret not in repr(outcome)
    match outcome:
        case Accepted() | Deferred() | Rejected() | Unknown():
            return outcome
    assert_never(outcome)


async def test_an_accepted_message_has_the_providers_reference(name, provider, http):
    outcome = await end_of(name, provider, http, say(200, YES[name]))
    assert outcome == Accepted(REFERENCES[name])
    ((_, raw),) = provider.read
    assert TEXT in json.dumps(json.loads(raw), ensure_ascii=False)


async def test_a_throttled_message_waits_as_long_as_the_provider_says(name, provider, http):
    outcome = await end_of(name, provider, http, say(429, THROTTLED[name]))
    assert outcome == Deferred("throttled", WAITS.get(name))


async def test_a_throttled_message_without_a_time_is_deferred(name, provider, http):
    assert await end_of(name, provider, http, say(429, {})) == Deferred("throttled")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
async def test_a_refused_message_is_never_tried_again(name, provider, http, status):
    told = {"description": f"no {TEXT} for {ADDRESS} with {TOKEN}", "error": TEXT}
    assert isinstance(await end_of(name, provider, http, say(status, told)), Rejected)


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("body", [{}, b"<html>bad gateway"])
async def test_trouble_is_deferred_only_where_a_repeat_is_harmless(
    name, provider, http, status, body
):
    outcome = await end_of(name, provider, http, say(status, body))
    assert isinstance(outcome, Deferred if CHANNELS[name].traits.idempotent else Unknown)


async def test_a_line_cut_after_the_send_leaves_it_unknown(name, provider, http):
    assert isinstance(await end_of(name, provider, http, cut), Unknown)
    assert provider.read


async def test_silence_leaves_the_send_unknown(name, provider, http):
    assert await end_of(name, provider, http, silence, HURRIED) == Unknown("TimeoutError")


@pytest.mark.parametrize("garbage", [b"<html>", b"", b"\xff\xfe", b"[1]", b"[" * 60_000, b"{}"])
async def test_an_answer_that_cannot_be_read_leaves_the_send_unknown(name, provider, http, garbage):
    assert await end_of(name, provider, http, say(200, garbage)) == Unknown("answer_unreadable")


async def test_an_answer_without_end_is_not_read_to_the_end(name, provider, http):
    assert await end_of(name, provider, http, endless) == Unknown("answer_too_large")


async def test_a_redirect_is_not_followed(name, provider, http):
    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"{provider.url}/elsewhere")

    assert isinstance(await end_of(name, provider, http, elsewhere), Unknown)
    assert len(provider.read) == 1


async def test_a_provider_that_cannot_be_reached_was_sent_nothing(name, http):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        for endpoint in (closed, "not a url", "http://127.0.0.1:99999", "ftp://127.0.0.1"):
            account = Account(endpoint=endpoint, token=TOKEN, webhook_secret="s")
            outcome = await CHANNELS[name].connect(http, account).send(MESSAGE)
            assert isinstance(discreet(outcome), Deferred), endpoint


DELETED = {
    "sandbox": (200, {"ok": True, "result": {}}),
    "telegram": (200, {"ok": True, "result": True}),
    "matrix": (200, {"event_id": "$8"}),
}
GONE = {
    "sandbox": (400, {"ok": False, "description": "message not found"}),
    "telegram": (400, {"ok": False, "description": "Bad Request: message to delete not found"}),
}


async def deletion_of(name, provider, http, answer, channels=PATIENT):
    provider.answer = answer
    account = Account(endpoint=provider.url, token=TOKEN, webhook_secret="s")
    line = channels[name].connect(http, account)
    assert isinstance(line, Deleting) == channels[name].traits.takes_back
    if not isinstance(line, Deleting):
        pytest.skip("this channel takes nothing back")
    outcome = await line.delete(ADDRESS, REFERENCES[name])
    for secret in (TOKEN, "98765", "127.0.0.1"):
        assert secret not in repr(outcome)
    return outcome


async def test_a_message_is_deleted_by_its_reference(name, provider, http):
    ended = DELETED.get(name, (200, {}))
    assert await deletion_of(name, provider, http, say(*ended)) == Deleted()
    ((path, raw),) = provider.read
    assert REFERENCES[name].strip("$") in path + raw.decode()


async def test_what_is_gone_already_is_deleted(name, provider, http):
    ended = GONE.get(name) or DELETED.get(name, (200, {}))
    assert await deletion_of(name, provider, http, say(*ended)) == Deleted()


async def test_a_deletion_waits_as_long_as_the_provider_says(name, provider, http):
    outcome = await deletion_of(name, provider, http, say(429, THROTTLED[name]))
    assert outcome == Deferred("throttled", WAITS.get(name))


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refused_deletion_is_never_tried_again(name, provider, http, status):
    told = {"description": f"no {TEXT} for {ADDRESS} with {TOKEN}", "error": TEXT}
    assert isinstance(await deletion_of(name, provider, http, say(status, told)), Rejected)


@pytest.mark.parametrize("answer", [cut, silence, say(500, {}), say(200, b"<html>"), endless])
async def test_a_lost_answer_to_a_deletion_is_asked_for_again(name, provider, http, answer):
    outcome = await deletion_of(name, provider, http, answer, HURRIED)
    assert isinstance(outcome, Unknown | Deferred)


async def test_a_webhook_without_the_secret_is_not_the_providers(name):
    for secret in ("s", "रहस्य", ""):
        account = Account(endpoint="", token=TOKEN, webhook_secret=secret)
        for headers in (
            {},
            {
                "x-sandbox-signature": "sha256=00",
                "x-telegram-bot-api-secret-token": "wrong",
                "authorization": "Bearer wrong",
                "x-hub-signature-256": "sha256=00",
            },
            {
                "x-sandbox-signature": "sha256=é",
                "x-telegram-bot-api-secret-token": "",
                "authorization": "Bearer ",
                "x-hub-signature-256": "sha256=é",
            },
        ):
            assert not CHANNELS[name].signed(headers, b"{}", account)


@pytest.mark.parametrize("text", ["Stop all", " बंद करो। ", "unsubscribe"])
def test_a_stop_that_somebody_says_to_us_alone_is_understood_and_its_text_left_behind(name, text):
    arrivals = CHANNELS[name].read(json.dumps(DIRECT[name](text)).encode())
    [said] = [arrival for arrival in arrivals if isinstance(arrival, PersonSaid)]
    assert (said.word, said.by_button, bool({"7", "IN.7"} & {*said.addresses})) == (
        Word.STOP,
        False,
        True,
    )
    assert text.strip() not in repr(said)
    assert said == CHANNELS[name].read(json.dumps(DIRECT[name](text)).encode())[-1]


def test_a_sentence_said_to_us_alone_is_a_message(name):
    [arrival] = CHANNELS[name].read(json.dumps(DIRECT[name]("बस स्टैंड बंद है")).encode())
    assert isinstance(arrival, MessageArrived)


async def test_its_traits_say_what_its_connections_can_do(name, http):
    traits = CHANNELS[name].traits
    line = CHANNELS[name].connect(http, Account("http://127.0.0.1:9", TOKEN, "s"))
    assert isinstance(line, Templating) == traits.templated
    assert isinstance(line, Remembering) == traits.remembers_sends


def test_the_registry_knows_it_and_refuses_what_it_does_not_know(name):
    assert CHANNELS[name].traits.name == name
    assert channel(name) is CHANNELS[name]
    for unknown in ("pigeon", *RELAYED):
        with pytest.raises(Invalid) as refused:
            channel(unknown)
        assert refused.value.code == "channel.unknown"
