"""Every statement that touches keys."""

from datetime import datetime

from chaupal.kit import db
from chaupal.organisations.models import AccountId
from chaupal.organisations.tokens.models import Bearer, Token, TokenId


async def add(
    conn: db.Conn,
    id: TokenId,
    *,
    account: AccountId,
    name: str,
    token_hash: bytes,
    rights: list[str],
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep a new key's digest."""
    await db.run(
        conn,
        """
        INSERT INTO api_token (organisation_id, id, account_id, name, token_hash, rights,
                               created_at, expires_at)
        VALUES (current_organisation(), %(id)s, %(account)s, %(name)s, %(token_hash)s, %(rights)s,
                %(now)s, %(expires_at)s)
        """,
        id=id,
        account=account,
        name=name,
        token_hash=token_hash,
        rights=rights,
        now=now,
        expires_at=expires_at,
    )


async def tokens(conn: db.Conn, account: AccountId) -> list[Token]:
    """Return the keys of an account, the newest first."""
    return await db.many(
        conn,
        Token,
        """
        SELECT id, name, rights, created_at, expires_at, revoked_at, last_used_at
          FROM api_token
         WHERE organisation_id = current_organisation() AND account_id = %(account)s
         ORDER BY id DESC
         LIMIT 200
        """,
        account=account,
    )


async def bearer(conn: db.Conn, token_hash: bytes, *, now: datetime) -> Bearer | None:
    """Return whose key this is, if it opens anything still."""
    return await db.maybe(
        conn,
        Bearer,
        """
        SELECT t.id, t.account_id, a.login, a.language, t.rights
          FROM api_token t
          JOIN account a ON a.organisation_id = t.organisation_id AND a.id = t.account_id
         WHERE t.organisation_id = current_organisation() AND t.token_hash = %(token_hash)s
           AND t.revoked_at IS NULL AND t.expires_at > %(now)s AND a.disabled_at IS NULL
        """,
        token_hash=token_hash,
        now=now,
    )


async def used(conn: db.Conn, id: TokenId, *, now: datetime, unless_after: datetime) -> int:
    """Note that a key was used, if the last note of it is old."""
    return await db.run(
        conn,
        """
        UPDATE api_token SET last_used_at = %(now)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND (last_used_at IS NULL OR last_used_at < %(unless_after)s)
        """,
        id=id,
        now=now,
        unless_after=unless_after,
    )


async def revoke(conn: db.Conn, id: TokenId, *, account: AccountId, now: datetime) -> int:
    """End a key of an account, if it has not ended yet."""
    return await db.run(
        conn,
        """
        UPDATE api_token SET revoked_at = %(now)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND account_id = %(account)s AND revoked_at IS NULL
        """,
        id=id,
        account=account,
        now=now,
    )
