"""The link to a person's own page: it holds ids alone and is signed, and nothing is kept for it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from chaupal.kit import tokens
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Gone, Invalid
from chaupal.kit.sealing import Sealer
from chaupal.people.models import PersonId

USE = "own-page"
MAC_BYTES = 16
BODY_BYTES = 2 + 16 + 4
LIFE = timedelta(days=90)


def own_token(
    sealer: Sealer, organisation: OrganisationId, person: PersonId, *, now: datetime
) -> str:
    """Return the token of a person's own page, good for `LIFE`."""
    expires_at = int((now + LIFE).timestamp())
    body = organisation.to_bytes(2, "big") + person.bytes + expires_at.to_bytes(4, "big")
    return tokens.written(body + sealer.sign(USE, body, length=MAC_BYTES))


def read_own_token(sealer: Sealer, token: str, *, now: datetime) -> tuple[OrganisationId, PersonId]:
    """Return whose page a token opens; one broken, or past its time, is refused."""
    raw = tokens.read(token, BODY_BYTES + MAC_BYTES)
    if raw is None or not sealer.signed(USE, raw[:BODY_BYTES], raw[BODY_BYTES:]):
        raise Invalid("own_page.link_broken")
    if datetime.fromtimestamp(int.from_bytes(raw[18:22], "big"), UTC) <= now:
        raise Gone("own_page.link_expired")
    return OrganisationId(int.from_bytes(raw[:2], "big")), PersonId(UUID(bytes=raw[2:18]))
