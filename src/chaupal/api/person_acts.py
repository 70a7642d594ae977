"""What may be done about one person: their yes and no, quiet, one address whole, erasure."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from chaupal.api.callers import Called, Key, once
from chaupal.people import consent, suppression, unmasking
from chaupal.people.consent import Saying
from chaupal.people.models import Act, Basis, ContactChannel, Need, PersonId, Purpose
from chaupal.principals import erasure, kept


class ConsentLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A purpose on a channel."""

    purpose: Purpose
    channel: ContactChannel


class SayingShape(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person said, on paper or to the office. A yes names the notice that they had."""

    act: Act
    lines: list[ConsentLine]
    basis: Basis
    proof: str
    notice: str = ""


class Unmasking(Struct, frozen=True, forbid_unknown_fields=True):
    """Which address is to be seen whole, and what for."""

    contact: int
    need: Need


class Unmasked(Struct, frozen=True):
    """An address, whole, on this answer alone."""

    channel: ContactChannel
    address: str


class OwnLink(Struct, frozen=True):
    """The address of a person's own page: for them, and for nobody else."""

    url: str


class Erasure(Struct, frozen=True, forbid_unknown_fields=True):
    """The second question: the reference of the person who is to be erased, written by hand."""

    reference: str


@post("/people/{id:uuid}/consent", status_code=204)
async def say(caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[SayingShape]) -> None:
    """Write down what a person said. A no needs no more than seeing them; a yes needs a proof."""
    person = PersonId(id)
    async with caller.transaction() as conn:
        found = await kept.shown(caller.rt, conn, person, scope=caller.scope)
    saying = Saying(
        act=data.act,
        lines=[(line.purpose, line.channel) for line in data.lines],
        language=found.person.language,
        basis=data.basis,
        proof=" ".join(data.proof.split()),
        notice_version=data.notice,
    )
    request = b"consent" + person.bytes + msgspec.json.encode(data)
    await once(
        caller, key, request, lambda: consent.note(caller.rt, person, saying, actor=caller.actor)
    )


@post("/people/{id:uuid}/suppress", status_code=204)
async def suppress(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Let nobody write to a person."""
    person = PersonId(id)
    await once(
        caller,
        key,
        b"suppress" + person.bytes,
        lambda: suppression.suppress(caller.rt, person, actor=caller.actor),
    )


@post("/people/{id:uuid}/lift", status_code=204)
async def lift(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Let a person be written to again whom the office had suppressed."""
    person = PersonId(id)
    await once(
        caller,
        key,
        b"lift" + person.bytes,
        lambda: suppression.lift(caller.rt, person, actor=caller.actor),
    )


@post("/people/{id:uuid}/unmask", status_code=200)
async def unmask(
    caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[Unmasking]
) -> Unmasked:
    """Show one address whole. Every showing stands in the record, one that is repeated as well."""
    del key  # an answer with an address in it is kept nowhere, so it cannot be given again
    shown = await unmasking.unmask(
        caller.rt, PersonId(id), data.contact, data.need, actor=caller.actor
    )
    return Unmasked(shown.channel, shown.address)


@post("/people/{id:uuid}/link", status_code=200)
async def link(caller: Called, id: FromPath[UUID], key: Key) -> OwnLink:
    """Show the link to a person's own page. Every showing stands in the record."""
    del key  # as with an address
    return OwnLink(await unmasking.show_link(caller.rt, PersonId(id), actor=caller.actor))


@post("/people/{id:uuid}/erase", status_code=204)
async def erase(caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[Erasure]) -> None:
    """Erase a person for good. There is no way back."""
    await erasure.erase(caller.rt, PersonId(id), typed=data.reference, key=key, actor=caller.actor)


ROUTES: tuple[Any, ...] = (say, suppress, lift, unmask, link, erase)
