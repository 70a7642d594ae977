"""Every statement that touches `arrival` and `projection`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.arrivals.models import Newcomer
from chaupal.kit import db
from chaupal.organisations.models import Scope


@dataclass(frozen=True, slots=True)
class Heard:
    """How many messages came in."""

    messages: int


@dataclass(frozen=True, slots=True)
class Fresh:
    """An event that was not known yet."""

    event_key: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where a group is."""

    address: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a projection has come."""

    stream_sequence: int


async def begin(conn: db.Conn, name: str) -> None:
    """Give a projection its cursor, if it has none."""
    await db.run(
        conn,
        "INSERT INTO projection (name) VALUES (%(name)s) ON CONFLICT (name) DO NOTHING",
        name=name,
    )


async def cursor(conn: db.Conn, name: str) -> int:
    """Return how far a projection has come."""
    row = await db.one(
        conn, Cursor, "SELECT stream_sequence FROM projection WHERE name = %(name)s", name=name
    )
    return row.stream_sequence


async def lock_cursor(conn: db.Conn, name: str) -> int:
    """Return how far a projection has come, and keep every other projector out until commit."""
    row = await db.one(
        conn,
        Cursor,
        "SELECT stream_sequence FROM projection WHERE name = %(name)s FOR UPDATE",
        name=name,
    )
    return row.stream_sequence


async def move_cursor(conn: db.Conn, name: str, sequence: int) -> None:
    """Say how far a projection has come; the caller has locked it."""
    await db.run(
        conn,
        "UPDATE projection SET stream_sequence = %(sequence)s WHERE name = %(name)s",
        name=name,
        sequence=sequence,
    )


async def keep(
    conn: db.Conn,
    *,
    kind: str,
    sender: UUID,
    event_keys: list[str],
    addresses: list[str],
    texts: list[str | None],
    ats: list[datetime],
    now: datetime,
    expires_at: datetime,
) -> int:
    """Write what came in through one sender, and return how many were new.

    A text stays only where its group carries the notice that says so.
    """
    return await db.run(
        conn,
        """
        INSERT INTO arrival (organisation_id, kind, source, event_key, group_id, text, at,
                             received_at, expires_at)
        SELECT current_organisation(), %(kind)s, %(sender)s::text, came.event_key, g.id,
               CASE WHEN g.carries_notice THEN came.text END, came.at, %(now)s, %(expires_at)s
          FROM unnest(%(event_keys)s::text[], %(addresses)s::text[], %(texts)s::text[],
                      %(ats)s::timestamptz[]) AS came (event_key, address, text, at)
          LEFT JOIN chat_group g
            ON g.organisation_id = current_organisation()
           AND g.sender_id = %(sender)s::uuid AND g.address = came.address
        ON CONFLICT (organisation_id, source, event_key) DO NOTHING
        """,
        kind=kind,
        sender=str(sender),
        event_keys=event_keys,
        addresses=addresses,
        texts=texts,
        ats=ats,
        now=now,
        expires_at=expires_at,
    )


async def keep_words(
    conn: db.Conn,
    *,
    sender: UUID,
    event_keys: list[str],
    ats: list[datetime],
    now: datetime,
    expires_at: datetime,
) -> list[Fresh]:
    """Write that words came through one sender, neither which nor whose; return the new ones."""
    return await db.many(
        conn,
        Fresh,
        """
        INSERT INTO arrival (organisation_id, kind, source, event_key, at, received_at, expires_at)
        SELECT current_organisation(), 'word', %(sender)s, came.event_key, came.at, %(now)s,
               %(expires_at)s
          FROM unnest(%(event_keys)s::text[], %(ats)s::timestamptz[]) AS came (event_key, at)
        ON CONFLICT (organisation_id, source, event_key) DO NOTHING
        RETURNING event_key
        """,
        sender=str(sender),
        event_keys=event_keys,
        ats=ats,
        now=now,
        expires_at=expires_at,
    )


async def group_addresses(conn: db.Conn, sender: UUID, addresses: list[str]) -> list[Address]:
    """Return which of these addresses are groups of ours that a sender is in."""
    return await db.many(
        conn,
        Address,
        """
        SELECT address FROM chat_group
         WHERE organisation_id = current_organisation() AND sender_id = %(sender)s
           AND address = ANY(%(addresses)s::text[])
        """,
        sender=sender,
        addresses=addresses,
    )


async def note(
    conn: db.Conn,
    *,
    kind: str,
    event_keys: list[str],
    group_ids: list[UUID],
    now: datetime,
    expires_at: datetime,
) -> int:
    """Write what became known of groups through relay, each once."""
    return await db.run(
        conn,
        """
        INSERT INTO arrival (organisation_id, kind, source, event_key, group_id, at, received_at,
                             expires_at)
        SELECT current_organisation(), %(kind)s, 'relay', came.event_key, came.group_id, %(now)s,
               %(now)s, %(expires_at)s
          FROM unnest(%(event_keys)s::text[], %(group_ids)s::uuid[]) AS came (event_key, group_id)
        ON CONFLICT (organisation_id, source, event_key) DO NOTHING
        """,
        kind=kind,
        event_keys=event_keys,
        group_ids=group_ids,
        now=now,
        expires_at=expires_at,
    )


async def newest(conn: db.Conn, *, scope: Scope, looked_at: int, limit: int) -> list[Newcomer]:
    """Return the newest arrivals from groups within `scope`, out of the last `looked_at`."""
    return await db.many(
        conn,
        Newcomer,
        """
        SELECT a.id, a.kind, g.id AS group_id, g.name AS group_name, u.id AS unit_id,
               u.name_hi AS unit_name_hi, u.name_en AS unit_name_en, a.at
          FROM (SELECT id, kind, group_id, at FROM arrival
                 WHERE organisation_id = current_organisation()
                 ORDER BY id DESC LIMIT %(looked_at)s) AS a
          JOIN chat_group g ON g.organisation_id = current_organisation() AND g.id = a.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE starts_with(u.path, root))
         ORDER BY a.id DESC
         LIMIT %(limit)s
        """,
        paths=scope.paths(),
        looked_at=looked_at,
        limit=limit,
    )


async def purge(conn: db.Conn, *, now: datetime, limit: int) -> int:
    """Delete arrivals whose time is over; return how many."""
    return await db.run(
        conn,
        """
        DELETE FROM arrival
         WHERE organisation_id = current_organisation()
           AND id IN (SELECT id FROM arrival
                       WHERE organisation_id = current_organisation()
                         AND expires_at <= %(now)s
                       ORDER BY expires_at
                       LIMIT %(limit)s)
        """,
        now=now,
        limit=limit,
    )


async def messages_expiring_after(conn: db.Conn, moment: datetime, *, scope: Scope) -> int:
    """Count the messages from groups within `scope` that are kept beyond a moment.

    All are kept equally long, so those that came since yesterday are those that expire later
    than a day short of that; and what is about to expire is what has an index.
    """
    row = await db.one(
        conn,
        Heard,
        """
        SELECT count(*)::int AS messages
          FROM arrival a
          JOIN chat_group g ON g.organisation_id = a.organisation_id AND g.id = a.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE a.organisation_id = current_organisation()
           AND a.kind = 'message' AND a.expires_at >= %(moment)s
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE starts_with(u.path, root))
        """,
        moment=moment,
        paths=scope.paths(),
    )
    return row.messages
