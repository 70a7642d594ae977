"""Audiences kept under a name: listed, taken into a new draft, renamed, forgotten."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.broadcasts import saved
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, Refused
from chaupal.organisations import Right
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.pages.naming import names_in
from chaupal.web.sentences import sentence
from chaupal.web.visits import Asked
from chaupal.web.words import refusal_words


@get("/audiences")
async def listing(request: Asked) -> Response[Any]:
    """GET /audiences: what was kept by those whose area one's own holds."""
    return await _listing(request)


@post("/audiences/{id:uuid}/rename")
async def rename(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /audiences/<id>/rename: call it something else."""
    desk = await visits.desk_of(request)
    name = str((await visits.fields(request)).get("name", ""))
    try:
        await saved.rename(visits.runtime(request), id, name, actor=desk.actor)
    except Refused as refusal:
        if not isinstance(refusal, Invalid) and refusal.code != "saved_audience.name_taken":
            raise
        return await _listing(request, refusal)
    return onward("/audiences")


@post("/audiences/{id:uuid}/forget")
async def forget(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /audiences/<id>/forget: drop it."""
    desk = await visits.desk_of(request)
    await saved.forget(visits.runtime(request), id, actor=desk.actor)
    return onward("/audiences")


async def _listing(request: Asked, refusal: Refused | None = None) -> Response[Any]:
    desk = await visits.desk_of(request)
    rt, language = visits.runtime(request), desk.language
    desk.scope.need(Right.COMPOSE)
    kept = await saved.listed(rt, actor=desk.actor)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        names = await names_in(conn, [each.expression for each in kept], scope=desk.scope)
    contents = {
        "refusal": refusal and refusal_words(refusal.code, refusal.facts, language),
        "audiences": [
            {
                "id": each.saved.id,
                "name": each.saved.name,
                "words": sentence(each.expression, each.saved.purpose.value, names, language),
                "author_label": each.saved.author_label,
                "at": each.saved.saved_at,
                "may_change": each.may_change,
                "faults": [
                    refusal_words(fault.code, fault.facts, language).what for fault in each.faults
                ],
            }
            for each in kept
        ],
    }
    status = refusal.status if refusal else 200
    return page(request, desk, "audiences.html", contents, status=status)


ROUTES = (listing, rename, forget)
