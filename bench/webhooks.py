"""Signed webhooks, as the sandbox would post them, and posting them side by side."""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import urlsplit

import aiohttp
import msgspec

from bench.ground import Ground
from bench.plain import Place, Sender
from chaupal.engine.supervise import Child
from chaupal.rehearsal.provider.hooks import sign

EDGE = Child("edge", [sys.executable, "-m", "chaupal.edge"])
CONCURRENCY = 64
LOOK_S = 0.05

ANSWER = b"{}"

# The bytes of a request, head and body.
Post: TypeAlias = bytes


def posts(
    place: Place,
    sender: Sender,
    deliveries: Sequence[int],
    *,
    statuses: int,
    word: str = "delivered",
) -> Iterator[Post]:
    """Write the webhooks that say `word` of one sender's deliveries, `statuses` in each."""
    for first in range(0, len(deliveries), statuses):
        yield _request(place, sender, body(deliveries[first : first + statuses], word))


def body(deliveries: Sequence[int], word: str) -> bytes:
    """Write the body of one webhook, as the sandbox writes it."""
    at = datetime.now(UTC)
    updates = [
        {
            "update_id": id,
            "type": "status",
            "message_id": id,
            "key": str(id),
            "status": word,
            "at": at,
        }
        for id in deliveries
    ]
    return msgspec.json.encode({"updates": updates})


def _request(place: Place, sender: Sender, body: bytes) -> Post:
    address = urlsplit(place.ground.settings.public_url)
    head = (
        f"POST /in/{place.organisation}/{sender.id} HTTP/1.1\r\n"
        f"Host: {address.netloc}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"X-Sandbox-Signature: sha256={sign(sender.secret, body)}\r\n\r\n"
    )
    return head.encode() + body


async def send(ground: Ground, posts: Iterable[Post]) -> None:
    """Post all of them, so many at once over connections that stay; each has to be answered 200.

    A client of a library would take as much of the machine as the edge does. What is measured is
    what happens behind the post.
    """
    waiting = iter(posts)
    address = urlsplit(ground.settings.public_url)

    async def carry() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for post in waiting:
            writer.write(post)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), f"the edge answered {head[:12]!r}"
            await reader.readexactly(len(ANSWER))
        writer.close()

    await asyncio.gather(*(carry() for _ in range(CONCURRENCY)))


async def until_open(ground: Ground) -> None:
    """Wait until the edge answers."""
    while True:
        with suppress(aiohttp.ClientError):
            async with ground.http.get(f"{ground.settings.public_url}/healthz") as answer:
                if answer.status == 200:
                    return
        await asyncio.sleep(LOOK_S)
