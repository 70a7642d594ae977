"""One person: who they are, what they run, what they agreed to, and what may be done about it."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.kit import db
from chaupal.kit.refusals import Invalid
from chaupal.organisations import Right
from chaupal.organisations import queries as organisations
from chaupal.organisations.scope import INDIA
from chaupal.people import consent, ledger, suppression, unmasking
from chaupal.people.consent import AT_THE_DESK, Saying
from chaupal.people.models import Act, Basis, ContactChannel, Need, NewContact, PersonId, Purpose
from chaupal.principals import erasure, kept
from chaupal.principals.models import Kept
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.pages import paging
from chaupal.web.shapes import named
from chaupal.web.visits import Asked, Desk

NOTICES_OFFERED = 20


@get("/people/{id:uuid}")
async def person(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /people/<person>: somebody within the reader's part of the tree."""
    return await _page(request, await visits.desk_of(request), PersonId(id))


async def _page(
    request: Asked,
    desk: Desk,
    id: PersonId,
    *,
    shown: tuple[int, NewContact] | None = None,
    link: str | None = None,
) -> Response[Any]:
    """Show a person; `shown` and `link` stand on this one answer and on no other."""
    rt, language = visits.runtime(request), desk.language
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await kept.shown(rt, conn, id, scope=desk.scope)
        here = found.person
        lineage = await organisations.lineage(conn, here.unit_path)
        notices = await ledger.notices(conn, limit=NOTICES_OFFERED)
    today = rt.now().astimezone(INDIA).date()
    contents = {
        **_who(found, desk),
        "path": [
            {"id": step.id, "name": step.name(language), "open": desk.scope.covers(step.path)}
            for step in lineage
        ],
        "notices": list(dict.fromkeys(n.version for n in notices if n.language == here.language)),
        "bases": [basis for basis in Basis if basis in AT_THE_DESK],
        "needs": list(Need),
        "shown": {"id": shown[0], "address": shown[1].address} if shown else None,
        "link": link,
        "may": {
            right.value
            for right in (Right.UNMASK, Right.REGISTER, Right.MANAGE)
            if desk.scope.covers(here.unit_path, right)
        },
        "obstacles": _obstacles(found, desk, today),
    }
    return page(request, desk, "person.html", contents)


def _who(found: Kept, desk: Desk) -> dict[str, Any]:
    """Return what is kept of a person, as the page shows it."""
    language, here = desk.language, found.person
    return {
        "person": here,
        "login": found.login,
        "contacts": found.contacts,
        "consents": [
            {
                "key": f"{purpose.value}:{channel.value}",
                "purpose": purpose,
                "channel": channel,
                "held": held,
            }
            for purpose, channel, held in found.consents
        ],
        "history": list(reversed(found.history)),
        "posts": [
            {
                "office_id": post.office_id,
                "title": post.title_hi if language == "hi" else post.title_en,
                "unit_name": post.unit_name_hi if language == "hi" else post.unit_name_en,
                "since": post.since,
                "until": post.until,
            }
            for post in found.posts
        ],
        "groups": found.seats,
        "elsewhere": found.elsewhere,
        "categories": [
            {"name": named(joined, language), "since": joined.since, "until": joined.until}
            for joined in found.categories
        ],
        "seen": [
            {"at": seen.at, "kind": seen.kind, "need": seen.facts.get("need")}
            for seen in found.seen
        ],
    }


def _obstacles(found: Kept, desk: Desk, today: Any) -> list[str]:
    """Name what somebody has to take over before this person can be erased."""
    obstacles = found.obstacles(today)
    hindi = desk.language == "hi"
    posts = [
        f"{post.title_hi}, {post.unit_name_hi}"
        if hindi
        else f"{post.title_en}, {post.unit_name_en}"
        for post in obstacles.posts
    ]
    return [*posts, *(seat.name for seat in obstacles.groups)]


@post("/people/{id:uuid}/unmask")
async def unmask(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /people/<person>/unmask: one address whole, on this answer alone, and a record of it."""
    desk, person = await visits.desk_of(request), PersonId(id)
    form = await visits.fields(request)
    contact = paging.number(str(form.get("contact", "")))
    if contact is None:
        raise Invalid("request.malformed", where="contact")
    need = _choice(Need, form.get("need"), "need")
    address = await unmasking.unmask(
        visits.runtime(request), person, contact, need, actor=desk.actor
    )
    return await _page(request, desk, person, shown=(contact, address))


@post("/people/{id:uuid}/link")
async def link(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /people/<person>/link: the link to their own page, on this answer alone."""
    desk, person = await visits.desk_of(request), PersonId(id)
    url = await unmasking.show_link(visits.runtime(request), person, actor=desk.actor)
    return await _page(request, desk, person, link=url)


@post("/people/{id:uuid}/consent")
async def note_consent(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /people/<person>/consent: what they said, on paper or to the office."""
    desk, person = await visits.desk_of(request), PersonId(id)
    form = await visits.fields(request)
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        language = (await kept.shown(rt, conn, person, scope=desk.scope)).person.language
    saying = Saying(
        act=_choice(Act, form.get("act"), "act"),
        lines=[line(str(written)) for written in form.getall("line", [])],
        language=language,
        basis=_choice(Basis, form.get("basis"), "basis"),
        proof=" ".join(str(form.get("proof", "")).split()),
        notice_version=str(form.get("notice", "")),
    )
    await consent.note(rt, person, saying, actor=desk.actor)
    return onward(f"/people/{id}")


def line(written: str) -> tuple[Purpose, ContactChannel]:
    """Read a purpose and a channel as a form writes them."""
    purpose, _, channel = written.partition(":")
    return _choice(Purpose, purpose, "line"), _choice(ContactChannel, channel, "line")


@post("/people/{id:uuid}/suppress")
async def suppress(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /people/<person>/suppress: nobody may write to them."""
    desk = await visits.desk_of(request)
    await suppression.suppress(visits.runtime(request), PersonId(id), actor=desk.actor)
    return onward(f"/people/{id}")


@post("/people/{id:uuid}/lift")
async def lift(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /people/<person>/lift: they may be written to again, if the office had suppressed it."""
    desk = await visits.desk_of(request)
    await suppression.lift(visits.runtime(request), PersonId(id), actor=desk.actor)
    return onward(f"/people/{id}")


@post("/people/{id:uuid}/erase")
async def erase(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /people/<person>/erase: for good, once their reference is typed."""
    desk = await visits.desk_of(request)
    await erasure.erase(
        visits.runtime(request),
        PersonId(id),
        typed=str((await visits.fields(request)).get("reference", "")),
        key=await visits.idempotency_key(request),
        actor=desk.actor,
    )
    return onward("/access")


def _choice(kind: Any, written: object, where: str) -> Any:
    try:
        return kind(str(written))
    except ValueError as error:
        raise Invalid("request.malformed", where=where) from error


ROUTES = (person, unmask, link, note_consent, suppress, lift, erase)
