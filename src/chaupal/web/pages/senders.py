"""Senders: what each may do, how fast it goes, how it stands, and what it exchanged lately."""

from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import sender_actions, sender_pages
from chaupal.broadcasts.exchanges import KEPT
from chaupal.broadcasts.sender_pages import Exchanged, Standing, Traffic, Trouble
from chaupal.channels.limits import Limits
from chaupal.kit import db, digits
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.pages import paging
from chaupal.web.sender_words import how_it_ended, how_it_stands, rate
from chaupal.web.visits import Asked, Desk

LIMITS = (
    "rate_per_s", "chat_interval_s", "portfolio", "daily_limit", "pair_interval_s", "pair_burst",
)  # fmt: skip
N = TypeVar("N", int, float)
EXCHANGES_SHOWN = 100
TROUBLES_SHOWN = 3
TROUBLES_READ = 500
MINUTE = timedelta(minutes=1)


@get("/senders")
async def listing(request: Asked) -> Response[Any]:
    """GET /senders: every sender, for administrators of the whole organisation."""
    desk = await visits.desk_of(request)
    if not _administers(desk):
        raise NotAllowed("access.not_allowed", right="record")
    rt, now = visits.runtime(request), visits.runtime(request).now()
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        standings = await sender_pages.standings(conn, now=now)
        traffic = await sender_pages.traffic(conn, minute=now - MINUTE, hour=now - KEPT)
        troubles = await sender_pages.troubles(conn, since=now - KEPT, limit=TROUBLES_READ)
    by_sender = {row.sender_id: row for row in traffic}
    contents = {
        "counted_at": now,
        "senders": [_sender(row, by_sender, troubles, desk, now) for row in standings],
        "stopped": sum(row.stopped_at is not None for row in standings),
    }
    return page(request, desk, "senders.html", contents)


@get("/senders/{id:uuid}")
async def sender(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /senders/<id>?before=: every exchange of the last hour, the newest first."""
    desk = await visits.desk_of(request)
    if not _administers(desk):
        raise NotFound("not_found")
    rt, now = visits.runtime(request), visits.runtime(request).now()
    before = paging.number(request.query_params.get("before"))
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        standings = await sender_pages.standings(conn, now=now)
        found = [row for row in standings if row.id == id]
        if not found:
            raise NotFound("not_found")
        rows = await sender_pages.exchanged(
            conn, id, since=now - KEPT, before=before, limit=EXCHANGES_SHOWN + 1
        )
    shown = rows[:EXCHANGES_SHOWN]
    at = f"/senders/{id}"
    contents = {
        "counted_at": now,
        "sender": {
            "id": id,
            "name": found[0].name,
            "channel": found[0].channel,
            "stands": how_it_stands(found[0], desk.language, now=now),
            "stopped": found[0].stopped_at is not None,
            "rate": found[0].rate_per_s,
            **_limits(found[0]),
        },
        "exchanges": [_exchange(row, desk) for row in shown],
        "first_url": at if before else None,
        "next_url": paging.address(at, before=shown[-1].id) if len(rows) > len(shown) else None,
    }
    return page(request, desk, "sender.html", contents)


@post("/senders/{id:uuid}/go_on")
async def go_on(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /senders/<id>/go_on: let a sender send again that an answer had stopped."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    await sender_actions.let_go_on(rt, id, key=key, actor=desk.actor)
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "broadcasts")
    return onward("/senders")


@post("/senders/{id:uuid}/limits")
async def limits(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /senders/<id>/limits: write down what the provider allows; empty is no limit."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    form = await visits.fields(request)
    given = {name: digits.plain(str(form.get(name, "")).strip()) for name in LIMITS}
    wanted = Limits(
        rate_per_s=_number(given, "rate_per_s", int) or 0,
        chat_interval_s=_number(given, "chat_interval_s", float) or 0.0,
        portfolio=given["portfolio"] or None,
        daily_limit=_number(given, "daily_limit", int),
        pair_interval_s=_number(given, "pair_interval_s", float),
        pair_burst=_number(given, "pair_burst", int),
    )
    await sender_actions.limit(rt, id, wanted, key=key, actor=desk.actor)
    return onward(f"/senders/{id}")


def _number(given: dict[str, str], name: str, kind: type[N]) -> N | None:
    """Read a number; an empty field is none, and anything else is refused by its name."""
    if not given[name]:
        return None
    try:
        return kind(given[name])
    except ValueError as error:
        raise Invalid("sender.limit_malformed", field=name) from error


def _administers(desk: Desk) -> bool:
    """Say whether somebody administers the whole organisation, as for reading its record."""
    assert desk.visitor.me is not None
    return "record" in desk.visitor.me.rights


def _sender(
    row: Standing,
    traffic: dict[UUID, Traffic],
    troubles: list[Trouble],
    desk: Desk,
    now: datetime,
) -> dict[str, Any]:
    went = traffic.get(row.id)
    own = [trouble for trouble in troubles if trouble.sender_id == row.id]
    return {
        "id": row.id,
        "name": row.name,
        "channel": row.channel,
        "stands": how_it_stands(row, desk.language, now=now),
        "stopped": row.stopped_at is not None,
        "rate": rate(row.rate_per_s),
        "rate_now": rate(row.rate_now_per_s) if row.held and row.rate_now_per_s else None,
        **_limits(row),
        "heard": _heard(row),
        "people_in_a_day": row.people_in_a_day,
        "last_minute": went.last_minute if went else 0,
        "last_hour": went.last_hour if went else 0,
        "not_taken": went.not_taken if went else 0,
        "troubles": [
            {"words": how_it_ended(one, desk.language), "times": one.times, "at": one.last_at}
            for one in own[:TROUBLES_SHOWN]
        ],
    }


def _limits(row: Standing) -> dict[str, Any]:
    """Return what somebody wrote down that a provider allows."""
    return {
        "chat_interval_s": row.chat_interval_s,
        "portfolio": row.portfolio,
        "daily_limit": row.daily_limit,
        "pair_interval_s": row.pair_interval_s,
        "pair_burst": row.pair_burst,
    }


def _heard(row: Standing) -> dict[str, Any]:
    """Return what the provider itself said, and when that was heard."""
    return {
        "quality": row.quality,
        "quality_at": row.quality_at,
        "daily_limit": row.allowed_daily,
        "daily_limit_at": row.allowed_daily_at,
        "restriction": row.restriction,
        "restriction_at": row.restriction_at,
    }


def _exchange(row: Exchanged, desk: Desk) -> dict[str, Any]:
    return {
        "at": row.at,
        "told": row.told,
        "method": row.method,
        "answer": row.status or row.kind,
        "outcome": row.outcome,
        "words": how_it_ended(row, desk.language),
        "times": row.times,
        "took_ms": row.took_ms,
        "slowest_ms": row.slowest_ms,
    }


ROUTES = (listing, sender, go_on, limits)
