"""What administrators do to senders: let one go on that was stopped, and write its limits down."""

from dataclasses import asdict, dataclass
from uuid import UUID

import msgspec

from chaupal import record
from chaupal.broadcasts import halts
from chaupal.channels.limits import Limits
from chaupal.kit import db
from chaupal.kit.refusals import NotAllowed, NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.record import Actor


@dataclass(frozen=True, slots=True)
class Root:
    """A place where the tree begins."""

    path: str


async def let_go_on(rt: Runtime, sender: UUID, *, key: str, actor: Actor) -> None:
    """Let a sender that an answer stopped send again. One that goes already stays as it is.

    What it was stopped for may come back with the next message, and then it stops again.
    """
    request = b"let_go_on" + sender.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await _administers(rt, conn, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        await _lock(conn, sender)
        stopped = await halts.let_go_on(conn, sender, now=rt.now())
        await record.answer(conn, key, request, "gone_on", actor=actor, now=rt.now())
        if stopped:
            await record.append(conn, "sender.let_go_on", sender, actor=actor, now=rt.now())


async def limit(rt: Runtime, sender: UUID, limits: Limits, *, key: str, actor: Actor) -> None:
    """Write down what a provider allows a sender; the worker that has it heeds it in seconds.

    What the provider itself said holds beside it: the lower of the two counts.
    """
    limits.check()
    request = b"limits" + sender.bytes + msgspec.json.encode(limits)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await _administers(rt, conn, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        await _lock(conn, sender)
        await db.run(
            conn,
            """
            UPDATE sender
               SET rate_per_s = %(rate_per_s)s, chat_interval_s = %(chat_interval_s)s,
                   portfolio = %(portfolio)s, daily_limit = %(daily_limit)s,
                   pair_interval_s = %(pair_interval_s)s, pair_burst = %(pair_burst)s
             WHERE organisation_id = current_organisation() AND id = %(sender)s
            """,
            sender=sender,
            **asdict(limits),
        )
        await record.answer(conn, key, request, "limited", actor=actor, now=rt.now())
        await record.append(
            conn,
            "sender.limits_written",
            sender,
            actor=actor,
            now=rt.now(),
            **asdict(limits),
        )


async def _administers(rt: Runtime, conn: db.Conn, actor: Actor) -> None:
    """Refuse all but administrators of the whole organisation: senders are everybody's."""
    scope = await scope_of(rt, conn, actor)
    roots = await db.many(
        conn,
        Root,
        """
        SELECT path FROM unit
         WHERE organisation_id = current_organisation() AND parent_id IS NULL
           AND ended_on IS NULL
        """,
    )
    if not roots or not all(scope.covers(root.path, Right.MANAGE) for root in roots):
        raise NotAllowed("access.not_allowed", right=Right.MANAGE.value)


async def _lock(conn: db.Conn, sender: UUID) -> None:
    held = await db.run(
        conn,
        """
        SELECT FROM sender
         WHERE organisation_id = current_organisation() AND id = %(sender)s
           FOR NO KEY UPDATE
        """,
        sender=sender,
    )
    if not held:
        raise NotFound("not_found")
