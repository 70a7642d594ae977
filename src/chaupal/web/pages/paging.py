"""Onward by keyset: the last row of a page by its id alone, since names stand in no address."""

from urllib.parse import urlencode
from uuid import UUID

from chaupal.groups.models import GroupId
from chaupal.kit.refusals import Invalid


def group_id(written: str | None) -> GroupId | None:
    """Read behind which group a page begins."""
    try:
        return GroupId(UUID(written)) if written else None
    except ValueError as error:
        raise Invalid("request.malformed", where="after") from error


def number(asked: str | None) -> int | None:
    """Read before which number a page ends."""
    if not asked:
        return None
    if not asked.isascii() or not asked.isdigit() or len(asked) > 18:
        raise Invalid("request.malformed", where="before")
    return int(asked)


def address(path: str, **query: object) -> str:
    """Return an address with what is not empty of `query`."""
    kept = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path
