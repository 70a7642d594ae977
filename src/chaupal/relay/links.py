"""Links that carry their own proof: an admin's personal one, and a group's short one.

Both hold ids alone and are signed; nothing is kept for them, and nobody can make one up.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from chaupal.kit import tokens
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Gone, Invalid, NotFound
from chaupal.kit.sealing import Sealer

TOKEN_MAC_BYTES = 10
TOKEN_BYTES = 2 + 16 + 4 + TOKEN_MAC_BYTES
CODE_MAC_BYTES = 5
CODE_BYTES = 2 + 5 + CODE_MAC_BYTES


def personal_token(
    sealer: Sealer, organisation: OrganisationId, assignment: UUID, expires_at: datetime
) -> str:
    """Return the token of one person's part in one task, good until `expires_at`."""
    body = (
        organisation.to_bytes(2, "big")
        + assignment.bytes
        + int(expires_at.timestamp()).to_bytes(4, "big")
    )
    return tokens.written(body + sealer.sign("relay-link", body, length=TOKEN_MAC_BYTES))


def read_token(
    sealer: Sealer, token: str, *, now: datetime, grace: timedelta = timedelta(0)
) -> tuple[OrganisationId, UUID]:
    """Return whose part a token stands for; one broken, or `grace` past its time, is refused."""
    raw = tokens.read(token, TOKEN_BYTES)
    if raw is None or not sealer.signed(
        "relay-link", raw[:-TOKEN_MAC_BYTES], raw[-TOKEN_MAC_BYTES:]
    ):
        raise Invalid("relay.link_broken")
    if datetime.fromtimestamp(int.from_bytes(raw[18:22], "big"), UTC) + grace <= now:
        raise Gone("relay.link_expired")
    return OrganisationId(int.from_bytes(raw[:2], "big")), UUID(bytes=raw[2:18])


def group_code(sealer: Sealer, organisation: OrganisationId, delivery_id: int) -> str:
    """Return the 16 characters of a group's own link for one delivery."""
    body = organisation.to_bytes(2, "big") + delivery_id.to_bytes(5, "big")
    return tokens.written(body + sealer.sign("group-link", body, length=CODE_MAC_BYTES))


def read_group_code(sealer: Sealer, code: str) -> tuple[OrganisationId, int]:
    """Return the delivery that a short link stands for; one that we didn't make is not found."""
    raw = tokens.read(code, CODE_BYTES)
    if raw is None or not sealer.signed("group-link", raw[:7], raw[7:]):
        raise NotFound("link.unknown")
    return OrganisationId(int.from_bytes(raw[:2], "big")), int.from_bytes(raw[2:7], "big")
