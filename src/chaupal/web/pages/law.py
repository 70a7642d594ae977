"""Rules of law: polls and the silence before each, stopped areas, and what they hold back."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import ahead, held
from chaupal.broadcasts.models import Broadcast, Count, State
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.kit.runtime import Runtime
from chaupal.law import freezes, polls, queries
from chaupal.law.freezes import Freeze, FreezeId
from chaupal.law.models import SILENCE, NewPoll, Poll, PollId
from chaupal.organisations import Right, Scope
from chaupal.organisations.scope import INDIA
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.language import Language
from chaupal.web.live import Hub
from chaupal.web.pages import paging
from chaupal.web.shapes import named
from chaupal.web.visits import Asked, Desk
from chaupal.web.words import refusal_words

POLLS_SHOWN = 60
UNITS_SHOWN = 8
FREEZES_SHOWN = 60
LIFTED_SHOWN_FOR = timedelta(days=7)
HELD_SHOWN = 20
FIELDS = ("election", "phase", "day", "opens", "closes", "silence_h", "source", "units")
BLANK = {**dict.fromkeys(FIELDS, ""), "opens": "07:00", "closes": "18:00",
         "silence_h": str(SILENCE.hours)}  # fmt: skip


@get("/law")
async def calendar(request: Asked) -> Response[Any]:
    """GET /law: the polls and their silences, the latest first."""
    return await _calendar(request, BLANK)


async def _calendar(
    request: Asked, form: Mapping[str, str], refusal: Invalid | None = None
) -> Response[Any]:
    desk = await visits.desk_of(request)
    desk.scope.need(Right.VIEW)
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await queries.polls_page(conn, scope=desk.scope, limit=POLLS_SHOWN)
        areas = await queries.areas(conn, [poll.id for poll in found])
        stopped = await freezes.freezes_page(
            conn,
            scope=desk.scope,
            lifted_since=rt.now() - LIFTED_SHOWN_FOR,
            limit=FREEZES_SHOWN,
        )
    contents = {
        "freezes": [_freeze(freeze, desk) for freeze in stopped],
        "polls": [_poll(poll, areas, desk, rt.now()) for poll in found],
        "may_enter": desk.scope.allows(Right.MANAGE),
        "rule": SILENCE,
        "today": rt.now().astimezone(INDIA).date(),
        "form": form,
        "refusal": refusal and refusal_words(refusal.code, refusal.facts, desk.language),
    }
    return page(request, desk, "law.html", contents, status=refusal.status if refusal else 200)


def _freeze(freeze: Freeze, desk: Desk) -> dict[str, Any]:
    return {
        "id": freeze.order_id,
        "unit": named(freeze, desk.language),
        "everything": freeze.everything,
        "reason": freeze.reason,
        "ordered_label": freeze.ordered_label,
        "since": freeze.since,
        "lifted_label": freeze.lifted_label,
        "lifted_at": freeze.lifted_at,
        "may_lift": freeze.lifted_at is None and desk.scope.covers(freeze.path, Right.MANAGE),
    }


async def stopped_now(conn: db.Conn, scope: Scope, now: datetime, language: Language) -> list[str]:
    """Return the names of the areas that are stopped now, for the control room."""
    found = await freezes.freezes_page(conn, scope=scope, lifted_since=now, limit=FREEZES_SHOWN)
    return [named(freeze, language) for freeze in found if freeze.lifted_at is None]


def _poll(poll: Poll, areas: Sequence[queries.Area], desk: Desk, now: datetime) -> dict[str, Any]:
    """Return a poll with the units that its reader may know of: their own, and those above."""
    held_in = [area for area in areas if area.of == poll.id]
    known = polls.known_to(desk.scope, poll.id, areas)
    return {
        "id": poll.id,
        "election": poll.election,
        "phase": poll.phase,
        "opens_at": poll.opens_at,
        "closes_at": poll.closes_at,
        "silent_from": poll.silent_from,
        "source": poll.source,
        "entered_label": poll.entered_label,
        "entered_at": poll.entered_at,
        "units": [named(area, desk.language) for area in known[:UNITS_SHOWN]],
        "others": max(0, len(known) - UNITS_SHOWN),
        "changed_label": poll.changed_label,
        "changed_at": poll.changed_at,
        "amends": poll.amends,
        "doubt": poll.doubt,
        "doubted_label": poll.doubted_label,
        "withdrawn_label": poll.withdrawn_label,
        "withdrawn_at": poll.withdrawn_at,
        "state": _state(poll, now),
        "may_change": bool(held_in)
        and poll.withdrawn_at is None
        and poll.closes_at > now
        and all(desk.scope.covers(area.path, Right.MANAGE) for area in held_in),
        "may_agree": poll.doubted_by is not None and poll.doubted_by != desk.actor.id,
    }


def _state(poll: Poll, now: datetime) -> str:
    if poll.withdrawn_at is not None:
        return "withdrawn"
    if poll.closes_at <= now:
        return "over"
    return "silent" if poll.silent_from <= now else "ahead"


@post("/law/polls")
async def enter(request: Asked) -> Response[Any]:
    """POST /law/polls: a polling day, from which the silence follows."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    fields = await visits.fields(request)
    form = {name: str(fields.get(name, "")) for name in FIELDS}
    try:
        await polls.enter(rt, _read(form), key=key, actor=desk.actor)
    except Invalid as refusal:
        return await _calendar(request, form, refusal)
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "broadcasts")
    return onward("/law")


def _read(form: Mapping[str, str]) -> NewPoll:
    """Read what was entered; its hours are by the clock in India."""
    try:
        day = date.fromisoformat(form["day"])
        hours = [time.fromisoformat(form[name]) for name in ("opens", "closes")]
    except ValueError as error:
        raise Invalid("poll.hours_malformed") from error
    opens_at, closes_at = (
        datetime.combine(day, hour.replace(tzinfo=None), INDIA) for hour in hours
    )
    return NewPoll(
        election=_line(form["election"]),
        phase=_line(form["phase"]),
        opens_at=opens_at,
        closes_at=closes_at,
        silence_h=paging.number(form["silence_h"]) or 0,
        source=_line(form["source"]),
        codes=codes(form["units"]),
    )


def _line(written: str) -> str:
    return " ".join(written.split())


def codes(written: str) -> tuple[str, ...]:
    """Read units' codes, as people write them below or beside each other."""
    return tuple(dict.fromkeys(written.replace(",", " ").replace(";", " ").split()))


@get("/law/polls/{id:uuid}")
async def poll(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /law/polls/<id>: the form in which a poll is changed."""
    return await _poll_form(request, PollId(id))


@post("/law/polls/{id:uuid}")
async def rewrite(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /law/polls/<id>: change a poll; what would shorten a silence takes a second person."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    fields = await visits.fields(request)
    form = {name: str(fields.get(name, "")) for name in (*FIELDS, "reason")}
    try:
        await polls.change(rt, PollId(id), _read(form), form["reason"], key=key, actor=desk.actor)
    except Invalid as refusal:
        return await _poll_form(request, PollId(id), form, refusal)
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "broadcasts")
    return onward("/law")


async def _poll_form(
    request: Asked,
    id: PollId,
    form: Mapping[str, str] | None = None,
    refusal: Invalid | None = None,
) -> Response[Any]:
    desk = await visits.desk_of(request)
    rt = visits.runtime(request)
    found, held_in = await polls.to_change(rt, id, actor=desk.actor)
    opens, closes = (at.astimezone(INDIA) for at in (found.opens_at, found.closes_at))
    contents = {
        "id": id,
        "title": found.election,
        "rule": SILENCE,
        "today": rt.now().astimezone(INDIA).date(),
        "form": form
        or {
            "election": found.election,
            "phase": found.phase,
            "day": opens.date().isoformat(),
            "opens": opens.strftime("%H:%M"),
            "closes": closes.strftime("%H:%M"),
            "silence_h": str(found.silence_h),
            "source": found.source,
            "units": "\n".join(unit.code for unit in held_in),
        },
        "reason": form["reason"] if form else "",
        "refusal": refusal and refusal_words(refusal.code, refusal.facts, desk.language),
    }
    return page(request, desk, "law_poll.html", contents, status=refusal.status if refusal else 200)


@post("/law/polls/{id:uuid}/{verb:str}")
async def change(request: Asked, id: FromPath[UUID], verb: FromPath[str]) -> Response[Any]:
    """POST /law/polls/<id>/doubt, keep or withdraw: what lifts a silence needs two people."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    poll = PollId(id)
    match verb:
        case "doubt":
            why = str((await visits.fields(request)).get("reason", ""))
            await polls.doubt(rt, poll, why, key=key, actor=desk.actor)
        case "keep":
            await polls.keep(rt, poll, key=key, actor=desk.actor)
        case "withdraw":
            await polls.withdraw(rt, poll, key=key, actor=desk.actor)
        case _:
            raise NotFound("not_found")
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "broadcasts")
    return onward("/law")


@post("/law/freezes")
async def stop(request: Asked) -> Response[Any]:
    """POST /law/freezes: stop an area, now."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    form = await visits.fields(request)
    what = str(form.get("what", ""))
    if what not in {"everything", "election"}:
        raise Invalid("request.malformed", where="what")
    await freezes.order(
        rt,
        str(form.get("unit", "")).strip(),
        str(form.get("reason", "")),
        everything=what == "everything",
        key=key,
        actor=desk.actor,
    )
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "broadcasts")
    return onward("/law")


@post("/law/freezes/{id:uuid}/lift")
async def go_on(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /law/freezes/<id>/lift: let an area go on."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    await freezes.lift(rt, FreezeId(id), key=key, actor=desk.actor)
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "broadcasts")
    return onward("/law")


async def held_back(
    rt: Runtime,
    hub: Hub,
    shown: Broadcast,
    account: Sequence[Count],
    *,
    scope: Scope,
    language: Language,
) -> list[dict[str, Any]]:
    """Return what the law holds back of a broadcast now: it is looked for now and then, and only
    while something waits."""
    if not any(count.state in {State.QUEUED, State.TASKED} for count in account):
        return []

    async def look() -> list[held.Held]:
        async with db.transaction(rt.pool, scope.organisation) as conn:
            now = rt.now()
            own = await ahead.own_life(conn, shown.chosen, now=now)
            return await held.held(conn, shown.id, now=now, limit=HELD_SHOWN, own=own)

    rows = await hub.remembered.of(("held", scope.organisation, shown.id), look)
    return [
        {
            "why": row.why,
            "unit": named(row, language),
            "title": row.title,
            "detail": row.detail,
            "starts_at": row.starts_at,
            "ends_at": row.ends_at,
            "targets": row.targets,
        }
        for row in rows
    ]


ROUTES = (calendar, enter, poll, rewrite, change, stop, go_on)
