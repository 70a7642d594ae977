"""Stopping an area: nothing goes into it, or nothing about an election, until that is lifted.

The claims read it in their own statement, so from the commit on nothing more is taken in hand. What
a worker holds by then, half a second's worth, still goes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from chaupal import record
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import NotAllowed, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.law.models import reason
from chaupal.law.polls import named
from chaupal.organisations import Right, scope_of
from chaupal.organisations.models import Scope, UnitId
from chaupal.organisations.tree import stand_still
from chaupal.record import Actor

FreezeId = NewType("FreezeId", UUID)


@dataclass(frozen=True, slots=True)
class Freeze:
    """An area that somebody has stopped, or that moved out of one."""

    id: FreezeId
    order_id: UUID
    unit_id: UnitId
    code: str
    name_hi: str
    name_en: str
    path: str
    everything: bool
    reason: str
    ordered_label: str
    since: datetime
    lifted_label: str | None
    lifted_at: datetime | None


async def order(
    rt: Runtime, code: str, why: str, *, everything: bool, key: str, actor: Actor
) -> FreezeId:
    """Stop the unit with this code and all below it, now. For its administrators."""
    said = reason(why)
    request = f"freeze\0{code}\0{everything}\0{said}".encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await stand_still(conn)
        scope = await scope_of(rt, conn, actor)
        scope.need(Right.MANAGE)
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return FreezeId(UUID(earlier))
        [unit] = await named(conn, (code,), scope)
        id = FreezeId(new_id())
        await db.run(
            conn,
            """
            INSERT INTO area_freeze (organisation_id, id, order_id, unit_id, everything, reason,
                                     ordered_by, ordered_label, since)
            VALUES (current_organisation(), %(id)s, %(id)s, %(unit)s, %(everything)s, %(reason)s,
                    %(by)s, %(label)s, %(now)s)
            """,
            id=id,
            unit=unit.id,
            everything=everything,
            reason=said,
            by=actor.id,
            label=actor.label,
            now=rt.now(),
        )
        await record.answer(conn, key, request, str(id), actor=actor, now=rt.now())
        await record.append(
            conn, "area.frozen", id, actor=actor, now=rt.now(), unit=str(unit.id),
            everything=everything, reason=said,
        )  # fmt: skip
        return id


async def lift(rt: Runtime, id: FreezeId, *, key: str, actor: Actor) -> None:
    """Let an area go on, and whatever left it meanwhile. For administrators of all of that."""
    request = b"freeze.lift" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await stand_still(conn)
        scope = await scope_of(rt, conn, actor)
        parts = await lock(conn, id)
        if not any(scope.covers(part.path) for part in parts):
            raise NotFound("freeze.not_found")
        if not all(scope.covers(part.path, Right.MANAGE) for part in parts):
            raise NotAllowed("access.not_allowed", right=Right.MANAGE.value)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        lifted = await db.run(
            conn,
            """
            UPDATE area_freeze
               SET lifted_by = %(by)s, lifted_label = %(label)s, lifted_at = %(now)s
             WHERE organisation_id = current_organisation() AND order_id = %(id)s
               AND lifted_at IS NULL
            """,
            id=id,
            by=actor.id,
            label=actor.label,
            now=rt.now(),
        )
        if not lifted:
            raise Refused("freeze.lifted")
        await record.answer(conn, key, request, "lifted", actor=actor, now=rt.now())
        await record.append(conn, "area.unfrozen", id, actor=actor, now=rt.now(), units=lifted)


async def lock(conn: db.Conn, id: FreezeId) -> list[Freeze]:
    """Return every area that one order has stopped, held against others until commit."""
    return await db.many(
        conn,
        Freeze,
        """
        SELECT f.id, f.order_id, f.unit_id, u.code, u.name_hi, u.name_en, u.path, f.everything,
               f.reason, f.ordered_label, f.since, f.lifted_label, f.lifted_at
          FROM area_freeze f
          JOIN unit u ON u.organisation_id = f.organisation_id AND u.id = f.unit_id
         WHERE f.organisation_id = current_organisation() AND f.order_id = %(id)s
         ORDER BY f.id
           FOR UPDATE OF f
        """,
        id=id,
    )


async def freezes_page(
    conn: db.Conn, *, scope: Scope, lifted_since: datetime, limit: int
) -> list[Freeze]:
    """Return the areas in, above or below what `scope` sees that are stopped, or were lately."""
    return await db.many(
        conn,
        Freeze,
        """
        SELECT f.id, f.order_id, f.unit_id, u.code, u.name_hi, u.name_en, u.path, f.everything,
               f.reason, f.ordered_label, f.since, f.lifted_label, f.lifted_at
          FROM area_freeze f
          JOIN unit u ON u.organisation_id = f.organisation_id AND u.id = f.unit_id
         WHERE f.organisation_id = current_organisation()
           AND (f.lifted_at IS NULL OR f.lifted_at >= %(lifted_since)s)
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~'
                           OR root BETWEEN u.path AND u.path_end)
         ORDER BY f.lifted_at DESC NULLS FIRST, f.since DESC, f.id
         LIMIT %(limit)s
        """,
        paths=scope.paths(),
        lifted_since=lifted_since,
        limit=limit,
    )
