"""The few words of ASGI that the edge speaks: a request read within limits, an answer sent."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from chaupal.kit.refusals import Refused, TooLarge

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

BODY_LIMIT_BYTES = 1 << 20
BODY_LIMIT_S = 30.0

SAFE_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    ),
)


class Left(Exception):
    """Whoever asked went away before they had said everything."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. `closing` ends the connection: there are bytes in it we won't read."""

    status: int
    body: bytes
    kind: bytes = b"application/json"
    allow: bytes | None = None
    closing: bool = False


def in_json(status: int, content: Mapping[str, object], *, closing: bool = False) -> Answer:
    """Return an answer for a machine."""
    return Answer(status, msgspec.json.encode(content), closing=closing)


def in_html(status: int, body: bytes) -> Answer:
    """Return an answer for a person."""
    return Answer(status, body, kind=b"text/html; charset=utf-8")


async def read_body(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """Return the body's bytes; refuse as soon as there are, or are said to be, too many."""
    said = headers.get("content-length", "")
    if said.isdigit() and int(said) > BODY_LIMIT_BYTES:
        raise TooLarge("webhook.too_large", limit_bytes=BODY_LIMIT_BYTES)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_LIMIT_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Left
                body += message.get("body", b"")
                if len(body) > BODY_LIMIT_BYTES:
                    raise TooLarge("webhook.too_large", limit_bytes=BODY_LIMIT_BYTES)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError as error:
        raise TooSlow("request.too_slow", limit_s=BODY_LIMIT_S) from error


class TooSlow(Refused):
    """The body did not come in time."""

    status = 408


async def answer(send: Send, given: Answer, *, without_body: bool = False) -> None:
    """Send an answer; `without_body` is for HEAD."""
    headers = [
        (b"content-type", given.kind),
        (b"content-length", str(len(given.body)).encode()),
        *SAFE_HEADERS,
    ]
    if given.allow is not None:
        headers.append((b"allow", given.allow))
    if given.status == 503:
        headers.append((b"retry-after", b"5"))
    if given.closing:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": given.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if without_body else given.body})
