"""Groups: listed, one with who runs it, registered, changed, moved, archived."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chaupal import people
from chaupal.api.callers import After, Called, Caller, Key, Limit, Listing, UnitCode, unit_coded
from chaupal.api.people import ContactShape, contact_shape
from chaupal.groups import actions, lists, queries
from chaupal.groups.models import (
    Admins,
    Group,
    GroupChange,
    GroupChannel,
    GroupFilter,
    GroupId,
    GroupPurpose,
    NewGroup,
    PageKey,
    Sizing,
    judged,
)
from chaupal.kit import db
from chaupal.kit.refusals import NotFound
from chaupal.organisations.models import UnitId
from chaupal.people import holding
from chaupal.people.models import PersonId

LONG = 100


class GroupLine(Struct, frozen=True):
    """A group in a list. `size_at` says how old the size is; without it nobody told."""

    id: UUID
    name: str
    unit_id: UUID
    purpose: GroupPurpose
    channel: GroupChannel
    language: str
    size: int | None
    size_at: datetime | None
    carries_notice: bool
    categories: list[str]
    live_admins: int
    archived_at: datetime | None


class GroupListing(Listing[GroupLine], frozen=True):
    """A page of groups. `total` is how many there are; `more_than`: there are more than that."""

    total: int = 0
    more_than: bool = False


class AdminShape(Struct, frozen=True):
    """Who runs a group, in the order in which they are asked; `executive`: from the top.

    Somebody outside the caller's part of the tree has no name and no addresses here.
    """

    person_id: UUID
    name: str | None
    turn: int
    since: datetime
    left_at: datetime | None
    executive: bool
    contacts: list[ContactShape]


class BelongingShape(Struct, frozen=True):
    """A time in which a group was in a category; without `until` it is in it."""

    category: str
    since: datetime
    until: datetime | None


class GroupShape(Struct, frozen=True):
    """A group with who runs it and ran it, and its categories now and before."""

    group: GroupLine
    admins: list[AdminShape]
    belongings: list[BelongingShape]


class NewGroupShape(Struct, frozen=True, forbid_unknown_fields=True):
    """A group to register. A WhatsApp group has no `sender_id`; every other has one."""

    unit_id: UUID
    name: str
    purpose: GroupPurpose
    channel: GroupChannel
    address: str = ""
    sender_id: UUID | None = None
    language: Literal["hi", "en"] = "hi"
    carries_notice: bool = False
    categories: list[str] = []
    admins: list[UUID] = []
    size: int | None = None
    invite: str | None = None


class GroupChangeShape(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to hold of a group. No `size` leaves the old one, no `invite` the old link."""

    name: str
    language: Literal["hi", "en"]
    carries_notice: bool
    size: int | None = None
    invite: str | None = None


class ToUnit(Struct, frozen=True, forbid_unknown_fields=True):
    """The unit to which a group belongs from now on."""

    unit_id: UUID


class Categories(Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly the categories in which a group is from now on."""

    categories: list[str]


class NewAdmins(Struct, frozen=True, forbid_unknown_fields=True):
    """Who helps to run a group from now on."""

    people: list[UUID]


class Registered(Struct, frozen=True):
    """The group that was registered."""

    id: UUID


@get("/groups")
async def listing(
    caller: Called,
    *,
    unit: UnitCode = None,
    purpose: FromQuery[GroupPurpose | None] = None,
    category: Annotated[str | None, QueryParameter(max_length=60)] = None,
    channel: FromQuery[GroupChannel | None] = None,
    language: FromQuery[Literal["hi", "en"] | None] = None,
    name_contains: Annotated[str, QueryParameter(max_length=LONG)] = "",
    admins: FromQuery[Admins | None] = None,
    size: FromQuery[Sizing | None] = None,
    categorised: FromQuery[bool] = False,
    without_executive: FromQuery[bool] = False,
    without_notice: FromQuery[bool] = False,
    archived: FromQuery[bool] = False,
    after: After = None,
    limit: Limit = 50,
) -> GroupListing:
    """List the groups within the caller's part of the tree, unit by unit, then by name."""
    behind = caller.after("groups", after, tuple[str, str, UUID])
    now = caller.rt.now()
    async with caller.transaction() as conn:
        top = await unit_coded(conn, caller, unit)
        filter = GroupFilter(
            unit=top.id if top else None,
            purpose=purpose,
            category=category or None,
            channel=channel,
            language=language,
            name_contains=name_contains,
            admins=admins,
            size=size,
            categorised=categorised,
            without_executive=without_executive,
            without_notice=without_notice,
            archived=archived,
        )
        found = await lists.group_page(
            conn,
            scope=caller.scope,
            filter=filter,
            after=PageKey(behind[0], behind[1], GroupId(behind[2])) if behind else None,
            limit=limit + 1,
            now=now,
        )
        total = await lists.total(conn, scope=caller.scope, filter=filter, now=now)
    last = found[limit - 1].key if len(found) > limit else None
    return GroupListing(
        items=[_line(group) for group in found[:limit]],
        next=caller.cursor("groups", last.unit_path, last.name, last.id) if last else None,
        total=total if filter.is_plain else min(total, lists.COUNTED_TO),
        more_than=not filter.is_plain and total > lists.COUNTED_TO,
    )


def _line(group: Group) -> GroupLine:
    return GroupLine(
        id=group.id,
        name=group.name,
        unit_id=group.unit_id,
        purpose=group.purpose,
        channel=group.channel,
        language=group.language,
        size=group.size if group.size_at else None,
        size_at=group.size_at,
        carries_notice=group.carries_notice,
        categories=group.categories,
        live_admins=group.live_admins,
        archived_at=group.archived_at,
    )


@get("/groups/{id:uuid}")
async def group(caller: Called, id: FromPath[UUID]) -> GroupShape:
    """Show a group, who runs it, and in which categories it is and was."""
    async with caller.transaction() as conn:
        here = await queries.group(conn, GroupId(id), scope=caller.scope)
        if here is None:
            raise NotFound("group.not_found")
        admins = await _admins(conn, caller, here)
        belongings = await queries.belongings(conn, here.id, scope=caller.scope)
    return GroupShape(
        group=_line(here),
        admins=admins,
        belongings=[BelongingShape(b.category_key, b.since, b.until) for b in belongings],
    )


async def _admins(conn: db.Conn, caller: Caller, group: Group) -> list[AdminShape]:
    today = judged(caller.rt.now()).today
    admins = await queries.admins(conn, group.id, scope=caller.scope, today=today)
    ids = [admin.person_id for admin in admins]
    names = {row.id: row.name for row in await holding.named(conn, ids, scope=caller.scope)}
    contacts = await people.contacts_of(
        caller.rt.sealer, conn, [*names], organisation=caller.actor.organisation
    )
    return [
        AdminShape(
            person_id=admin.person_id,
            name=names.get(admin.person_id),
            turn=admin.turn,
            since=admin.since,
            left_at=admin.left_at,
            executive=admin.executive,
            contacts=[contact_shape(point) for point in contacts.get(admin.person_id, [])],
        )
        for admin in admins
    ]


@post("/groups", status_code=201)
async def register(caller: Called, key: Key, data: JSONBody[NewGroupShape]) -> Registered:
    """Register a group."""
    new = NewGroup(
        unit=UnitId(data.unit_id),
        name=data.name,
        purpose=data.purpose,
        channel=data.channel,
        address=data.address,
        sender=data.sender_id,
        language=data.language,
        carries_notice=data.carries_notice,
        categories=tuple(sorted(set(data.categories))),
        admins=tuple(PersonId(id) for id in dict.fromkeys(data.admins)),
        size=data.size,
        invite=data.invite,
    )
    return Registered(await actions.register(caller.rt, new, key=key, actor=caller.actor))


@post("/groups/{id:uuid}", status_code=204)
async def change(
    caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[GroupChangeShape]
) -> None:
    """Change what is known of a group. An empty `invite` takes the link away."""
    to = GroupChange(data.name, data.language, data.carries_notice, data.size, data.invite)
    await actions.change(caller.rt, GroupId(id), to, key=key, actor=caller.actor)


@post("/groups/{id:uuid}/move", status_code=204)
async def move(caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[ToUnit]) -> None:
    """Let a group belong to another unit."""
    await actions.move(caller.rt, GroupId(id), UnitId(data.unit_id), key=key, actor=caller.actor)


@post("/groups/{id:uuid}/categories", status_code=204)
async def recategorise(
    caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[Categories]
) -> None:
    """Let a group be in exactly these categories from now on."""
    await actions.recategorise(caller.rt, GroupId(id), data.categories, key=key, actor=caller.actor)


@post("/groups/{id:uuid}/admins", status_code=204)
async def add_admins(
    caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[NewAdmins]
) -> None:
    """Let people help to run a group, behind those who do."""
    people = [PersonId(person) for person in data.people]
    await actions.add_admins(caller.rt, GroupId(id), people, key=key, actor=caller.actor)


@post("/groups/{id:uuid}/admins/{person:uuid}/left", status_code=204)
async def let_go(caller: Called, id: FromPath[UUID], person: FromPath[UUID], key: Key) -> None:
    """Say that somebody runs a group no more."""
    await actions.let_admin_go(
        caller.rt, GroupId(id), PersonId(person), key=key, actor=caller.actor
    )


@post("/groups/{id:uuid}/admins/{person:uuid}/first", status_code=204)
async def ask_first(caller: Called, id: FromPath[UUID], person: FromPath[UUID], key: Key) -> None:
    """Let somebody be asked first of all who run a group."""
    await actions.ask_first(caller.rt, GroupId(id), PersonId(person), key=key, actor=caller.actor)


@post("/groups/{id:uuid}/archive", status_code=204)
async def archive(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Send nothing more to a group."""
    await actions.archive(caller.rt, GroupId(id), key=key, actor=caller.actor)


@post("/groups/{id:uuid}/restore", status_code=204)
async def bring_back(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Let a group be part of audiences again."""
    await actions.bring_back(caller.rt, GroupId(id), key=key, actor=caller.actor)


ROUTES: tuple[Any, ...] = (
    listing,
    group,
    register,
    change,
    move,
    recategorise,
    add_admins,
    let_go,
    ask_first,
    archive,
    bring_back,
)
