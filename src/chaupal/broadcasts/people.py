"""Audiences of people: the same expressions, compiled over persons; counted, shown, frozen.

Who is in one has agreed to it, for the purpose of the broadcast and at an address to which one of
its channels writes. That rule is the view `writable`, asked again when a delivery is claimed; here
it is `writable_in_bulk`, the same rule for whole sets.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from psycopg.sql import SQL, Composed, Identifier

from chaupal.broadcasts import known
from chaupal.broadcasts.audience import (
    Categories,
    Channels,
    Expression,
    Languages,
    LiveAdmins,
    Posts,
    Saw,
    Size,
    op_of,
)
from chaupal.broadcasts.compiler import Directory, Own, Predicate, Target
from chaupal.broadcasts.models import BroadcastId
from chaupal.broadcasts.targets import AHEAD, Ahead, Life, directory
from chaupal.channels.registry import CHANNELS
from chaupal.kit import db
from chaupal.kit.refusals import Invalid
from chaupal.law import exclusions

# What a purpose of a broadcast is called in the ledger of consent.
WANTED = {"public": "messages", "internal": "coordination"}


@dataclass(frozen=True, slots=True)
class Slice:
    """How many people one branch of the tree has in an audience, by channel."""

    branch_id: UUID
    name_hi: str
    name_en: str
    channel: str
    people: int


@dataclass(frozen=True, slots=True)
class Total:
    """How many people fit."""

    people: int


@dataclass(frozen=True, slots=True)
class PersonId:
    """Just who."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Frozen:
    """How many deliveries the freeze wrote."""

    targets: int


@dataclass(slots=True)
class OfPeople(Predicate):
    """Conditions over `p` (person), `u` (their unit) and whatever they have joined to these."""

    ROW: ClassVar[Identifier] = Identifier("p")
    KEY: ClassVar[Identifier] = Identifier("person_id")

    def of(self, expression: Expression) -> Composed:
        """Compile an expression; what only groups have is refused."""
        if isinstance(expression, LiveAdmins | Saw):
            raise Invalid("audience.not_for_people", term=op_of(expression))
        return super(OfPeople, self).of(expression)

    def _own(self, leaf: Own) -> Composed:
        match leaf:
            case Categories(categories):
                return SQL(
                    "EXISTS (SELECT FROM membership m"
                    " WHERE m.organisation_id = p.organisation_id AND m.person_id = p.id"
                    " AND m.until IS NULL AND m.category_key = ANY({}))"
                ).format(self.bind(categories))
            case Languages(languages):
                return SQL("(p.language = ANY({}))").format(self.bind(languages))
            case Channels() | Size():
                raise Invalid("audience.not_for_people", term=op_of(leaf))
            case _:
                return super(OfPeople, self)._own(leaf)

    def _office_holders(self, posts: Posts) -> Identifier:
        """Join those who hold such a post themselves on the day."""
        key = ("posts", tuple(posts.roles), tuple(posts.levels))
        return self._join(
            key,
            "(SELECT DISTINCT coalesce(h.person_id, c.person_id) AS group_id FROM post h"
            " JOIN unit s ON s.organisation_id = h.organisation_id AND s.id = h.unit_id"
            " LEFT JOIN account c ON c.organisation_id = h.organisation_id AND c.id = h.account_id"
            " WHERE h.organisation_id = (SELECT current_organisation())"
            " AND h.since <= {today} AND (h.until IS NULL OR h.until >= {today})"
            " AND ({roles} = '{{}}' OR h.role::text = ANY({roles}))"
            " AND ({ranks} = '{{}}' OR s.level_rank = ANY({ranks})))"
            " AS {alias} ON {alias}.group_id = p.id",
            today=self.bind(self.today),
            roles=SQL("{}::text[]").format(self.bind(posts.roles)),
            ranks=SQL("{}::int[]").format(self.bind(self._ranks(posts.levels))),
        )


@dataclass(frozen=True, slots=True)
class SenderChannel:
    """A channel on which something can be sent now."""

    channel: str


async def channels(conn: db.Conn, *, now: datetime) -> list[str]:
    """Return the channels that write to people, take this organisation and have an enabled sender,
    by name."""
    found = await db.many(
        conn,
        SenderChannel,
        """
        SELECT DISTINCT channel FROM sender
         WHERE organisation_id = current_organisation() AND disabled_at IS NULL
         ORDER BY channel
        """,
    )
    closed = {rule.channel for rule in await exclusions.excluded(conn, now=now)}
    return [
        row.channel
        for row in found
        if row.channel in CHANNELS.keys() - closed
        and CHANNELS[row.channel].traits.reaches_people_at is not None
    ]


def check_via(via: tuple[str, ...]) -> None:
    """Refuse channels that are unknown, named twice, or write to no person."""
    for name in via:
        channel = CHANNELS.get(name)
        if channel is None or channel.traits.reaches_people_at is None:
            raise Invalid("audience.unknown_channel", channel=name)
    if len(set(via)) < len(via):
        raise Invalid("request.malformed", where="via")


def _reached(
    target: Target, via: tuple[str, ...], found: Directory
) -> tuple[Composed, dict[str, Any]]:
    """Return the statement of who fits, each with the address and sender that are theirs.

    Each person has one row: the first of `via` that has an enabled sender and to which they
    agreed. Several senders of a channel share its people evenly.
    """
    found.check(target.expression)
    predicate = OfPeople(found, target.today)
    area = predicate.within(target.paths)
    if target.also_within is not None:
        area += SQL(" AND ") + predicate.within(target.also_within)
    fits = predicate.of(target.expression)
    statement = SQL(
        """
        WITH place AS MATERIALIZED (  -- once a unit, not once a person
            SELECT u.id, u.path, u.level_rank, b.id AS branch_id
              FROM unit u
              JOIN unit b ON b.organisation_id = u.organisation_id
                         AND b.number = coalesce(nullif(split_part(u.path, '/', 3), ''),
                                                 split_part(u.path, '/', 2))::integer
             WHERE u.organisation_id = (SELECT current_organisation()) AND {}
        )
        SELECT DISTINCT ON (p.organisation_id, p.id)
               p.organisation_id, p.id, w.id AS contact_id, p.language, u.branch_id, line.channel,
               line.senders[1 + mod(w.id, cardinality(line.senders))::int] AS sender_id
          FROM person p
          JOIN place u ON u.id = p.unit_id
          JOIN writable_in_bulk w ON w.organisation_id = p.organisation_id AND w.person_id = p.id
                                 AND w.purpose = {}
          JOIN (SELECT DISTINCT ON (via.contact) via.contact, via.channel, via.turn,
                       (SELECT array_agg(s.id ORDER BY s.id) FROM sender s
                         WHERE s.organisation_id = (SELECT current_organisation())
                           AND s.channel = via.channel AND s.disabled_at IS NULL) AS senders
                  FROM unnest({}::text[], {}::text[]) WITH ORDINALITY
                       AS via (channel, contact, turn)
                 WHERE EXISTS (SELECT FROM sender s
                                WHERE s.organisation_id = (SELECT current_organisation())
                                  AND s.channel = via.channel AND s.disabled_at IS NULL)
                 ORDER BY via.contact, via.turn) AS line ON line.contact = w.channel
          {}
         WHERE p.organisation_id = (SELECT current_organisation()) AND p.erased_at IS NULL AND {}
         ORDER BY p.organisation_id, p.id, line.turn, w.id
        """
    ).format(
        area,
        predicate.bind(WANTED[target.purpose]),
        predicate.bind(list(via)),
        predicate.bind([_contact_of(name) for name in via]),
        predicate.joined(),
        fits,
    )
    return statement, predicate.params


def _contact_of(channel: str) -> str:
    contact = CHANNELS[channel].traits.reaches_people_at
    assert contact is not None
    return contact.value


async def slices(conn: db.Conn, target: Target, via: tuple[str, ...]) -> list[Slice]:
    """Count an audience, branch by branch and channel by channel."""
    reached, params = _reached(
        target, via, await directory(conn, target.expression, paths=target.paths)
    )
    statement = SQL(
        """
        SELECT b.id AS branch_id, b.name_hi, b.name_en, fits.channel, fits.people
          FROM (SELECT branch_id, channel, count(*)::int AS people FROM ({}) AS r GROUP BY 1, 2)
               AS fits
          JOIN unit b ON b.organisation_id = (SELECT current_organisation())
                     AND b.id = fits.branch_id
         ORDER BY b.name_en, b.id, fits.channel
        """
    ).format(reached)
    return await db.composed(conn, Slice, statement, params)


async def total(conn: db.Conn, target: Target, via: tuple[str, ...]) -> int:
    """Count an audience."""
    reached, params = _reached(
        target, via, await directory(conn, target.expression, paths=target.paths)
    )
    statement = SQL("SELECT count(*)::int AS people FROM ({}) AS r").format(reached)
    return (await db.composed(conn, Total, statement, params))[0].people


async def members(conn: db.Conn, target: Target, via: tuple[str, ...], *, limit: int) -> list[UUID]:
    """Return the people themselves, for the property tests."""
    reached, params = _reached(
        target, via, await directory(conn, target.expression, paths=target.paths)
    )
    statement = SQL("SELECT id FROM ({}) AS r ORDER BY id LIMIT {}").format(reached, limit)
    return [row.id for row in await db.composed(conn, PersonId, statement, params)]


async def ahead(
    conn: db.Conn, target: Target, via: tuple[str, ...], life: Life, *, limit: int
) -> list[Ahead]:
    """Return what keeps people of an audience waiting within a broadcast's life."""
    reached, params = _reached(
        target, via, await directory(conn, target.expression, paths=target.paths)
    )
    own = SQL(
        """
        SELECT u.path, u.path_end, r.channel, count(*) AS targets
          FROM ({}) AS r
          JOIN person m ON m.organisation_id = r.organisation_id AND m.id = r.id
          JOIN unit u ON u.organisation_id = m.organisation_id AND u.id = m.unit_id
         GROUP BY u.path, u.path_end, r.channel
        """
    ).format(reached)
    more = {**params, "limit": limit, **life.params()}
    return await db.composed(conn, Ahead, AHEAD.format(own), more)


async def freeze(
    conn: db.Conn,
    id: BroadcastId,
    target: Target,
    via: tuple[str, ...],
    *,
    languages: list[str],
    due_at: datetime,
) -> int:
    """Write one delivery for each person who fits, in one statement, and return how many.

    Each gets the text in the language they read where there is one, otherwise the first of
    `languages`. The unique key keeps anybody from ever standing here twice. None of them is sent
    before `due_at`.
    """
    reached, fits = _reached(
        target, via, await directory(conn, target.expression, paths=target.paths)
    )
    params: dict[str, Any] = {**fits, "broadcast": id, "languages": languages, "due_at": due_at}
    await known.join_in_key_order(conn)
    statement = SQL(
        """
        WITH written AS (
            INSERT INTO delivery (organisation_id, broadcast_id, person_id, contact_id, sender_id,
                                  branch_id, language, due_at)
            SELECT r.organisation_id, %(broadcast)s, r.id, r.contact_id, r.sender_id, r.branch_id,
                   CASE WHEN r.language = ANY(%(languages)s) THEN r.language
                        ELSE (%(languages)s::text[])[1] END,
                   %(due_at)s
              FROM ({}) AS r
            RETURNING 1
        )
        SELECT count(*)::int AS targets FROM written
        """
    ).format(reached)
    written = (await db.composed(conn, Frozen, statement, params))[0].targets
    await known.join_as_usual(conn)
    return written
