"""Erasing a person: all stops now, what is left is sealed, and goes after the lawful hold."""

from datetime import timedelta

from chaupal import record
from chaupal.groups import departures
from chaupal.kit import db, digits
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Invalid, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, accounts, scope_of
from chaupal.organisations.scope import INDIA
from chaupal.people import consent, notices
from chaupal.people import erasure as remains
from chaupal.people import queries as people
from chaupal.people.actions import located
from chaupal.people.models import Basis, PersonId
from chaupal.principals import queries
from chaupal.principals.models import Obstacles
from chaupal.record import Actor

PURGED_AT_ONCE = 1000


async def erase(rt: Runtime, person: PersonId, *, typed: str, key: str, actor: Actor) -> None:
    """Erase a person for good, in one transaction. There is no way back.

    `typed` is their reference, written by hand: the second question after the button. Refused
    while they hold a post or are the only one who runs a group, since somebody has to take
    over first. What they agreed to is withdrawn, their addresses are suppressed whoever has
    them later, their seats and categories end, their account closes; their name, reference
    and addresses are sealed and blanked. What is sealed goes after the lawful hold.
    """
    request = b"erase" + person.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        scope = await scope_of(rt, conn, actor)
        here = await located(conn, person, scope=scope, right=Right.MANAGE)
        if digits.plain(typed.strip()) != digits.plain(here.reference):
            raise Invalid("erasure.not_confirmed")
        await people.take_turn(conn, person)
        if not await people.lock_person(conn, person):
            raise Refused("erasure.busy")
        await _check_free(rt, conn, person)
        await consent.withdraw_all(
            rt, conn, person, language=here.language, basis=Basis.DESK, proof="erasure"
        )
        seats = await departures.end_seats(conn, person, now=rt.now())
        today = rt.now().astimezone(INDIA).date()
        categories = await departures.end_memberships(conn, person, today=today)
        await _close_account(rt, conn, person)
        hold = await notices.hold(conn)
        await remains.erase(
            conn,
            person,
            sealed=await remains.seal(conn, rt.sealer, actor.organisation, here),
            hold=timedelta(days=hold.days),
            now=rt.now(),
        )
        await record.answer(conn, key, request, "erased", actor=actor, now=rt.now())
        await record.append(
            conn,
            "person.erased",
            person,
            actor=actor,
            now=rt.now(),
            seats=seats,
            categories=categories,
            hold_days=hold.days,
        )


async def _check_free(rt: Runtime, conn: db.Conn, person: PersonId) -> None:
    today = rt.now().astimezone(INDIA).date()
    found = Obstacles(
        posts=[post for post in await queries.posts(conn, person) if post.current(today)],
        groups=[
            seat
            for seat in await queries.seats(conn, person)
            if seat.left_at is None and seat.alone
        ],
    )
    if found.count:
        raise Refused("erasure.in_the_way", posts=len(found.posts), groups=len(found.groups))


async def _close_account(rt: Runtime, conn: db.Conn, person: PersonId) -> None:
    account = await accounts.account_of_person(conn, person)
    if account is not None:
        await accounts.set_disabled(conn, account.id, at=account.disabled_at or rt.now())
        await accounts.end_sessions(conn, account.id)
        await accounts.forget_name(conn, account.id)


async def purge(rt: Runtime, organisation: OrganisationId) -> int:
    """Drop what was held of people whose hold is over; return of how many."""
    purged = 0
    while batch := await _purge_batch(rt, organisation):
        purged += batch
    return purged


async def _purge_batch(rt: Runtime, organisation: OrganisationId) -> int:
    async with db.transaction(rt.pool, organisation) as conn:
        purged = await remains.purge(conn, now=rt.now(), limit=PURGED_AT_ONCE)
        if purged:
            await record.append(
                conn,
                "people.purged",
                "people",
                actor=record.part_of_the_system(organisation, "worker.purge"),
                now=rt.now(),
                purged=purged,
            )
    return purged
