"""Keys for programs: made here by their owner, shown once, and taken back."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.kit import db
from chaupal.kit.refusals import Invalid
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, tokens
from chaupal.organisations.models import AccountId
from chaupal.organisations.tokens import Issued, Token, TokenId
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.pages import paging
from chaupal.web.visits import Asked, Desk

DAYS_OFFERED = (7, 30, 90, 365)


@get("/keys")
async def listing(request: Asked) -> Response[Any]:
    """GET /keys: one's own keys, and the form for a new one."""
    return await _page(request, await visits.desk_of(request))


@post("/keys")
async def issue(request: Asked) -> Response[Any]:
    """POST /keys: make a key; it stands on this one answer and on no other."""
    desk, form = await visits.desk_of(request), await visits.fields(request)
    try:
        rights = frozenset(Right(str(right)) for right in form.getall("rights", []))
    except ValueError as error:
        raise Invalid("request.malformed", where="rights") from error
    issued = await tokens.issue(
        visits.runtime(request),
        " ".join(str(form.get("name", "")).split()),
        rights,
        days=paging.number(str(form.get("days", ""))) or 0,
        key=await visits.idempotency_key(request),
        actor=desk.actor,
    )
    return await _page(request, desk, issued)


@post("/keys/{id:uuid}/revoke")
async def revoke(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /keys/<key>/revoke: it opens nothing from now on."""
    desk = await visits.desk_of(request)
    await tokens.revoke(visits.runtime(request), TokenId(id), actor=desk.actor)
    return onward("/keys")


async def _page(request: Asked, desk: Desk, issued: Issued | None = None) -> Response[Any]:
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        kept = await tokens.tokens(conn, AccountId(desk.actor.id))
    contents = {
        "issued": {"id": issued.id, "secret": issued.secret} if issued else None,
        "kept": [_line(rt, token) for token in kept],
        "rights": [right.value for right in Right if desk.scope.allows(right)],
        "days": DAYS_OFFERED,
    }
    return page(request, desk, "keys.html", contents)


def _line(rt: Runtime, token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "rights": token.rights,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "over": token.revoked_at is not None or token.expires_at <= rt.now(),
        "revoked_at": token.revoked_at,
    }


ROUTES = (listing, issue, revoke)
