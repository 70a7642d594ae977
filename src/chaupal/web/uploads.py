"""A form with a file, read as it comes in: first its fields, then the file, piece by piece."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from litestar.exceptions import HTTPException
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from chaupal.kit.refusals import Invalid, TooLarge
from chaupal.web.visits import Asked

FIELD_LIMIT_BYTES = 4096
PARTS_LIMIT = 12

# A part of the form begins, goes on, or ends.
Event: TypeAlias = MultipartSegment | bytes | None


@dataclass(frozen=True, slots=True)
class Upload:
    """The fields that stand before a file, what it is called, and its bytes as they come."""

    fields: Mapping[str, str] = field(repr=False)
    name: str = field(repr=False)
    body: AsyncIterator[bytes] = field(repr=False)


async def begun(asked: Asked, *, limit_bytes: int) -> Upload:
    """Read a form up to its file, of which nothing has been taken then.

    Refused: a form without a file, and one that says to be longer than `limit_bytes`.
    """
    kind, options = asked.content_type
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary:
        raise Invalid("request.malformed", where="form")
    if (asked.content_length or 0) > limit_bytes:
        raise TooLarge("import.file_too_large", limit_gb=limit_bytes >> 30)
    events = _events(asked, boundary)
    fields: dict[str, str] = {}
    name, written = "", bytearray()
    async for event in events:
        if isinstance(event, MultipartSegment):
            if event.filename is not None:
                return Upload(fields, event.filename, _file(events))
            name, written = event.name, bytearray()
        elif event is None:
            fields[name] = written.decode(errors="replace")
        else:
            written += event
            if len(written) > FIELD_LIMIT_BYTES:
                raise Invalid("request.malformed", where="form")
    raise Invalid("import.file_missing")


async def pieces(body: AsyncIterator[bytes], length: int) -> AsyncIterator[bytes]:
    """Cut what comes in into pieces of `length` bytes; the last one is shorter."""
    held = bytearray()
    async for part in body:
        held += part
        while len(held) >= length:
            yield bytes(held[:length])
            del held[:length]
    if held:
        yield bytes(held)


async def _events(asked: Asked, boundary: str) -> AsyncIterator[Event]:
    """Give the parts of a form. One that breaks off is refused."""
    try:
        with PushMultipartParser(boundary, max_segment_count=PARTS_LIMIT) as parser:
            async for chunk in asked.stream():
                if chunk:
                    for event in parser.parse(chunk):
                        yield bytes(event) if isinstance(event, bytearray) else event
    except MultipartError as error:
        raise Invalid("import.upload_broke_off") from error
    except HTTPException as error:
        if error.status_code < 500:
            raise
        raise Invalid("import.upload_broke_off") from error  # the browser went away


async def _file(events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    """Give the bytes of the file, and read the form to its end: a file is whole or refused."""
    inside = True
    async for event in events:
        if inside and isinstance(event, bytes):
            yield event
        else:
            inside = False
