"""Showing a whole number once, and a person's own link once: each leaves a record."""

from chaupal import record
from chaupal.kit import db
from chaupal.kit.refusals import NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.people import actions, links, queries
from chaupal.people.models import Need, NewContact, PersonId, contact_context
from chaupal.record import Actor


async def unmask(
    rt: Runtime, person: PersonId, contact: int, need: Need, *, actor: Actor
) -> NewContact:
    """Return one address of a person in the clear, for this one answer.

    The record says who saw whose, on which channel and what for; never the address.
    """
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        await actions.located(conn, person, scope=scope, right=Right.UNMASK)
        points = {point.id: point for point in await queries.contacts(conn, [person])}
        point = points.get(contact)
        if point is None:
            raise NotFound("contact.not_found")
        address = rt.sealer.unseal(point.sealed, contact_context(actor.organisation, point.channel))
        await record.append(
            conn,
            "contact.unmasked",
            person,
            actor=actor,
            now=rt.now(),
            channel=point.channel.value,
            need=need.value,
        )
    return NewContact(point.channel, address)


async def show_link(rt: Runtime, person: PersonId, *, actor: Actor) -> str:
    """Return the link to a person's own page, to be handed to them and to nobody else."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        await actions.located(conn, person, scope=scope, right=Right.UNMASK)
        await record.append(conn, "person.link_shown", person, actor=actor, now=rt.now())
    return f"{rt.desk_url}/p/{links.own_token(rt.sealer, actor.organisation, person, now=rt.now())}"
