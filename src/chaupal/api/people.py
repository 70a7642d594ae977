"""People: listed, found by an address, one with what they agreed to, and what may be done."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chaupal import people as directory
from chaupal.api.callers import After, Called, Limit, Listing, UnitCode, unit_coded
from chaupal.directory import fields
from chaupal.directory.models import Unfit
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.people import pages
from chaupal.people.models import (
    Act,
    Basis,
    ContactChannel,
    MaskedContact,
    NewContact,
    PersonId,
    Purpose,
    Quiet,
)
from chaupal.people.pages import COUNTED_TO, ConsentState, Line, PersonFilter
from chaupal.principals import kept
from chaupal.principals.document import written
from chaupal.principals.models import Kept


class PersonLine(Struct, frozen=True):
    """A person in a list."""

    id: UUID
    name: str
    reference: str
    language: str
    unit_id: UUID


class PeopleListing(Listing[PersonLine], frozen=True):
    """A page of people. `total` is how many there are; `more_than`: there are more than that."""

    total: int = 0
    more_than: bool = False


class ContactShape(Struct, frozen=True):
    """An address, masked. `quiet` is why nobody may write to it, if so."""

    id: int
    channel: ContactChannel
    masked: str
    since: datetime | None
    quiet: Quiet | None


class ConsentShape(Struct, frozen=True):
    """What holds for a purpose on a channel: the newest act, or none yet."""

    purpose: Purpose
    channel: ContactChannel
    act: Act | None
    at: datetime | None
    basis: Basis | None


class PostShape(Struct, frozen=True):
    """A term of office. `until` is its last day."""

    title_hi: str
    title_en: str
    unit_id: UUID
    since: date
    until: date | None


class SeatShape(Struct, frozen=True):
    """A group that somebody runs, or has run."""

    group_id: UUID
    name: str
    since: datetime
    left_at: datetime | None


class MembershipShape(Struct, frozen=True):
    """A category that somebody has joined."""

    category: str
    since: date
    until: date | None


class ElsewhereShape(Struct, frozen=True):
    """How many of somebody's offices and groups lie outside of what the key's owner sees."""

    posts: int
    groups: int


class PersonShape(Struct, frozen=True):
    """What is kept of a person, their addresses masked."""

    id: UUID
    name: str
    reference: str
    language: str
    unit_id: UUID
    since: datetime
    quiet: Quiet | None
    contacts: list[ContactShape]
    consents: list[ConsentShape]
    posts: list[PostShape]
    groups: list[SeatShape]
    categories: list[MembershipShape]
    elsewhere: ElsewhereShape


class Address(Struct, frozen=True, forbid_unknown_fields=True):
    """An address to look somebody up by. It travels in the body, and stands in no address."""

    channel: ContactChannel
    address: str


@get("/people")
async def listing(
    caller: Called,
    *,
    unit: UnitCode = None,
    language: FromQuery[Literal["hi", "en"] | None] = None,
    category: Annotated[str | None, QueryParameter(max_length=60)] = None,
    in_office: FromQuery[bool] = False,
    consent: FromQuery[ConsentState | None] = None,
    purpose: FromQuery[Purpose | None] = None,
    channel: FromQuery[ContactChannel | None] = None,
    without_address: FromQuery[bool] = False,
    after: After = None,
    limit: Limit = 50,
) -> PeopleListing:
    """List the people within the caller's part of the tree, unit by unit, then by name.

    `consent` needs `purpose` and `channel` beside it.
    """
    if consent and not (purpose and channel):
        raise Invalid("request.malformed", where="consent")
    behind = caller.after("people", after, tuple[UUID])
    async with caller.transaction() as conn:
        top = await unit_coded(conn, caller, unit)
        filter = PersonFilter(
            unit=top.id if top else None,
            language=language,
            category=category or None,
            in_office=in_office,
            consent=consent,
            purpose=purpose,
            channel=channel,
            without_address=without_address,
        )
        total = await pages.total(conn, scope=caller.scope, filter=filter, today=caller.today)
        found = await pages.person_page(
            conn,
            scope=caller.scope,
            filter=filter,
            after=PersonId(behind[0]) if behind else None,
            limit=limit + 1,
            today=caller.today,
        )
    return PeopleListing(
        items=[_line(line) for line in found[:limit]],
        next=caller.cursor("people", found[limit - 1].id) if len(found) > limit else None,
        total=total if filter.is_plain else min(total, COUNTED_TO),
        more_than=not filter.is_plain and total > COUNTED_TO,
    )


def _line(line: Line) -> PersonLine:
    return PersonLine(line.id, line.name, line.reference, line.language, line.unit_id)


@post("/people/find", status_code=200)
async def find(caller: Called, data: JSONBody[Address]) -> PersonLine:
    """Find who has an address. It is looked up by its digest; nothing is opened for it."""
    contact = contact_of(data)
    async with caller.transaction() as conn:
        found = await directory.find(caller.rt, conn, contact, scope=caller.scope)
    if found is None:
        raise NotFound("person.not_found")
    return PersonLine(found.id, found.name, found.reference, found.language, found.unit_id)


def contact_of(written: Address) -> NewContact:
    """Return an address in the one way in which it is kept, as an import would read it."""
    try:
        address = (
            fields.phone(written.address)
            if written.channel is ContactChannel.PHONE
            else fields.address(written.address, "address", written.channel)
        )
    except Unfit:
        address = None
    if not address:
        raise Invalid("request.malformed", where="address")
    return NewContact(written.channel, address)


@get("/people/{id:uuid}")
async def person(caller: Called, id: FromPath[UUID]) -> PersonShape:
    """Show what is kept of a person."""
    async with caller.transaction() as conn:
        found = await kept.shown(caller.rt, conn, PersonId(id), scope=caller.scope)
    return _whole(found)


@get("/people/{id:uuid}/export")
async def export(caller: Called, id: FromPath[UUID]) -> dict[str, Any]:
    """Give what is kept of a person as the document that they get at their own link."""
    async with caller.transaction() as conn:
        found = await kept.shown(caller.rt, conn, PersonId(id), scope=caller.scope)
    return written(found, now=caller.rt.now())


def _whole(found: Kept) -> PersonShape:
    here = found.person
    return PersonShape(
        id=here.id,
        name=here.name,
        reference=here.reference,
        language=here.language,
        unit_id=here.unit_id,
        since=here.since,
        quiet=here.quiet,
        contacts=[contact_shape(contact) for contact in found.contacts],
        consents=[
            ConsentShape(
                purpose=purpose,
                channel=channel,
                act=held.act if held else None,
                at=held.at if held else None,
                basis=held.basis if held else None,
            )
            for purpose, channel, held in found.consents
        ],
        posts=[
            PostShape(post.title_hi, post.title_en, post.unit_id, post.since, post.until)
            for post in found.posts
        ],
        groups=[
            SeatShape(seat.group_id, seat.name, seat.since, seat.left_at) for seat in found.seats
        ],
        categories=[
            MembershipShape(joined.key, joined.since, joined.until) for joined in found.categories
        ],
        elsewhere=ElsewhereShape(found.elsewhere.posts, found.elsewhere.groups),
    )


def contact_shape(contact: MaskedContact) -> ContactShape:
    """Put a masked address into the API's own words."""
    return ContactShape(
        id=contact.id,
        channel=contact.channel,
        masked=contact.masked,
        since=contact.since,
        quiet=contact.quiet,
    )


ROUTES: tuple[Any, ...] = (listing, find, person, export)
