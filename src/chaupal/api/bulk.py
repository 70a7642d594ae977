"""One change to everybody whom a filter holds, counted first; and the filters one keeps."""

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from chaupal.api.callers import Called, Caller, Key, once, unit_coded
from chaupal.directory import bulk, saved
from chaupal.directory.bulk import Deed, Join, Leave, Move, Speak, Withdraw
from chaupal.directory.saved import SavedPage
from chaupal.kit import db
from chaupal.kit.refusals import Invalid
from chaupal.organisations import Right
from chaupal.people.models import Basis, ContactChannel, Purpose
from chaupal.people.pages import ConsentState, PersonFilter

Short = Annotated[str, Meta(max_length=60)]


class Whom(Struct, frozen=True, forbid_unknown_fields=True):
    """Which people are meant; what is left out narrows nothing. `unit` is a unit's code."""

    unit: Short | None = None
    language: Literal["hi", "en"] | None = None
    category: Short | None = None
    in_office: bool = False
    consent: ConsentState | None = None
    purpose: Purpose | None = None
    channel: ContactChannel | None = None
    without_address: bool = False


class MoveShape(Struct, frozen=True, forbid_unknown_fields=True, tag_field="deed", tag="move"):
    """Everybody belongs to another unit from now on."""

    unit_code: Short


class SpeakShape(Struct, frozen=True, forbid_unknown_fields=True, tag_field="deed", tag="speak"):
    """Everybody is written to in this language from now on."""

    language: Literal["hi", "en"]


class JoinShape(Struct, frozen=True, forbid_unknown_fields=True, tag_field="deed", tag="join"):
    """Everybody has joined a category by their own choice, which `basis` shows."""

    category: Short
    basis: Basis


class LeaveShape(Struct, frozen=True, forbid_unknown_fields=True, tag_field="deed", tag="leave"):
    """Everybody has left a category."""

    category: Short


class WithdrawShape(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="deed", tag="withdraw"
):
    """Everybody who agreed to this no longer does; `proof` says how we know."""

    purpose: Purpose
    channel: ContactChannel
    proof: str


DeedShape = MoveShape | SpeakShape | JoinShape | LeaveShape | WithdrawShape
DEEDS: dict[str, type[Deed]] = {
    "move": Move, "speak": Speak, "join": Join, "leave": Leave, "withdraw": Withdraw
}  # fmt: skip


class Look(Struct, frozen=True, forbid_unknown_fields=True):
    """What would be done, and to whom."""

    whom: Whom
    deed: Literal["move", "speak", "join", "leave", "withdraw"]


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be done, to whom, and how many they were when they were `seen`."""

    whom: Whom
    what: DeedShape
    seen: int


class Count(Struct, frozen=True):
    """How many people."""

    people: int


class SavedShape(Struct, frozen=True):
    """A filter that one has kept. `query` is what stands behind the `?` of the page's address."""

    id: UUID
    name: str
    query: str


class NewSaved(Struct, frozen=True, forbid_unknown_fields=True):
    """A filter to keep under a name; one of the same name is replaced."""

    page: SavedPage
    name: str
    query: Annotated[str, Meta(max_length=1000)]


@post("/people/bulk/preview", status_code=200)
async def look(caller: Called, data: JSONBody[Look]) -> Count:
    """Say to how many people something would be done. Nothing changes."""
    async with caller.transaction() as conn:
        filter = await _filter(conn, caller, data.whom)
        count = await bulk.preview(caller.rt, conn, filter, DEEDS[data.deed], scope=caller.scope)
    return Count(count)


@post("/people/bulk", status_code=200)
async def do(caller: Called, key: Key, data: JSONBody[Change]) -> Count:
    """Do one thing to everybody whom a filter holds, if they are as many as were seen."""
    async with caller.transaction() as conn:
        filter = await _filter(conn, caller, data.whom)
    return Count(
        await bulk.do(
            caller.rt, filter, _deed(data.what), seen=data.seen, key=key, actor=caller.actor
        )
    )


async def _filter(conn: db.Conn, caller: Caller, whom: Whom) -> PersonFilter:
    if whom.consent and not (whom.purpose and whom.channel):
        raise Invalid("request.malformed", where="consent")
    unit = await unit_coded(conn, caller, whom.unit)
    return PersonFilter(
        unit=unit.id if unit else None,
        language=whom.language,
        category=whom.category,
        in_office=whom.in_office,
        consent=whom.consent,
        purpose=whom.purpose,
        channel=whom.channel,
        without_address=whom.without_address,
    )


def _deed(what: DeedShape) -> Deed:
    match what:
        case MoveShape():
            return Move(what.unit_code)
        case SpeakShape():
            return Speak(what.language)
        case JoinShape():
            return Join(what.category, what.basis)
        case LeaveShape():
            return Leave(what.category)
        case WithdrawShape():
            return Withdraw(what.purpose, what.channel, what.proof)


@get("/filters")
async def kept(caller: Called, page: FromQuery[SavedPage]) -> list[SavedShape]:
    """List the filters that one has kept for a page."""
    caller.scope.need(Right.VIEW)
    async with caller.transaction() as conn:
        return [
            SavedShape(filter.id, filter.name, filter.query)
            for filter in await saved.saved(conn, page, actor=caller.actor)
        ]


@post("/filters", status_code=204)
async def keep(caller: Called, key: Key, data: JSONBody[NewSaved]) -> None:
    """Keep a filter under a name, for oneself alone."""
    caller.scope.need(Right.VIEW)
    query = urlencode(parse_qsl(data.query))
    await once(
        caller,
        key,
        b"keep" + msgspec.json.encode(data),
        lambda: saved.save(caller.rt, data.page, data.name, query, actor=caller.actor),
    )


@post("/filters/{id:uuid}/forget", status_code=204)
async def forget(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Drop a filter of one's own."""
    caller.scope.need(Right.VIEW)
    await once(
        caller,
        key,
        b"forget" + id.bytes,
        lambda: saved.forget(caller.rt, id, actor=caller.actor),
    )


ROUTES: tuple[Any, ...] = (look, do, kept, keep, forget)
