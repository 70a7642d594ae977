"""Why a group is in a broadcast's audience or out of it: looked for by name, told in words."""

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from chaupal.broadcasts import why
from chaupal.broadcasts.audience import Expression
from chaupal.broadcasts.models import BroadcastId, Purpose
from chaupal.kit import db
from chaupal.web import visits
from chaupal.web.answers import page
from chaupal.web.pages.naming import names_in
from chaupal.web.visits import Asked, Desk
from chaupal.web.whys import became, explained
from chaupal.web.words import refusal_words

NAME_LENGTH = 200
NOTHING: dict[str, Any] = {"asked": "", "refusal": None, "groups": []}


async def in_draft(
    request: Asked, desk: Desk, expression: Expression, purpose: str, asked: str
) -> dict[str, Any]:
    """Return what is shown of the groups called `asked`, for an audience as the form has it."""
    rt, language = visits.runtime(request), desk.language
    asked = asked.strip()[:NAME_LENGTH]
    answers = await why.in_draft(rt, expression, Purpose(purpose), asked, actor=desk.actor)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        names = await names_in(conn, [expression], scope=desk.scope)
    groups = [explained(answer, expression, purpose, names, language) for answer in answers]
    return NOTHING | {"asked": asked, "groups": groups}


@post("/broadcasts/{id:uuid}/why", status_code=200)
async def in_broadcast(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /broadcasts/<id>/why: groups by name, in or out, and what became of them.

    The body of a form, since names stand in no address.
    """
    desk = await visits.desk_of(request)
    rt, language = visits.runtime(request), desk.language
    asked = str((await visits.fields(request)).get("why", "")).strip()[:NAME_LENGTH]
    found = await why.in_broadcast(rt, BroadcastId(id), asked, actor=desk.actor)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        names = await names_in(conn, [found.expression], scope=desk.scope)
    purpose, fault = found.broadcast.purpose.value, found.fault
    groups = [
        explained(answer, found.expression, purpose, names, language)
        | {"became": became(answer, found.broadcast, language, now=rt.now())}
        for answer in found.answers
    ]
    contents = {
        "broadcast": {"id": id, "title": found.broadcast.title},
        "why": {
            "asked": asked,
            "refusal": fault and refusal_words(fault.code, fault.facts, language),
            "groups": groups,
        },
    }
    alone = request.headers.get("hx-request") == "true"
    return page(request, desk, "fragments/why.html" if alone else "why.html", contents)


ROUTES = (in_broadcast,)
