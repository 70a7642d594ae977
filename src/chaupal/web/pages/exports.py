"""Exports: everything of one kind that somebody may take along, as a file of CSV."""

from typing import Any

from litestar import Response, get, post
from litestar.response import Stream

from chaupal.directory import exports
from chaupal.directory.models import Kind
from chaupal.kit import db
from chaupal.kit.refusals import Invalid
from chaupal.organisations import Right
from chaupal.organisations import pages as unit_pages
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import UnitId
from chaupal.organisations.scope import INDIA
from chaupal.web import visits
from chaupal.web.answers import page
from chaupal.web.visits import Asked, Desk

CODE_LIMIT = 100


@get("/exports")
async def form(request: Asked) -> Response[Any]:
    """GET /exports: which kind, from which part of the tree, with addresses whole or masked."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.EXPORT)
    async with db.transaction(visits.runtime(request).pool, desk.actor.organisation) as conn:
        roots = await organisations.roots(conn, scope=desk.scope)
    contents = {
        "kinds": [
            {"key": kind.value, "columns": [*columns]} for kind, columns in exports.EXPORTED.items()
        ],
        "kind": Kind.PEOPLE.value,
        "unit": request.query_params.get("unit", "")[:CODE_LIMIT],
        "area": [root.name(desk.language) for root in roots],
        "may_unmask": desk.scope.allows(Right.UNMASK),
    }
    return page(request, desk, "exports.html", contents)


@post("/exports")
async def take(request: Asked) -> Stream:
    """POST /exports: the file, as it is read. Each one stands in the record."""
    desk = await visits.desk_of(request)
    fields = await visits.fields(request)
    rt = visits.runtime(request)
    try:
        kind = Kind(str(fields.get("kind", "")))
    except ValueError as error:
        raise Invalid("request.malformed", where="kind") from error
    code = str(fields.get("unit", "")).strip()[:CODE_LIMIT]
    pieces = await exports.export(
        rt,
        kind,
        actor=desk.actor,
        unit=await _unit(request, desk, code) if code else None,
        unmask="unmask" in fields,
    )
    day = rt.now().astimezone(INDIA).date()
    return Stream(
        pieces,
        status_code=200,
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{kind.value}-{day}.csv"'},
    )


async def _unit(request: Asked, desk: Desk, code: str) -> UnitId:
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await unit_pages.units_coded(conn, [code], scope=desk.scope, right=Right.EXPORT)
    if not found:
        raise Invalid("audience.unknown_unit", unit=code)
    return found[0].id


ROUTES = (form, take)
