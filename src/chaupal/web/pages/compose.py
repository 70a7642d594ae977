"""Writing a broadcast: the form, the count beside it, and what it becomes."""

import hashlib
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import actions, audience, people, queries, saved
from chaupal.broadcasts.models import (
    LANGUAGES,
    LONGEST_AHEAD,
    LONGEST_LIFE,
    TEXT_LIMIT_CHARACTERS,
    BroadcastId,
    Draft,
    Lane,
    Purpose,
    Stage,
)
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.organisations import Right
from chaupal.organisations.scope import INDIA
from chaupal.web import builder, picture_form, visits
from chaupal.web.answers import onward, page
from chaupal.web.builder import Node
from chaupal.web.pages import audiences, life, sms, whys, wording
from chaupal.web.pages.naming import names_in
from chaupal.web.pages.wording import Templated
from chaupal.web.picture_form import PictureFields
from chaupal.web.sentences import Names
from chaupal.web.visits import Asked, Desk
from chaupal.web.words import refusal_words

USUAL_LIFE_H = 24
LONGEST_LIFE_H = int(LONGEST_LIFE.total_seconds()) // 3600
MENDED_ON_THE_FORM = (
    "audience.empty", "channel.excluded", "template.", "picture.caption_too_long",
    "picture.not_taken",
)  # fmt: skip
NOT_KEPT: dict[str, Any] = {"name": "", "refusal": None}


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the form. `opened_at` is when it was opened: its hours count from there, or
    from when it begins, so that the same form sent twice is the same broadcast."""

    title: str
    text_hi: str
    text_en: str
    purpose: str
    lane: str
    starts: str
    expires_h: int
    election_matter: bool
    synthetic: bool
    to_people: bool
    via: tuple[str, ...]
    root: Node
    opened_at: datetime
    templated: Templated = wording.NONE
    picture: PictureFields = field(default_factory=PictureFields)

    def draft(self, expression: audience.Expression) -> Draft:
        """Return the broadcast that this form describes."""
        try:
            purpose, lane = Purpose(self.purpose), Lane(self.lane)
        except ValueError as error:
            raise Invalid("request.malformed", where="purpose") from error
        if self.to_people and not self.via:
            raise Invalid("broadcast.channel_missing")
        starts_at = life.start(self.starts)
        written = {"hi": self.text_hi, "en": self.text_en}
        texts = {language: text for language, text in written.items() if text.strip()}
        beside = self.picture.beside(LANGUAGES if self.templated.name else texts)
        return Draft(
            title=self.title,
            texts=texts,
            purpose=purpose,
            audience=expression,
            expires_at=(starts_at or self.opened_at) + timedelta(hours=self.expires_h),
            lane=lane,
            election_matter=self.election_matter,
            synthetic=self.synthetic,
            via=self.via,
            starts_at=starts_at,
            pictures=beside,
            text_alone=bool(beside) and self.picture.text_alone,
        )


def read(form: FormMultiDict, now: datetime) -> Written:
    """Return what stands in the form, whatever it is worth."""
    return Written(
        title=str(form.get("title", "")).strip(),
        text_hi=_text(form, "text_hi"),
        text_en=_text(form, "text_en"),
        purpose=str(form.get("purpose", "")),
        lane=str(form.get("lane", "normal")),
        starts=str(form.get("starts", "")).strip()[:30],
        expires_h=life.hours(str(form.get("expires_h", ""))),
        election_matter="election_matter" in form,
        synthetic="synthetic" in form,
        to_people=form.get("to") == "people",
        via=audiences.via_of(form),
        root=builder.read(form),
        opened_at=life.opened(str(form.get("opened_at", "")), now),
        templated=wording.read(form),
        picture=picture_form.read(form),
    )


def _text(form: FormMultiDict, name: str) -> str:
    return str(form.get(name, "")).replace("\r\n", "\n").strip()


def _on_the_clock(at: datetime) -> str:
    """Write a moment as the form's field has it."""
    return at.astimezone(INDIA).strftime("%Y-%m-%dT%H:%M")


def _blank(now: datetime) -> Written:
    return Written(
        title="",
        text_hi="",
        text_en="",
        purpose="public",
        lane="normal",
        starts="",
        expires_h=USUAL_LIFE_H,
        election_matter=True,
        synthetic=False,
        to_people=False,
        via=(),
        root=builder.empty(),
        opened_at=now,
    )


@get("/broadcasts/new")
async def new(request: Asked) -> Response[Any]:
    """GET /broadcasts/new: an empty form, one for a copy of a saved `audience`, or one for the
    correction of a `cluster`."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.COMPOSE)
    rt, written = visits.runtime(request), _blank(visits.runtime(request).now())
    chosen = request.query_params.get("audience")
    if chosen:
        kept = await saved.one(rt, _id(chosen), actor=desk.actor)
        async with db.transaction(rt.pool, desk.actor.organisation) as conn:
            names = await names_in(conn, [kept.expression], scope=desk.scope)
            areas = await audiences.areas(conn, desk)
        root = _root(kept.expression, names, areas)
        written = replace(written, root=root, purpose=kept.saved.purpose.value)
    seen = request.query_params.get("cluster")
    if seen:
        root = builder.form_of(audience.Saw(_id(seen)), {}, set())
        purpose = request.query_params.get("purpose", "")
        written = replace(
            written, root=root, purpose=purpose if purpose in set(Purpose) else written.purpose
        )
    return await _form(request, desk, written, "/broadcasts")


def _id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError as error:
        raise Invalid("request.malformed", where="audience") from error


@get("/broadcasts/{id:uuid}/edit")
async def edit(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /broadcasts/<id>/edit: the form as its author left it."""
    desk = await visits.desk_of(request)
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        broadcast = await queries.find(conn, BroadcastId(id), scope=desk.scope)
        if broadcast is None:
            raise NotFound("broadcast.not_found")
        if broadcast.author_id != desk.actor.id:
            raise NotAllowed("broadcast.only_the_author_edits")
        if broadcast.stage not in {Stage.DRAFT, Stage.SUBMITTED}:
            raise Refused("broadcast.cannot_move", stage=broadcast.stage.value, verb="edit")
        kept = await queries.texts(conn, broadcast.id)
        expression = audience.parse(broadcast.audience)
        names = await names_in(conn, [expression], scope=desk.scope)
        areas = await audiences.areas(conn, desk)
    now, texts = rt.now(), {text.language: text.body for text in kept}
    lives = broadcast.expires_at - (broadcast.starts_at or now)
    left_h = -(-int(lives.total_seconds()) // 3600)
    written = Written(
        title=broadcast.title,
        text_hi=texts.get("hi", ""),
        text_en=texts.get("en", ""),
        purpose=broadcast.purpose.value,
        lane=broadcast.lane.value,
        starts=_on_the_clock(broadcast.starts_at) if broadcast.starts_at else "",
        expires_h=min(max(left_h, 1), LONGEST_LIFE_H),
        election_matter=broadcast.election_matter,
        synthetic=broadcast.synthetic,
        to_people=bool(broadcast.via),
        via=tuple(broadcast.via),
        root=_root(expression, names, areas),
        opened_at=now,
        templated=wording.of(broadcast.chosen),
        picture=picture_form.of(kept, text_alone=broadcast.text_alone),
    )
    return await _form(request, desk, written, f"/broadcasts/{id}")


def _root(expression: audience.Expression, names: Names, areas: list[dict[str, Any]]) -> Node:
    codes = {id: unit.code for id, unit in names.units.items()}
    return builder.form_of(expression, codes, audiences.offered(areas))


@post("/broadcasts")
async def write(request: Asked) -> Response[Any]:
    """POST /broadcasts: keep a new draft, and ask for approval if the button says so."""
    return await _keep(request, None)


@post("/broadcasts/{id:uuid}")
async def rewrite(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /broadcasts/<id>: change a draft; what was submitted is a draft again."""
    return await _keep(request, BroadcastId(id))


async def _keep(request: Asked, id: BroadcastId | None) -> Response[Any]:
    """Write, then submit if asked to. What can be mended on the form is shown on the form."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.COMPOSE)
    rt, form = visits.runtime(request), await visits.fields(request)
    key = await visits.idempotency_key(request)
    written = read(form, rt.now())
    try:
        draft = written.draft(await audiences.expression_of(rt, desk, written.root))
        draft = await wording.filled(rt, draft, written.templated, desk)
        if id is None:
            id = await actions.write(rt, draft, key=key, actor=desk.actor)
        else:
            await actions.rewrite(rt, id, draft, key=key, actor=desk.actor)
        if form.get("verb") == "submit":
            second = hashlib.sha256(f"submit {key}".encode()).hexdigest()
            await actions.submit(rt, id, key=second, actor=desk.actor)
    except Refused as refusal:
        if not isinstance(refusal, Invalid) and not _is_mended_on_the_form(refusal.code):
            raise
        action = f"/broadcasts/{id}" if id else "/broadcasts"
        return await _form(request, desk, written, action, refusal)
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "broadcasts")
    return onward(f"/broadcasts/{id}")


def _is_mended_on_the_form(code: str) -> bool:
    return code.startswith(MENDED_ON_THE_FORM)


@post("/broadcasts/template", status_code=200)
async def template(request: Asked) -> Response[Any]:
    """POST /broadcasts/template: the form with another template, or with its blanks filled."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.COMPOSE)
    rt, form = visits.runtime(request), await visits.fields(request)
    written = read(form, rt.now())
    if request.headers.get("hx-request") != "true":
        return await _form(request, desk, written, _action(form))
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        via = await people.channels(conn, now=rt.now())
        offer = await wording.offered(conn, via, written.templated)
        counted = await _counted(conn, written, via)
    contents = {
        "draft": asdict(_bare(written)),
        "limit": TEXT_LIMIT_CHARACTERS,
        "wording": offer,
        "sms": counted,
    }
    return page(request, desk, "fragments/wording.html", contents)


@post("/broadcasts/audience", status_code=200)
async def change(request: Asked) -> Response[Any]:
    """POST /broadcasts/audience: add a condition to the form, or take one away."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.COMPOSE)
    rt, form = visits.runtime(request), await visits.fields(request)
    written = read(form, rt.now())
    root, at = builder.changed(written.root, str(form.get("change", "")), form)
    if request.headers.get("hx-request") != "true":
        return await _form(request, desk, replace(written, root=root), _action(form), at=at)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        offer = await audiences.choices(conn, desk, root, now=rt.now())
    return page(request, desk, "fragments/builder.html", {"root": root, "offer": offer, "at": at})


@post("/audiences", status_code=200)
async def keep(request: Asked) -> Response[Any]:
    """POST /audiences: keep the audience of the form, as it stands, under a name."""
    desk = await visits.desk_of(request)
    rt, form = visits.runtime(request), await visits.fields(request)
    key = await visits.idempotency_key(request)
    written = read(form, rt.now())
    try:
        expression = await audiences.expression_of(rt, desk, written.root)
        name, purpose = str(form.get("keep", "")), Purpose(written.purpose)
        own = hashlib.sha256(f"keep {key} {name} {expression}".encode()).hexdigest()
        await saved.save(rt, name, expression, purpose, key=own, actor=desk.actor)
        kept = NOT_KEPT | {"name": saved.named(name)}
    except ValueError as error:
        raise Invalid("request.malformed", where="purpose") from error
    except Refused as refusal:
        words = refusal_words(refusal.code, refusal.facts, desk.language)
        kept = NOT_KEPT | {"refusal": words}
    if request.headers.get("hx-request") == "true":
        return page(request, desk, "fragments/kept_audience.html", {"kept": kept})
    return await _form(request, desk, written, _action(form), kept=kept)


@post("/broadcasts/why", status_code=200)
async def why(request: Asked) -> Response[Any]:
    """POST /broadcasts/why: why the groups of a name would be in or out, as the form stands."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.COMPOSE)
    rt, form = visits.runtime(request), await visits.fields(request)
    written = read(form, rt.now())
    try:
        expression = await audiences.expression_of(rt, desk, written.root)
        told = await whys.in_draft(
            request, desk, expression, written.purpose, str(form.get("why", ""))
        )
    except Invalid as refusal:
        words = refusal_words(refusal.code, refusal.facts, desk.language)
        told = whys.NOTHING | {"refusal": words}
    if request.headers.get("hx-request") == "true":
        return page(request, desk, "fragments/why.html", {"why": told})
    return await _form(request, desk, written, _action(form), why=told)


async def form_again(
    request: Asked, desk: Desk, written: Written, form: FormMultiDict, refusal: Refused | None
) -> Response[Any]:
    """Show the form as it stands, for a button of it that does one thing to it."""
    return await _form(request, desk, written, _action(form), refusal)


def _action(form: FormMultiDict) -> str:
    """Return where the form goes that a button of another page was pressed in."""
    try:
        return f"/broadcasts/{UUID(str(form.get('broadcast', '')))}"
    except ValueError:
        return "/broadcasts"


def _life(written: Written, now: datetime) -> life.Shown:
    return life.shown(
        written.starts,
        written.expires_h,
        written.opened_at,
        denied=not written.election_matter,
        template=written.templated.name,
        now=now,
    )


async def _form(
    request: Asked,
    desk: Desk,
    written: Written,
    action: str,
    refusal: Refused | None = None,
    *,
    why: dict[str, Any] = whys.NOTHING,
    kept: dict[str, Any] = NOT_KEPT,
    at: str = "",
) -> Response[Any]:
    rt, language = visits.runtime(request), desk.language
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        offer = await audiences.choices(conn, desk, written.root, now=rt.now())
        worded = await wording.offered(conn, offer["via"], written.templated)
        counted = await _counted(conn, written, offer["via"])
    contents = {
        "sms": counted,
        "action": action,
        "refusal": refusal and refusal_words(refusal.code, refusal.facts, language),
        "draft": asdict(_bare(written)),
        "wording": worded,
        "picture": written.picture.shown(),
        "limit": TEXT_LIMIT_CHARACTERS,
        "longest_h": LONGEST_LIFE_H,
        "earliest": _on_the_clock(written.opened_at),
        "latest": _on_the_clock(rt.now() + LONGEST_AHEAD),
        "root": written.root,
        "offer": offer,
        "at": at,
        "why": why,
        "kept": kept,
        "audience": await audiences.counted(
            request,
            desk,
            written.root,
            written.purpose,
            written.via,
            to_people=written.to_people,
            life=_life(written, rt.now()),
        ),
    }
    status = refusal.status if refusal else 200
    return page(request, desk, "compose.html", contents, status=status)


async def _counted(conn: db.Conn, written: Written, via: list[str]) -> dict[str, Any] | None:
    """Return how many SMS its texts are, where it may go by SMS."""
    if "sms" not in via:
        return None
    texts = {"hi": written.text_hi, "en": written.text_en}
    return await sms.counted(conn, texts, synthetic=written.synthetic)


def _bare(written: Written) -> Written:
    """Leave out what the page is told in another way."""
    return replace(written, root=builder.empty(), templated=wording.NONE)


ROUTES = (new, edit, write, rewrite, template, change, keep, why)
