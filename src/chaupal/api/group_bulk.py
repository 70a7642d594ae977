"""One change to every group that a filter holds, counted first."""

from typing import Annotated, Any, Literal

from litestar import post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from chaupal.api.callers import Called, Caller, Key, unit_coded
from chaupal.groups import bulk
from chaupal.groups.bulk import Archive, Deed, Join, Leave
from chaupal.groups.models import Admins, GroupChannel, GroupFilter, GroupPurpose, Sizing
from chaupal.kit import db

Short = Annotated[str, Meta(max_length=60)]


class WhichGroups(Struct, frozen=True, forbid_unknown_fields=True):
    """Which groups are meant; what is left out narrows nothing. `unit` is a unit's code."""

    unit: Short | None = None
    purpose: GroupPurpose | None = None
    category: Short | None = None
    channel: GroupChannel | None = None
    language: Literal["hi", "en"] | None = None
    name_contains: Annotated[str, Meta(max_length=100)] = ""
    admins: Admins | None = None
    size: Sizing | None = None
    categorised: bool = False
    without_executive: bool = False
    without_notice: bool = False
    archived: bool = False


class GroupsJoin(Struct, frozen=True, forbid_unknown_fields=True, tag_field="deed", tag="join"):
    """Every group is in a category from now on."""

    category: Short


class GroupsLeave(Struct, frozen=True, forbid_unknown_fields=True, tag_field="deed", tag="leave"):
    """No group is in a category any more."""

    category: Short


class GroupsArchive(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="deed", tag="archive"
):
    """Nothing more is sent to any of them."""


GroupsDeed = GroupsJoin | GroupsLeave | GroupsArchive
DEEDS: dict[str, type[Deed]] = {"join": Join, "leave": Leave, "archive": Archive}


class GroupsLook(Struct, frozen=True, forbid_unknown_fields=True):
    """What would be done, and to which groups."""

    which: WhichGroups
    deed: Literal["join", "leave", "archive"]


class GroupsChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be done, to which groups, and how many they were when they were `seen`."""

    which: WhichGroups
    what: GroupsDeed
    seen: int


class GroupCount(Struct, frozen=True):
    """How many groups."""

    groups: int


@post("/groups/bulk/preview", status_code=200)
async def look(caller: Called, data: JSONBody[GroupsLook]) -> GroupCount:
    """Say to how many groups something would be done. Nothing changes."""
    async with caller.transaction() as conn:
        filter = await _filter(conn, caller, data.which)
        count = await bulk.preview(caller.rt, conn, filter, DEEDS[data.deed], scope=caller.scope)
    return GroupCount(count)


@post("/groups/bulk", status_code=200)
async def do(caller: Called, key: Key, data: JSONBody[GroupsChange]) -> GroupCount:
    """Do one thing to every group that a filter holds, if they are as many as were seen."""
    async with caller.transaction() as conn:
        filter = await _filter(conn, caller, data.which)
    return GroupCount(
        await bulk.do(
            caller.rt, filter, _deed(data.what), seen=data.seen, key=key, actor=caller.actor
        )
    )


async def _filter(conn: db.Conn, caller: Caller, which: WhichGroups) -> GroupFilter:
    unit = await unit_coded(conn, caller, which.unit)
    return GroupFilter(
        unit=unit.id if unit else None,
        purpose=which.purpose,
        category=which.category or None,
        channel=which.channel,
        language=which.language,
        name_contains=which.name_contains,
        admins=which.admins,
        size=which.size,
        categorised=which.categorised,
        without_executive=which.without_executive,
        without_notice=which.without_notice,
        archived=which.archived,
    )


def _deed(what: GroupsDeed) -> Deed:
    match what:
        case GroupsJoin():
            return Join(what.category)
        case GroupsLeave():
            return Leave(what.category)
        case GroupsArchive():
            return Archive()


ROUTES: tuple[Any, ...] = (look, do)
