"""One change to every group that a filter holds: counted, asked once, done in one transaction."""

from dataclasses import dataclass

import msgspec

from chaupal import record
from chaupal.groups import bulk_queries as queries
from chaupal.groups import lists
from chaupal.groups.models import GroupFilter
from chaupal.groups.queries import categories
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Scope, scope_of
from chaupal.organisations.models import Right
from chaupal.people import pages as people
from chaupal.record import Actor

# Twice the groups of the largest organisation we know of.
GROUPS_AT_ONCE = 200_000


@dataclass(frozen=True, slots=True)
class Join:
    """Every group is in a category from now on."""

    category: str


@dataclass(frozen=True, slots=True)
class Leave:
    """No group is in a category any more; since when it was in it stays on record."""

    category: str


@dataclass(frozen=True, slots=True)
class Archive:
    """Nothing more is sent to any of them."""


Deed = Join | Leave | Archive
KINDS: dict[type[Deed], str] = {
    Join: "groups.joined",
    Leave: "groups.left",
    Archive: "groups.archived",
}


async def preview(
    rt: Runtime, conn: db.Conn, filter: GroupFilter, deed: type[Deed], *, scope: Scope
) -> int:
    """Return for how many groups a deed would be done. Refused: none, and too many."""
    under = await _under(conn, filter, deed, scope=scope)
    count = await lists.passing(conn, under, filter=filter, counted_to=GROUPS_AT_ONCE, now=rt.now())
    return _checked(count, most=GROUPS_AT_ONCE)


async def do(
    rt: Runtime,
    filter: GroupFilter,
    deed: Deed,
    *,
    seen: int,
    key: str,
    actor: Actor,
    most: int = GROUPS_AT_ONCE,
) -> int:
    """Do one thing to every group that `filter` holds; return how many they were.

    Refused where there are others than the `seen` that were previewed: they have to be seen.
    """
    request = msgspec.json.encode(("groups", type(deed).__name__, deed, filter, seen))
    async with db.transaction(rt.pool, actor.organisation) as conn:
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return int(earlier)
        scope = await scope_of(rt, conn, actor)
        chosen = await _choose(rt, conn, filter, type(deed), scope=scope, most=most)
        if chosen != seen:
            raise Refused("groups.count_changed", count=chosen, seen=seen)
        changed = await _apply(rt, conn, deed)
        await record.answer(conn, key, request, str(chosen), actor=actor, now=rt.now())
        await record.append(
            conn,
            KINDS[type(deed)],
            actor.organisation,
            actor=actor,
            now=rt.now(),
            groups=chosen,
            changed=changed,
            **_facts(deed),
        )
        return chosen


async def _choose(
    rt: Runtime,
    conn: db.Conn,
    filter: GroupFilter,
    deed: type[Deed],
    *,
    scope: Scope,
    most: int,
) -> int:
    """Write down which groups are meant, of those that somebody may change, and hold them.

    In the order of the tree, so that two who choose the same groups wait and never lock up.
    """
    under = await _under(conn, filter, deed, scope=scope)
    await queries.prepare(conn)
    chosen = 0
    for top in sorted(under):  # as many as somebody has posts
        judge = await lists.judge_of(conn, top, filter, rt.now())
        limit = most + 1 - chosen
        chosen += await queries.choose(conn, top, filter=filter, judge=judge, limit=limit)
    return _checked(chosen, most=most)


async def _under(
    conn: db.Conn, filter: GroupFilter, deed: type[Deed], *, scope: Scope
) -> list[str]:
    """Return under which paths somebody may change the groups that the filter holds."""
    scope.need(Right.REGISTER)
    if deed is Archive and filter.archived:
        raise Refused("groups.archived_already")
    return await people.tops(conn, scope, filter.unit, Right.REGISTER)


def _checked(count: int, *, most: int) -> int:
    if count > most:
        raise Refused("groups.too_many_at_once", limit=most)
    if count == 0:
        raise Refused("groups.none_chosen")
    return count


async def _apply(rt: Runtime, conn: db.Conn, deed: Deed) -> int:
    """Change all of those chosen in one statement; return how many it changed."""
    match deed:
        case Join(category=category):
            await _check_category(conn, category)
            return await queries.join(conn, category, now=rt.now())
        case Leave(category=category):
            await _check_category(conn, category)
            return await queries.leave(conn, category, now=rt.now())
        case Archive():
            return await queries.archive(conn, now=rt.now())


async def _check_category(conn: db.Conn, key: str) -> None:
    if key not in {category.key for category in await categories(conn)}:
        raise Invalid("group.unknown_category")


def _facts(deed: Deed) -> dict[str, str]:
    """Return what the record keeps of a deed besides its counts."""
    match deed:
        case Join(category=category) | Leave(category=category):
            return {"category": category}
        case Archive():
            return {}
