"""Search: people, groups and units by what they are called, or by exactly what they have.

What is typed is often a name or a number, so it travels in the body of a form and stands in no
address.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post

from chaupal import people
from chaupal.directory.search import Found, Further, Hit, Searched, search
from chaupal.kit import db
from chaupal.kit.refusals import Invalid
from chaupal.kit.sound import SPANS
from chaupal.people import PersonId
from chaupal.web import visits
from chaupal.web.answers import page
from chaupal.web.visits import Asked, Desk

TYPED_LENGTH, KEY_LENGTH = 200, 200
SECTIONS = {Searched.PERSON: "people", Searched.GROUP: "groups", Searched.UNIT: "units"}
KINDS = {section: kind for kind, section in SECTIONS.items()}
HOMES = {Searched.PERSON: "/people", Searched.GROUP: "/groups", Searched.UNIT: "/tree"}


@get("/search")
async def ask(request: Asked) -> Response[Any]:
    """GET /search: an empty box."""
    desk = await visits.desk_of(request)
    contents = {"typed": "", "asked": False, "sections": [], "found": 0}
    return page(request, desk, "search.html", contents)


@post("/search", status_code=200)
async def answer(request: Asked) -> Response[Any]:
    """POST /search: what is found within the reader's part of the tree; `kind` for more of one."""
    desk = await visits.desk_of(request)
    rt, form = visits.runtime(request), await visits.fields(request)
    typed = str(form.get("q", "")).strip()[:TYPED_LENGTH]
    kind, after = _further(form)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await search(
            rt,
            conn,
            typed,
            scope=desk.scope,
            kinds=[kind] if kind else tuple(Searched),
            after=after,
        )
        masked = await people.contacts_of(
            rt.sealer,
            conn,
            [PersonId(hit.id) for hit in found.exact.get(Searched.PERSON, [])],
            organisation=desk.actor.organisation,
        )
    contents = {
        "typed": typed,
        "asked": bool(typed),
        "found": len(found),
        "sections": [
            _section(kind, found, desk, {id: _shown(points) for id, points in masked.items()})
            for kind in SECTIONS
            if kind in found.pages
        ],
    }
    return page(request, desk, "search.html", contents)


def _further(form: Mapping[str, Any]) -> tuple[Searched | None, Further | None]:
    """Read of which kind more is asked for, and behind which hit."""
    section = str(form.get("kind", ""))
    if not section:
        return None, None
    try:
        kind = KINDS[section]
        turn, key = int(str(form.get("turn", ""))), str(form.get("key", ""))[:KEY_LENGTH]
        after = Further(turn, key, UUID(str(form.get("id", ""))))
    except (KeyError, ValueError) as error:
        raise Invalid("request.malformed", where="kind") from error
    if turn not in range(SPANS) or not key.isprintable():
        raise Invalid("request.malformed", where="kind")
    return kind, after


def _shown(points: list[people.MaskedContact]) -> list[str]:
    return [point.masked for point in points]


def _section(
    kind: Searched, found: Found, desk: Desk, masked: Mapping[PersonId, list[str]]
) -> dict[str, Any]:
    further = found.pages[kind].further
    return {
        "name": SECTIONS[kind],
        "exact": [
            _hit(kind, hit, desk, masked.get(PersonId(hit.id), []))
            for hit in found.exact.get(kind, [])
        ],
        "hits": [_hit(kind, hit, desk, []) for hit in found.pages[kind].hits],
        "further": (
            {"turn": further.turn, "key": further.key, "id": further.id} if further else None
        ),
    }


def _hit(kind: Searched, hit: Hit, desk: Desk, masked: list[str]) -> dict[str, Any]:
    return {
        "url": f"{HOMES[kind]}/{hit.id}",
        "name": hit.name(desk.language),
        "mark": hit.mark,
        "trail": hit.trail(desk.language),
        "masked": masked,
    }


ROUTES = (ask, answer)
