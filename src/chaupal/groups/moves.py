"""Groups that their provider has moved to another address, as Telegram does with one that grows.

Whoever hears of it first follows, in their own transaction; who hears of it later finds it done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal import record
from chaupal.groups.models import GroupId
from chaupal.kit import db
from chaupal.record import Actor


@dataclass(frozen=True, slots=True)
class Followed:
    """A group that is at its new address now."""

    id: GroupId


@dataclass(frozen=True, slots=True)
class Stuck:
    """A group that cannot follow: another of the organisation's groups is there already."""

    id: GroupId
    address: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Which groups followed, and which could not."""

    followed: list[Followed]
    stuck: list[Stuck]


async def follow(
    conn: db.Conn, sender: UUID, moves: Mapping[str, str], *, now: datetime, actor: Actor
) -> Moved:
    """Bring one sender's groups to their new addresses, with an entry in the record for each.

    Some cannot: two of our groups have become one chat, and what is sent to the other reaches it.
    They keep their old address, which nobody reads any more.
    """
    addresses, moved_to = list(moves), list(moves.values())
    followed = await _move(conn, sender, addresses=addresses, moved_to=moved_to, now=now)
    for group in followed:
        await record.append(conn, "group.address_changed", group.id, actor=actor, now=now)
    return Moved(followed, await _left_behind(conn, sender, addresses=addresses))


async def _move(
    conn: db.Conn, sender: UUID, *, addresses: list[str], moved_to: list[str], now: datetime
) -> list[Followed]:
    return await db.many(
        conn,
        Followed,
        """
        UPDATE chat_group g
           SET address = move.moved_to, address_since = %(now)s
          FROM (SELECT DISTINCT ON (moved_to) address, moved_to
                  FROM unnest(%(addresses)s::text[], %(moved_to)s::text[]) AS t (address, moved_to)
                 ORDER BY moved_to, address) AS move
         WHERE g.organisation_id = current_organisation() AND g.sender_id = %(sender)s
           AND g.address = move.address
           AND NOT EXISTS (SELECT FROM chat_group taken
                            WHERE taken.organisation_id = g.organisation_id
                              AND taken.channel = g.channel AND taken.address = move.moved_to)
        RETURNING g.id
        """,
        sender=sender,
        addresses=addresses,
        moved_to=moved_to,
        now=now,
    )


async def _left_behind(conn: db.Conn, sender: UUID, *, addresses: list[str]) -> list[Stuck]:
    return await db.many(
        conn,
        Stuck,
        """
        SELECT id, address FROM chat_group
         WHERE organisation_id = current_organisation() AND sender_id = %(sender)s
           AND address = ANY(%(addresses)s::text[])
         ORDER BY id
        """,
        sender=sender,
        addresses=addresses,
    )
