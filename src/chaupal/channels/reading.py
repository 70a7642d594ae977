"""What adapters share when they read webhooks: bytes from outside that may hold anything."""

from datetime import UTC, datetime, timedelta

import msgspec

NUL = rb"\u0000"
SIZE_LIMIT = 10_000_000
WAIT_LIMIT_S = 86_400


def decode(body: bytes) -> dict[str, object]:
    """Return a JSON object, empty where the bytes are something else.

    NUL is taken out of every text in it: JSON may carry it, and no PostgreSQL column can
    hold it, so one such message would stop the log for everybody.
    """
    try:
        read = msgspec.json.decode(body, type=dict[str, object])
        return {key: without_nul(value) for key, value in read.items()} if NUL in body else read
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def without_nul(value: object) -> object:
    """Return the same value with no NUL in any of its texts."""
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [without_nul(item) for item in value]
        case dict():
            return {key: without_nul(item) for key, item in value.items()}
    return value


def dicts(value: object) -> list[dict[str, object]]:
    """Return the objects in a list, and leave out whatever else is in it."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]


def instant(ticks: int, *, ticks_per_s: int = 1) -> datetime | None:
    """Return the time that a Unix time means, or None where it means none."""
    try:
        return datetime.fromtimestamp(ticks / ticks_per_s, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def written(text: str) -> datetime | None:
    """Return the time that an RFC 3339 text means, or None where it means none."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def size(members: object) -> int | None:
    """Return a group's size, or None where it is none."""
    if isinstance(members, int) and not isinstance(members, bool) and 0 <= members <= SIZE_LIMIT:
        return members
    return None


def wait(seconds: float) -> timedelta:
    """Return the wait that a provider asks for, kept between nothing and a day."""
    return timedelta(seconds=min(max(seconds, 0), WAIT_LIMIT_S))
