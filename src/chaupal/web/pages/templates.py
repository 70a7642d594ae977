"""Templates: what the provider has approved, how fresh that is, and fetching it now."""

from typing import Any

from litestar import Response, get, post

from chaupal.broadcasts import fetching, templates
from chaupal.broadcasts.fetching import Fetch
from chaupal.broadcasts.templates import Template
from chaupal.kit import db
from chaupal.organisations import Right
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.sender_words import why_not_fetched
from chaupal.web.visits import Asked, Desk


@get("/templates")
async def listing(request: Asked) -> Response[Any]:
    """GET /templates: every template, and how far a fetch has come. Live while one is under way."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.COMPOSE)
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await templates.known(conn)
        fetches = await fetching.fetches(conn)
        unnamed = any(row.business_account is None for row in await templates.accounts(conn))
    several = len({row.business_account for row in found}) > 1
    names: dict[str, list[Template]] = {}
    for row in found:
        names.setdefault(row.name, []).append(row)
    contents = {
        "fetches": [_fetch(row, desk) for row in fetches],
        "under_way": any(row.under_way for row in fetches),
        "unnamed": unnamed,
        "templates": [
            {
                "name": name,
                "category": rows[0].category,
                "languages": [_language(row, several=several) for row in rows],
            }
            for name, rows in names.items()
        ],
    }
    alone = request.headers.get("hx-request") == "true"
    return page(request, desk, "fragments/templates.html" if alone else "templates.html", contents)


def _fetch(row: Fetch, desk: Desk) -> dict[str, Any]:
    return {
        "account": row.business_account,
        "under_way": row.under_way,
        "templates": row.templates,
        "asked_label": row.asked_label,
        "ended_at": row.ended_at,
        "why_not": row.failure and why_not_fetched(row.failure, desk.language),
    }


def _language(row: Template, *, several: bool) -> dict[str, Any]:
    return {
        "language": row.language,
        "code": row.code,
        "account": row.business_account if several else None,
        "status": row.status,
        "unfit": row.unfit,
        "text": "\n\n".join(part for part in row.parts if part),
        "buttons": row.buttons.splitlines(),
        "ttl_s": row.ttl_s,
        "checked_at": row.checked_at,
        "changed_at": row.changed_at,
        "quality": row.quality,
        "pictured": row.pictured,
    }


@post("/templates/fetch")
async def fetch(request: Asked) -> Response[Any]:
    """POST /templates/fetch: have a worker ask the provider now."""
    desk = await visits.desk_of(request)
    rt = visits.runtime(request)
    await fetching.ask(rt, key=await visits.idempotency_key(request), actor=desk.actor)
    return onward("/templates")


ROUTES = (listing, fetch)
