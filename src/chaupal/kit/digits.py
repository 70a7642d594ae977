"""Digits mean the same number in whichever script they are written: १२३ is 123. Pure.

What identifies something (a person's reference, a unit's code, a group's address, a phone number)
is stored with the digits 0 to 9, and looked up so.
"""

import unicodedata


def plain(written: str) -> str:
    """Return the same text with the digits 0 to 9 for Devanagari ones and all other scripts'."""
    if written.isascii():
        return written
    return "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in written
    )


def spellings(written: str) -> list[str]:
    """Return how something may be stored that somebody has typed: just so, or plain.

    Two codes that differed in the script of their digits alone have stayed two, so what is stored
    exactly as it was typed comes first.
    """
    return list(dict.fromkeys([written, plain(written)]))
