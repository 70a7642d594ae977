"""One HTTP exchange with a provider, bounded in bytes and time, and the four ways it ends.

What matters is where it broke. If no connection was made, nothing was sent and trying again
is safe; anything later may have been read by the provider. Errors are told by their kind
alone: the system's own sentences may hold addresses.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple, TypeAlias, assert_never

import msgspec

from chaupal.channels.http import JSON, AnswerLost, HttpClient, NotReached, Reply

ANSWER_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Answered:
    """The provider answered yes or no; `body` is its JSON object."""

    status: int
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class InTrouble:
    """The provider answered 5xx: it read the request, and may or may not have done it.

    `body` is its JSON object, empty where there is none.
    """

    status: int
    body: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raw:
    """A body that is no JSON."""

    content_type: str
    content: bytes = field(repr=False)


def form(fields: Mapping[str, str], name: str, picture: bytes) -> Raw:
    """Write fields and a picture as multipart/form-data (RFC 7578)."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="picture.jpg"'
        "\r\nContent-Type: image/jpeg\r\n\r\n"
    )
    content = "".join(parts).encode() + picture + f"\r\n--{boundary}--\r\n".encode()
    return Raw(f"multipart/form-data; boundary={boundary}", content)


End: TypeAlias = Answered | InTrouble | NotReached | AnswerLost


class Heard(NamedTuple):
    """How one exchange went, and nothing of what was said in it, where to, or to whom."""

    method: str
    end: str
    status: int | None
    kind: str | None
    took_s: float


_heard: ContextVar[list[Heard] | None] = ContextVar("heard", default=None)


@contextmanager
def listening() -> Iterator[list[Heard]]:
    """Hear of every exchange that the block makes, whichever channel makes it."""
    heard: list[Heard] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


async def exchange(
    http: HttpClient,
    method: str,
    url: str,
    body: dict[str, object] | Raw | None,
    *,
    token: str | None = None,
    timeout_s: float = ANSWER_TIMEOUT_S,
) -> End:
    """Send `body`, if any, and say how that ended. Never raises for what a network can do.

    What is not raw goes as JSON.
    `url` is sent as it is written: what needs quoting has been quoted. `token` goes into the
    Authorization header. Redirects are not followed: a secret is for one place only.
    """
    began = perf_counter()
    end = await _exchange(http, method, url, body, token=token, timeout_s=timeout_s)
    heard = _heard.get()
    if heard is not None:
        heard.append(_told(method, end, perf_counter() - began))
    return end


def _told(method: str, end: End, took_s: float) -> Heard:
    match end:
        case Answered(status, _):
            return Heard(method, "answered", status, None, took_s)
        case InTrouble(status, _):
            return Heard(method, "in_trouble", status, None, took_s)
        case NotReached(why):
            return Heard(method, "not_reached", None, why, took_s)
        case AnswerLost(why):
            return Heard(method, "answer_lost", None, why, took_s)
        case _:
            assert_never(end)


async def _exchange(
    http: HttpClient,
    method: str,
    url: str,
    body: dict[str, object] | Raw | None,
    *,
    token: str | None,
    timeout_s: float,
) -> End:
    raw: bytes | None
    if isinstance(body, Raw):
        content_type, raw = body.content_type, body.content
    else:
        content_type, raw = JSON, None if body is None else msgspec.json.encode(body)
    end = await http.request(
        method, url, body=raw, content_type=content_type, token=token, timeout_s=timeout_s
    )
    return _read(end.status, end.body) if isinstance(end, Reply) else end


def _read(status: int, raw: bytes | None) -> End:
    body = None if raw is None else _json(raw)
    if status >= 500:
        return InTrouble(status, body or {})
    if body is None:
        return AnswerLost("answer_too_large" if raw is None else "answer_unreadable")
    return Answered(status, body)


def _json(raw: bytes) -> dict[str, object] | None:
    try:
        return msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
