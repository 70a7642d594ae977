"""Signing in and out, and what somebody prefers."""

from typing import Any

from litestar import Response, get, post

from chaupal.kit import db
from chaupal.kit.refusals import Refused
from chaupal.organisations import actions, queries
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.language import LANGUAGES
from chaupal.web.visits import Asked
from chaupal.web.words import refusal_words


@get("/sign-in")
async def door(request: Asked) -> Response[Any]:
    """GET /sign-in: the form. Whoever is signed in already goes on."""
    back = visits.local(request.query_params.get("back"))
    if request.cookies.get(visits.SESSION):
        try:
            await visits.desk_of(request)
        except Refused:
            pass
        else:
            return onward(back)
    contents = {
        "organisation": await _organisation(request),
        "login": "",
        "back": back,
        "refusal": None,
    }
    return page(request, visits.visitor_of(request), "sign_in.html", contents)


async def _organisation(request: Asked) -> str:
    """Return the organisation asked for, or the one used last, or the only one there is."""
    known = request.query_params.get("organisation") or request.cookies.get(visits.SLUG)
    if known:
        return known[:40]
    async with db.installation(visits.runtime(request).pool) as conn:
        all_of_them = await queries.organisations(conn)
    return all_of_them[0].slug if len(all_of_them) == 1 else ""


@post("/sign-in", csrf="door")
async def sign_in(request: Asked) -> Response[Any]:
    """POST /sign-in: open a session, and go back to where somebody wanted to be."""
    form = await visits.fields(request)
    slug, login = str(form.get("organisation", ""))[:40], str(form.get("login", ""))[:60]
    back = visits.local(str(form.get("back", "/")))
    try:
        signed_in = await actions.sign_in(
            visits.runtime(request),
            slug=slug,
            login=login,
            password=str(form.get("password", ""))[:200],
            address=request.client.host if request.client else "",
        )
    except Refused as refusal:
        if refusal.code not in {"sign_in.wrong", "sign_in.throttled"}:
            raise
        visitor = visits.visitor_of(request)
        contents = {
            "organisation": slug,
            "login": login,
            "back": back,
            "refusal": refusal_words(refusal.code, refusal.facts, visitor.language),
        }
        return page(request, visitor, "sign_in.html", contents, status=refusal.status)
    kept = [
        visits.cookie(request, visits.SESSION, signed_in.cookie, lasts_s=None),
        visits.cookie(request, visits.LANGUAGE, signed_in.language, lasts_s=visits.YEAR_S),
        visits.cookie(request, visits.SLUG, slug.strip().lower(), lasts_s=visits.YEAR_S),
    ]
    return onward(back, cookies=kept)


@post("/sign-out")
async def sign_out(request: Asked) -> Response[Any]:
    """POST /sign-out: close the session."""
    desk = await visits.desk_of(request)
    cookie = request.cookies[visits.SESSION]
    await actions.sign_out(visits.runtime(request), cookie, actor=desk.actor)
    return onward("/sign-in", cookies=[visits.cookie(request, visits.SESSION, "", lasts_s=0)])


@post("/preferences", csrf="either")
async def prefer(request: Asked) -> Response[Any]:
    """POST /preferences: another language or light, and back to the same page."""
    form = await visits.fields(request)
    kept = []
    language, theme = form.get("language"), form.get("theme")
    if language in LANGUAGES:
        if "desk" in request.scope["state"]:
            desk = await visits.desk_of(request)
            await actions.choose_language(visits.runtime(request), str(language), actor=desk.actor)
        kept.append(visits.cookie(request, visits.LANGUAGE, str(language), lasts_s=visits.YEAR_S))
    if theme in visits.THEMES:
        kept.append(visits.cookie(request, visits.THEME, str(theme), lasts_s=visits.YEAR_S))
    return onward(visits.local(str(form.get("back", "/"))), cookies=kept)


ROUTES = (door, sign_in, sign_out, prefer)
