"""Erasing one person's own rows: sealed first, then blanked. principals/erasure.py decides."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.sealing import Sealer
from chaupal.people import ledger, queries
from chaupal.people.models import (
    NOBODY,
    ContactPoint,
    PersonId,
    Quiet,
    Whereabouts,
    contact_context,
    remains_context,
)


@dataclass(frozen=True, slots=True)
class Purged:
    """How many people's remains are gone."""

    people: int


@dataclass(frozen=True, slots=True)
class Lookups:
    """The digests of a person's addresses."""

    channel: str
    lookup: bytes = field(repr=False)


async def seal(
    conn: db.Conn, sealer: Sealer, organisation: OrganisationId, here: Whereabouts
) -> bytes:
    """Return what is left of a person, readable with the key and in this one place only."""
    points = await queries.contacts(conn, [here.id])
    left = {
        "reference": here.reference,
        "name": here.name,
        "language": here.language,
        "unit": str(here.unit_id),
        "since": here.since,
        "contacts": [_opened(sealer, organisation, point) for point in points],
    }
    return sealer.seal(msgspec.json.encode(left).decode(), remains_context(organisation, here.id))


def _opened(sealer: Sealer, organisation: OrganisationId, point: ContactPoint) -> dict[str, object]:
    address = sealer.unseal(point.sealed, contact_context(organisation, point.channel))
    return {"channel": point.channel.value, "address": address, "since": point.since}


async def erase(
    conn: db.Conn, person: PersonId, *, sealed: bytes, hold: timedelta, now: datetime
) -> None:
    """Suppress a person's addresses, keep their sealed remains, and blank the rest."""
    digests = await _lookups(conn, person)
    await ledger.suppress_addresses(
        conn,
        channels=[digest.channel for digest in digests],
        lookups=[digest.lookup for digest in digests],
        reason=Quiet.ERASED.value,
        now=now,
    )
    await _keep(conn, person, sealed=sealed, now=now, purge_after=now + hold)
    await _drop_contacts(conn, person)
    await _blank(conn, person, now=now)


async def purge(conn: db.Conn, *, now: datetime, limit: int) -> int:
    """Drop the remains of people whose hold is over, with their acts of consent; return of how
    many."""
    row = await db.one(
        conn, Purged, "SELECT purge_erased(%(now)s, %(limit)s) AS people", now=now, limit=limit
    )
    return row.people


async def _lookups(conn: db.Conn, person: PersonId) -> list[Lookups]:
    return await db.many(
        conn,
        Lookups,
        """
        SELECT channel, lookup FROM contact_point
         WHERE organisation_id = current_organisation() AND person_id = %(person)s
        """,
        person=person,
    )


async def _keep(
    conn: db.Conn, person: PersonId, *, sealed: bytes, now: datetime, purge_after: datetime
) -> None:
    await db.run(
        conn,
        """
        INSERT INTO erased_person (organisation_id, person_id, sealed, erased_at, purge_after)
        VALUES (current_organisation(), %(person)s, %(sealed)s, %(now)s, %(purge_after)s)
        """,
        person=person,
        sealed=sealed,
        now=now,
        purge_after=purge_after,
    )


async def _drop_contacts(conn: db.Conn, person: PersonId) -> None:
    await db.run(
        conn,
        """
        DELETE FROM contact_point
         WHERE organisation_id = current_organisation() AND person_id = %(person)s
        """,
        person=person,
    )


async def _blank(conn: db.Conn, person: PersonId, *, now: datetime) -> None:
    await db.run(
        conn,
        """
        UPDATE person
           SET name = %(nobody)s, reference = 'erased/' || id, search_key = '-', erased_at = %(now)s
         WHERE organisation_id = current_organisation() AND id = %(person)s AND erased_at IS NULL
        """,
        person=person,
        nobody=NOBODY,
        now=now,
    )
