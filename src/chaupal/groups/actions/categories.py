"""Adding categories, and moving groups between them with their history."""

import re
from collections.abc import Collection

from chaupal import record
from chaupal.groups import queries, writing
from chaupal.groups.actions import permits
from chaupal.groups.models import Category, GroupId
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, Refused
from chaupal.kit.runtime import Runtime
from chaupal.record import Actor

CATEGORY_KEY = re.compile(r"[a-z_]{2,40}")


async def add_category(rt: Runtime, category: Category, *, actor: Actor) -> None:
    """Add something people can join under. A key that is taken is refused.

    For the console and for loading: nobody's post gives this right yet.
    """
    if not CATEGORY_KEY.fullmatch(category.key) or not (category.name_hi and category.name_en):
        raise Invalid("request.malformed", where="category")
    async with db.transaction(rt.pool, actor.organisation) as conn:
        added = await queries.add_category(
            conn, category.key, name_hi=category.name_hi, name_en=category.name_en
        )
        if not added:
            raise Refused("category.key_taken", category=category.key)
        await record.append(
            conn, "category.added", category.key, actor=actor, now=rt.now(), category=category.key
        )


async def recategorise(
    rt: Runtime, id: GroupId, categories: Collection[str], *, key: str, actor: Actor
) -> None:
    """Let a group be in exactly these categories from now on.

    When it was in which stays on record: who got a broadcast to farmers last month can be told
    from what the group was last month.
    """
    wanted = sorted(set(categories))
    request = b"recategorise" + id.bytes + ",".join(wanted).encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        await permits.held(rt, conn, id, actor=actor)
        known = {category.key for category in await queries.categories(conn)}
        if not known.issuperset(wanted):
            raise Invalid("group.unknown_category")
        left = await writing.leave_categories(conn, id, wanted, now=rt.now())
        entered = await writing.enter_categories(conn, id, wanted, now=rt.now())
        await record.answer(conn, key, request, "recategorised", actor=actor, now=rt.now())
        if left or entered:
            await record.append(
                conn, "group.recategorised", id, actor=actor, now=rt.now(), categories=wanted
            )
