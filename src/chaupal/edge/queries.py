"""The one statement the edge asks for itself: whose webhook this is."""

from dataclasses import dataclass, field
from uuid import UUID

from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class Webhook:
    """A sender's account, still sealed."""

    id: UUID
    channel: str
    endpoint: str
    sealed_webhook_secret: bytes = field(repr=False)


async def webhook(conn: db.Conn, sender: UUID) -> Webhook | None:
    """Return a sender, a disabled one too: what it sent before still has its receipts coming."""
    return await db.maybe(
        conn,
        Webhook,
        """
        SELECT id, channel, endpoint, sealed_webhook_secret
          FROM sender
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=sender,
    )
