"""Making offices, calling them something else, ending them. Each function is one transaction.

Changes of one organisation follow each other (`queries.take_turn`), so that what was checked
still holds when it is written; the table itself allows no two holders on one day. terms.py has
what gives an office to somebody.
"""

from datetime import date
from uuid import UUID

from chaupal import record
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Scope, scope_of
from chaupal.organisations.models import Role, UnitId
from chaupal.organisations.offices import queries
from chaupal.organisations.offices.models import (
    NewTerm,
    Office,
    OfficeId,
    Titles,
    check_free,
    check_reach,
)
from chaupal.organisations.scope import INDIA
from chaupal.record import Actor


async def create(
    rt: Runtime,
    unit: UnitId,
    role: Role,
    titles: Titles,
    *,
    since: date,
    key: str,
    actor: Actor,
) -> OfficeId:
    """Add a seat at a unit. Nobody makes one with more than they hold themselves."""
    NewTerm(since).check(today=today(rt))
    asked = (str(since), role.value, titles.hi, titles.en)
    request = b"office" + unit.bytes + "\0".join(asked).encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await queries.take_turn(conn)
        scope = await scope_of(rt, conn, actor)
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return OfficeId(UUID(earlier))
        seat = await queries.seat(conn, unit, scope=scope)
        if seat is None:
            raise NotFound("unit.not_found")
        check_reach(scope, seat.unit_path, role)
        if seat.ended_on is not None:
            raise Refused("office.unit_ended", day=seat.ended_on)
        id = OfficeId(new_id())
        await queries.add_office(
            conn,
            id,
            unit_id=unit,
            role=role.value,
            title_hi=titles.hi,
            title_en=titles.en,
            since=since,
        )
        await record.answer(conn, key, request, str(id), actor=actor, now=rt.now())
        await record.append(
            conn, "office.created", id, actor=actor, now=rt.now(), unit=str(unit), role=role.value
        )
    return id


async def retitle(rt: Runtime, id: OfficeId, titles: Titles, *, key: str, actor: Actor) -> None:
    """Call an office something else from today on."""
    request = b"retitle" + id.bytes + f"{titles.hi}\0{titles.en}".encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        office, _ = await managed(rt, conn, id, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        if office.abolished_on is not None:
            raise Refused("office.abolished", day=office.abolished_on)
        await queries.retitle(conn, id, title_hi=titles.hi, title_en=titles.en, today=today(rt))
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(conn, "office.retitled", id, actor=actor, now=rt.now())


async def abolish(rt: Runtime, id: OfficeId, *, key: str, actor: Actor) -> None:
    """End an office that nobody holds, today or later. `reinstate` takes it back."""
    request = b"abolish" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        office, _ = await managed(rt, conn, id, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        if office.abolished_on is not None:
            raise Refused("office.abolished", day=office.abolished_on)
        check_free(await queries.terms(conn, id), NewTerm(today(rt)))
        await queries.abolish(conn, id, on_day=today(rt))
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(conn, "office.abolished", id, actor=actor, now=rt.now())


async def reinstate(rt: Runtime, id: OfficeId, *, key: str, actor: Actor) -> None:
    """Let an abolished office be there again, vacant as it was."""
    request = b"reinstate" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        office, scope = await managed(rt, conn, id, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        seat = await queries.seat(conn, office.unit_id, scope=scope)
        if seat is not None and seat.ended_on is not None:
            raise Refused("office.unit_ended", day=seat.ended_on)
        await queries.abolish(conn, id, on_day=None)
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(conn, "office.reinstated", id, actor=actor, now=rt.now())


def today(rt: Runtime) -> date:
    """Return what day it is in India."""
    return rt.now().astimezone(INDIA).date()


async def managed(rt: Runtime, conn: db.Conn, id: OfficeId, actor: Actor) -> tuple[Office, Scope]:
    """Return an office that the actor may change, and what they may see; or refuse."""
    await queries.take_turn(conn)
    scope = await scope_of(rt, conn, actor)
    office = await queries.office(conn, id, scope=scope)
    if office is None:
        raise NotFound("office.not_found")
    check_reach(scope, office.unit_path, office.role)
    return office, scope
