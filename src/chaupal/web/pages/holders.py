"""Giving an office to somebody: found by name, reference or number, and shown what goes along."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.directory.search import Searched, search
from chaupal.groups import seats
from chaupal.kit import db
from chaupal.kit.refusals import NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import accounts as sign_ins
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import AccountId
from chaupal.organisations.offices import NewTerm, Office, OfficeId, Term, pages, terms
from chaupal.organisations.offices import queries as offices
from chaupal.organisations.offices.actions import today
from chaupal.organisations.offices.models import check_reach
from chaupal.organisations.offices.terms import Who, account_holder
from chaupal.people.holding import person_holder
from chaupal.people.models import PersonId
from chaupal.relay import handing
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.pages.offices import day_of, names_of
from chaupal.web.shapes import named
from chaupal.web.visits import Asked, Desk

ASKED_LIMIT_CHARACTERS = 100
GROUPS_SHOWN = 20
STAFF_SHOWN = 10


@get("/offices/{id:uuid}/give")
async def look_for(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /offices/<office>/give: whom to appoint, or to hand over to."""
    return await _give(request, id, asked="")


@post("/offices/{id:uuid}/give/found")
async def found(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /offices/<office>/give/found: who fits. A form, so that no number is in an address."""
    form = await visits.fields(request)
    return await _give(request, id, asked=str(form.get("who", ""))[:ASKED_LIMIT_CHARACTERS].strip())


@get("/offices/{id:uuid}/give/{kind:str}/{holder:uuid}")
async def preview(
    request: Asked, id: FromPath[UUID], kind: FromPath[str], holder: FromPath[UUID]
) -> Response[Any]:
    """GET /offices/<office>/give/<person or account>/<id>: what goes along, before it is given."""
    return await _give(request, id, asked="", kind=kind, holder=holder)


@post("/offices/{id:uuid}/give/{kind:str}/{holder:uuid}/done")
async def give(
    request: Asked, id: FromPath[UUID], kind: FromPath[str], holder: FromPath[UUID]
) -> Response[Any]:
    """POST …/give/<person or account>/<id>/done: appoint them, or hand over to them."""
    desk = await visits.desk_of(request)
    rt, form = visits.runtime(request), await visits.fields(request)
    new = NewTerm(day_of(form, "since") or today(rt), day_of(form, "until"))
    act = terms.hand_over if form.get("verb") == "hand-over" else terms.appoint
    await act(
        rt,
        OfficeId(id),
        _who(rt, kind, holder),
        new,
        key=await visits.idempotency_key(request),
        actor=desk.actor,
    )
    return onward(f"/offices/{id}")


def _who(rt: Runtime, kind: str, id: UUID) -> Who:
    if kind == "person":
        return person_holder(PersonId(id))
    if kind == "account":
        return account_holder(rt, AccountId(id))
    raise NotFound("not_found")


async def _give(
    request: Asked, id: UUID, *, asked: str, kind: str = "", holder: UUID | None = None
) -> Response[Any]:
    desk = await visits.desk_of(request)
    rt, day = visits.runtime(request), today(visits.runtime(request))
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await offices.office(conn, OfficeId(id), scope=desk.scope)
        if here is None:
            raise NotFound("office.not_found")
        check_reach(desk.scope, here.unit_path, here.role)
        history = await offices.terms(conn, here.id)
        outgoing = next((term for term in history if term.holds_on(day)), None)
        unit = (await organisations.lineage(conn, here.unit_path))[-1]
        contents = {
            "office": {
                "id": here.id,
                "title": here.title(desk.language),
                "role": here.role.value,
                "unit_id": here.unit_id,
                "unit_code": unit.code,
                "unit_name": named(unit, desk.language),
            },
            "verb": "hand-over" if outgoing else "appoint",
            "asked": asked,
            "found": await _found(rt, conn, asked, desk) if asked else None,
            "chosen": await _chosen(rt, conn, kind, holder, desk) if holder else None,
            "outgoing": await _leaving(rt, conn, here, outgoing, desk) if outgoing else None,
            "today": day,
        }
    return page(request, desk, "office_give.html", contents)


async def _found(rt: Runtime, conn: db.Conn, asked: str, desk: Desk) -> list[dict[str, Any]]:
    """Find people by number, reference or name, and staff accounts by login or name."""
    hits = await search(rt, conn, asked, scope=desk.scope, kinds=[Searched.PERSON])
    exact = hits.exact.get(Searched.PERSON, [])
    sounding = [] if exact else hits.pages[Searched.PERSON].hits
    staff = await pages.account_page(
        conn, scope=desk.scope, today=today(rt), named=asked, limit=STAFF_SHOWN
    )
    return [
        {
            "kind": "person",
            "id": hit.id,
            "name": hit.name(desk.language),
            "detail": hit.mark,
            "unit_name": " › ".join(hit.trail(desk.language)[-2:]),
        }
        for hit in [*exact, *sounding]
    ] + [
        {
            "kind": "account",
            "id": account.id,
            "name": account.name,
            "detail": account.login,
            "unit_name": (account.unit_name_hi if desk.language == "hi" else account.unit_name_en)
            or "–",
        }
        for account in staff
        if account.person_id is None and account.disabled_at is None
    ]


async def _chosen(
    rt: Runtime, conn: db.Conn, kind: str, id: UUID | None, desk: Desk
) -> dict[str, Any]:
    """Return who was chosen, and whether they can sign in."""
    assert id is not None, "somebody was chosen"
    holder = await _who(rt, kind, id)(conn, desk.scope)
    names = await names_of(conn, [(holder.person_id, holder.account_id)], desk)
    account = await sign_ins.account_of_person(conn, holder.person_id) if holder.person_id else None
    signs_in = holder.account_id is not None or (
        account is not None and account.disabled_at is None
    )
    return {
        "kind": kind,
        "id": id,
        "person_id": holder.person_id,
        "name": names.of(holder.person_id, holder.account_id) or "–",
        "signs_in": signs_in,
        "has_account": signs_in or account is not None,
    }


async def _leaving(
    rt: Runtime, conn: db.Conn, office: Office, term: Term, desk: Desk
) -> dict[str, Any]:
    """Return who hands over, what goes along by itself, and what somebody has to see to."""
    names = await names_of(conn, [(term.person_id, term.account_id)], desk)
    tasks = await handing.open_tasks_of(conn, office.id, now=rt.now())
    groups = (
        await seats.administered(conn, term.person_id, scope=desk.scope, limit=GROUPS_SHOWN + 1)
        if term.person_id
        else []
    )
    return {
        "name": names.of(term.person_id, term.account_id),
        "since": term.since,
        "until": term.until,
        "tasks": tasks.tasks,
        "groups": [{"id": group.id, "name": group.name} for group in groups[:GROUPS_SHOWN]],
        "more_groups": len(groups) > GROUPS_SHOWN,
    }


ROUTES = (look_for, found, preview, give)
