"""The record: who did what, for administrators of the whole organisation."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get
from msgspec import Struct

from chaupal.api.callers import After, Called, Limit, Listing
from chaupal.organisations import Right
from chaupal.people.actions import need_everywhere
from chaupal.record import queries


class EntryShape(Struct, frozen=True):
    """One thing that happened. `facts` are ids, counts and keys."""

    number: int
    at: datetime
    actor_id: UUID
    actor: str
    kind: str
    subject: str
    facts: dict[str, Any]


@get("/record")
async def listing(caller: Called, after: After = None, limit: Limit = 50) -> Listing[EntryShape]:
    """List what happened, the newest first."""
    behind = caller.after("record", after, tuple[int])
    async with caller.transaction() as conn:
        await need_everywhere(conn, scope=caller.scope, right=Right.IMPORT)
        found = await queries.before(conn, behind[0] if behind else None, limit=limit + 1)
    return Listing(
        [
            EntryShape(
                number=entry.number,
                at=entry.at,
                actor_id=entry.actor_id,
                actor=entry.actor_label,
                kind=entry.kind,
                subject=entry.subject,
                facts=entry.facts,
            )
            for entry in found[:limit]
        ],
        caller.cursor("record", found[limit - 1].number) if len(found) > limit else None,
    )


ROUTES: tuple[Any, ...] = (listing,)
