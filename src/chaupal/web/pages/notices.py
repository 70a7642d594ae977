"""Notices: the words that people agree to, and whom nobody may write to."""

from typing import Any

from litestar import Response, get, post

from chaupal.directory import fields as directory_fields
from chaupal.directory.models import Unfit
from chaupal.kit import db
from chaupal.kit.refusals import Invalid
from chaupal.organisations import Right
from chaupal.people import ledger, notices, suppression
from chaupal.people.models import HOLD_KNOWN_ON, ContactChannel, NewContact
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.pages import paging
from chaupal.web.visits import Asked, Desk

NOTICES_SHOWN = 40
WRITABLE = (ContactChannel.PHONE, ContactChannel.TELEGRAM, ContactChannel.MATRIX)


@get("/notices")
async def directory(request: Asked) -> Response[Any]:
    """GET /notices: every notice, newest first, and how many addresses are suppressed."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.VIEW)
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await ledger.notices(conn, limit=2 * NOTICES_SHOWN)
        hold = await notices.hold(conn)
        suppressed = await ledger.suppressed(conn)
    versions: dict[str, dict[str, Any]] = {}
    for notice in found:
        version = versions.setdefault(
            notice.version,
            {"version": notice.version, "published_at": notice.published_at, "bodies": {}},
        )
        version["bodies"][notice.language] = notice.body
    contents = {
        "notices": list(versions.values()),
        "may_publish": _may(desk),
        "hold": hold,
        "hold_known_on": HOLD_KNOWN_ON,
        "suppressed": suppressed,
        "channels": [*WRITABLE, ContactChannel.SANDBOX],
    }
    return page(request, desk, "notices.html", contents)


def _may(desk: Desk) -> bool:
    """Say whether to offer the forms; the server decides again on pressing."""
    assert desk.visitor.me is not None
    return "record" in desk.visitor.me.rights


@post("/notices")
async def publish(request: Asked) -> Response[Any]:
    """POST /notices: publish a notice in both languages."""
    desk = await visits.desk_of(request)
    form = await visits.fields(request)
    await notices.publish(
        visits.runtime(request),
        str(form.get("version", "")),
        {code: str(form.get(f"body_{code}", "")) for code in notices.LANGUAGES},
        key=await visits.idempotency_key(request),
        actor=desk.actor,
    )
    return onward("/notices")


@post("/notices/hold")
async def hold(request: Asked) -> Response[Any]:
    """POST /notices/hold: how long what is left of the erased is held from now on."""
    desk = await visits.desk_of(request)
    form = await visits.fields(request)
    await notices.set_hold(
        visits.runtime(request),
        paging.number(str(form.get("days", ""))) or 0,
        str(form.get("source", "")),
        key=await visits.idempotency_key(request),
        actor=desk.actor,
    )
    return onward("/notices")


@post("/notices/suppress")
async def suppress(request: Asked) -> Response[Any]:
    """POST /notices/suppress: an address that nobody may write to, or that they may again."""
    desk = await visits.desk_of(request)
    form = await visits.fields(request)
    contact = _contact(str(form.get("channel", "")), str(form.get("address", "")))
    rt = visits.runtime(request)
    if form.get("verb") == "lift":
        await suppression.lift_address(rt, contact, actor=desk.actor)
    else:
        await suppression.suppress_address(rt, contact, actor=desk.actor)
    return onward("/notices")


def _contact(channel: str, written: str) -> NewContact:
    """Read an address as an import would, so that the same one is meant."""
    try:
        known = ContactChannel(channel)
        address = (
            directory_fields.phone(written)
            if known is ContactChannel.PHONE
            else directory_fields.address(written, "address", channel)
        )
    except (ValueError, KeyError, Unfit) as error:
        raise Invalid("suppression.address_malformed") from error
    if address is None:
        raise Invalid("suppression.address_malformed")
    return NewContact(known, address)


ROUTES = (directory, publish, hold, suppress)
