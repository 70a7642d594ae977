"""The audience while it is written: its conditions, the count beside them, where it lies."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict

from chaupal.broadcasts import actions, ahead, audience, known, people, targets
from chaupal.broadcasts.audience import Expression
from chaupal.broadcasts.compiler import CHANNELS, LANGUAGES, RUNGS, STATES, Target
from chaupal.broadcasts.models import Purpose
from chaupal.broadcasts.targets import Place
from chaupal.groups import queries as groups
from chaupal.groups.models import judged
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right
from chaupal.organisations import pages as unit_pages
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import Role, Unit
from chaupal.web import builder, visits
from chaupal.web.answers import page
from chaupal.web.builder import Node
from chaupal.web.language import Language
from chaupal.web.pages import paging
from chaupal.web.pages.life import Shown, of_form, told
from chaupal.web.pages.naming import names_in
from chaupal.web.sentences import said, sentence
from chaupal.web.shapes import named
from chaupal.web.treemap import HEIGHT, WIDTH, Plot, framed
from chaupal.web.visits import Asked, Desk
from chaupal.web.words import refusal_words

CHILDREN_LIMIT = 1000
EARLIER_OFFERED = 50
PLACES_READ = 2000
PLACES_DRAWN = 60
PARTS_DRAWN = 400
GROUPS_SHOWN = 50
LINK_LENGTH = 4000
EVERYWHERE = "/"
ASKED = ("audience", "purpose", "unit")


async def expression_of(rt: Runtime, desk: Desk, root: Node) -> Expression:
    """Return the checked expression of a form; what the author may not reach is unknown."""
    codes, found = builder.codes(root), list[Unit]()
    if codes:
        async with db.transaction(rt.pool, desk.actor.organisation) as conn:
            found = await unit_pages.units_coded(conn, codes, scope=desk.scope, right=Right.COMPOSE)
    return builder.expression(root, {unit.code: unit.id for unit in found})


async def choices(conn: db.Conn, desk: Desk, root: Node, *, now: datetime) -> dict[str, Any]:
    """Return what the fields of the conditions offer, and the words of what is kept whole."""
    language = desk.language
    levels = await organisations.levels(conn)
    categories = await groups.categories(conn)
    earlier = await known.frozen(conn, scope=desk.scope, limit=EARLIER_OFFERED)
    asked = [
        UUID(node.texts["broadcast"])
        for _, node in builder.walked(root)
        if node.kind == "earlier" and _is_id(node.texts.get("broadcast", ""))
    ]
    named_there = await known.titles(conn, asked, scope=desk.scope) if asked else []
    paths = desk.scope.paths(Right.COMPOSE)
    going_round = await known.open_clusters(conn, paths=paths, limit=EARLIER_OFFERED)
    saw = [
        UUID(node.texts["cluster"])
        for _, node in builder.walked(root)
        if node.kind == "saw" and _is_id(node.texts.get("cluster", ""))
    ]
    chosen = await known.clusters(conn, saw, paths=paths) if saw else []
    kept = builder.kept_in(root)
    names = await names_in(conn, kept, scope=desk.scope)
    return {
        "via": await people.channels(conn, now=now),
        "levels": [{"key": level.key, "name": level.name(language)} for level in levels],
        "categories": [{"key": each.key, "name": each.name(language)} for each in categories],
        "areas": await areas(conn, desk),
        "broadcasts": {row.id: row.title for row in [*earlier, *named_there]},
        "clusters": {row.id: row.title for row in [*going_round, *chosen]},
        "channels": [*sorted(CHANNELS - {"sandbox"}), "sandbox"],
        "languages": sorted(LANGUAGES, reverse=True),
        "roles": [role.value for role in Role],
        "rungs": sorted(RUNGS, key=lambda rung: RUNGS[rung])[1:],
        "states": sorted(STATES),
        "leaves": builder.LEAVES,
        "groups_deep": builder.GROUPS_DEEP,
        "kept": [said(term, names, language) for term in kept],
    }


def _is_id(written: str) -> bool:
    try:
        UUID(written)
    except ValueError:
        return False
    return True


async def areas(conn: db.Conn, desk: Desk) -> list[dict[str, Any]]:
    """Return the units that may be chosen with one tap: two storeys of the author's own part."""
    found = []
    for root in await tops(conn, desk):  # as many as somebody has posts
        if root.parent_id is None:
            rank = root.level_rank + 1
            found.extend(await organisations.units_at(conn, rank, scope=desk.scope))
        else:
            found.append(root)
    children = [
        unit
        for rank in {area.level_rank + 1 for area in found}
        for unit in (await organisations.units_at(conn, rank, scope=desk.scope))[:CHILDREN_LIMIT]
    ]
    return [
        {
            "code": area.code,
            "name": area.name(desk.language),
            "children": [
                {"code": child.code, "name": child.name(desk.language)}
                for child in children
                if child.parent_id == area.id
            ],
        }
        for area in found
    ]


def offered(areas: list[dict[str, Any]]) -> set[str]:
    """Return the codes that can be ticked."""
    return {area["code"] for area in areas} | {
        child["code"] for area in areas for child in area["children"]
    }


async def tops(conn: db.Conn, desk: Desk) -> list[Unit]:
    """Return the units at which the author's own part begins."""
    return [
        root
        for root in await organisations.roots(conn, scope=desk.scope)
        if desk.scope.covers(root.path, Right.COMPOSE)
    ]


async def counted(
    request: Asked,
    desk: Desk,
    root: Node,
    purpose: str,
    via: tuple[str, ...] = (),
    *,
    to_people: bool,
    life: Shown,
) -> dict[str, Any]:
    """Return what the audience fragment shows. A refusal is its content, not its failure.

    People with no channel chosen for them yet are nobody, and certainly not groups.
    """
    rt, language = visits.runtime(request), desk.language
    shown: dict[str, Any] = {
        "total": 0, "to_people": to_people, "url": None, "channels": [], "places": [], "frames": [],
        "words": "", "ahead": None,
        "refusal": None, "counted_at": None, "width": int(WIDTH), "height": int(HEIGHT),
    }  # fmt: skip
    asked = Purpose(purpose) if purpose in set(Purpose) else Purpose.PUBLIC
    try:
        made = await expression_of(rt, desk, root)
        if to_people and not via:
            raise Invalid("broadcast.channel_missing")
        if via:
            told = await _ahead(rt, desk, _target(rt, desk, made, asked), via, life)
            return shown | await _people(rt, desk, made, asked, via) | {"ahead": told}
        slices = await actions.count(rt, made, asked, actor=desk.actor)
        async with db.transaction(rt.pool, desk.actor.organisation) as conn:
            names = await names_in(conn, [made], scope=desk.scope)
            paths = [top.path for top in await tops(conn, desk)]
            target = _target(rt, desk, made, asked)
            found = await targets.places(conn, target, tops=paths, limit=PLACES_READ)
    except Refused as refusal:
        if not isinstance(refusal, Invalid) and refusal.code != "channel.excluded":
            raise
        return shown | {"refusal": refusal_words(refusal.code, refusal.facts, language)}
    by_channel: dict[str, int] = {}
    for slice in slices:
        by_channel[slice.channel] = by_channel.get(slice.channel, 0) + slice.groups
    link = _link(made, asked)
    places = _places(found, link, language)
    return shown | {
        "total": sum(by_channel.values()),
        "channels": [{"key": key, "count": count} for key, count in by_channel.items()],
        "url": link,
        "places": places[:PLACES_DRAWN],
        "more_places": len(places) > PLACES_DRAWN,
        "frames": _frames(places[:PLACES_DRAWN]),
        "words": sentence(made, asked.value, names, language),
        "counted_at": rt.now(),
        "ahead": await _ahead(rt, desk, target, (), life),
    }


async def _ahead(
    rt: Runtime, desk: Desk, target: Target, via: tuple[str, ...], life: Shown
) -> dict[str, Any]:
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        whole = life.life
        if life.template:
            whole = await ahead.as_template(conn, whole, life.template, now=rt.now())
        found = await ahead.of_target(conn, target, via, whole)
    return told(
        found,
        life.life.ends_at,
        desk.language,
        begins_at=life.life.begins_at,
        denied=life.denied,
    )


async def _people(
    rt: Runtime, desk: Desk, made: Expression, asked: Purpose, via: tuple[str, ...]
) -> dict[str, Any]:
    """Return the count of an audience of people, by channel and by branch of the tree."""
    slices = await actions.count_people(rt, made, asked, via, actor=desk.actor)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        names = await names_in(conn, [made], scope=desk.scope)
    by_channel: dict[str, int] = {}
    by_branch: dict[UUID, dict[str, Any]] = {}
    for each in slices:
        by_channel[each.channel] = by_channel.get(each.channel, 0) + each.people
        branch = by_branch.setdefault(
            each.branch_id,
            {"name": named(each, desk.language), "url": None, "count": 0, "parts": []},
        )
        branch["count"] += each.people
    places = sorted(by_branch.values(), key=lambda branch: -branch["count"])[:PLACES_DRAWN]
    return {
        "total": sum(by_channel.values()),
        "channels": [{"key": key, "count": count} for key, count in by_channel.items()],
        "places": places,
        "more_places": len(by_branch) > PLACES_DRAWN,
        "frames": _frames(places),
        "words": sentence(made, asked.value, names, desk.language, via=via),
        "counted_at": rt.now(),
    }


def via_of(form: FormMultiDict) -> tuple[str, ...]:
    """Return over which channels people are written to, in the form's order; none for groups."""
    if form.get("to") != "people":
        return ()
    return tuple(dict.fromkeys(str(name) for name in form.getall("via", [])))


def _target(rt: Runtime, desk: Desk, made: Expression, purpose: Purpose) -> Target:
    paths = desk.scope.paths(Right.COMPOSE)
    return Target(made, purpose.value, paths, judged(rt.now()).today)


def _link(made: Expression, purpose: Purpose) -> str | None:
    """Return the address of the list of an audience's groups; one too long for it has none."""
    written = json.dumps(audience.to_json(made), separators=(",", ":"), ensure_ascii=False)
    address = paging.address("/broadcasts/groups", purpose=purpose.value, audience=written)
    return address if len(address) <= LINK_LENGTH else None


def _places(found: Sequence[Place], link: str | None, language: Language) -> list[dict[str, Any]]:
    """Gather the counts by unit, each with its parts; the largest first."""
    units: dict[UUID, dict[str, Any]] = {}
    for row in found:
        unit = units.setdefault(
            row.unit_id,
            {"name": named(row, language), "url": _at(link, row.code), "count": 0, "parts": []},
        )
        unit["count"] += row.groups
        if row.part_code is not None:
            name = row.part_name_hi if language == "hi" else row.part_name_en
            unit["parts"].append(
                {"name": name, "url": _at(link, row.part_code), "count": row.groups}
            )
    return sorted(units.values(), key=lambda unit: -unit["count"])


def _at(link: str | None, code: str) -> str | None:
    return link and f"{link}&{paging.address('', unit=code)[1:]}"


def _frames(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lay out the picture: a frame for each unit, a tile for each unit that lies in it."""
    drawn = sum(len(place["parts"]) for place in places) <= PARTS_DRAWN
    plots = [
        Plot(place["count"], [part["count"] for part in place["parts"]] if drawn else [])
        for place in places
    ]
    return [
        {
            "frame": frame,
            "unit": places[frame.index],
            "tiles": [
                {"tile": tile, "unit": places[frame.index]["parts"][tile.index]}
                for tile in frame.tiles
            ],
        }
        for frame in framed(plots)
    ]


@post("/broadcasts/count", status_code=200)
async def count(request: Asked) -> Response[Any]:
    """POST /broadcasts/count: the fragment that says whom the form reaches as it stands."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.COMPOSE)
    form = await visits.fields(request)
    shown = await counted(
        request,
        desk,
        builder.read(form),
        str(form.get("purpose", "")),
        via_of(form),
        to_people=form.get("to") == "people",
        life=of_form(form, visits.runtime(request).now()),
    )
    return page(request, desk, "fragments/audience.html", {"audience": shown})


@get("/broadcasts/groups")
async def members(request: Asked) -> Response[Any]:
    """GET /broadcasts/groups?audience=&purpose=&unit=&after=: the groups that a count counts.

    The audience stands in the address as JSON: it names units, levels and the like, and nobody.
    """
    desk = await visits.desk_of(request)
    desk.scope.need(Right.COMPOSE)
    rt, language, asked = visits.runtime(request), desk.language, request.query_params
    try:
        made = audience.parse(json.loads(asked.get("audience") or '{"op": "everyone"}'))
        purpose = Purpose(asked.get("purpose") or Purpose.PUBLIC)
        group = paging.group_id(asked.get("after"))
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise Invalid("request.malformed", where="audience") from error
    code = asked.get("unit", "")
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        units = await unit_pages.units_coded(conn, [code], scope=desk.scope, right=Right.COMPOSE)
        if code and not units:
            raise Invalid("audience.unknown_unit", unit=code[:60])
        names = await names_in(conn, [made], scope=desk.scope)
        found = await targets.page(
            conn,
            _target(rt, desk, made, purpose),
            within=units[0].path if units else EVERYWHERE,
            after=await _after(conn, group),
            limit=GROUPS_SHOWN + 1,
        )
    shown, query = found[:GROUPS_SHOWN], {k: asked.get(k) for k in ASKED}
    contents = {
        "unit": units[0].name(language) if units else None,
        "words": sentence(made, purpose.value, names, language),
        "groups": [
            {
                "id": row.id,
                "name": row.name,
                "channel": row.channel,
                "unit": row.unit_name_hi if language == "hi" else row.unit_name_en,
            }
            for row in shown
        ],
        "first_url": paging.address("/broadcasts/groups", **query) if group else None,
        "next_url": (
            paging.address("/broadcasts/groups", **query, after=shown[-1].id)
            if len(found) > GROUPS_SHOWN
            else None
        ),
    }
    return page(request, desk, "audience_groups.html", contents)


async def _after(conn: db.Conn, group: UUID | None) -> tuple[str, UUID] | None:
    if group is None:
        return None
    row = await known.place_of_group(conn, group)
    if row is None:
        raise Invalid("request.malformed", where="after")
    return row.path, row.id


ROUTES = (count, members)
