"""The sandbox's HTTP face for bots and people, and the life of its process."""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Annotated, TypeVar

import aiohttp
import msgspec
from aiohttp import web

from chaupal.rehearsal.provider.behaviour import Behaviour, Fate
from chaupal.rehearsal.provider.book import Book, Record, TooLong
from chaupal.rehearsal.provider.hooks import Hook, HookCounts, encode
from chaupal.rehearsal.provider.town import Bot, Entry, Group, Name, Town, person_id

BODY_LIMIT_BYTES = 65_536
PICTURE_LIMIT_BYTES = 1 << 20
JPEG = b"\xff\xd8\xff"
INBOX_LIMIT = 1_000
THROTTLE_S = 1
PAIR_WAIT_S = 6
FEW_TRIES = 3

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
T = TypeVar("T")


class Send(msgspec.Struct, frozen=True):
    """What a bot asks to be sent. Fields that we do not know are let pass, as elsewhere."""

    chat_id: str | int
    text: Text
    key: Name | None = None
    picture: str | None = None


class Delete(msgspec.Struct, frozen=True):
    """Which of its messages a bot wants gone."""

    chat_id: str | int
    message_id: int


class Post(msgspec.Struct, frozen=True):
    """What a person puts into a group by hand."""

    chat_id: Name
    text: Text


class Remark(msgspec.Struct, frozen=True):
    """What a person writes to a bot alone, or which of its buttons they press."""

    bot: Name
    text: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    button: Annotated[str, msgspec.Meta(max_length=64)] = ""

    def __post_init__(self) -> None:
        """Refuse a remark that is both, or neither."""
        if bool(self.text) == bool(self.button):
            raise ValueError("a remark is a text or a button")


class Declined(Exception):
    """A provider's "no", as its answer will say it."""

    def __init__(self, code: int, description: str, **parameters: object) -> None:
        super().__init__(code, description)
        self.code, self.description, self.parameters = code, description, parameters


class Cut(Exception):
    """The line is cut without an answer; `count` is under which name that is counted."""

    def __init__(self, count: str) -> None:
        super().__init__(count)
        self.count = count


class Bucket:
    """A bot's allowance: one second's worth at most, refilled as time goes by."""

    def __init__(self, rate_per_s: float, now: float) -> None:
        self._rate_per_s = rate_per_s
        self._left = max(rate_per_s, 1.0)
        self._at = now

    def take(self, now: float) -> bool:
        """Take one send out, or say that there is none."""
        self._left = min(
            max(self._rate_per_s, 1.0), self._left + (now - self._at) * self._rate_per_s
        )
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Sandbox:
    """The running provider: its town, its book, its mood."""

    def __init__(self, book: Path) -> None:
        self.book = Book(book)
        self.town = Town(book.with_name(f"{book.name}.town"))
        self.counts: Counter[str] = Counter()
        self.hook_counts = HookCounts()
        self.hooks: dict[str, Hook] = {}
        self.buckets: dict[str, Bucket] = {}
        self.pictures: set[str] = set()
        self.behave(Behaviour())
        self._first_update_id = time.time_ns()
        self._read_delete = msgspec.json.Decoder(Delete).decode
        self._read_post = msgspec.json.Decoder(Post).decode
        self._read_remark = msgspec.json.Decoder(Remark).decode
        self._read_send = msgspec.json.Decoder(Send).decode

    async def open(self, _: web.Application) -> None:
        """Take up the bots that the journal knows."""
        self.http = aiohttp.ClientSession()
        for bot in self.town.bots.values():
            self.enlist(bot)

    async def close(self, _: web.Application) -> None:
        """Let go of everything; the book and the journal are already on their way to disk."""
        for hook in self.hooks.values():
            await hook.close()
        await self.http.close()
        self.town.close()
        self.book.close()

    def behave(self, behaviour: Behaviour) -> None:
        """Behave like this from now on, with fresh dice."""
        self.behaviour = behaviour
        self.dice = Random(behaviour.seed)  # noqa: S311
        for hook in self.hooks.values():
            hook.behaviour, hook.dice = behaviour.webhook, self.dice

    def enlist(self, bot: Bot) -> None:
        """Give a bot its allowance and its line back, or change them."""
        self.buckets.pop(bot.token, None)
        if bot.rate_per_s is not None:
            self.buckets[bot.token] = Bucket(bot.rate_per_s, asyncio.get_running_loop().time())
        hook = self.hooks.get(bot.token)
        if hook is None:
            hook = self.hooks[bot.token] = Hook(bot, self.dice, self.http, self.hook_counts)
        hook.bot, hook.behaviour, hook.dice = bot, self.behaviour.webhook, self.dice

    async def send(self, request: web.Request) -> web.StreamResponse:
        """POST /bot{token}/sendMessage"""
        bot = self.town.bots.get(request.match_info["token"])
        if bot is None:
            raise Declined(401, "unauthorized")
        self.counts["sends"] += 1
        bucket = self.buckets.get(bot.token)
        if bucket is not None and not bucket.take(asyncio.get_running_loop().time()):
            raise Declined(429, "too many requests", retry_after=THROTTLE_S)
        fate = self.behaviour.fate(self.dice)
        self._go_wrong(fate)
        send = read(self._read_send, await request.read())
        if send.picture is not None:
            if send.picture not in self.pictures:
                raise Declined(400, "picture not found")
            self.counts["pictured"] += 1
        message_id = self._accept(bot, send, failed=fate is Fate.FAILED)
        if self.behaviour.answer_delay_s:
            await asyncio.sleep(self.behaviour.answer_delay_s)
        if fate is Fate.ANSWER_LOST:
            raise Cut("lost_answers")
        return self.yes({"message_id": message_id})

    def _go_wrong(self, fate: Fate) -> None:
        """Decline a send, or cut its line, before anything of it is read."""
        match fate:
            case Fate.REQUEST_LOST:
                raise Cut("lost_requests")
            case Fate.THROTTLED:
                raise Declined(429, "too many requests", retry_after=THROTTLE_S)
            case Fate.ERROR:
                raise Declined(self.dice.choice((500, 502, 503)), "trouble")
            case Fate.HALT:
                raise Declined(423, "stopped until somebody looks", halt=self.behaviour.halt)
            case Fate.TOO_OFTEN:
                raise Declined(429, "too often", pair=True, retry_after=PAIR_WAIT_S)
            case Fate.FEW_TRIES:
                raise Declined(409, "try again", tries=FEW_TRIES)

    async def bring(self, request: web.Request) -> web.StreamResponse:
        """POST /bot{token}/bringPicture: a bot puts a picture here, to send it by its name."""
        if request.match_info["token"] not in self.town.bots:
            raise Declined(401, "unauthorized")
        content = bytearray()
        async for piece in request.content.iter_any():  # past the limit of all other bodies
            content += piece
            if len(content) > PICTURE_LIMIT_BYTES:
                raise Declined(413, "body too large")
        if not content.startswith(JPEG):
            raise Declined(400, "not a picture")
        name = hashlib.sha256(content).hexdigest()
        self.pictures.add(name)
        self.counts["pictures"] += 1
        return self.yes({"picture": name})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """POST /bot{token}/deleteMessage: a bot takes back what it sent."""
        bot = self.town.bots.get(request.match_info["token"])
        if bot is None:
            raise Declined(401, "unauthorized")
        self.counts["deletes"] += 1
        delete = read(self._read_delete, await request.read())
        if not self.book.strike(str(delete.chat_id), delete.message_id, by=f"bot:{bot.name}"):
            raise Declined(400, "message not found")
        return self.yes({})

    def _accept(self, bot: Bot, send: Send, *, failed: bool) -> int:
        """Write a send into the book, once for each key, and return its message's number."""
        chat, by = str(send.chat_id), f"bot:{bot.name}"
        if send.key is not None and bot.idempotent:
            earlier = self.book.find(by, send.key)
            if earlier is not None:
                self.counts["repeats"] += 1
                return earlier.message_id
        if not chat.startswith("p:") and not self._group(chat).has_bot(bot):
            raise Declined(403, "bot is not in the chat")
        record = self._enter(chat, send.text, by=by, key=send.key, failed=failed)
        self.counts["accepted"] += 1
        self._report(bot, record)
        return record.message_id

    def _group(self, id: str) -> Group:
        group = self.town.groups.get(id)
        if group is None:
            raise Declined(400, "chat not found")
        return group

    def _enter(
        self, chat: str, text: str, *, by: str, key: str | None = None, failed: bool = False
    ) -> Record:
        try:
            return self.book.enter(chat, text, by=by, key=key, failed=failed)
        except TooLong as error:
            raise Declined(400, "names too long") from error

    def _report(self, bot: Bot, record: Record) -> None:
        """Tell the bot what became of its message."""
        self.update(bot, self._status(record, "failed" if record.failed else "delivered"))
        read_share = self.behaviour.webhook.read_share
        if not record.failed and read_share and self.dice.random() < read_share:
            self.update(bot, self._status(record, "read"))

    @staticmethod
    def _status(record: Record, status: str) -> dict[str, object]:
        return {
            "type": "status",
            "message_id": record.message_id,
            "key": record.key,
            "status": status,
            "at": record.at,
        }

    async def post(self, request: web.Request) -> web.StreamResponse:
        """POST /people/{id}/post: an admin puts a text into the group by hand."""
        post = read(self._read_post, await request.read())
        person = person_id(request.match_info["id"])
        group = self._group(post.chat_id)
        if not group.has_admin(person):
            raise Declined(403, "not an admin of the chat")
        record = self._enter(group.id, post.text, by=f"person:{person}")
        self.counts["posts"] += 1
        self.message(group, person, post.text, record.at)
        return self.yes({"message_id": record.message_id})

    async def remark(self, request: web.Request) -> web.StreamResponse:
        """POST /people/{id}/remark: a person writes to a bot alone, or presses its button."""
        remark = read(self._read_remark, await request.read())
        person = person_id(request.match_info["id"])
        bots = [bot for bot in self.town.bots.values() if bot.name == remark.bot]
        if not bots:
            raise Declined(400, "no such bot")
        said = (
            {"type": "direct", "text": remark.text}
            if remark.text
            else {"type": "button", "button": remark.button}
        )
        for bot in bots:
            self.update(bot, {**said, "from": person, "at": now()})
        self.counts["remarks"] += 1
        return self.yes({"told": len(bots)})

    def message(self, group: Group, person: str, text: str, at: datetime) -> None:
        """Tell the group's bots that somebody wrote in it."""
        update = {"type": "message", "chat_id": group.id, "from": person, "text": text, "at": at}
        self.update_all(group, update)

    def update_all(self, group: Group, update: dict[str, object]) -> None:
        """Tell something to every bot in the group."""
        for bot in self.town.bots.values():
            if group.has_bot(bot):
                self.update(bot, update)

    def update(self, bot: Bot, update: dict[str, object]) -> None:
        """Tell one bot something, under a number that no other update has."""
        self.counts["updates"] += 1
        update_id = self._first_update_id + self.counts["updates"]
        self.hooks[bot.token].tell(encode({"update_id": update_id, **update}))

    async def inbox(self, request: web.Request) -> web.StreamResponse:
        """GET /people/{id}/inbox?after=MESSAGE_ID: what bots wrote to a person, newest last."""
        after = number(request, "after")
        person = person_id(request.match_info["id"])
        messages = [
            {"message_id": r.message_id, "by": r.by, "text": r.text, "at": r.at}
            for r in self.book.of(person)
            if r.message_id > after
        ]
        return self.json({"ok": True, "messages": messages[-INBOX_LIMIT:]})

    def yes(self, result: dict[str, object]) -> web.Response:
        """Answer as a provider does when all is well."""
        return self.json({"ok": True, "result": result})

    @web.middleware
    async def answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Give every "no" the same shape, and cut the line where that was asked for."""
        try:
            return await handler(request)
        except web.HTTPRequestEntityTooLarge:
            declined = Declined(413, "body too large")
        except Declined as error:
            declined = error
        except Cut as cut:
            self.counts[cut.count] += 1
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        self.counts[f"answered_{declined.code}"] += 1
        body: dict[str, object] = {
            "ok": False,
            "error_code": declined.code,
            "description": declined.description,
        }
        if declined.parameters:
            body["parameters"] = declined.parameters
        return self.json(body, status=declined.code)

    @staticmethod
    def json(body: dict[str, object], status: int = 200) -> web.Response:
        """Answer with JSON."""
        return web.Response(
            body=msgspec.json.encode(body), status=status, content_type="application/json"
        )

    def add(self, entry: Entry) -> None:
        """Take in a group or a bot."""
        self.town.add(entry)
        if entry.bot is not None:
            self.enlist(entry.bot)


def read(decode: Callable[[bytes], T], body: bytes) -> T:
    """Read a body, or decline it without repeating what it said."""
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise Declined(400, f"bad request: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Declined(400, "bad request: not JSON") from error


def number(request: web.Request, name: str) -> int:
    """Read a whole number from the query, 0 where it is not given."""
    given = request.query.get(name, "0")
    if not given.isdecimal() or len(given) > 18:
        raise Declined(400, f"bad request: {name}")
    return int(given)


def now() -> datetime:
    """Return the provider's own time."""
    return datetime.now(UTC)
