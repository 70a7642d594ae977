"""Which groups somebody runs: what a hand-over has to name, because it does not go along."""

from dataclasses import dataclass
from uuid import UUID

from chaupal.groups.models import GroupId
from chaupal.kit import db
from chaupal.organisations.models import Scope


@dataclass(frozen=True, slots=True)
class Administered:
    """A group of which a person is a live admin."""

    id: GroupId
    name: str


async def administered(
    conn: db.Conn, person: UUID, *, scope: Scope, limit: int
) -> list[Administered]:
    """Return the groups within `scope` that a person runs, unit by unit."""
    return await db.many(
        conn,
        Administered,
        """
        SELECT g.id, g.name
          FROM group_admin a
          JOIN chat_group g ON g.organisation_id = a.organisation_id AND g.id = a.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE a.organisation_id = current_organisation() AND a.person_id = %(person)s
           AND a.left_at IS NULL AND g.archived_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY u.path, g.name, g.id
         LIMIT %(limit)s
        """,
        person=person,
        paths=scope.paths(),
        limit=limit,
    )
