"""Saying yes and no: on somebody's behalf at the desk, or by themselves on their own page."""

from collections.abc import Sequence
from dataclasses import dataclass

from chaupal import record
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Invalid, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.people import actions, ledger, queries
from chaupal.people.models import (
    Act,
    Basis,
    Channelled,
    ConsentAct,
    ContactChannel,
    MaskedContact,
    PersonId,
    Purpose,
    Quiet,
)
from chaupal.record import Actor

OWN_PAGE = "own page"
PROOF_LENGTH = 300
AT_THE_DESK = frozenset({Basis.PAPER, Basis.MEMBERSHIP_FORM, Basis.DESK})


@dataclass(frozen=True, slots=True)
class Saying:
    """A yes or a no to some purposes on some channels, with what proves it."""

    act: Act
    lines: Channelled
    language: str
    basis: Basis
    proof: str
    notice_version: str = ""


def themselves(organisation: OrganisationId, person: PersonId) -> Actor:
    """Return a person as who acts, on their own page."""
    return Actor(organisation, person, OWN_PAGE)


async def note(rt: Runtime, person: PersonId, saying: Saying, *, actor: Actor) -> int:
    """Write down at the desk what somebody said; return how many acts that came to.

    Everybody who may see a person may write down their no: withdrawing is as easy as giving
    (DPDP Act 2023, s.6(4)). A yes needs the right to register, a published notice and a proof.
    """
    if saying.basis not in AT_THE_DESK:
        raise Invalid("consent.basis_not_yours", basis=saying.basis.value)
    if not saying.proof.strip() or len(saying.proof) > PROOF_LENGTH:
        raise Invalid("consent.proof_missing", limit=PROOF_LENGTH)
    right = Right.REGISTER if saying.act is Act.GIVEN else Right.VIEW
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        await actions.located(conn, person, scope=scope, right=right)
        return await write(rt, conn, person, saying, actor=actor)


async def choose(
    rt: Runtime,
    organisation: OrganisationId,
    person: PersonId,
    act: Act,
    lines: Channelled,
    *,
    language: str,
) -> int:
    """Write down what a person says on their own page, whose link they have shown us.

    A yes names the notice that stands there today.
    """
    async with db.transaction(rt.pool, organisation) as conn:
        version = ""
        if act is Act.GIVEN:
            newest = await ledger.newest_notice(conn, language)
            if newest is None:
                raise Refused("notice.none_yet")
            version = newest.version
        saying = Saying(act, lines, language, Basis.OWN_PAGE, "own page", version)
        return await write(rt, conn, person, saying, actor=themselves(organisation, person))


async def stop_everything(
    rt: Runtime, organisation: OrganisationId, person: PersonId, *, erase: bool = False
) -> None:
    """Withdraw all that a person agreed to, and let nobody write to them, in one step.

    With `erase` they ask to be erased as well: somebody at the desk has to see to it.
    """
    async with db.transaction(rt.pool, organisation) as conn:
        here = await queries.whereabouts(conn, person)
        if here is None or not await queries.take_turn(conn, person):
            raise NotFound("person.not_found")
        await withdraw_all(
            rt, conn, person, language=here.language, basis=Basis.OWN_PAGE, proof="own page"
        )
        reason = Quiet.ERASURE_ASKED if erase else Quiet.ASKED
        await ledger.suppress_person(conn, person, reason.value, now=rt.now())
        await record.append(
            conn,
            "person.erasure_asked" if erase else "person.stopped",
            person,
            actor=themselves(organisation, person),
            now=rt.now(),
        )


async def stay(rt: Runtime, organisation: OrganisationId, person: PersonId) -> None:
    """Take back a person's own word that they want to be erased; what they stopped stays so."""
    async with db.transaction(rt.pool, organisation) as conn:
        if not await queries.take_turn(conn, person):
            raise NotFound("person.not_found")
        if await ledger.lift_person(conn, person, [Quiet.ERASURE_ASKED.value]):
            await ledger.suppress_person(conn, person, Quiet.ASKED.value, now=rt.now())
            await record.append(
                conn,
                "person.stays",
                person,
                actor=themselves(organisation, person),
                now=rt.now(),
            )


async def withdraw_all(
    rt: Runtime, conn: db.Conn, person: PersonId, *, language: str, basis: Basis, proof: str
) -> int:
    """Withdraw every purpose on every channel of a person; the caller holds them and records."""
    contacts = await queries.contacts(conn, [person])
    held = await ledger.held(conn, person)
    channels = sorted({c.channel for c in contacts} | {act.channel for act in held})
    return await ledger.add(
        conn,
        person,
        lines=[(purpose, channel) for purpose in Purpose for channel in channels],
        act=Act.WITHDRAWN.value,
        notice_version="",
        language=language,
        basis=basis.value,
        proof=proof,
        now=rt.now(),
    )


async def write(
    rt: Runtime, conn: db.Conn, person: PersonId, saying: Saying, *, actor: Actor
) -> int:
    """Add a yes or a no to the ledger, in the caller's transaction; return how many acts.

    What holds already adds nothing. A yes lifts the person's own earlier stop on its channels.
    """
    if not saying.lines:
        raise Invalid("consent.nothing_chosen")
    if not await queries.take_turn(conn, person):
        raise NotFound("person.not_found")
    if saying.act is Act.GIVEN:
        await _check_notice(conn, saying)
        own_word = [Quiet.ASKED.value]
        await ledger.lift_person(conn, person, own_word)
        await ledger.lift_addresses(
            conn,
            person,
            channels=sorted({channel.value for _, channel in saying.lines}),
            reasons=own_word,
        )
    added = await ledger.add(
        conn,
        person,
        lines=saying.lines,
        act=saying.act.value,
        notice_version=saying.notice_version,
        language=saying.language,
        basis=saying.basis.value,
        proof=saying.proof,
        now=rt.now(),
    )
    if added:
        purposes = sorted({purpose.value for purpose, _ in saying.lines})
        channels = sorted({channel.value for _, channel in saying.lines})
        await record.append(
            conn,
            f"consent.{saying.act.value}",
            person,
            actor=actor,
            now=rt.now(),
            purpose=",".join(purposes),
            channel=",".join(channels),
            basis=saying.basis.value,
        )
    return added


async def _check_notice(conn: db.Conn, saying: Saying) -> None:
    if await ledger.notice(conn, saying.notice_version, saying.language) is None:
        raise Invalid("notice.unknown", version=saying.notice_version)


def grid(
    contacts: Sequence[MaskedContact], held: Sequence[ConsentAct]
) -> list[tuple[Purpose, ContactChannel, ConsentAct | None]]:
    """Return every purpose on every channel of a person, with the act that holds there."""
    newest = {(act.purpose, act.channel): act for act in held}
    channels = sorted({c.channel for c in contacts} | {act.channel for act in held})
    return [
        (purpose, channel, newest.get((purpose, channel)))
        for purpose in Purpose
        for channel in channels
    ]
