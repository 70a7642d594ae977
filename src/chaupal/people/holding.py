"""People as holders of offices: found within a Scope, named on pages that show who holds what."""

from dataclasses import dataclass, field
from uuid import UUID

from chaupal.kit import db
from chaupal.kit.refusals import NotFound
from chaupal.organisations.models import Scope
from chaupal.organisations.offices import Holder
from chaupal.organisations.offices.terms import Who
from chaupal.people.models import PersonId


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """As much of a person as tells them from another of the same name."""

    id: PersonId
    reference: str
    name: str = field(repr=False)
    unit_id: UUID
    unit_name_hi: str
    unit_name_en: str


def person_holder(id: PersonId) -> Who:
    """Return what finds a person as a holder; one outside the actor's part is not found."""

    async def find(conn: db.Conn, scope: Scope) -> Holder:
        if not await named(conn, [id], scope=scope):
            raise NotFound("person.not_found")
        return Holder(id, None)

    return find


async def named(conn: db.Conn, ids: list[PersonId], *, scope: Scope) -> list[NamedPerson]:
    """Return those of these people who lie within `scope`; the erased have no name any more."""
    return await db.many(
        conn,
        NamedPerson,
        """
        SELECT p.id, p.reference, p.name, u.id AS unit_id, u.name_hi AS unit_name_hi,
               u.name_en AS unit_name_en
          FROM person p
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE p.organisation_id = current_organisation() AND p.id = ANY(%(ids)s::uuid[])
           AND p.erased_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        ids=ids,
        paths=scope.paths(),
    )
