"""Asking providers what became of sends whose answer was lost, where they remember that.

What a provider tells goes the way of its webhooks, as a receipt by our own key, so asking again
changes nothing. It is believed only where it can mean one send: exactly one message that is nobody
else's went to that address while the send was under way. All else stays unknown.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from chaupal import record
from chaupal.arrivals import log as arrivals_log
from chaupal.arrivals.models import StatusArrived
from chaupal.broadcasts import receipts
from chaupal.channels.contract import Account, Doubt, Remembering
from chaupal.channels.http import HttpClient
from chaupal.channels.registry import CHANNELS
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import Broken
from chaupal.people.models import contact_context

EVERY = timedelta(minutes=5)
# Webhooks mostly bring the answer by themselves.
NOT_BEFORE = timedelta(minutes=1)
NOT_AFTER = timedelta(days=7)
# Before its answer was given up a send was under way for as long as its lease; clocks differ.
UNDER_WAY = timedelta(minutes=3)
CLOCKS_DIFFER = timedelta(minutes=1)
BATCH = 200

REMEMBERING = tuple(name for name, one in CHANNELS.items() if one.traits.remembers_sends)

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A sender whose turn it is to be asked about, still sealed, and where its batch begins."""

    sender_id: UUID
    channel: str
    endpoint: str
    sealed_token: bytes = field(repr=False)
    sealed_webhook_secret: bytes = field(repr=False)
    upto_since: datetime
    upto_id: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A send in doubt, with the address that it was for, still sealed."""

    delivery_id: int
    sealed: bytes = field(repr=False)
    doubtful_since: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A message of the sender's that is known to be another delivery's."""

    provider_ref: str


async def ask(rt: Runtime, organisation: OrganisationId, http: HttpClient) -> int:
    """Ask about one batch for each sender whose turn it is; return how many sends were found."""
    async with db.transaction(rt.pool, organisation) as conn:
        senders = await _lease(conn, now=rt.now())
    return sum([await _ask_about(rt, organisation, http, one) for one in senders])


async def _lease(conn: db.Conn, *, now: datetime) -> list[Asked]:
    """Take the senders that have something in doubt and were not asked about for a while.

    A sender is taken by the row that says when it was asked about last, by one worker.
    """
    return await db.many(
        conn,
        Asked,
        """
        WITH turn AS (
            INSERT INTO doubt_asking AS a (organisation_id, sender_id, asked_at)
            SELECT s.organisation_id, s.id, %(now)s FROM sender s
             WHERE s.organisation_id = current_organisation() AND s.disabled_at IS NULL
               AND s.channel = ANY(%(channels)s::text[])
               AND EXISTS (SELECT FROM delivery d
                            WHERE d.organisation_id = s.organisation_id AND d.sender_id = s.id
                              AND d.state = 'unknown' AND d.doubtful_since > %(oldest)s
                              AND d.doubtful_since <= %(youngest)s)
            ON CONFLICT (organisation_id, sender_id) DO UPDATE SET asked_at = excluded.asked_at
             WHERE a.asked_at <= %(before)s
            RETURNING a.sender_id, a.upto_since, a.upto_id
        )
        SELECT t.sender_id, s.channel, s.endpoint, s.sealed_token, s.sealed_webhook_secret,
               greatest(t.upto_since, %(oldest)s) AS upto_since, t.upto_id
          FROM turn t
          JOIN sender s ON s.organisation_id = current_organisation() AND s.id = t.sender_id
        """,
        channels=list(REMEMBERING),
        now=now,
        before=now - EVERY,
        oldest=now - NOT_AFTER,
        youngest=now - NOT_BEFORE,
    )


async def _ask_about(
    rt: Runtime, organisation: OrganisationId, http: HttpClient, asked: Asked
) -> int:
    async with db.transaction(rt.pool, organisation) as conn:
        lost = await _lost(conn, asked, youngest=rt.now() - NOT_BEFORE)
    doubts = list(_doubts(rt, organisation, asked.channel, lost))
    told: list[StatusArrived] = []
    if doubts:
        line = _line(rt, http, asked)
        told = [] if line is None else await line.look_up(doubts)
    now = rt.now()
    async with db.transaction(rt.pool, organisation) as conn:
        taken = await _taken(conn, asked.sender_id, [one.provider_ref for one in told])
        meant = unambiguous(told, {one.provider_ref for one in taken})
        found = await receipts.apply(conn, asked.sender_id, meant, now=now)
        await _note(conn, asked.sender_id, lost, found=found)
        if lost:
            await record.append(
                conn,
                "doubts.asked_about",
                asked.sender_id,
                actor=record.part_of_the_system(organisation, "worker.asking"),
                now=now,
                asked=len(doubts),
                found=found,
            )
    if found:
        await arrivals_log.hint(rt.nats, organisation, "broadcasts")
    logger.info("doubts.asked_about", sender=str(asked.sender_id), asked=len(doubts), found=found)
    return found


async def _lost(conn: db.Conn, asked: Asked, *, youngest: datetime) -> list[Lost]:
    """Return the next batch of what is in doubt, the oldest first."""
    return await db.many(
        conn,
        Lost,
        """
        SELECT d.id AS delivery_id, c.sealed, d.doubtful_since
          FROM delivery d
          JOIN contact_point c ON c.organisation_id = d.organisation_id AND c.id = d.contact_id
         WHERE d.organisation_id = current_organisation() AND d.sender_id = %(sender)s
           AND d.state = 'unknown' AND d.doubtful_since <= %(youngest)s
           AND (d.doubtful_since, d.id) > (%(since)s, %(id)s)
         ORDER BY d.doubtful_since, d.id
         LIMIT %(limit)s
        """,
        sender=asked.sender_id,
        since=asked.upto_since,
        id=asked.upto_id,
        youngest=youngest,
        limit=BATCH,
    )


def _doubts(
    rt: Runtime, organisation: OrganisationId, channel: str, lost: Iterable[Lost]
) -> Iterable[Doubt]:
    contact = CHANNELS[channel].traits.reaches_people_at
    assert contact is not None, "only people's deliveries are asked about"
    for one in lost:
        try:
            address = rt.sealer.unseal(one.sealed, contact_context(organisation, contact))
        except Broken:
            continue
        yield Doubt(
            str(one.delivery_id),
            address,
            one.doubtful_since - UNDER_WAY,
            one.doubtful_since + CLOCKS_DIFFER,
        )


def _line(rt: Runtime, http: HttpClient, asked: Asked) -> Remembering | None:
    at = f"sender/{asked.sender_id}"
    try:
        account = Account(
            asked.endpoint,
            rt.sealer.unseal(asked.sealed_token, f"{at}/token"),
            rt.sealer.unseal(asked.sealed_webhook_secret, f"{at}/webhook_secret"),
        )
    except Broken:
        return None
    line = CHANNELS[asked.channel].connect(http, account)
    assert isinstance(line, Remembering), "only such channels are asked"
    return line


async def _taken(conn: db.Conn, sender: UUID, refs: list[str]) -> list[Taken]:
    """Return which of these messages are other deliveries of this sender."""
    return await db.many(
        conn,
        Taken,
        """
        SELECT provider_ref FROM delivery
         WHERE organisation_id = current_organisation() AND sender_id = %(sender)s
           AND provider_ref = ANY(%(refs)s::text[])
        """,
        sender=sender,
        refs=refs,
    )


async def _note(conn: db.Conn, sender: UUID, lost: Sequence[Lost], *, found: int) -> int:
    """Say where the next batch begins: at the beginning, after the last one."""
    more = len(lost) == BATCH
    return await db.run(
        conn,
        """
        UPDATE doubt_asking
           SET upto_since = coalesce(%(since)s::timestamptz, '-infinity'), upto_id = %(id)s,
               asked = %(asked)s, found = %(found)s
         WHERE organisation_id = current_organisation() AND sender_id = %(sender)s
        """,
        sender=sender,
        since=lost[-1].doubtful_since if more else None,
        id=lost[-1].delivery_id if more else 0,
        asked=len(lost),
        found=found,
    )


def unambiguous(told: Iterable[StatusArrived], taken: set[str]) -> list[StatusArrived]:
    """Leave out what is another delivery's, and what could mean more than one send, or be meant by
    more than one message."""
    ours = [one for one in told if one.provider_ref not in taken]
    messages = Counter(one.key for one in ours)
    sends = Counter(one.provider_ref for one in ours)
    return [one for one in ours if messages[one.key] == 1 and sends[one.provider_ref] == 1]
