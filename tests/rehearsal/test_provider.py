"""The sandbox: a provider that keeps its promises, and breaks the ones it is told to break."""

import asyncio
import hashlib
import hmac
import io
import json
import signal

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chaupal.rehearsal.provider.control import application
from chaupal.rehearsal.provider.process import start, stop
from chaupal.rehearsal.provider.server import Sandbox

TOKEN = "bot-token-1"
WAIT_S = 20


class Town:
    """A running sandbox, and what a rehearsal asks of it."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url, self.http = url, http

    async def post(self, path: str, body: object = None, *, lines: list[object] | None = None):
        if lines is not None:
            raw = "\n".join(json.dumps(line) for line in lines).encode()
        else:
            raw = json.dumps(body).encode()
        async with self.http.post(self.url + path, data=raw) as answer:
            return answer.status, await answer.json()

    async def send(self, chat: str, text: str = "राम राम", token: str = TOKEN, **more: object):
        return await self.post(f"/bot{token}/sendMessage", {"chat_id": chat, "text": text, **more})

    async def lines(self, path: str) -> list[dict]:
        async with self.http.get(self.url + path) as answer:
            assert answer.status == 200
            return [json.loads(line) for line in (await answer.text()).splitlines()]

    async def stats(self) -> dict:
        async with self.http.get(self.url + "/control/stats") as answer:
            return await answer.json()

    async def settle(self) -> None:
        groups = [
            {"id": "g1", "members": 180, "admins": ["p:asha"]},
            {"id": "g2", "members": 20, "admins": ["p:asha", "p:bhola"]},
            {"id": "by-hand", "members": 90, "admins": ["bhola"], "bots": []},
        ]
        assert (await self.post("/control/groups", lines=groups))[0] == 200
        assert (await self.bot())[0] == 200

    async def bot(self, **more: object):
        return await self.post("/control/bots", {"token": TOKEN, "name": "desk", **more})


@pytest.fixture
async def town(tmp_path):
    app = application(Sandbox(tmp_path / "book"))
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        town = Town(str(server.make_url("")).rstrip("/"), http)
        await town.settle()
        yield town


async def test_the_book_says_who_received_what(town):
    await town.send("g1", "राम राम", key="k1")
    await town.send("g1", "दूसरा", key="k2")
    first, second = (await town.lines("/book?group=g1"))[0]["messages"]
    assert first["sha256"] == hashlib.sha256("राम राम".encode()).hexdigest()
    assert (first["by"], first["key"]) == ("bot:desk", "k1")
    assert second["message_id"] > first["message_id"]
    assert [line["group"] for line in await town.lines("/book")] == ["g1"]


async def test_a_repeated_key_is_one_message(town):
    first, again = await town.send("g1", key="k1"), await town.send("g1", key="k1")
    assert first == again
    assert len((await town.lines("/book"))[0]["messages"]) == 1


async def test_a_bot_that_is_not_idempotent_says_everything_twice(town):
    await town.bot(idempotent=False)
    first, again = await town.send("g1", key="k1"), await town.send("g1", key="k1")
    assert first != again
    assert len((await town.lines("/book"))[0]["messages"]) == 2


async def test_two_bots_may_use_the_same_key(town):
    await town.post("/control/bots", {"token": "bot-token-2"})
    await town.send("g1", key="k1")
    await town.send("g1", key="k1", token="bot-token-2")
    assert len((await town.lines("/book"))[0]["messages"]) == 2


@pytest.mark.parametrize(
    ("chat", "token", "more", "code"),
    [
        ("nowhere", TOKEN, {}, 400),
        ("g1", "not-a-token", {}, 401),
        ("by-hand", TOKEN, {}, 403),
        ("g1", TOKEN, {"text": ""}, 400),
        ("g1", TOKEN, {"text": "x" * 4097}, 400),
        ("g1", TOKEN, {"text": "x" * 70_000}, 413),
        ("g1", TOKEN, {"key": "k" * 201}, 400),
        ("p:" + "x" * 70_000, TOKEN, {}, 413),
    ],
)
async def test_a_refusal_has_the_shape_of_an_answer(town, chat, token, more, code):
    status, body = await town.send(chat, token=token, **more)
    assert (status, body["ok"], body["error_code"]) == (code, False, code)
    assert await town.lines("/book") == []


async def test_a_bot_above_its_rate_is_told_to_wait(town):
    await town.bot(rate_per_s=2)
    answers = [await town.send("g1", key=f"k{n}") for n in range(8)]
    refused = [body for status, body in answers if status == 429]
    assert refused
    assert refused[0]["parameters"]["retry_after"] >= 1
    accepted = [body for status, body in answers if status == 200]
    assert len((await town.lines("/book"))[0]["messages"]) == len(accepted)


async def test_a_persons_own_messages_are_kept_apart(town):
    await town.send("p:asha", "http://links.invalid/t/abc")
    async with town.http.get(f"{town.url}/people/asha/inbox") as answer:
        (message,) = (await answer.json())["messages"]
    assert message["text"] == "http://links.invalid/t/abc"
    assert await town.lines("/book") == []
    assert (await town.lines("/book/direct"))[0]["person"] == "p:asha"


async def test_all_inboxes_are_read_onwards_from_a_cursor(town):
    await town.send("p:asha", "one")
    await town.send("g1", "not direct")
    first, tail = await town.lines("/people/inboxes")
    await town.send("p:bhola", "two")
    second, _ = await town.lines(f"/people/inboxes?since={tail['next']}")
    assert (first["person"], first["text"], tail["more"]) == ("p:asha", "one", False)
    assert (second["person"], second["text"]) == ("p:bhola", "two")
    async with town.http.get(f"{town.url}/people/inboxes?since=3") as answer:
        assert answer.status == 400


async def test_only_an_admin_posts_by_hand(town):
    text = {"chat_id": "by-hand", "text": "सूचना"}
    assert (await town.post("/people/p:asha/post", text))[0] == 403
    assert (await town.post("/people/p:bhola/post", text))[0] == 200
    (line,) = await town.lines("/book")
    assert line["group"] == "by-hand"
    assert line["messages"][0]["by"] == "person:p:bhola"


@pytest.mark.parametrize(
    ("behaviour", "statuses"),
    [({"throttle_share": 1}, {429}), ({"error_share": 1}, {500, 502, 503})],
)
async def test_it_refuses_on_demand_and_nothing_is_sent(town, behaviour, statuses):
    await town.post("/control/behaviour", behaviour)
    assert (await town.send("g1", key="k1"))[0] in statuses
    assert await town.lines("/book") == []


async def test_a_lost_answer_was_sent_and_a_lost_request_was_not(town):
    await town.post("/control/behaviour", {"lost_answer_share": 1})
    with pytest.raises(aiohttp.ClientError):
        await town.send("g1", key="k1")
    await town.post("/control/behaviour", {"lost_request_share": 1})
    with pytest.raises(aiohttp.ClientError):
        await town.send("g2", key="k2")
    assert [line["group"] for line in await town.lines("/book")] == ["g1"]


async def test_the_same_seed_makes_the_same_day(town):
    async def day() -> list[int]:
        await town.post("/control/behaviour", {"throttle_share": 0.5, "seed": 7})
        return [(await town.send("g1"))[0] for _ in range(20)]

    first = await day()
    assert {200, 429} == set(first)
    assert await day() == first


@pytest.mark.parametrize("shares", [{"error_share": 2}, {"error_share": 0.6, "failed_share": 0.6}])
async def test_shares_of_more_than_everything_are_refused(town, shares):
    assert (await town.post("/control/behaviour", shares))[0] == 400


async def test_a_broken_line_is_named_by_its_number(town):
    groups = [{"id": "g3"}, {"id": "g4", "members": -1}]
    status, body = await town.post("/control/groups", lines=groups)
    assert (status, body["parameters"]) == (400, {"line": 2, "loaded": 1})


async def test_a_bot_takes_back_its_own_messages_and_no_others(town):
    _, mine = await town.send("g1", key="k1")
    _, kept = await town.send("g1", key="k2")
    wanted = {"chat_id": "g1", "message_id": mine["result"]["message_id"]}
    assert (await town.post("/botnone/deleteMessage", body=wanted))[0] == 401
    path = f"/bot{TOKEN}/deleteMessage"
    assert (await town.post(path, body=wanted))[0] == 200
    status, body = await town.post(path, body=wanted)
    assert (status, body["description"]) == (400, "message not found")
    (line,) = await town.lines("/book")
    assert [m["message_id"] for m in line["messages"]] == [kept["result"]["message_id"]]


async def test_the_book_survives_kill_9(tmp_path):
    book = tmp_path / "book"
    async with aiohttp.ClientSession() as http:
        provider = await start(book)
        town = Town(provider.url, http)
        await town.settle()
        answers = await asyncio.gather(*(town.send("g1", key=f"k{n}") for n in range(50)))
        provider.process.send_signal(signal.SIGKILL)
        await provider.process.wait()
        with book.open("ab") as half:
            half.write(b'{"message_id":51,"chat":"g1","sha')
        provider = await start(book)
        try:
            town = Town(provider.url, http)
            (line,) = await town.lines("/book")
            repeat = await town.send("g1", key="k7")
            status, new = await town.send("g1", key="k50")
            (after,) = await town.lines("/book")
        finally:
            await stop(provider.process)
    kept = {message["message_id"] for message in line["messages"]}
    assert kept == {body["result"]["message_id"] for _, body in answers}
    assert repeat == answers[7]
    assert status == 200
    assert new["result"]["message_id"] not in kept
    assert len(after["messages"]) == 51


class Listener:
    """A webhook's receiver, which refuses the first `refuse` posts."""

    def __init__(self) -> None:
        self.refuse = 0
        self.updates: list[dict] = []
        self.posts: list[tuple[str, bytes]] = []
        self.news = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        async with self.news:
            self.posts.append((request.headers["X-Sandbox-Signature"], body))
            if len(self.posts) <= self.refuse:
                return web.Response(status=503)
            self.updates += json.loads(body)["updates"]
            self.news.notify_all()
        return web.Response()

    async def have(self, number: int) -> list[dict]:
        async with self.news:
            await asyncio.wait_for(self.news.wait_for(lambda: len(self.updates) >= number), WAIT_S)
        return self.updates


@pytest.fixture
async def listener(town):
    listener = Listener()
    app = web.Application()
    app.router.add_post("/hook", listener.take)
    async with TestServer(app) as server:
        await town.bot(webhook_url=str(server.make_url("/hook")), webhook_secret="shared")
        yield listener
        await town.bot()


async def test_a_send_comes_back_as_delivered_and_signed(town, listener):
    _, body = await town.send("g1", key="k1")
    (update,) = await listener.have(1)
    assert (update["type"], update["status"], update["key"]) == ("status", "delivered", "k1")
    assert update["message_id"] == body["result"]["message_id"]
    ((signature, raw),) = listener.posts
    assert signature == "sha256=" + hmac.new(b"shared", raw, hashlib.sha256).hexdigest()


async def test_a_refused_webhook_is_sent_again(town, listener):
    listener.refuse = 3
    await town.send("g1", key="k1")
    (update,) = await listener.have(1)
    assert update["key"] == "k1"
    assert len(listener.posts) == 4


async def test_webhooks_are_doubled_and_shuffled_on_demand(town, listener):
    webhook = {"duplicate_share": 1, "reorder": True, "batch": 3}
    await town.post("/control/behaviour", {"webhook": webhook})
    for n in range(10):
        await town.send("g1", key=f"k{n}")
    updates = await listener.have(20)
    ids = [update["update_id"] for update in updates]
    assert len(set(ids)) == 10
    assert ids != sorted(ids)
    assert max(len(json.loads(raw)["updates"]) for _, raw in listener.posts) <= 3


async def test_a_failed_send_is_told_and_not_in_the_book(town, listener):
    await town.post("/control/behaviour", {"failed_share": 1})
    assert (await town.send("g1", key="k1"))[0] == 200
    (update,) = await listener.have(1)
    assert update["status"] == "failed"
    assert await town.lines("/book") == []


async def test_what_a_person_says_to_a_bot_alone_reaches_that_bot_and_leaves_no_trace(
    town, listener
):
    await town.post("/control/bots", {"token": "other", "name": "other"})
    for said in ({"text": "STOP"}, {"button": "stop"}):
        assert (await town.post("/people/asha/remark", {"bot": "desk", **said}))[0] == 200
    updates = await listener.have(2)
    assert [(u["type"], u["from"], u.get("text"), u.get("button")) for u in updates] == [
        ("direct", "p:asha", "STOP", None),
        ("button", "p:asha", None, "stop"),
    ]
    for nonsense in ({}, {"text": "a", "button": "b"}):
        assert (await town.post("/people/asha/remark", {"bot": "desk", **nonsense}))[0] == 400
    assert (await town.post("/people/asha/remark", {"bot": "nobody", "text": "a"}))[0] == 400
    assert (await town.stats())["messages"] == 0


async def test_what_members_do_reaches_the_groups_bots(town, listener):
    happenings = [
        {"chat_id": "g1", "from": "p:meena", "text": "मंडी भाव?"},
        {"chat_id": "g1", "type": "pulse", "members": 179},
        {"chat_id": "by-hand", "text": "no bot of ours is here"},
    ]
    assert (await town.post("/control/happenings", lines=happenings))[1]["told"] == 3
    message, pulse = await listener.have(2)
    assert (message["type"], message["from"], message["text"]) == (
        ("message", "p:meena", "मंडी भाव?")
    )
    assert (pulse["type"], pulse["members"]) == ("pulse", 179)
    assert (await town.stats())["counts"]["updates"] == 2


async def test_it_says_stop_too_often_and_try_again_when_told_to(town):
    for behaviour, status, parameters in (
        ({"halt_share": 1, "halt": "organisation"}, 423, {"halt": "organisation"}),
        ({"pair_share": 1}, 429, {"pair": True, "retry_after": 6}),
        ({"tries_share": 1}, 409, {"tries": 3}),
    ):
        assert (await town.post("/control/behaviour", behaviour))[0] == 200
        answered, body = await town.send("g1", key=f"k{status}")
        assert (answered, body["parameters"]) == (status, parameters)
    assert (await town.post("/control/behaviour", {"halt_share": 1, "halt": "all"}))[0] == 400
    assert (await town.stats())["messages"] == 0


async def test_a_bot_is_told_what_the_provider_thinks_of_it(town, listener):
    said = {"quality": "low", "daily_limit": -1, "restriction": "warned"}
    assert (await town.post("/control/standing", {"bot": "desk", **said}))[0] == 200
    [update] = await listener.have(1)
    assert {name: update[name] for name in ("type", *said)} == {"type": "standing", **said}
    for nonsense in ({"bot": "nobody"}, {"bot": "desk", "quality": "fine"}, {"quality": "low"}):
        assert (await town.post("/control/standing", nonsense))[0] == 400


async def test_a_picture_is_brought_once_and_sent_by_its_name(town):
    async def bring(content: bytes, token: str = TOKEN):
        url = f"{town.url}/bot{token}/bringPicture"
        async with town.http.post(url, data=io.BytesIO(content)) as answer:
            return answer.status, await answer.json()

    picture = b"\xff\xd8\xff" + bytes(900_000)
    status, body = await bring(picture)
    name = body["result"]["picture"]
    assert (status, name) == (200, hashlib.sha256(picture).hexdigest())
    assert (await town.send("g1", picture=name))[0] == 200
    assert (await town.send("g1", picture="another"))[1]["description"] == "picture not found"
    assert (await bring(b"<svg>"))[0] == 400
    assert (await bring(picture, token="nobody"))[0] == 401
    assert (await bring(picture + bytes(200_000)))[0] == 413
    assert (await town.stats())["counts"]["pictured"] == 1
