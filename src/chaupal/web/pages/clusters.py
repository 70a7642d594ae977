"""What goes round: noted by name, with the groups in which it was seen, up to its correction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.groups import lists
from chaupal.groups.models import GroupFilter
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, Refused
from chaupal.organisations.scope import INDIA
from chaupal.watch import actions
from chaupal.watch.models import Added, ClusterId, Verdict
from chaupal.watch.queries import Cluster
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.visits import Asked, Desk
from chaupal.web.words import refusal_words

FOUND_SHOWN = 20
REFUSED_SHOWN = 200


@get("/clusters")
async def listing(request: Asked) -> Response[Any]:
    """GET /clusters: what goes round, the open ones first."""
    return await _listing(request)


async def _listing(
    request: Asked, name: str = "", text: str = "", refusal: Refused | None = None
) -> Response[Any]:
    desk = await visits.desk_of(request)
    found = await actions.listed(visits.runtime(request), actor=desk.actor)
    contents = {
        "counted_at": visits.runtime(request).now(),
        "clusters": [_shown(cluster) for cluster in found],
        "form": {"name": name, "text": text},
        "refusal": refusal and refusal_words(refusal.code, refusal.facts, desk.language),
    }
    return page(request, desk, "clusters.html", contents, status=refusal.status if refusal else 200)


def _shown(cluster: Cluster) -> dict[str, Any]:
    return {
        "id": cluster.id,
        "name": cluster.name,
        "author_label": cluster.author_label,
        "noted_at": cluster.noted_at,
        "verdict": cluster.verdict,
        "closed_label": cluster.closed_label,
        "closed_at": cluster.closed_at,
        "groups": cluster.groups,
        "districts": cluster.districts,
        "first_seen_at": cluster.first_seen_at,
        "last_seen_at": cluster.last_seen_at,
    }


@post("/clusters")
async def note(request: Asked) -> Response[Any]:
    """POST /clusters: note something that goes round."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    form = await visits.fields(request)
    name, text = str(form.get("name", "")), str(form.get("text", ""))
    try:
        id = await actions.note(rt, name, text, key=key, actor=desk.actor)
    except Invalid as refusal:
        return await _listing(request, name, text, refusal)
    return onward(f"/clusters/{id}")


@get("/clusters/{id:uuid}")
async def cluster(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /clusters/<id>?q=: one of them, where it was seen, and groups of that name to add."""
    desk = await visits.desk_of(request)
    return await _one(request, desk, ClusterId(id), asked=request.query_params.get("q", ""))


async def _one(
    request: Asked,
    desk: Desk,
    id: ClusterId,
    *,
    asked: str = "",
    written: str = "",
    added: Added | None = None,
    refusal: Refused | None = None,
) -> Response[Any]:
    rt, language = visits.runtime(request), desk.language
    shown = await actions.show(rt, id, actor=desk.actor)
    contents = {
        "cluster": {**_shown(shown.cluster), "text": shown.text,
                    "text_until": shown.cluster.text_until},
        "purpose": "public" if shown.cluster.public_groups * 2 >= shown.cluster.groups
        else "internal",
        "sightings": [
            {
                "group_id": row.group_id,
                "name": row.group_name,
                "unit": row.unit_name_hi if language == "hi" else row.unit_name_en,
                "at": row.first_seen_at,
                "source": row.source,
                "by": row.noted_label,
            }
            for row in shown.sightings
        ],
        "counted_at": rt.now(),
        "asked": asked[:200],
        "found": await _found(request, desk, asked[:200]) if asked.strip() else [],
        "written": written,
        "now": rt.now().astimezone(INDIA).strftime("%Y-%m-%dT%H:%M"),
        "verdicts": [verdict.value for verdict in Verdict],
        "added": added and {
            "new": added.new,
            "known": added.known,
            "refused": [
                {"line": row.line, "written": row.written, "reason": row.reason.value}
                for row in added.refused[:REFUSED_SHOWN]
            ],
            "more": max(0, len(added.refused) - REFUSED_SHOWN),
        },
        "refusal": refusal and refusal_words(refusal.code, refusal.facts, language),
    }  # fmt: skip
    return page(request, desk, "cluster.html", contents, status=refusal.status if refusal else 200)


async def _found(request: Asked, desk: Desk, asked: str) -> list[dict[str, Any]]:
    """Return the groups of a name that may be added."""
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await lists.group_page(
            conn,
            scope=desk.scope,
            filter=GroupFilter(name_contains=asked),
            limit=FOUND_SHOWN,
            now=rt.now(),
        )
    return [
        {
            "id": row.id,
            "name": row.name,
            "unit": row.unit_name_hi if desk.language == "hi" else row.unit_name_en,
            "carries_notice": row.carries_notice,
        }
        for row in found
    ]


@post("/clusters/{id:uuid}/seen", status_code=200)
async def see(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /clusters/<id>/seen: note groups, ticked or one a line; refused rows are told."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    form = await visits.fields(request)
    ticked = [str(value) for value in form.getall("group", [])]
    written = str(form.get("groups", ""))
    try:
        seen_at = _moment(str(form.get("seen_at", "")), rt.now())
        added = await actions.see(
            rt,
            ClusterId(id),
            "\n".join([*ticked, written]),
            seen_at=seen_at,
            key=key,
            actor=desk.actor,
        )
    except Invalid as refusal:
        return await _one(request, desk, ClusterId(id), written=written, refusal=refusal)
    return await _one(request, desk, ClusterId(id), added=added)


def _moment(written: str, now: datetime) -> datetime:
    """Return when it was seen, by the clock in India; the minute that is not over yet is now."""
    if not written:
        return now
    try:
        at = datetime.fromisoformat(written[:30])
    except ValueError as error:
        raise Invalid("cluster.time_malformed", days=365) from error
    return at if at.tzinfo is not None else at.replace(tzinfo=INDIA)


@post("/clusters/{id:uuid}/close")
async def close(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /clusters/<id>/close: say what people found of it."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    verdict = str((await visits.fields(request)).get("verdict", ""))
    await actions.close(rt, ClusterId(id), verdict, key=key, actor=desk.actor)
    return onward(f"/clusters/{id}")


ROUTES = (listing, note, cluster, see, close)
