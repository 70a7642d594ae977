"""Making, using and revoking keys. Each function is one transaction."""

import hashlib
import secrets
from datetime import timedelta

from chaupal import record
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, NotSignedIn, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations.models import AccountId, Right
from chaupal.organisations.scope import scope_of
from chaupal.organisations.tokens import queries
from chaupal.organisations.tokens.models import Issued, TokenId
from chaupal.record import Actor

MARK = "chaupal"
LIFE_DAYS = range(1, 367)
NAME_LENGTH = range(1, 101)
USE_NOTED_EVERY = timedelta(hours=1)


async def issue(
    rt: Runtime, name: str, rights: frozenset[Right], *, days: int, key: str, actor: Actor
) -> Issued:
    """Make a key that carries some of its owner's rights for some days. It is shown this once.

    Refused: rights that the owner does not hold, and a key made by a key, which would outlive
    its revocation. A repeated request gets no second look at the key.
    """
    if len(name) not in NAME_LENGTH or days not in LIFE_DAYS or not rights:
        raise Invalid("request.malformed", where="token")
    if actor.limited_to is not None:
        raise NotAllowed("token.not_by_a_token")
    id, secret = TokenId(new_id()), secrets.token_urlsafe(32)
    request = f"token {name} {sorted(rights)} {days}".encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            raise Refused("token.shown_before")
        scope = await scope_of(rt, conn, actor)
        for right in sorted(rights):
            scope.need(right)
        await queries.add(
            conn,
            id,
            account=AccountId(actor.id),
            name=name,
            token_hash=_digest(secret),
            rights=sorted(rights),
            now=rt.now(),
            expires_at=rt.now() + timedelta(days=days),
        )
        await record.answer(conn, key, request, str(id), actor=actor, now=rt.now())
        await record.append(
            conn, "token.issued", id, actor=actor, now=rt.now(), rights=sorted(rights), days=days
        )
    return Issued(id, f"{MARK}_{actor.organisation}_{secret}")


async def revoke(rt: Runtime, id: TokenId, *, actor: Actor) -> None:
    """End one of one's own keys; from the commit on it opens nothing. Once is enough."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        known = {token.id: token for token in await queries.tokens(conn, AccountId(actor.id))}
        if id not in known:
            raise NotFound("token.not_found")
        if await queries.revoke(conn, id, account=AccountId(actor.id), now=rt.now()):
            await record.append(conn, "token.revoked", id, actor=actor, now=rt.now())


async def caller(rt: Runtime, secret: str) -> tuple[Actor, str]:
    """Return who comes with a key, limited to its rights, and the language they read."""
    mark, _, rest = secret.partition("_")
    number, _, token = rest.partition("_")
    if mark != MARK or not (number.isascii() and number.isdigit() and len(number) <= 5):
        raise NotSignedIn("token.unknown")
    organisation = OrganisationId(int(number))
    async with db.transaction(rt.pool, organisation) as conn:
        bearer = await queries.bearer(conn, _digest(token), now=rt.now())
        if bearer is None:
            raise NotSignedIn("token.unknown")
        await queries.used(conn, bearer.id, now=rt.now(), unless_after=rt.now() - USE_NOTED_EVERY)
    actor = Actor(organisation, bearer.account_id, bearer.login, frozenset(bearer.rights))
    return actor, bearer.language


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
