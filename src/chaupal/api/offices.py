"""Offices: who holds them, what is vacant, and giving them to somebody."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chaupal.api.callers import After, Called, Caller, Key, Limit, Listing, UnitCode, unit_coded
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import AccountId, Role, UnitId
from chaupal.organisations.offices import (
    NewTerm,
    OfficeId,
    Term,
    TermId,
    Titles,
    actions,
    pages,
    queries,
    terms,
)
from chaupal.organisations.offices.models import check_reach
from chaupal.organisations.offices.pages import OfficeLine
from chaupal.organisations.offices.terms import Who, account_holder
from chaupal.people import holding
from chaupal.people.holding import person_holder
from chaupal.people.models import PersonId
from chaupal.relay import handing

ENDING_WITHIN = timedelta(days=30)
EVERYWHERE = "/"


class HolderShape(Struct, frozen=True):
    """Who holds an office: a person or a staff account. Outside the caller's part: no name."""

    person_id: UUID | None
    account_id: UUID | None
    name: str | None


class OfficeShape(Struct, frozen=True):
    """A seat at a unit. `holder` is null while it is vacant, since `vacant_since`."""

    id: UUID
    unit_id: UUID
    role: Role
    title_hi: str
    title_en: str
    holder: HolderShape | None
    held_since: date | None
    held_until: date | None
    vacant_since: date | None
    next_since: date | None


class TermShape(Struct, frozen=True):
    """Somebody's time in an office; `until` is its last day. Taken back: it never had a day."""

    id: UUID
    holder: HolderShape
    since: date
    until: date | None
    taken_back: bool


class OfficeWhole(Struct, frozen=True):
    """An office with all its terms, the newest first."""

    id: UUID
    unit_id: UUID
    role: Role
    title_hi: str
    title_en: str
    since: date
    abolished_on: date | None
    terms: list[TermShape]


class NewOffice(Struct, frozen=True, forbid_unknown_fields=True):
    """An office to be added at a unit."""

    unit_id: UUID
    role: Role
    title_hi: str
    title_en: str
    since: date


class TitlesShape(Struct, frozen=True, forbid_unknown_fields=True):
    """What an office is called."""

    title_hi: str
    title_en: str


class Giving(Struct, frozen=True, forbid_unknown_fields=True):
    """To whom an office is given: one of person and account. `until` is the term's last day."""

    since: date
    person_id: UUID | None = None
    account_id: UUID | None = None
    until: date | None = None


class TermEnd(Struct, frozen=True, forbid_unknown_fields=True):
    """From which day on the office is vacant."""

    vacant_from: date


class TermLonger(Struct, frozen=True, forbid_unknown_fields=True):
    """The last day of a term; none: until further notice."""

    until: date | None


class Given(Struct, frozen=True):
    """The term or the office that was made."""

    id: UUID


class Along(Struct, frozen=True):
    """What goes along to the next holder by itself."""

    open_tasks: int


@get("/offices")
async def listing(
    caller: Called,
    *,
    unit: UnitCode = None,
    level: Annotated[str | None, QueryParameter(max_length=60)] = None,
    show: FromQuery[Literal["all", "vacant", "ending"]] = "all",
    after: After = None,
    limit: Limit = 50,
) -> Listing[OfficeShape]:
    """List the offices of a unit and everything below it: all, vacant ones, or ending soon."""
    behind = caller.after("offices", after, tuple[str, str, UUID])
    async with caller.transaction() as conn:
        top = await unit_coded(conn, caller, unit)
        ranks = {row.key: row.rank for row in await organisations.levels(conn)}
        if level and level not in ranks:
            raise Invalid("audience.unknown_level", level=level)
        found = await pages.office_page(
            conn,
            scope=caller.scope,
            below=top.path if top else EVERYWHERE,
            rank=ranks[level] if level else None,
            vacant=show == "vacant",
            ending_by=caller.today + ENDING_WITHIN if show == "ending" else None,
            today=caller.today,
            after=pages.After(*behind) if behind else None,
            limit=limit + 1,
        )
        shown = found[:limit]
        names = await _names(conn, caller, [(row.person_id, row.account_id) for row in shown])
    last = shown[-1] if len(found) > limit else None
    return Listing(
        [_line(row, names) for row in shown],
        caller.cursor("offices", last.unit_path, last.title_hi, last.id) if last else None,
    )


def _line(row: OfficeLine, names: dict[UUID, str]) -> OfficeShape:
    held = row.term_id is not None
    return OfficeShape(
        id=row.id,
        unit_id=row.unit_id,
        role=row.role,
        title_hi=row.title_hi,
        title_en=row.title_en,
        holder=_holder(row.person_id, row.account_id, names) if held else None,
        held_since=row.held_since,
        held_until=row.held_until,
        vacant_since=None if held else row.vacant_since,
        next_since=row.next_since,
    )


def _holder(person: UUID | None, account: UUID | None, names: dict[UUID, str]) -> HolderShape:
    return HolderShape(person, account, names.get(person or account or UUID(int=0)))


async def _names(
    conn: db.Conn, caller: Caller, holders: list[tuple[UUID | None, AccountId | None]]
) -> dict[UUID, str]:
    """Return how the holders of offices are called, as far as the caller may know."""
    people = [PersonId(person) for person, _ in holders if person]
    staff = [account for _, account in holders if account]
    return {
        **{row.id: row.name for row in await holding.named(conn, people, scope=caller.scope)},
        **{row.id: row.name for row in await pages.account_names(conn, staff)},
    }


@get("/offices/{id:uuid}")
async def office(caller: Called, id: FromPath[UUID]) -> OfficeWhole:
    """Show an office and who held it when."""
    async with caller.transaction() as conn:
        here = await queries.office(conn, OfficeId(id), scope=caller.scope)
        if here is None:
            raise NotFound("office.not_found")
        history = await queries.terms(conn, here.id)
        names = await _names(conn, caller, [(term.person_id, term.account_id) for term in history])
    return OfficeWhole(
        id=here.id,
        unit_id=here.unit_id,
        role=here.role,
        title_hi=here.title_hi,
        title_en=here.title_en,
        since=here.since,
        abolished_on=here.abolished_on,
        terms=[_term(term, names) for term in history],
    )


def _term(term: Term, names: dict[UUID, str]) -> TermShape:
    return TermShape(
        id=term.id,
        holder=_holder(term.person_id, term.account_id, names),
        since=term.since,
        until=term.until,
        taken_back=term.taken_back,
    )


@post("/offices", status_code=201)
async def create(caller: Called, key: Key, data: JSONBody[NewOffice]) -> Given:
    """Add an office at a unit. Nobody makes one with more rights than they hold there."""
    titles = Titles(data.title_hi, data.title_en)
    made = await actions.create(
        caller.rt,
        UnitId(data.unit_id),
        data.role,
        titles,
        since=data.since,
        key=key,
        actor=caller.actor,
    )
    return Given(made)


@post("/offices/{id:uuid}/appoint", status_code=201)
async def appoint(caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[Giving]) -> Given:
    """Give a vacant office to somebody."""
    new = NewTerm(data.since, data.until)
    return Given(
        await terms.appoint(
            caller.rt, OfficeId(id), _who(caller, data), new, key=key, actor=caller.actor
        )
    )


@post("/offices/{id:uuid}/hand-over", status_code=201)
async def hand_over(caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[Giving]) -> Given:
    """Give an office from its holder to the next; open tasks go along."""
    new = NewTerm(data.since, data.until)
    return Given(
        await terms.hand_over(
            caller.rt, OfficeId(id), _who(caller, data), new, key=key, actor=caller.actor
        )
    )


@get("/offices/{id:uuid}/hand-over/preview")
async def look(caller: Called, id: FromPath[UUID]) -> Along:
    """Say what a hand-over would take along. Nothing changes."""
    async with caller.transaction() as conn:
        here = await queries.office(conn, OfficeId(id), scope=caller.scope)
        if here is None:
            raise NotFound("office.not_found")
        check_reach(caller.scope, here.unit_path, here.role)
        tasks = await handing.open_tasks_of(conn, here.id, now=caller.rt.now())
    return Along(tasks.tasks)


def _who(caller: Caller, given: Giving) -> Who:
    if (given.person_id is None) == (given.account_id is None):
        raise Invalid("request.malformed", where="person_id")
    if given.person_id is not None:
        return person_holder(PersonId(given.person_id))
    assert given.account_id is not None, "one of the two was given"
    return account_holder(caller.rt, AccountId(given.account_id))


@post("/offices/{id:uuid}/terms/{term:uuid}/end", status_code=204)
async def end(
    caller: Called, id: FromPath[UUID], term: FromPath[UUID], key: Key, data: JSONBody[TermEnd]
) -> None:
    """Leave an office vacant from a day on."""
    await terms.end_term(
        caller.rt, OfficeId(id), TermId(term), data.vacant_from, key=key, actor=caller.actor
    )


@post("/offices/{id:uuid}/terms/{term:uuid}/extend", status_code=204)
async def extend(
    caller: Called, id: FromPath[UUID], term: FromPath[UUID], key: Key, data: JSONBody[TermLonger]
) -> None:
    """Let a term that is not over last longer."""
    await terms.extend(
        caller.rt, OfficeId(id), TermId(term), data.until, key=key, actor=caller.actor
    )


@post("/offices/{id:uuid}/terms/{term:uuid}/take-back", status_code=204)
async def take_back(caller: Called, id: FromPath[UUID], term: FromPath[UUID], key: Key) -> None:
    """Undo an appointment or a hand-over on the day it was made."""
    await terms.take_back(caller.rt, OfficeId(id), TermId(term), key=key, actor=caller.actor)


@post("/offices/{id:uuid}/title", status_code=204)
async def retitle(
    caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[TitlesShape]
) -> None:
    """Call an office something else from today on."""
    titles = Titles(data.title_hi, data.title_en)
    await actions.retitle(caller.rt, OfficeId(id), titles, key=key, actor=caller.actor)


@post("/offices/{id:uuid}/abolish", status_code=204)
async def abolish(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """End an office that nobody holds, today or later."""
    await actions.abolish(caller.rt, OfficeId(id), key=key, actor=caller.actor)


@post("/offices/{id:uuid}/reinstate", status_code=204)
async def reinstate(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Let an abolished office be there again."""
    await actions.reinstate(caller.rt, OfficeId(id), key=key, actor=caller.actor)


ROUTES: tuple[Any, ...] = (
    listing,
    office,
    create,
    appoint,
    hand_over,
    look,
    end,
    extend,
    take_back,
    retitle,
    abolish,
    reinstate,
)
