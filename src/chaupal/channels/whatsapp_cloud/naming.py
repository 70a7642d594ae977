"""How the Cloud API names people and messages, and how we keep those names.

A message's name there, a wamid, has the recipient's number inside, only encoded. Numbers are
sealed wherever they rest, so a wamid goes no further than this folder: what we keep is its digest.
"""

import base64
import binascii
import hashlib
import re

KEY_PREFIX = "chaupal/"
_WAMID = "wamid."
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,120}")
_NUMBER = re.compile(r"[0-9]{5,15}")


def reference(wamid: str) -> str:
    """Return the name under which we keep a message. The same wamid gives the same name."""
    return hashlib.sha256(wamid.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def number(wa_id: object) -> str | None:
    """Return a WhatsApp number as people's numbers are written here, `+…`; None if it is none."""
    if not isinstance(wa_id, str):
        return None
    digits = wa_id.removeprefix("+")
    return f"+{digits}" if _NUMBER.fullmatch(digits) else None


def user_id(written: object) -> str | None:
    """Return a business-scoped user id; None if it is none.

    It stands for a person who shows no number: `IN.` and letters, or `IN.ENT.` for a group of
    portfolios.  https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
    """
    if isinstance(written, str) and _USER_ID.fullmatch(written):
        return written
    return None


def recipient(wamid: str) -> str | None:
    """Return the number inside a wamid, or None where none can be read.

    Nothing documents how it is built. A wamid seen in Meta's own examples is base64 of 1C 18, the
    number's length, and the number; whatever looks otherwise names nobody.
    """
    try:
        raw = base64.b64decode(wamid.removeprefix(_WAMID), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not wamid.startswith(_WAMID) or raw[:2] != b"\x1c\x18" or len(raw) < 4:
        return None
    return number(raw[3 : 3 + raw[2]].decode("ascii", "replace"))


def callback(key: str) -> str:
    """Return our key as it travels with a send; other programs may share the number."""
    return f"{KEY_PREFIX}{key}"


def key_in(carried: object) -> str | None:
    """Return our key out of what came back with a status, or None where it is not ours."""
    if isinstance(carried, str) and carried.startswith(KEY_PREFIX):
        return carried.removeprefix(KEY_PREFIX)
    return None
