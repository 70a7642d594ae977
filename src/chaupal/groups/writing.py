"""Every statement that writes a group, its categories or its admins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chaupal.groups.models import GroupChange, GroupId, GroupPurpose, NewGroup, kept_address
from chaupal.kit import db
from chaupal.kit.sound import search_key
from chaupal.organisations.models import UnitId
from chaupal.people.models import PersonId


@dataclass(frozen=True, slots=True)
class Locked:
    """A group that nobody else changes now, with what its rules depend on."""

    unit_id: UnitId
    unit_path: str
    purpose: GroupPurpose
    channel: str
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Taken:
    """Another group that has the same invite."""

    id: GroupId


async def lock(conn: db.Conn, id: GroupId) -> Locked | None:
    """Hold a group until the transaction ends, whatever the scope: the caller compares."""
    return await db.maybe(
        conn,
        Locked,
        """
        SELECT g.unit_id, u.path AS unit_path, g.purpose::text AS purpose, g.channel,
               g.archived_at
          FROM chat_group g
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE g.organisation_id = current_organisation() AND g.id = %(id)s
           FOR UPDATE OF g
        """,
        id=id,
    )


async def invite_taken(conn: db.Conn, lookup: bytes, *, besides: GroupId) -> Taken | None:
    """Return which other group has this invite: it is that group, registered already."""
    return await db.maybe(
        conn,
        Taken,
        """
        SELECT id FROM chat_group
         WHERE organisation_id = current_organisation() AND invite_lookup = %(lookup)s
           AND id <> %(besides)s
        """,
        lookup=lookup,
        besides=besides,
    )


async def add(conn: db.Conn, id: GroupId, new: NewGroup, *, now: datetime) -> int:
    """Add a group, unless its address is taken: then no row is touched."""
    return await db.run(
        conn,
        """
        INSERT INTO chat_group (organisation_id, id, unit_id, name, purpose, channel, sender_id,
                                address, language, carries_notice, size, size_at, search_key)
        VALUES (current_organisation(), %(id)s, %(unit)s, %(name)s, %(purpose)s::group_purpose,
                %(channel)s, %(sender)s, %(address)s, %(language)s, %(notice)s,
                coalesce(%(size)s::integer, 0),
                CASE WHEN %(size)s::integer IS NOT NULL THEN %(now)s::timestamptz END,
                %(search_key)s)
        ON CONFLICT (organisation_id, channel, address) DO NOTHING
        """,
        id=id,
        unit=new.unit,
        name=new.name,
        purpose=new.purpose,
        channel=new.channel,
        sender=new.sender,
        address=kept_address(new.address, new.channel) or f"own:{id}",
        language=new.language,
        notice=new.carries_notice,
        size=new.size,
        now=now,
        search_key=search_key(new.name),
    )


async def change(conn: db.Conn, id: GroupId, to: GroupChange, *, now: datetime) -> int:
    """Write what is to hold of a group; a size that nobody told keeps its number and date."""
    return await db.run(
        conn,
        """
        UPDATE chat_group
           SET name = %(name)s, search_key = %(search_key)s, language = %(language)s,
               carries_notice = %(notice)s, size = coalesce(%(size)s::integer, size),
               size_at = CASE WHEN %(size)s::integer IS NULL THEN size_at
                              ELSE %(now)s::timestamptz END
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        name=to.name,
        search_key=search_key(to.name),
        language=to.language,
        notice=to.carries_notice,
        size=to.size,
        now=now,
    )


async def set_invite(
    conn: db.Conn, id: GroupId, *, sealed: bytes | None, lookup: bytes | None
) -> int:
    """Keep a group's invite, or forget it."""
    return await db.run(
        conn,
        """
        UPDATE chat_group SET invite_sealed = %(sealed)s, invite_lookup = %(lookup)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        sealed=sealed,
        lookup=lookup,
    )


async def move(conn: db.Conn, id: GroupId, unit: UnitId) -> int:
    """Let a group belong to another unit."""
    return await db.run(
        conn,
        """
        UPDATE chat_group SET unit_id = %(unit)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        unit=unit,
    )


async def enter_categories(conn: db.Conn, id: GroupId, keys: list[str], *, now: datetime) -> int:
    """Put a group into those categories of `keys` that exist and in which it is not yet."""
    return await db.run(
        conn,
        """
        INSERT INTO group_category (organisation_id, category_key, group_id, since)
        SELECT organisation_id, key, %(id)s::uuid, %(now)s FROM category
         WHERE organisation_id = current_organisation() AND key = ANY(%(keys)s::text[])
        ON CONFLICT DO NOTHING
        """,
        id=id,
        keys=keys,
        now=now,
    )


async def leave_categories(conn: db.Conn, id: GroupId, kept: list[str], *, now: datetime) -> int:
    """Take a group out of all categories but `kept`, and remember since when it was in them."""
    return await db.run(
        conn,
        """
        WITH gone AS (
            DELETE FROM group_category
             WHERE organisation_id = current_organisation() AND group_id = %(id)s
               AND category_key <> ALL (%(kept)s::text[])
            RETURNING category_key, since
        )
        INSERT INTO group_category_past (organisation_id, group_id, category_key, since, until)
        SELECT current_organisation(), %(id)s, category_key, since, greatest(since, %(now)s)
          FROM gone
        ON CONFLICT DO NOTHING
        """,
        id=id,
        kept=kept,
        now=now,
    )


async def add_admins(
    conn: db.Conn, id: GroupId, people: Sequence[PersonId], *, now: datetime
) -> int:
    """Let people run a group, asked after those who do already; who had left is back."""
    return await db.run(
        conn,
        """
        INSERT INTO group_admin AS held (organisation_id, group_id, person_id, turn, since)
        SELECT current_organisation(), %(id)s, person.id,
               coalesce((SELECT max(turn) FROM group_admin
                          WHERE organisation_id = current_organisation() AND group_id = %(id)s
                            AND left_at IS NULL), 0) + person.place, %(now)s
          FROM unnest(%(people)s::uuid[]) WITH ORDINALITY AS person (id, place)
        ON CONFLICT (organisation_id, group_id, person_id)
        DO UPDATE SET turn = excluded.turn, since = excluded.since, left_at = NULL
         WHERE held.left_at IS NOT NULL
        """,
        id=id,
        people=list(people),
        now=now,
    )


async def let_admin_go(conn: db.Conn, id: GroupId, person: PersonId, *, now: datetime) -> int:
    """Write down that an admin has left a group, if they have not already."""
    return await db.run(
        conn,
        """
        UPDATE group_admin SET left_at = %(now)s
         WHERE organisation_id = current_organisation() AND group_id = %(id)s
           AND person_id = %(person)s AND left_at IS NULL
        """,
        id=id,
        person=person,
        now=now,
    )


async def ask_first(conn: db.Conn, id: GroupId, person: PersonId) -> int:
    """Put a live admin at the head of those who are asked; the others keep their order.

    No row is touched where the person does not run the group.
    """
    return await db.run(
        conn,
        """
        UPDATE group_admin a SET turn = line.place
          FROM (SELECT person_id, bool_or(person_id = %(person)s) OVER () AS found,
                       row_number() OVER (ORDER BY person_id <> %(person)s, turn, person_id)
                       AS place
                  FROM group_admin
                 WHERE organisation_id = current_organisation() AND group_id = %(id)s
                   AND left_at IS NULL) AS line
         WHERE a.organisation_id = current_organisation() AND a.group_id = %(id)s
           AND a.person_id = line.person_id AND line.found
        """,
        id=id,
        person=person,
    )


async def archive(conn: db.Conn, id: GroupId, *, now: datetime) -> int:
    """Take a group out of every later audience, if it is not archived yet."""
    return await db.run(
        conn,
        """
        UPDATE chat_group SET archived_at = %(now)s
         WHERE organisation_id = current_organisation() AND id = %(id)s AND archived_at IS NULL
        """,
        id=id,
        now=now,
    )


async def bring_back(conn: db.Conn, id: GroupId) -> int:
    """Let an archived group be part of audiences again."""
    return await db.run(
        conn,
        """
        UPDATE chat_group SET archived_at = NULL
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND archived_at IS NOT NULL
        """,
        id=id,
    )
