"""The list of people, the filters one keeps, and one change to everybody whom a filter holds."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.directory import bulk, saved
from chaupal.directory.bulk import Deed, Join, Leave, Move, Speak, Withdraw
from chaupal.directory.saved import SavedPage
from chaupal.groups import queries as groups
from chaupal.groups.models import Category
from chaupal.kit import db
from chaupal.kit.refusals import Invalid
from chaupal.organisations import Right
from chaupal.organisations import pages as unit_pages
from chaupal.organisations.models import Unit, UnitId
from chaupal.organisations.scope import INDIA
from chaupal.people import ContactChannel, PersonId, Purpose
from chaupal.people import pages as people
from chaupal.people.models import Basis
from chaupal.people.pages import COUNTED_TO, ConsentState, Line, PersonFilter
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.language import Language
from chaupal.web.pages import paging
from chaupal.web.visits import Asked, Desk

PEOPLE_SHOWN = 50
FILTERS = {
    "unit": 60, "language": 5, "category": 60, "office": 5, "consent": 20, "purpose": 20,
    "channel": 20, "address": 5,
}  # fmt: skip
DEEDS: Mapping[str, type[Deed]] = {
    "move": Move, "speak": Speak, "join": Join, "leave": Leave, "withdraw": Withdraw
}  # fmt: skip
TO_LENGTH, PROOF_LENGTH, QUERY_LENGTH = 60, 300, 1000


@get("/people")
async def directory(request: Asked) -> Response[Any]:
    """GET /people: the people within the reader's part of the tree that fit, unit by unit."""
    desk = await visits.desk_of(request)
    rt, language = visits.runtime(request), desk.language
    asked = _asked(request.query_params)
    after = _after(request.query_params.get("after"))
    today = rt.now().astimezone(INDIA).date()
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        unit, filter = await _filter(conn, asked, desk)
        total = await people.total(conn, scope=desk.scope, filter=filter, today=today)
        found = await people.person_page(
            conn,
            scope=desk.scope,
            filter=filter,
            after=after,
            limit=PEOPLE_SHOWN + 1,
            today=today,
        )
        shown = found[:PEOPLE_SHOWN]
        titles = {
            title.person_id: title.title_hi if language == "hi" else title.title_en
            for title in await unit_pages.titles(
                conn, [line.id for line in shown], scope=desk.scope, today=today
            )
        }
        categories = await groups.categories(conn)
        kept = await saved.saved(conn, SavedPage.PEOPLE, actor=desk.actor)
    contents = {
        "filter": asked,
        "query": urlencode({name: value for name, value in asked.items() if value}),
        "unit_name": unit.name(language) if unit else "",
        "categories": [_category(category, language) for category in categories],
        "total": min(total, COUNTED_TO) if not filter.is_plain else total,
        "more_than": not filter.is_plain and total > COUNTED_TO,
        "counted_at": rt.now(),
        "people": [_line(line, titles.get(line.id, ""), language) for line in shown],
        "saved": [_saved(filter, "/people") for filter in kept],
        "deeds": [name for name, deed in DEEDS.items() if desk.scope.allows(bulk.right_for(deed))],
        "done": paging.number(request.query_params.get("done")),
        "first_url": paging.address("/people", **asked) if after else None,
        "next_url": (
            paging.address("/people", **asked, after=shown[-1].id)
            if len(found) > PEOPLE_SHOWN
            else None
        ),
    }
    return page(request, desk, "people.html", contents)


def _asked(given: Mapping[str, Any]) -> dict[str, str]:
    """Read a filter's fields, each no longer than it can be."""
    return {name: _field(given, name, limit) for name, limit in FILTERS.items()}


def _field(given: Mapping[str, Any], name: str, limit: int) -> str:
    """Read a field in one line, no longer than it can be."""
    written = "".join(letter for letter in str(given.get(name, "")) if letter.isprintable())
    return written.strip()[:limit]


def _after(written: str | None) -> PersonId | None:
    """Read behind whom a page begins: an id, since a name stands in no address."""
    try:
        return PersonId(UUID(written)) if written else None
    except ValueError as error:
        raise Invalid("request.malformed", where="after") from error


async def _filter(
    conn: db.Conn, asked: Mapping[str, str], desk: Desk
) -> tuple[Unit | None, PersonFilter]:
    unit = None
    if asked["unit"]:
        found = await unit_pages.units_coded(conn, [asked["unit"]], scope=desk.scope)
        if not found:
            raise Invalid("audience.unknown_unit", unit=asked["unit"])
        unit = found[0]
    try:
        return unit, PersonFilter(
            unit=UnitId(unit.id) if unit else None,
            language=asked["language"] or None,
            category=asked["category"] or None,
            in_office=asked["office"] == "yes",
            consent=ConsentState(asked["consent"]) if asked["consent"] else None,
            purpose=Purpose(asked["purpose"]) if asked["purpose"] else None,
            channel=ContactChannel(asked["channel"]) if asked["channel"] else None,
            without_address=asked["address"] == "none",
        )
    except ValueError as error:
        raise Invalid("request.malformed", where="filter") from error


def _category(category: Category, language: Language) -> dict[str, str]:
    return {"key": category.key, "name": category.name(language)}


def _saved(filter: saved.SavedFilter, home: str) -> dict[str, Any]:
    return {"id": filter.id, "name": filter.name, "url": f"{home}?{filter.query}"}


def _line(line: Line, title: str, language: Language) -> dict[str, Any]:
    return {
        "id": line.id,
        "name": line.name,
        "reference": line.reference,
        "language": line.language,
        "title": title,
        "unit_id": line.unit_id,
        "unit_name": line.unit_name(language),
    }


@get("/people/bulk")
async def look(request: Asked) -> Response[Any]:
    """GET /people/bulk: what would be done, and to how many, before it is asked for once."""
    desk = await visits.desk_of(request)
    rt, given = visits.runtime(request), request.query_params
    asked, name = _asked(given), str(given.get("deed", "speak"))
    if name not in DEEDS:
        raise Invalid("request.malformed", where="deed")
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        unit, filter = await _filter(conn, asked, desk)
        count = await bulk.preview(rt, conn, filter, DEEDS[name], scope=desk.scope)
        categories = await groups.categories(conn)
    contents = {
        "deed": name,
        "filter": asked,
        "unit_name": unit.name(desk.language) if unit else "",
        "categories": [_category(category, desk.language) for category in categories],
        "count": count,
        "back_url": paging.address("/people", **asked),
    }
    return page(request, desk, "people_bulk.html", contents)


@post("/people/bulk")
async def do(request: Asked) -> Response[Any]:
    """POST /people/bulk: do it to everybody whom the filter holds, if they are as many as seen."""
    desk = await visits.desk_of(request)
    rt, form = visits.runtime(request), await visits.fields(request)
    asked, deed = _asked(form), _deed(form)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        _, filter = await _filter(conn, asked, desk)
    done = await bulk.do(
        rt,
        filter,
        deed,
        seen=paging.number(str(form.get("seen", ""))) or 0,
        key=await visits.idempotency_key(request),
        actor=desk.actor,
    )
    return onward(paging.address("/people", **asked, done=done))


def _deed(form: Mapping[str, Any]) -> Deed:
    """Read what is to be done."""
    to = _field(form, "to", TO_LENGTH)
    try:
        match form.get("deed"):
            case "move":
                return Move(to)
            case "speak":
                return Speak(to)
            case "join":
                return Join(to, Basis(str(form.get("basis", ""))))
            case "leave":
                return Leave(to)
            case "withdraw":
                return Withdraw(
                    Purpose(str(form.get("of_purpose", ""))),
                    ContactChannel(str(form.get("by_channel", ""))),
                    _field(form, "proof", PROOF_LENGTH + 1),
                )
    except ValueError as error:
        raise Invalid("request.malformed", where="deed") from error
    raise Invalid("request.malformed", where="deed")


@post("/filters")
async def keep(request: Asked) -> Response[Any]:
    """POST /filters: keep the filter of a page under a name."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.VIEW)
    form = await visits.fields(request)
    try:
        home = SavedPage(str(form.get("page", "")))
    except ValueError as error:
        raise Invalid("request.malformed", where="page") from error
    query = urlencode(parse_qsl(str(form.get("query", ""))[:QUERY_LENGTH]))
    await saved.save(
        visits.runtime(request), home, str(form.get("name", "")), query, actor=desk.actor
    )
    return onward(f"/{home.value}?{query}" if query else f"/{home.value}")


@post("/filters/{id:uuid}/forget")
async def forget(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /filters/<filter>/forget: drop a saved filter of one's own."""
    desk = await visits.desk_of(request)
    await saved.forget(visits.runtime(request), id, actor=desk.actor)
    form = await visits.fields(request)
    return onward("/groups" if form.get("page") == "groups" else "/people")


ROUTES = (directory, look, do, keep, forget)
