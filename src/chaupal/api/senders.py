"""Senders: what each may do and how it stands, for administrators of the whole organisation."""

from datetime import datetime
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from chaupal.api.callers import Called, Key
from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import sender_actions, sender_pages
from chaupal.broadcasts.sender_pages import Standing
from chaupal.channels.limits import Limits
from chaupal.organisations import Right
from chaupal.people.actions import need_everywhere


class LimitsShape(Struct, frozen=True, forbid_unknown_fields=True):
    """What a provider allows a sender, whole: what is left out is a limit that is not known.

    `portfolio`: all senders of that name share a day. `daily_limit`: how many people may be written
    to first in it. `pair_burst` messages to one person may go at once, then one in
    `pair_interval_s`; the two are given together or not at all.
    """

    rate_per_s: int
    chat_interval_s: float = 0.0
    portfolio: str | None = None
    daily_limit: int | None = None
    pair_interval_s: float | None = None
    pair_burst: int | None = None


class HeardShape(Struct, frozen=True):
    """What its provider itself said of a sender. A `daily_limit` below zero: none."""

    quality: str | None
    daily_limit: int | None
    restriction: str | None


class SenderShape(Struct, frozen=True):
    """A sender. `people_in_a_day`: how many its portfolio wrote to, where somebody counts.

    `stopped_at`: an answer stopped it, for `stopped_reason`, until somebody lets it go on.
    """

    id: UUID
    name: str
    channel: str
    limits: LimitsShape
    heard: HeardShape
    people_in_a_day: int | None
    full_until: datetime | None
    stopped_at: datetime | None
    stopped_reason: str | None


@get("/senders")
async def listing(caller: Called) -> list[SenderShape]:
    """List every sender of the organisation, by name."""
    async with caller.transaction() as conn:
        await need_everywhere(conn, scope=caller.scope, right=Right.MANAGE)
        found = await sender_pages.standings(conn, now=caller.rt.now())
    return [_shape(row) for row in found]


@post("/senders/{id:uuid}/limits", status_code=204)
async def limits(caller: Called, id: FromPath[UUID], data: JSONBody[LimitsShape], key: Key) -> None:
    """Write down what a provider allows a sender; whatever worker has it heeds it in seconds."""
    wanted = Limits(
        data.rate_per_s,
        data.chat_interval_s,
        data.portfolio,
        data.daily_limit,
        data.pair_interval_s,
        data.pair_burst,
    )
    await sender_actions.limit(caller.rt, id, wanted, key=key, actor=caller.actor)


@post("/senders/{id:uuid}/go-on", status_code=204)
async def go_on(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Let a sender send again that an answer or a receipt had stopped."""
    await sender_actions.let_go_on(caller.rt, id, key=key, actor=caller.actor)
    await arrivals_log.hint(caller.rt.nats, caller.actor.organisation, "broadcasts")


def _shape(row: Standing) -> SenderShape:
    return SenderShape(
        row.id,
        row.name,
        row.channel,
        LimitsShape(
            row.rate_per_s,
            row.chat_interval_s,
            row.portfolio,
            row.daily_limit,
            row.pair_interval_s,
            row.pair_burst,
        ),
        HeardShape(row.quality, row.allowed_daily, row.restriction),
        row.people_in_a_day,
        row.full_until,
        row.stopped_at,
        row.stopped_reason,
    )


ROUTES = (listing, limits, go_on)
