"""One change to every group that a filter holds: shown with its count, then done."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post

from chaupal.groups import bulk
from chaupal.groups import queries as groups
from chaupal.groups.bulk import Archive, Deed, Join, Leave
from chaupal.groups.models import GroupFilter
from chaupal.kit import db
from chaupal.kit.refusals import Invalid
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.pages import paging
from chaupal.web.pages.groups import ANY_CATEGORY, DEEDS, asked_of, filter_of
from chaupal.web.visits import Asked

TO_LENGTH = 60


@get("/groups/bulk")
async def look(request: Asked) -> Response[Any]:
    """GET /groups/bulk: what would be done, and to how many, before it is asked for once."""
    desk = await visits.desk_of(request)
    rt, given = visits.runtime(request), request.query_params
    asked, name = asked_of(given), str(given.get("deed", "join"))
    if name not in DEEDS:
        raise Invalid("request.malformed", where="deed")
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        unit, filter = await filter_of(conn, asked, desk)
        count = await bulk.preview(rt, conn, filter, DEEDS[name], scope=desk.scope)
        categories = await groups.categories(conn)
    contents = {
        "deed": name,
        "filter": asked,
        "narrowed": filter != GroupFilter(),
        "unit_name": unit.name(desk.language) if unit else "",
        "any_category": asked["category"] == ANY_CATEGORY,
        "categories": [
            {"key": category.key, "name": category.name(desk.language)} for category in categories
        ],
        "count": count,
        "back_url": paging.address("/groups", **asked),
    }
    return page(request, desk, "groups_bulk.html", contents)


@post("/groups/bulk")
async def do(request: Asked) -> Response[Any]:
    """POST /groups/bulk: do it to every group of the filter, if they are as many as seen."""
    desk = await visits.desk_of(request)
    rt, form = visits.runtime(request), await visits.fields(request)
    asked, deed = asked_of(form), _deed(form)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        _, filter = await filter_of(conn, asked, desk)
    done = await bulk.do(
        rt,
        filter,
        deed,
        seen=paging.number(str(form.get("seen", ""))) or 0,
        key=await visits.idempotency_key(request),
        actor=desk.actor,
    )
    return onward(paging.address("/groups", **asked, done=done))


def _deed(form: Mapping[str, Any]) -> Deed:
    """Read what is to be done."""
    to = str(form.get("to", "")).strip()[:TO_LENGTH]
    match form.get("deed"):
        case "join":
            return Join(to)
        case "leave":
            return Leave(to)
        case "archive":
            return Archive()
    raise Invalid("request.malformed", where="deed")


ROUTES = (look, do)
