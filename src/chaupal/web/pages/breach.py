"""Who saw whose data, who wants to be erased, and the circle of a breach as a file."""

from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.response import Stream

from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.organisations import Right
from chaupal.organisations import pages as unit_pages
from chaupal.organisations.scope import INDIA
from chaupal.principals import breach, queries
from chaupal.principals.models import Access
from chaupal.web import visits
from chaupal.web.answers import page
from chaupal.web.pages import paging
from chaupal.web.pages.record import who
from chaupal.web.shapes import named
from chaupal.web.visits import Asked, Desk

ENTRIES_SHOWN = 60
WAITING_SHOWN = 100
USUAL = timedelta(days=30)


@get("/access")
async def access(request: Asked) -> Response[Any]:
    """GET /access: who saw numbers or took files along; who waits to be erased."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.MANAGE)
    rt = visits.runtime(request)
    before = paging.number(request.query_params.get("before"))
    asked = {
        "person": request.query_params.get("person", "")[:60],
        "account": request.query_params.get("account", "").strip()[:60],
    }
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        account = await queries.account_with_login(conn, asked["account"])
        if asked["account"] and account is None:
            raise NotFound("account.not_found")
        found = await queries.access_page(
            conn,
            scope=desk.scope,
            person=_uuid(asked["person"]),
            account=account.id if account else None,
            whole=_whole(desk),
            before=before,
            limit=ENTRIES_SHOWN + 1,
        )
        waiting = await queries.waiting_page(conn, scope=desk.scope, limit=WAITING_SHOWN)
    shown = found[:ENTRIES_SHOWN]
    contents = {
        "filter": asked,
        "entries": [_line(entry, desk) for entry in shown],
        "waiting": [
            {
                "id": one.id,
                "name": one.name,
                "unit_name": one.unit_name_hi if desk.language == "hi" else one.unit_name_en,
                "since": one.since,
            }
            for one in waiting
        ],
        "first_url": paging.address("/access", **asked) if before else None,
        "next_url": (
            paging.address("/access", **asked, before=shown[-1].number)
            if len(found) > ENTRIES_SHOWN
            else None
        ),
    }
    return page(request, desk, "access.html", contents)


def _whole(desk: Desk) -> bool:
    assert desk.visitor.me is not None
    return "record" in desk.visitor.me.rights


def _line(entry: Access, desk: Desk) -> dict[str, Any]:
    return {
        "at": entry.at,
        "actor_label": who(entry.actor_id, entry.actor_label, desk),
        "kind": entry.kind,
        "need": entry.facts.get("need"),
        "person_id": entry.subject if entry.person_name else None,
        "person_name": entry.person_name,
    }


def _uuid(written: str) -> UUID | None:
    try:
        return UUID(written) if written else None
    except ValueError as error:
        raise Invalid("request.malformed", where="person") from error


@get("/breach")
async def ask(request: Asked) -> Response[Any]:
    """GET /breach: whose circle, over which days."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.MANAGE)
    rt = visits.runtime(request)
    today = rt.now().astimezone(INDIA).date()
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        asked = request.query_params.get("unit", "").strip()[:60]
        units = await unit_pages.units_coded(conn, [asked], scope=desk.scope) if asked else []
    contents = {
        "unit": units[0].code if units else "",
        "unit_name": named(units[0], desk.language) if units else "",
        "since": today - USUAL,
        "until": today,
        "whole": _whole(desk),
        "columns": breach.COLUMNS,
    }
    return page(request, desk, "breach.html", contents)


@post("/breach")
async def file(request: Asked) -> Response[Any]:
    """POST /breach: the circle as CSV, written as it is read."""
    desk = await visits.desk_of(request)
    form = await visits.fields(request)
    rt = visits.runtime(request)
    code, login = (str(form.get(name, "")).strip()[:60] for name in ("unit", "account"))
    unit = None
    if code:
        async with db.transaction(rt.pool, desk.actor.organisation) as conn:
            found = await unit_pages.units_coded(conn, [code], scope=desk.scope)
        if not found:
            raise NotFound("unit.not_found", unit=code)
        unit = found[0].id
    question = breach.Question(
        since=midnight(_day(form.get("since"))),
        until=midnight(_day(form.get("until")) + timedelta(days=1)),
        unit=unit,
        login=login or None,
    )
    circle = await breach.open_circle(rt, question, actor=desk.actor)
    return Stream(
        _bytes(circle),
        media_type="text/csv; charset=utf-8",
        status_code=200,
        headers={"Content-Disposition": 'attachment; filename="breach.csv"'},
    )


async def _bytes(circle: breach.Circle) -> AsyncIterator[bytes]:
    async for line in circle.lines():
        yield line.encode()


def midnight(day: date) -> datetime:
    """Return when a day begins in India."""
    return datetime.combine(day, time(), INDIA)


def _day(written: object) -> date:
    try:
        return date.fromisoformat(str(written))
    except ValueError as error:
        raise Invalid("breach.period_malformed") from error


ROUTES = (access, ask, file)
