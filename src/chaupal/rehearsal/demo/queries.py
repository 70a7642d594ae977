"""What an auditor of the rehearsal reads from Chaupal's own account. Reads only."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class Target:
    """One delivery, with the address of its group."""

    id: int
    address: str = field(repr=False)
    channel: str
    language: str
    state: str
    evidence: int


@dataclass(frozen=True, slots=True)
class Times:
    """When a broadcast came to each point, and the last time that anything moved."""

    approved_at: datetime
    frozen_at: datetime | None
    last_sent_at: datetime | None
    last_evidence_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is in an organisation."""

    units: int
    groups: int
    people: int


@dataclass(frozen=True, slots=True)
class SenderName:
    """A sender, for pointing it at a sandbox that moved."""

    id: UUID
    name: str
    sealed_token: bytes
    sealed_webhook_secret: bytes


@dataclass(frozen=True, slots=True)
class Seat:
    """An office that a person holds until further notice."""

    office: UUID
    term: UUID
    holder: UUID
    rank: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the log of arrivals."""

    stream_sequence: int | None


async def targets(conn: db.Conn, broadcast: UUID, *, after: int, limit: int) -> list[Target]:
    """Return deliveries of a broadcast in order, the page after `after`."""
    return await db.many(
        conn,
        Target,
        """
        SELECT d.id, g.address, g.channel, d.language, d.state::text, d.evidence
          FROM delivery d
          JOIN chat_group g ON g.organisation_id = d.organisation_id AND g.id = d.group_id
         WHERE d.organisation_id = current_organisation() AND d.broadcast_id = %(broadcast)s
           AND d.id > %(after)s
         ORDER BY d.id
         LIMIT %(limit)s
        """,
        broadcast=broadcast,
        after=after,
        limit=limit,
    )


async def times(conn: db.Conn, broadcast: UUID) -> Times:
    """Return when a broadcast came to each point."""
    return await db.one(
        conn,
        Times,
        """
        SELECT b.approved_at, b.frozen_at, b.finished_at,
               (SELECT max(d.sent_at) FROM delivery d
                 WHERE d.organisation_id = b.organisation_id AND d.broadcast_id = b.id)
                 AS last_sent_at,
               (SELECT max(d.evidence_at) FROM delivery d
                 WHERE d.organisation_id = b.organisation_id AND d.broadcast_id = b.id)
                 AS last_evidence_at
          FROM broadcast b
         WHERE b.organisation_id = current_organisation() AND b.id = %(broadcast)s
        """,
        broadcast=broadcast,
    )


async def sizes(conn: db.Conn) -> Sizes:
    """Count what an organisation has."""
    return await db.one(
        conn,
        Sizes,
        """
        SELECT (SELECT count(*) FROM unit WHERE organisation_id = current_organisation())::int
                 AS units,
               (SELECT count(*) FROM chat_group WHERE organisation_id = current_organisation())::int
                 AS groups,
               (SELECT count(*) FROM person WHERE organisation_id = current_organisation()
                                               AND erased_at IS NULL)::int
                 AS people
        """,
    )


async def senders(conn: db.Conn) -> list[SenderName]:
    """Return the sandbox's senders, still sealed."""
    return await db.many(
        conn,
        SenderName,
        """
        SELECT id, name, sealed_token, sealed_webhook_secret FROM sender
         WHERE organisation_id = current_organisation() AND channel = 'sandbox'
         ORDER BY name
        """,
    )


async def move_senders(conn: db.Conn, endpoint: str) -> int:
    """Point the sandbox's senders at where it listens in this run."""
    return await db.run(
        conn,
        """
        UPDATE sender SET endpoint = %(endpoint)s
         WHERE organisation_id = current_organisation() AND channel = 'sandbox'
        """,
        endpoint=endpoint,
    )


async def seats(conn: db.Conn, *, deepest: int) -> list[Seat]:
    """Return the offices that people hold at the units of the upper levels, from the top down."""
    return await db.many(
        conn,
        Seat,
        """
        SELECT t.office_id AS office, t.id AS term, t.person_id AS holder, u.level_rank AS rank
          FROM post t
          JOIN unit u ON u.organisation_id = t.organisation_id AND u.id = t.unit_id
          JOIN person p ON p.organisation_id = t.organisation_id AND p.id = t.person_id
         WHERE t.organisation_id = current_organisation() AND t.until IS NULL
           AND u.level_rank <= %(deepest)s
         ORDER BY u.level_rank, length(p.reference), p.reference
        """,
        deepest=deepest,
    )


async def applied_up_to(conn: db.Conn) -> int:
    """Return how far the projections have read the log of arrivals."""
    found = await db.maybe(
        conn, Cursor, "SELECT max(stream_sequence) AS stream_sequence FROM projection"
    )
    return (found.stream_sequence if found else 0) or 0
