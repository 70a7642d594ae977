"""Accounts for administrators: opened, let in, disabled; and the page at a one-time sign-in link.

The link's address is the secret, so it reaches no log, no Referer and no cache.
"""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right
from chaupal.organisations.actions import PASSWORD_LENGTH
from chaupal.organisations.models import AccountId
from chaupal.organisations.offices import accounts, pages
from chaupal.organisations.offices.accounts import LetIn, NewAccount
from chaupal.organisations.offices.actions import today
from chaupal.organisations.offices.pages import AccountLine
from chaupal.people import holding
from chaupal.people.holding import NamedPerson, person_holder
from chaupal.people.models import PersonId
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.language import LANGUAGES
from chaupal.web.pages import paging
from chaupal.web.pages.offices import unit_asked
from chaupal.web.visits import Asked, Desk
from chaupal.web.words import refusal_words

ACCOUNTS_SHOWN = 50


@get("/accounts")
async def directory(request: Asked) -> Response[Any]:
    """GET /accounts: the accounts that the reader may look after."""
    desk = await _administrator(request)
    rt = visits.runtime(request)
    named = request.query_params.get("q", "").strip()[:100]
    after = request.query_params.get("after", "")[:60] or None
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await pages.account_page(
            conn,
            scope=desk.scope,
            today=today(rt),
            named=named,
            after=after,
            limit=ACCOUNTS_SHOWN + 1,
        )
    shown = found[:ACCOUNTS_SHOWN]
    contents = {
        "filter": {"q": named},
        "accounts": [_line(line, desk) for line in shown],
        "first_url": paging.address("/accounts", q=named) if after else None,
        "next_url": (
            paging.address("/accounts", q=named, after=shown[-1].login)
            if len(found) > ACCOUNTS_SHOWN
            else None
        ),
    }
    return page(request, desk, "accounts.html", contents)


def _line(line: AccountLine, desk: Desk) -> dict[str, Any]:
    hindi = desk.language == "hi"
    return {
        "id": line.id,
        "login": line.login,
        "name": line.name,
        "title": line.title_hi if hindi else line.title_en,
        "unit_name": line.unit_name_hi if hindi else line.unit_name_en,
        "is_person": line.person_id is not None,
        "disabled_at": line.disabled_at,
        "own": line.id == desk.actor.id,
    }


async def _administrator(request: Asked) -> Desk:
    desk = await visits.desk_of(request)
    desk.scope.need(Right.MANAGE)
    return desk


@get("/accounts/new")
async def blank(request: Asked) -> Response[Any]:
    """GET /accounts/new: the form; ?person= and ?unit= say for whom and where."""
    desk = await _administrator(request)
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        person = await _person(conn, request.query_params.get("person", ""), desk)
    contents = {
        "person": {"id": person.id, "name": person.name} if person else None,
        "unit": request.query_params.get("unit", "")[:60],
        "languages": LANGUAGES,
    }
    return page(request, desk, "account_new.html", contents)


async def _person(conn: db.Conn, written: str, desk: Desk) -> NamedPerson | None:
    if not written:
        return None
    try:
        id = PersonId(UUID(written))
    except ValueError as error:
        raise Invalid("request.malformed", where="person") from error
    found = await holding.named(conn, [id], scope=desk.scope)
    if not found:
        raise NotFound("person.not_found")
    return found[0]


@post("/accounts/new")
async def create(request: Asked) -> Response[Any]:
    """POST /accounts/new: open one, and show its sign-in link this once."""
    desk = await _administrator(request)
    rt, form = visits.runtime(request), await visits.fields(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        unit = await unit_asked(conn, str(form.get("unit", "")).strip()[:60], desk)
        person = await _person(conn, str(form.get("person", "")), desk)
    if unit is None:
        raise NotFound("unit.not_found")
    new = NewAccount(
        login=str(form.get("login", "")).strip().lower(),
        name=person.name if person else str(form.get("name", "")).strip(),
        language=str(form.get("language", "")),
    )
    let_in = await accounts.open_for(
        rt,
        unit.id,
        person_holder(person.id) if person else None,
        new,
        key=await visits.idempotency_key(request),
        actor=desk.actor,
    )
    return _shown_once(request, desk, rt, let_in)


@post("/accounts/{id:uuid}")
async def change(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /accounts/<account>: a new sign-in link, disable, or enable, by the form's `verb`."""
    desk = await _administrator(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    match (await visits.fields(request)).get("verb"):
        case "link":
            let_in = await accounts.reset(rt, AccountId(id), key=key, actor=desk.actor)
            return _shown_once(request, desk, rt, let_in)
        case "disable":
            await accounts.disable(rt, AccountId(id), key=key, actor=desk.actor)
        case "enable":
            await accounts.enable(rt, AccountId(id), key=key, actor=desk.actor)
        case _:
            raise Invalid("request.malformed", where="verb")
    return onward("/accounts")


def _shown_once(request: Asked, desk: Desk, rt: Runtime, let_in: LetIn) -> Response[Any]:
    contents = {
        "login": let_in.login,
        "url": f"{rt.desk_url}/enter/{let_in.token}",
        "expires_at": let_in.expires_at,
    }
    return page(request, desk, "account_link.html", contents)


@get("/enter/{token:str}")
async def door(request: Asked, token: FromPath[str]) -> Response[Any]:
    """GET /enter/<token>: choose a password at a one-time link."""
    return await _door(request, token)


async def _door(request: Asked, token: str, refusal: Refused | None = None) -> Response[Any]:
    account = await accounts.at_the_link(visits.runtime(request), token)
    visitor = visits.visitor_of(request)
    contents = {
        "login": account.login,
        "name": account.name,
        "action": f"/enter/{token}/password",
        "shortest": PASSWORD_LENGTH.start,
        "refusal": (
            refusal_words(refusal.code, refusal.facts, visitor.language) if refusal else None
        ),
    }
    status = refusal.status if refusal else 200
    return page(request, visitor, "enter.html", contents, status=status)


@post("/enter/{token:str}/password", csrf="path")
async def choose(request: Asked, token: FromPath[str]) -> Response[Any]:
    """POST /enter/<token>/password: set the password, use the link up, and sign in."""
    rt, form = visits.runtime(request), await visits.fields(request)
    password = str(form.get("password", ""))[: PASSWORD_LENGTH.stop]
    try:
        _check_same(password, str(form.get("again", ""))[: PASSWORD_LENGTH.stop])
        signed_in, slug = await accounts.choose_password(rt, token, password)
    except Invalid as refusal:
        if refusal.code == "account.link_broken":
            raise
        return await _door(request, token, refusal)
    kept = [
        visits.cookie(request, visits.SESSION, signed_in.cookie, lasts_s=None),
        visits.cookie(request, visits.LANGUAGE, signed_in.language, lasts_s=visits.YEAR_S),
        visits.cookie(request, visits.SLUG, slug, lasts_s=visits.YEAR_S),
    ]
    return onward("/", cookies=kept)


def _check_same(password: str, again: str) -> None:
    if password != again:
        raise Invalid("account.passwords_differ")


ROUTES = (directory, blank, create, change, door, choose)
