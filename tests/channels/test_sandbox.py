"""The sandbox's adapter and the sandbox itself, on a bad day."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chaupal.arrivals.models import Evidence, StatusArrived
from chaupal.channels.contract import Accepted, Account, Channel, Message, Outcome, Unknown
from chaupal.channels.http import HttpClient
from chaupal.channels.sandbox import Sandbox
from chaupal.channels.telegram import Telegram
from chaupal.rehearsal.provider.control import application
from chaupal.rehearsal.provider.server import Sandbox as Provider

KEYS = [f"k{n}" for n in range(60)]
BAD_DAY = {
    "seed": 11,
    "throttle_share": 0.1,
    "error_share": 0.1,
    "lost_request_share": 0.1,
    "lost_answer_share": 0.2,
    "webhook": {"duplicate_share": 0.3, "reorder": True, "batch": 7},
}
TRIES = 50
WAIT_S = 20


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def account(tmp_path, http) -> AsyncIterator[Account]:
    async with TestServer(application(Provider(tmp_path / "book"))) as server:
        url = str(server.make_url("")).rstrip("/")
        account = Account(endpoint=url, token="bot-token", webhook_secret="shared")
        await control(http, account, "groups", {"id": "g1", "members": 3})
        await control(http, account, "bots", {"token": account.token, "idempotent": True})
        yield account


async def control(http: aiohttp.ClientSession, account: Account, what: str, body: object) -> None:
    async with http.post(f"{account.endpoint}/control/{what}", json=body) as answer:
        assert answer.status == 200


async def book(http: aiohttp.ClientSession, account: Account) -> Counter[str]:
    async with http.get(f"{account.endpoint}/book?group=g1") as answer:
        return Counter(m["key"] for m in json.loads(await answer.text())["messages"])


async def send(client: HttpClient, account: Account, channel: Channel, key: str):
    return await channel.connect(client, account).send(Message("g1", "राम राम", key))


async def test_asking_again_on_a_bad_day_sends_each_message_once(http, client, account):
    await control(http, account, "behaviour", BAD_DAY)
    ends: Counter[type[Outcome]] = Counter()
    for key in KEYS:
        for _ in range(TRIES):
            outcome = await send(client, account, Sandbox(), key)
            ends[type(outcome)] += 1
            if isinstance(outcome, Accepted):
                break
    assert ends[Accepted] == len(KEYS)
    assert ends[Unknown] > 0
    assert await book(http, account) == Counter(KEYS)


async def test_a_channel_without_keys_would_send_twice_what_was_only_unanswered(
    http, client, account
):
    bot = {"token": account.token, "idempotent": False}
    await control(http, account, "bots", bot)
    await control(http, account, "behaviour", {"lost_answer_share": 1})
    assert isinstance(await send(client, account, Telegram(), "k"), Unknown)
    await control(http, account, "behaviour", {})
    assert isinstance(await send(client, account, Telegram(), "k"), Accepted)
    assert (await book(http, account)).total() == 2


async def test_every_accepted_message_is_told_to_be_delivered(http, client, account):
    statuses: dict[str, StatusArrived] = {}
    all_told = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        assert Sandbox().signed(headers, body, account)
        for arrival in Sandbox().read(body):
            assert isinstance(arrival, StatusArrived)
            statuses[arrival.provider_ref] = arrival
        if len(statuses) == len(KEYS):
            all_told.set()
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    async with TestServer(app) as hook:
        bot = {
            "token": account.token,
            "webhook_url": str(hook.make_url("/hook")),
            "webhook_secret": account.webhook_secret,
        }
        await control(http, account, "bots", bot)
        await control(http, account, "behaviour", {"webhook": BAD_DAY["webhook"]})
        sent = {
            outcome.provider_ref: key
            for key in KEYS
            if isinstance(outcome := await send(client, account, Sandbox(), key), Accepted)
        }
        await asyncio.wait_for(all_told.wait(), WAIT_S)
        await control(http, account, "bots", {"token": account.token})
    assert {ref: status.key for ref, status in statuses.items()} == sent
    assert {status.evidence for status in statuses.values()} == {Evidence.DELIVERED}
