"""Mail that came back: an address that is no more is written to by nobody again.

Only mail says this of the address itself. That a number has no account with one messenger leaves
it to the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class Returned:
    """A delivery that a provider has a name for."""

    id: int


async def suppress(conn: db.Conn, ids: Sequence[int], *, now: datetime) -> int:
    """Suppress the addresses of those among these deliveries that were refused because there is
    no such address; return how many were new."""
    return await db.run(
        conn,
        """
        INSERT INTO suppression (organisation_id, channel, lookup, reason, since)
        SELECT DISTINCT c.organisation_id, c.channel, c.lookup, 'bounced', %(now)s::timestamptz
          FROM delivery d
          JOIN contact_point c ON c.organisation_id = d.organisation_id
                              AND c.person_id = d.person_id AND c.id = d.contact_id
         WHERE d.organisation_id = current_organisation() AND d.id = ANY(%(ids)s::bigint[])
           AND d.state = 'refused' AND d.failure = 'no_such_address' AND c.channel = 'email'
        ON CONFLICT (organisation_id, channel, lookup) DO NOTHING
        """,
        ids=list(ids),
        now=now,
    )


async def named(conn: db.Conn, sender_id: UUID, refs: Sequence[str]) -> list[int]:
    """Return the deliveries of a sender that its provider calls so."""
    found = await db.many(
        conn,
        Returned,
        """
        SELECT id FROM delivery
         WHERE organisation_id = current_organisation() AND sender_id = %(sender)s
           AND provider_ref = ANY(%(refs)s::text[])
        """,
        sender=sender_id,
        refs=list(refs),
    )
    return [row.id for row in found]
