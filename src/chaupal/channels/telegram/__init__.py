"""Telegram, through a bot.  https://core.telegram.org/bots/api  docs/channels/telegram.md"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from chaupal.arrivals.models import Arrival, Failure, GroupPulse, MessageArrived, PersonSaid
from chaupal.channels import reading
from chaupal.channels.contract import (
    FORGOTTEN,
    Accepted,
    Account,
    Connection,
    Deferred,
    Deleted,
    Deletion,
    Message,
    Outcome,
    Picture,
    Pictures,
    Rejected,
    Traits,
    Unknown,
)
from chaupal.channels.exchange import (
    ANSWER_TIMEOUT_S,
    Answered,
    End,
    InTrouble,
    Raw,
    exchange,
    form,
)
from chaupal.channels.http import AnswerLost, HttpClient, NotReached
from chaupal.people.models import ContactChannel, Word
from chaupal.people.words import spoken

# What a person can put into a chat. Everything else in a message is the service's own note.
CONTENT = frozenset(
    {
        *("text", "caption", "animation", "audio", "contact", "document", "location"),
        *("photo", "poll", "sticker", "video", "video_note", "voice"),
    }
)

# What a button of ours carries back when somebody presses it.
BUTTONS: Mapping[str, Word] = {f"chaupal:{word}": word for word in Word}

# What Telegram says of a message that is not there (any more).
GONE = "message to delete not found"

# What it says of a file_id that means nothing to it (any more).
LOST = ("wrong file identifier", "wrong remote file", "file_reference_expired")

TRAITS = Traits(
    name="telegram",
    remembers_keys_for=timedelta(0),
    time_to_live=timedelta(minutes=1),
    text_limit_characters=4096,
    proves_delivery=True,
    reaches_people_at=ContactChannel.TELEGRAM,
    takes_back=True,
    pictures=Pictures.KEPT,
    caption_limit_characters=1024,
)


@dataclass(frozen=True, slots=True)
class Telegram:
    """Telegram as a channel. It has no idempotency key, so a lost answer stays unknown."""

    answer_timeout_s: float = ANSWER_TIMEOUT_S
    traits: Traits = TRAITS

    def connect(self, http: HttpClient, account: Account) -> Connection:
        """Open a bot's line."""
        url = f"{account.endpoint.rstrip('/')}/bot{account.token}"
        return _Line(http, url, self.answer_timeout_s)

    def signed(self, headers: Mapping[str, str], body: bytes, account: Account) -> bool:  # noqa: ARG002
        """Compare the secret that setWebhook was given. Telegram signs nothing else."""
        given = headers.get("x-telegram-bot-api-secret-token", "").encode()
        secret = account.webhook_secret.encode()
        return bool(secret) and hmac.compare_digest(given, secret)

    def read(self, body: bytes) -> list[Arrival]:
        """Read one update; Telegram sends them one by one."""
        arrival = read_update(reading.decode(body))
        return [] if arrival is None else [arrival]


@dataclass(frozen=True, slots=True)
class _Line:
    http: HttpClient
    url: str
    timeout_s: float

    async def send(self, message: Message, /) -> Outcome:
        """Post one message. The key stays here: Telegram has no place for it."""
        if message.picture is not None:
            return await self._show(message, message.picture)
        body: dict[str, object] = {
            "chat_id": message.address,
            "text": message.text,
            # A preview is fetched by a robot: it would follow links that are meant for one person.
            "link_preview_options": {"is_disabled": True},
        }
        url = f"{self.url}/sendMessage"
        return read_reply(await exchange(self.http, "POST", url, body, timeout_s=self.timeout_s))

    async def _show(self, message: Message, picture: Picture) -> Outcome:
        """Post a picture with its text below: by Telegram's own name for it, else its bytes."""
        fields = {"chat_id": message.address, "caption": message.text}
        body: dict[str, object] | Raw
        if picture.reference is not None:
            body = {**fields, "photo": picture.reference}
        else:
            body = form(fields, "photo", picture.body)
        url = f"{self.url}/sendPhoto"
        end = await exchange(self.http, "POST", url, body, timeout_s=self.timeout_s)
        outcome = read_reply(end)
        return (
            replace(outcome, picture_ref=read_photo(end))
            if isinstance(outcome, Accepted)
            else outcome
        )

    async def delete(self, address: str, provider_ref: str, /) -> Deletion:
        """Delete a message of the bot's own, which Telegram allows for 48 hours."""
        body: dict[str, object] = {"chat_id": address, "message_id": int(provider_ref)}
        url = f"{self.url}/deleteMessage"
        return read_deletion(await exchange(self.http, "POST", url, body, timeout_s=self.timeout_s))


def read_deletion(end: End) -> Deletion:
    """Turn the end of asking for a deletion into what became of it."""
    match end:
        case Answered(200, {"ok": True}):
            return Deleted()
        case Answered(400, {"description": str(said)}) if GONE in said.lower():
            return Deleted()
    outcome = read_reply(end)
    return Deleted() if isinstance(outcome, Accepted) else outcome


def read_photo(end: End) -> str | None:
    """Return what Telegram calls the picture that it has just taken: the largest of its sizes."""
    match end:
        case Answered(200, {"result": {"photo": [*_, {"file_id": str(reference)}]}}):
            return reference
    return None


def read_reply(end: End) -> Outcome:
    """Turn the end of an exchange into an outcome.

    A 5xx is unknown, not deferred: nothing documents that the message was not posted before
    the trouble began, and a second copy in a group can't be taken back.
    """
    match end:
        case NotReached(why):
            return Deferred(why)
        case InTrouble(status):
            return Unknown(f"http_{status}")
        case AnswerLost(why):
            return Unknown(why)
        case Answered(status, body):
            return read_answer(status, body)
    assert_never(end)


def read_answer(status: int, body: dict[str, object]) -> Outcome:
    """Turn Telegram's yes or no into an outcome. Pure, so the table of cases is the test."""
    match status, body:
        case 200, {"ok": True, "result": {"message_id": int(id)}}:
            return Accepted(str(id))
        case 429, {"parameters": {"retry_after": int(wait_s)}}:
            return Deferred("throttled", reading.wait(wait_s))
        case 429, _:
            return Deferred("throttled")
        case 400, {"parameters": {"migrate_to_chat_id": int(chat)}}:
            return Deferred("moved_to_supergroup", moved_to=f"{chat}")
        case _ if 400 <= status < 500:
            return refusal(status, body)
    return Unknown("answer_unreadable")


def refusal(status: int, body: dict[str, object]) -> Deferred | Rejected:
    """Say why Telegram does not take this message. Its own words go no further.

    The kinds of 400 are told apart by their English, since Telegram numbers them no further.
    """
    match status, body:
        case 400, {"description": str(said)} if any(words in said.lower() for words in LOST):
            return Deferred(FORGOTTEN)
        case 400, {"description": str(said)}:
            for words, rejected in REFUSALS.items():
                if words in said.lower():
                    return rejected
    return Rejected(FAILURES.get(status, Failure.CONTENT), f"http_{status}")


REFUSALS: Mapping[str, Rejected] = {
    "chat not found": Rejected(Failure.NO_SUCH_ADDRESS, "chat_not_found"),
    "peer_id_invalid": Rejected(Failure.NO_SUCH_ADDRESS, "chat_not_found"),
    "chat_write_forbidden": Rejected(Failure.BLOCKED, "no_right_to_write"),
    "not enough rights": Rejected(Failure.BLOCKED, "no_right_to_write"),
    "have no rights": Rejected(Failure.BLOCKED, "no_right_to_write"),
}
FAILURES: Mapping[int, Failure] = {
    401: Failure.MISCONFIGURED,
    403: Failure.BLOCKED,
    404: Failure.MISCONFIGURED,
}


def read_update(update: dict[str, object]) -> Arrival | None:
    """Turn one update into an arrival. Edits, reactions and service notes are left out."""
    match update:
        case {"update_id": int(id), "message": dict(post)}:
            return _read_post(f"{id}", post)
        case {"update_id": int(id), "channel_post": dict(post)}:
            return _read_post(f"{id}", post)
        case {"update_id": int(id), "callback_query": dict(press)}:
            return _read_press(f"{id}", press)
        case {"update_id": int(id), "my_chat_member": {"chat": {"id": int(chat)}, "date": int(s)}}:
            at = reading.instant(s)
            if at is not None:
                return _read_standing(f"{id}", at, chat, update["my_chat_member"])
    return None


def _is_private(happening: object) -> bool:
    """Say whether this is a person's own chat with the bot: its id is the person's."""
    match happening:
        case {"chat": {"type": "private"}}:
            return True
    return False


def _read_press(event_id: str, press: dict[str, object]) -> Arrival | None:
    """Turn the press of a button of ours into what it says. Telegram tells no time with it."""
    match press:
        case {"from": {"id": int(person)}, "data": str(carried)} if carried in BUTTONS:
            return PersonSaid(None, event_id, (f"{person}",), BUTTONS[carried], by_button=True)
    return None


def _read_standing(event_id: str, at: datetime, chat: int, member: object) -> Arrival | None:
    """Turn a change of the bot's own standing in a chat into an arrival.

    That a person blocks it is the stop that it looks like; unblocking it is no yes.
    """
    if not _is_private(member):
        return GroupPulse(at=at, event_id=event_id, address=f"{chat}")
    match member:
        case {"new_chat_member": {"status": "kicked"}}:
            return PersonSaid(at, event_id, (f"{chat}",), Word.STOP, by_button=True)
    return None


def _read_post(event_id: str, post: dict[str, object]) -> Arrival | None:
    match post:
        case {"chat": {"id": int(chat)}, "date": int(seconds)}:
            at = reading.instant(seconds)
        case _:
            return None
    if at is None:
        return None
    moved_to = post.get("migrate_to_chat_id")
    if isinstance(moved_to, int):
        return GroupPulse(at=at, event_id=event_id, address=f"{chat}", moved_to=f"{moved_to}")
    if CONTENT.isdisjoint(post):
        return None
    text = post.get("text", post.get("caption"))
    word = _word(text) if _is_private(post) else None
    if word is not None:
        return PersonSaid(at, event_id, (f"{chat}",), word)
    return MessageArrived(
        at=at,
        event_id=event_id,
        address=f"{chat}",
        author=_author(post, chat),
        text=text if isinstance(text, str) else "",
        forwarded="forward_origin" in post,
    )


def _word(text: object) -> Word | None:
    """Return what a message to the bot means. `/start` only opens the chat, and is no yes."""
    if not isinstance(text, str) or text.startswith("/start"):
        return None
    return spoken(text)


def _author(post: dict[str, object], chat: int) -> str:
    """Return the writer's id; a channel's post, and an anonymous admin's, is the chat's own."""
    match post:
        case {"sender_chat": {"id": int(id)}}:
            return f"{id}"
        case {"from": {"id": int(id)}}:
            return f"{id}"
    return f"{chat}"
