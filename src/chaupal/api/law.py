"""Rules of law: the calendar of polls, and areas that are stopped."""

from datetime import datetime, timedelta
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from chaupal.api.callers import Called, Key
from chaupal.kit.refusals import Invalid
from chaupal.law import freezes, polls, queries
from chaupal.law.freezes import FreezeId
from chaupal.law.models import SILENCE, NewPoll, PollId
from chaupal.organisations import Right

LISTED_LIMIT = 200
LIFTED_LISTED_FOR = timedelta(days=7)


class PollShape(Struct, frozen=True):
    """A polling day. `units`: codes of those that the caller may know of, all below them meant.

    `doubt`: somebody wants it taken back, for this reason; the silence holds until another agrees.
    `amends`: the poll that this one is to take the place of.
    """

    id: UUID
    election: str
    phase: str
    opens_at: datetime
    closes_at: datetime
    silent_from: datetime
    source: str
    units: list[str]
    entered_by: str
    doubt: str | None
    withdrawn_at: datetime | None
    amends: UUID | None
    changed_at: datetime | None


class PollEntered(Struct, frozen=True, forbid_unknown_fields=True):
    """A polling day to be entered, from which the silence follows at once."""

    election: str
    opens_at: datetime
    closes_at: datetime
    source: str
    units: list[str]
    phase: str = ""
    silence_h: int = SILENCE.hours

    def poll(self) -> NewPoll:
        """Return the poll that this describes."""
        if self.opens_at.tzinfo is None or self.closes_at.tzinfo is None:
            raise Invalid("poll.hours_malformed")
        return NewPoll(
            " ".join(self.election.split()),
            " ".join(self.phase.split()),
            self.opens_at,
            self.closes_at,
            self.silence_h,
            " ".join(self.source.split()),
            tuple(dict.fromkeys(self.units)),
        )


class PollChanged(PollEntered, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a poll is to be, whole, and why."""

    reason: str


class Changed(Struct, frozen=True):
    """Which poll says so now. `waits`: the old one stays beside it until a second person agrees."""

    id: UUID
    waits: bool


class Reason(Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: str


class FreezeShape(Struct, frozen=True):
    """An area that is stopped. `order` is shared by what moved out of it meanwhile."""

    order: UUID
    unit: str
    everything: bool
    reason: str
    ordered_by: str
    since: datetime
    lifted_at: datetime | None


class FreezeOrdered(Struct, frozen=True, forbid_unknown_fields=True):
    """An area to be stopped, by its unit's code: for everything, or for election matter alone."""

    unit: str
    reason: str
    everything: bool = True


class Entered(Struct, frozen=True):
    """Which one it is."""

    id: UUID


@get("/polls")
async def calendar(caller: Called) -> list[PollShape]:
    """List the polls in the caller's area, and those of a wider one, the latest first."""
    caller.scope.need(Right.VIEW)
    async with caller.transaction() as conn:
        found = await queries.polls_page(conn, scope=caller.scope, limit=LISTED_LIMIT)
        areas = await queries.areas(conn, [poll.id for poll in found])
    return [
        PollShape(
            poll.id,
            poll.election,
            poll.phase,
            poll.opens_at,
            poll.closes_at,
            poll.silent_from,
            poll.source,
            [area.code for area in polls.known_to(caller.scope, poll.id, areas)],
            poll.entered_label,
            poll.doubt,
            poll.withdrawn_at,
            poll.amends,
            poll.changed_at,
        )
        for poll in found
    ]


@post("/polls", status_code=201)
async def enter(caller: Called, data: JSONBody[PollEntered], key: Key) -> Entered:
    """Enter a poll. It holds at once; taking it back needs two people."""
    return Entered(await polls.enter(caller.rt, data.poll(), key=key, actor=caller.actor))


@post("/polls/{id:uuid}", status_code=200)
async def change(
    caller: Called, id: FromPath[UUID], data: JSONBody[PollChanged], key: Key
) -> Changed:
    """Change a poll. Where its silence gets no shorter, at once; else a second person must agree to
    take the old one back, and until then both hold."""
    says = await polls.change(
        caller.rt, PollId(id), data.poll(), data.reason, key=key, actor=caller.actor
    )
    return Changed(says, says != id)


@post("/polls/{id:uuid}/doubt", status_code=204)
async def doubt(caller: Called, id: FromPath[UUID], data: JSONBody[Reason], key: Key) -> None:
    """Ask for a poll to be taken back."""
    await polls.doubt(caller.rt, PollId(id), data.reason, key=key, actor=caller.actor)


@post("/polls/{id:uuid}/keep", status_code=204)
async def keep(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Let a poll stand that somebody wanted taken back."""
    await polls.keep(caller.rt, PollId(id), key=key, actor=caller.actor)


@post("/polls/{id:uuid}/withdraw", status_code=204)
async def withdraw(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Take a poll back that somebody else doubts; its silence is lifted."""
    await polls.withdraw(caller.rt, PollId(id), key=key, actor=caller.actor)


@get("/freezes")
async def stopped(caller: Called) -> list[FreezeShape]:
    """List the areas that are stopped, and those that were in the last seven days."""
    caller.scope.need(Right.VIEW)
    async with caller.transaction() as conn:
        found = await freezes.freezes_page(
            conn,
            scope=caller.scope,
            lifted_since=caller.rt.now() - LIFTED_LISTED_FOR,
            limit=LISTED_LIMIT,
        )
    return [
        FreezeShape(
            row.order_id,
            row.code,
            row.everything,
            row.reason,
            row.ordered_label,
            row.since,
            row.lifted_at,
        )
        for row in found
    ]


@post("/freezes", status_code=201)
async def stop(caller: Called, data: JSONBody[FreezeOrdered], key: Key) -> Entered:
    """Stop an area now: from then on nothing more is taken in hand for it."""
    return Entered(
        await freezes.order(
            caller.rt,
            data.unit,
            data.reason,
            everything=data.everything,
            key=key,
            actor=caller.actor,
        )
    )


@post("/freezes/{id:uuid}/lift", status_code=204)
async def lift(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Let an area go on; `id` is the order."""
    await freezes.lift(caller.rt, FreezeId(id), key=key, actor=caller.actor)


ROUTES = (calendar, enter, change, doubt, keep, withdraw, stopped, stop, lift)
