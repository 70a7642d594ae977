"""Registering and changing a group on a phone: one column, no script, nothing typed is lost."""

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from chaupal.groups import actions
from chaupal.groups import queries as groups
from chaupal.groups.models import (
    GroupChange,
    GroupChannel,
    GroupId,
    GroupPurpose,
    NewGroup,
    judged,
)
from chaupal.kit import db, digits
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.organisations import Right
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import Unit, UnitId
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.language import translations
from chaupal.web.pages import group_admins, group_places
from chaupal.web.pages.groups import EXECUTIVES_OFFERED
from chaupal.web.shapes import initials
from chaupal.web.visits import Asked, Desk
from chaupal.web.words import refusal_words

ADMINS_ASKED_FOR = 3
WHATSAPP = "whatsapp"
MENDED_ON_THE_FORM = frozenset(
    {
        "group.address_taken",
        "group.admin_not_found",
        "group.invite_taken",
        "group.unit_ended",
    }
)


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the form, as it was typed."""

    name: str = ""
    purpose: str = ""
    categories: list[str] = field(default_factory=list)
    via: str = WHATSAPP
    address: str = ""
    invite: str = ""
    size: str = ""
    language: str = "hi"
    carries_notice: bool = False
    admins: list[str] = field(default_factory=lambda: [""] * ADMINS_ASKED_FOR)
    executive: str = ""

    @property
    def members(self) -> int | None:
        """Return the size in figures; with commas or in Devanagari digits it is the same."""
        plain = digits.plain(self.size).replace(",", "").replace(" ", "")
        if not plain:
            return None
        if not plain.isdecimal():
            raise Invalid("group.size_unreadable")
        return int(plain)


def _read(form: FormMultiDict) -> Written:
    typed = [str(value).strip() for value in form.getall("admins", [])][:ADMINS_ASKED_FOR]
    return Written(
        name=" ".join(str(form.get("name", "")).split()),
        purpose=str(form.get("purpose", "")),
        categories=[str(value) for value in form.getall("categories", [])],
        via=str(form.get("via", WHATSAPP)),
        address=str(form.get("address", "")).strip(),
        invite=str(form.get("invite", "")).strip(),
        size=str(form.get("size", "")).strip(),
        language=str(form.get("language", "")),
        carries_notice="carries_notice" in form,
        admins=typed + [""] * (ADMINS_ASKED_FOR - len(typed)),
        executive=str(form.get("executive", "")),
    )


@get("/groups/new")
async def new(request: Asked) -> Response[Any]:
    """GET /groups/new: first where the group belongs, then (?unit=) the form for it."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.REGISTER)
    rt, asked = visits.runtime(request), request.query_params
    gettext = translations(desk.language).gettext
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        choice = group_places.choice_in(asked)
        if choice.unit is None:
            contents = await group_places.contents(
                conn, desk, choice, at="/groups/new", heading=gettext("Register a group")
            )
            return page(request, desk, "group_place.html", contents)
        unit = await _unit(conn, desk, choice.unit)
    wanted = asked.get("category", "")
    draft = Written(categories=[wanted] if wanted else [], purpose="public" if wanted else "")
    return await _new_form(request, desk, unit, draft)


@post("/groups")
async def register(request: Asked) -> Response[Any]:
    """POST /groups: register the group. What can be mended is shown on the form again."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.REGISTER)
    rt, form = visits.runtime(request), await visits.fields(request)
    key, written = await visits.idempotency_key(request), _read(form)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        unit = await _unit(conn, desk, group_places.read_id(str(form.get("unit", ""))))
    try:
        group = await _described(request, desk, unit.id, written)
        id = await actions.register(rt, group, key=key, actor=desk.actor)
    except Refused as refusal:
        if not isinstance(refusal, Invalid) and refusal.code not in MENDED_ON_THE_FORM:
            raise
        return await _new_form(request, desk, unit, written, refusal)
    return onward(f"/groups/{id}")


async def _described(request: Asked, desk: Desk, unit: UnitId, written: Written) -> NewGroup:
    """Return the group that the form describes, with its people looked up."""
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        typed = [admin for admin in written.admins if admin]
        admins = [await group_admins.somebody(rt, conn, desk, admin) for admin in typed]
        if written.executive:
            admins.append(group_admins.person_id(written.executive))
        senders = {str(row.id): row for row in await groups.senders_of_groups(conn)}
    if written.via != WHATSAPP and written.via not in senders:
        raise Invalid("request.malformed", where="via")
    sender = senders.get(written.via)
    try:
        purpose = GroupPurpose(written.purpose)
    except ValueError as error:
        raise Invalid("group.purpose_missing") from error
    return NewGroup(
        unit=unit,
        name=written.name,
        purpose=purpose,
        channel=GroupChannel(sender.channel) if sender else GroupChannel.WHATSAPP,
        address=written.address if sender else "",
        sender=sender.id if sender else None,
        language=written.language,
        carries_notice=written.carries_notice,
        categories=tuple(sorted(set(written.categories))),
        admins=tuple(dict.fromkeys(admins)),
        size=written.members,
        invite=written.invite or None,
    )


@get("/groups/{id:uuid}/change")
async def changing(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /groups/<group>/change: what may change of it, as it stands."""
    desk = await visits.desk_of(request)
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await groups.group(conn, GroupId(id), scope=desk.scope)
    if here is None:
        raise NotFound("group.not_found")
    draft = Written(name=here.name, language=here.language, carries_notice=here.carries_notice)
    return await _change_form(request, desk, GroupId(id), draft)


@post("/groups/{id:uuid}")
async def change(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /groups/<group>: keep what was changed of it."""
    desk = await visits.desk_of(request)
    rt, form = visits.runtime(request), await visits.fields(request)
    key, written = await visits.idempotency_key(request), _read(form)
    try:
        to = GroupChange(
            name=written.name,
            language=written.language,
            carries_notice=written.carries_notice,
            size=written.members,
            invite=written.invite or ("" if "forget_invite" in form else None),
        )
        await actions.change(rt, GroupId(id), to, key=key, actor=desk.actor)
    except Refused as refusal:
        if not isinstance(refusal, Invalid) and refusal.code not in MENDED_ON_THE_FORM:
            raise
        return await _change_form(request, desk, GroupId(id), written, refusal)
    return onward(f"/groups/{id}")


async def _new_form(
    request: Asked, desk: Desk, unit: Unit, draft: Written, refusal: Refused | None = None
) -> Response[Any]:
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        categories = await groups.categories(conn)
        senders = await groups.senders_of_groups(conn)
        executives = await groups.executives(
            conn, unit.path, today=judged(rt.now()).today, limit=EXECUTIVES_OFFERED
        )
    own = {
        "heading": translations(desk.language).gettext("Register a group"),
        "action": "/groups",
        "is_new": True,
        "place_url": f"/groups/new?at={unit.parent_id or unit.id}",
        "has_invite": False,
        "categories": [{"key": c.key, "name": c.name(desk.language)} for c in categories],
        "senders": [{"id": s.id, "name": s.name, "channel": s.channel} for s in senders],
        "executives": [
            {"id": e.person_id, "label": f"{initials(e.name)} · {e.title(desk.language)}"}
            for e in executives
        ],
    }
    return await _form(request, desk, unit, draft, own, refusal=refusal)


async def _change_form(
    request: Asked, desk: Desk, id: GroupId, draft: Written, refusal: Refused | None = None
) -> Response[Any]:
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await groups.group(conn, id, scope=desk.scope)
        if here is None:
            raise NotFound("group.not_found")
        unit = await _unit(conn, desk, here.unit_id)
        kept = await groups.invite(conn, id, scope=desk.scope)
    own = {
        "heading": here.name,
        "action": f"/groups/{id}",
        "is_new": False,
        "place_url": f"/groups/{id}/place",
        "has_invite": kept is not None and kept.sealed is not None,
        "categories": [],
        "senders": [],
        "executives": [],
    }
    return await _form(request, desk, unit, draft, own, refusal=refusal)


async def _form(
    request: Asked,
    desk: Desk,
    unit: Unit,
    draft: Written,
    own: dict[str, Any],
    *,
    refusal: Refused | None,
) -> Response[Any]:
    rt, language = visits.runtime(request), desk.language
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        levels = {level.rank: level for level in await organisations.levels(conn)}
    contents = own | {
        "refusal": refusal and refusal_words(refusal.code, refusal.facts, language),
        "draft": asdict(draft),
        "unit": {
            "id": unit.id,
            "name": unit.name(language),
            "level_name": levels[unit.level_rank].name(language),
            "code": unit.code,
        },
    }
    status = refusal.status if refusal else 200
    return page(request, desk, "group_form.html", contents, status=status)


async def _unit(conn: db.Conn, desk: Desk, id: UnitId) -> Unit:
    """Return a unit in which the reader may register groups."""
    unit = await organisations.unit(conn, id, scope=desk.scope)
    if unit is None:
        raise NotFound("unit.not_found")
    if not desk.scope.covers(unit.path, Right.REGISTER):
        raise NotAllowed("access.not_allowed", right=Right.REGISTER.value)
    return unit


ROUTES = (new, register, changing, change)
