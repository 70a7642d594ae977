"""What is said to a service centre, as bytes.  SMPP 3.4, chapters 3 to 5

The library writes and reads messages; the few words of a session around them are short enough to
be written here.
"""

import struct
from dataclasses import dataclass, field
from datetime import timedelta

from smpp34 import SubmitSm, Tlv

from chaupal.channels.contract import FilledTemplate
from chaupal.channels.sms import segments
from chaupal.channels.sms.centre import Centre
from chaupal.channels.sms.segments import Alphabet

HEAD_BYTES = 16
PDU_LIMIT_BYTES = 65_536
RESPONSE = 0x80000000

GENERIC_NACK = RESPONSE
BIND_TRANSMITTER = 0x02
SUBMIT_SM = 0x04
DELIVER_SM = 0x05
UNBIND = 0x06
BIND_TRANSCEIVER = 0x09
ENQUIRE_LINK = 0x15

VERSION_3_4 = 0x34
ALPHANUMERIC, INTERNATIONAL, ISDN, UNKNOWN = 5, 1, 1, 0
DEFAULT_ALPHABET, UCS_2 = 0, 8
WITH_RECEIPT = 1
MESSAGE_PAYLOAD = 0x0424
# TRAI's Distributed Ledger: who is answerable, for which text, through whom.
ENTITY, TEMPLATE, TELEMARKETER = 0x1400, 0x1401, 0x1402


@dataclass(frozen=True, slots=True)
class Pdu:
    """One unit of the protocol, cut from the stream and not yet read any further."""

    command: int
    status: int
    sequence: int
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """Return the C string that a response begins with, such as a message's id."""
        return self.body.split(b"\0", 1)[0].decode("latin-1")

    def raw(self) -> bytes:
        """Return it as it came."""
        return written(self.command, self.sequence, self.body, status=self.status)


def written(command: int, sequence: int, body: bytes = b"", *, status: int = 0) -> bytes:
    """Return one unit's bytes."""
    return struct.pack(">LLLL", HEAD_BYTES + len(body), command, status, sequence) + body


def head(raw: bytes) -> tuple[int, int, int, int]:
    """Return the length of a unit's body, its command, status and sequence."""
    length, command, status, sequence = struct.unpack(">LLLL", raw)
    if not HEAD_BYTES <= length <= PDU_LIMIT_BYTES:
        raise ValueError("not a unit of SMPP")
    return length - HEAD_BYTES, command, status, sequence


def bind(centre: Centre) -> bytes:
    """Return the body that signs in, for whichever bind."""
    said = (centre.system_id, centre.password, centre.system_type)
    return (
        b"".join(text.encode("ascii", "replace") + b"\0" for text in said)
        + bytes([VERSION_3_4, UNKNOWN, UNKNOWN])
        + b"\0"
    )


def submit(
    centre: Centre,
    address: str,
    text: str,
    template: FilledTemplate,
    *,
    lives: timedelta,
    sequence: int,
) -> bytes:
    """Return one message. What takes several segments goes whole, and the centre cuts it: so a
    long text has one answer and one receipt as a short one has, and is never half sent."""
    raw = segments.encoded(text)
    size = segments.count(text)
    tags = [
        Tlv(ENTITY, _c_string(centre.entity)),
        Tlv(TEMPLATE, _c_string(template.name)),
    ]
    if centre.telemarketer:
        tags.append(Tlv(TELEMARKETER, _c_string(centre.telemarketer)))
    is_whole = size.segments == 1
    if not is_whole:
        tags.append(Tlv(MESSAGE_PAYLOAD, raw))
    is_digits = centre.source.isdigit()
    return SubmitSm(
        centre.source,
        address.removeprefix("+"),
        raw if is_whole else b"",
        source_addr_ton=UNKNOWN if is_digits else ALPHANUMERIC,
        source_addr_npi=ISDN if is_digits else UNKNOWN,
        dest_addr_ton=INTERNATIONAL,
        dest_addr_npi=ISDN,
        validity_period=relative(lives),
        registered_delivery=WITH_RECEIPT,
        data_coding=UCS_2 if size.alphabet is Alphabet.UCS_2 else DEFAULT_ALPHABET,
        tlvs=tags,
        sequence_number=sequence,
    ).encode()


def relative(span: timedelta) -> str:
    """Return a span as the protocol writes one: `YYMMDDhhmmss000R`, from when it is submitted."""
    hours, seconds = divmod(int(span.total_seconds()) % 86_400, 3600)
    return f"0000{span.days:02}{hours:02}{seconds // 60:02}{seconds % 60:02}000R"


def _c_string(text: str) -> bytes:
    return text.encode("ascii") + b"\0"
