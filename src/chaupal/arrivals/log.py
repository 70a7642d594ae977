"""The log of what came in: one JetStream stream, written before we answer, read in order.

The stream is the memory of everything that was answered 200. It refuses new bytes rather than
forget old ones, and `make_room` lets go only of what has been applied.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.errors import Error
from nats.js.api import DiscardPolicy, Header, StorageType, StreamConfig
from nats.js.errors import NoStreamResponseError, NotFoundError

from chaupal.arrivals.models import Envelope
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Unavailable

STREAM = "ARRIVALS"
KEPT_S = 8 * 86_400  # providers repeat what we did not answer for a week
SIZE_LIMIT_BYTES = 8 << 30
ROOM_SHARE = 0.75
SAME_BYTES_S = 20.0  # a repeat within this time is one entry
ACK_TIMEOUT_S = 5.0
BATCH_LIMIT_BYTES = 1 << 20  # some thousand receipts; one entry always comes, whatever its size
POLL_S = 0.02
LONGEST_POLL_S = 0.05
BUNDLE = "arrivals.bundle"

TOPICS = frozenset({"broadcasts", "arrivals", "relay", "imports"})


class Handed(msgspec.Struct, frozen=True, array_like=True):
    """What is handed in to be kept: an envelope that has no place in the log yet."""

    organisation: OrganisationId
    source: str
    channel: str
    received_at: datetime
    body: bytes


async def prepare(nats: Nats) -> str:
    """See to it that the stream is there, and return which one it is.

    A stream that was lost and made again counts from 1 once more. Its name differs, so a
    reader's cursor on the old one is not taken for a cursor on the new.
    """
    jetstream = nats.jetstream(timeout=ACK_TIMEOUT_S)
    try:
        try:
            found = await jetstream.stream_info(STREAM)
        except NotFoundError:
            await jetstream.add_stream(_config())
            found = await jetstream.stream_info(STREAM)
    except (Error, TimeoutError) as error:
        raise Unavailable("engine.arrivals_away", kind=type(error).__name__) from error
    return f"arrivals@{found.created.isoformat() if found.created else ''}"


def _config() -> StreamConfig:
    return StreamConfig(
        name=STREAM,
        subjects=["arrivals.>"],
        storage=StorageType.FILE,
        max_age=KEPT_S,
        max_bytes=SIZE_LIMIT_BYTES,
        discard=DiscardPolicy.NEW,
        duplicate_window=SAME_BYTES_S,
        allow_direct=True,
    )


async def publish(
    nats: Nats,
    organisation: OrganisationId,
    source: str,
    body: bytes,
    *,
    received_at: datetime,
    channel: str = "",
) -> None:
    """Return only when the log has these bytes on disk; otherwise `Unavailable`.

    The same bytes from the same source within some seconds are one entry, so whoever was told
    503 may simply send them again.
    """
    handed = Handed(organisation, source, channel, received_at, body)
    await publish_together(nats, [handed])


async def publish_together(nats: Nats, handed: Sequence[Handed]) -> None:
    """Publish several arrivals and return only when the log has all of them on disk.

    They are one entry of the log, so that one write to the disk is enough for them: what syncing
    costs is paid by the entry. One alone is an entry of its own, without a wrapping.
    """
    if len(handed) == 1:
        [one] = handed
        subject, body = f"arrivals.{one.organisation}.{one.source}", one.body
        headers = {"Received-At": one.received_at.isoformat(), "Channel": one.channel}
        named = subject.encode() + b"\0" + body
    else:
        subject, headers = BUNDLE, {}
        body = named = msgspec.msgpack.encode(handed)
    headers[Header.MSG_ID] = hashlib.sha256(named).hexdigest()[:32]
    await _publish(nats, subject, body, headers)


async def _publish(nats: Nats, subject: str, body: bytes, headers: dict[str, str]) -> None:
    if not nats.is_connected:
        raise Unavailable("engine.arrivals_away", kind="disconnected")
    try:
        try:
            await _put(nats, subject, body, headers)
        except NoStreamResponseError:  # the first arrival of this installation
            await prepare(nats)
            await _put(nats, subject, body, headers)
    except (Error, TimeoutError, OSError) as error:
        raise Unavailable("engine.arrivals_away", kind=type(error).__name__) from error


async def _put(nats: Nats, subject: str, body: bytes, headers: dict[str, Any]) -> None:
    # nats-py's JetStream publish writes its own headers into the dict, so it gets a copy.
    await nats.jetstream().publish(subject, body, timeout=ACK_TIMEOUT_S, headers=dict(headers))


async def read(
    nats: Nats, after_sequence: int, *, limit: int = 1000, wait_s: float = 0.0
) -> list[Envelope]:
    """Return what follows `after_sequence`, in order and without a gap, of at most `limit` entries.

    What was published together comes together, under one sequence. Waits up to `wait_s` for the
    first. Nothing is kept on the server for a reader: where it stands is its own affair (NATS 2.11
    batched direct get, ADR-31).
    """
    now = asyncio.get_running_loop().time
    until, pause_s = now() + wait_s, POLL_S
    while True:
        batch = await _batch(nats, after_sequence + 1, limit)
        if batch or now() >= until:
            return batch
        await asyncio.sleep(min(pause_s, max(0.0, until - now())))
        pause_s = min(pause_s * 1.5, LONGEST_POLL_S)


async def _batch(nats: Nats, first_sequence: int, limit: int) -> list[Envelope]:
    request = msgspec.json.encode(
        {
            "batch": limit,
            "max_bytes": BATCH_LIMIT_BYTES,
            "seq": first_sequence,
            "next_by_subj": "arrivals.>",
        }
    )
    if not nats.is_connected:
        raise Unavailable("engine.arrivals_away", kind="disconnected")
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    batch: list[Envelope] = []
    try:
        inbox = nats.new_inbox()
        subscription = await nats.subscribe(inbox, cb=_collector(batch, ended))
        try:
            await nats.publish(f"$JS.API.DIRECT.GET.{STREAM}", request, reply=inbox)
            async with asyncio.timeout(ACK_TIMEOUT_S):
                status = await ended
        finally:
            with suppress(Error):
                await subscription.unsubscribe()
    except (Error, TimeoutError, OSError) as error:
        raise Unavailable("engine.arrivals_away", kind=type(error).__name__) from error
    if status not in ("204", "404"):  # the end of a batch; nothing there yet
        raise Unavailable("engine.arrivals_away", kind=f"status_{status}")
    return batch


def _collector(batch: list[Envelope], ended: asyncio.Future[str]) -> Callable[[Msg], Any]:
    """Gather the messages of one answer up to its end, or up to the first gap in it."""

    async def take(message: Msg) -> None:
        headers = message.headers or {}
        if ended.done():
            return
        if "Nats-Sequence" not in headers:
            ended.set_result(headers.get("Status", "unreadable"))
            return
        previous = int(headers.get("Nats-Last-Sequence", 0))
        if batch and previous != batch[-1].sequence:
            ended.set_result("204")  # what is missing comes with the next batch
            return
        batch.extend(_envelopes(headers, message.data))

    return take


def _envelopes(headers: dict[str, str], body: bytes) -> list[Envelope]:
    sequence = int(headers["Nats-Sequence"])
    if headers["Nats-Subject"] != BUNDLE:
        return [_envelope(sequence, headers, body)]
    return [
        Envelope(
            sequence=sequence,
            organisation=one.organisation,
            source=one.source,
            channel=one.channel,
            received_at=one.received_at,
            body=one.body,
        )
        for one in msgspec.msgpack.decode(body, type=list[Handed])
    ]


def _envelope(sequence: int, headers: dict[str, str], body: bytes) -> Envelope:
    _, organisation, source = headers["Nats-Subject"].split(".", 2)
    return Envelope(
        sequence=sequence,
        organisation=OrganisationId(int(organisation)),
        source=source,
        channel=headers.get("Channel", ""),
        received_at=datetime.fromisoformat(headers["Received-At"]),
        body=body,
    )


async def make_room(nats: Nats, applied: int, *, limit_bytes: int = SIZE_LIMIT_BYTES) -> int:
    """Forget the older half of the stream once it is nearly full, as far as it was applied.

    Returns how many entries went.
    """
    jetstream = nats.jetstream(timeout=ACK_TIMEOUT_S)
    try:
        state = (await jetstream.stream_info(STREAM)).state
        if state.bytes < limit_bytes * ROOM_SHARE:
            return 0
        middle = state.first_seq + state.messages // 2
        keep_from = min(middle, applied + 1)
        if keep_from <= state.first_seq:
            return 0
        await jetstream.purge_stream(STREAM, seq=keep_from)
    except (Error, TimeoutError) as error:
        raise Unavailable("engine.arrivals_away", kind=type(error).__name__) from error
    return keep_from - state.first_seq


async def hint(nats: Nats, organisation: OrganisationId, topic: str) -> None:
    """Tell live pages that something of this kind moved. May get lost; never fails.

    A hint holds nothing. Listeners gather several into one look at the database.
    """
    assert topic in TOPICS, f"unknown topic {topic}"
    if nats.is_connected:
        with suppress(Error, OSError):
            await nats.publish(f"hint.{organisation}.{topic}", b"")
