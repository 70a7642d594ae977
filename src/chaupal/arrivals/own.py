"""Our own arrivals as bytes: clicks on group links, and what relaying admins do."""

from typing import TypeAlias

import msgspec

from chaupal.arrivals.models import LinkClicked, RelayDeleted, RelayOpened, RelayPosted

Own: TypeAlias = LinkClicked | RelayOpened | RelayPosted | RelayDeleted

LINK = "link"
RELAY = "relay"

_KINDS: dict[str, type[Own]] = {
    "clicked": LinkClicked,
    "opened": RelayOpened,
    "posted": RelayPosted,
    "deleted": RelayDeleted,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def write(arrival: Own) -> bytes:
    """Return the bytes that go into the log."""
    return msgspec.json.encode({"kind": _NAMES[type(arrival)], "arrival": arrival})


def read(body: bytes) -> Own | None:
    """Return the arrival, or None where the bytes are none of ours."""
    try:
        match msgspec.json.decode(body):
            case {"kind": str(name), "arrival": dict(fields)} if name in _KINDS:
                return msgspec.convert(fields, _KINDS[name], strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return None
