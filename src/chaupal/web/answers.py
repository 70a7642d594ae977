"""Answers: pages, and the one place where a "no" or a bug is put before a reader."""

import traceback
from pathlib import Path
from typing import Any

from litestar import Response
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from chaupal.kit import log
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import NotSignedIn, Refused
from chaupal.web import visits
from chaupal.web.render import render
from chaupal.web.visits import Asked, Desk, Visitor
from chaupal.web.words import Words, refusal_words

Page = Response[str]

API = "/api/"
UNREADABLE = 422
UNAVAILABLE_S = 5
CODES = {404: "not_found", 405: "request.malformed", 413: "request.too_large"}

logger = log.logger(__name__)


def page(
    asked: Asked,
    reader: Desk | Visitor,
    template: str,
    contents: object,
    *,
    status: int = 200,
    cookies: list[Cookie] | None = None,
) -> Page:
    """Answer with a page in the reader's language and light."""
    visitor = reader.visitor if isinstance(reader, Desk) else reader
    set_now = list(cookies or ())
    if visitor.door and asked.cookies.get(visits.DOOR) != visitor.door:
        set_now.append(visits.cookie(asked, visits.DOOR, visitor.door, lasts_s=None))
    return Response(
        render(
            template,
            visitor.language,
            now=visits.runtime(asked).now(),
            page=contents,
            me=visitor.me,
            csrf=visitor.csrf,
            theme=visitor.theme,
            here=visitor.here,
        ),
        media_type=MediaType.HTML,
        status_code=status,
        cookies=set_now,
    )


def onward(path: str, *, cookies: list[Cookie] | None = None) -> Redirect:
    """Answer a form: the browser goes on to `path`, and a reload sends nothing again."""
    return Redirect(path, status_code=303, cookies=list(cookies or ()))


def refused(asked: Asked, refusal: Refused) -> Response[Any]:
    """Say the rules' "no" in the reader's language."""
    visitor = visits.visitor_of(asked)
    words = refusal_words(refusal.code, refusal.facts, visitor.language)
    logger.info("web.refused", code=refusal.code, status=refusal.status, route=_route(asked))
    if _wants_json(asked):
        return _as_json(refusal.status, refusal.code, words, wait_s=refusal.facts.get("wait_s"))
    if isinstance(refusal, NotSignedIn) and asked.method == "GET":
        return _door(asked, visitor, refusal, words)
    return _refusal_page(asked, visitor, refusal.status, words)


def not_understood(asked: Asked, error: HTTPException) -> Response[Any]:
    """Answer what no page of ours expects: a wrong path, method or size."""
    if error.status_code >= 500:
        return bug(asked, error)
    visitor = visits.visitor_of(asked)
    code = CODES.get(error.status_code, "request.malformed")
    words = refusal_words(code, {}, visitor.language)
    if _wants_json(asked):
        status = UNREADABLE if error.status_code == 400 else error.status_code
        return _as_json(status, code, words)
    return _refusal_page(asked, visitor, error.status_code, words)


def bug(asked: Asked, error: Exception) -> Response[Any]:
    """Own up to a mistake of ours. The log has where it happened, and nothing of what was in it."""
    reference = new_id().hex[-12:]
    frames = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-12:]
    ]
    logger.error(
        "web.bug",
        reference=reference,
        kind=type(error).__name__,
        route=_route(asked),
        frames=frames,
    )
    visitor = visits.visitor_of(asked)
    words = refusal_words("web.bug", {}, visitor.language)
    if _wants_json(asked):
        return _as_json(500, "web.bug", words, reference)
    return _refusal_page(asked, visitor, 500, words, reference)


def _refusal_page(
    asked: Asked, visitor: Visitor, status: int, words: Words, reference: str | None = None
) -> Page:
    if status == 401:
        way_out = "/sign-in"
    else:
        way_out = "/" if asked.method == "GET" else visits.local(_came_from(asked))
    contents = {"status": status, "words": words, "way_out": way_out, "reference": reference}
    return page(asked, visitor, "refused.html", contents, status=status)


def _door(asked: Asked, visitor: Visitor, refusal: Refused, words: Words) -> Page:
    """Ask who is there, on the very page they wanted."""
    first_visit = refusal.code == "session.missing" and visitor.here == "/"
    contents = {
        "organisation": asked.cookies.get(visits.SLUG, ""),
        "login": "",
        "back": visitor.here,
        "refusal": None if first_visit else words,
    }
    return page(asked, visitor, "sign_in.html", contents, status=refusal.status)


def _came_from(asked: Asked) -> str:
    """Return the page that a form stood on, as far as its address tells: one step up."""
    return asked.url.path.rsplit("/", 1)[0] or "/"


def _wants_json(asked: Asked) -> bool:
    if asked.url.path.startswith(API):
        return True
    accepted = asked.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def _as_json(
    status: int,
    code: str,
    words: Words,
    reference: str | None = None,
    *,
    wait_s: object = None,
) -> Response[dict[str, Any]]:
    answer = {"code": code, "title": words.title, "what": words.what, "mend": words.mend}
    if reference:
        answer["reference"] = reference
    headers = {"Retry-After": str(wait_s or UNAVAILABLE_S)} if status in {429, 503} else {}
    return Response(answer, media_type=MediaType.JSON, status_code=status, headers=headers)


def _route(asked: Asked) -> str:
    """Return which page it was, never its address: that may hold a personal link."""
    handler = asked.scope.get("route_handler")
    return getattr(handler, "handler_name", "none")
