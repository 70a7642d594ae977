"""Changing the tree: a unit is renamed, moved, merged, split, ended, or gets a new one below it.

Whatever takes something along is shown first, with how much it is, and asked once.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from chaupal.directory import tree as reshaping
from chaupal.directory.tree import queries as belongings
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right
from chaupal.organisations import pages as unit_pages
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import Level, Unit, UnitId
from chaupal.organisations.tree import Names, Placed, Weight, actions, queries
from chaupal.organisations.tree.models import check_hand, check_live
from chaupal.web import visits
from chaupal.web.answers import onward, page
from chaupal.web.visits import Asked, Desk

WORDS_LIMIT_CHARACTERS = 100
GROUPS_SHOWN = 200
VERBS = ("rename", "move", "take-back", "merge", "split", "found", "end")


@dataclass(frozen=True, slots=True)
class Here:
    """A unit that somebody may change, with what hangs at it."""

    unit: Placed
    weight: Weight
    lineage: list[Unit]
    levels: dict[int, Level]

    def head(self, desk: Desk) -> dict[str, Any]:
        """Return what every page of changes says of the unit."""
        return {
            "unit": told(self.unit, self.levels, desk),
            "path": [
                {"id": step.id, "name": step.name(desk.language), "open": opens(step, desk)}
                for step in self.lineage[:-1]
            ],
            "weight": {
                "units": self.weight.units - 1,
                "people": self.weight.people,
                "groups": self.weight.groups,
            },
        }


def told(unit: Unit, levels: dict[int, Level], desk: Desk) -> dict[str, Any]:
    """Return a unit as a template names it."""
    return {
        "id": unit.id,
        "name": unit.name(desk.language),
        "name_hi": unit.name_hi,
        "name_en": unit.name_en,
        "code": unit.code,
        "level_name": levels[unit.level_rank].name(desk.language),
    }


def opens(unit: Unit, desk: Desk) -> bool:
    """Say whether a reader may open a unit's own page."""
    return desk.scope.covers(unit.path)


async def here_of(conn: db.Conn, id: UUID, desk: Desk) -> Here:
    """Return the unit of a page of changes; only its administrators see one."""
    unit = await queries.placed(conn, UnitId(id), scope=desk.scope)
    if unit is None:
        raise NotFound("unit.not_found")
    check_live(unit)
    check_hand(desk.scope, unit.path)
    return Here(
        unit,
        await queries.weight(conn, unit),
        await organisations.lineage(conn, unit.path),
        {level.rank: level for level in await organisations.levels(conn)},
    )


@get("/units/{id:uuid}")
async def change(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /units/<unit>: what may be done to a unit."""
    desk = await visits.desk_of(request)
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await here_of(conn, id, desk)
        before = await actions.earlier_parent(rt, conn, here.unit, scope=desk.scope)
        back = await organisations.units_named(conn, [before] if before else [])
    contents = {
        **here.head(desk),
        "back_to": back[0].name(desk.language) if back else None,
        "may_place": not here.unit.is_root and _may_place(here.unit, desk),
        "may_found": here.unit.level_rank < max(here.levels),
        "today": actions.today(rt),
    }
    return page(request, desk, "unit_change.html", contents)


def _may_place(unit: Placed, desk: Desk) -> bool:
    return desk.scope.covers(unit.parent_path, Right.MANAGE)


@get(["/units/{id:uuid}/move", "/units/{id:uuid}/merge"])
async def choose(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /units/<unit>/move?q=&to=, …/merge?q=&to=: look for the other unit, then look twice."""
    desk = await visits.desk_of(request)
    verb = _verb(request)
    async with _transaction(request, desk) as conn:
        here = await here_of(conn, id, desk)
        check_hand(desk.scope, here.unit.parent_path)
        contents = await _destination(request, conn, here, verb, desk)
    return page(request, desk, "unit_move.html", contents)


@get("/units/{id:uuid}/split")
async def parts(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /units/<unit>/split: choose what is to leave it."""
    desk = await visits.desk_of(request)
    async with _transaction(request, desk) as conn:
        here = await here_of(conn, id, desk)
        check_hand(desk.scope, here.unit.parent_path)
        contents = await _parts(conn, visits.runtime(request), here, desk)
    return page(request, desk, "unit_split.html", contents)


@get("/units/{id:uuid}/found")
async def founding(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /units/<unit>/found: a new unit below it."""
    desk = await visits.desk_of(request)
    async with _transaction(request, desk) as conn:
        here = await here_of(conn, id, desk)
    contents = {
        **here.head(desk),
        "levels": [
            {"key": level.key, "name": level.name(desk.language)}
            for rank, level in here.levels.items()
            if rank > here.unit.level_rank
        ],
        "today": actions.today(visits.runtime(request)),
    }
    return page(request, desk, "unit_found.html", contents)


def _verb(request: Asked) -> str:
    return request.url.path.rsplit("/", 1)[1]


def _transaction(request: Asked, desk: Desk) -> AbstractAsyncContextManager[db.Conn]:
    return db.transaction(visits.runtime(request).pool, desk.actor.organisation)


async def _destination(
    request: Asked, conn: db.Conn, here: Here, verb: str, desk: Desk
) -> dict[str, Any]:
    words = request.query_params.get("q", "").strip()[:WORDS_LIMIT_CHARACTERS]
    chosen = await _chosen(conn, request.query_params.get("to"), desk)
    found: list[Unit] | None = None
    if words and chosen is None:
        found = await actions.candidates(
            conn, here.unit, words, same_level=verb == "merge", scope=desk.scope
        )
    lines = await _lineages(conn, [*(found or []), *([chosen] if chosen else [])], desk)
    return {
        **here.head(desk),
        "verb": verb,
        "q": words,
        "found": (
            [{**told(unit, here.levels, desk), "line": lines[unit.id]} for unit in found]
            if found is not None
            else None
        ),
        "chosen": (
            {**told(chosen, here.levels, desk), "line": lines[chosen.id]} if chosen else None
        ),
        "today": actions.today(visits.runtime(request)),
    }


async def _chosen(conn: db.Conn, written: str | None, desk: Desk) -> Unit | None:
    if not written:
        return None
    chosen = await organisations.unit(conn, unit_id(written, "to"), scope=desk.scope)
    if chosen is None:
        raise NotFound("unit.not_found")
    return chosen


async def _lineages(conn: db.Conn, units: list[Unit], desk: Desk) -> dict[UnitId, str]:
    """Say of units, twenty at most, what they hang from."""
    return {
        unit.id: " › ".join(
            step.name(desk.language) for step in await organisations.lineage(conn, unit.path)
        )
        for unit in units
    }


async def _parts(conn: db.Conn, rt: Runtime, here: Here, desk: Desk) -> dict[str, Any]:
    groups = await belongings.own_groups(conn, here.unit.id, scope=desk.scope, limit=GROUPS_SHOWN)
    return {
        **here.head(desk),
        "children": [
            told(child, here.levels, desk) for child in await queries.children(conn, here.unit.id)
        ],
        "groups": [{"id": row.id, "name": row.name, "purpose": row.purpose} for row in groups],
        "chosen": None,
        "today": actions.today(rt),
    }


@post([f"/units/{{id:uuid}}/{verb}" for verb in VERBS])
async def act(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /units/<unit>/<verb>: rename, move, take-back, merge, split, found, end."""
    verb = _verb(request)
    desk = await visits.desk_of(request)
    rt, form = visits.runtime(request), await visits.fields(request)
    key, unit, actor = await visits.idempotency_key(request), UnitId(id), desk.actor
    match verb:
        case "rename":
            day = day_of(form)
            await actions.rename(rt, unit, names_of(form), on_day=day, key=key, actor=actor)
        case "move":
            to = unit_id(form.get("to"), "to")
            await actions.move(rt, unit, to, on_day=day_of(form), key=key, actor=actor)
        case "take-back":
            await actions.take_back(rt, unit, key=key, actor=actor)
        case "merge":
            to = unit_id(form.get("to"), "to")
            await reshaping.merge(rt, unit, to, on_day=day_of(form), key=key, actor=actor)
            return onward(f"/units/{to}/history")
        case "split":
            return await _split(request, unit, form, key, desk)
        case "found":
            return await _found(rt, unit, form, key, desk)
        case "end":
            await actions.end(rt, unit, on_day=day_of(form), key=key, actor=actor)
    return onward(f"/units/{unit}/history" if verb == "end" else f"/units/{unit}")


async def _split(
    request: Asked, unit: UnitId, form: FormMultiDict, key: str, desk: Desk
) -> Response[Any]:
    """Show what a part would take along; when that was seen, take it out."""
    rt, part, day = visits.runtime(request), part_of(form), day_of(form)
    if form.get("seen"):
        [made] = await reshaping.split(rt, unit, [part], on_day=day, key=key, actor=desk.actor)
        return onward(f"/tree/{made}")
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await here_of(conn, unit, desk)
        check_hand(desk.scope, here.unit.parent_path)
        contents = await _parts(conn, rt, here, desk)
        taken = [child for child in contents["children"] if child["id"] in part.children]
        heir = await queries.coded(conn, part.code)
        if heir is not None and not opens(heir, desk):
            heir = None
        going = [UnitId(child["id"]) for child in taken]
        totals = (await unit_pages.totals(conn, going)).values()
        sizes = await unit_pages.unit_sizes(conn, going, scope=desk.scope)
    if part.names is None and heir is None:
        raise Invalid("audience.unknown_unit", unit=part.code)
    shown = part.names or heir
    assert shown is not None
    contents["chosen"] = {
        "code": part.code,
        "name": (
            shown.name(desk.language)
            if isinstance(shown, Unit)
            else (shown.hi if desk.language == "hi" else shown.en)
        ),
        "name_hi": part.names.hi if part.names else "",
        "name_en": part.names.en if part.names else "",
        "is_new": part.names is not None,
        "children": taken,
        "groups": [row for row in contents["groups"] if row["id"] in part.groups],
        "own_people": part.people,
        "units": sum(size.units + 1 for size in sizes),
        "people": sum(total.people for total in totals),
        "all_groups": sum(total.groups for total in totals) + len(part.groups),
        "day": day,
    }
    return page(request, desk, "unit_split.html", contents)


async def _found(
    rt: Runtime, unit: UnitId, form: FormMultiDict, key: str, desk: Desk
) -> Response[Any]:
    made = await actions.found(
        rt,
        unit,
        level=text(form, "level"),
        code=text(form, "code"),
        names=names_of(form),
        on_day=day_of(form),
        key=key,
        actor=desk.actor,
    )
    return onward(f"/tree/{made}")


def part_of(form: FormMultiDict) -> reshaping.Part:
    """Read which part is to leave a unit. Without names it goes to a unit that is there already."""
    names = names_of(form)
    return reshaping.Part(
        code=text(form, "code"),
        names=names if names.hi or names.en else None,
        children=tuple(unit_id(id, "children") for id in form.getall("children", [])),
        groups=tuple(UUID(unit_id(id, "groups").hex) for id in form.getall("groups", [])),
        people=bool(form.get("people")),
    )


def text(form: FormMultiDict, name: str) -> str:
    """Return what was written into a field."""
    return str(form.get(name, "")).strip()


def names_of(form: FormMultiDict) -> Names:
    """Read what a unit is to be called."""
    return Names(text(form, "name_hi"), text(form, "name_en"))


def day_of(form: FormMultiDict) -> date:
    """Read from which day on something is to hold."""
    try:
        return date.fromisoformat(text(form, "day"))
    except ValueError as error:
        raise Invalid("request.malformed", where="day") from error


def unit_id(written: object, where: str) -> UnitId:
    """Read which unit is meant."""
    try:
        return UnitId(UUID(str(written)))
    except ValueError as error:
        raise Invalid("request.malformed", where=where) from error


ROUTES = (change, choose, parts, founding, act)
