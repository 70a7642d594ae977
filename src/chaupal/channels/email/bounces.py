"""What comes back: a server's report on a mail that did not arrive, or somebody's reply.

RFC 3464 has the report, RFC 3463 its codes.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime

from chaupal.arrivals.models import (
    Arrival,
    Evidence,
    Failure,
    MessageArrived,
    PersonSaid,
    StatusArrived,
)
from chaupal.channels import reading
from chaupal.people.models import Word
from chaupal.people.words import spoken

REPLY_LIMIT_CHARACTERS = 20_000
# Classes of RFC 3463: what of the address, the mailbox, the mail or its sender was refused.
FAILURES: Mapping[str, Failure] = {
    "5.1.1": Failure.NO_SUCH_ADDRESS,
    "5.1.2": Failure.NO_SUCH_ADDRESS,
    "5.1.3": Failure.NO_SUCH_ADDRESS,
    "5.1.6": Failure.NO_SUCH_ADDRESS,
    "5.1.10": Failure.NO_SUCH_ADDRESS,
    "5.2.1": Failure.NO_SUCH_ADDRESS,
    "5.1.8": Failure.MISCONFIGURED,
    "5.7.0": Failure.BLOCKED,
    "5.7.1": Failure.BLOCKED,
    "5.4.7": Failure.EXPIRED,
    "4.4.7": Failure.EXPIRED,
}
PLAIN_CODES: Mapping[int, Failure] = {
    530: Failure.MISCONFIGURED,
    535: Failure.MISCONFIGURED,
    550: Failure.NO_SUCH_ADDRESS,
    551: Failure.NO_SUCH_ADDRESS,
    553: Failure.NO_SUCH_ADDRESS,
}


def failure_of(enhanced: str, code: int = 0) -> Failure:
    """Return why a mail was refused, from its enhanced code, or its plain one where that is all."""
    if enhanced in FAILURES:
        return FAILURES[enhanced]
    if enhanced.startswith("5.") and enhanced.count(".") == 2:
        return Failure.UNDELIVERED
    return PLAIN_CODES.get(code, Failure.UNDELIVERED)


def read(body: bytes) -> Arrival | None:
    """Turn one mail into an arrival, or None where it is neither a final report nor a reply.

    A report names our mail by the Message-ID in what it returns of it. A delay is no failure.
    """
    try:
        mail = message_from_bytes(body, policy=policy.default)
        at = _date(mail)
        if at is None or not isinstance(mail, EmailMessage):
            return None
        if mail.get_content_type() == "multipart/report":
            return _report(mail, at)
        return _reply(mail, at, body)
    except (MessageError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _date(mail: EmailMessage) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(mail.get("Date", "")))
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _report(mail: EmailMessage, at: datetime) -> StatusArrived | None:
    status, reference = "", ""
    for part in mail.walk():
        match part.get_content_type():
            case "message/delivery-status":
                for block in part.iter_parts():
                    if str(block.get("Action", "")).strip().lower() == "failed":
                        status = str(block.get("Status", "")).strip()
            case "text/rfc822-headers":
                returned = message_from_bytes(part.get_content().encode(), policy=policy.default)
                reference = reference or _reference(returned)
            case "message/rfc822":
                reference = reference or _reference(part.get_content())
    if not status or not reference:
        return None
    return StatusArrived(
        at=at,
        provider_ref=reference,
        key=None,
        evidence=Evidence.ACCEPTED,
        failure=failure_of(status),
    )


def _reference(mail: EmailMessage) -> str:
    return str(mail.get("Message-ID", "")).strip().strip("<>")


def _reply(mail: EmailMessage, at: datetime, body: bytes) -> MessageArrived | PersonSaid | None:
    """Read what somebody wrote to us; what a program answered by itself is nobody's word.

    Who a mail is from, anybody can write. A stop is believed all the same; a yes is not.
    """
    automatic = str(mail.get("Auto-Submitted", "no")).strip().lower()
    _, writer = parseaddr(str(mail.get("From", "")))
    if automatic != "no" or "@" not in writer:
        return None
    part = mail.get_body(("plain",))
    text = "" if part is None else str(part.get_content())[:REPLY_LIMIT_CHARACTERS]
    text = str(reading.without_nul(text))
    event_id = _reference(mail) or hashlib.sha256(body).hexdigest()[:32]
    if Word.STOP in (spoken(text.strip()), spoken(str(mail.get("Subject", "")).strip())):
        return PersonSaid(at, event_id, (writer.lower(),), Word.STOP)
    return MessageArrived(
        at=at, event_id=event_id, address=writer.lower(), author=writer.lower(), text=text
    )
