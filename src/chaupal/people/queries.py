"""Every statement that touches persons and contact points one at a time; ledger.py has consent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.kit import db
from chaupal.kit.sound import search_key
from chaupal.organisations.models import Scope, UnitId
from chaupal.people.models import ContactPoint, Person, PersonId, Whereabouts


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit lies."""

    path: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an address."""

    person_id: PersonId


async def person(conn: db.Conn, id: PersonId, *, scope: Scope) -> Person | None:
    """Return a person whose unit lies within `scope`."""
    return await db.maybe(
        conn,
        Person,
        """
        SELECT p.id, p.reference, p.unit_id, p.name, p.language
          FROM person p
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE p.organisation_id = current_organisation() AND p.id = %(id)s
           AND p.erased_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        id=id,
        paths=scope.paths(),
    )


async def whereabouts(conn: db.Conn, id: PersonId) -> Whereabouts | None:
    """Return a person and where they belong, whatever the scope: the caller compares."""
    return await db.maybe(
        conn,
        Whereabouts,
        """
        SELECT p.id, p.reference, p.name, p.language, p.since, p.unit_id, u.path AS unit_path,
               u.name_hi AS unit_name_hi, u.name_en AS unit_name_en, s.reason AS quiet,
               s.since AS quiet_since
          FROM person p
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
          LEFT JOIN suppressed_person s ON s.organisation_id = p.organisation_id
                                       AND s.person_id = p.id
         WHERE p.organisation_id = current_organisation() AND p.id = %(id)s
           AND p.erased_at IS NULL
        """,
        id=id,
    )


async def person_page(
    conn: db.Conn, *, scope: Scope, after: PersonId | None = None, limit: int = 50
) -> list[Person]:
    """Return the people within `scope` that follow `after`, by key."""
    return await db.many(
        conn,
        Person,
        """
        SELECT p.id, p.reference, p.unit_id, p.name, p.language
          FROM person p
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE p.organisation_id = current_organisation() AND p.erased_at IS NULL
           AND (%(after)s::uuid IS NULL OR p.id > %(after)s::uuid)
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY p.id
         LIMIT %(limit)s
        """,
        after=after,
        paths=scope.paths(),
        limit=limit,
    )


async def find(conn: db.Conn, channel: str, lookup: bytes, *, scope: Scope) -> Person | None:
    """Return whose address has this digest, if their unit lies within `scope`."""
    return await db.maybe(
        conn,
        Person,
        """
        SELECT p.id, p.reference, p.unit_id, p.name, p.language
          FROM contact_point c
          JOIN person p ON p.organisation_id = c.organisation_id AND p.id = c.person_id
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE c.organisation_id = current_organisation()
           AND c.channel = %(channel)s AND c.lookup = %(lookup)s AND p.erased_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        channel=channel,
        lookup=lookup,
        paths=scope.paths(),
    )


async def place_of_unit(conn: db.Conn, unit: UnitId) -> Place | None:
    """Return where a unit of today lies, whatever the scope: the caller compares.

    It stays where it is, and does not end, until commit.
    """
    return await db.maybe(
        conn,
        Place,
        """
        SELECT path FROM unit
         WHERE organisation_id = current_organisation() AND id = %(unit)s AND ended_on IS NULL
           FOR KEY SHARE
        """,
        unit=unit,
    )


async def roots(conn: db.Conn) -> list[Place]:
    """Return where the tops of the organisation's tree lie."""
    return await db.many(
        conn,
        Place,
        """
        SELECT path FROM unit
         WHERE organisation_id = current_organisation() AND parent_id IS NULL
        """,
    )


async def add_person(
    conn: db.Conn,
    id: PersonId,
    *,
    reference: str,
    unit_id: UnitId,
    name: str,
    language: str,
    now: datetime,
) -> int:
    """Add a person, unless the reference is taken: then no row is touched."""
    return await db.run(
        conn,
        """
        INSERT INTO person (organisation_id, id, reference, unit_id, name, language, search_key,
                            since)
        VALUES (current_organisation(), %(id)s, %(reference)s, %(unit_id)s, %(name)s, %(language)s,
                %(search_key)s, %(now)s)
        ON CONFLICT (organisation_id, reference) DO NOTHING
        """,
        id=id,
        reference=reference,
        unit_id=unit_id,
        name=name,
        language=language,
        search_key=search_key(name),
        now=now,
    )


async def add_contact(
    conn: db.Conn, person: PersonId, channel: str, *, sealed: bytes, lookup: bytes, now: datetime
) -> Holder:
    """Add an address and return who has it: somebody else, if they had it before."""
    return await db.one(
        conn,
        Holder,
        """
        INSERT INTO contact_point AS c (organisation_id, person_id, channel, sealed, lookup, since)
        VALUES (current_organisation(), %(person)s, %(channel)s, %(sealed)s, %(lookup)s, %(now)s)
        ON CONFLICT (organisation_id, channel, lookup) DO UPDATE SET lookup = c.lookup
        RETURNING person_id
        """,
        person=person,
        channel=channel,
        sealed=sealed,
        lookup=lookup,
        now=now,
    )


async def contacts(conn: db.Conn, people: list[UUID]) -> list[ContactPoint]:
    """Return the sealed addresses of some people."""
    return await db.many(
        conn,
        ContactPoint,
        """
        SELECT c.id, c.person_id, c.channel, c.sealed, c.since, s.reason AS quiet
          FROM contact_point c
          LEFT JOIN suppression s ON s.organisation_id = c.organisation_id
                                 AND s.channel = c.channel AND s.lookup = c.lookup
         WHERE c.organisation_id = current_organisation() AND c.person_id = ANY(%(people)s)
         ORDER BY c.person_id, c.channel, c.id
        """,
        people=people,
    )


async def take_turn(conn: db.Conn, id: PersonId) -> int:
    """Make acts of consent of one person follow each other. Touches no row if there is none.

    Not by a lock of their row: an import may hold that for minutes, and a no can't wait.
    """
    return await db.run(
        conn,
        """
        SELECT pg_advisory_xact_lock(hashtextextended('consent/' || id, organisation_id))
          FROM person
         WHERE organisation_id = current_organisation() AND id = %(id)s AND erased_at IS NULL
        """,
        id=id,
    )


async def lock_person(conn: db.Conn, id: PersonId) -> int:
    """Keep everybody else from changing a person until commit. Touches no row if there is none,
    or if somebody is changing them now."""
    return await db.run(
        conn,
        """
        SELECT FROM person
         WHERE organisation_id = current_organisation() AND id = %(id)s AND erased_at IS NULL
           FOR UPDATE SKIP LOCKED
        """,
        id=id,
    )


async def set_language(conn: db.Conn, id: PersonId, language: str) -> int:
    """Remember which language a person reads."""
    return await db.run(
        conn,
        """
        UPDATE person SET language = %(language)s
         WHERE organisation_id = current_organisation() AND id = %(id)s AND erased_at IS NULL
           AND language <> %(language)s
        """,
        id=id,
        language=language,
    )
