"""Matrix, as an application service.  https://spec.matrix.org  docs/channels/matrix.md"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never
from urllib.parse import quote

from chaupal.arrivals.models import (
    Arrival,
    Evidence,
    Failure,
    MessageArrived,
    PersonSaid,
    StatusArrived,
)
from chaupal.channels import reading
from chaupal.channels.contract import (
    Accepted,
    Account,
    Brought,
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
from chaupal.channels.exchange import ANSWER_TIMEOUT_S, Answered, End, InTrouble, Raw, exchange
from chaupal.channels.http import AnswerLost, HttpClient, NotReached
from chaupal.people.words import spoken

# Our own event's field, and whose events may carry it. The registration keeps these names
# for us alone, so that a member can't pass off a message of theirs as one of ours.
KEY_FIELD = "chaupal.key"
OUR_USERS = "@chaupal"
FILE_NAME = "picture.jpg"


TRAITS = Traits(
    name="matrix",
    # Synapse keeps an application service's transaction ids in memory for half an hour or more.
    remembers_keys_for=timedelta(minutes=20),
    time_to_live=timedelta(minutes=1),
    text_limit_characters=10_000,
    proves_delivery=True,
    takes_back=True,
    pictures=Pictures.BROUGHT,
    caption_limit_characters=10_000,
)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Matrix as a channel: rooms are groups, and a transaction id makes a repeat harmless."""

    answer_timeout_s: float = ANSWER_TIMEOUT_S
    traits: Traits = TRAITS

    def connect(self, http: HttpClient, account: Account) -> Connection:
        """Open the application service's line; `account.token` is its as_token."""
        return _Line(http, account.endpoint.rstrip("/"), account.token, self.answer_timeout_s)

    def signed(self, headers: Mapping[str, str], body: bytes, account: Account) -> bool:  # noqa: ARG002
        """Compare the homeserver's hs_token, which is `account.webhook_secret`."""
        given = headers.get("authorization", "").encode()
        expected = f"Bearer {account.webhook_secret}".encode()
        return bool(account.webhook_secret) and hmac.compare_digest(given, expected)

    def read(self, body: bytes) -> list[Arrival]:
        """Read a transaction's events, in their order."""
        events = reading.dicts(reading.decode(body).get("events"))
        arrivals = [arrival for event in events if (arrival := read_event(event)) is not None]
        words = [word for arrival in arrivals if (word := read_word(arrival)) is not None]
        return [*arrivals, *words]


@dataclass(frozen=True, slots=True)
class _Line:
    http: HttpClient
    endpoint: str
    token: str
    timeout_s: float

    async def send(self, message: Message, /) -> Outcome:
        """Put one message into a room, under its key as the transaction id."""
        room, key = quote(message.address, safe=""), quote(message.idempotency_key, safe="")
        url = f"{self.endpoint}/_matrix/client/v3/rooms/{room}/send/m.room.message/{key}"
        body: dict[str, object] = {
            "msgtype": "m.text",
            "body": message.text,
            KEY_FIELD: message.idempotency_key,
        }
        if message.picture is not None:
            body |= shown(message.picture)
        end = await exchange(
            self.http, "PUT", url, body, token=self.token, timeout_s=self.timeout_s
        )
        return read_reply(end)

    async def bring(self, picture: Picture, /) -> Brought | Deferred | Rejected:
        """Put a picture into the homeserver's store, where no room shows it yet."""
        url = f"{self.endpoint}/_matrix/media/v3/upload?filename={FILE_NAME}"
        raw = Raw("image/jpeg", picture.body)
        end = await exchange(
            self.http, "POST", url, raw, token=self.token, timeout_s=self.timeout_s
        )
        return read_brought(end)

    async def delete(self, address: str, provider_ref: str, /) -> Deletion:
        """Redact an event of ours: its text goes, and that something was there stays."""
        room, event = quote(address, safe=""), quote(provider_ref, safe="")
        key = quote(f"redact-{provider_ref}", safe="")
        url = f"{self.endpoint}/_matrix/client/v3/rooms/{room}/redact/{event}/{key}"
        end = await exchange(self.http, "PUT", url, {}, token=self.token, timeout_s=self.timeout_s)
        outcome = read_reply(end)
        return Deleted() if isinstance(outcome, Accepted) else outcome


def shown(picture: Picture) -> dict[str, object]:
    """Return what makes a message a picture with its text as the caption (spec 1.10, MSC2530)."""
    return {
        "msgtype": "m.image",
        "filename": FILE_NAME,
        "url": picture.reference,
        "info": {
            "mimetype": "image/jpeg",
            "size": len(picture.body),
            "w": picture.width,
            "h": picture.height,
        },
    }


def read_brought(end: End) -> Brought | Deferred | Rejected:
    """Turn the end of bringing a picture into what became of it."""
    match end:
        case Answered(200, {"content_uri": str(reference)}) if reference.startswith("mxc://"):
            return Brought(reference)
    outcome = read_reply(end)
    return outcome if isinstance(outcome, Deferred | Rejected) else Deferred("picture_not_brought")


def read_reply(end: End) -> Outcome:
    """Turn the end of an exchange into an outcome. The transaction id makes a repeat harmless."""
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
    """Turn a homeserver's yes or no into an outcome. Pure, so the table is the test."""
    match status, body:
        case 200, {"event_id": str(id)}:
            return Accepted(id)
        case 429, {"retry_after_ms": int(wait_ms)}:
            return Deferred("throttled", reading.wait(wait_ms / 1000))
        case 429, _:
            return Deferred("throttled")
        case _, {"errcode": str(code)} if 400 <= status < 500 and code in FAILURES:
            return Rejected(FAILURES[code], code.lower())
        case _ if 400 <= status < 500:
            kind = Failure.MISCONFIGURED if status in (401, 404) else Failure.CONTENT
            return Rejected(kind, f"http_{status}")
    return Unknown("answer_unreadable")


FAILURES: Mapping[str, Failure] = {
    "M_FORBIDDEN": Failure.BLOCKED,
    "M_GUEST_ACCESS_FORBIDDEN": Failure.BLOCKED,
    "M_UNKNOWN_TOKEN": Failure.MISCONFIGURED,
    "M_MISSING_TOKEN": Failure.MISCONFIGURED,
    "M_EXCLUSIVE": Failure.MISCONFIGURED,
    "M_UNRECOGNIZED": Failure.MISCONFIGURED,
    "M_USER_DEACTIVATED": Failure.MISCONFIGURED,
    "M_NOT_FOUND": Failure.NO_SUCH_ADDRESS,
    "M_INVALID_PARAM": Failure.NO_SUCH_ADDRESS,
    "M_TOO_LARGE": Failure.CONTENT,
}


def read_event(event: dict[str, object]) -> Arrival | None:
    """Turn one event into an arrival. State, encrypted and ephemeral events are left out.

    Our own event coming back is the homeserver's word that the room has it. It carries our
    key, so a send whose answer was lost is found again.
    """
    match event:
        case {
            "type": "m.room.message",
            "event_id": str(id),
            "room_id": str(room),
            "sender": str(sender),
            "origin_server_ts": int(milliseconds),
            "content": dict(content),
        }:
            at = reading.instant(milliseconds, ticks_per_s=1000)
        case _:
            return None
    text = content.get("body")
    if at is None or not isinstance(text, str):
        return None
    if sender.startswith(OUR_USERS):
        key = content.get(KEY_FIELD)
        if not isinstance(key, str):
            return None
        return StatusArrived(at=at, provider_ref=id, key=key, evidence=Evidence.DELIVERED)
    return MessageArrived(at=at, event_id=id, address=room, author=sender, text=text)


def read_word(arrival: Arrival) -> PersonSaid | None:
    """Return what a message means if it was said to us alone.

    A room does not tell that it is one person's, so the message counts as a message too. Either
    the room or the writer may be the address under which we know somebody.
    """
    match arrival:
        case MessageArrived(at=at, event_id=id, address=room, author=author, text=text):
            word = spoken(text)
            if word is not None:
                return PersonSaid(at, id, (room, author), word, perhaps_in=room)
    return None
