"""SMS at the desk: the texts registered with the ledger, and what a text costs as it is written."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.broadcasts import registered
from chaupal.broadcasts.rendering import LABELS, render
from chaupal.channels.sms import segments
from chaupal.kit import db
from chaupal.kit.refusals import NotAllowed
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.visits import Asked, Desk


@get("/sms/texts")
async def listing(request: Asked) -> Response[Any]:
    """GET /sms/texts: every registered text, for administrators of the whole organisation."""
    desk = await visits.desk_of(request)
    if not _administers(desk):
        raise NotAllowed("access.not_allowed", right="record")
    async with db.transaction(visits.runtime(request).pool, desk.actor.organisation) as conn:
        contents = {
            "texts": await registered.listed(conn),
            "headers": await registered.headers(conn),
            "limit": registered.BODY_LIMIT_CHARACTERS,
        }
    return page(request, desk, "registered_texts.html", contents)


def _administers(desk: Desk) -> bool:
    assert desk.visitor.me is not None
    return "record" in desk.visitor.me.rights


@post("/sms/texts")
async def enter(request: Asked) -> Response[Any]:
    """POST /sms/texts: a text as the ledger has it."""
    desk = await visits.desk_of(request)
    form = await visits.fields(request)
    await registered.enter(
        visits.runtime(request),
        number=str(form.get("number", "")),
        header=str(form.get("header", "")),
        language=str(form.get("language", "")),
        body=str(form.get("body", "")),
        key=await visits.idempotency_key(request),
        actor=desk.actor,
    )
    return onward("/sms/texts")


@post("/sms/texts/{number:str}/withdraw")
async def withdraw(request: Asked, number: FromPath[str]) -> Response[Any]:
    """POST /sms/texts/<number>/withdraw: nothing new goes under this one."""
    desk = await visits.desk_of(request)
    await registered.withdraw(
        visits.runtime(request),
        number,
        key=await visits.idempotency_key(request),
        actor=desk.actor,
    )
    return onward("/sms/texts")


async def counted(conn: db.Conn, texts: Mapping[str, str], *, synthetic: bool) -> dict[str, Any]:
    """Return how many SMS each text is to each person and what those cost, label included."""
    paise = await registered.price_paise(conn)
    told = {}
    for language, body in texts.items():
        rendered = render(body, synthetic=synthetic, language=language)
        number = segments.count(rendered).segments
        told[language] = {
            "segments": number,
            "paise": None if paise is None else plain(number * paise),
            "label": LABELS[language] + "\n",
        }
    return {
        "limit": segments.SEGMENTS_LIMIT,
        "paise": None if paise is None else plain(paise),
        "of": told,
    }


def plain(amount: Decimal) -> str:
    """Write an amount without noughts that say nothing."""
    whole = f"{amount:.2f}".rstrip("0").rstrip(".")
    return whole or "0"


ROUTES = (listing, enter, withdraw)
