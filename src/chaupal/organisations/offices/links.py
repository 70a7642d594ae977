"""One-time sign-in links: shown once to an administrator, good for one choice of a password.

A link holds ids and a signature over them and over the password's hash as it stands, so choosing
a password uses it up, a newer link replaces it, and nothing has to be kept for it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from chaupal.kit import tokens
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Gone, Invalid
from chaupal.kit.sealing import Sealer
from chaupal.organisations.models import AccountId

USE = "sign-in-link"
MAC_BYTES = 16
BODY_BYTES = 2 + 16 + 4


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says; whether it holds is known once the account's hash is."""

    organisation: OrganisationId
    account: AccountId
    body: bytes
    signature: bytes

    def check(self, sealer: Sealer, password_hash: str) -> None:
        """Refuse a link that we did not make, or whose one use is over."""
        if not sealer.signed(USE, self.body + password_hash.encode(), self.signature):
            raise Gone("account.link_used")


def write(
    sealer: Sealer,
    organisation: OrganisationId,
    account: AccountId,
    *,
    expires_at: datetime,
    password_hash: str,
) -> str:
    """Return the token of a link that is good until `expires_at`, once."""
    body = (
        organisation.to_bytes(2, "big")
        + account.bytes
        + int(expires_at.timestamp()).to_bytes(4, "big")
    )
    signature = sealer.sign(USE, body + password_hash.encode(), length=MAC_BYTES)
    return tokens.written(body + signature)


def read(token: str, *, now: datetime) -> Link:
    """Return what a token says; one that is no link at all, or past its time, is refused."""
    raw = tokens.read(token, BODY_BYTES + MAC_BYTES)
    if raw is None:
        raise Invalid("account.link_broken")
    body = raw[:BODY_BYTES]
    if datetime.fromtimestamp(int.from_bytes(body[18:22], "big"), UTC) <= now:
        raise Gone("account.link_expired")
    return Link(
        OrganisationId(int.from_bytes(body[:2], "big")),
        AccountId(UUID(bytes=body[2:18])),
        body,
        raw[BODY_BYTES:],
    )
