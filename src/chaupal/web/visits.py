"""Who asks for a page, in which language and light, and whether the form is really theirs."""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from babel import negotiate_locale
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, FormMultiDict, State
from litestar.handlers import BaseRouteHandler

from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotAllowed, NotSignedIn
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, Scope, actions, scope_of
from chaupal.organisations import pages as organisation_pages
from chaupal.organisations.models import AccountId, Session
from chaupal.organisations.scope import INDIA
from chaupal.record import Actor
from chaupal.web.language import LANGUAGES, Language

Asked: TypeAlias = Request[Any, Any, State]

SESSION, LANGUAGE, THEME, DOOR, SLUG = "session", "language", "theme", "door", "organisation"
THEMES = ("light", "auto", "dark")
YEAR_S = 365 * 86_400
LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")
LOCAL_LIMIT_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Me:
    """What a page says of whoever reads it. `rights` are words that templates ask for."""

    account_name: str
    post_title: str
    organisation_name: str
    rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Anybody who reads a page. `door` is the secret half of the sign-in form's own token."""

    language: Language
    theme: str
    here: str
    csrf: str
    me: Me | None = None
    door: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody signed in, with what they may see."""

    visitor: Visitor
    session: Session
    actor: Actor
    scope: Scope

    @property
    def language(self) -> Language:
        """Return the language that this person reads."""
        return self.visitor.language


def runtime(asked: Asked) -> Runtime:
    """Return the outside world."""
    rt: Runtime = asked.app.state.rt
    return rt


def visitor_of(asked: Asked) -> Visitor:
    """Return who reads, as far as it is known without asking the database."""
    desk = asked.scope["state"].get("desk")
    if isinstance(desk, Desk):
        return desk.visitor
    door = asked.cookies.get(DOOR) or secrets.token_urlsafe(18)
    return Visitor(
        language=_language(asked),
        theme=_theme(asked),
        here=_here(asked),
        csrf=_door_token(runtime(asked), door),
        door=door,
    )


async def desk_of(asked: Asked) -> Desk:
    """Return who is signed in, or refuse. Looks once for each request."""
    known = asked.scope["state"].get("desk")
    if isinstance(known, Desk):
        return known
    _check_text(asked.query_params.values())
    rt = runtime(asked)
    session, actor = await actions.session_of(rt, asked.cookies.get(SESSION))
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        standing = await organisation_pages.standing(
            conn, AccountId(actor.id), today=rt.now().astimezone(INDIA).date()
        )
    hindi = session.language == "hi"
    title, unit = (
        (standing.title_hi, standing.unit_name_hi)
        if hindi
        else (standing.title_en, standing.unit_name_en)
    )
    rights = {right.value for right in Right if scope.allows(right)}
    if standing.root_paths and all(scope.covers(p, Right.IMPORT) for p in standing.root_paths):
        rights.add("record")
    me = Me(
        account_name=session.name,
        post_title=" · ".join(part for part in (title, unit) if part),
        organisation_name=(
            standing.organisation_name_hi if hindi else standing.organisation_name_en
        ),
        rights=frozenset(rights),
    )
    visitor = Visitor("hi" if hindi else "en", _theme(asked), _here(asked), session.csrf, me)
    desk = Desk(visitor, session, actor, scope)
    asked.scope["state"]["desk"] = desk
    return desk


async def check_form(asked: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse every write whose form does not carry its reader's own token.

    A handler says `csrf="door"` where nobody needs to be signed in, `csrf="path"` where the
    address itself is the secret, `csrf="stream"` where it calls `check_token` itself, before it
    reads the file in the form, and `csrf="bearer"` where a key comes in a header, which no form
    can send; forgetting to say anything is the strict way.
    """
    kind = handler.opt.get("csrf", "session")
    assert isinstance(asked, Request)
    if asked.method != "POST" or kind in {"path", "stream", "bearer"}:
        return
    await check_token(asked, str((await asked.form()).get("csrf", "")), kind)


async def check_token(asked: Asked, given: str, kind: str = "session") -> None:
    """Refuse a token that is not its reader's own."""
    for token in await _tokens(asked, kind):
        if hmac.compare_digest(given.encode(), token.encode()):
            return
    raise NotAllowed("csrf.mismatch")


async def _tokens(asked: Asked, kind: str) -> list[str]:
    """Return which tokens a form may carry."""
    door = asked.cookies.get(DOOR)
    at_the_door = [_door_token(runtime(asked), door)] if door else []
    if kind == "session":
        return [(await desk_of(asked)).session.csrf]
    if kind == "either" and asked.cookies.get(SESSION):
        try:
            return [(await desk_of(asked)).session.csrf]
        except NotSignedIn:
            return at_the_door
    return at_the_door


def _door_token(rt: Runtime, door: str) -> str:
    return rt.sealer.sign("door", door.encode()).hex()


async def idempotency_key(asked: Asked) -> str:
    """Return the key under which this form is answered once, however often it is sent."""
    key = (await asked.form()).get("idempotency_key")
    if not isinstance(key, str):
        raise Invalid("request.malformed", where="idempotency_key")
    return key


async def fields(asked: Asked) -> FormMultiDict:
    """Return the fields of a form; one with a character that no text has is refused."""
    form = await asked.form()
    _check_text(form.values())
    return form


def _check_text(written: Iterable[object]) -> None:
    """Refuse what PostgreSQL keeps in no text, and no keyboard writes."""
    if any("\0" in value for value in written if isinstance(value, str)):
        raise Invalid("request.malformed", where="text")


def cookie(asked: Asked, name: str, value: str, *, lasts_s: int | None, path: str = "/") -> Cookie:
    """Return a cookie that scripts cannot read; over https it stays there."""
    return Cookie(
        key=name,
        value=value,
        path=path,
        max_age=lasts_s,
        httponly=True,
        samesite="lax",
        secure=runtime(asked).desk_url.startswith("https:"),
    )


def local(path: str | None) -> str:
    """Return a path of our own to go back to; anything else becomes the control room."""
    if path and len(path) <= LOCAL_LIMIT_CHARACTERS and LOCAL.fullmatch(path):
        return path
    return "/"


def _here(asked: Asked) -> str:
    query = asked.url.query
    return local(asked.url.path + (f"?{query}" if query else ""))


def _language(asked: Asked) -> Language:
    """Return what the cookie says, else what is asked for, else what a key's owner reads, else
    Hindi."""
    chosen = asked.cookies.get(LANGUAGE)
    wanted = [
        part.split(";")[0].strip().replace("-", "_")
        for part in asked.headers.get("accept-language", "")[:200].split(",")
    ]
    found = negotiate_locale([chosen] if chosen in LANGUAGES else wanted, list(LANGUAGES), sep="_")
    return "en" if (found or asked.scope["state"].get("language")) == "en" else "hi"


def _theme(asked: Asked) -> str:
    chosen = asked.cookies.get(THEME, "auto")
    return chosen if chosen in THEMES else "auto"
