"""A small Cloud API on loopback: strict about what it is asked, and misbehaving as laid out.

It refuses what Meta's pages and OpenAPI description refuse, keeps a book of what it took and for
whom, signs its webhooks as Meta does, remembers its history newest first, and has no idempotency
key: what is sent twice is there twice.
"""

import base64
import hmac
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

NUMBER_ID, ACCOUNT_ID = "106540352242922", "102290129340398"
TOKEN, APP_SECRET = "cloud-token", "app-secret"
SECONDS = 1_795_000_000
USER_AGENT = re.compile(r"[A-Za-z0-9_-]+/\d+\.\d+\.\d+")


def wamid(number: str, count: int) -> str:
    """A name as Meta gives one: the number is inside, and 16 letters that nobody can guess."""
    inside = bytes([0x1C, 0x18, len(number)]) + number.encode()
    tail = b"\x15\x02\x00\x11\x18\x12" + f"{count:016X}".encode() + b"\x00"
    return f"wamid.{base64.b64encode(inside + tail).decode()}"


def error(code: int, **more: object) -> dict:
    message = f"(#{code}) something about +911100000900"
    return {"error": {"message": message, "type": "OAuthException", "code": code, **more}}


def change(value: dict, *, what: str = "messages") -> dict:
    metadata = {"display_phone_number": "911100000900", "phone_number_id": NUMBER_ID}
    return {
        "value": {"messaging_product": "whatsapp", "metadata": metadata, **value},
        "field": what,
    }


def webhook(*changes: dict, at: int = SECONDS) -> bytes:
    entry = {"id": ACCOUNT_ID, "time": at, "changes": list(changes)}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def status(id: str, rung: str = "delivered", *, at: int = SECONDS, **more: object) -> dict:
    told = {"id": id, "status": rung, "timestamp": f"{at}", "recipient_id": "911100000001", **more}
    return change({"statuses": [told]})


def of_template(what: str, *, name: str = "mandi", code: str = "hi", **value: object) -> dict:
    """What a webhook tells of a template, as Meta's pages show it."""
    named = {
        "message_template_id": 1689556908129832,
        "message_template_name": name,
        "message_template_language": code,
    }
    return {"value": {**named, **value}, "field": what}


def became(event: str, **more: object) -> dict:
    """What a webhook tells of a template's status."""
    told = {"event": event, "reason": "NONE", "message_template_category": "MARKETING"}
    return of_template("message_template_status_update", **told, **more)


def sign(body: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, "sha256").hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


@dataclass
class Taken:
    """One message that was taken."""

    id: str
    to: str
    body: dict
    at: int = SECONDS
    events: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class CloudServer:
    """What it took, and what it will answer."""

    taken: list[Taken] = field(default_factory=list)
    answers: dict[str, list[tuple[int, dict] | str]] = field(default_factory=dict)
    templates: list[dict] = field(default_factory=list)
    media: dict[str, bytes] = field(default_factory=dict)
    brought: int = 0
    media_answers: list[tuple[int, dict] | str] = field(default_factory=list)
    called_at: dict = field(default_factory=dict)
    pages_read: int = 0
    now: int = SECONDS
    root: str = ""

    @property
    def endpoint(self) -> str:
        return f"{self.root}/v23.0/{NUMBER_ID}"

    def answer(self, to: str, status: int, body: dict) -> None:
        """Lay out the next answer for a recipient, instead of taking the message."""
        self.answers.setdefault(to, []).append((status, body))

    def lose(self, to: str, what: str = "answer") -> None:
        """Cut the line at the next send: the message is taken, unless the request is lost."""
        self.answers.setdefault(to, []).append(what)

    async def _send(self, request: web.Request) -> web.Response:
        asked = self._read(request, await request.json())
        wrong = self._wrong_picture(asked)
        if wrong:
            return web.json_response(error(*wrong), status=400)
        to = asked.get("to") or asked["recipient"]
        laid_out = self.answers.get(to)
        lost = laid_out.pop(0) if laid_out else None
        if isinstance(lost, tuple):
            return web.json_response(lost[1], status=lost[0])
        if lost != "request":
            self.take(to, asked)
        if lost is not None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.json_response(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": to, "wa_id": to.removeprefix("+")}],
                "messages": [{"id": self.taken[-1].id}],
            }
        )

    def take(self, to: str, asked: dict | None = None) -> Taken:
        """Take a message, as when somebody writes from the same number by hand."""
        number = to.removeprefix("+")
        self.taken.append(Taken(wamid(number, len(self.taken)), to, asked or {}, self.now))
        self.taken[-1].events.append(("SENT", self.now))
        return self.taken[-1]

    @staticmethod
    def _read(request: web.Request, asked: dict) -> dict:
        """Return a send, or refuse what Meta refuses."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise web.HTTPUnauthorized(text=json.dumps(error(190)))
        try:
            wrong = what_is_wrong(asked)
        except (KeyError, TypeError) as missing:
            wrong = str(missing)
        if wrong:
            raise web.HTTPBadRequest(text=json.dumps(error(100, param=wrong)))
        return asked

    def _wrong_picture(self, asked: dict) -> tuple[int] | None:
        """The code that Meta refuses with what is not there, or not as its template has it."""
        image, above = asked.get("image"), False
        if template := asked.get("template"):
            heads = [c for c in template.get("components", []) if c["type"] == "header"]
            image = heads[0]["parameters"][0]["image"] if heads else None
            above = any(
                part.get("type") == "HEADER" and part.get("format") == "IMAGE"
                for one in self.templates
                if (one["name"], one["language"])
                == (template["name"], template["language"]["code"])
                for part in one["components"]
            )
            if above != (image is not None):
                return (132012,)
        return (100,) if image is not None and image["id"] not in self.media else None

    async def _media(self, request: web.Request) -> web.Response:
        """Take a picture, as a form; its bytes are there under a number until they are let go."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response(error(190), status=401)
        if request.content_type != "multipart/form-data":
            return web.json_response(error(100), status=400)
        fields = await request.post()
        file = fields.get("file")
        if fields.get("messaging_product") != "whatsapp" or not isinstance(file, web.FileField):
            return web.json_response(error(100), status=400)
        content = file.file.read()
        if file.content_type != "image/jpeg" or content[:3] != b"\xff\xd8\xff":
            return web.json_response(error(131053), status=400)
        if len(content) > 5 * 1024 * 1024:
            return web.json_response(error(131053), status=400)
        laid_out = self.media_answers.pop(0) if self.media_answers else None
        if isinstance(laid_out, tuple):
            return web.json_response(laid_out[1], status=laid_out[0])
        self.brought += 1
        id = f"{1_000_000 + self.brought}"
        self.media[id] = content
        if laid_out is not None:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"id": id})

    async def _medium(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response(error(190), status=401)
        id = request.match_info["id"]
        if id not in self.media or request.query.get("phone_number_id") != NUMBER_ID:
            return web.json_response(error(100, error_subcode=33), status=400)
        return web.json_response({"id": id, "mime_type": "image/jpeg", "url": "https://x"})

    async def _history(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response(error(190), status=401)
        if set(request.query) - {"fields", "limit", "after", "message_id"}:
            return web.json_response(error(100), status=400)
        if not 1 <= int(request.query["limit"]) <= 100:
            return web.json_response(error(100), status=400)
        self.pages_read += 1
        entries = [
            {
                "id": f"{number}",
                "message_id": one.id,
                "events": {
                    "data": [
                        {"id": f"{number}{place}", "delivery_status": rung, "timestamp": at}
                        for place, (rung, at) in enumerate(one.events)
                    ]
                },
            }
            for number, one in enumerate(self.taken)
        ]
        return self._paged(request, entries[::-1])

    async def _templates(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response(error(190), status=401)
        return self._paged(request, self.templates)

    @staticmethod
    def _paged(request: web.Request, entries: list[dict]) -> web.Response:
        start, limit = int(request.query.get("after", "0")), int(request.query["limit"])
        page: dict = {"data": entries[start : start + limit], "paging": {"cursors": {}}}
        if start + limit < len(entries):
            page["paging"] = {
                "cursors": {"before": f"{start}", "after": f"{start + limit}"},
                "next": f"https://graph.facebook.com/v23.0/x?after={start + limit}",
            }
        return web.json_response(page)

    async def _configure(self, request: web.Request) -> web.Response:
        """Where this number's webhooks go: asked whether it is ours before it is used."""
        wanted = (await request.json())["webhook_configuration"]
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": "1158201444",
            "hub.verify_token": wanted["verify_token"],
        }
        async with (
            aiohttp.ClientSession() as http,
            http.get(wanted["override_callback_uri"], params=query) as answer,
        ):
            if answer.status != 200 or await answer.text() != "1158201444":
                return web.json_response(error(2200), status=400)
        self.called_at = wanted
        return web.json_response({"success": True})

    @web.middleware
    async def check_agent(self, request: web.Request, handler) -> web.StreamResponse:
        if not USER_AGENT.fullmatch(request.headers.get("User-Agent", "")):
            return web.json_response(error(100), status=400)
        return await handler(request)


def what_is_wrong(asked: dict) -> str:
    """Name what Meta's pages and OpenAPI file refuse in a send; nothing where all is well."""
    if asked.get("messaging_product") != "whatsapp":
        return "messaging_product"
    if ("to" in asked) == ("recipient" in asked):
        return "to"
    if len(asked.get("biz_opaque_callback_data", "")) > 512:
        return "biz_opaque_callback_data"
    check = {
        "text": in_text,
        "image": in_image,
        "interactive": in_interactive,
        "template": in_template,
    }
    return check[asked["type"]](asked[asked["type"]])


def in_text(text: dict) -> str:
    return "" if 1 <= len(text["body"]) <= 4096 else "text.body"


def in_image(image: dict) -> str:
    return "" if image["id"] and len(image.get("caption", "")) <= 1024 else "image"


def in_interactive(interactive: dict) -> str:
    buttons = interactive["action"]["buttons"]
    if not 1 <= len(buttons) <= 3 or len(interactive["body"]["text"]) > 1024:
        return "interactive"
    if any(not 1 <= len(button["reply"]["title"]) <= 20 for button in buttons):
        return "interactive.button"
    return ""


def in_template(template: dict) -> str:
    if template["language"].get("policy") != "deterministic":
        return "template.language.policy"
    for component in template.get("components", []):
        if component["type"] == "button" and component["sub_type"] != "quick_reply":
            return "template.components.button"
        for parameter in component["parameters"]:
            value = parameter[parameter["type"]]
            if (parameter["type"] == "image") != (component["type"] == "header"):
                return "template.components.parameter"
            if parameter["type"] == "image":
                if set(value) != {"id"}:
                    return "template.components.parameter"
                continue
            if not value or re.search(r"[\n\t]| {5}", value):
                return "template.components.parameter"
    return ""


@asynccontextmanager
async def a_cloud_server() -> AsyncIterator[CloudServer]:
    """Serve until the block ends."""
    server = CloudServer()
    app = web.Application(middlewares=[server.check_agent], client_max_size=8 * 1024 * 1024)
    app.router.add_post(f"/v23.0/{NUMBER_ID}/messages", server._send)
    app.router.add_post(f"/v23.0/{NUMBER_ID}/media", server._media)
    app.router.add_get(f"/v23.0/{NUMBER_ID}/message_history", server._history)
    app.router.add_post(f"/v23.0/{NUMBER_ID}", server._configure)
    app.router.add_get(f"/v23.0/{ACCOUNT_ID}/message_templates", server._templates)
    app.router.add_get("/v23.0/{id}", server._medium)
    async with TestServer(app) as running:
        server.root = str(running.make_url("")).rstrip("/")
        yield server
