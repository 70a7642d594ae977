"""A person's own page at a personal link: what is kept of them, and stopping it in one tap.

The address is the secret, so it reaches no log, no Referer and no cache, and needs no session.
It works on a cheap phone without a script.
"""

from typing import Any

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from chaupal.kit.refusals import Invalid, Refused, Unavailable
from chaupal.organisations.scope import INDIA
from chaupal.people import consent
from chaupal.people.models import Act, Purpose, Quiet
from chaupal.principals import kept
from chaupal.web import answers, visits
from chaupal.web.answers import onward, page
from chaupal.web.language import LANGUAGES, Language
from chaupal.web.pages.person import line
from chaupal.web.shapes import named
from chaupal.web.visits import Asked, Visitor
from chaupal.web.words import refusal_words

DONE = ("noted", "stopped", "asked", "stays")


def _gone(request: Asked, refusal: Refused) -> Response[Any]:
    """Say why there is nothing here. An engine that is away is another matter."""
    if isinstance(refusal, Unavailable):
        return answers.refused(request, refusal)
    language = _asked_language(request) or visits.visitor_of(request).language
    contents = {
        "organisation_name": "",
        "other_language_url": _other(language),
        "words": refusal_words(refusal.code, refusal.facts, language),
    }
    return page(request, _reader(language), "own_page_gone.html", contents, status=refusal.status)


@get("/p/{token:str}", exception_handlers={Refused: _gone})
async def own_page(request: Asked, token: FromPath[str]) -> Response[Any]:
    """GET /p/<token>: what is kept of somebody, and what they agreed to."""
    contents, language = await _contents(request, token)
    done = request.query_params.get("done", "")
    contents["done"] = done if done in DONE else ""
    return page(request, _reader(language), "own_page.html", contents)


@get("/p/{token:str}/all", exception_handlers={Refused: _gone})
async def everything(request: Asked, token: FromPath[str]) -> Response[Any]:
    """GET /p/<token>/all: all of it, to be read: the ledger, tasks, and who saw their number."""
    contents, language = await _contents(request, token)
    return page(request, _reader(language), "own_page_all.html", contents)


@get("/p/{token:str}/export.json", exception_handlers={Refused: _gone})
async def export(request: Asked, token: FromPath[str]) -> Response[Any]:
    """GET /p/<token>/export.json: the same as a file."""
    document = await kept.taken_along(visits.runtime(request), token)
    return Response(
        document,
        media_type=MediaType.JSON,
        headers={"Content-Disposition": 'attachment; filename="chaupal.json"'},
    )


async def _contents(request: Asked, token: str) -> tuple[dict[str, Any], Language]:
    rt = visits.runtime(request)
    _, found, notice = await kept.own(rt, token)
    here = found.person
    language = _asked_language(request) or _spoken(here.language)
    hindi = language == "hi"
    today = rt.now().astimezone(INDIA).date()
    contents = {
        "organisation_name": found.organisation_name_hi if hindi else found.organisation_name_en,
        "other_language_url": _other(language),
        "url": f"/p/{token}",
        "person": here,
        "unit_name": here.unit_name_hi if hindi else here.unit_name_en,
        "notice": notice,
        "quiet": here.quiet.value if here.quiet else None,
        "may_answer": here.quiet in {None, Quiet.ASKED},
        "login": found.login,
        "contacts": found.contacts,
        "consents": [
            {"key": f"{purpose.value}:{channel.value}", "purpose": purpose, "channel": channel,
             "held": held, "yes": held is not None and held.act is Act.GIVEN}
            for purpose, channel, held in found.consents
        ],
        "history": list(reversed(found.history)),
        "posts": [
            {
                "title": post.title_hi if hindi else post.title_en,
                "unit_name": post.unit_name_hi if hindi else post.unit_name_en,
                "since": post.since,
                "until": post.until,
                "current": post.current(today),
            }
            for post in found.posts
        ],
        "groups": found.seats,
        "categories": [
            {"name": named(joined, language), "since": joined.since, "until": joined.until}
            for joined in found.categories
        ],
        "tasks": found.tasks,
        "seen": [
            {"at": seen.at, "kind": seen.kind, "need": seen.facts.get("need")}
            for seen in found.seen
        ],
    }  # fmt: skip
    return contents, language


@post("/p/{token:str}/consent", csrf="path", exception_handlers={Refused: _gone})
async def answer(request: Asked, token: FromPath[str]) -> Response[Any]:
    """POST /p/<token>/consent: a yes or a no to one purpose on one channel, in one tap."""
    rt = visits.runtime(request)
    act, _, written = str((await visits.fields(request)).get("answer", "")).partition(":")
    if act not in {Act.GIVEN, Act.WITHDRAWN}:
        raise Invalid("request.malformed", where="answer")
    organisation, person, language = await kept.page_owner(rt, token)
    await consent.choose(rt, organisation, person, Act(act), [line(written)], language=language)
    return onward(f"/p/{token}?done=noted")


@post("/p/{token:str}/stop", csrf="path", exception_handlers={Refused: _gone})
async def stop(request: Asked, token: FromPath[str]) -> Response[Any]:
    """POST /p/<token>/stop: everything, at once."""
    rt = visits.runtime(request)
    organisation, person, _ = await kept.page_owner(rt, token)
    await consent.stop_everything(rt, organisation, person)
    return onward(f"/p/{token}?done=stopped")


@post("/p/{token:str}/unsubscribe/{channel:str}", csrf="path", exception_handlers={Refused: _gone})
async def unsubscribe(
    request: Asked, token: FromPath[str], channel: FromPath[str]
) -> Response[Any]:
    """POST /p/<token>/unsubscribe/<channel>: no more on this channel (RFC 8058, one click).

    A mail program asks, not a person: it has no cookie, follows no redirect and reads no page. A
    GET only shows the page, as programs that look for bad links follow every one.
    """
    rt = visits.runtime(request)
    organisation, person, language = await kept.page_owner(rt, token)
    lines = [line(f"{purpose}:{channel}") for purpose in Purpose]
    await consent.choose(rt, organisation, person, Act.WITHDRAWN, lines, language=language)
    return Response(b"", status_code=200, media_type=MediaType.TEXT)


@get("/p/{token:str}/unsubscribe/{channel:str}", exception_handlers={Refused: _gone})
async def way_out(request: Asked, token: FromPath[str], channel: FromPath[str]) -> Response[Any]:  # noqa: ARG001
    """GET /p/<token>/unsubscribe/<channel>: to the page where each yes can be taken back."""
    return onward(f"/p/{token}")


@post("/p/{token:str}/erase", csrf="path", exception_handlers={Refused: _gone})
async def erase(request: Asked, token: FromPath[str]) -> Response[Any]:
    """POST /p/<token>/erase: they want to be erased; all stops now, and the office sees to it.

    A link may have gone astray, so a link alone erases nobody.
    """
    rt = visits.runtime(request)
    organisation, person, _ = await kept.page_owner(rt, token)
    await consent.stop_everything(rt, organisation, person, erase=True)
    return onward(f"/p/{token}?done=asked")


@post("/p/{token:str}/stay", csrf="path", exception_handlers={Refused: _gone})
async def stay(request: Asked, token: FromPath[str]) -> Response[Any]:
    """POST /p/<token>/stay: they do not want to be erased after all."""
    rt = visits.runtime(request)
    organisation, person, _ = await kept.page_owner(rt, token)
    await consent.stay(rt, organisation, person)
    return onward(f"/p/{token}?done=stays")


@post("/p/{token:str}/language", csrf="path", exception_handlers={Refused: _gone})
async def language(request: Asked, token: FromPath[str]) -> Response[Any]:
    """POST /p/<token>/language: in which language they want to be written to."""
    chosen = str((await visits.fields(request)).get("language", ""))
    if chosen not in LANGUAGES:
        raise Invalid("request.malformed", where="language")
    await kept.choose_language(visits.runtime(request), token, chosen)
    return onward(f"/p/{token}?done=noted")


def _reader(language: Language) -> Visitor:
    return Visitor(language=language, theme="auto", here="/", csrf="")


def _asked_language(request: Asked) -> Language | None:
    asked = request.query_params.get("language")
    return _spoken(asked) if asked in LANGUAGES else None


def _spoken(language: str) -> Language:
    return "en" if language == "en" else "hi"


def _other(language: Language) -> str:
    return "?language=en" if language == "hi" else "?language=hi"


ROUTES = (
    own_page, everything, export, answer, stop, unsubscribe, way_out, erase, stay, language,
)  # fmt: skip
