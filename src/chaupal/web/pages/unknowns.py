"""What a person decides about sends of which nobody knows whether they arrived."""

from datetime import datetime
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import again
from chaupal.broadcasts.models import Broadcast, BroadcastId
from chaupal.kit import db
from chaupal.kit.refusals import Invalid
from chaupal.organisations import Right
from chaupal.web import visits
from chaupal.web.answers import onward
from chaupal.web.visits import Asked, Desk

LONGEST_NUMBER = 9


async def unknown_of(conn: db.Conn, shown: Broadcast, desk: Desk, *, now: datetime) -> int:
    """Return how many sends this reader may have made again now."""
    return await again.offered(conn, shown, now=now) if desk.scope.allows(Right.STEER) else 0


@post("/broadcasts/{id:uuid}/again")
async def send_again(request: Asked, id: FromPath[UUID]) -> Response[str]:
    """POST /broadcasts/<id>/again: send what is unknown once more, knowing what that means."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    seen = str((await visits.fields(request)).get("seen", ""))
    if not (seen.isascii() and seen.isdigit() and len(seen) <= LONGEST_NUMBER):
        raise Invalid("request.malformed", where="seen")
    await again.send_again(rt, BroadcastId(id), int(seen), key=key, actor=desk.actor)
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "broadcasts")
    return onward(f"/broadcasts/{id}")


ROUTES = (send_again,)
