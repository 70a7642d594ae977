"""The only place where a Scope is made: from the posts that an account holds today."""

from zoneinfo import ZoneInfo

from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.organisations import accounts
from chaupal.organisations.models import AccountId, Right, Scope
from chaupal.record import Actor

INDIA = ZoneInfo("Asia/Kolkata")


async def scope_of(rt: Runtime, conn: db.Conn, actor: Actor) -> Scope:
    """Return what `actor` may see today, by the dates of their posts in India.

    An actor without a current post sees nothing; so does an account that was disabled. A key
    carries no right that its owner does not hold.
    """
    today = rt.now().astimezone(INDIA).date()
    grants = await accounts.grants(conn, AccountId(actor.id), today=today)
    only = Right if actor.limited_to is None else map(Right, actor.limited_to)
    return Scope(actor.organisation, tuple(grants), frozenset(only))
