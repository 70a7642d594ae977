"""Letting nobody write to a person or to an address, whoever has it now or later."""

from chaupal import record
from chaupal.kit import db
from chaupal.kit.refusals import NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.people import actions, ledger, queries
from chaupal.people.models import NewContact, PersonId, Quiet, contact_context
from chaupal.record import Actor


async def suppress(rt: Runtime, person: PersonId, *, actor: Actor) -> None:
    """Let nobody write to a person. Everybody who may see them may say so."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        await actions.located(conn, person, scope=scope)
        await queries.take_turn(conn, person)
        if await ledger.suppress_person(conn, person, Quiet.DESK.value, now=rt.now()):
            await record.append(conn, "person.suppressed", person, actor=actor, now=rt.now())


async def lift(rt: Runtime, person: PersonId, *, actor: Actor) -> None:
    """Let a person be written to again whom the desk had suppressed, or who asked to be erased.

    What a person stopped themselves nobody else lifts: their next yes does.
    """
    reasons = [Quiet.DESK.value, Quiet.ERASURE_ASKED.value]
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        here = await actions.located(conn, person, scope=scope, right=Right.MANAGE)
        await queries.take_turn(conn, person)
        if not await ledger.lift_person(conn, person, reasons):
            if here.quiet:
                raise Refused("suppression.their_own")
            raise Refused("suppression.none")
        await record.append(conn, "person.unsuppressed", person, actor=actor, now=rt.now())


async def suppress_address(rt: Runtime, contact: NewContact, *, actor: Actor) -> None:
    """Let nobody write to an address. It is kept as a digest that nobody can read."""
    lookup = _lookup(rt, contact, actor)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        scope.need(Right.VIEW)
        added = await ledger.suppress_addresses(
            conn,
            channels=[contact.channel.value],
            lookups=[lookup],
            reason=Quiet.DESK.value,
            now=rt.now(),
        )
        if added:
            await _record(rt, conn, "address.suppressed", contact, actor)


async def lift_address(rt: Runtime, contact: NewContact, *, actor: Actor) -> None:
    """Let an address be written to again, unless an erased person had it."""
    lookup = _lookup(rt, contact, actor)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        await actions.need_everywhere(conn, scope=scope, right=Right.MANAGE)
        if not await ledger.lift_address(conn, channel=contact.channel.value, lookup=lookup):
            raise NotFound("suppression.none")
        await _record(rt, conn, "address.unsuppressed", contact, actor)


def _lookup(rt: Runtime, contact: NewContact, actor: Actor) -> bytes:
    return rt.sealer.lookup(contact.address, contact_context(actor.organisation, contact.channel))


async def _record(rt: Runtime, conn: db.Conn, kind: str, contact: NewContact, actor: Actor) -> None:
    channel = contact.channel.value
    await record.append(conn, kind, channel, actor=actor, now=rt.now(), channel=channel)
