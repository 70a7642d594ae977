"""Who runs a group, which categories it is in, and whether it is written to: one button each."""

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from chaupal import people
from chaupal.directory import fields
from chaupal.directory.models import Unfit
from chaupal.groups import actions
from chaupal.groups import queries as groups
from chaupal.groups.models import GroupId
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.kit.runtime import Runtime
from chaupal.people.models import ContactChannel, NewContact, PersonId
from chaupal.web import visits
from chaupal.web.answers import onward
from chaupal.web.visits import Asked, Desk

SHORTEST_NUMBER = 10


async def somebody(rt: Runtime, conn: db.Conn, desk: Desk, typed: str) -> PersonId:
    """Return who is meant by a phone number or a membership number within the reader's area.

    Whoever is elsewhere is not told of: to somebody without a view of them they are not there.
    """
    known = await groups.person_referenced(conn, typed, scope=desk.scope)
    if known is not None:
        return known.id
    if sum(letter.isdecimal() for letter in typed) >= SHORTEST_NUMBER:
        try:
            number = fields.phone(typed)
        except Unfit:
            number = None
        if number is not None:
            contact = NewContact(ContactChannel.PHONE, number)
            person = await people.find(rt, conn, contact, scope=desk.scope)
            if person is not None:
                return person.id
    raise NotFound("group.admin_not_found")


def person_id(written: str) -> PersonId:
    """Read a person's id."""
    try:
        return PersonId(UUID(written))
    except ValueError as error:
        raise Invalid("request.malformed", where="person") from error


@post("/groups/{id:uuid}/admins")
async def add(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /groups/<group>/admins: let somebody run it, by their number or from the executive."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    form = await visits.fields(request)
    typed, executive = str(form.get("admin", "")).strip(), str(form.get("executive", ""))
    chosen = [person_id(executive)] if executive else []
    if typed:
        async with db.transaction(rt.pool, desk.actor.organisation) as conn:
            chosen.insert(0, await somebody(rt, conn, desk, typed))
    if not chosen:
        raise Invalid("group.admin_missing")
    await actions.add_admins(rt, GroupId(id), chosen, key=key, actor=desk.actor)
    return onward(f"/groups/{id}#admins")


@post("/groups/{id:uuid}/admins/{person:uuid}/{verb:str}")
async def step(
    request: Asked, id: FromPath[UUID], person: FromPath[UUID], verb: FromPath[str]
) -> Response[Any]:
    """POST /groups/<group>/admins/<person>/<verb>: they left, are back, or are asked first."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    group, who = GroupId(id), PersonId(person)
    match verb:
        case "left":
            await actions.let_admin_go(rt, group, who, key=key, actor=desk.actor)
        case "back":
            await actions.add_admins(rt, group, [who], key=key, actor=desk.actor)
        case "first":
            await actions.ask_first(rt, group, who, key=key, actor=desk.actor)
        case _:
            raise NotFound("not_found")
    return onward(f"/groups/{id}#admins")


@post("/groups/{id:uuid}/categories")
async def recategorise(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /groups/<group>/categories: let it be in exactly these from now on."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    keys = [str(value) for value in (await visits.fields(request)).getall("categories", [])]
    await actions.recategorise(rt, GroupId(id), keys, key=key, actor=desk.actor)
    return onward(f"/groups/{id}")


@post("/groups/{id:uuid}/archive")
async def archive(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /groups/<group>/archive: send nothing more to it."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    await actions.archive(rt, GroupId(id), key=key, actor=desk.actor)
    return onward(f"/groups/{id}")


@post("/groups/{id:uuid}/restore")
async def restore(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /groups/<group>/restore: let it be part of audiences again."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    await actions.bring_back(rt, GroupId(id), key=key, actor=desk.actor)
    return onward(f"/groups/{id}")


ROUTES = (add, step, recategorise, archive, restore)
