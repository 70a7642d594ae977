"""The directory of groups, and one group with its admins, its history and what it received."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from chaupal import people
from chaupal.broadcasts import pages as broadcast_pages
from chaupal.directory import saved
from chaupal.directory.saved import SavedPage
from chaupal.groups import bulk, invites, lists
from chaupal.groups import pages as group_pages
from chaupal.groups import queries as groups
from chaupal.groups.models import (
    Admins,
    Belonging,
    Category,
    Group,
    GroupChannel,
    GroupFilter,
    GroupId,
    GroupPurpose,
    Sizing,
    judged,
)
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right
from chaupal.organisations import pages as unit_pages
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import Unit, UnitId
from chaupal.web import visits
from chaupal.web.answers import page
from chaupal.web.language import Language
from chaupal.web.pages import paging
from chaupal.web.shapes import initials, rung
from chaupal.web.visits import Asked, Desk

GROUPS_SHOWN = 50
DELIVERIES_SHOWN = 30
EXECUTIVES_OFFERED = 100
ANY_CATEGORY = "*"
FILTERS = {
    "q": 100, "unit": 60, "purpose": 20, "category": 60, "channel": 20, "language": 5,
    "admins": 10, "size": 10, "executive": 10, "notice": 10, "archived": 5,
}  # fmt: skip
DEEDS: Mapping[str, type[bulk.Deed]] = {
    "join": bulk.Join, "leave": bulk.Leave, "archive": bulk.Archive
}  # fmt: skip


@get("/groups")
async def directory(request: Asked) -> Response[Any]:
    """GET /groups: the groups within the reader's part of the tree that fit, unit by unit."""
    desk = await visits.desk_of(request)
    rt, language = visits.runtime(request), desk.language
    asked = asked_of(request.query_params)
    behind = paging.group_id(request.query_params.get("after"))
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        _, filter = await filter_of(conn, asked, desk)
        after = await lists.page_key(conn, behind) if behind else None
        found = await lists.group_page(
            conn,
            scope=desk.scope,
            filter=filter,
            after=after,
            limit=GROUPS_SHOWN + 1,
            now=rt.now(),
        )
        total = await lists.total(conn, scope=desk.scope, filter=filter, now=rt.now())
        categories = {category.key: category for category in await groups.categories(conn)}
        kept = await saved.saved(conn, SavedPage.GROUPS, actor=desk.actor)
    shown = found[:GROUPS_SHOWN]
    contents = {
        "filter": asked,
        "query": urlencode({name: value for name, value in asked.items() if value}),
        "saved": [
            {"id": filter.id, "name": filter.name, "url": f"/groups?{filter.query}"}
            for filter in kept
        ],
        "narrowed": any(asked[name] for name in list(FILTERS)[5:]),
        "categories": [
            {"key": key, "name": category.name(language)} for key, category in categories.items()
        ],
        "channels": [channel.value for channel in GroupChannel],
        "total": total if filter.is_plain else min(total, lists.COUNTED_TO),
        "more_than_total": not filter.is_plain and total > lists.COUNTED_TO,
        "counted_at": rt.now(),
        "may_register": desk.scope.allows(Right.REGISTER),
        "deeds": [name for name in DEEDS if name != "archive" or not filter.archived],
        "done": paging.number(request.query_params.get("done")),
        "groups": [_line(group, categories, language) for group in shown],
        "first_url": paging.address("/groups", **asked) if after else None,
        "next_url": (
            paging.address("/groups", **asked, after=shown[-1].id)
            if len(found) > GROUPS_SHOWN
            else None
        ),
    }
    return page(request, desk, "groups.html", contents)


def asked_of(given: Mapping[str, Any]) -> dict[str, str]:
    """Read a filter's fields, each no longer than it can be."""
    return {name: str(given.get(name, "")).strip()[:limit] for name, limit in FILTERS.items()}


async def filter_of(
    conn: db.Conn, asked: Mapping[str, str], desk: Desk
) -> tuple[Unit | None, GroupFilter]:
    """Return what a filter's fields ask for, and the unit that they name."""
    unit = None
    if asked["unit"]:
        found = await unit_pages.units_coded(conn, [asked["unit"]], scope=desk.scope)
        if not found:
            raise Invalid("audience.unknown_unit", unit=asked["unit"])
        unit = found[0]
    category = asked["category"]
    try:
        return unit, GroupFilter(
            unit=UnitId(unit.id) if unit else None,
            purpose=GroupPurpose(asked["purpose"]) if asked["purpose"] else None,
            category=category if category not in {"", ANY_CATEGORY} else None,
            categorised=category == ANY_CATEGORY,
            channel=GroupChannel(asked["channel"]) if asked["channel"] else None,
            language=asked["language"] or None,
            name_contains=asked["q"],
            admins=Admins(asked["admins"]) if asked["admins"] else None,
            size=Sizing(asked["size"]) if asked["size"] else None,
            without_executive=asked["executive"] == "missing",
            without_notice=asked["notice"] == "none",
            archived=asked["archived"] == "yes",
        )
    except ValueError as error:
        raise Invalid("request.malformed", where="filter") from error


def _line(group: Group, categories: dict[str, Category], language: Language) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "unit_id": group.unit_id,
        "unit_name": group.unit_name(language),
        "purpose": group.purpose.value,
        "channel": group.channel.value,
        "categories": [categories[key].name(language) for key in group.categories],
        "size": group.size if group.size_at else None,
        "admins_live": group.live_admins,
    }


@get("/groups/{id:uuid}")
async def group(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /groups/<group>: one group within the reader's part of the tree."""
    desk = await visits.desk_of(request)
    rt, language = visits.runtime(request), desk.language
    before = paging.number(request.query_params.get("before"))
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        here = await groups.group(conn, GroupId(id), scope=desk.scope)
        if here is None:
            raise NotFound("group.not_found")
        lineage = await organisations.lineage(conn, here.unit_path)
        categories = {category.key: category for category in await groups.categories(conn)}
        sender = await group_pages.sender_name(conn, here.id, scope=desk.scope)
        admins = await _admins(rt, conn, here, desk)
        belongings = await groups.belongings(conn, here.id, scope=desk.scope)
        received = await broadcast_pages.received(
            conn, here.id, scope=desk.scope, before=before, limit=DELIVERIES_SHOWN + 1
        )
        steps = await _steps(rt, conn, here, desk)
    at, shown = f"/groups/{here.id}", received[:DELIVERIES_SHOWN]
    contents = {
        "group": {
            "id": here.id,
            "name": here.name,
            "purpose": here.purpose.value,
            "channel": here.channel.value,
            "language": here.language,
            "size": here.size if here.size_at else None,
            "size_at": here.size_at,
            "size_is_stale": bool(here.size_at and here.size_at < judged(rt.now()).stale_before),
            "carries_notice": here.carries_notice,
            "sender_name": sender.name if sender else None,
            "archived_at": here.archived_at,
        },
        "path": [
            {"id": step.id, "name": step.name(language), "open": desk.scope.covers(step.path)}
            for step in lineage
        ],
        "categories": [
            {"key": key, "name": category.name(language), "chosen": key in here.categories}
            for key, category in categories.items()
        ],
        "belongings": [_belonging(row, categories, language) for row in belongings],
        "admins": [admin for admin in admins if admin["left_at"] is None],
        "former_admins": [admin for admin in admins if admin["left_at"] is not None],
        "executive_missing": bool(here.categories)
        and not any(admin["executive"] and admin["left_at"] is None for admin in admins),
        **steps,
        "deliveries": [_delivery(row, desk) for row in shown],
        "first_url": at if before else None,
        "next_url": (
            paging.address(at, before=shown[-1].delivery_id)
            if len(received) > DELIVERIES_SHOWN
            else None
        ),
    }
    return page(request, desk, "group.html", contents)


async def _steps(rt: Runtime, conn: db.Conn, here: Group, desk: Desk) -> dict[str, Any]:
    """Return what only those see who may change the group: its invite, whom they may add."""
    if not desk.scope.covers(here.unit_path, Right.REGISTER):
        return {"may_change": False, "invite": None, "executives": []}
    kept = await groups.invite(conn, here.id, scope=desk.scope)
    sealed = kept.sealed if kept else None
    executives = await groups.executives(
        conn, here.unit_path, today=judged(rt.now()).today, limit=EXECUTIVES_OFFERED
    )
    return {
        "may_change": True,
        "invite": rt.sealer.unseal(sealed, invites.seal_context(here.id)) if sealed else None,
        "executives": [
            {
                "id": executive.person_id,
                "label": f"{initials(executive.name)} · {executive.title(desk.language)}",
            }
            for executive in executives
        ],
    }


def _belonging(
    row: Belonging, categories: dict[str, Category], language: Language
) -> dict[str, Any]:
    return {
        "name": categories[row.category_key].name(language),
        "since": row.since,
        "until": row.until,
    }


async def _admins(rt: Runtime, conn: db.Conn, group: Group, desk: Desk) -> list[dict[str, Any]]:
    """Return who runs a group, with as much of their number as colleagues need."""
    today = judged(rt.now()).today
    admins = await groups.admins(conn, group.id, scope=desk.scope, today=today)
    ids = [admin.person_id for admin in admins]
    contacts = await people.contacts_of(rt.sealer, conn, ids, organisation=desk.actor.organisation)
    found = await unit_pages.titles(conn, [*ids], scope=desk.scope, today=today)
    titles = {row.person_id: row for row in found}
    return [
        {
            "id": admin.person_id,
            "label": initials(admin.name),
            "masked_number": next((c.masked for c in contacts.get(admin.person_id, [])), "–"),
            "title": (
                (title.title_hi if desk.language == "hi" else title.title_en)
                if (title := titles.get(admin.person_id))
                else "–"
            ),
            "turn": admin.turn,
            "executive": admin.executive,
            "left_at": admin.left_at,
        }
        for admin in admins
    ]


def _delivery(row: broadcast_pages.Received, desk: Desk) -> dict[str, Any]:
    """Return a line of what a group received; who may not see a broadcast gets no link to it."""
    visible = all(desk.scope.covers(path) for path in row.author_paths)
    return {
        "broadcast_id": row.broadcast_id if visible else None,
        "title": row.title,
        "rung": rung(row.state, row.evidence),
        "at": row.at,
        "failure": row.failure,
    }


ROUTES = (directory, group)
