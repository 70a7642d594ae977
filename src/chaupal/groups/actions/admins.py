"""Who runs a group, and whom a relay asks first."""

from collections.abc import Sequence

from chaupal import record
from chaupal.groups import writing
from chaupal.groups.actions import permits
from chaupal.groups.models import GroupId
from chaupal.kit import db
from chaupal.kit.refusals import Refused
from chaupal.kit.runtime import Runtime
from chaupal.people.models import PersonId
from chaupal.record import Actor


async def add_admins(
    rt: Runtime, id: GroupId, people: Sequence[PersonId], *, key: str, actor: Actor
) -> None:
    """Let people run a group, asked after those who do already. Who had left is back.

    They are people whom the actor may know, or hold a post at the top of the organisation.
    """
    request = b"add admins" + id.bytes + b"".join(person.bytes for person in people)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        scope, group = await permits.held(rt, conn, id, actor=actor)
        once = await permits.check_admins(rt, conn, people, group.unit_path, scope=scope)
        await record.answer(conn, key, request, "added", actor=actor, now=rt.now())
        added = await writing.add_admins(conn, id, once, now=rt.now())
        if added:
            await record.append(
                conn,
                "group.admins_added",
                id,
                actor=actor,
                now=rt.now(),
                admins=added,
                people=[str(person) for person in once],
            )


async def let_admin_go(
    rt: Runtime, id: GroupId, person: PersonId, *, key: str, actor: Actor
) -> None:
    """Write down that somebody runs a group no more: from now on a relay asks the others.

    The last one may leave too. The group then has no live admin, and coverage says so.
    """
    request = b"admin left" + id.bytes + person.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        await permits.held(rt, conn, id, actor=actor)
        await record.answer(conn, key, request, "left", actor=actor, now=rt.now())
        if await writing.let_admin_go(conn, id, person, now=rt.now()):
            await record.append(
                conn, "group.admin_left", id, actor=actor, now=rt.now(), person=str(person)
            )


async def ask_first(rt: Runtime, id: GroupId, person: PersonId, *, key: str, actor: Actor) -> None:
    """Let a relay ask this admin before all others of the group."""
    request = b"ask first" + id.bytes + person.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        await permits.held(rt, conn, id, actor=actor)
        if not await writing.ask_first(conn, id, person):
            raise Refused("group.not_an_admin")
        await record.answer(conn, key, request, "first", actor=actor, now=rt.now())
        await record.append(
            conn, "group.admin_asked_first", id, actor=actor, now=rt.now(), person=str(person)
        )
