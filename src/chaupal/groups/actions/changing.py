"""Changing what is known of a group, where it belongs, and whether it is still written to.

Whom a group is for, internal or public, never changes: its members joined the one or the other,
and what was said among office-bearers would be there for voters to read. Archive it, and
register a new one.
"""

from chaupal import record
from chaupal.groups import writing
from chaupal.groups.actions import permits
from chaupal.groups.models import GroupChange, GroupChannel, GroupId
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.organisations.models import UnitId
from chaupal.record import Actor


async def change(rt: Runtime, id: GroupId, to: GroupChange, *, key: str, actor: Actor) -> None:
    """Give a group another name, language, notice, size or invite.

    A size is dated with the moment at which it was told. An invite of another group is refused.
    """
    permits.check_words(to.name, to.language, to.size)
    request = b"change" + id.bytes + to.content()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        _, group = await permits.held(rt, conn, id, actor=actor)
        await writing.change(conn, id, to, now=rt.now())
        if to.invite:
            channel = GroupChannel(group.channel)
            await permits.keep_invite(rt, conn, id, to.invite, channel=channel, actor=actor)
        elif to.invite is not None:
            await writing.set_invite(conn, id, sealed=None, lookup=None)
        await record.answer(conn, key, request, "changed", actor=actor, now=rt.now())
        await record.append(
            conn,
            "group.changed",
            id,
            actor=actor,
            now=rt.now(),
            carries_notice=to.carries_notice,
            size=to.size,
            invite="kept" if to.invite is None else "changed" if to.invite else "forgotten",
        )


async def move(rt: Runtime, id: GroupId, unit: UnitId, *, key: str, actor: Actor) -> None:
    """Let a group belong to another unit. Needs the right at both.

    What is under way to the group stays with it; later audiences find it at its new place.
    """
    request = b"move" + id.bytes + unit.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        scope, group = await permits.held(rt, conn, id, actor=actor)
        await permits.place(rt, conn, unit, scope=scope)
        await record.answer(conn, key, request, "moved", actor=actor, now=rt.now())
        if unit == group.unit_id:
            return
        await writing.move(conn, id, unit)
        await record.append(
            conn,
            "group.moved",
            id,
            actor=actor,
            now=rt.now(),
            from_unit=str(group.unit_id),
            to_unit=str(unit),
        )


async def archive(rt: Runtime, id: GroupId, *, key: str, actor: Actor) -> None:
    """Take a group out of every later audience; what was sent to it stays on record.

    Archiving twice is the same as once, and only the first leaves a record.
    """
    request = b"archive" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        await permits.held(rt, conn, id, actor=actor)
        await record.answer(conn, key, request, "archived", actor=actor, now=rt.now())
        if await writing.archive(conn, id, now=rt.now()):
            await record.append(conn, "group.archived", id, actor=actor, now=rt.now())


async def bring_back(rt: Runtime, id: GroupId, *, key: str, actor: Actor) -> None:
    """Let an archived group be part of audiences again, as it was when it was archived."""
    request = b"bring back" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        scope, group = await permits.held(rt, conn, id, actor=actor)
        await permits.place(rt, conn, group.unit_id, scope=scope)
        await record.answer(conn, key, request, "brought back", actor=actor, now=rt.now())
        if await writing.bring_back(conn, id):
            await record.append(conn, "group.brought_back", id, actor=actor, now=rt.now())
