"""Adding to the record, reading it, proving it; and answering a repeated request once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from chaupal.kit import db
from chaupal.kit.refusals import Invalid, Refused
from chaupal.record import queries
from chaupal.record.models import Actor, Entry

KEY_LENGTH = range(8, 101)


async def append(
    conn: db.Conn, kind: str, subject: object, *, actor: Actor, now: datetime, **facts: object
) -> None:
    """Say, inside the caller's transaction and as its last statement, that something happened.

    Facts are ids, counts and hashes; never an address, a name or a text.
    """
    await queries.insert(
        conn,
        kind,
        str(subject),
        facts,
        organisation=actor.organisation,
        actor_id=actor.id,
        actor_label=actor.label,
        now=now,
    )


async def after(conn: db.Conn, number: int, *, limit: int = 500) -> list[Entry]:
    """Read the stream from `number`; nothing is ever stepped over."""
    return await queries.after(conn, number, limit=limit)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the chain holds, over how many entries, and where it first does not."""

    entries: int
    broken_at: int | None

    @property
    def holds(self) -> bool:
        """Say whether nobody has changed, taken out or slipped in an entry."""
        return self.broken_at is None


async def verify(conn: db.Conn) -> Verdict:
    """Recompute the chain of the organisation of this transaction."""
    link = await queries.verify(conn)
    return Verdict(link.entries, link.broken_at)


async def answered(conn: db.Conn, key: str, request: bytes, *, actor: Actor) -> str | None:
    """Return the answer this key had before, or None if the caller is the first to use it.

    Requests with the same key wait for each other; a key used again for something else is
    refused, because one of the two would otherwise be lost in silence.
    """
    if len(key) not in KEY_LENGTH:
        raise Invalid("idempotency.key_malformed", shortest=KEY_LENGTH.start, longest=100)
    await queries.lock_key(conn, actor.id, key)
    earlier = await queries.answer_to(conn, actor.id, key)
    if earlier is None:
        return None
    if earlier.request_hash != hashlib.sha256(request).digest():
        raise Refused("idempotency.other_request")
    return earlier.answer


async def answer(
    conn: db.Conn, key: str, request: bytes, answer: str, *, actor: Actor, now: datetime
) -> None:
    """Keep what the caller answered, so that the same request asked again does nothing."""
    await queries.keep_answer(
        conn,
        actor.id,
        key,
        request_hash=hashlib.sha256(request).digest(),
        answer=answer,
        now=now,
    )


async def forget_answers(conn: db.Conn, *, before: datetime) -> int:
    """Drop idempotency keys older than `before`: nobody asks those again."""
    return await queries.forget_answers(conn, before=before)
