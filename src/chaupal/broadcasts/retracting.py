"""Taking a recalled broadcast back from the chats, by the channels that can delete.

Deleting twice does no harm, so whatever was lost is asked for again, `TRIES_LIMIT` times.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import assert_never
from uuid import UUID

from chaupal import record
from chaupal.arrivals import log as arrivals_log
from chaupal.arrivals.models import Failure
from chaupal.broadcasts import recalls
from chaupal.broadcasts.pace import Pace
from chaupal.broadcasts.recalls import ToDelete
from chaupal.channels.contract import (
    Account,
    Deferred,
    Deleted,
    Deleting,
    Deletion,
    Rejected,
    Unknown,
)
from chaupal.channels.http import HttpClient
from chaupal.channels.registry import CHANNELS
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import Broken
from chaupal.people.models import contact_context

GATHERED_AT_ONCE = 20_000
WATCHED_FOR = timedelta(days=30)
BATCH = 500
IN_FLIGHT = 16
LEASE = timedelta(seconds=90)
SEND_LIMIT_S = 10.0
# Providers count messages, and a deletion is none; still no more than half of what may be sent.
SHARE_OF_RATE = 0.5
TRIES_LIMIT = 40
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)

logger = log.logger(__name__)


def deleting_channels() -> list[str]:
    """Return the channels that can take back what they sent."""
    return [name for name, channel in CHANNELS.items() if channel.traits.takes_back]


async def gather(rt: Runtime, organisation: OrganisationId) -> int:
    """Write down what of recalled broadcasts stands in chats; return how many rounds it took."""
    rounds = 0
    async with db.transaction(rt.pool, organisation) as conn:
        found = await recalls.to_gather(conn, since=rt.now() - WATCHED_FOR)
    for recall in found:
        async with db.transaction(rt.pool, organisation) as conn:
            rounds += await recalls.gather(
                conn,
                recall.broadcast_id,
                deleting=deleting_channels(),
                now=rt.now(),
                limit=GATHERED_AT_ONCE,
            )
    if rounds:
        await arrivals_log.hint(rt.nats, organisation, "broadcasts")
    return rounds


async def judge(rt: Runtime, organisation: OrganisationId) -> int:
    """Write into the record what had come of a recall by the time it had to be gone; return how
    many recalls were late."""
    async with db.transaction(rt.pool, organisation) as conn:
        due = await recalls.judge(conn, now=rt.now())
        for one in due:  # a handful
            await record.append(
                conn,
                "recall.late" if one.late or one.impossible else "recall.in_time",
                one.broadcast_id,
                actor=record.part_of_the_system(organisation, "worker.retract"),
                now=rt.now(),
                deleted=one.deleted,
                acknowledged=one.acknowledged,
                impossible=one.impossible,
                late=one.late,
            )
    late = [one for one in due if one.late]
    for one in late:
        logger.error("recall.late", broadcast=str(one.broadcast_id), late=one.late)
    if due:
        await arrivals_log.hint(rt.nats, organisation, "broadcasts")
    return len(late)


@dataclass(slots=True)
class Retractor:
    """Deletes for one organisation, each sender at its own pace, one worker at a time."""

    rt: Runtime
    organisation: OrganisationId
    http: HttpClient
    _paces: dict[tuple[UUID, int], Pace] = field(default_factory=dict)

    async def work(self) -> int:
        """Gather, then delete one batch; return how many messages are gone by it."""
        await gather(self.rt, self.organisation)
        await judge(self.rt, self.organisation)
        async with db.transaction(self.rt.pool, self.organisation) as conn:
            await recalls.lock(conn)
            await recalls.lapse(conn, now=self.rt.now())
            claimed = await recalls.claim(conn, now=self.rt.now(), lease=LEASE, limit=BATCH)
        if not claimed:
            return 0
        until = asyncio.get_running_loop().time() + SEND_LIMIT_S
        waiting, ended = iter(claimed), list[tuple[ToDelete, Deletion | None]]()

        async def carry() -> None:
            for one in waiting:
                ended.append((one, await self._delete(one, until)))

        await asyncio.gather(*(carry() for _ in range(min(IN_FLIGHT, len(claimed)))))
        return await self._settle(ended)

    async def _delete(self, one: ToDelete, until: float) -> Deletion | None:
        """Delete one message. None: its turn did not come in time, so it was not tried."""
        sealer, channel = self.rt.sealer, CHANNELS[one.channel]
        if one.address is None and one.sealed is None:
            return Rejected(Failure.NO_SUCH_ADDRESS, "erased")
        try:
            account = Account(
                endpoint=one.endpoint,
                token=sealer.unseal(one.sealed_token, f"sender/{one.sender_id}/token"),
                webhook_secret=sealer.unseal(
                    one.sealed_webhook_secret, f"sender/{one.sender_id}/webhook_secret"
                ),
            )
            address = one.address or self._unsealed(one)
        except Broken:
            return Deferred("sealed under another key", LONGEST_WAIT)
        line = channel.connect(self.http, account)
        assert isinstance(line, Deleting), "only what can be deleted waits for it"
        pace = self._pace(one)
        if pace.is_held_back() or not await pace.turn(address, until=until):
            return None
        end = await line.delete(address, one.provider_ref)
        if isinstance(end, Deferred) and end.wait is not None:
            pace.hold_back(min(end.wait, LONGEST_WAIT).total_seconds())
        return end

    def _unsealed(self, one: ToDelete) -> str:
        at = CHANNELS[one.channel].traits.reaches_people_at
        assert one.sealed is not None, "it has a plain address, or a sealed one"
        assert at is not None, "a channel that wrote to a person has their addresses"
        return self.rt.sealer.unseal(one.sealed, contact_context(self.organisation, at))

    def _pace(self, one: ToDelete) -> Pace:
        key = (one.sender_id, one.rate_per_s)
        if key not in self._paces:
            self._paces[key] = Pace(
                rate_per_s=one.rate_per_s * SHARE_OF_RATE,
                chat_interval_s=0,
                clock=asyncio.get_running_loop().time,
            )
        return self._paces[key]

    async def _settle(self, ended: list[tuple[ToDelete, Deletion | None]]) -> int:
        now = self.rt.now()
        states = [_state(one, end) for one, end in ended]
        async with db.transaction(self.rt.pool, self.organisation) as conn:
            await recalls.settle(
                conn,
                ids=[one.delivery_id for one, _ in ended],
                attempts=[one.attempts for one, _ in ended],
                states=states,
                due_ats=[now + _wait(one, end) for one, end in ended],
                now=now,
            )
            counted = {state: states.count(state) for state in {*states}}
            await record.append(
                conn,
                "deliveries.retracted",
                "recall",
                actor=record.part_of_the_system(self.organisation, "worker.retract"),
                now=now,
                deleted=counted.get("deleted", 0),
                refused=counted.get("impossible", 0),
            )
        await arrivals_log.hint(self.rt.nats, self.organisation, "broadcasts")
        logger.info("deliveries.retracted", organisation=self.organisation, **counted)
        return counted.get("deleted", 0)


def _state(one: ToDelete, end: Deletion | None) -> str:
    match end:
        case Deleted():
            return "deleted"
        case Rejected():
            return "impossible"
        case Deferred() | Unknown():
            return "impossible" if one.attempts >= TRIES_LIMIT else "waiting"
        case None:
            return "waiting"
        case _:
            assert_never(end)


def _wait(one: ToDelete, end: Deletion | None) -> timedelta:
    if isinstance(end, Deferred) and end.wait is not None:
        return min(end.wait, LONGEST_WAIT)
    if end is None:
        return timedelta(0)
    return min(FIRST_WAIT * (1 << min(one.attempts - 1, 10)), LONGEST_WAIT)
