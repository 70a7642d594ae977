"""Offices: which there are, who holds them, who held them, and what is vacant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.organisations import Right
from chaupal.organisations import pages as unit_pages
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import AccountId, Role, Unit
from chaupal.organisations.offices import OfficeId, Term, TermId, Titles, actions, pages, terms
from chaupal.organisations.offices import queries as offices
from chaupal.organisations.offices.actions import today
from chaupal.organisations.offices.pages import After, OfficeLine
from chaupal.people import holding
from chaupal.people.models import PersonId
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.pages import paging
from chaupal.web.shapes import named
from chaupal.web.visits import Asked, Desk

OFFICES_SHOWN = 50
ENDING_WITHIN = timedelta(days=30)
SHOWN = ("all", "vacant", "ending")
EVERYWHERE = "/"


@dataclass(frozen=True, slots=True)
class Names:
    """How the holders of some offices are called, as far as the reader may know."""

    people: dict[UUID, str]
    accounts: dict[UUID, str]

    def of(self, person: UUID | None, account: UUID | None) -> str | None:
        """Return a holder's name; None if they belong outside the reader's part of the tree."""
        if person is not None:
            return self.people.get(person)
        return self.accounts.get(account) if account is not None else None


async def names_of(
    conn: db.Conn, holders: Sequence[tuple[UUID | None, UUID | None]], desk: Desk
) -> Names:
    """Find the names of holders: persons within the reader's scope, and staff accounts."""
    people = [PersonId(person) for person, _ in holders if person is not None]
    staff = [AccountId(account) for _, account in holders if account is not None]
    return Names(
        {row.id: row.name for row in await holding.named(conn, people, scope=desk.scope)},
        {row.id: row.name for row in await pages.account_names(conn, staff)},
    )


@get("/offices")
async def directory(request: Asked) -> Response[Any]:
    """GET /offices: the offices of a unit and everything below it, vacancies marked."""
    desk = await visits.desk_of(request)
    rt = visits.runtime(request)
    asked = {
        name: request.query_params.get(name, "").strip()[:60] for name in ("unit", "show", "level")
    }
    shown = asked["show"] or "all"
    if shown not in SHOWN:
        raise Invalid("request.malformed", where="show")
    day = today(rt)
    after = _after(request.query_params.get("after"))
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        unit = await unit_asked(conn, asked["unit"], desk)
        levels = await organisations.levels(conn)
        rank = next((level.rank for level in levels if level.key == asked["level"]), None)
        below = unit.path if unit else EVERYWHERE
        soon = day + ENDING_WITHIN
        found = await pages.office_page(
            conn,
            scope=desk.scope,
            below=below,
            rank=rank,
            vacant=shown == "vacant",
            ending_by=soon if shown == "ending" else None,
            today=day,
            after=after,
            limit=OFFICES_SHOWN + 1,
        )
        counts = await pages.office_counts(
            conn, scope=desk.scope, below=below, ending_by=soon, today=day
        )
        lines = found[:OFFICES_SHOWN]
        names = await names_of(conn, [(line.person_id, line.account_id) for line in lines], desk)
        lineage = await organisations.lineage(conn, unit.path) if unit else []
    contents = {
        "filter": {**asked, "show": shown},
        "unit": {"id": unit.id, "name": named(unit, desk.language)} if unit else None,
        "path": _path(lineage, unit, desk),
        "levels": [{"key": level.key, "name": named(level, desk.language)} for level in levels],
        "counts": {"offices": counts.offices, "vacant": counts.vacant, "ending": counts.ending},
        "counted_at": rt.now(),
        "offices": [_line(line, names, desk, day) for line in lines],
        "may_manage": desk.scope.allows(Right.MANAGE),
        "first_url": paging.address("/offices", **asked) if after else None,
        "next_url": (
            paging.address("/offices", **asked, after=_written(lines[-1]))
            if len(found) > OFFICES_SHOWN
            else None
        ),
    }
    return page(request, desk, "offices.html", contents)


async def unit_asked(conn: db.Conn, code: str, desk: Desk) -> Unit | None:
    """Return the unit with this code within the reader's part; one that is not there refuses."""
    if not code:
        return None
    found = await unit_pages.units_coded(conn, [code], scope=desk.scope)
    if not found:
        raise NotFound("unit.not_found")
    return found[0]


def _path(lineage: Sequence[Unit], unit: Unit | None, desk: Desk) -> list[dict[str, Any]]:
    return [
        {
            "code": step.code,
            "name": named(step, desk.language),
            "open": desk.scope.covers(step.path),
        }
        for step in lineage
        if unit is None or step.id != unit.id
    ]


def _line(line: OfficeLine, names: Names, desk: Desk, day: date) -> dict[str, Any]:
    hindi = desk.language == "hi"
    return {
        "id": line.id,
        "title": line.title_hi if hindi else line.title_en,
        "role": line.role.value,
        "unit_id": line.unit_id,
        "unit_name": line.unit_name_hi if hindi else line.unit_name_en,
        "level_name": line.level_name_hi if hindi else line.level_name_en,
        "held": line.term_id is not None,
        "holder": names.of(line.person_id, line.account_id),
        "held_since": line.held_since,
        "held_until": line.held_until,
        "ends_soon": line.held_until is not None and line.held_until <= day + ENDING_WITHIN,
        "vacant_since": line.vacant_since,
        "next_since": line.next_since,
    }


def _written(line: OfficeLine) -> str:
    return f"{line.id}~{line.unit_path}~{line.title_hi}"


def _after(written: str | None) -> After | None:
    if not written:
        return None
    parts = written.split("~", 2)
    try:
        id, path, title = parts
        return After(path, title, UUID(id))
    except ValueError as error:
        raise Invalid("request.malformed", where="after") from error


@get("/offices/new")
async def blank(request: Asked) -> Response[Any]:
    """GET /offices/new: the form for a new office at ?unit=."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.MANAGE)
    rt = visits.runtime(request)
    contents = {
        "unit": request.query_params.get("unit", "")[:60],
        "roles": [role.value for role in Role],
        "today": today(rt),
    }
    return page(request, desk, "office_new.html", contents)


@post("/offices/new")
async def create(request: Asked) -> Response[Any]:
    """POST /offices/new: add an office at a unit."""
    desk = await visits.desk_of(request)
    rt = visits.runtime(request)
    form = await visits.fields(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        unit = await unit_asked(conn, str(form.get("unit", "")).strip()[:60], desk)
    if unit is None:
        raise NotFound("unit.not_found")
    try:
        role = Role(str(form.get("role", "")))
    except ValueError as error:
        raise Invalid("request.malformed", where="role") from error
    id = await actions.create(
        rt,
        unit.id,
        role,
        titles_of(form),
        since=day_of(form, "since") or today(rt),
        key=await visits.idempotency_key(request),
        actor=desk.actor,
    )
    return onward(f"/offices/{id}")


def titles_of(form: Any) -> Titles:
    """Read both titles of a form."""
    return Titles(str(form.get("title_hi", "")).strip(), str(form.get("title_en", "")).strip())


def day_of(form: Any, name: str) -> date | None:
    """Read a day of a form; None where it was left open."""
    written = str(form.get(name, "")).strip()
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise Invalid("request.malformed", where=name) from error


@get("/offices/{id:uuid}")
async def office(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /offices/<office>: who holds it, who held it when, and what may be done."""
    desk = await visits.desk_of(request)
    rt, day = visits.runtime(request), today(visits.runtime(request))
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await offices.office(conn, OfficeId(id), scope=desk.scope)
        if here is None:
            raise NotFound("office.not_found")
        lineage = await organisations.lineage(conn, here.unit_path)
        history = await offices.terms(conn, here.id)
        names = await names_of(conn, [(term.person_id, term.account_id) for term in history], desk)
    current = next((term for term in history if term.holds_on(day)), None)
    standing = [term for term in history if not term.taken_back]
    contents = {
        "office": {
            "id": here.id,
            "title": here.title(desk.language),
            "title_hi": here.title_hi,
            "title_en": here.title_en,
            "role": here.role.value,
            "since": here.since,
            "abolished_on": here.abolished_on,
            "unit_name": named(lineage[-1], desk.language),
        },
        "path": _path(lineage, None, desk),
        "current": _term(current, names, history, day) if current else None,
        "terms": [_term(term, names, history, day) for term in history],
        "vacant_since": _vacant_since(standing, here.since, day),
        "may_manage": desk.scope.covers(here.unit_path, Right.MANAGE),
        "today": day,
    }
    return page(request, desk, "office.html", contents)


def _vacant_since(standing: Sequence[Term], since: date, day: date) -> date:
    ends = [term.until for term in standing if term.until is not None and term.until < day]
    return max(ends) + timedelta(days=1) if ends else since


def _term(term: Term, names: Names, history: list[Term], day: date) -> dict[str, Any]:
    return {
        "id": term.id,
        "holder": names.of(term.person_id, term.account_id),
        "since": term.since,
        "until": term.until,
        "state": (
            "taken_back"
            if term.taken_back
            else "current"
            if term.holds_on(day)
            else "ahead"
            if term.since > day
            else "over"
        ),
        "handed_over": term.follows_id is not None and not term.taken_back,
        "can_take_back": terms.can_take_back(term, history, today=day),
    }


@post("/offices/{id:uuid}/{verb:str}")
async def change(request: Asked, id: FromPath[UUID], verb: FromPath[str]) -> Response[Any]:
    """POST /offices/<office>/<verb>: title, abolish, reinstate; end, extend, take-back a term."""
    desk = await visits.desk_of(request)
    rt, form = visits.runtime(request), await visits.fields(request)
    key, which = await visits.idempotency_key(request), OfficeId(id)
    match verb:
        case "title":
            await actions.retitle(rt, which, titles_of(form), key=key, actor=desk.actor)
        case "abolish":
            await actions.abolish(rt, which, key=key, actor=desk.actor)
        case "reinstate":
            await actions.reinstate(rt, which, key=key, actor=desk.actor)
        case "end":
            vacant_from = day_of(form, "vacant_from")
            if vacant_from is None:
                raise Invalid("request.malformed", where="vacant_from")
            await terms.end_term(rt, which, _term_of(form), vacant_from, key=key, actor=desk.actor)
        case "extend":
            until = day_of(form, "until")
            await terms.extend(rt, which, _term_of(form), until, key=key, actor=desk.actor)
        case "take-back":
            await terms.take_back(rt, which, _term_of(form), key=key, actor=desk.actor)
        case _:
            raise NotFound("not_found")
    return onward(f"/offices/{id}")


def _term_of(form: Any) -> TermId:
    try:
        return TermId(UUID(str(form.get("term", ""))))
    except ValueError as error:
        raise Invalid("request.malformed", where="term") from error


ROUTES = (directory, blank, create, office, change)
