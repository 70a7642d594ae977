"""Who may do something to which group, and which invite, name or person fits it."""

from collections.abc import Sequence

from psycopg.errors import UniqueViolation

from chaupal.groups import invites, queries, writing
from chaupal.groups.models import (
    ADMINS_AT_ONCE,
    LARGEST_GROUP,
    NAME_LENGTH,
    GroupChannel,
    GroupId,
    judged,
)
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Scope, scope_of
from chaupal.organisations.models import Right, UnitId
from chaupal.people.models import PersonId
from chaupal.record import Actor

LANGUAGES = frozenset({"hi", "en"})


async def held(
    rt: Runtime, conn: db.Conn, id: GroupId, *, actor: Actor
) -> tuple[Scope, writing.Locked]:
    """Hold a group that `actor` may change. To those who can't see it, it is not there."""
    scope = await scope_of(rt, conn, actor)
    group = await writing.lock(conn, id)
    if group is None or not scope.covers(group.unit_path):
        raise NotFound("group.not_found")
    if not scope.covers(group.unit_path, Right.REGISTER):
        raise NotAllowed("access.not_allowed", right=Right.REGISTER.value)
    return scope, group


async def place(rt: Runtime, conn: db.Conn, unit: UnitId, *, scope: Scope) -> str:
    """Return the path of a unit in which groups may be registered; an ended one takes none."""
    found = await queries.place_of_unit(conn, unit, today=judged(rt.now()).today)
    if found is None or not scope.covers(found.path):
        raise NotFound("unit.not_found")
    if not scope.covers(found.path, Right.REGISTER):
        raise NotAllowed("access.not_allowed", right=Right.REGISTER.value)
    if found.ended:
        raise Refused("group.unit_ended")
    return found.path


def check_words(name: str, language: str, size: int | None) -> None:
    """Refuse a name, language or size that no group can have."""
    if len(name) not in NAME_LENGTH or not name.strip():
        raise Invalid("group.name_length", longest=NAME_LENGTH.stop - 1)
    if language not in LANGUAGES:
        raise Invalid("request.malformed", where="language")
    if size is not None and not 1 <= size <= LARGEST_GROUP:
        raise Invalid("group.size_implausible", most=LARGEST_GROUP)


async def keep_invite(
    rt: Runtime, conn: db.Conn, id: GroupId, pasted: str, *, channel: GroupChannel, actor: Actor
) -> None:
    """Seal a group's invite. One that another group has is refused: it is the same group."""
    link = invites.read(pasted, channel)
    lookup = rt.sealer.lookup(link, invites.lookup_context(actor.organisation))
    if await writing.invite_taken(conn, lookup, besides=id) is not None:
        raise Refused("group.invite_taken")
    sealed = rt.sealer.seal(link, invites.seal_context(id))
    try:
        await writing.set_invite(conn, id, sealed=sealed, lookup=lookup)
    except UniqueViolation as error:  # somebody else's form came in between
        raise Refused("group.invite_taken") from error


async def check_admins(
    rt: Runtime, conn: db.Conn, people: Sequence[PersonId], path: str, *, scope: Scope
) -> list[PersonId]:
    """Return `people` once each, in order, if every one of them may run a group at `path`."""
    once = list(dict.fromkeys(people))
    if len(once) > ADMINS_AT_ONCE:
        raise Invalid("group.too_many_admins", most=ADMINS_AT_ONCE)
    today = judged(rt.now()).today
    known = await queries.eligible(conn, once, path, scope=scope, today=today)
    if len(known) != len(once):
        raise NotFound("group.admin_not_found")
    return once
