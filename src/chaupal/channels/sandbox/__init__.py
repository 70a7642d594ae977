"""The rehearsals' own provider, `chaupal.rehearsal.provider`.  docs/channels/sandbox.md"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from chaupal.arrivals.models import (
    Arrival,
    Evidence,
    Failure,
    GroupPulse,
    MessageArrived,
    PersonSaid,
    Quality,
    Restriction,
    SenderHeard,
    StatusArrived,
)
from chaupal.channels import reading
from chaupal.channels.contract import (
    FORGOTTEN,
    Accepted,
    Account,
    Brought,
    Connection,
    Deferred,
    Deleted,
    Deletion,
    Halt,
    Message,
    Outcome,
    Picture,
    Pictures,
    Rejected,
    Traits,
    Unknown,
)
from chaupal.channels.exchange import ANSWER_TIMEOUT_S, Answered, End, InTrouble, Raw, exchange
from chaupal.channels.http import AnswerLost, HttpClient, NotReached
from chaupal.people.models import ContactChannel, Word
from chaupal.people.words import spoken

TRAITS = Traits(
    name="sandbox",
    remembers_keys_for=timedelta(days=7),
    time_to_live=timedelta(minutes=5),
    text_limit_characters=4096,
    proves_delivery=False,
    reaches_people_at=ContactChannel.SANDBOX,
    takes_back=True,
    pictures=Pictures.BROUGHT,
    caption_limit_characters=1024,
)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The sandbox as a channel."""

    answer_timeout_s: float = ANSWER_TIMEOUT_S
    traits: Traits = TRAITS

    def connect(self, http: HttpClient, account: Account) -> Connection:
        """Open a bot's line."""
        url = f"{account.endpoint.rstrip('/')}/bot{account.token}"
        return _Line(http, url, self.answer_timeout_s)

    def signed(self, headers: Mapping[str, str], body: bytes, account: Account) -> bool:
        """Compare the HMAC-SHA256 of the bytes. An account without a secret has no webhook."""
        secret = account.webhook_secret.encode()
        expected = f"sha256={hmac.digest(secret, body, 'sha256').hex()}"
        given = headers.get("x-sandbox-signature", "")
        return bool(secret) and hmac.compare_digest(given.encode(), expected.encode())

    def read(self, body: bytes) -> list[Arrival]:
        """Read a batch of updates, in their order."""
        updates = reading.dicts(reading.decode(body).get("updates"))
        return [arrival for update in updates if (arrival := read_update(update)) is not None]


@dataclass(frozen=True, slots=True)
class _Line:
    http: HttpClient
    url: str
    timeout_s: float

    async def send(self, message: Message, /) -> Outcome:
        """Post one message under its key, so that asking again is safe."""
        body: dict[str, object] = {
            "chat_id": message.address,
            "text": message.text,
            "key": message.idempotency_key,
        }
        if message.picture is not None:
            body["picture"] = message.picture.reference
        url = f"{self.url}/sendMessage"
        return read_reply(await exchange(self.http, "POST", url, body, timeout_s=self.timeout_s))

    async def bring(self, picture: Picture, /) -> Brought | Deferred | Rejected:
        """Put a picture there, which nobody sees by that."""
        raw, url = Raw("image/jpeg", picture.body), f"{self.url}/bringPicture"
        return read_brought(await exchange(self.http, "POST", url, raw, timeout_s=self.timeout_s))

    async def delete(self, address: str, provider_ref: str, /) -> Deletion:
        """Delete a message of the bot's own."""
        body: dict[str, object] = {"chat_id": address, "message_id": int(provider_ref)}
        url = f"{self.url}/deleteMessage"
        return read_deletion(await exchange(self.http, "POST", url, body, timeout_s=self.timeout_s))


def read_brought(end: End) -> Brought | Deferred | Rejected:
    """Turn the end of bringing a picture into what became of it."""
    match end:
        case Answered(200, {"ok": True, "result": {"picture": str(reference)}}):
            return Brought(reference)
    outcome = read_reply(end)
    return outcome if isinstance(outcome, Deferred | Rejected) else Deferred("picture_not_brought")


def read_deletion(end: End) -> Deletion:
    """Turn the end of asking for a deletion into what became of it."""
    match end:
        case Answered(200, {"ok": True}):
            return Deleted()
        case Answered(400, {"description": "message not found"}):
            return Deleted()
    outcome = read_reply(end)
    return Deleted() if isinstance(outcome, Accepted) else outcome


def read_reply(end: End) -> Outcome:
    """Turn the end of an exchange into an outcome. A key makes a repeat harmless."""
    match end:
        case NotReached(why):
            return Deferred(why)
        case InTrouble(status):
            return Deferred(f"http_{status}")
        case AnswerLost(why):
            return Unknown(why)
        case Answered(status, body):
            return read_answer(status, body)
    assert_never(end)


def read_answer(status: int, body: dict[str, object]) -> Outcome:
    """Turn the sandbox's yes or no into an outcome. Pure, so the table of cases is the test."""
    match status, body:
        case 200, {"ok": True, "result": {"message_id": int(id)}}:
            return Accepted(str(id))
        case _ if 400 <= status < 500:
            return not_now(status, body.get("parameters")) or refusal(status, body)
    return Unknown("answer_unreadable")


def not_now(status: int, parameters: object) -> Deferred | None:
    """Return until when the sandbox wants to be left alone, and by whom, if it says so."""
    match status, parameters:
        case 429, {"pair": True, "retry_after": int(wait_s)}:
            return Deferred("too_often_for_this_person", reading.wait(wait_s), pair_only=True)
        case 429, {"retry_after": int(wait_s)}:
            return Deferred("throttled", reading.wait(wait_s))
        case 429, _:
            return Deferred("throttled")
        case 423, {"halt": str(halt)} if halt in HALTS:
            why, halts = HALTS[halt]
            return Deferred(why, halts=halts)
        case 409, {"tries": int(tries)} if 1 <= tries <= TRIES_LIMIT:
            return Deferred("try_again", tries_limit=tries)
    return None


def refusal(status: int, body: dict[str, object]) -> Deferred | Rejected:
    """Say why the sandbox does not take this message. Its own words go no further."""
    if body.get("description") == "picture not found":
        return Deferred(FORGOTTEN)
    if body.get("description") == "chat not found":
        return Rejected(Failure.NO_SUCH_ADDRESS, "chat_not_found")
    return Rejected(FAILURES.get(status, Failure.CONTENT), f"http_{status}")


TRIES_LIMIT = 100
HALTS: Mapping[str, tuple[str, Halt]] = {
    "campaign": ("template_paused", Halt.CAMPAIGN),
    "sender": ("reported_as_spam", Halt.SENDER),
    "organisation": ("account_locked", Halt.ORGANISATION),
}
FAILURES: Mapping[int, Failure] = {
    401: Failure.MISCONFIGURED,
    403: Failure.BLOCKED,
    404: Failure.MISCONFIGURED,
}


def read_update(update: dict[str, object]) -> Arrival | None:
    """Turn one update into an arrival, or None where it is of no kind we know."""
    match update:
        case {"update_id": int() | str() as id, "at": str(text)}:
            at = reading.written(text)
            if at is not None and update.get("type") == "standing":
                return read_standing(at, update)
            return None if at is None else _read(f"{id}", at, update)
    return None


def _read(event_id: str, at: datetime, update: dict[str, object]) -> Arrival | None:
    match update:
        case {"type": "status", "message_id": int(ref), "status": str(status)} if (
            status in STATUSES
        ):
            key = update.get("key")
            evidence, failure = STATUSES[status]
            return StatusArrived(
                at=at,
                provider_ref=str(ref),
                key=key if isinstance(key, str) else None,
                evidence=evidence,
                failure=failure,
            )
        case {"type": "message", "chat_id": str(chat), "from": str(author), "text": str(text)}:
            return MessageArrived(
                at=at,
                event_id=event_id,
                address=chat,
                author=author,
                text=text,
            )
        case {"type": "direct", "from": str(author), "text": str(text)}:
            return _read_direct(event_id, at, author, text)
        case {"type": "button", "from": str(author), "button": str(button)} if button in BUTTONS:
            return PersonSaid(at, event_id, (author,), BUTTONS[button], by_button=True)
        case {"type": "pulse", "chat_id": str(chat)}:
            return GroupPulse(
                at=at,
                event_id=event_id,
                address=chat,
                size=reading.size(update.get("members")),
            )
    return None


def _read_direct(event_id: str, at: datetime, author: str, text: str) -> Arrival:
    """Read what a person wrote to a bot alone: a word that means something, or a message."""
    word = spoken(text)
    if word is not None:
        return PersonSaid(at, event_id, (author,), word)
    return MessageArrived(at=at, event_id=event_id, address=author, author=author, text=text)


def read_standing(at: datetime, update: Mapping[str, object]) -> SenderHeard | None:
    """Read what the provider says of the bot itself; a limit of -1 is none."""
    quality, restriction = str(update.get("quality")), str(update.get("restriction"))
    limit = update.get("daily_limit")
    fits = isinstance(limit, int) and not isinstance(limit, bool) and -1 <= limit <= LARGEST
    heard = SenderHeard(
        at,
        quality=Quality(quality) if quality in set(Quality) else None,
        daily_limit=limit if fits and isinstance(limit, int) and limit != 0 else None,
        restriction=Restriction(restriction) if restriction in set(Restriction) else None,
    )
    return None if heard == SenderHeard(at) else heard


LARGEST = 1_000_000_000
BUTTONS: Mapping[str, Word] = {word.value: word for word in Word}
STATUSES: Mapping[str, tuple[Evidence, Failure | None]] = {
    "delivered": (Evidence.DELIVERED, None),
    "read": (Evidence.OPENED, None),
    "failed": (Evidence.ACCEPTED, Failure.EXPIRED),
}
