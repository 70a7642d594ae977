"""Every statement that touches accounts, what they hold, their sessions and their sign-ins."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chaupal.kit import db
from chaupal.organisations.models import Account, AccountId, Grant, Session, UnitId


@dataclass(frozen=True, slots=True)
class Password:
    """What is needed to check a password, and nothing more."""

    account_id: AccountId
    password_hash: str


@dataclass(frozen=True, slots=True)
class Door:
    """What a sign-in link is held against: it opens as long as the password stays what it was."""

    id: AccountId
    slug: str
    login: str
    name: str
    language: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class Block:
    """How often a sign-in failed, and until when no further try is taken."""

    failures: int
    blocked_until: datetime


async def grants(conn: db.Conn, account: AccountId, *, today: date) -> list[Grant]:
    """Return the current posts of an account that is not disabled."""
    return await db.many(
        conn,
        Grant,
        """
        SELECT u.id AS unit_id, u.path, p.role::text AS role
          FROM account a
          JOIN post p ON p.organisation_id = a.organisation_id
                     AND (p.account_id = a.id OR p.person_id = a.person_id)
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE a.organisation_id = current_organisation()
           AND a.id = %(account)s AND a.disabled_at IS NULL
           AND p.since <= %(today)s AND (p.until IS NULL OR p.until >= %(today)s)
           AND u.ended_on IS NULL
         ORDER BY u.path
        """,
        account=account,
        today=today,
    )


async def add_account(
    conn: db.Conn,
    id: AccountId,
    *,
    unit_id: UnitId,
    person_id: UUID | None = None,
    login: str,
    name: str,
    language: str,
    password_hash: str,
) -> Account:
    """Add somebody who may sign in; what they may see comes from posts.

    The administrators of `unit_id` look after it.
    """
    return await db.one(
        conn,
        Account,
        """
        INSERT INTO account (organisation_id, id, unit_id, person_id, login, name, language,
                             password_hash)
        VALUES (current_organisation(), %(id)s, %(unit_id)s, %(person_id)s, %(login)s, %(name)s,
                %(language)s, %(password_hash)s)
        RETURNING id, login, name, language, disabled_at
        """,
        id=id,
        unit_id=unit_id,
        person_id=person_id,
        login=login,
        name=name,
        language=language,
        password_hash=password_hash,
    )


async def add_post(
    conn: db.Conn,
    id: UUID,
    *,
    unit_id: UnitId,
    account_id: AccountId,
    role: str,
    title_hi: str,
    title_en: str,
    since: date,
) -> None:
    """Make an office at a unit, and give it to an account."""
    await db.run(
        conn,
        """
        WITH seat AS (
            INSERT INTO office (organisation_id, id, unit_id, role, title_hi, title_en, since)
            VALUES (current_organisation(), %(id)s, %(unit_id)s, %(role)s::post_role, %(title_hi)s,
                    %(title_en)s, %(since)s)
            RETURNING organisation_id, id, unit_id, role, title_hi, title_en, since
        )
        INSERT INTO post (organisation_id, id, office_id, unit_id, account_id, role, title_hi,
                          title_en, since)
        SELECT organisation_id, id, id, unit_id, %(account_id)s, role, title_hi, title_en, since
          FROM seat
        """,
        id=id,
        unit_id=unit_id,
        account_id=account_id,
        role=role,
        title_hi=title_hi,
        title_en=title_en,
        since=since,
    )


async def end_posts(conn: db.Conn, account: AccountId, *, until: date) -> int:
    """End what an account holds itself."""
    return await db.run(
        conn,
        """
        UPDATE post SET until = greatest(since, %(until)s)
         WHERE organisation_id = current_organisation()
           AND account_id = %(account)s AND until IS NULL
        """,
        account=account,
        until=until,
    )


async def account_by_login(conn: db.Conn, login: str) -> Account | None:
    """Find an account by what somebody types at sign-in."""
    return await db.maybe(
        conn,
        Account,
        """
        SELECT id, login, name, language, disabled_at FROM account
         WHERE organisation_id = current_organisation() AND login = %(login)s
        """,
        login=login,
    )


async def password_of(conn: db.Conn, login: str) -> Password | None:
    """Return the password hash of an account that may sign in."""
    return await db.maybe(
        conn,
        Password,
        """
        SELECT id AS account_id, password_hash FROM account
         WHERE organisation_id = current_organisation()
           AND login = %(login)s AND disabled_at IS NULL
        """,
        login=login,
    )


async def set_password(conn: db.Conn, account: AccountId, password_hash: str) -> None:
    """Replace a password hash."""
    await db.run(
        conn,
        """
        UPDATE account SET password_hash = %(password_hash)s
         WHERE organisation_id = current_organisation() AND id = %(account)s
        """,
        account=account,
        password_hash=password_hash,
    )


async def door_of(conn: db.Conn, account: AccountId) -> Door | None:
    """Return what a sign-in link of an account that is not disabled is held against."""
    return await db.maybe(
        conn,
        Door,
        """
        SELECT a.id, o.slug, a.login, a.name, a.language, a.password_hash
          FROM account a
          JOIN organisation o ON o.id = a.organisation_id
         WHERE a.organisation_id = current_organisation()
           AND a.id = %(account)s AND a.disabled_at IS NULL
           FOR UPDATE OF a
        """,
        account=account,
    )


async def account_of_person(conn: db.Conn, person_id: UUID) -> Account | None:
    """Return the account of a person, disabled or not."""
    return await db.maybe(
        conn,
        Account,
        """
        SELECT id, login, name, language, disabled_at FROM account
         WHERE organisation_id = current_organisation() AND person_id = %(person_id)s
        """,
        person_id=person_id,
    )


async def set_disabled(conn: db.Conn, account: AccountId, *, at: datetime | None) -> None:
    """Let an account sign in no more, or again."""
    await db.run(
        conn,
        """
        UPDATE account SET disabled_at = %(at)s
         WHERE organisation_id = current_organisation() AND id = %(account)s
        """,
        account=account,
        at=at,
    )


async def forget_name(conn: db.Conn, account: AccountId) -> None:
    """Leave nothing of an account but its login, which the record of what it did needs."""
    await db.run(
        conn,
        """
        UPDATE account SET name = '–'
         WHERE organisation_id = current_organisation() AND id = %(account)s
        """,
        account=account,
    )


async def end_sessions(conn: db.Conn, account: AccountId) -> int:
    """Close every session of an account."""
    return await db.run(
        conn,
        """
        DELETE FROM session
         WHERE organisation_id = current_organisation() AND account_id = %(account)s
        """,
        account=account,
    )


async def set_language(conn: db.Conn, account: AccountId, language: str) -> None:
    """Remember which language somebody reads."""
    await db.run(
        conn,
        """
        UPDATE account SET language = %(language)s
         WHERE organisation_id = current_organisation() AND id = %(account)s
        """,
        account=account,
        language=language,
    )


async def begin_session(
    conn: db.Conn,
    token_hash: bytes,
    *,
    account: AccountId,
    csrf: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Open a session."""
    await db.run(
        conn,
        """
        INSERT INTO session (organisation_id, token_hash, account_id, csrf, created_at, expires_at)
        VALUES (current_organisation(), %(token_hash)s, %(account)s, %(csrf)s, %(now)s,
                %(expires_at)s)
        """,
        token_hash=token_hash,
        account=account,
        csrf=csrf,
        now=now,
        expires_at=expires_at,
    )


async def session(conn: db.Conn, token_hash: bytes, *, now: datetime) -> Session | None:
    """Return an open session of an account that is not disabled."""
    return await db.maybe(
        conn,
        Session,
        """
        SELECT s.account_id, a.login, a.name, a.language, s.csrf, s.expires_at
          FROM session s
          JOIN account a ON a.organisation_id = s.organisation_id AND a.id = s.account_id
         WHERE s.organisation_id = current_organisation()
           AND s.token_hash = %(token_hash)s
           AND s.expires_at > %(now)s AND a.disabled_at IS NULL
        """,
        token_hash=token_hash,
        now=now,
    )


async def end_session(conn: db.Conn, token_hash: bytes) -> int:
    """Close a session."""
    return await db.run(
        conn,
        """
        DELETE FROM session
         WHERE organisation_id = current_organisation() AND token_hash = %(token_hash)s
        """,
        token_hash=token_hash,
    )


async def end_old_sessions(conn: db.Conn, *, now: datetime) -> int:
    """Drop sessions whose time is over."""
    return await db.run(
        conn,
        """
        DELETE FROM session
         WHERE organisation_id = current_organisation() AND expires_at <= %(now)s
        """,
        now=now,
    )


async def take_turn(conn: db.Conn, digests: list[bytes]) -> None:
    """Make tries that share a digest wait for each other until commit, known digests or new."""
    await db.run(
        conn,
        """
        SELECT pg_advisory_xact_lock(hashtextextended(digest, current_organisation()))
          FROM (SELECT encode(d, 'hex') AS digest FROM unnest(%(digests)s::bytea[]) AS d
                 ORDER BY 1) AS in_order
        """,
        digests=digests,
    )


async def block(conn: db.Conn, digests: list[bytes]) -> list[Block]:
    """Return what is known of earlier failures."""
    return await db.many(
        conn,
        Block,
        """
        SELECT failures, blocked_until FROM sign_in_failure
         WHERE organisation_id = current_organisation() AND digest = ANY(%(digests)s)
        """,
        digests=digests,
    )


async def count_failure(
    conn: db.Conn, digest: bytes, *, free: int, now: datetime, forget_before: datetime
) -> None:
    """Count a failed sign-in; past `free` of them each further one doubles the wait, to an hour.

    Before that there is no wait at all, not even until now: somebody else's now may be a little
    earlier than ours, from before they had to wait for us, or by their machine's clock.
    """
    await db.run(
        conn,
        """
        INSERT INTO sign_in_failure AS f (organisation_id, digest, failures, last_at, blocked_until)
        VALUES (current_organisation(), %(digest)s, 1, %(now)s, 'epoch')
        ON CONFLICT (organisation_id, digest) DO UPDATE
           SET failures = CASE WHEN f.last_at < %(forget_before)s THEN 1 ELSE f.failures + 1 END,
               last_at = %(now)s,
               blocked_until = CASE
                   WHEN f.last_at < %(forget_before)s OR f.failures < %(free)s
                   THEN 'epoch'
                   ELSE %(now)s + least(3600, 2 ^ least(f.failures - %(free)s + 3, 12))
                                  * interval '1 second'
               END
        """,
        digest=digest,
        free=free,
        now=now,
        forget_before=forget_before,
    )


async def forgive(conn: db.Conn, digests: list[bytes], *, forget: bytes) -> int:
    """Take back the try that proved right, and forget all earlier ones of `forget`.

    The caller has the turn of `digests`: two such statements may take their rows in two orders.
    """
    return await db.run(
        conn,
        """
        UPDATE sign_in_failure
           SET failures = CASE WHEN digest = %(forget)s THEN 0 ELSE greatest(0, failures - 1) END,
               blocked_until = 'epoch'
         WHERE organisation_id = current_organisation() AND digest = ANY(%(digests)s)
        """,
        digests=digests,
        forget=forget,
    )


async def forget_old_failures(conn: db.Conn, *, before: datetime) -> int:
    """Forget failures that are too old to count."""
    return await db.run(
        conn,
        """
        DELETE FROM sign_in_failure
         WHERE organisation_id = current_organisation() AND last_at < %(before)s
        """,
        before=before,
    )
