"""One change to everybody whom a filter holds: counted, asked once, done in one transaction."""

from dataclasses import dataclass
from datetime import date

import msgspec

from chaupal import record
from chaupal.directory import bulk_queries as queries
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, Scope, scope_of
from chaupal.organisations.scope import INDIA
from chaupal.people.models import Basis, ContactChannel, Purpose
from chaupal.people.pages import PersonFilter, for_a_while, passing, tops
from chaupal.record import Actor

# More than a district's people: what is meant for more of them is an import.
PEOPLE_AT_ONCE = 200_000
PROOF_LENGTH = 300
LANGUAGES = ("hi", "en")
JOINED_BY = frozenset({Basis.PAPER, Basis.MEMBERSHIP_FORM})


@dataclass(frozen=True, slots=True)
class Move:
    """Everybody belongs to another unit from now on."""

    unit_code: str


@dataclass(frozen=True, slots=True)
class Speak:
    """Everybody is written to in this language from now on."""

    language: str


@dataclass(frozen=True, slots=True)
class Join:
    """Everybody has joined a category, by their own choice, which `basis` shows."""

    category: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Leave:
    """Everybody has left a category."""

    category: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Everybody who agreed to this no longer does; `proof` says how we know."""

    purpose: Purpose
    channel: ContactChannel
    proof: str


Deed = Move | Speak | Join | Leave | Withdraw
KINDS: dict[type[Deed], str] = {
    Move: "people.moved",
    Speak: "people.language_set",
    Join: "people.joined",
    Leave: "people.left",
    Withdraw: "people.consent_withdrawn",
}


def right_for(deed: type[Deed]) -> Right:
    """Return what is needed for a deed: withdrawing consent must be easy, the rest is data."""
    return Right.REGISTER if deed is Withdraw else Right.IMPORT


async def preview(
    rt: Runtime, conn: db.Conn, filter: PersonFilter, deed: type[Deed], *, scope: Scope
) -> int:
    """Return for how many people a deed would be done. Refused: nobody, and too many."""
    under = await _under(conn, filter, deed, scope=scope)
    count = await passing(conn, under, filter=filter, today=_today(rt), counted_to=PEOPLE_AT_ONCE)
    return _checked(count, most=PEOPLE_AT_ONCE)


async def do(
    rt: Runtime,
    filter: PersonFilter,
    deed: Deed,
    *,
    seen: int,
    key: str,
    actor: Actor,
    most: int = PEOPLE_AT_ONCE,
) -> int:
    """Do one thing to everybody whom `filter` holds; return how many they were.

    Refused where there are others than the `seen` who were previewed: they have to be seen.
    """
    _check(deed)
    request = msgspec.json.encode((type(deed).__name__, deed, filter, seen))
    async with db.transaction(rt.pool, actor.organisation) as conn:
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return int(earlier)
        scope = await scope_of(rt, conn, actor)
        chosen = await _choose(rt, conn, filter, type(deed), scope=scope, most=most)
        if chosen != seen:
            raise Refused("people.count_changed", count=chosen, seen=seen)
        changed = await _apply(rt, conn, deed, scope)
        await record.answer(conn, key, request, str(chosen), actor=actor, now=rt.now())
        await record.append(
            conn,
            KINDS[type(deed)],
            actor.organisation,
            actor=actor,
            now=rt.now(),
            people=chosen,
            changed=changed,
            **_facts(deed),
        )
        return chosen


def _check(deed: Deed) -> None:
    match deed:
        case Speak() if deed.language not in LANGUAGES:
            raise Invalid("request.malformed", where="language")
        case Join() if deed.basis not in JOINED_BY:
            raise Invalid("consent.basis_not_yours", basis=deed.basis.value)
        case Withdraw() if not deed.proof.strip() or len(deed.proof) > PROOF_LENGTH:
            raise Invalid("consent.proof_missing", limit=PROOF_LENGTH)
        case _:
            pass


async def _choose(
    rt: Runtime,
    conn: db.Conn,
    filter: PersonFilter,
    deed: type[Deed],
    *,
    scope: Scope,
    most: int,
) -> int:
    """Write down who is meant, of those for whom somebody may do this."""
    under = await _under(conn, filter, deed, scope=scope)
    await queries.prepare(conn)
    async with for_a_while(conn, filter):
        chosen = await queries.choose(conn, under, filter=filter, limit=most + 1, today=_today(rt))
    return _checked(chosen, most=most)


async def _under(
    conn: db.Conn, filter: PersonFilter, deed: type[Deed], *, scope: Scope
) -> list[str]:
    """Return under which paths somebody may do this to those whom the filter holds."""
    right = right_for(deed)
    scope.need(right)
    return await tops(conn, scope, filter.unit, right)


def _checked(count: int, *, most: int) -> int:
    if count > most:
        raise Refused("people.too_many_at_once", limit=most)
    if count == 0:
        raise Refused("people.nobody_chosen")
    return count


def _today(rt: Runtime) -> date:
    return rt.now().astimezone(INDIA).date()


async def _apply(rt: Runtime, conn: db.Conn, deed: Deed, scope: Scope) -> int:
    """Change all of those chosen in one statement; return how many it changed."""
    today = _today(rt)
    match deed:
        case Move(unit_code=code):
            unit = await queries.target(conn, code)
            if unit is None or not scope.covers(unit.path):
                raise NotFound("unit.not_found")
            if not scope.covers(unit.path, Right.IMPORT):
                raise NotAllowed("access.not_allowed", right=Right.IMPORT.value)
            return await queries.move(conn, unit.id)
        case Speak(language=language):
            return await queries.speak(conn, language)
        case Join(category=category, basis=basis):
            return await queries.join(conn, category, basis=basis.value, today=today)
        case Leave(category=category):
            return await queries.leave(conn, category, today=today)
        case Withdraw(purpose=purpose, channel=channel, proof=proof):
            return await queries.withdraw(
                conn, purpose=purpose.value, channel=channel.value, proof=proof, now=rt.now()
            )


def _facts(deed: Deed) -> dict[str, str]:
    """Return what the record keeps of a deed: keys and codes, nobody's name."""
    match deed:
        case Move(unit_code=code):
            return {"unit": code}
        case Speak(language=language):
            return {"language": language}
        case Join(category=category) | Leave(category=category):
            return {"category": category}
        case Withdraw(purpose=purpose, channel=channel):
            return {"purpose": purpose.value, "channel": channel.value}
