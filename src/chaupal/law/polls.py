"""What people may do to the calendar of polls. Each function is one transaction.

Entering a poll only ever adds to what is silent, so one person does it and it holds at once. What
lifts a silence needs two: there is no way around it for anybody. So a change that makes the silence
no shorter anywhere is one person's, and any other is a second poll beside the first, which holds
until somebody else agrees.
"""

from collections.abc import Sequence
from uuid import UUID

from chaupal import record
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound
from chaupal.kit.runtime import Runtime
from chaupal.law import queries
from chaupal.law.models import NewPoll, Poll, PollId, reason
from chaupal.organisations import Right, Scope, scope_of
from chaupal.organisations.tree import stand_still
from chaupal.record import Actor


async def enter(rt: Runtime, poll: NewPoll, *, key: str, actor: Actor) -> PollId:
    """Enter a polling day, from which the silence of its units follows at once.

    For administrators of all the units that it names.
    """
    poll.check(now=rt.now())
    request = b"poll" + poll.request()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await stand_still(conn)
        scope = await scope_of(rt, conn, actor)
        scope.need(Right.MANAGE)
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return PollId(UUID(earlier))
        units = await named(conn, poll.codes, scope)
        id = PollId(new_id())
        await queries.add_poll(conn, id, poll, by=actor.id, label=actor.label, now=rt.now())
        await queries.add_silences(conn, id, [unit.id for unit in units])
        await record.answer(conn, key, request, str(id), actor=actor, now=rt.now())
        await record.append(
            conn, "poll.entered", id, actor=actor, now=rt.now(), units=len(units),
            silent_from=poll.silent_from.isoformat(), closes_at=poll.closes_at.isoformat(),
        )  # fmt: skip
        return id


async def change(
    rt: Runtime, id: PollId, changed: NewPoll, why: str, *, key: str, actor: Actor
) -> PollId:
    """Change a poll, and return the one that says so from now on.

    It is the same one where the silence gets no shorter anywhere: that holds at once. Where it
    would, the change is entered as a poll of its own, which holds at once too, and the old one
    stays beside it until a second person agrees to take it back.
    """
    changed.check(now=rt.now())
    said = reason(why)
    request = b"poll.change" + id.bytes + changed.request() + b"\0" + said.encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        poll = await _held(rt, conn, id, actor)
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return PollId(UUID(earlier))
        poll.check_change(now=rt.now())
        units = await named(conn, changed.codes, await scope_of(rt, conn, actor))
        silent = await queries.silent_units(conn, id)
        if poll.is_within(changed) and _hold(units, silent):
            says = await _lengthen(
                rt, conn, poll, changed, [*silent, *units], said=said, actor=actor
            )
        else:
            says = await _put_beside(rt, conn, poll, changed, units, said=said, actor=actor)
        await record.answer(conn, key, request, str(says), actor=actor, now=rt.now())
        return says


async def to_change(rt: Runtime, id: PollId, *, actor: Actor) -> tuple[Poll, list[queries.Coded]]:
    """Return a poll with the units that are silent for it, for one who may change it."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        poll = await _held(rt, conn, id, actor)
        poll.check_change(now=rt.now())
        return poll, await queries.silent_units(conn, id)


def _hold(units: Sequence[queries.Coded], silent: Sequence[queries.Coded]) -> bool:
    """Say whether all that is silent lies in these units."""
    return all(any(area.path.startswith(unit.path) for unit in units) for area in silent)


async def _lengthen(
    rt: Runtime,
    conn: db.Conn,
    poll: Poll,
    changed: NewPoll,
    units: Sequence[queries.Coded],
    *,
    said: str,
    actor: Actor,
) -> PollId:
    await queries.change_poll(conn, poll.id, changed, by=actor.id, label=actor.label, now=rt.now())
    await queries.lift_silences(conn, poll.id, now=rt.now())
    laid = await queries.add_silences(conn, poll.id, list({unit.id: unit.id for unit in units}))
    await record.append(
        conn, "poll.changed", poll.id, actor=actor, now=rt.now(), units=laid,
        was_silent_from=poll.silent_from.isoformat(), closed_at=poll.closes_at.isoformat(),
        silent_from=changed.silent_from.isoformat(), closes_at=changed.closes_at.isoformat(),
        reason=said,
    )  # fmt: skip
    return poll.id


async def _put_beside(
    rt: Runtime,
    conn: db.Conn,
    poll: Poll,
    changed: NewPoll,
    units: Sequence[queries.Coded],
    *,
    said: str,
    actor: Actor,
) -> PollId:
    id, now = PollId(new_id()), rt.now()
    await queries.add_poll(
        conn, id, changed, by=actor.id, label=actor.label, now=now, amends=poll.id
    )
    await queries.add_silences(conn, id, [unit.id for unit in units])
    await queries.set_doubt(conn, poll.id, by=actor.id, label=actor.label, doubt=said, now=now)
    await record.append(
        conn, "poll.entered", id, actor=actor, now=now, units=len(units), amends=str(poll.id),
        silent_from=changed.silent_from.isoformat(), closes_at=changed.closes_at.isoformat(),
    )  # fmt: skip
    await record.append(conn, "poll.doubted", poll.id, actor=actor, now=now, reason=said)
    return id


async def named(conn: db.Conn, codes: tuple[str, ...], scope: Scope) -> list[queries.Coded]:
    """Return the units with these codes; refused are unknown ones, and those of others."""
    wanted = list(dict.fromkeys(codes))
    units = await queries.coded(conn, wanted, scope=scope)
    known = {unit.code for unit in units}
    for code in wanted:
        if code not in known:
            raise Invalid("law.unknown_unit", unit=code)
    if not all(scope.covers(unit.path, Right.MANAGE) for unit in units):
        raise NotAllowed("access.not_allowed", right=Right.MANAGE.value)
    return units


def known_to(scope: Scope, poll: PollId, areas: Sequence[queries.Area]) -> list[queries.Area]:
    """Return where a poll is held, as far as `scope` may know: in its own units, or above them."""
    held_in = [area for area in areas if area.of == poll]
    own = [area for area in held_in if scope.covers(area.path)]
    return own or [
        area for area in held_in if any(root.startswith(area.path) for root in scope.paths())
    ]


async def doubt(rt: Runtime, id: PollId, why: str, *, key: str, actor: Actor) -> None:
    """Ask for a poll to be taken back. It holds until a second person agrees."""
    said = reason(why)
    request = b"poll.doubt" + id.bytes + said.encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        poll = await _held(rt, conn, id, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        poll.check_holds()
        await queries.set_doubt(conn, id, by=actor.id, label=actor.label, doubt=said, now=rt.now())
        await record.answer(conn, key, request, "doubted", actor=actor, now=rt.now())
        await record.append(conn, "poll.doubted", id, actor=actor, now=rt.now(), reason=said)


async def keep(rt: Runtime, id: PollId, *, key: str, actor: Actor) -> None:
    """Let a poll stand that somebody wanted taken back."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        poll = await _held(rt, conn, id, actor)
        if await record.answered(conn, key, b"poll.keep" + id.bytes, actor=actor) is not None:
            return
        poll.check_holds()
        await queries.set_doubt(conn, id, by=None, label=None, doubt=None, now=rt.now())
        await record.answer(conn, key, b"poll.keep" + id.bytes, "kept", actor=actor, now=rt.now())
        await record.append(conn, "poll.kept", id, actor=actor, now=rt.now())


async def withdraw(rt: Runtime, id: PollId, *, key: str, actor: Actor) -> None:
    """Take a poll back that somebody else doubts: its silence is lifted at once, everywhere."""
    request = b"poll.withdraw" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        poll = await _held(rt, conn, id, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        poll.check_withdrawal_by(actor.id)
        await queries.set_withdrawn(conn, id, by=actor.id, label=actor.label, now=rt.now())
        lifted = await queries.lift_silences(conn, id, now=rt.now())
        await record.answer(conn, key, request, "withdrawn", actor=actor, now=rt.now())
        await record.append(conn, "poll.withdrawn", id, actor=actor, now=rt.now(), units=lifted)


async def _held(rt: Runtime, conn: db.Conn, id: PollId, actor: Actor) -> Poll:
    """Lock a poll for one who administers all its units; to others it is not there."""
    await stand_still(conn)
    scope = await scope_of(rt, conn, actor)
    poll = await queries.lock_poll(conn, id)
    held_in = await queries.areas(conn, [id])
    if poll is None or not any(scope.covers(area.path) for area in held_in):
        raise NotFound("poll.not_found")
    if not all(scope.covers(area.path, Right.MANAGE) for area in held_in):
        raise NotAllowed("access.not_allowed", right=Right.MANAGE.value)
    return poll
