"""The silences and stopped areas that a broadcast will meet within its life, told beforehand.

A channel's time to live counts, or a template's own: what could still arrive in a silence has to be
gone that much earlier. Where the law keeps nothing still in that time, one look at a small table
tells it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chaupal.broadcasts import people, targets, templates
from chaupal.broadcasts.actions import target_of
from chaupal.broadcasts.compiler import Target
from chaupal.broadcasts.filling import Chosen
from chaupal.broadcasts.held import lives
from chaupal.broadcasts.models import Broadcast, BroadcastId, Draft, Stage
from chaupal.broadcasts.targets import Ahead, Life
from chaupal.channels.registry import CHANNELS
from chaupal.groups.models import judged
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.record import Actor

SHOWN = 12
BEFORE_FREEZE = frozenset({Stage.DRAFT, Stage.SUBMITTED, Stage.APPROVED})
UNDER_WAY = frozenset({Stage.SENDING, Stage.PAUSED})


@dataclass(frozen=True, slots=True)
class Met:
    """Just whether."""

    met: bool


def life(
    begins_at: datetime,
    ends_at: datetime,
    *,
    electoral: bool = True,
    own: timedelta | None = None,
) -> Life:
    """Return the time in which a broadcast goes out, and how long each channel takes for it.

    `own`: its template's own time to live, if it has one.
    """
    return Life(begins_at, ends_at, electoral, channels=list(CHANNELS), lives=lives(own))


async def as_template(conn: db.Conn, whole: Life, name: str, *, now: datetime) -> Life:
    """Return the life of what goes as this template, in every language in which it can go."""
    return replace(whole, lives=lives(await templates.own_life(conn, name, now=now)))


async def own_life(conn: db.Conn, chosen: Chosen | None, *, now: datetime) -> timedelta | None:
    """Return the time to live of the template as which something goes, if it has one of its own."""
    if chosen is None:
        return None
    codes = {fill.code for fill in chosen.fills.values()}
    return await templates.own_life(conn, chosen.name, codes, now=now)


async def of_target(
    conn: db.Conn, target: Target, via: tuple[str, ...], life: Life, *, limit: int = SHOWN
) -> list[Ahead]:
    """Return what an audience, as it stands now, would meet; the first to begin first."""
    if not await meets_any(conn, life):
        return []
    if via:
        return await people.ahead(conn, target, via, life, limit=limit)
    return await targets.ahead(conn, target, life, limit=limit)


async def meets_any(conn: db.Conn, life: Life) -> bool:
    """Say whether anything anywhere is still within this time."""
    found = await db.one(
        conn,
        Met,
        """
        SELECT EXISTS (SELECT FROM stillness q
                        WHERE q.organisation_id = current_organisation()
                          AND (%(electoral)s OR q.everything) AND q.ends_at > %(begins_at)s
                          AND q.starts_at - %(longest)s < %(ends_at)s) AS met
        """,
        electoral=life.electoral,
        begins_at=life.begins_at,
        ends_at=life.ends_at,
        longest=max(life.lives),
    )
    return found.met


async def of_deliveries(
    conn: db.Conn, id: BroadcastId, life: Life, *, limit: int = SHOWN
) -> list[Ahead]:
    """Return what those still meet who wait for a broadcast that is under way.

    What holds some of them back already is not ahead of them.
    """
    if not await meets_any(conn, life):
        return []
    found = await targets.ahead_of(conn, id, life, limit=limit)
    return [row for row in found if row.holds_from > life.begins_at]


async def of_broadcast(conn: db.Conn, broadcast: Broadcast, *, now: datetime) -> list[Ahead]:
    """Return what a broadcast will meet: of its audience, or of those of it who still wait."""
    if broadcast.stage not in BEFORE_FREEZE | UNDER_WAY:
        return []
    window = life(
        max(now, broadcast.starts_at or now),
        broadcast.expires_at,
        electoral=broadcast.electoral,
        own=await own_life(conn, broadcast.chosen, now=now),
    )
    if broadcast.stage in BEFORE_FREEZE:
        target = target_of(broadcast, now=now)
        return await of_target(conn, target, tuple(broadcast.via), window)
    return await of_deliveries(conn, broadcast.id, window)


async def of_draft(rt: Runtime, draft: Draft, *, actor: Actor) -> list[Ahead]:
    """Return what a draft that is not kept yet would meet, for its author."""
    now = rt.now()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        scope.need(Right.COMPOSE)
        target = Target(
            draft.audience, draft.purpose.value, scope.paths(Right.COMPOSE), judged(now).today
        )
        window = life(
            max(now, draft.starts_at or now),
            draft.expires_at,
            own=await own_life(conn, draft.template, now=now),
        )
        return await of_target(conn, target, draft.via, window)
