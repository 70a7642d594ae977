"""A small organisation whose groups are reached by hand: for relay, edge and worker."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import actions, queries
from chaupal.broadcasts import jobs as broadcast_jobs
from chaupal.broadcasts.audience import Categories
from chaupal.broadcasts.models import BroadcastId, Draft, Lane, Purpose
from chaupal.channels.http import HttpClient
from chaupal.kit.ids import new_id
from chaupal.kit.runtime import Runtime
from chaupal.record import Actor
from chaupal.relay import jobs, links
from chaupal.worker import projection
from factories import Place, an_organisation

HINDI, ENGLISH = "मंडी कल सुबह सात बजे खुलेगी।", "The market opens at seven."


@dataclass(frozen=True)
class Assignment:
    """A row of relay_assignment."""

    id: UUID
    person_id: UUID
    group_id: UUID
    delivery_id: int
    step: int
    telling: str


@dataclass
class Bazaar:
    """Groups, their admins, and a broadcast to them by hand."""

    rt: Runtime
    place: Place
    author: Actor
    approver: Actor
    groups: list[UUID] = field(default_factory=list)

    @property
    def organisation(self):
        return self.place.organisation

    async def group(self, at: str = "east-one", *admins: UUID, **changes) -> UUID:
        group = await self.place.group(at, categories=("farmers",), **changes)
        for turn, person in enumerate(admins, 1):
            await self.place.admin(group, person, turn=turn)
        self.groups.append(group)
        return group

    async def post(self, person: UUID, at: str, *, role: str = "coordinator") -> None:
        await self.place.post(at, person=person, role=role)

    async def silence(self, at: str, *, after: timedelta, length: timedelta) -> None:
        async with self.place.transaction() as conn:
            await conn.execute(
                "INSERT INTO silence (organisation_id, id, unit_id, starts_at, ends_at, source)"
                " VALUES (current_organisation(), %s, %s, %s, %s, 'test')",
                (
                    new_id(),
                    self.place.units[at],
                    self.rt.now() + after,
                    self.rt.now() + after + length,
                ),
            )

    async def sending(self, **changes) -> BroadcastId:
        """A broadcast to all farmers' groups, approved and frozen."""
        draft = Draft(
            **{
                "title": "मंडी का समय",
                "texts": {"hi": HINDI, "en": ENGLISH},
                "purpose": Purpose.PUBLIC,
                "audience": Categories(["farmers"]),
                "expires_at": self.rt.now() + timedelta(hours=24),
                "lane": Lane.NORMAL,
                **changes,
            }
        )
        id = await actions.write(self.rt, draft, key=str(new_id()), actor=self.author)
        await actions.submit(self.rt, id, key=str(new_id()), actor=self.author)
        await actions.approve(
            self.rt,
            id,
            seen_hash=draft.content_hash(),
            denies_election=True,
            key=str(new_id()),
            actor=self.approver,
        )
        await broadcast_jobs.freeze(self.rt, self.organisation, id)
        return id

    async def tasked(self, **changes) -> BroadcastId:
        """The same, with its tasks opened."""
        id = await self.sending(**changes)
        await jobs.open_tasks(self.rt, self.organisation)
        return id

    async def steer(self, id: BroadcastId, verb: str) -> None:
        await actions.steer(self.rt, id, verb, key=str(new_id()), actor=self.approver)

    async def assignments(self) -> list[Assignment]:
        return [
            Assignment(*row)
            for row in await self.rows(
                "SELECT a.id, a.person_id, t.group_id, t.delivery_id, a.step, a.telling::text"
                " FROM relay_assignment a JOIN relay_task t ON t.id = a.task_id ORDER BY a.id"
            )
        ]

    async def token(self, assignment: Assignment, *, hours: float = 24) -> str:
        expires_at = self.rt.now() + timedelta(hours=hours)
        return links.personal_token(self.rt.sealer, self.organisation, assignment.id, expires_at)

    async def delivery(self, group: UUID) -> tuple[str, int]:
        """State and evidence of the newest delivery to a group."""
        [row] = await self.rows(
            "SELECT state::text, evidence FROM delivery WHERE group_id = %s"
            " ORDER BY id DESC LIMIT 1",
            group,
        )
        return row

    async def rows(self, sql: str, *params: object) -> list[tuple]:
        async with self.place.transaction() as conn:
            return await (await conn.execute(sql, params)).fetchall()

    async def agrees(self, id: BroadcastId) -> None:
        """The counters equal the deliveries."""
        async with self.place.transaction() as conn:
            assert await queries.counts(conn, id) == await queries.recount(conn, id)

    async def projected(self) -> int:
        """Apply everything that is in the log, and return how many envelopes that were."""
        name = await arrivals_log.prepare(self.rt.nats)
        return await projected(self.rt, name)


async def projected(rt: Runtime, name: str, *, batch: int = 1000) -> int:
    """Apply everything after the cursor."""
    from chaupal.arrivals import queries as arrival_queries
    from chaupal.kit import db

    async with db.installation(rt.pool) as conn:
        await arrival_queries.begin(conn, name)
        cursor = await arrival_queries.cursor(conn, name)
    applied = 0
    while envelopes := await arrivals_log.read(rt.nats, cursor, limit=batch):
        await projection.advance(rt, name, cursor, envelopes)
        cursor, applied = envelopes[-1].sequence, applied + len(envelopes)
    return applied


async def a_bazaar(rt: Runtime, slug: str = "sangh") -> Bazaar:
    """An organisation with two people who may sign, and no group yet."""
    place = await an_organisation(rt, slug)
    await place.category("farmers")
    return Bazaar(rt, place, await place.account("asha"), await place.account("ravi"))


class Post:
    """A provider on loopback that takes messages to people, and answers as it is told."""

    def __init__(self) -> None:
        self.taken: list[dict] = []
        self.answer = lambda _: (200, {"ok": True, "result": {"message_id": len(self.taken)}})
        self._app = web.Application()
        self._app.router.add_post("/{bot}/sendMessage", self._take)

    async def _take(self, request: web.Request) -> web.Response:
        message = msgspec.json.decode(await request.read())
        self.taken.append(message)
        answer = self.answer(message)
        if asyncio.iscoroutine(answer):
            answer = await answer
        status, body = answer
        return web.json_response(body, status=status)

    async def __aenter__(self):
        self._server = TestServer(self._app)
        await self._server.start_server()
        self.url = str(self._server.make_url("")).rstrip("/")
        self.http = await HttpClient().__aenter__()
        return self

    async def __aexit__(self, *_):
        await self.http.__aexit__(None, None, None)
        with suppress(Exception):
            await self._server.close()
