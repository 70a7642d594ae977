"""Registering a group: what a coordinator does on a phone, beside the group itself."""

from uuid import UUID

from chaupal import record
from chaupal.groups import queries, writing
from chaupal.groups.actions import permits
from chaupal.groups.models import GroupChannel, GroupId, NewGroup
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, Refused
from chaupal.kit.runtime import Runtime
from chaupal.law import exclusions
from chaupal.organisations import scope_of
from chaupal.record import Actor


async def register(rt: Runtime, new: NewGroup, *, key: str, actor: Actor) -> GroupId:
    """Add a group with its categories and admins. The same `key` asked again gives the same one.

    Refused: an address or an invite that another group has, a category that does not exist, a
    sender that does not send through the group's channel, a channel whose provider does not take
    the organisation, and an admin whom the actor may not know. WhatsApp groups are relayed by
    people and have no sender.
    """
    permits.check_words(new.name, new.language, new.size)
    if not new.address and new.channel is not GroupChannel.WHATSAPP:
        raise Invalid("group.address_missing")
    async with db.transaction(rt.pool, actor.organisation) as conn:
        earlier = await record.answered(conn, key, new.content(), actor=actor)
        if earlier is not None:
            return GroupId(UUID(earlier))
        id = await _added(rt, conn, new, actor=actor)
        await record.answer(conn, key, new.content(), str(id), actor=actor, now=rt.now())
        await record.append(
            conn,
            "group.registered",
            id,
            actor=actor,
            now=rt.now(),
            unit=str(new.unit),
            purpose=new.purpose.value,
            channel=new.channel.value,
            categories=sorted(set(new.categories)),
            admins=len(new.admins),
        )
    return id


async def _added(rt: Runtime, conn: db.Conn, new: NewGroup, *, actor: Actor) -> GroupId:
    id = GroupId(new_id())
    scope = await scope_of(rt, conn, actor)
    path = await permits.place(rt, conn, new.unit, scope=scope)
    await _check_sender(rt, conn, new)
    admins = await permits.check_admins(rt, conn, new.admins, path, scope=scope)
    if not await writing.add(conn, id, new, now=rt.now()):
        raise Refused("group.address_taken")
    keys = sorted(set(new.categories))
    if await writing.enter_categories(conn, id, keys, now=rt.now()) != len(keys):
        raise Invalid("group.unknown_category")
    await writing.add_admins(conn, id, admins, now=rt.now())
    if new.invite:
        await permits.keep_invite(rt, conn, id, new.invite, channel=new.channel, actor=actor)
    return id


async def _check_sender(rt: Runtime, conn: db.Conn, new: NewGroup) -> None:
    if (new.channel is GroupChannel.WHATSAPP) != (new.sender is None):
        raise Invalid("group.sender_mismatch", channel=new.channel.value)
    if new.sender is not None:
        line = await queries.line_of_sender(conn, new.sender)
        if line is None or line.channel != new.channel:
            raise Invalid("group.sender_mismatch", channel=new.channel.value)
        await exclusions.check(conn, [line.channel], now=rt.now())
