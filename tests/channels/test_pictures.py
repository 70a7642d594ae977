"""One suite for every channel that takes pictures: whatever happens, sending ends in a value."""

import json
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chaupal.channels.contract import (
    FORGOTTEN,
    Accepted,
    Account,
    Bringing,
    Brought,
    Deferred,
    Message,
    Picture,
    Pictures,
    Rejected,
    Unknown,
)
from chaupal.channels.http import HttpClient
from chaupal.channels.registry import CHANNELS
from chaupal.channels.whatsapp_cloud import naming
from imagery import a_picture

RAW = a_picture()
PICTURE = Picture(b"1" * 32, RAW, 640, 480, "गोपनीय तस्वीर", reference="ref-7")
MESSAGE = Message("!addr-98765:x", "गोपनीय पाठ", "key/1", picture=PICTURE)
OVER_HTTP = ["matrix", "sandbox", "telegram", "whatsapp_cloud"]
YES = {
    "sandbox": {"ok": True, "result": {"message_id": 7}},
    "telegram": {
        "ok": True,
        "result": {"message_id": 7, "photo": [{"file_id": "s"}, {"file_id": "l"}]},
    },
    "matrix": {"event_id": "7"},
    "whatsapp_cloud": {"messages": [{"id": "wamid.7"}]},
}
SEVENTH = {"whatsapp_cloud": naming.reference("wamid.7")}
NAMED = {
    "sandbox": {"ok": True, "result": {"picture": "ref-7"}},
    "matrix": {"content_uri": "mxc://home/7"},
    "whatsapp_cloud": {"id": "1037543291543636"},
}
GONE = {
    "sandbox": {"ok": False, "description": "picture not found"},
    "telegram": {"ok": False, "description": "Bad Request: wrong remote file identifier specified"},
    "whatsapp_cloud": {"error": {"code": 100, "message": "no valid media attachment"}},
}


def say(status: int, body: object):
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=json.dumps(body).encode())

    return answer


async def cut(request: web.Request) -> web.Response:
    request.transport.abort()
    return web.Response()


@pytest.fixture
async def ask():
    """Ask a line of a channel something of a provider that answers as it is told."""
    read: list[tuple[str, bytes, str]] = []
    told = {}

    async def take(request: web.Request) -> web.StreamResponse:
        read.append((request.path, await request.read(), request.content_type))
        return await told["answer"](request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    async with TestServer(app, skip_url_asserts=True) as server, HttpClient() as http:

        async def ask(name, answer, does):
            told["answer"] = answer
            root = str(server.make_url("")).rstrip("/")
            path = "/v23.0/106540352242922" if name == "whatsapp_cloud" else ""
            account = Account(f"{root}{path}", "tok-54321", "s")
            outcome = await does(CHANNELS[name].connect(http, account))
            for secret in ("54321", "98765", "गोपनीय", "127.0.0.1"):
                assert secret not in repr(outcome)
            return outcome

        ask.read = read
        yield ask


def test_every_channel_says_whether_it_takes_pictures_and_how_long_a_caption_may_be():
    taking = {name for name, channel in CHANNELS.items() if channel.traits.takes_pictures}
    assert taking == {*OVER_HTTP, "email"}
    for name, channel in CHANNELS.items():
        traits = channel.traits
        assert (0 < traits.caption_limit_characters <= traits.text_limit_characters) == (
            name in taking
        )


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_a_pictured_message_ends_as_any_other(name, ask):
    def send(line):
        return line.send(MESSAGE)

    outcome = await ask(name, say(200, YES[name]), send)
    reference = SEVENTH.get(name, "7")
    assert outcome == Accepted(reference, picture_ref="l" if name == "telegram" else None)
    assert isinstance(await ask(name, cut, send), Unknown)
    assert isinstance(await ask(name, say(403, {"errcode": "M_FORBIDDEN"}), send), Rejected)
    assert isinstance(await ask(name, say(429, {}), send), Deferred)
    in_trouble = Deferred if CHANNELS[name].traits.idempotent else Unknown
    assert isinstance(await ask(name, say(502, {}), send), in_trouble)
    for path, raw, kind in ask.read:
        assert kind == "application/json", path
        assert "ref-7" in raw.decode()
        assert RAW not in raw, "the provider has its bytes already"


@pytest.mark.parametrize("name", sorted(GONE))
async def test_a_reference_that_means_nothing_any_more_is_no_refusal_of_the_message(name, ask):
    outcome = await ask(name, say(400, GONE[name]), lambda line: line.send(MESSAGE))
    assert outcome == Deferred(FORGOTTEN)


@pytest.mark.parametrize("name", sorted(NAMED))
async def test_bringing_a_picture_ends_in_a_value(name, ask):
    assert CHANNELS[name].traits.pictures is Pictures.BROUGHT

    def bring(line):
        assert isinstance(line, Bringing)
        return line.bring(PICTURE)

    assert isinstance(await ask(name, say(200, NAMED[name]), bring), Brought)
    [(_, raw, kind)] = ask.read
    assert RAW in raw
    assert kind == ("multipart/form-data" if name == "whatsapp_cloud" else "image/jpeg")
    assert raw == RAW or b"Content-Type: image/jpeg" in raw
    for lost in (cut, say(500, {}), say(200, {}), say(200, []), say(429, {})):
        assert isinstance(await ask(name, lost, bring), Deferred)
    for status in (400, 401, 403, 413):
        assert isinstance(await ask(name, say(status, {}), bring), Rejected)


async def test_telegram_is_given_the_bytes_with_the_first_message(ask):
    message = replace(MESSAGE, picture=replace(PICTURE, reference=None))
    await ask("telegram", say(200, YES["telegram"]), lambda line: line.send(message))
    [(path, raw, kind)] = ask.read
    assert path.endswith("/sendPhoto")
    assert kind == "multipart/form-data"
    assert RAW in raw
    assert MESSAGE.text.encode() in raw


async def test_whatsapp_is_asked_whether_it_is_the_picture_that_is_not_there(ask):
    """Its refusal names the thing only in English; one that cannot be found out has a few tries."""
    refusal = {"error": {"code": 100, "message": "something is wrong"}}

    def first_refused(then):
        async def answer(request: web.Request) -> web.StreamResponse:
            return await (say(400, refusal) if request.method == "POST" else then)(request)

        return answer

    def send(line):
        return line.send(MESSAGE)

    there = await ask("whatsapp_cloud", first_refused(say(200, {"id": "ref-7"})), send)
    assert isinstance(there, Rejected)
    for unsure in (cut, say(503, {}), say(429, {}), say(401, {"error": {"code": 190}})):
        outcome = await ask("whatsapp_cloud", first_refused(unsure), send)
        assert outcome == Deferred("error_100", tries_limit=5)
    asked = [path for path, raw, _ in ask.read if not raw]
    assert {*asked} == {"/v23.0/ref-7"}
    plain = replace(MESSAGE, picture=None)
    assert isinstance(
        await ask("whatsapp_cloud", say(400, refusal), lambda li: li.send(plain)), Rejected
    )
