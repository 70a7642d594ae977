"""Showing what is kept of one person: to themselves at their own link, or to the desk in scope."""

from typing import Any

from chaupal import people, record
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Gone
from chaupal.kit.runtime import Runtime
from chaupal.organisations.models import Scope
from chaupal.organisations.scope import INDIA
from chaupal.people import consent, ledger, links
from chaupal.people import queries as people_queries
from chaupal.people.actions import located
from chaupal.people.models import Notice, PersonId, Whereabouts
from chaupal.principals import queries
from chaupal.principals.document import written
from chaupal.principals.models import Kept

TASKS_SHOWN = 200
SEEN_SHOWN = 200


async def own(rt: Runtime, token: str) -> tuple[OrganisationId, Kept, Notice | None]:
    """Return what is kept of whoever's link this is, and the notice that holds today.

    The link of somebody who was erased opens nothing.
    """
    organisation, person = links.read_own_token(rt.sealer, token, now=rt.now())
    async with db.transaction(rt.pool, organisation) as conn:
        here = await people_queries.whereabouts(conn, person)
        if here is None:
            raise Gone("own_page.erased")
        kept = await _gathered(rt, conn, organisation, here)
        return organisation, kept, await ledger.newest_notice(conn, here.language)


async def shown(rt: Runtime, conn: db.Conn, person: PersonId, *, scope: Scope) -> Kept:
    """Return what is kept of a person within `scope`, and as much of it as lies within.

    Of their offices and groups elsewhere it says how many there are, and nothing else.
    """
    here = await located(conn, person, scope=scope)
    gathered = await _gathered(rt, conn, scope.organisation, here)
    return gathered.within(scope, today=rt.now().astimezone(INDIA).date())


async def taken_along(rt: Runtime, token: str) -> dict[str, Any]:
    """Return what is kept of whoever's link this is, to be kept as a file; the record says so."""
    organisation, kept, _ = await own(rt, token)
    async with db.transaction(rt.pool, organisation) as conn:
        await record.append(
            conn,
            "person.exported",
            kept.person.id,
            actor=consent.themselves(organisation, kept.person.id),
            now=rt.now(),
        )
    return written(kept, now=rt.now())


async def choose_language(rt: Runtime, token: str, language: str) -> None:
    """Remember which language a person reads, as they said on their own page."""
    organisation, person = links.read_own_token(rt.sealer, token, now=rt.now())
    async with db.transaction(rt.pool, organisation) as conn:
        if await people_queries.set_language(conn, person, language):
            await record.append(
                conn,
                "person.language_chosen",
                person,
                actor=consent.themselves(organisation, person),
                now=rt.now(),
                language=language,
            )


async def _gathered(
    rt: Runtime, conn: db.Conn, organisation: OrganisationId, here: Whereabouts
) -> Kept:
    name = await queries.organisation_name(conn)
    contacts = (
        await people.contacts_of(rt.sealer, conn, [here.id], organisation=organisation)
    ).get(here.id, [])
    login = await queries.login(conn, here.id)
    return Kept(
        organisation_name_hi=name.name_hi,
        organisation_name_en=name.name_en,
        person=here,
        contacts=contacts,
        consents=consent.grid(contacts, await ledger.held(conn, here.id)),
        history=await ledger.history(conn, here.id),
        posts=await queries.posts(conn, here.id),
        seats=await queries.seats(conn, here.id),
        categories=await queries.categories(conn, here.id),
        tasks=await queries.tasks(conn, here.id, limit=TASKS_SHOWN),
        seen=await queries.seen(conn, here.id, limit=SEEN_SHOWN),
        login=login.login if login else None,
    )


async def page_owner(rt: Runtime, token: str) -> tuple[OrganisationId, PersonId, str]:
    """Return whose link this is and which language they read, or refuse."""
    organisation, person = links.read_own_token(rt.sealer, token, now=rt.now())
    async with db.transaction(rt.pool, organisation) as conn:
        here = await people_queries.whereabouts(conn, person)
    if here is None:
        raise Gone("own_page.erased")
    return organisation, person, here.language
