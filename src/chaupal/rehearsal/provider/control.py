"""The sandbox's other HTTP face: for whoever sets up a rehearsal, and whoever audits it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import Annotated, Literal

import msgspec
from aiohttp import web

from chaupal.rehearsal.provider.behaviour import Behaviour
from chaupal.rehearsal.provider.book import Record
from chaupal.rehearsal.provider.server import BODY_LIMIT_BYTES, Declined, Sandbox, now, number, read
from chaupal.rehearsal.provider.town import Bot, Entry, Full, Group, Name, person_id

LINE_LIMIT_BYTES = 1 << 20
OUT_CHUNK_BYTES = 1 << 16
INBOX_LINES_LIMIT = 10_000
NDJSON = "application/x-ndjson"


class Happening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a member did: wrote, or joined or left so that the size changed."""

    chat_id: Name
    type: Literal["message", "pulse"] = "message"
    sender: str = msgspec.field(name="from", default="p:member")
    text: Annotated[str, msgspec.Meta(max_length=65_536)] = ""
    members: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    at: datetime | None = None


class Standing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the provider says of a bot: how it rates it, and what it allows or forbids."""

    bot: Name
    quality: Literal["high", "medium", "low"] | None = None
    daily_limit: Annotated[int, msgspec.Meta(ge=-1, le=1_000_000_000)] | None = None
    restriction: Literal["warned", "restricted", "disabled", "lifted"] | None = None


async def lines(request: web.Request) -> AsyncIterator[tuple[int, bytes]]:
    """Yield a request's lines with their numbers, however many there are."""
    rest, number = b"", 0
    async for chunk in request.content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            if line:
                yield number, line
        if len(rest) > LINE_LIMIT_BYTES:
            raise Declined(413, "line too long", line=number + 1)
    if rest:
        yield number + 1, rest


class Control:
    """What only a rehearsal may ask of a provider."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def groups(self, request: web.Request) -> web.StreamResponse:
        """POST /control/groups: NDJSON; a group that is there already is replaced."""
        decode = msgspec.json.Decoder(Group).decode
        loaded = 0
        try:
            async for position, line in lines(request):
                try:
                    self._sandbox.add(Entry(group=decode(line)))
                except (msgspec.DecodeError, Full) as error:
                    raise Declined(400, "bad line", line=position, loaded=loaded) from error
                loaded += 1
        finally:
            self._sandbox.town.flush()
        groups = len(self._sandbox.town.groups)
        return self._sandbox.json({"ok": True, "loaded": loaded, "groups": groups})

    async def bots(self, request: web.Request) -> web.StreamResponse:
        """POST /control/bots: add a bot, or change the one with this token."""
        bot = read(msgspec.json.Decoder(Bot).decode, await request.read())
        try:
            self._sandbox.add(Entry(bot=bot))
        except Full as error:
            raise Declined(400, "full") from error
        self._sandbox.town.flush()
        return self._sandbox.json({"ok": True, "name": bot.name})

    async def behaviour(self, request: web.Request) -> web.StreamResponse:
        """POST /control/behaviour: behave like this, and well in all that is not named."""
        decode = msgspec.json.Decoder(Behaviour).decode
        self._sandbox.behave(read(decode, await request.read()))
        return self._sandbox.json({"ok": True})

    async def standing(self, request: web.Request) -> web.StreamResponse:
        """POST /control/standing: tell a bot what the provider thinks of it."""
        told = read(msgspec.json.Decoder(Standing).decode, await request.read())
        bots = [bot for bot in self._sandbox.town.bots.values() if bot.name == told.bot]
        if not bots:
            raise Declined(400, "no such bot")
        said = {k: v for k, v in msgspec.structs.asdict(told).items() if k != "bot" and v}
        for bot in bots:
            self._sandbox.update(bot, {"type": "standing", **said, "at": now()})
        return self._sandbox.json({"ok": True, "told": len(bots)})

    async def happenings(self, request: web.Request) -> web.StreamResponse:
        """POST /control/happenings: NDJSON of what members did; the groups' bots are told."""
        decode = msgspec.json.Decoder(Happening).decode
        told = 0
        async for position, line in lines(request):
            try:
                happening = decode(line)
                group = self._sandbox.town.groups[happening.chat_id]
            except (msgspec.DecodeError, KeyError) as error:
                raise Declined(400, "bad line", line=position, told=told) from error
            self._tell(group, happening)
            told += 1
        return self._sandbox.json({"ok": True, "told": told})

    def _tell(self, group: Group, happening: Happening) -> None:
        at = happening.at or now()
        if happening.type == "message":
            sender = person_id(happening.sender)
            self._sandbox.message(group, sender, happening.text, at)
            return
        members = group.members if happening.members is None else happening.members
        update = {"type": "pulse", "chat_id": group.id, "members": members, "at": at}
        self._sandbox.update_all(group, update)

    async def stats(self, _: web.Request) -> web.StreamResponse:
        """GET /control/stats: counts since the start, and what still waits to be told."""
        sandbox = self._sandbox
        return sandbox.json(
            {
                "groups": len(sandbox.town.groups),
                "bots": len(sandbox.town.bots),
                "messages": sandbox.book.messages,
                "book_bytes": sandbox.book.size_bytes,
                "counts": dict(sandbox.counts),
                "webhooks": {
                    "waiting": sum(hook.waiting for hook in sandbox.hooks.values()),
                    **asdict(sandbox.hook_counts),
                },
            }
        )

    async def book(self, request: web.Request) -> web.StreamResponse:
        """GET /book[?group=ID]: NDJSON, a line for each group that received anything."""
        group = request.query.get("group")
        if group is not None:
            return await self._write(request, [group], "group")
        groups = [chat for chat in self._sandbox.book.chats() if not chat.startswith("p:")]
        return await self._write(request, groups, "group")

    async def direct(self, request: web.Request) -> web.StreamResponse:
        """GET /book/direct: the same for people's own chats."""
        people = [chat for chat in self._sandbox.book.chats() if chat.startswith("p:")]
        return await self._write(request, people, "person")

    async def _write(self, request: web.Request, chats: list[str], kind: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": NDJSON})
        await response.prepare(request)
        encode = msgspec.json.Encoder().encode
        pending = bytearray()
        for chat in chats:
            messages = [account(record) for record in self._sandbox.book.of(chat)]
            if not messages:
                continue
            pending += encode({kind: chat, "messages": messages}) + b"\n"
            if len(pending) > OUT_CHUNK_BYTES:
                await response.write(bytes(pending))
                pending.clear()
                await asyncio.sleep(0)
        await response.write(bytes(pending))
        await response.write_eof()
        return response

    async def inboxes(self, request: web.Request) -> web.StreamResponse:
        """GET /people/inboxes?since=CURSOR: NDJSON of everybody's new direct messages.

        The last line is {"next": CURSOR, "more": bool}; ask again from there.
        """
        cursor = number(request, "since")
        out = bytearray()
        lines = islice(self._sandbox.book.since(cursor), INBOX_LINES_LIMIT)
        try:
            for record, end in lines:
                cursor = end
                if record.text is not None and not record.failed:
                    told = {"person": record.chat, **account(record, text=True)}
                    out += msgspec.json.encode(told) + b"\n"
        except msgspec.DecodeError as error:
            raise Declined(400, "bad request: since") from error
        more = cursor < self._sandbox.book.size_bytes
        out += msgspec.json.encode({"next": cursor, "more": more}) + b"\n"
        return web.Response(body=bytes(out), content_type=NDJSON)


def account(record: Record, *, text: bool = False) -> dict[str, object]:
    """Return one message as the book tells it to an auditor."""
    told: dict[str, object] = {
        "message_id": record.message_id,
        "sha256": record.sha256,
        "by": record.by,
        "key": record.key,
        "at": record.at,
    }
    if text:
        told["text"] = record.text
    return told


def application(sandbox: Sandbox) -> web.Application:
    """Return the whole provider, ready to be served."""
    control = Control(sandbox)
    app = web.Application(client_max_size=BODY_LIMIT_BYTES, middlewares=[sandbox.answer])
    app.add_routes(
        [
            web.post("/bot{token}/sendMessage", sandbox.send),
            web.post("/bot{token}/bringPicture", sandbox.bring),
            web.post("/bot{token}/deleteMessage", sandbox.delete),
            web.post("/people/{id}/post", sandbox.post),
            web.post("/people/{id}/remark", sandbox.remark),
            web.get("/people/inboxes", control.inboxes),
            web.get("/people/{id}/inbox", sandbox.inbox),
            web.post("/control/groups", control.groups),
            web.post("/control/bots", control.bots),
            web.post("/control/behaviour", control.behaviour),
            web.post("/control/standing", control.standing),
            web.post("/control/happenings", control.happenings),
            web.get("/control/stats", control.stats),
            web.get("/book", control.book),
            web.get("/book/direct", control.direct),
        ]
    )
    app.on_startup.append(sandbox.open)
    app.on_cleanup.append(sandbox.close)
    return app
