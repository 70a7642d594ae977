"""How many messages a text is on the air: counted as a network counts, before anybody pays for it.

3GPP TS 23.038 has the alphabet, TS 23.040 the header that joins the segments of a long text. Pure.
"""

from dataclasses import dataclass
from enum import StrEnum

SEGMENTS_LIMIT = 10

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
ESCAPE = 0x1B
EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
CODES = {letter: code for code, letter in enumerate(BASIC) if code != ESCAPE}


class Alphabet(StrEnum):
    GSM_7 = "gsm_7"
    UCS_2 = "ucs_2"


# Units of a text that fits into one message, and of a segment where it takes several.
ALONE = {Alphabet.GSM_7: 160, Alphabet.UCS_2: 70}
JOINED = {Alphabet.GSM_7: 153, Alphabet.UCS_2: 67}


@dataclass(frozen=True, slots=True)
class Count:
    """A text's size: in units of its alphabet, and in segments."""

    alphabet: Alphabet
    units: int
    segments: int


def alphabet_of(text: str) -> Alphabet:
    """Return the alphabet that a whole text goes in: one letter outside GSM's takes all along."""
    fits = all(letter in CODES or letter in EXTENSION for letter in text)
    return Alphabet.GSM_7 if fits else Alphabet.UCS_2


def count(text: str) -> Count:
    """Count a text. A letter that takes two units is never cut between two segments."""
    alphabet = alphabet_of(text)
    sizes = [_size(letter, alphabet) for letter in text]
    units = sum(sizes)
    if units <= ALONE[alphabet]:
        return Count(alphabet, units, 1)
    segments, filled = 1, 0
    for size in sizes:
        if filled + size > JOINED[alphabet]:
            segments, filled = segments + 1, 0
        filled += size
    return Count(alphabet, units, segments)


def encoded(text: str) -> bytes:
    """Return the bytes of a text in its alphabet; GSM's letters take an octet each, unpacked."""
    if alphabet_of(text) is Alphabet.UCS_2:
        return text.encode("utf-16-be", "surrogatepass")
    return b"".join(
        bytes([CODES[letter]]) if letter in CODES else bytes([ESCAPE, EXTENSION[letter]])
        for letter in text
    )


def decoded(raw: bytes) -> str:
    """Return the text that these octets of GSM's alphabet spell; what is no letter is left out."""
    letters, escaped = [], False
    for octet in raw:
        if octet == ESCAPE:
            escaped = True
            continue
        found = EXTENDED.get(octet) if escaped else None
        if found is None and octet < len(BASIC):
            found = BASIC[octet]
        letters.append(found or "")
        escaped = False
    return "".join(letters)


EXTENDED = {code: letter for letter, code in EXTENSION.items()}


def _size(letter: str, alphabet: Alphabet) -> int:
    if alphabet is Alphabet.GSM_7:
        return 1 if letter in CODES else 2
    return 2 if ord(letter) > 0xFFFF else 1
