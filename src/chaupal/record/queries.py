"""Every statement that touches `record` and `idempotency`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from chaupal.kit import db
from chaupal.record.models import Entry


@dataclass(frozen=True, slots=True)
class Answer:
    """What an idempotency key was used for."""

    request_hash: bytes
    answer: str


@dataclass(frozen=True, slots=True)
class Link:
    """The first row at which the chain does not hold, if any, and how many rows were read."""

    entries: int
    broken_at: int | None


async def insert(
    conn: db.Conn,
    kind: str,
    subject: str,
    facts: dict[str, object],
    *,
    organisation: int,
    actor_id: UUID,
    actor_label: str,
    now: datetime,
) -> None:
    """Add one entry; the trigger numbers and chains it."""
    await db.run(
        conn,
        """
        INSERT INTO record (organisation_id, at, actor_id, actor_label, kind, subject, facts)
        VALUES (%(organisation)s, %(now)s, %(actor_id)s, %(actor_label)s, %(kind)s, %(subject)s,
                %(facts)s)
        """,
        organisation=organisation,
        now=now,
        actor_id=actor_id,
        actor_label=actor_label,
        kind=kind,
        subject=subject,
        facts=Jsonb(facts),
    )


async def after(conn: db.Conn, number: int, *, limit: int) -> list[Entry]:
    """Return the entries that follow `number`, in order."""
    return await db.many(
        conn,
        Entry,
        """
        SELECT number, at, actor_id, actor_label, kind, subject, facts
          FROM record
         WHERE organisation_id = current_organisation() AND number > %(number)s
         ORDER BY number
         LIMIT %(limit)s
        """,
        number=number,
        limit=limit,
    )


async def about(conn: db.Conn, subject: str, *, limit: int) -> list[Entry]:
    """Return what happened to one subject, newest first."""
    return await db.many(
        conn,
        Entry,
        """
        SELECT number, at, actor_id, actor_label, kind, subject, facts
          FROM record
         WHERE organisation_id = current_organisation() AND subject = %(subject)s
         ORDER BY number DESC
         LIMIT %(limit)s
        """,
        subject=subject,
        limit=limit,
    )


async def verify(conn: db.Conn) -> Link:
    """Recompute the whole chain: numbers dense, each hash right, each carrying the one before."""
    return await db.one(
        conn,
        Link,
        """
        SELECT count(*)::int AS entries,
               min(number) FILTER (WHERE NOT holds) AS broken_at
          FROM (SELECT number,
                       hash = record_hash(record)
                       AND number = coalesce(lag(number) OVER chain, 0) + 1
                       AND previous_hash = coalesce(lag(hash) OVER chain,
                                                    sha256(convert_to('chaupal', 'UTF8'))) AS holds
                  FROM record
                 WHERE organisation_id = current_organisation()
                WINDOW chain AS (ORDER BY number)) AS links
        """,
    )


async def lock_key(conn: db.Conn, actor_id: UUID, key: str) -> None:
    """Make requests with one key wait for each other, until commit."""
    await db.run(
        conn,
        """
        SELECT pg_advisory_xact_lock(
            hashtextextended(%(actor_id)s::text || %(key)s::text, current_organisation()))
        """,
        actor_id=actor_id,
        key=key,
    )


async def answer_to(conn: db.Conn, actor_id: UUID, key: str) -> Answer | None:
    """Return what this key was answered, if it was used before."""
    return await db.maybe(
        conn,
        Answer,
        """
        SELECT request_hash, answer
          FROM idempotency
         WHERE organisation_id = current_organisation()
           AND actor_id = %(actor_id)s AND key = %(key)s
        """,
        actor_id=actor_id,
        key=key,
    )


async def keep_answer(
    conn: db.Conn, actor_id: UUID, key: str, *, request_hash: bytes, answer: str, now: datetime
) -> None:
    """Keep what this key was answered."""
    await db.run(
        conn,
        """
        INSERT INTO idempotency (organisation_id, actor_id, key, request_hash, answer, at)
        VALUES (current_organisation(), %(actor_id)s, %(key)s, %(request_hash)s, %(answer)s,
                %(now)s)
        """,
        actor_id=actor_id,
        key=key,
        request_hash=request_hash,
        answer=answer,
        now=now,
    )


async def forget_answers(conn: db.Conn, *, before: datetime) -> int:
    """Drop keys that nobody will ask again."""
    return await db.run(
        conn,
        """
        DELETE FROM idempotency
         WHERE organisation_id = current_organisation() AND at < %(before)s
        """,
        before=before,
    )


async def before(conn: db.Conn, number: int | None, *, limit: int) -> list[Entry]:
    """Return the entries before `number`, or the newest ones; the newest first."""
    return await db.many(
        conn,
        Entry,
        """
        SELECT number, at, actor_id, actor_label, kind, subject, facts
          FROM record
         WHERE organisation_id = current_organisation()
           AND (%(number)s::bigint IS NULL OR number < %(number)s::bigint)
         ORDER BY number DESC
         LIMIT %(limit)s
        """,
        number=number,
        limit=limit,
    )
