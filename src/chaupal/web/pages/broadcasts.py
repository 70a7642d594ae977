"""The list of broadcasts, one broadcast, and what may be done with it."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import actions, ahead, audience, queries, report, templates, waiting
from chaupal.broadcasts import pages as broadcast_pages
from chaupal.broadcasts.models import Broadcast, BroadcastId, Stage, Text
from chaupal.broadcasts.targets import Ahead
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, Scope
from chaupal.web import charts, visits
from chaupal.web.answers import onward, page
from chaupal.web.language import Language
from chaupal.web.live import Fragments, Hub, Picture
from chaupal.web.pages import life, paging
from chaupal.web.pages.certificates import certificate_of
from chaupal.web.pages.counters import finding_of
from chaupal.web.pages.law import held_back
from chaupal.web.pages.naming import names_in
from chaupal.web.pages.recall import recall_of
from chaupal.web.pages.unknowns import unknown_of
from chaupal.web.pages.waiting import what_waits
from chaupal.web.render import render
from chaupal.web.sentences import sentence
from chaupal.web.shapes import divisions, reached, stage_of, stands, steps, tally, verbs
from chaupal.web.visits import Asked, Desk
from chaupal.web.words import refusal_words

BROADCASTS_SHOWN = 30
STAGES = [stage.value for stage in Stage]
BEFORE_FREEZE = frozenset({Stage.DRAFT, Stage.SUBMITTED, Stage.APPROVED})
GOING = frozenset({Stage.APPROVED, Stage.SENDING, Stage.PAUSED})
STEERING = {
    "return": "send_back",
    "pause": "pause",
    "resume": "resume",
    "cancel": "cancel",
    "recall": "recall",
}


@get("/broadcasts")
async def listing(request: Asked) -> Response[Any]:
    """GET /broadcasts: the newest first, of one stage or of all."""
    desk = await visits.desk_of(request)
    rt, language = visits.runtime(request), desk.language
    stage = request.query_params.get("stage", "")
    if stage and stage not in STAGES:
        raise Invalid("request.malformed", where="stage")
    before = _id(request.query_params.get("before"))
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await queries.page(
            conn,
            scope=desk.scope,
            stages=[stage] if stage else [],
            before=before,
            limit=BROADCASTS_SHOWN + 1,
        )
        shown = found[:BROADCASTS_SHOWN]
        counts: dict[BroadcastId, list[broadcast_pages.CountOf]] = {}
        for count in await broadcast_pages.counts_of(conn, [row.id for row in shown]):
            counts.setdefault(count.broadcast_id, []).append(count)
        expressions = {row.id: audience.parse(row.audience) for row in shown}
        names = await names_in(conn, expressions.values(), scope=desk.scope)
        stopped = await waiting.stopped_channels(conn)
    contents = {
        "counted_at": rt.now(),
        "stopped": stopped,
        "stage": stage,
        "stages": STAGES,
        "broadcasts": [
            {
                "id": row.id,
                "title": row.title,
                "stage": stage_of(row.stage, row.starts_at, rt.now()),
                "lane": row.lane,
                "purpose": row.purpose,
                "audience": sentence(
                    expressions[row.id], row.purpose, names, language, via=row.via
                ),
                "to_people": bool(row.via),
                "author_label": row.author_label,
                "at": row.created_at,
                "tally": tally(counts.get(row.id, [])),
            }
            for row in shown
        ],
        "first_url": paging.address("/broadcasts", stage=stage) if before else None,
        "next_url": (
            paging.address("/broadcasts", stage=stage, before=shown[-1].id)
            if len(found) > BROADCASTS_SHOWN
            else None
        ),
    }
    return page(request, desk, "broadcasts.html", contents)


def _id(written: str | None) -> UUID | None:
    try:
        return UUID(written) if written else None
    except ValueError as error:
        raise Invalid("request.malformed", where="before") from error


@get("/broadcasts/{id:uuid}")
async def broadcast(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /broadcasts/<id>: what it says, whom it is for, and how far it has got."""
    desk = await visits.desk_of(request)
    rt, hub = visits.runtime(request), request.app.state.hub
    contents = await look(rt, hub, BroadcastId(id), desk.scope, desk.language)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        shown: Broadcast = contents["row"]
        contents["finding"] = await finding_of(conn, shown.id, desk.scope)
        contents["certificate"] = await certificate_of(conn, shown, contents["written"], desk)
        contents["template"] = await _template(conn, shown)
        contents["ahead"] = life.told(
            await _ahead(rt, hub, shown, desk.scope), shown.expires_at, desk.language,
            begins_at=max(rt.now(), shown.starts_at or rt.now()),
            denied=not shown.election_matter and shown.approved_at is None,
        )  # fmt: skip
        contents["may_recount"] = desk.scope.allows(Right.STEER)
        recall = contents["recall"]
        contents["may_attend"] = (
            contents["may_recount"]
            and recall is not None
            and recall["overdue"]
            and recall["attended_by"] != desk.actor.label
        )
        contents["unknown"] = await unknown_of(conn, shown, desk, now=rt.now())
        if shown.stage in BEFORE_FREEZE:
            contents["audience_count"] = await actions.total(conn, shown, now=rt.now())
    return page(request, desk, "broadcast.html", contents | of_reader(shown, desk))


async def _template(conn: db.Conn, shown: Broadcast) -> dict[str, Any] | None:
    """Return as which template it goes, and what keeps that from going now."""
    if shown.chosen is None:
        return None
    holding = await templates.holding(conn, shown) if shown.stage in GOING else None
    return {
        "name": shown.chosen.name,
        "held_by": holding and holding.status,
        "checked_at": holding and holding.checked_at,
    }


async def _ahead(rt: Runtime, hub: Hub, shown: Broadcast, scope: Scope) -> list[Ahead]:
    async def find() -> list[Ahead]:
        async with db.transaction(rt.pool, scope.organisation) as conn:
            return await ahead.of_broadcast(conn, shown, now=rt.now())

    key = ("ahead", scope.organisation, shown.id, shown.stage)
    found: list[Ahead] = await hub.remembered.of(key, find)
    return found


def _text(text: Text) -> dict[str, Any]:
    """Return one language of what is sent."""
    return {
        "language": text.language,
        "body": text.body,
        "picture_url": text.picture_id and f"/pictures/{text.picture_id.hex()}",
        "description": text.picture_description,
    }


async def look(
    rt: Runtime, hub: Hub, id: BroadcastId, scope: Scope, language: Language
) -> dict[str, Any]:
    """Return what everybody sees of a broadcast within `scope`; it is refused to all others."""
    now = rt.now()
    async with db.transaction(rt.pool, scope.organisation) as conn:
        shown = await queries.find(conn, id, scope=scope)
        if shown is None:
            raise NotFound("broadcast.not_found")
        texts = await queries.texts(conn, id)
        account = await queries.counts(conn, id)
        counts = tally(account)
        branches = await queries.counts_by_branch(conn, id)
        expression = audience.parse(shown.audience)
        names = await names_in(conn, [expression], scope=scope)
    failed = (
        await hub.remembered.of(
            ("failures", scope.organisation, id), lambda: _failures(rt, scope, id)
        )
        if any(counts.get(rung) for rung in charts.ENDED)
        else []
    )
    return {
        "row": shown,
        "stands": stands(shown, now),
        "recall": await recall_of(rt, hub, shown, scope),
        "waits": await what_waits(rt, hub, shown, account, scope=scope, language=language),
        "held": await held_back(rt, hub, shown, account, scope=scope, language=language),
        "broadcast": {
            "id": shown.id,
            "title": shown.title,
            "stage": shown.stage.value,
            "lane": shown.lane.value,
            "purpose": shown.purpose.value,
            "audience": sentence(expression, shown.purpose, names, language, via=shown.via),
            "to_people": bool(shown.via),
            "election_matter": shown.election_matter,
            "electoral": shown.electoral,
            "synthetic": shown.synthetic,
            "text_alone": shown.text_alone,
            "author_label": shown.author_label,
            "created_at": shown.created_at,
            "approver_label": shown.approver_label,
            "approved_at": shown.approved_at,
            "starts_at": shown.starts_at,
            "is_late": shown.starts_at is not None and shown.starts_at <= now,
            "expires_at": shown.expires_at,
            "content": shown.content_hash.hex(),
        },
        "written": texts,
        "texts": [_text(text) for text in texts],
        "steps": steps(shown, now),
        "audience_count": shown.targets,
        "progress": {
            "tally": counts,
            "reached": reached(account),
            "counted_at": now,
            "divisions": divisions(branches, language),
            "failures": failed,
        },
    }


async def _failures(rt: Runtime, scope: Scope, id: BroadcastId) -> list[dict[str, Any]]:
    """Return what only the deliveries themselves can tell: it is looked for now and then."""
    async with db.transaction(rt.pool, scope.organisation) as conn:
        failures = await report.failures(conn, id)
    return [{"failure": row.failure, "count": row.count} for row in failures]


def of_reader(shown: Broadcast, desk: Desk) -> dict[str, Any]:
    """Return what of a broadcast's page depends on who reads it."""
    own = (
        shown.stage is Stage.SUBMITTED
        and shown.author_id == desk.actor.id
        and desk.scope.allows(Right.APPROVE)
    )
    return {
        "verbs": verbs(shown, desk),
        "why_not_approve": (
            refusal_words("broadcast.author_cannot_approve", {}, desk.language) if own else None
        ),
    }


async def picture(
    rt: Runtime, hub: Hub, id: BroadcastId, scope: Scope, language: Language
) -> Picture:
    """Look, and write down what everybody with this scope may share."""
    contents = await look(rt, hub, id, scope, language)
    progress = render("fragments/progress.html", language, now=rt.now(), page=contents)
    return Picture({"progress": progress}, contents)


class StageFragment:
    """The stage and its buttons, for one reader, sent only when the stage is another than the
    one the page was drawn with: a question that somebody has opened must not close."""

    def __init__(self, rt: Runtime, desk: Desk, drawn: str) -> None:
        self._rt = rt
        self._desk = desk
        self._drawn = drawn

    def __call__(self, picture: Picture) -> Fragments:
        """Return the fragment, if there is need for it."""
        shown: Broadcast = picture.rest["row"]
        if picture.rest["stands"] == self._drawn:
            return {}
        self._drawn = picture.rest["stands"]
        text = render(
            "fragments/stage.html",
            self._desk.language,
            now=self._rt.now(),
            page=picture.rest | of_reader(shown, self._desk),
            csrf=self._desk.visitor.csrf,
        )
        return {"stage": text}


@post("/broadcasts/{id:uuid}/submit")
async def submit(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /broadcasts/<id>/submit: ask for the second signature."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    await actions.submit(rt, BroadcastId(id), key=key, actor=desk.actor)
    return await _moved(rt, desk, id)


@post("/broadcasts/{id:uuid}/approve")
async def approve(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /broadcasts/<id>/approve: the second signature, on exactly what was read."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    try:
        form = await visits.fields(request)
        seen = bytes.fromhex(str(form.get("seen", "")))
    except ValueError as error:
        raise Invalid("request.malformed", where="seen") from error
    await actions.approve(
        rt,
        BroadcastId(id),
        seen_hash=seen,
        denies_election=form.get("no_election_matter") == "yes",
        key=key,
        actor=desk.actor,
    )
    return await _moved(rt, desk, id)


@post("/broadcasts/{id:uuid}/{verb:str}")
async def steer(request: Asked, id: FromPath[UUID], verb: FromPath[str]) -> Response[Any]:
    """POST /broadcasts/<id>/<verb>: return, pause, resume, cancel or recall."""
    if verb not in STEERING:
        raise NotFound("not_found")
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    await actions.steer(rt, BroadcastId(id), STEERING[verb], key=key, actor=desk.actor)
    return await _moved(rt, desk, id)


async def _moved(rt: Runtime, desk: Desk, id: UUID) -> Response[Any]:
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "broadcasts")
    return onward(f"/broadcasts/{id}")


ROUTES = (listing, broadcast, submit, approve, steer)
