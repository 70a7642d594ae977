"""A whole house for the stories: real engines, real processes, and a hand that may kill them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import nats

from chaupal import record, world
from chaupal.broadcasts import actions, queries
from chaupal.broadcasts.audience import Expression
from chaupal.broadcasts.models import BroadcastId, Draft, Purpose, Stage
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.record import Actor
from factories import Place, an_organisation

LIMIT_S = 120
POLL_S = 0.02


class Process:
    """One of our processes: started, killed with -9 in mid-sentence, and started again."""

    def __init__(self, name: str, environment: dict[str, str], log: Path) -> None:
        self.name, self._environment, self._log = name, environment, log
        self._process: subprocess.Popen | None = None
        self.kills = 0

    def start(self) -> None:
        assert self._process is None or self._process.poll() is not None
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"chaupal.{self.name}"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """kill -9, and start afresh as a supervisor would."""
        assert self.runs, self.logged()
        self._process.kill()
        self._process.wait()
        self.kills += 1
        self.start()

    def close(self) -> None:
        if self.runs:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def logged(self) -> str:
        return self._log.read_text()[-4000:]


@dataclass
class House:
    """A control room at work: its engines, its processes, one organisation with two who sign."""

    rt: Runtime
    place: Place
    author: Actor
    approver: Actor
    http: aiohttp.ClientSession
    edge: Process
    worker: Process
    edge_url: str
    data: Path
    senders: list[UUID] = field(default_factory=list)

    def webhook(self, sender: UUID) -> str:
        return f"{self.edge_url}/in/{self.place.organisation}/{sender}"

    async def start(self) -> None:
        """Start edge and worker, and wait until the edge answers."""
        self.edge.start()
        self.worker.start()
        await self.until(self.edge_answers)

    async def until(self, condition: Callable, *args: object) -> None:
        """Wait until an asynchronous condition holds, with patience for engines that are away."""
        processes = (self.edge, self.worker)
        try:
            async with asyncio.timeout(LIMIT_S):
                while not await _holds(condition, *args):
                    assert all(p.runs for p in processes), [p.logged() for p in processes]
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise AssertionError(
                [condition.__name__, repr(await _refusal(condition, *args))]
                + [p.logged() for p in processes]
            ) from None

    async def edge_answers(self) -> bool:
        with suppress(aiohttp.ClientError):
            async with self.http.get(f"{self.edge_url}/healthz") as answer:
                return answer.status == 200
        return False

    async def rows(self, sql: str, *values: object) -> list[tuple]:
        async with self.place.transaction() as conn:
            return await (await conn.execute(sql, values)).fetchall()

    async def groups(self, sender: UUID, count: int, *, at: str, category: str) -> list[str]:
        """Write many groups of one category at once, and return their addresses."""
        ids = [new_id() for _ in range(count)]
        [(channel,)] = await self.rows("SELECT channel FROM sender WHERE id = %s", sender)
        await self.place.category(category)
        await self.rows(
            "WITH written AS (INSERT INTO chat_group (organisation_id, id, unit_id, name, purpose,"
            " channel, sender_id, address, carries_notice, search_key)"
            " SELECT current_organisation(), id, %s, 'Group ' || id, 'public', %s, %s, 'g:' || id,"
            " true, 'group' FROM unnest(%s::uuid[]) AS id RETURNING id)"
            " INSERT INTO group_category (organisation_id, category_key, group_id, since)"
            " SELECT current_organisation(), %s, id, now() FROM written RETURNING group_id",
            *(self.place.units[at], channel, sender, ids, category),
        )
        return [f"g:{id}" for id in ids]

    async def send(self, audience: Expression, text: str, *, title: str = "सूचना") -> BroadcastId:
        """One account writes and submits, another approves; the worker does the rest."""
        draft = Draft(
            title=title,
            texts={"hi": text},
            purpose=Purpose.PUBLIC,
            audience=audience,
            expires_at=self.rt.now() + timedelta(hours=2),
            election_matter=False,
        )
        id = await actions.write(self.rt, draft, key=str(new_id()), actor=self.author)
        await actions.submit(self.rt, id, key=str(new_id()), actor=self.author)
        seen_hash = (await self.broadcast(id)).content_hash
        await actions.approve(
            self.rt, id, seen_hash=seen_hash, key=str(new_id()), actor=self.approver
        )
        return id

    async def broadcast(self, id: BroadcastId):
        async with self.place.transaction() as conn:
            broadcast = await queries.lock(conn, id)
        assert broadcast is not None
        return broadcast

    async def states(self, id: BroadcastId) -> dict[str, int]:
        """The account by state."""
        async with self.place.transaction() as conn:
            counts = await queries.counts(conn, id)
        states: dict[str, int] = {}
        for count in counts:
            states[count.state.value] = states.get(count.state.value, 0) + count.targets
        return states

    async def finished(self, id: BroadcastId) -> bool:
        return (await self.broadcast(id)).stage is Stage.FINISHED

    async def applied(self) -> bool:
        """Whether everything in the arrivals log has had its effect."""
        info = await self.rt.nats.jetstream().stream_info("ARRIVALS")
        [(done,)] = await self.rows("SELECT coalesce(max(stream_sequence), 0) FROM projection")
        return done >= info.state.last_seq

    async def adds_up(self, id: BroadcastId) -> dict[str, int]:
        """Check targets = sum over states, counters = deliveries, chain whole; return states."""
        async with self.place.transaction() as conn:
            counts, recount = await queries.counts(conn, id), await queries.recount(conn, id)
            verdict = await record.verify(conn)
        assert counts == recount
        assert verdict.holds
        states = await self.states(id)
        assert sum(states.values()) == (await self.broadcast(id)).targets
        return states


async def _refusal(condition: Callable, *args: object) -> object:
    """What a condition that does not hold says when it is asked once more."""
    try:
        return await condition(*args)
    except (Unavailable, nats.errors.Error) as error:
        return error


async def _holds(condition: Callable, *args: object) -> bool:
    try:
        return bool(await condition(*args))
    except (Unavailable, nats.errors.Error):
        return False


@asynccontextmanager
async def a_house(
    rt: Runtime, http: aiohttp.ClientSession, settings: world.Settings, children: dict[str, str]
) -> AsyncIterator[House]:
    """An organisation of its own and processes for it; what was started ends with the block."""
    place = await an_organisation(rt, f"sangh-{new_id().hex[-8:]}")
    edge, worker = (
        Process(name, children, settings.data / f"{name}-{new_id().hex[-8:]}.log")
        for name in ("edge", "worker")
    )
    try:
        yield House(
            rt=rt,
            place=place,
            author=await place.account("asha"),
            approver=await place.account("ravi"),
            http=http,
            edge=edge,
            worker=worker,
            edge_url=settings.public_url,
            data=settings.data,
        )
    finally:
        worker.close()
        edge.close()


def environment_for(database: str, nats_url: str, port: int, data: Path) -> dict[str, str]:
    """The environment of a process on the test run's shared engines."""
    return {
        **os.environ,
        "DATABASE_URL": database,
        "NATS_URL": nats_url,
        "CHAUPAL_SEALING_KEY": (b"k" * 32).hex(),
        "CHAUPAL_EDGE_PORT": str(port),
        "CHAUPAL_DATA": str(data),
    }
