"""Deliveries to groups that turned out to be elsewhere: they follow, and nothing is sent twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from chaupal import record
from chaupal.arrivals.models import Failure
from chaupal.broadcasts.deliveries import Settlement
from chaupal.broadcasts.models import Claim
from chaupal.channels.contract import Deferred, Outcome
from chaupal.groups import moves
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId


def told(claims: Sequence[Claim], outcomes: Sequence[Outcome | None]) -> dict[str, str]:
    """Return to where each address of a group has moved, as its provider said of this batch."""
    return {
        claim.address: outcome.moved_to
        for claim, outcome in zip(claims, outcomes, strict=True)
        if isinstance(outcome, Deferred) and outcome.moved_to and claim.person_id is None
    }


async def follow(
    conn: db.Conn,
    organisation: OrganisationId,
    sender: UUID,
    moved: dict[str, str],
    *,
    claims: Sequence[Claim],
    tried: Sequence[Settlement],
    now: datetime,
) -> list[Settlement]:
    """Bring the groups to their new addresses, and return how their deliveries settle.

    They go on at once, to the new address, since nothing was sent to the old one. Where another
    group of ours is there already, the delivery is refused: that group's own reaches the chat.
    """
    actor = record.part_of_the_system(organisation, "worker.dispatch")
    ended = await moves.follow(conn, sender, moved, now=now, actor=actor)
    stuck = {group.address for group in ended.stuck}
    addresses = {claim.delivery_id: claim.address for claim in claims if claim.person_id is None}
    return [_settled(one, addresses.get(one.delivery_id), moved, stuck, now) for one in tried]


def _settled(
    one: Settlement, address: str | None, moved: dict[str, str], stuck: set[str], now: datetime
) -> Settlement:
    if address not in moved or one.state != "queued":
        return one
    if address in stuck:
        refused = Failure.NO_SUCH_ADDRESS.value
        return replace(one, state="refused", failure=refused, due_at=None)
    return replace(one, due_at=now)
