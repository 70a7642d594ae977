"""A volunteer's page at a personal link: the text to share, and "posted".

The address is the secret, so it reaches no log, no Referer and no cache, and needs no session.
"""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.kit.refusals import Refused, Unavailable
from chaupal.relay import actions
from chaupal.relay.models import WithdrawnPage
from chaupal.relay.visitors import is_person
from chaupal.web import answers, visits
from chaupal.web.answers import onward, page
from chaupal.web.language import LANGUAGES, Language
from chaupal.web.visits import Asked, Visitor
from chaupal.web.words import refusal_words

POSTED, DELETED = "posted", "deleted"
THANKED_FOR_S = 120
# What was approved never changes. It stays on this one phone, and no longer than a day.
SEEN_AGAIN = "private, max-age=86400, immutable"


def _gone(request: Asked, refusal: Refused) -> Response[Any]:
    """Say why there is nothing to do here (any more). An engine that is away is another matter."""
    if isinstance(refusal, Unavailable):
        return answers.refused(request, refusal)
    language = _asked_language(request) or visits.visitor_of(request).language
    contents = {
        "organisation_name": "",
        "other_language_url": _other(language),
        "thanked": POSTED in request.cookies,
        "words": refusal_words(refusal.code, _facts(refusal, language), language),
    }
    return page(request, _volunteer(language), "relay_gone.html", contents, status=refusal.status)


@get("/r/{token:str}", exception_handlers={Refused: _gone})
async def task(request: Asked, token: FromPath[str]) -> Response[Any]:
    """GET /r/<token>: one task, in its reader's language."""
    shown = await actions.open_page(
        visits.runtime(request),
        token,
        language=_asked_language(request),
        by_person=is_person(request.method, request.headers),
        just_posted=POSTED in request.cookies,
        just_deleted=DELETED in request.cookies,
    )
    if isinstance(shown, WithdrawnPage):
        return _withdrawn(request, shown, f"/r/{token}/deleted")
    language = _spoken(shown.language)
    contents = {
        "organisation_name": shown.organisation_name,
        "other_language_url": _other(language),
        "group_name": shown.group_name,
        "title": shown.title,
        "text": shown.text,
        "text_language": shown.text_language,
        "wa_url": shown.wa_url,
        "posted_url": f"/r/{token}/posted",
        "picture_url": shown.picture and f"/r/{token}/picture",
        "description": shown.picture and shown.picture.description,
        "posted_at": shown.posted_at,
        "closes_at": shown.closes_at,
        "others": [
            {"title": other.title, "group_name": other.group_name, "url": other.url}
            for other in shown.others
        ],
    }
    return page(request, _volunteer(language), "relay.html", contents)


@get("/r/{token:str}/picture", exception_handlers={Refused: _gone})
async def picture(request: Asked, token: FromPath[str]) -> Response[Any]:
    """GET /r/<token>/picture: the picture of a task, for as long as its page shows it."""
    content = await actions.picture(
        visits.runtime(request), token, just_posted=POSTED in request.cookies
    )
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": SEEN_AGAIN})


@post("/r/{token:str}/posted", csrf="path", exception_handlers={Refused: _gone})
async def posted(request: Asked, token: FromPath[str]) -> Response[Any]:
    """POST /r/<token>/posted: an admin says that the text is in the group."""
    await actions.posted(visits.runtime(request), token)
    at = f"/r/{token}"
    return onward(at, cookies=[visits.cookie(request, POSTED, "1", lasts_s=THANKED_FOR_S, path=at)])


def _withdrawn(request: Asked, shown: WithdrawnPage, deleted_url: str) -> Response[Any]:
    language = _spoken(shown.language)
    contents = {
        "organisation_name": shown.organisation_name,
        "other_language_url": _other(language),
        "group_name": shown.group_name,
        "title": shown.title,
        "deleted": shown.deleted,
        "deleted_url": deleted_url,
    }
    return page(request, _volunteer(language), "relay_withdrawn.html", contents)


@post("/r/{token:str}/deleted", csrf="path", exception_handlers={Refused: _gone})
async def deleted(request: Asked, token: FromPath[str]) -> Response[Any]:
    """POST /r/<token>/deleted: an admin says that a recalled text is not in the group any more."""
    await actions.deleted(visits.runtime(request), token)
    at = f"/r/{token}"
    done = visits.cookie(request, DELETED, "1", lasts_s=THANKED_FOR_S, path=at)
    return onward(at, cookies=[done])


def _facts(refusal: Refused, language: Language) -> dict[str, object]:
    """Return the facts of a refusal, its title in the reader's language."""
    return {**refusal.facts, "title": refusal.facts.get(f"title_{language}", "")}


def _volunteer(language: Language) -> Visitor:
    return Visitor(language=language, theme="auto", here="/", csrf="")


def _asked_language(request: Asked) -> Language | None:
    asked = request.query_params.get("language")
    return _spoken(asked) if asked in LANGUAGES else None


def _spoken(language: str) -> Language:
    return "en" if language == "en" else "hi"


def _other(language: Language) -> str:
    return "?language=en" if language == "hi" else "?language=hi"


ROUTES = (task, picture, posted, deleted)
