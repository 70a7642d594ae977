"""The record: who did what, in words."""

from typing import Any
from uuid import UUID

from litestar import Response, get

from chaupal.kit import db
from chaupal.kit.refusals import NotAllowed
from chaupal.people.consent import OWN_PAGE
from chaupal.record import Entry, part_of_the_system, queries
from chaupal.web import visits
from chaupal.web.answers import page
from chaupal.web.deeds import deed
from chaupal.web.language import translations
from chaupal.web.pages import paging
from chaupal.web.visits import Asked, Desk

ENTRIES_SHOWN = 60
HOMES = {
    "broadcast": "/broadcasts",
    "consent": "/people",
    "contact": "/people",
    "counters": "/broadcasts",
    "deliveries": "/broadcasts",
    "group": "/groups",
    "office": "/offices",
    "person": "/people",
    "post": "/offices",
}


@get("/record")
async def record(request: Asked) -> Response[Any]:
    """GET /record: the newest first, for administrators of the whole organisation."""
    desk = await visits.desk_of(request)
    assert desk.visitor.me is not None
    if "record" not in desk.visitor.me.rights:
        raise NotAllowed("access.not_allowed", right="record")
    rt = visits.runtime(request)
    before = paging.number(request.query_params.get("before"))
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await queries.before(conn, before, limit=ENTRIES_SHOWN + 1)
    shown = found[:ENTRIES_SHOWN]
    contents = {
        "entries": [_line(entry, desk) for entry in shown],
        "first_url": "/record" if before else None,
        "next_url": (
            paging.address("/record", before=shown[-1].number)
            if len(found) > ENTRIES_SHOWN
            else None
        ),
    }
    return page(request, desk, "record.html", contents)


def _line(entry: Entry, desk: Desk) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": entry.at,
        "actor_label": who(entry.actor_id, entry.actor_label, desk),
        "words": deed(entry.kind, entry.facts, desk.language),
        "subject_url": _home(entry),
    }


def who(actor: UUID, label: str, desk: Desk) -> str:
    """Return how a page names who acted: accounts by their login."""
    gettext = translations(desk.language).gettext
    if part_of_the_system(desk.actor.organisation, label).id == actor:
        return gettext("Chaupal itself")
    return gettext("the person themselves") if label == OWN_PAGE else label


def _home(entry: Entry) -> str | None:
    """Return the page of what an entry speaks of, where there is one."""
    home = HOMES.get(entry.kind.partition(".")[0])
    try:
        return f"{home}/{UUID(entry.subject)}" if home else None
    except ValueError:
        return None


ROUTES = (record,)
