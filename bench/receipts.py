"""Receipts from the post to the delivery's row, beside the raw bulk update of the same rows; and
what a long stream of them costs in memory."""

import asyncio
from collections.abc import Iterator, Sequence
from time import perf_counter
from uuid import UUID

from bench import webhooks
from bench.dispatch import WORKER
from bench.figures import Figure, cost, rate, seconds
from bench.ground import Ground, processes, watched
from bench.plain import Place, founded
from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db

STATUSES_A_WEBHOOK = (1, 10, 100)
LOOK_S = 0.02

# The stream: three words on each delivery, a hundred in a webhook.
STREAM_GROUPS = 20_000
STREAM_WORDS = ("delivered", "read", "delivered")
STREAM_STATUSES = 100
EARLY_SHARE = 5


async def receipts(ground: Ground, size: int) -> list[Figure]:
    """Measure `size` receipts for each number of statuses in a webhook."""
    place = await founded(ground, "receipts", size)
    with ground.step("receipts: deliveries that were sent"):
        sent = [await _sent(place) for _ in (0, *STATUSES_A_WEBHOOK)]
    figures = []
    async with (
        ground.owner(place.organisation) as owner,
        processes(ground, webhooks.EDGE, WORKER),
    ):
        await webhooks.until_open(ground)
        first = (await _by_sender(owner, sent[0]))[place.senders[0].id][:1]
        await _applied(place, owner, sent[0], first, statuses=1)  # the projector is awake now
        for statuses, id in zip(STATUSES_A_WEBHOOK, sent[1:], strict=True):
            with ground.step(f"receipts: {statuses} in a webhook"):
                ours_s = await _applied(place, owner, id, None, statuses=statuses)
                raw_s = await _updated(owner, id, size)
            figures.append(rate(f"receipts.{statuses}", size / ours_s, size / raw_s, "receipts/s"))
    return figures


async def _sent(place: Place) -> BroadcastId:
    """Freeze a broadcast and write that everything of it was sent."""
    id = await place.approved()
    await place.freeze(id, place.groups)
    async with place.ground.owner(place.organisation) as owner:
        await owner.execute(
            "UPDATE delivery SET state = 'sent', evidence = 1, sent_at = now(), attempts = 1,"
            " lease_until = NULL,"
            " provider_ref = id::text WHERE broadcast_id = %s",
            (id,),
        )
    return id


async def _by_sender(owner: db.Conn, id: BroadcastId) -> dict[UUID, list[int]]:
    found = await owner.execute(
        "SELECT sender_id, array_agg(id ORDER BY id) FROM delivery WHERE broadcast_id = %s"
        " GROUP BY sender_id",
        (id,),
    )
    return dict(await found.fetchall())


async def _applied(
    place: Place, owner: db.Conn, id: BroadcastId, only: Sequence[int] | None, *, statuses: int
) -> float:
    """Post receipts of a broadcast and return the seconds until all of them show."""
    by_sender = await _by_sender(owner, id)
    posts = [
        post
        for sender in place.senders
        for post in webhooks.posts(
            place,
            sender,
            [number for number in by_sender[sender.id] if only is None or number in only],
            statuses=statuses,
        )
    ]
    expected = place.groups if only is None else len(only)
    began = perf_counter()
    await webhooks.send(place.ground, posts)
    while await _shown(owner, id) < expected:  # noqa: ASYNC110  (another process)
        await asyncio.sleep(LOOK_S)
    return perf_counter() - began


async def _shown(owner: db.Conn, id: BroadcastId, *, evidence: int = 2) -> int:
    found = await owner.execute(
        "SELECT coalesce(sum(targets), 0) FROM tally WHERE broadcast_id = %s AND evidence >= %s",
        (id, evidence),
    )
    (shown,) = await found.fetchone() or (0,)
    return int(shown)


async def _updated(owner: db.Conn, id: BroadcastId, size: int) -> float:
    """Raise the evidence of the same rows in a table that only has the keys, in one statement."""
    await owner.execute("CREATE TABLE bare_receipts (LIKE delivery INCLUDING INDEXES)")
    await owner.execute(
        "INSERT INTO bare_receipts SELECT * FROM delivery WHERE broadcast_id = %s", (id,)
    )
    await owner.execute("ANALYZE bare_receipts")
    found = await owner.execute(
        "SELECT organisation_id, array_agg(id) FROM bare_receipts GROUP BY 1"
    )
    (organisation, ids) = await found.fetchone() or (0, [])

    async def update() -> None:
        raised = await owner.execute(
            "UPDATE bare_receipts b SET evidence = 2, evidence_at = now()"
            "  FROM unnest(%s::bigint[]) AS known (id)"
            " WHERE b.organisation_id = %s AND b.id = known.id",
            (ids, organisation),
        )
        assert raised.rowcount == size

    raw_s = await seconds(update)
    await owner.execute("DROP TABLE bare_receipts")
    return raw_s


async def receipts_memory(ground: Ground, size: int) -> list[Figure]:
    """Stream `size` receipts; the peak of our processes, beside their peak after the first fifth.

    Broadcast after broadcast to the same groups, each delivery told of three times. Both numbers
    are the sum of the edge's and the worker's peaks.
    """
    groups = max(min(STREAM_GROUPS, size // (EARLY_SHARE * len(STREAM_WORDS))), STREAM_STATUSES)
    place = await founded(ground, "stream", groups)
    rounds = max(EARLY_SHARE, size // (groups * len(STREAM_WORDS)))
    early_mb = 0.0
    async with (
        ground.owner(place.organisation) as owner,
        watched("chaupal.edge") as edge,
        watched("chaupal.worker") as worker,
        processes(ground, webhooks.EDGE, WORKER),
    ):
        await webhooks.until_open(ground)
        with ground.step(f"receipts: a stream of {rounds * groups * len(STREAM_WORDS):,}"):
            for turn in range(1, rounds + 1):
                await _streamed(place, owner, await _sent(place))
                if turn == rounds // EARLY_SHARE:
                    early_mb = edge.mb + worker.mb
    return [cost("receipts_memory_mb", edge.mb + worker.mb, early_mb, "MB")]


async def _streamed(place: Place, owner: db.Conn, id: BroadcastId) -> None:
    """Post every word on every delivery of a broadcast, and wait until all of it shows."""
    by_sender = await _by_sender(owner, id)

    def posts(word: str) -> Iterator[webhooks.Post]:
        for sender in place.senders:
            numbers = by_sender[sender.id]
            yield from webhooks.posts(place, sender, numbers, statuses=STREAM_STATUSES, word=word)

    for word in STREAM_WORDS:
        await webhooks.send(place.ground, posts(word))
    while await _shown(owner, id, evidence=3) < place.groups:  # noqa: ASYNC110  (another process)
        await asyncio.sleep(LOOK_S)
