"""Accounts of those who hold offices: opened, disabled, let in by a link. One transaction each.

Who looks after an account is `pages.account_page`'s rule: nobody gets at one that may do more.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from chaupal import record
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Gone, Invalid, NotAllowed, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import accounts, scope_of
from chaupal.organisations import actions as organisations
from chaupal.organisations.actions import SignedIn, check_password, hashed
from chaupal.organisations.models import Account, AccountId, Right, UnitId
from chaupal.organisations.offices import links, pages, queries
from chaupal.organisations.offices.actions import today
from chaupal.organisations.offices.doubts import doubt
from chaupal.organisations.offices.pages import AccountLine
from chaupal.organisations.offices.terms import Who
from chaupal.record import Actor

LINK_LIFE = timedelta(hours=48)
LOGIN = re.compile(r"[a-z0-9._-]{2,60}")
NAME_LENGTH = range(1, 301)
LANGUAGES = frozenset({"hi", "en"})


@dataclass(frozen=True, slots=True)
class NewAccount:
    """How somebody will sign in, be called and be spoken to."""

    login: str
    name: str
    language: str

    def __post_init__(self) -> None:
        if not LOGIN.fullmatch(self.login):
            raise Invalid("account.login_malformed")
        if self.name != self.name.strip() or len(self.name) not in NAME_LENGTH:
            raise Invalid("account.name_missing")
        if self.language not in LANGUAGES:
            raise Invalid("request.malformed", where="language")


@dataclass(frozen=True, slots=True)
class LetIn:
    """An account with the link that lets its owner in once; the link is kept nowhere."""

    account: AccountId
    login: str
    token: str = field(repr=False)
    expires_at: datetime


async def open_for(
    rt: Runtime, unit: UnitId, who: Who | None, new: NewAccount, *, key: str, actor: Actor
) -> LetIn:
    """Add somebody who may sign in: a person, whose posts then give them their scope, or staff.

    They choose their own password at the link. Without a post an account sees nothing.
    """
    request = b"\0".join((b"account", unit.bytes, new.login.encode()))
    password_hash = await hashed(secrets.token_urlsafe(32))
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await queries.take_turn(conn)
        scope = await scope_of(rt, conn, actor)
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is None:
            seat = await queries.seat(conn, unit, scope=scope)
            if seat is None:
                raise NotFound("unit.not_found")
            if not scope.covers(seat.unit_path, Right.MANAGE):
                raise NotAllowed("access.not_allowed", right=Right.MANAGE.value)
            person = (await who(conn, scope)).person_id if who else None
            if await accounts.account_by_login(conn, new.login) is not None:
                raise Refused("account.login_taken", login=new.login)
            if person is not None and await accounts.account_of_person(conn, person) is not None:
                raise Refused("account.person_has_one")
            opened = await accounts.add_account(
                conn,
                AccountId(new_id()),
                unit_id=unit,
                person_id=person,
                login=new.login,
                name=new.name,
                language=new.language,
                password_hash=password_hash,
            )
            earlier = await _answer(
                rt, conn, opened.id, password_hash, key=key, request=request, actor=actor
            )
            await record.append(conn, "account.opened", opened.id, actor=actor, now=rt.now())
        return await _answered(rt, conn, earlier, new.login, actor)


async def reset(rt: Runtime, id: AccountId, *, key: str, actor: Actor) -> LetIn:
    """Make the password worthless, end all sessions, and return a link to choose another."""
    request = b"reset" + id.bytes
    password_hash = await hashed(secrets.token_urlsafe(32))
    async with db.transaction(rt.pool, actor.organisation) as conn:
        line = await _managed(rt, conn, id, actor)
        if line.disabled_at is not None:
            raise Refused("account.disabled")
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is None:
            await accounts.set_password(conn, id, password_hash)
            await accounts.end_sessions(conn, id)
            earlier = await _answer(
                rt, conn, id, password_hash, key=key, request=request, actor=actor
            )
            await record.append(conn, "account.link_made", id, actor=actor, now=rt.now())
        let_in = await _answered(rt, conn, earlier, line.login, actor)
    await doubt(rt, actor.organisation)
    return let_in


async def _answered(rt: Runtime, conn: db.Conn, earlier: str, login: str, actor: Actor) -> LetIn:
    """Return the same link again to a form that was sent twice, unless it is used by now."""
    id, expires, digest = earlier.split()
    door = await accounts.door_of(conn, AccountId(UUID(id)))
    if door is None or digest != _digest(door.password_hash):
        raise Gone("account.link_used")
    expires_at = datetime.fromtimestamp(int(expires), UTC)
    token = links.write(
        rt.sealer,
        actor.organisation,
        door.id,
        expires_at=expires_at,
        password_hash=door.password_hash,
    )
    return LetIn(door.id, login, token, expires_at)


async def _answer(
    rt: Runtime,
    conn: db.Conn,
    id: AccountId,
    password_hash: str,
    *,
    key: str,
    request: bytes,
    actor: Actor,
) -> str:
    expires = int((rt.now() + LINK_LIFE).timestamp())
    answer = f"{id} {expires} {_digest(password_hash)}"
    await record.answer(conn, key, request, answer, actor=actor, now=rt.now())
    return answer


def _digest(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]


async def disable(rt: Runtime, id: AccountId, *, key: str, actor: Actor) -> None:
    """Let an account sign in no more; its sessions end at once. Its posts stay as they are."""
    if id == actor.id:
        raise NotAllowed("account.not_oneself")
    request = b"disable" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await _managed(rt, conn, id, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        await accounts.set_disabled(conn, id, at=rt.now())
        await accounts.end_sessions(conn, id)
        if not (await queries.administrators(conn, day=today(rt))).signing_in:
            raise Refused("office.last_administrator")
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(conn, "account.disabled", id, actor=actor, now=rt.now())
    await doubt(rt, actor.organisation)


async def enable(rt: Runtime, id: AccountId, *, key: str, actor: Actor) -> None:
    """Let a disabled account sign in again, with the password it had."""
    request = b"enable" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await _managed(rt, conn, id, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        await accounts.set_disabled(conn, id, at=None)
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(conn, "account.enabled", id, actor=actor, now=rt.now())


async def at_the_link(rt: Runtime, token: str) -> accounts.Door:
    """Return whose sign-in link this is, or refuse: broken, too old, or used."""
    link = links.read(token, now=rt.now())
    async with db.transaction(rt.pool, link.organisation) as conn:
        return await _door(rt, conn, link)


async def choose_password(rt: Runtime, token: str, password: str) -> tuple[SignedIn, str]:
    """Set the password that somebody chose at their link, and sign them in. Uses the link up.

    Returns the short name of their organisation too, which they need at the next sign-in.
    """
    check_password(password)
    link = links.read(token, now=rt.now())
    password_hash = await hashed(password)
    async with db.transaction(rt.pool, link.organisation) as conn:
        door = await _door(rt, conn, link)
        await accounts.set_password(conn, door.id, password_hash)
        await accounts.end_sessions(conn, door.id)
        actor = Actor(link.organisation, door.id, door.login)
        await record.append(conn, "account.password_replaced", door.id, actor=actor, now=rt.now())
        account = Account(door.id, door.login, door.name, door.language, None)
        signed_in = await organisations.begin_session(
            rt, conn, account, organisation=link.organisation
        )
    return signed_in, door.slug


async def _door(rt: Runtime, conn: db.Conn, link: links.Link) -> accounts.Door:
    door = await accounts.door_of(conn, link.account)
    if door is None:
        raise Gone("account.link_used")
    link.check(rt.sealer, door.password_hash)
    return door


async def _managed(rt: Runtime, conn: db.Conn, id: AccountId, actor: Actor) -> AccountLine:
    """Return an account that the actor may look after, or refuse."""
    await queries.take_turn(conn)
    scope = await scope_of(rt, conn, actor)
    scope.need(Right.MANAGE)
    found = await pages.account_page(conn, scope=scope, today=today(rt), only=id)
    if not found:
        raise NotFound("account.not_found")
    return found[0]
