"""The projector: what came in becomes what is known, exactly once, in the order of the log.

The cursor is a row, moved by the transaction that has the effects. Two projectors at once do
no harm: the row is locked, and whoever finds it moved stands by.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from psycopg.errors import DataError, IntegrityError

from chaupal import record
from chaupal.arrivals import actions as arrivals
from chaupal.arrivals import log as arrivals_log
from chaupal.arrivals import own, queries
from chaupal.arrivals.models import (
    Arrival,
    Envelope,
    GroupPulse,
    LinkClicked,
    MessageArrived,
    PersonSaid,
    RelayDeleted,
    RelayOpened,
    RelayPosted,
    SenderHeard,
    StatusArrived,
    TemplateHeard,
)
from chaupal.broadcasts import halts, receipts, standing, template_words
from chaupal.channels import reading
from chaupal.channels.registry import CHANNELS
from chaupal.groups import pulses as group_pulses
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.people import said as people_said
from chaupal.people.models import Basis, ContactChannel, Said, Word
from chaupal.relay import acknowledgements

BATCH = 1000
# After little, what trickles in is let gather for so long: each batch costs its statements,
# whatever is in it. What comes after a quiet time does not wait.
LITTLE_BYTES = 128 << 10
GATHER_S = 0.05
GIVE_WAY_EVERY = 20
WAIT_S = 1.0
STANDBY_S = 1.0
ROOM_EVERY = 100
PROOF_LIMIT_CHARACTERS = 300
COUNTED = (
    "receipts", "kept", "pulses", "stopped", "started", "heard", "templates", "opened", "posted",
    "verified", "deleted",
)  # fmt: skip


logger = log.logger(__name__)


class Overtaken(Exception):
    """Another projector has moved the cursor meanwhile."""


@dataclass(slots=True)
class Gathered:
    """What one batch holds for one organisation, by the statements that will apply it."""

    envelopes: int = 0
    unreadable: int = 0
    statuses: dict[UUID, list[StatusArrived]] = field(default_factory=dict)
    said: dict[UUID, list[MessageArrived | GroupPulse]] = field(default_factory=dict)
    words: dict[tuple[UUID, ContactChannel], list[PersonSaid]] = field(default_factory=dict)
    heard: dict[UUID, list[SenderHeard]] = field(default_factory=dict)
    templates: dict[UUID, list[TemplateHeard]] = field(default_factory=dict)
    opened: list[RelayOpened] = field(default_factory=list)
    posted: list[RelayPosted] = field(default_factory=list)
    deleted: list[RelayDeleted] = field(default_factory=list)
    clicked: set[int] = field(default_factory=set)

    def take(self, envelope: Envelope) -> None:
        """Read one envelope into its places."""
        self.envelopes += 1
        arrivals_in_it = read(envelope)
        if arrivals_in_it is None:
            self.unreadable += 1
            return
        for arrival in arrivals_in_it:
            self._place(envelope, arrival)

    def _place(self, envelope: Envelope, arrival: Arrival) -> None:
        source = envelope.source
        match arrival:
            case StatusArrived():
                self.statuses.setdefault(UUID(source), []).append(arrival)
            case MessageArrived() | GroupPulse():
                self.said.setdefault(UUID(source), []).append(arrival)
            case PersonSaid():
                contact = CHANNELS[envelope.channel].traits.reaches_people_at
                line = UUID(source), contact or ContactChannel(envelope.channel)
                dated = replace(arrival, at=arrival.at or envelope.received_at)
                self.words.setdefault(line, []).append(dated)
            case SenderHeard():
                dated_word = replace(arrival, at=arrival.at or envelope.received_at)
                self.heard.setdefault(UUID(source), []).append(dated_word)
            case TemplateHeard():
                of_template = replace(arrival, at=arrival.at or envelope.received_at)
                self.templates.setdefault(UUID(source), []).append(of_template)
            case RelayOpened():
                self.opened.append(arrival)
            case RelayPosted():
                self.posted.append(arrival)
            case RelayDeleted():
                self.deleted.append(arrival)
            case LinkClicked(_, delivery_id):
                self.clicked.add(delivery_id)
            case _:
                assert_never(arrival)


def read(envelope: Envelope) -> list[Arrival] | None:
    """Return what an envelope holds, or None where its bytes cannot be read.

    A body that its provider signed may still be garbage, and no garbage stops the log.
    """
    if envelope.source in (own.LINK, own.RELAY):
        arrival = own.read(envelope.body)
        return None if arrival is None else [arrival]
    channel = CHANNELS.get(envelope.channel)
    if channel is None:
        return None
    try:
        UUID(envelope.source)
        found = channel.read(envelope.body)
    except Exception as error:  # noqa: BLE001
        logger.error(  # noqa: TRY400  (a traceback may hold the body)
            "arrival.unreadable", sequence=envelope.sequence, kind=type(error).__name__
        )
        return None
    return found if found or reading.decode(envelope.body) else None


async def run(rt: Runtime, stop: asyncio.Event, *, batch: int = BATCH) -> None:
    """Apply what comes in until told to stop. An engine that is away is waited for."""
    while _goes_on(stop):
        try:
            await _follow(rt, await arrivals_log.prepare(rt.nats), stop, batch)
        except Unavailable as refusal:
            logger.warning("projection.waiting", code=refusal.code)
            await _pause(stop)
        except Overtaken:
            await _pause(stop)


def _goes_on(stop: asyncio.Event) -> bool:
    """Say whether to go on, and see to it that being cancelled ends us.

    nats-py awaits its answers with `asyncio.wait_for`, which before Python 3.12 swallows a
    cancellation that comes together with the answer; one task then holds up the whole worker.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return not stop.is_set()


async def _pause(stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), STANDBY_S)


async def _follow(rt: Runtime, name: str, stop: asyncio.Event, batch: int) -> None:
    """Follow one log until it falls quiet: then it is time to see whether it is still there.

    What comes next is fetched and read while PostgreSQL applies what came before it.
    """
    async with db.installation(rt.pool) as conn:
        await queries.begin(conn, name)
        cursor = await queries.cursor(conn, name)
    batches = 0
    ahead = asyncio.create_task(_fetch(rt, cursor, batch))
    try:
        while _goes_on(stop):
            if batches % ROOM_EVERY == 0:
                await arrivals_log.make_room(rt.nats, cursor)
            fetched = await ahead
            if not fetched.envelopes:
                return
            after_s = GATHER_S if fetched.is_little else 0.0
            ahead = asyncio.create_task(_fetch(rt, fetched.last, batch, after_s=after_s))
            await advance(rt, name, cursor, fetched.envelopes, gathered=fetched.gathered)
            cursor, batches = fetched.last, batches + 1
    finally:
        ahead.cancel()
        with suppress(asyncio.CancelledError, Unavailable):
            await ahead


@dataclass(frozen=True, slots=True)
class Fetched:
    """What comes next in the log, and what is in it."""

    envelopes: Sequence[Envelope]
    gathered: dict[OrganisationId, Gathered]

    @property
    def last(self) -> int:
        """Return where the cursor stands once this is applied."""
        return self.envelopes[-1].sequence

    @property
    def is_little(self) -> bool:
        """Say whether applying it costs more for the statements than for what is in them."""
        return sum(len(envelope.body) for envelope in self.envelopes) < LITTLE_BYTES


async def _fetch(rt: Runtime, cursor: int, batch: int, *, after_s: float = 0.0) -> Fetched:
    await asyncio.sleep(after_s)
    envelopes = await arrivals_log.read(rt.nats, cursor, limit=batch, wait_s=WAIT_S)
    return Fetched(envelopes, await gather(envelopes))


async def gather(envelopes: Sequence[Envelope]) -> dict[OrganisationId, Gathered]:
    """Read envelopes into their places, giving way to others again and again."""
    gathered: dict[OrganisationId, Gathered] = {}
    for number, envelope in enumerate(envelopes, start=1):
        gathered.setdefault(envelope.organisation, Gathered()).take(envelope)
        if number % GIVE_WAY_EVERY == 0:
            await asyncio.sleep(0)
    return gathered


async def advance(
    rt: Runtime,
    name: str,
    cursor: int,
    envelopes: Sequence[Envelope],
    *,
    gathered: dict[OrganisationId, Gathered] | None = None,
    to: int | None = None,
) -> None:
    """Apply a batch and move the cursor, together; refuse if another projector was faster.

    An envelope that the database cannot take is found by halving, told of, and left in the
    log: it must not keep everything behind it waiting. `gathered`: what is in the envelopes, where
    somebody has read them already. The cursor comes to `to`, the batch's
    last entry if nothing is said. Envelopes that share an entry may be parted by the halving, so
    the first half moves the cursor only up to the entry that the second half begins with.
    """
    to = envelopes[-1].sequence if to is None else to
    try:
        if gathered is None:
            gathered = await gather(envelopes)
        await _apply(rt, name, (cursor, to), envelopes, gathered)
    except (DataError, IntegrityError) as error:
        if len(envelopes) == 1:
            await _step_over(rt, name, (cursor, to), envelopes[0], error)
            return
        middle = len(envelopes) // 2
        between = envelopes[middle].sequence - 1
        await advance(rt, name, cursor, envelopes[:middle], to=between)
        await advance(rt, name, between, envelopes[middle:], to=to)


async def _apply(
    rt: Runtime,
    name: str,
    span: tuple[int, int],
    envelopes: Sequence[Envelope],
    gathered: dict[OrganisationId, Gathered],
) -> None:
    (cursor, last), first = span, envelopes[0].sequence
    topics: dict[OrganisationId, set[str]] = {}
    async with db.installation(rt.pool) as conn:
        if await queries.lock_cursor(conn, name) != cursor:
            raise Overtaken
        await queries.move_cursor(conn, name, last)
        for organisation in sorted(gathered):
            await db.enter(conn, organisation)
            topics[organisation] = await _apply_to(
                rt, conn, organisation, gathered[organisation], (first, last)
            )
    for organisation, moved in topics.items():
        for topic in sorted(moved):
            await arrivals_log.hint(rt.nats, organisation, topic)
    logger.info(
        "arrivals.applied",
        envelopes=len(envelopes),
        organisations=len(gathered),
        unreadable=sum(g.unreadable for g in gathered.values()),
        last=last,
    )


async def _apply_to(
    rt: Runtime,
    conn: db.Conn,
    organisation: OrganisationId,
    gathered: Gathered,
    span: tuple[int, int],
) -> set[str]:
    """Apply one organisation's part of a batch, and return which topics moved."""
    now = rt.now()
    counts = dict.fromkeys(COUNTED, 0)
    actor = record.part_of_the_system(organisation, "worker.projection")
    paused: list[halts.Paused] = []
    for sender, of_templates in gathered.templates.items():
        applied = await template_words.apply(conn, sender, of_templates, now=now)
        counts["templates"] += applied.moved
        paused += applied.paused
    counts["receipts"] = await receipts.hear(
        conn, gathered.statuses, actor=actor, now=now, paused=paused
    )
    for sender, said in gathered.said.items():
        counts["kept"] += await arrivals.keep(conn, sender, said, now=now)
        pulses = [arrival for arrival in said if isinstance(arrival, GroupPulse)]
        counts["pulses"] += await group_pulses.apply(conn, sender, pulses, now=now, actor=actor)
    for sender, words in gathered.heard.items():
        counts["heard"] += await standing.apply(conn, sender, words, now=now)
    if gathered.words:
        acts = await people_said.apply(
            conn, rt.sealer, organisation, await _new_words(conn, gathered, now=now), now=now
        )
        counts["stopped"], counts["started"] = acts[Word.STOP], acts[Word.START]
    if gathered.opened:
        counts["opened"] = await acknowledgements.apply_opened(conn, gathered.opened, now=now)
    if gathered.posted:
        counts["posted"] = await acknowledgements.apply_posted(conn, gathered.posted, now=now)
    if gathered.clicked:
        counts["verified"] = await acknowledgements.verify_clicks(conn, gathered.clicked, now=now)
    if gathered.deleted:
        counts["deleted"] = await acknowledgements.apply_deleted(conn, gathered.deleted, now=now)
    await record.append(
        conn,
        "arrivals.applied",
        "arrivals",
        actor=actor,
        now=now,
        envelopes=gathered.envelopes,
        unreadable=gathered.unreadable,
        first=span[0],
        last=span[1],
        **counts,
    )
    by_hand = counts["opened"] + counts["posted"] + counts["verified"] + counts["deleted"]
    moved = {
        "broadcasts": counts["receipts"] + counts["templates"] + by_hand,
        "arrivals": counts["kept"] + counts["pulses"] + by_hand,
        "relay": by_hand,
    }
    return {topic for topic, rows in moved.items() if rows}


async def _new_words(conn: db.Conn, gathered: Gathered, *, now: datetime) -> list[Said]:
    """Return the words that were not known yet, each with the event that proves it."""
    new: list[Said] = []
    for (sender, channel), said in gathered.words.items():
        for one in await arrivals.new_words(conn, sender, said, now=now):
            basis = Basis.BUTTON if one.by_button else Basis.KEYWORD
            proof = f"{one.word} {channel} {sender} {one.event_id}"[:PROOF_LIMIT_CHARACTERS]
            new += [
                Said(channel, address, one.word, basis, one.at or now, proof, one.in_settings)
                for address in one.addresses
            ]
    return new


async def _step_over(
    rt: Runtime, name: str, span: tuple[int, int], envelope: Envelope, error: Exception
) -> None:
    cursor, to = span
    async with db.installation(rt.pool) as conn:
        if await queries.lock_cursor(conn, name) != cursor:
            raise Overtaken
        await queries.move_cursor(conn, name, to)
    logger.error("arrival.cannot_be_applied", sequence=envelope.sequence, kind=type(error).__name__)
