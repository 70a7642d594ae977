"""One message as mail: plain text, a subject from its first line, a way out in one click."""

import hashlib
import re
from dataclasses import dataclass, field
from email.header import Header
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import formataddr, formatdate

from chaupal.channels.contract import Message, Picture

ADDRESS_LIMIT_CHARACTERS = 254
SUBJECT_LIMIT_CHARACTERS = 90
# The older of the library's two ways: the newer loses blanks where it breaks a Hindi subject.
OVER_SMTP = compat32.clone(linesep="\r\n")
# What stands in an address that any server takes: no quotes, no blanks, nothing beyond ASCII.
PLAIN = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class Unwritable(Exception):
    """No mail can be written to this address; says why in one word."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it goes out, and the reference under which bounces name it."""

    reference: str
    raw: bytes = field(repr=False)


def written(message: Message, sender: str, name: str) -> Letter:
    """Write `message` from `sender`; an address that no server takes is `Unwritable`.

    The same key gives the same Message-ID, so that a reader's program may see a repeat for one.
    With an address for leaving, the mail carries both of RFC 8058's headers.
    """
    if len(message.address) > ADDRESS_LIMIT_CHARACTERS or not PLAIN.fullmatch(message.address):
        raise Unwritable("address_malformed")
    reference = reference_of(message.idempotency_key, sender)
    text = MIMEText(message.text, "plain", "utf-8", policy=OVER_SMTP)
    mail = text if message.picture is None else _with_picture(text, message.picture)
    mail["From"] = formataddr((name, sender))
    mail["To"] = message.address
    mail["Subject"] = Header(subject(message.text), "utf-8", header_name="Subject").encode()
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{reference}>"
    mail["Auto-Submitted"] = "auto-generated"
    return Letter(reference, _way_out(message.unsubscribe_url) + mail.as_bytes())


def _with_picture(text: MIMEText, picture: Picture) -> MIMEMultipart:
    """Return a picture that programs show below the text (RFC 2183), and what it shows in words."""
    part = MIMEImage(picture.body, "jpeg", policy=OVER_SMTP)
    part.add_header("Content-Disposition", "inline", filename="picture.jpg")
    part["Content-Description"] = Header(
        picture.description, "utf-8", header_name="Content-Description"
    ).encode()
    return MIMEMultipart("mixed", _subparts=[text, part], policy=OVER_SMTP)


def _way_out(url: str | None) -> bytes:
    """Return both headers, the address on one line: not every reader puts it together again."""
    if url is None:
        return b""
    lines = f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    return lines.encode("ascii")


def reference_of(key: str, sender: str) -> str:
    """Return the Message-ID, without its brackets, of what is sent with `key`."""
    digest = hashlib.sha256(f"{key}\0{sender}".encode()).hexdigest()[:32]
    return f"{digest}@{sender.rpartition('@')[2]}"


def subject(text: str) -> str:
    """Return the first line that says something, cut between words where it is long."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    first = "".join(letter if letter.isprintable() else " " for letter in first)
    if len(first) <= SUBJECT_LIMIT_CHARACTERS:
        return first
    cut = first[:SUBJECT_LIMIT_CHARACTERS]
    return (cut.rpartition(" ")[0] or cut) + " …"
