"""What arrivals change in relay: opened, posted, and a click on a group's own link.

All in the caller's transaction, set-based, in any order and any number of times: the evidence
is a ladder, so a click before "posted" and a tap twice end the same.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from chaupal.arrivals import actions as arrivals
from chaupal.arrivals.models import RelayDeleted, RelayOpened, RelayPosted
from chaupal.broadcasts import by_hand, recalls
from chaupal.broadcasts.by_hand import Risen
from chaupal.kit import db
from chaupal.relay import queries, recalling


async def apply_opened(conn: db.Conn, opened: Sequence[RelayOpened], *, now: datetime) -> int:
    """Lift what was opened; return how many deliveries rose."""
    deliveries = await queries.set_opened(
        conn, [o.assignment_id for o in opened], [o.at for o in opened]
    )
    ids = [row.delivery_id for row in deliveries]
    return await _noted(conn, "opened", await by_hand.mark_opened(conn, ids, now=now), now=now)


async def apply_posted(conn: db.Conn, posted: Sequence[RelayPosted], *, now: datetime) -> int:
    """Lift what an admin says is posted, and let its task rest; return how many rose."""
    deliveries = await queries.set_posted(
        conn, [p.assignment_id for p in posted], [p.at for p in posted]
    )
    ids = [row.delivery_id for row in deliveries]
    risen = await by_hand.mark_posted(conn, ids, now=now)
    await queries.end(conn, ids)
    return await _noted(conn, "posted", risen, now=now)


async def apply_deleted(conn: db.Conn, deleted: Sequence[RelayDeleted], *, now: datetime) -> int:
    """Note that recalled texts are gone from their groups; return how many that settles."""
    deliveries = await recalling.set_deleted(
        conn, [d.assignment_id for d in deleted], [d.at for d in deleted]
    )
    return await recalls.acknowledge(conn, [row.delivery_id for row in deliveries], now=now)


async def verify_clicks(conn: db.Conn, delivery_ids: Collection[int], *, now: datetime) -> int:
    """Lift deliveries whose own link was followed, and let their tasks rest; return how many."""
    ids = sorted(set(delivery_ids))
    risen = await by_hand.mark_verified(conn, ids, now=now)
    await queries.end(conn, ids)
    return await _noted(conn, "click", risen, now=now)


async def _noted(conn: db.Conn, kind: str, risen: Sequence[Risen], *, now: datetime) -> int:
    """Put what rose among the newest arrivals, and return how many those are."""
    happened = {f"{kind}/{row.delivery_id}": row.group_id for row in risen}
    await arrivals.note(conn, kind, happened, now=now)
    return len(risen)
