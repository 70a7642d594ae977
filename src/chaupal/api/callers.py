"""Who calls: a key in the Authorization header, what it opens, and how far a page of it goes."""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, QueryParameter

from chaupal import record
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound, NotSignedIn
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import Broken
from chaupal.organisations import Scope, scope_of, tokens
from chaupal.organisations import pages as unit_pages
from chaupal.organisations import queries as organisations
from chaupal.organisations.models import Unit, UnitId
from chaupal.organisations.scope import INDIA
from chaupal.record import Actor

Asked: TypeAlias = Request[Any, Any, State]
T = TypeVar("T")

CURSOR_LENGTH = 2000
# NUL as JSON writes it: the backslash before its u is not itself a written one.
WRITTEN_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

Limit = Annotated[
    int, QueryParameter(ge=1, le=200, description="How many rows the page has at most.")
]
After = Annotated[
    str | None,
    QueryParameter(description="`next` of the page before: the rows that follow it."),
]
Key = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=8,
        max_length=100,
        description="Any text of your own: sent again with it, the same request is done once.",
    ),
]
UnitCode = Annotated[
    str | None,
    QueryParameter(max_length=60, description="The code of a unit: it and all below it."),
]


class Listing(msgspec.Struct, Generic[T], frozen=True):
    """A page of a list. `next` leads to the following one; null on the last."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """A program, acting for the account whose key it carries."""

    rt: Runtime
    actor: Actor
    scope: Scope
    language: str

    @property
    def today(self) -> date:
        """Return the day it is in India."""
        return self.rt.now().astimezone(INDIA).date()

    def transaction(self) -> AbstractAsyncContextManager[db.Conn]:
        """Open a transaction of the caller's organisation."""
        return db.transaction(self.rt.pool, self.actor.organisation)

    def cursor(self, of: str, *key: object) -> str:
        """Write behind which row a page of a list ends; nobody but we can read it."""
        sealed = self.rt.sealer.seal_bytes(msgspec.json.encode(key), self._context(of))
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def after(self, of: str, written: str | None, kinds: type[T]) -> T | None:
        """Read behind which row a page begins; refused is what we did not write for this list."""
        if written is None:
            return None
        try:
            if len(written) > CURSOR_LENGTH:
                raise Invalid("request.malformed", where="after")
            sealed = urlsafe_b64decode(written + "=" * (-len(written) % 4))
            plain = self.rt.sealer.unseal_bytes(sealed, self._context(of))
            return msgspec.json.decode(plain, type=kinds)
        except (Broken, binascii.Error, ValueError) as error:
            raise Invalid("request.malformed", where="after") from error

    def _context(self, of: str) -> str:
        return f"cursor/{self.actor.organisation}/{self.actor.id}/{of}"


Called: TypeAlias = NamedDependency[Caller]


async def check_key(asked: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse whoever has no key that opens something; remember who it is for the handler."""
    del handler
    scheme, _, secret = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise NotSignedIn("token.missing")
    rt: Runtime = asked.app.state.rt
    actor, language = await tokens.caller(rt, secret.strip())
    asked.scope["state"]["language"] = language
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
    asked.scope["state"]["caller"] = Caller(rt, actor, scope, language)


async def check_text(asked: Asked) -> None:
    """Refuse NUL, in an address or a body of JSON: PostgreSQL keeps it in no text."""
    in_address = any("\0" in value for value in asked.query_params.values())
    is_json = asked.content_type[0] == "application/json"  # a file is read by whoever takes it in
    if in_address or (is_json and WRITTEN_NUL.search(await asked.body())):
        raise Invalid("request.malformed", where="text")


def caller_of(request: Asked) -> Caller:
    """Return whom `check_key` let in."""
    caller = request.scope["state"]["caller"]
    assert isinstance(caller, Caller), "the guard of the API has looked at the key"
    return caller


async def unit_coded(conn: db.Conn, caller: Caller, code: str | None) -> Unit | None:
    """Return the unit with a code within what the caller sees; one that is not there refuses."""
    if not code:
        return None
    found = await unit_pages.units_coded(conn, [code], scope=caller.scope)
    if not found:
        raise Invalid("audience.unknown_unit", unit=code)
    return found[0]


async def unit_here(conn: db.Conn, caller: Caller, id: UUID) -> Unit:
    """Return a unit of today within what the caller sees, or refuse."""
    found = await organisations.unit(conn, UnitId(id), scope=caller.scope)
    if found is None:
        raise NotFound("unit.not_found")
    return found


async def once(
    caller: Caller, key: str, request: bytes, act: Callable[[], Awaitable[object]]
) -> None:
    """Do what has no memory of its own for repeated requests, unless this key did it before.

    For acts that are the same when done twice: two at the same moment may both be done.
    """
    async with caller.transaction() as conn:
        if await record.answered(conn, key, request, actor=caller.actor) is not None:
            return
    await act()
    async with caller.transaction() as conn:
        if await record.answered(conn, key, request, actor=caller.actor) is None:
            now = caller.rt.now()
            await record.answer(conn, key, request, "done", actor=caller.actor, now=now)
