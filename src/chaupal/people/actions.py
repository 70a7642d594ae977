"""Recording people, finding them by an address, and showing their addresses masked."""

from collections import defaultdict
from collections.abc import Sequence

from chaupal import record
from chaupal.kit import db, digits
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.refusals import NotAllowed, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import Sealer
from chaupal.organisations import scope_of
from chaupal.organisations.models import Right, Scope, UnitId
from chaupal.people import queries
from chaupal.people.models import (
    MaskedContact,
    NewContact,
    Person,
    PersonId,
    Whereabouts,
    contact_context,
    masked,
)
from chaupal.record import Actor


async def record_person(
    rt: Runtime,
    *,
    reference: str,
    unit: UnitId,
    name: str,
    language: str,
    contacts: Sequence[NewContact],
    actor: Actor,
) -> Person:
    """Add one person with their addresses. An address that somebody else has is refused."""
    reference = digits.plain(reference)
    person = Person(PersonId(new_id()), reference, unit, name, language)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        place = await queries.place_of_unit(conn, unit)
        if place is None or not scope.covers(place.path):
            raise NotFound("unit.not_found")
        if not scope.covers(place.path, Right.IMPORT):
            raise NotAllowed("access.not_allowed", right=Right.IMPORT.value)
        added = await queries.add_person(
            conn,
            person.id,
            reference=reference,
            unit_id=unit,
            name=name,
            language=language,
            now=rt.now(),
        )
        if not added:
            raise Refused("person.reference_taken")
        for contact in contacts:  # a handful
            context = contact_context(actor.organisation, contact.channel)
            holder = await queries.add_contact(
                conn,
                person.id,
                contact.channel.value,
                sealed=rt.sealer.seal(contact.address, context),
                lookup=rt.sealer.lookup(contact.address, context),
                now=rt.now(),
            )
            if holder.person_id != person.id:
                raise Refused("person.address_taken", channel=contact.channel.value)
        await record.append(conn, "person.recorded", person.id, actor=actor, now=rt.now())
    return person


async def find(rt: Runtime, conn: db.Conn, contact: NewContact, *, scope: Scope) -> Person | None:
    """Return whose address this is, if within `scope`. No address is opened for it."""
    lookup = rt.sealer.lookup(contact.address, contact_context(scope.organisation, contact.channel))
    return await queries.find(conn, contact.channel.value, lookup, scope=scope)


async def contacts_of(
    sealer: Sealer, conn: db.Conn, people: Sequence[PersonId], *, organisation: OrganisationId
) -> dict[PersonId, list[MaskedContact]]:
    """Return the addresses of some people, masked; what is opened never leaves here.

    The caller has found the people within a Scope.
    """
    shown: dict[PersonId, list[MaskedContact]] = defaultdict(list)
    for point in await queries.contacts(conn, list(people)):
        address = sealer.unseal(point.sealed, contact_context(organisation, point.channel))
        shown[point.person_id].append(
            MaskedContact(point.channel, masked(address), point.id, point.since, point.quiet)
        )
    return dict(shown)


async def located(
    conn: db.Conn, id: PersonId, *, scope: Scope, right: Right = Right.VIEW
) -> Whereabouts:
    """Return a person whom `scope` may see, or refuse; and refuse where `right` does not hold."""
    here = await queries.whereabouts(conn, id)
    if here is None or not scope.covers(here.unit_path):
        raise NotFound("person.not_found")
    if not scope.covers(here.unit_path, right):
        raise NotAllowed("access.not_allowed", right=right.value)
    return here


async def need_everywhere(conn: db.Conn, *, scope: Scope, right: Right) -> None:
    """Refuse unless `right` holds over the whole organisation."""
    scope.need(right)
    for root in await queries.roots(conn):
        if not scope.covers(root.path, right):
            raise NotAllowed("access.not_allowed", right=right.value)
