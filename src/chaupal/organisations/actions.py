"""Signing in and out, and founding organisations. Each function is one transaction."""

import asyncio
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from chaupal import record
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.refusals import Invalid, NotFound, NotSignedIn, Refused, TooMany
from chaupal.kit.runtime import Runtime
from chaupal.organisations import accounts, queries
from chaupal.organisations.models import (
    Account,
    AccountId,
    Level,
    Organisation,
    OrganisationType,
    Role,
    Session,
    UnitId,
)
from chaupal.organisations.scope import INDIA
from chaupal.record import Actor

SESSION_LIFE = timedelta(hours=12)
FAILURES_FORGOTTEN_AFTER = timedelta(hours=24)
# For a login from one address, a login from anywhere, an address with any login. The last two
# are wide: an office shares an address, and nobody shall lock a convenor out from afar.
FREE_FAILURES = (5, 60, 60)
PASSWORD_LENGTH = range(10, 201)

_hasher = PasswordHasher()


# Two at a time: a hash takes 64 MB, and a flood of sign-ins must not take the machine.
_hashing = ThreadPoolExecutor(2, thread_name_prefix="argon2")


async def hashed(password: str) -> str:
    """Return what is kept of a password."""
    return await asyncio.get_running_loop().run_in_executor(_hashing, _hasher.hash, password)


async def _fits(password_hash: str, password: str) -> bool:
    def verify() -> bool:
        try:
            return _hasher.verify(password_hash, password)
        except VerificationError:
            return False

    return await asyncio.get_running_loop().run_in_executor(_hashing, verify)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex(16))


async def _absent() -> str:
    """Return the hash of nobody's password: checking it takes as long as checking a real one.

    Made at the first sign-in, because a worker never needs it.
    """
    return await asyncio.get_running_loop().run_in_executor(_hashing, _nobodys_hash)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: `cookie` goes to the browser and is kept nowhere else."""

    cookie: str
    account_id: AccountId
    language: str


async def found(
    rt: Runtime,
    *,
    slug: str,
    type: OrganisationType,
    name_hi: str,
    name_en: str,
    levels: list[Level],
) -> Organisation:
    """Add an organisation and the storeys of its tree. A slug that is taken is refused."""
    async with db.installation(rt.pool) as conn:
        if await queries.organisation_by_slug(conn, slug) is not None:
            raise Refused("organisation.slug_taken", slug=slug)
        organisation = await queries.add_organisation(
            conn, slug=slug, type=type.value, name_hi=name_hi, name_en=name_en
        )
        await db.enter(conn, organisation.id)
        for level in levels:  # at most sixteen
            await queries.add_level(
                conn,
                rank=level.rank,
                key=level.key,
                name_hi=level.name_hi,
                name_en=level.name_en,
            )
        await record.append(
            conn,
            "organisation.founded",
            organisation.id,
            actor=record.part_of_the_system(organisation.id, "console"),
            now=rt.now(),
            slug=slug,
        )
        return organisation


async def open_account(
    rt: Runtime,
    *,
    login: str,
    name: str,
    password: str,
    language: str,
    unit: UnitId,
    role: Role,
    title_hi: str,
    title_en: str,
    actor: Actor,
) -> Account:
    """Add somebody who may sign in, with a post at `unit`. Short passwords are refused."""
    check_password(password)
    password_hash = await hashed(password)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await accounts.account_by_login(conn, login) is not None:
            raise Refused("account.login_taken", login=login)
        account = await accounts.add_account(
            conn,
            AccountId(new_id()),
            unit_id=unit,
            login=login,
            name=name,
            language=language,
            password_hash=password_hash,
        )
        await accounts.add_post(
            conn,
            new_id(),
            unit_id=unit,
            account_id=account.id,
            role=role.value,
            title_hi=title_hi,
            title_en=title_en,
            since=rt.now().astimezone(INDIA).date(),
        )
        await record.append(
            conn, "account.opened", account.id, actor=actor, now=rt.now(), role=role.value
        )
        return account


def check_password(password: str) -> None:
    """Refuse a password that is too short to be one, or too long to hash."""
    if len(password) not in PASSWORD_LENGTH:
        raise Invalid("account.password_length", shortest=PASSWORD_LENGTH.start)


async def sign_in(rt: Runtime, *, slug: str, login: str, password: str, address: str) -> SignedIn:
    """Check a password and open a session.

    Wrong logins and wrong passwords are answered alike, in the same time. After some failures
    of one login from one network `address` further tries wait, each twice as long as the one
    before; so do, after many more, those of a login or an address alone. The count is in
    PostgreSQL, so it holds for all machines together.
    """
    login = login.strip().lower()
    async with db.installation(rt.pool) as conn:
        organisation = await queries.organisation_by_slug(conn, slug.strip().lower())
    if organisation is None:
        await _fits(await _absent(), password)
        raise NotSignedIn("sign_in.wrong")
    digests = _digests(rt, organisation.id, login, address)
    await _count_try(rt, organisation.id, digests)
    async with db.transaction(rt.pool, organisation.id) as conn:
        known = await accounts.password_of(conn, login)
    if not await _fits(known.password_hash if known else await _absent(), password):
        raise NotSignedIn("sign_in.wrong")
    return await _open_session(rt, organisation.id, login, digests)


async def _count_try(rt: Runtime, organisation: OrganisationId, digests: list[bytes]) -> None:
    """Refuse while a wait is on, otherwise count this try as failed until it proves right.

    Counted before the password is looked at, under a lock, so that a thousand tries at once
    are a thousand tries and not one.
    """
    now = rt.now()
    async with db.transaction(rt.pool, organisation) as conn:
        await accounts.take_turn(conn, digests)
        blocks = await accounts.block(conn, digests)
        until = max((block.blocked_until for block in blocks), default=now)
        if until > now:
            raise TooMany("sign_in.throttled", wait_s=int((until - now).total_seconds()) + 1)
        for digest, free in zip(digests, FREE_FAILURES, strict=True):
            await accounts.count_failure(
                conn, digest, free=free, now=now, forget_before=now - FAILURES_FORGOTTEN_AFTER
            )


async def _open_session(
    rt: Runtime, organisation: OrganisationId, login: str, digests: list[bytes]
) -> SignedIn:
    async with db.transaction(rt.pool, organisation) as conn:
        account = await accounts.account_by_login(conn, login)
        if account is None or account.disabled_at is not None:
            raise NotSignedIn("sign_in.wrong")
        await accounts.take_turn(conn, digests)
        await accounts.forgive(conn, digests, forget=digests[0])
        return await begin_session(rt, conn, account, organisation=organisation)


async def begin_session(
    rt: Runtime, conn: db.Conn, account: Account, *, organisation: OrganisationId
) -> SignedIn:
    """Open a session, as the last thing of the caller's transaction."""
    token = secrets.token_urlsafe(32)
    await accounts.begin_session(
        conn,
        hashlib.sha256(token.encode()).digest(),
        account=account.id,
        csrf=secrets.token_urlsafe(24),
        now=rt.now(),
        expires_at=rt.now() + SESSION_LIFE,
    )
    await record.append(
        conn,
        "account.signed_in",
        account.id,
        actor=Actor(organisation, account.id, account.login),
        now=rt.now(),
    )
    return SignedIn(f"{organisation}.{token}", account.id, account.language)


async def session_of(rt: Runtime, cookie: str | None) -> tuple[Session, Actor]:
    """Return who a browser's cookie belongs to, or refuse."""
    if not cookie:
        raise NotSignedIn("session.missing")
    organisation, token_hash = _read_cookie(cookie)
    async with db.transaction(rt.pool, organisation) as conn:
        session = await accounts.session(conn, token_hash, now=rt.now())
    if session is None:
        raise NotSignedIn("session.expired")
    return session, Actor(organisation, session.account_id, session.login)


async def sign_out(rt: Runtime, cookie: str, *, actor: Actor) -> None:
    """Close a session."""
    _, token_hash = _read_cookie(cookie)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await accounts.end_session(conn, token_hash):
            await record.append(conn, "account.signed_out", actor.id, actor=actor, now=rt.now())


async def forget_old(rt: Runtime, organisation: OrganisationId) -> None:
    """Drop sessions whose time is over, and failed sign-ins that nobody counts any more."""
    async with db.transaction(rt.pool, organisation) as conn:
        await accounts.end_old_sessions(conn, now=rt.now())
        await accounts.forget_old_failures(conn, before=rt.now() - FAILURES_FORGOTTEN_AFTER)


async def choose_language(rt: Runtime, language: str, *, actor: Actor) -> None:
    """Remember which language somebody reads."""
    if language not in {"hi", "en"}:
        raise Invalid("request.malformed", where="language")
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await accounts.set_language(conn, AccountId(actor.id), language)
        await record.append(
            conn, "account.language_chosen", actor.id, actor=actor, now=rt.now(), language=language
        )


async def organisation_of(rt: Runtime, slug: str) -> Organisation:
    """Return an organisation by its slug, or refuse."""
    async with db.installation(rt.pool) as conn:
        organisation = await queries.organisation_by_slug(conn, slug)
    if organisation is None:
        raise NotFound("organisation.not_found", slug=slug)
    return organisation


def _digests(rt: Runtime, organisation: OrganisationId, login: str, address: str) -> list[bytes]:
    return [
        rt.sealer.lookup(f"{login}\0{address}", f"sign-in/{organisation}/both"),
        rt.sealer.lookup(login, f"sign-in/{organisation}/login"),
        rt.sealer.lookup(address, f"sign-in/{organisation}/address"),
    ]


def _read_cookie(cookie: str) -> tuple[OrganisationId, bytes]:
    number, _, token = cookie.partition(".")
    if not number.isascii() or not number.isdigit() or len(number) > 5 or not token:
        raise NotSignedIn("session.expired")
    return OrganisationId(int(number)), hashlib.sha256(token.encode()).digest()
