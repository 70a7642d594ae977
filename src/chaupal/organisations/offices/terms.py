"""Giving an office to somebody, and from one holder to the next. Each function is one transaction.

What an office may see goes along by itself, since scopes are read from the posts of the day.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import TypeAlias
from uuid import UUID

from chaupal import record
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import NotAllowed, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Scope
from chaupal.organisations.models import AccountId, Role
from chaupal.organisations.offices import queries
from chaupal.organisations.offices.actions import managed, today
from chaupal.organisations.offices.doubts import doubt
from chaupal.organisations.offices.models import (
    DAY,
    Holder,
    NewTerm,
    Office,
    OfficeId,
    Term,
    TermId,
    check_free,
)
from chaupal.organisations.scope import INDIA
from chaupal.record import Actor

# Finds who is to hold an office within what the actor may see, or refuses. Persons are above
# this layer, so `people` makes one for a person; `account_holder` makes one for staff.
Who: TypeAlias = Callable[[db.Conn, Scope], Awaitable[Holder]]


async def appoint(
    rt: Runtime, id: OfficeId, who: Who, new: NewTerm, *, key: str, actor: Actor
) -> TermId:
    """Give a vacant office to somebody. Their scope follows on the first day of the term."""
    new.check(today=today(rt))
    async with db.transaction(rt.pool, actor.organisation) as conn:
        office, scope = await managed(rt, conn, id, actor)
        holder = await who(conn, scope)
        request = b"\0".join((b"appoint", id.bytes, *_bytes(holder), *_bytes(new)))
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return TermId(UUID(earlier))
        check_free(await queries.terms(conn, id), new)
        term = await _begin(rt, conn, office, holder, new, follows=None, actor=actor)
        await record.answer(conn, key, request, str(term), actor=actor, now=rt.now())
        await record.append(
            conn,
            "post.appointed",
            id,
            actor=actor,
            now=rt.now(),
            term=str(term),
            since=str(new.since),
        )
    await doubt(rt, actor.organisation)
    return term


async def hand_over(
    rt: Runtime, id: OfficeId, who: Who, new: NewTerm, *, key: str, actor: Actor
) -> TermId:
    """Give an office from its holder to the next on the day `new` begins, in one step.

    The old term's last day is the day before. The office's open tasks go along with relay's
    sweep, within seconds of the day.
    """
    new.check(today=today(rt))
    async with db.transaction(rt.pool, actor.organisation) as conn:
        office, scope = await managed(rt, conn, id, actor)
        holder = await who(conn, scope)
        request = b"\0".join((b"hand over", id.bytes, *_bytes(holder), *_bytes(new)))
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return TermId(UUID(earlier))
        terms = await queries.terms(conn, id)
        outgoing = _outgoing(terms, new.since)
        if (outgoing.person_id, outgoing.account_id) == (holder.person_id, holder.account_id):
            raise Refused("term.same_holder")
        check_free(terms, new, besides=outgoing.id)
        await queries.end_term(conn, outgoing.id, until=new.since - DAY, now=rt.now())
        term = await _begin(rt, conn, office, holder, new, follows=outgoing.id, actor=actor)
        await _keep_an_administrator(rt, conn, office, new.since)
        await record.answer(conn, key, request, str(term), actor=actor, now=rt.now())
        await record.append(
            conn,
            "post.handed_over",
            id,
            actor=actor,
            now=rt.now(),
            term=str(term),
            after=str(outgoing.id),
            since=str(new.since),
        )
    await doubt(rt, actor.organisation)
    return term


def _outgoing(terms: list[Term], day: date) -> Term:
    """Return whose term is to end the day before `day`."""
    for term in terms:
        if term.holds_on(day - DAY):
            return term
    if any(term.since == day and not term.taken_back for term in terms):
        raise Refused("term.begins_that_day", day=day)
    raise Refused("office.vacant")


async def end_term(
    rt: Runtime, id: OfficeId, term: TermId, vacant_from: date, *, key: str, actor: Actor
) -> None:
    """Leave an office vacant from a day on; from today on, its rights are gone at once."""
    NewTerm(vacant_from).check(today=today(rt))
    request = b"\0".join((b"end", term.bytes, str(vacant_from).encode()))
    async with db.transaction(rt.pool, actor.organisation) as conn:
        office, _ = await managed(rt, conn, id, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        ending = _term(await queries.terms(conn, id), term)
        if ending.since >= vacant_from:
            raise Refused("term.begins_that_day", day=ending.since)
        if ending.until is not None and ending.until < vacant_from:
            raise Refused("term.is_over", day=ending.until)
        await queries.end_term(conn, term, until=vacant_from - DAY, now=rt.now())
        await _keep_an_administrator(rt, conn, office, vacant_from)
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(
            conn,
            "post.ended",
            id,
            actor=actor,
            now=rt.now(),
            term=str(term),
            vacant_from=str(vacant_from),
        )
    await doubt(rt, actor.organisation)


async def extend(
    rt: Runtime, id: OfficeId, term: TermId, until: date | None, *, key: str, actor: Actor
) -> None:
    """Let a term that is not over last longer, or until further notice."""
    request = b"\0".join((b"extend", term.bytes, str(until).encode()))
    async with db.transaction(rt.pool, actor.organisation) as conn:
        office, _ = await managed(rt, conn, id, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        terms = await queries.terms(conn, id)
        known = _term(terms, term)
        NewTerm(max(known.since, today(rt)), until).check(today=today(rt))
        if known.until is None or (until is not None and until <= known.until):
            raise Refused("term.not_longer")
        if known.until < today(rt):
            raise Refused("term.is_over", day=known.until)
        longer = NewTerm(known.since, until)
        check_free(terms, longer, besides=term)
        _check_standing(office, longer)
        holder = Holder(known.person_id, known.account_id)
        await _not_beyond_own(rt, conn, office, holder, longer, actor=actor)
        await queries.extend_term(conn, term, until=until)
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(
            conn, "post.extended", id, actor=actor, now=rt.now(), term=str(term), until=str(until)
        )


async def take_back(rt: Runtime, id: OfficeId, term: TermId, *, key: str, actor: Actor) -> None:
    """Undo an appointment or a hand-over on the day it was made.

    The term never had a day; whoever held the office before holds it again, as was planned.
    """
    request = b"take back" + term.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        office, _ = await managed(rt, conn, id, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        terms = [known for known in await queries.terms(conn, id) if not known.taken_back]
        made = _term(terms, term)
        if not can_take_back(made, terms, today=today(rt)):
            raise Refused("term.too_late_to_take_back")
        await queries.end_term(conn, term, until=made.since - DAY, now=rt.now())
        if made.follows_id is not None:
            await queries.restore_term(conn, made.follows_id)
        await _keep_an_administrator(rt, conn, office, today(rt))
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(conn, "post.taken_back", id, actor=actor, now=rt.now(), term=str(term))
    await doubt(rt, actor.organisation)


def can_take_back(term: Term, terms: list[Term], *, today: date) -> bool:
    """Say whether a term was written down today and is still the last one of its office."""
    made_today = (
        term.appointed_at is not None and term.appointed_at.astimezone(INDIA).date() == today
    )
    standing = [known for known in terms if not known.taken_back]
    return made_today and bool(standing) and standing[0].id == term.id


def account_holder(rt: Runtime, id: AccountId) -> Who:
    """Return what finds an account as a holder: its person, where it is a member's."""

    async def find(conn: db.Conn, scope: Scope) -> Holder:
        own = await queries.person_within(conn, id, scope=scope, today=today(rt))
        if own is None:
            raise NotFound("account.not_found")
        return Holder(own.person_id, None if own.person_id else id)

    return find


async def _begin(
    rt: Runtime,
    conn: db.Conn,
    office: Office,
    holder: Holder,
    new: NewTerm,
    *,
    follows: TermId | None,
    actor: Actor,
) -> TermId:
    _check_standing(office, new)
    await _not_beyond_own(rt, conn, office, holder, new, actor=actor)
    id = TermId(new_id())
    await queries.begin_term(
        conn,
        id,
        office.id,
        person_id=holder.person_id,
        account_id=holder.account_id,
        since=new.since,
        until=new.until,
        follows_id=follows,
        now=rt.now(),
    )
    return id


def _check_standing(office: Office, new: NewTerm) -> None:
    """Refuse a term outside the days in which the office is there."""
    if new.since < office.since:
        raise Refused("term.before_the_office", since=office.since)
    if office.abolished_on is not None:
        raise Refused("office.abolished", day=office.abolished_on)


async def _not_beyond_own(
    rt: Runtime, conn: db.Conn, office: Office, holder: Holder, new: NewTerm, *, actor: Actor
) -> None:
    """Refuse what would let the actor themselves hold rights longer than they do."""
    own = await queries.person_of(conn, AccountId(actor.id))
    is_self = holder.account_id == actor.id or (
        own is not None and own.person_id is not None and own.person_id == holder.person_id
    )
    if not is_self:
        return
    reach = await queries.reach(conn, AccountId(actor.id), office.unit_path, today=today(rt))
    if reach.for_good or (
        reach.until is not None and new.until is not None and new.until <= reach.until
    ):
        return
    raise NotAllowed("term.longer_than_own")


async def _keep_an_administrator(rt: Runtime, conn: db.Conn, office: Office, day: date) -> None:
    """Refuse what leaves nobody who can sign in and administer the whole organisation.

    Looked at today and on the day from which the change holds.
    """
    if not office.at_the_root or office.role is not Role.ADMINISTRATOR:
        return
    for looked_at in {today(rt), max(today(rt), day)}:
        if not (await queries.administrators(conn, day=looked_at)).signing_in:
            raise Refused("office.last_administrator")


def _term(terms: list[Term], id: TermId) -> Term:
    for term in terms:
        if term.id == id:
            return term
    raise NotFound("term.not_found")


def _bytes(what: Holder | NewTerm) -> list[bytes]:
    """Write what was asked for, so that a key used again for something else is noticed."""
    match what:
        case Holder():
            return [str(what.person_id).encode(), str(what.account_id).encode()]
        case NewTerm():
            return [str(what.since).encode(), str(what.until).encode()]
