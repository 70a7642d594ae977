"""What the Cloud API's webhooks say: entry by change by statuses, messages and preferences. Pure.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from chaupal.arrivals.models import (
    Arrival,
    Evidence,
    Failure,
    MessageArrived,
    PersonSaid,
    SenderHeard,
    StatusArrived,
    TemplateHeard,
)
from chaupal.channels import reading
from chaupal.channels.whatsapp_cloud import errors, naming, standing, template_words
from chaupal.people.models import Word
from chaupal.people.words import spoken

BUTTONS: Mapping[str, Word] = {f"chaupal:{word}": word for word in Word}
PREFERENCES: Mapping[str, Word] = {"stop": Word.STOP, "resume": Word.START}
RUNGS: Mapping[str, Evidence] = {
    "sent": Evidence.ACCEPTED,
    "delivered": Evidence.DELIVERED,
    "read": Evidence.OPENED,
    "played": Evidence.OPENED,
}
# What a person can put into a chat. Everything else in a message is WhatsApp's own note.
CONTENT = frozenset(
    {
        *("text", "image", "video", "audio", "document", "sticker", "location", "contacts"),
        *("button", "interactive", "order"),
    }
)


def read(body: bytes) -> list[Arrival]:
    """Return everything that a POST holds and that we know, in its order."""
    payload = reading.decode(body)
    return [
        arrival
        for entry in reading.dicts(payload.get("entry"))
        for change in reading.dicts(entry.get("changes"))
        for arrival in (*_in_change(change.get("value")), *_of_account(change, entry))
    ]


def _in_change(value: object) -> Iterator[Arrival]:
    if not isinstance(value, dict):
        return
    for status in reading.dicts(value.get("statuses")):
        yield from read_status(status)
    for message in reading.dicts(value.get("messages")):
        arrival = read_message(message)
        if arrival is not None:
            yield arrival
    for preference in reading.dicts(value.get("user_preferences")):
        said = read_preference(preference)
        if said is not None:
            yield said


def _of_account(change: dict[str, object], entry: dict[str, object]) -> Iterator[Arrival]:
    """Return what is said of the number, its account and its templates, rather than of messages."""
    value = change.get("value")
    if not isinstance(value, dict):
        return
    heard: SenderHeard | TemplateHeard | None
    match change.get("field"):
        case str(what) if what in template_words.FIELDS:
            heard = template_words.read(what, value, entry.get("id"))
        case "phone_number_quality_update":
            heard = standing.quality(value)
        case "business_capability_update":
            heard = standing.capability(value)
        case "account_update":
            heard = standing.account(value)
        case _:
            return
    if heard is not None:
        yield replace(heard, at=_instant(entry.get("time")))


def read_status(status: dict[str, object]) -> Iterator[Arrival]:
    """Return what became of one of our sends, and the stop that a refusal may stand for."""
    match status:
        case {"id": str(wamid), "status": str(rung), "timestamp": moment}:
            at = _instant(moment)
        case _:
            return
    key = naming.key_in(status.get("biz_opaque_callback_data"))
    if at is None or (rung != "failed" and rung not in RUNGS):
        return
    ref = naming.reference(wamid)
    if rung != "failed":
        yield StatusArrived(at, ref, key, RUNGS[rung])
        return
    codes = [code for error in reading.dicts(status.get("errors")) if (code := _code(error))]
    why = errors.failure(codes[0] if codes else None)
    yield StatusArrived(at, ref, key, Evidence.ACCEPTED, why)
    theirs = _addresses(status.get("recipient_id"), status.get("recipient_user_id"))
    if why is Failure.OPTED_OUT and theirs:
        yield PersonSaid(at, f"refused/{ref}", theirs, Word.STOP, by_button=True)


def read_message(message: dict[str, object]) -> MessageArrived | PersonSaid | None:
    """Return what somebody wrote or pressed. Reactions, edits and WhatsApp's notes are left out.

    In one of the API's small groups a word is a member's remark, and stops nothing.
    """
    match message:
        case {"id": str(wamid), "timestamp": moment, "type": str(kind)} if kind in CONTENT:
            at = _instant(moment)
        case _:
            return None
    theirs = _addresses(message.get("from"), message.get("from_user_id"))
    if at is None or not theirs:
        return None
    event_id, group = naming.reference(wamid), message.get("group_id")
    text, pressed = _text(kind, message.get(kind)), _pressed(kind, message.get(kind))
    word = pressed or spoken(text)
    if word is not None and not isinstance(group, str):
        return PersonSaid(at, event_id, theirs, word, by_button=pressed is not None)
    context = message.get("context")
    marks = context if isinstance(context, dict) else {}
    often = marks.get("frequently_forwarded") is True
    return MessageArrived(
        at=at,
        event_id=event_id,
        address=group if isinstance(group, str) else theirs[0],
        author=theirs[-1],
        text=text,
        forwarded=often or marks.get("forwarded") is True,
        frequently_forwarded=often,
    )


def read_preference(preference: dict[str, object]) -> PersonSaid | None:
    """Return the stop or resume of marketing that somebody chose in WhatsApp itself.

    It has no id of its own, so who, what and when are its id, kept as a digest.
    """
    match preference:
        case {"category": "marketing_messages", "value": str(value), "timestamp": moment}:
            word, at = PREFERENCES.get(value), _instant(moment)
        case _:
            return None
    theirs = _addresses(preference.get("wa_id"), preference.get("user_id"))
    if word is None or at is None or not theirs:
        return None
    event_id = naming.reference(f"{theirs[0]} {value} {at.isoformat()}")
    return PersonSaid(at, f"preference/{event_id}", theirs, word, by_button=True, in_settings=True)


def _addresses(wa_id: object, user_id: object) -> tuple[str, ...]:
    """Return under which addresses we may know somebody: the number first, where it is shown."""
    found = (naming.number(wa_id), naming.user_id(user_id))
    return tuple(address for address in found if address is not None)


def _text(kind: str, content: object) -> str:
    match kind, content:
        case "text", {"body": str(text)}:
            return text
        case "button", {"text": str(text)}:
            return text
        case "interactive", {"button_reply": {"title": str(text)}}:
            return text
        case "interactive", {"list_reply": {"title": str(text)}}:
            return text
        case _, {"caption": str(text)}:
            return text
    return ""


def _pressed(kind: str, content: object) -> Word | None:
    """Return what a button says: by what we gave it to carry, or by the word written on it."""
    match kind, content:
        case "button", {"payload": str(carried)}:
            return BUTTONS.get(carried) or spoken(_text(kind, content))
        case "interactive", {"button_reply": {"id": str(carried)}}:
            return BUTTONS.get(carried)
    return None


def _code(error: dict[str, object]) -> int | None:
    code = error.get("code")
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _instant(moment: object) -> datetime | None:
    """Return a time: most are digits in a text, those of preferences are numbers."""
    if isinstance(moment, str) and moment.isascii() and moment.isdigit() and len(moment) <= 12:
        return reading.instant(int(moment))
    if isinstance(moment, int) and not isinstance(moment, bool):
        return reading.instant(moment)
    return None
