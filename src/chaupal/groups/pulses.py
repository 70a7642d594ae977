"""What groups' own pulses change in the directory: their size, and the address they moved to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from chaupal.groups.models import LARGEST_GROUP
from chaupal.groups.moves import follow
from chaupal.kit import db
from chaupal.record import Actor


class Pulse(Protocol):
    """What a group told of itself, in the shape in which arrivals bring it."""

    @property
    def at(self) -> datetime:
        """When it was so."""
        ...

    @property
    def address(self) -> str:
        """Which group of the sender."""
        ...

    @property
    def size(self) -> int | None:
        """How many members, if it says."""
        ...

    @property
    def moved_to(self) -> str | None:
        """Its new address, if it moved."""
        ...


async def apply(
    conn: db.Conn, sender: UUID, pulses: Sequence[Pulse], *, now: datetime, actor: Actor
) -> int:
    """Bring the directory up to what groups told of themselves; return how many moved.

    In the caller's transaction. The newest pulse of a group holds, in whatever order they come,
    so a replay changes nothing. A size that no group can have is left out.
    """
    in_time = sorted(pulses, key=lambda pulse: pulse.at)
    sizes = {
        pulse.address: (pulse.size, pulse.at)
        for pulse in in_time
        if pulse.size is not None and 0 <= pulse.size <= LARGEST_GROUP
    }
    moves = {pulse.address: pulse.moved_to for pulse in in_time if pulse.moved_to}
    changed = 0
    if sizes:
        changed += await _resize(
            conn,
            sender,
            addresses=list(sizes),
            sizes=[size for size, _ in sizes.values()],
            ats=[at for _, at in sizes.values()],
        )
    if moves:
        changed += len((await follow(conn, sender, moves, now=now, actor=actor)).followed)
    return changed


async def _resize(
    conn: db.Conn,
    sender: UUID,
    *,
    addresses: Sequence[str],
    sizes: Sequence[int],
    ats: Sequence[datetime],
) -> int:
    """Set the sizes of one sender's groups. An older pulse never overrides a newer one."""
    return await db.run(
        conn,
        """
        UPDATE chat_group g
           SET size = pulse.size, size_at = pulse.at
          FROM unnest(%(addresses)s::text[], %(sizes)s::int[], %(ats)s::timestamptz[])
               AS pulse (address, size, at)
         WHERE g.organisation_id = current_organisation() AND g.sender_id = %(sender)s
           AND g.address = pulse.address
           AND (g.size_at IS NULL OR g.size_at < pulse.at)
        """,
        sender=sender,
        addresses=list(addresses),
        sizes=list(sizes),
        ats=list(ats),
    )
