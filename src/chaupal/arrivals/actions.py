"""Keeping what came in for as long as it may be kept, and showing that it came."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from chaupal import record
from chaupal.arrivals import queries
from chaupal.arrivals.models import GroupPulse, MessageArrived, Newcomer, PersonSaid
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime
from chaupal.organisations.models import Scope

KEPT = timedelta(days=30)
PURGE_BATCH = 5000
KEY_LIMIT_CHARACTERS = 200
LOOKED_AT = 20_000


async def keep(
    conn: db.Conn,
    sender: UUID,
    arrivals: Sequence[MessageArrived | GroupPulse],
    *,
    now: datetime,
) -> int:
    """Keep messages and pulses that came through one sender; return how many were new.

    In the caller's transaction. An event that is known already changes nothing. Texts are kept
    only of groups that carry a notice, and everything goes after 30 days.
    """
    kept = 0
    for kind, type_ in (("message", MessageArrived), ("pulse", GroupPulse)):
        known: dict[str, MessageArrived | GroupPulse] = {}
        for arrival in arrivals:
            if isinstance(arrival, type_):
                known.setdefault(event_key(kind, arrival.event_id), arrival)
        if known:
            came = list(known.values())
            kept += await queries.keep(
                conn,
                kind=kind,
                sender=sender,
                event_keys=list(known),
                addresses=[a.address for a in came],
                texts=[a.text if isinstance(a, MessageArrived) else None for a in came],
                ats=[a.at for a in came],
                now=now,
                expires_at=now + KEPT,
            )
    return kept


async def new_words(
    conn: db.Conn, sender: UUID, said: Sequence[PersonSaid], *, now: datetime
) -> list[PersonSaid]:
    """Return what people said through one sender that was not known yet, in its order.

    In the caller's transaction; after it a repeat is known. What was said in a group of ours
    is a member's remark and left out.
    """
    rooms = [one.perhaps_in for one in said if one.perhaps_in is not None]
    groups = {row.address for row in await queries.group_addresses(conn, sender, rooms)}
    known: dict[str, PersonSaid] = {}
    for one in said:
        if one.perhaps_in not in groups:
            known.setdefault(event_key("word", one.event_id), one)
    fresh = await queries.keep_words(
        conn,
        sender=sender,
        event_keys=list(known),
        ats=[one.at or now for one in known.values()],
        now=now,
        expires_at=now + KEPT,
    )
    new = {row.event_key for row in fresh}
    return [one for key, one in known.items() if key in new]


async def note(conn: db.Conn, kind: str, happened: Mapping[str, UUID], *, now: datetime) -> None:
    """Note what became known of groups through relay, by key; in the caller's transaction."""
    if happened:
        await queries.note(
            conn,
            kind=kind,
            event_keys=list(happened),
            group_ids=list(happened.values()),
            now=now,
            expires_at=now + KEPT,
        )


def event_key(kind: str, event_id: str) -> str:
    """Return what makes a repeat known; a provider's overlong id stands there as its digest."""
    if len(event_id) > KEY_LIMIT_CHARACTERS:
        event_id = hashlib.sha256(event_id.encode()).hexdigest()
    return f"{kind}/{event_id}"


async def newest(conn: db.Conn, scope: Scope, *, limit: int = 20) -> list[Newcomer]:
    """Return the newest arrivals that `scope` may see, newest first, without their texts."""
    return await queries.newest(conn, scope=scope, looked_at=LOOKED_AT, limit=limit)


async def messages_since(conn: db.Conn, since: datetime, *, scope: Scope) -> int:
    """Count the messages that came from groups within `scope` since a moment."""
    return await queries.messages_expiring_after(conn, since + KEPT, scope=scope)


async def purge(rt: Runtime, organisation: OrganisationId) -> int:
    """Delete one batch of what may not be kept any longer; return how many."""
    async with db.transaction(rt.pool, organisation) as conn:
        gone = await queries.purge(conn, now=rt.now(), limit=PURGE_BATCH)
        if gone:
            await record.append(
                conn,
                "arrivals.purged",
                "arrivals",
                actor=record.part_of_the_system(organisation, "worker.purge"),
                now=rt.now(),
                purged=gone,
            )
    return gone
