"""A small organisation with farmers' groups in the east, and two people who may sign."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from chaupal.broadcasts import actions, jobs, queries
from chaupal.broadcasts.audience import Categories, Expression
from chaupal.broadcasts.models import BroadcastId, Draft, Lane, Purpose
from chaupal.kit.ids import new_id
from chaupal.record import Actor
from factories import Place


@dataclass
class Stage:
    """What most tests of broadcasts need."""

    rt: object
    place: Place
    author: Actor
    approver: Actor
    bot: UUID
    farmers: list[UUID] = field(default_factory=list)
    others: list[UUID] = field(default_factory=list)

    def draft(self, audience: Expression | None = None, **changes) -> Draft:
        return Draft(
            **{
                "title": "मंडी का समय",
                "texts": {"hi": "मंडी कल सुबह सात बजे खुलेगी।", "en": "The market opens at seven."},
                "purpose": Purpose.PUBLIC,
                "audience": audience or Categories(["farmers"]),
                "expires_at": self.rt.now() + timedelta(hours=6),
                "lane": Lane.NORMAL,
                **changes,
            }
        )

    async def written(self, audience: Expression | None = None, **changes) -> BroadcastId:
        return await actions.write(
            self.rt, self.draft(audience, **changes), key=str(new_id()), actor=self.author
        )

    async def submitted(self, audience: Expression | None = None, **changes) -> BroadcastId:
        id = await self.written(audience, **changes)
        await actions.submit(self.rt, id, key=str(new_id()), actor=self.author)
        return id

    async def approve(
        self,
        id: BroadcastId,
        *,
        actor: Actor | None = None,
        key: str | None = None,
        denies: bool = True,
    ):
        return await actions.approve(
            self.rt,
            id,
            seen_hash=(await self.broadcast(id)).content_hash,
            denies_election=denies,
            key=key or str(new_id()),
            actor=actor or self.approver,
        )

    async def frozen(self, audience: Expression | None = None, **changes) -> BroadcastId:
        id = await self.submitted(audience, **changes)
        await self.approve(id)
        await jobs.freeze(self.rt, self.place.organisation, id)
        return id

    async def steer(self, id: BroadcastId, verb: str, *, actor: Actor | None = None):
        return await actions.steer(
            self.rt, id, verb, key=str(new_id()), actor=actor or self.approver
        )

    async def broadcast(self, id: BroadcastId):
        async with self.place.transaction() as conn:
            broadcast = await queries.lock(conn, id)
        assert broadcast is not None
        return broadcast

    async def states(self, id: BroadcastId) -> dict[str, int]:
        """The account by state, after checking that the counters equal the deliveries."""
        async with self.place.transaction() as conn:
            counts = await queries.counts(conn, id)
            assert counts == await queries.recount(conn, id)
        states: dict[str, int] = {}
        for count in counts:
            states[count.state.value] = states.get(count.state.value, 0) + count.targets
        return states
