"""What is Telegram's own about sending, against a server that keeps what it was asked."""

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from chaupal.channels.contract import Accepted, Account, Message
from chaupal.channels.http import HttpClient
from chaupal.channels.telegram import Telegram


async def test_no_robot_is_asked_to_draw_a_preview_of_a_link():
    asked = []

    async def take(request: web.Request) -> web.Response:
        asked.append(msgspec.json.decode(await request.read()))
        return web.json_response({"ok": True, "result": {"message_id": 7}})

    app = web.Application()
    app.router.add_post("/bot1:a/sendMessage", take)
    async with TestServer(app) as server, HttpClient() as http:
        account = Account(str(server.make_url("")), token="1:a", webhook_secret="s")
        line = Telegram().connect(http, account)
        outcome = await line.send(Message("-1", "https://a.invalid", "k"))

    assert outcome == Accepted("7")
    [body] = asked
    assert body["link_preview_options"] == {"is_disabled": True}
