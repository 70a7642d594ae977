"""Webhooks against a real edge process: nothing is taken unproven, nothing taken is lost."""

import asyncio
import hashlib
import hmac
import io
import json
from contextlib import suppress

import aiohttp
import pytest

import cloudserver
from chaupal.arrivals import log
from chaupal.channels import whatsapp_cloud
from chaupal.channels.contract import Account
from chaupal.edge.senders import Senders
from chaupal.edge.server import HEAD_LIMIT_BYTES
from chaupal.engine import nats
from chaupal.kit.ids import new_id

LIMIT_BYTES = 1 << 20


def signature(body: bytes, secret: str = "secret") -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Sandbox-Signature": f"sha256={digest}"}


async def post(http, edge, bazaar, sender, body: bytes, *, headers=None):
    url = f"{edge.url}/in/{bazaar.organisation}/{sender}"
    given = signature(body) if headers is None else headers
    async with http.post(url, data=io.BytesIO(body), headers=given) as answer:
        return answer.status, await answer.text()


async def logged(rt) -> list[bytes]:
    bodies: list[bytes] = []
    cursor = 0
    while batch := await log.read(rt.nats, cursor):
        bodies += [envelope.body for envelope in batch]
        cursor = batch[-1].sequence
    return bodies


async def test_a_signed_webhook_is_in_the_log_when_it_is_answered(edge, bazaar, rt, http):
    bot = await bazaar.place.sender()
    body = '{"updates": [], "text": "राम राम"}'.encode()
    assert await post(http, edge, bazaar, bot, body) == (200, "{}")
    [envelope] = await log.read(rt.nats, 0)
    assert (envelope.organisation, envelope.source, envelope.channel, envelope.body) == (
        bazaar.organisation,
        bot.hex,
        "sandbox",
        body,
    )


async def test_garbage_with_the_right_signature_is_taken_as_it_is(edge, bazaar, rt, http):
    bot = await bazaar.place.sender()
    assert (await post(http, edge, bazaar, bot, b"\x00\xff{"))[0] == 200
    assert await logged(rt) == [b"\x00\xff{"]


async def test_a_wrong_signature_keeps_nothing(edge, bazaar, rt, http):
    bot = await bazaar.place.sender()
    for headers in (
        {},
        signature(b"other"),
        signature(b"{}", "guess"),
        {"X-Sandbox-Signature": ""},
    ):
        status, said = await post(http, edge, bazaar, bot, b"{}", headers=headers)
        assert (status, json.loads(said)["code"]) == (401, "webhook.bad_signature")
    assert await log.prepare(rt.nats)
    assert await logged(rt) == []


async def test_a_sender_nobody_knows_is_not_found(edge, bazaar, rt, http):
    bot = await bazaar.place.sender()
    for organisation, sender in (
        (bazaar.organisation, new_id()),
        (bazaar.organisation + 1, bot),
        (0, bot),
        (99999, bot),
        ("x", bot),
        ("²", bot),
        (bazaar.organisation, "no-uuid"),
    ):
        url = f"{edge.url}/in/{organisation}/{sender}"
        async with http.post(url, data=b"{}", headers=signature(b"{}")) as answer:
            assert answer.status == 404
            assert (await answer.json())["code"] == "webhook.unknown_sender"


async def test_ten_megabytes_are_refused_before_they_were_read(edge, bazaar, rt):
    bot = await bazaar.place.sender()
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    writer.write(
        f"POST /in/{bazaar.organisation}/{bot} HTTP/1.1\r\nHost: edge\r\n"
        f"Content-Length: {10 << 20}\r\n\r\n".encode()
    )
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 20)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"webhook.too_large" in answer
    writer.close()
    await writer.wait_closed()


async def test_ten_megabytes_of_unsaid_length_are_cut_off_at_the_limit(edge, bazaar, rt):
    bot = await bazaar.place.sender()
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    writer.write(
        f"POST /in/{bazaar.organisation}/{bot} HTTP/1.1\r\nHost: edge\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode()
    )
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    sent = 0
    with suppress(ConnectionError):
        while sent < 10 << 20 and not reader.at_eof():
            writer.write(chunk)
            await writer.drain()
            sent += 0x10000
    with suppress(ConnectionError):
        answer = await asyncio.wait_for(reader.read(), 20)
        assert not answer or answer.startswith(b"HTTP/1.1 413")
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    assert await log.prepare(rt.nats)
    assert await logged(rt) == []


async def test_a_body_of_just_the_limit_is_taken_and_one_byte_more_is_not(edge, bazaar, rt, http):
    bot = await bazaar.place.sender()
    assert (await post(http, edge, bazaar, bot, b"x" * LIMIT_BYTES))[0] == 200
    with suppress(aiohttp.ClientError):  # the rest of a refused body may meet a closed door
        assert (await post(http, edge, bazaar, bot, b"x" * (LIMIT_BYTES + 1)))[0] == 413
    assert [len(body) for body in await logged(rt)] == [LIMIT_BYTES]


async def test_a_head_without_an_end_is_cut_off(edge):
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    head = b"GET /healthz HTTP/1.1\r\nX-Endless: "
    writer.write(head + b"a" * (HEAD_LIMIT_BYTES + 1 - len(head)))
    answer = await asyncio.wait_for(reader.read(), 30)
    assert answer.startswith(b"HTTP/1.1 431")
    writer.close()
    await writer.wait_closed()


async def test_long_addresses_heads_and_other_methods_are_refused(edge, bazaar, http):
    bot = await bazaar.place.sender()
    async with http.get(f"{edge.url}/g/{'a' * 2000}") as answer:
        assert answer.status == 414
    async with http.get(f"{edge.url}/healthz", headers={"X-Long": "a" * 20_000}) as answer:
        assert answer.status == 431
    async with http.get(f"{edge.url}/in/{bazaar.organisation}/{bot}") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST, PUT")
    async with http.post(f"{edge.url}/healthz") as answer:
        assert answer.status == 405


async def test_an_application_service_of_matrix_is_answered_as_it_expects(edge, bazaar, rt, http):
    home = await bazaar.place.sender("home", channel="matrix", webhook_secret="hs-token")
    url = f"{edge.url}/in/{bazaar.organisation}/{home}/_matrix/app/v1/transactions/42"
    body = b'{"events": []}'
    async with http.put(url, data=body, headers={"Authorization": "Bearer hs-token"}) as answer:
        assert (answer.status, await answer.json()) == (200, {})
    async with http.put(url, data=body, headers={"Authorization": "Bearer other"}) as answer:
        assert answer.status == 401
    assert await logged(rt) == [body]


async def test_everything_answered_200_is_in_the_log_after_kill_9(edge, bazaar, rt):
    bot = await bazaar.place.sender()
    answered: set[bytes] = set()
    done = asyncio.Event()

    async def keep_posting(http, worker: int) -> None:
        number = 0
        while not done.is_set():
            body = b'{"worker": %d, "number": %d}' % (worker, number)
            number += 1
            try:
                if (await post(http, edge, bazaar, bot, body))[0] == 200:
                    answered.add(body)
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(0.01)  # nobody is there; as a provider we come again

    async with aiohttp.ClientSession() as http:
        workers = [asyncio.create_task(keep_posting(http, worker)) for worker in range(8)]
        for goal in (150, 400):
            async with asyncio.timeout(60):
                while len(answered) < goal:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
            edge.kill()
            await edge.start()
        done.set()
        await asyncio.gather(*workers)

    assert len(answered) >= 400
    assert answered <= set(await logged(rt))


async def test_with_the_log_away_nothing_is_answered_200_and_afterwards_it_goes_on(
    make_edge, bazaar, http, tmp_path
):
    data = tmp_path / "own-nats"
    bus = await asyncio.to_thread(nats.start, data, durable=False)
    try:
        edge = make_edge(NATS_URL=bus.url)
        await edge.start()
        bot = await bazaar.place.sender()
        assert (await post(http, edge, bazaar, bot, b'{"n":1}'))[0] == 200
        await asyncio.to_thread(nats.stop, data)
        status, said = await post(http, edge, bazaar, bot, b'{"n":2}')
        assert (status, json.loads(said)["code"]) == (503, "engine.arrivals_away")
        async with http.get(f"{edge.url}/healthz") as answer:
            assert (answer.status, (await answer.json())["arrivals_log"]) == (503, False)
        await asyncio.to_thread(nats.start, data, durable=False)
        async with asyncio.timeout(30):
            while (await post(http, edge, bazaar, bot, b'{"n":2}'))[0] != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        edge.close()
        await asyncio.to_thread(nats.stop, data)


async def test_with_the_database_away_a_sender_is_not_guessed(make_edge, bazaar, http):
    edge = make_edge(DATABASE_URL="postgresql://nobody@127.0.0.1:9/nowhere")
    await edge.start()
    bot = await bazaar.place.sender()
    status, said = await post(http, edge, bazaar, bot, b"{}")
    assert (status, json.loads(said)["code"]) == (503, "engine.database_away")


async def test_the_edge_ends_in_good_order_and_its_log_holds_counts_alone(edge, bazaar, http):
    bot = await bazaar.place.sender(webhook_secret="a-webhook-secret")
    body = '{"updates": [{"text": "गुप्त बात", "from": "+919999900000"}]}'.encode()
    await post(http, edge, bazaar, bot, body, headers=signature(body, "a-webhook-secret"))
    await post(http, edge, bazaar, bot, body, headers={})
    await http.close()
    assert edge.stop() == 0
    said = edge.logged()
    assert '"answered_200"' in said
    assert '"answered_401": 1' in said
    for secret in ("a-webhook-secret", "गुप्त", "99999", str(bot), "/in/"):
        assert secret not in said


@pytest.mark.parametrize("path", ["/", "/g", "/in", "/in/1", "/nothing", "/g/a/b", "/../etc"])
async def test_there_is_nothing_else_here(edge, http, path):
    async with http.get(edge.url + path) as answer:
        assert answer.status == 404
        assert "यह लिंक पूरा नहीं है" in await answer.text()


async def test_a_provider_that_asks_whether_a_webhook_is_ours_gets_its_answer(edge, bazaar, http):
    number = await bazaar.place.sender(channel="whatsapp_cloud", webhook_secret="app-secret")
    bot = await bazaar.place.sender("bot two")
    token = whatsapp_cloud.verify_token(Account("", "", "app-secret"))
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": token}
    for sender, query, expected in (
        (number, asked, (200, "text/plain", "1158201444")),
        (number, {**asked, "hub.verify_token": "guess"}, (403, "application/json", None)),
        (bot, asked, (403, "application/json", None)),
        (new_id(), asked, (404, "application/json", None)),
        (number, {}, (405, "application/json", None)),
    ):
        url = f"{edge.url}/in/{bazaar.organisation}/{sender}"
        async with http.get(url, params=query) as answer:
            assert (answer.status, answer.content_type) == expected[:2]
            if expected[2] is not None:
                assert await answer.text() == expected[2]


async def test_a_webhook_that_meta_signed_is_in_the_log(edge, bazaar, rt, http):
    number = await bazaar.place.sender(channel="whatsapp_cloud", webhook_secret="app-secret")
    body = cloudserver.webhook(cloudserver.status("wamid.7"))
    signed = cloudserver.sign(body)
    assert (await post(http, edge, bazaar, number, body, headers=signed))[0] == 200
    assert (await post(http, edge, bazaar, number, body + b" ", headers=signed))[0] == 401
    assert await logged(rt) == [body]


async def test_a_crowd_asks_once_whose_webhook_it_is(bazaar, rt):
    bot = await bazaar.place.sender()
    senders = Senders(rt, lambda: 0.0)
    before = rt.pool.get_stats()["requests_num"]
    found = await asyncio.gather(*(senders.find(bazaar.organisation, bot) for _ in range(50)))
    assert [known.id for known in found] == [bot] * 50
    assert rt.pool.get_stats()["requests_num"] == before + 1
