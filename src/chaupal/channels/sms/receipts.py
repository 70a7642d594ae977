"""What a service centre brings: receipts for what we sent, and what people answer. Pure.

SMPP 3.4, 5.2.12 and appendix B, which has the receipt's text that every centre writes alike.
"""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import msgspec
from smpp34 import DeliverSm, SmppError, decode

from chaupal.arrivals.models import Arrival, Evidence, MessageArrived, PersonSaid, StatusArrived
from chaupal.channels import reading
from chaupal.channels.sms import pdus, segments, verdicts
from chaupal.channels.sms.centre import decimal
from chaupal.channels.sms.pdus import Pdu
from chaupal.people.words import spoken

KIND, RECEIPT = 0b0011_1100, 0b0000_0100
RECEIPTED_ID, MESSAGE_STATE = 0x001E, 0x0427
LATIN_1 = 3
REFERENCE_LIMIT_CHARACTERS = 65
NUMBER_LIMIT_DIGITS = 15
# Centres write their own clock into a receipt, without saying which. India has one.
INDIA = timezone(timedelta(hours=5, minutes=30))
FIELD = re.compile(r"\b(id|stat|err|done date):\s*([^\s]*)", re.IGNORECASE)
RUNGS = {"DELIVRD": Evidence.DELIVERED, "ACCEPTD": Evidence.ACCEPTED}


def framed(pdu: Pdu, *, at: datetime, in_hex: bool = False) -> bytes:
    """Return what the log keeps of a unit: its bytes as they came, and what they do not hold: when,
    and whether this centre writes in hexadecimal what its answers have in decimal."""
    told = {"ids": "hex"} if in_hex else {}
    return msgspec.json.encode({"at": at.isoformat(), "pdu": pdu.raw().hex(), **told})


def framed_answer(key: str, reference: str, *, at: datetime) -> bytes:
    """Return what the log keeps of an answer that came when nobody waited for it any more."""
    return msgspec.json.encode({"at": at.isoformat(), "key": key, "accepted": reference})


def read(body: bytes) -> list[Arrival]:
    """Turn one framed unit into an arrival. What it does not know it leaves out."""
    frame = reading.decode(body)
    at = reading.written(str(frame.get("at", "")))
    if at is None:
        return []
    match frame:
        case {"key": str(key), "accepted": str(reference)}:
            return [StatusArrived(at, reference, key, Evidence.ACCEPTED)]
        case {"pdu": str(raw)}:
            arrival = _brought(raw, at, hashlib.sha256(body).hexdigest()[:32])
            if isinstance(arrival, StatusArrived) and frame.get("ids") == "hex":
                arrival = replace(arrival, provider_ref=decimal(arrival.provider_ref))
            return [] if arrival is None else [arrival]
    return []


def _brought(raw: str, at: datetime, event_id: str) -> Arrival | None:
    try:
        said = decode(bytes.fromhex(raw))
    except (SmppError, ValueError):
        return None
    if not isinstance(said, DeliverSm):
        return None
    match said.esm_class & KIND:
        case 0:
            return _said(said, at, event_id)
        case kind if kind == RECEIPT:
            return _receipt(said, at)
    return None  # on its way still, or something between telephones


def _receipt(said: DeliverSm, at: datetime) -> StatusArrived | None:
    told = {name.lower(): value for name, value in FIELD.findall(_raw(said).decode("latin-1"))}
    tags = {tag.tag: tag.value for tag in said.tlvs}
    reference = told.get("id", "")
    if RECEIPTED_ID in tags:
        reference = tags[RECEIPTED_ID].rstrip(b"\0").decode("latin-1")
    state = told.get("stat", "").upper()
    if tags.get(MESSAGE_STATE):
        state = verdicts.STATES.get(tags[MESSAGE_STATE][0], state)
    code = told.get("err", "")
    number = int(code) if code.isascii() and code.isdigit() and len(code) < 6 else 0
    failure = verdicts.of_state(state, number)
    halts, why = verdicts.halting(failure, number)
    rung = RUNGS.get(state)
    is_named = 0 < len(reference) <= REFERENCE_LIMIT_CHARACTERS and "\0" not in reference
    if not is_named or (rung is None and failure is None):
        return None
    return StatusArrived(
        at=_done(told.get("done date", "")) or at,
        provider_ref=reference,
        key=None,
        evidence=rung or Evidence.ACCEPTED,
        failure=failure,
        halts=halts,
        why=why,
    )


def _done(digits: str) -> datetime | None:
    """Read `YYMMDDhhmm[ss]`."""
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (10, 12):
        return None
    try:
        at = datetime.strptime(digits.ljust(12, "0"), "%y%m%d%H%M%S")  # noqa: DTZ007  (set below)
    except ValueError:
        return None
    return at.replace(tzinfo=INDIA).astimezone(UTC)


def _said(said: DeliverSm, at: datetime, event_id: str) -> MessageArrived | PersonSaid | None:
    """Read what somebody wrote to our number. Each is a new event: a centre that repeats itself
    says no twice, which does no harm, and whoever says it again a month later is heard again."""
    number = number_of(said.source_addr, said.source_addr_ton)
    text = _text(said).replace("\0", "").strip()
    if number is None or not text:
        return None
    word = spoken(text)
    if word is not None:
        return PersonSaid(at, event_id, (number,), word)
    return MessageArrived(at=at, event_id=event_id, address=number, author=number, text=text)


def number_of(address: str, kind: int) -> str | None:
    """Return a telephone's number as the directory writes it, or None where it is a name."""
    digits = address.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > NUMBER_LIMIT_DIGITS:
        return None
    if kind != pdus.INTERNATIONAL and len(digits.lstrip("0")) == 10:
        return "+91" + digits.lstrip("0")
    return "+" + digits if len(digits) > 10 else None


def _raw(said: DeliverSm) -> bytes:
    for tag in said.tlvs:
        if tag.tag == pdus.MESSAGE_PAYLOAD:
            return tag.value
    return said.short_message


def _text(said: DeliverSm) -> str:
    raw = _raw(said)
    if said.esm_class & 0x40 and raw:  # a header of its own comes first
        raw = raw[raw[0] + 1 :]
    match said.data_coding:
        case pdus.UCS_2:
            return raw.decode("utf-16-be", "replace")
        case pdus.DEFAULT_ALPHABET:
            return segments.decoded(raw)
        case 1 | 3:
            return raw.decode("latin-1")
        case _:
            return ""
