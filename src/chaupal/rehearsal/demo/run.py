"""The run: load, send, watch it arrive, and check every claim against the sandbox's book."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from chaupal import directory, engine, world
from chaupal.broadcasts import jobs
from chaupal.broadcasts import queries as broadcasts
from chaupal.broadcasts.models import OPEN_STATES, BroadcastId, Stage
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import accounts
from chaupal.record import Actor
from chaupal.rehearsal import roster
from chaupal.rehearsal.demo import loading, past, queries, story
from chaupal.rehearsal.demo.admins import Admins
from chaupal.rehearsal.demo.audit import Line, audit, read_book, report
from chaupal.rehearsal.demo.loading import SignIn
from chaupal.rehearsal.demo.members import talk
from chaupal.rehearsal.demo.progress import Bar, Steps
from chaupal.rehearsal.demo.town import (
    PATIENCE_S,
    Memory,
    Town,
    age_s,
    cancelled_by_signals,
    opened,
    point_senders,
    run_processes,
    until_ready,
)

T = TypeVar("T")

SEED = 2026
SMALL_GROUPS = 20_000
BY_HAND_LIFE_ONCE = timedelta(seconds=60)
SETTLE_LIMIT_S = 1800
POLL_S = 0.25
TALKATIVE_GROUPS = 2_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person who started it asked for."""

    groups: int
    people: int
    once: bool


@dataclass(slots=True)
class Running:
    """A demonstration under way. `ready_s` counts from the start of this process until the control
    room and the edge answered and all five broadcasts were approved; 0 before."""

    town: Town
    organisation: OrganisationId
    wanted: Wanted
    steps: Steps
    memory: Memory
    stop: asyncio.Event
    ready_s: int = 0

    async def unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do `work`, or give it up and return None when somebody presses Ctrl-C."""
        doing, told = asyncio.create_task(work), asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait((doing, told), return_when=asyncio.FIRST_COMPLETED)
            return await doing if doing.done() else None
        finally:
            for task in (doing, told):
                task.cancel()
            await asyncio.gather(doing, told, return_exceptions=True)


@asynccontextmanager
async def demonstration(
    settings: world.Settings, wanted: Wanted, steps: Steps
) -> AsyncIterator[tuple[Running, list[SignIn]]]:
    """Give a loaded control room with its processes, ready for the story.

    SIGINT and SIGTERM cancel what is on its way until it is ready, and set `stop` from then on.
    Impossible sizes are refused before anything is started.
    """
    sources = _sources(wanted)
    settings = world.with_free_ports(replace(settings, relay_steps_s=PATIENCE_S))
    memory, stop = Memory(), asyncio.Event()
    with cancelled_by_signals():
        async with opened(settings, steps) as town, asyncio.TaskGroup() as parts:
            parts.create_task(memory.watch(stop))
            try:
                organisation, sign_ins = await load(town, wanted, sources, steps)
                running = Running(town, organisation, wanted, steps, memory, stop)
                processes = parts.create_task(run_processes(town, stop))
                parts.create_task(engine.keep(town.engines, stop))
                admins = Admins(town.provider, relayed(sources[0]), town.http)
                parts.create_task(admins.run(stop))
                with steps.step("Pages, edge and worker"):
                    await running.unless_stopped(until_ready(town))
                heard = talkative(sources[0])
                parts.create_task(talk(town.http, town.provider, heard, seed=SEED, stop=stop))
                yield running, sign_ins
                stop.set()
                await processes
            finally:
                stop.set()


def _sources(wanted: Wanted) -> list[roster.Organisation]:
    return [roster.rajasthan(SEED, wanted.groups, wanted.people), roster.cooperative(SEED)]


async def load(
    town: Town, wanted: Wanted, sources: list[roster.Organisation], steps: Steps
) -> tuple[OrganisationId, list[SignIn]]:
    """Load what is missing of both organisations, their accounts and the sandbox's groups.

    Other sizes than those of an organisation that is there already are refused.
    """
    data = town.settings.data
    await _refuse_other_sizes(town, wanted, sources[0].slug)
    loading.keep_sizes(data, loading.Sizes(wanted.groups, wanted.people, SEED))
    kept, sign_ins, ids = loading.read_sign_ins(data), [], []
    for source in sources:
        id = await loading.load(town.rt, source, provider=town.provider, steps=steps)
        accounts_open = await loading.open_accounts(town.rt, source.slug, id, kept)
        sign_ins += accounts_open
        first = await account_called(town.rt, id, accounts_open[0].login)
        await past.give_past(town.rt, source, actor=first, steps=steps)
        ids.append(id)
    loading.keep_sign_ins(data, sign_ins)
    told = (await town.stats())["groups"]
    for source, id in zip(sources, ids, strict=True):
        if told < sum(each.group_count for each in sources):
            await _tell_sandbox(town, source, id, steps)
        await point_senders(town, id)
    return ids[0], sign_ins


async def _refuse_other_sizes(town: Town, wanted: Wanted, slug: str) -> None:
    there = await loading.loaded(town.rt, slug)
    if there is None:
        return
    kept = loading.read_sizes(town.settings.data)
    kept = kept or loading.Sizes(there.groups, there.people, SEED)
    if kept != loading.Sizes(wanted.groups, wanted.people, SEED):
        raise Refused("rehearsal.other_sizes", groups=kept.groups, people=kept.people)


async def _tell_sandbox(
    town: Town, source: roster.Organisation, organisation: OrganisationId, steps: Steps
) -> None:
    """Load the sandbox's groups, streaming. A group relayed by hand has no bot in it."""
    chats = {person.number: person.chat for person in source.people()}
    encode = msgspec.json.encode

    async def lines() -> AsyncIterator[bytes]:
        rows: Iterator[roster.Group] = steps.counted(
            f"Sandbox: {source.name_en}", source.groups(), source.group_count
        )
        chunk = bytearray()
        for group in rows:
            bots = [] if group.sender is None else [f"{organisation}-bot-{group.sender}"]
            chunk += encode(
                {
                    "id": group.address,
                    "members": group.size,
                    "admins": [chats[number] for number in group.admins],
                    "bots": bots,
                }
            )
            chunk += b"\n"
            if len(chunk) > 1 << 18:
                yield bytes(chunk)
                chunk.clear()
        yield bytes(chunk)

    async with town.http.post(f"{town.provider}/control/groups", data=lines()) as answer:
        answer.raise_for_status()


def talkative(source: roster.Organisation) -> list[str]:
    """Return some groups in which a bot hears what members write."""
    heard = (group.address for group in source.groups() if group.sender is not None)
    return list(islice(heard, TALKATIVE_GROUPS))


def relayed(source: roster.Organisation) -> dict[str, dict[str, str]]:
    """Return, for the chat of each admin of a relayed group, the groups they run by name."""
    groups = [group for group in source.groups() if group.channel == "whatsapp"]
    wanted_people = {number for group in groups for number in group.admins}
    chats = {p.number: p.chat for p in source.people() if p.number in wanted_people}
    by_chat: dict[str, dict[str, str]] = {}
    for group in groups:
        for number in group.admins:
            by_chat.setdefault(chats[number], {})[group.name] = group.address
    return by_chat


async def tell_story(running: Running) -> list[BroadcastId]:
    """Send the five broadcasts: a bulk one first, an urgent one while it runs, then the rest.

    The urgent one lies ready before the bulk one starts, so that only its approval has to be
    quicker than that.
    """
    rt = running.town.rt
    author, approver = [
        await account_called(rt, running.organisation, login) for login in ("asha", "ravi")
    ]
    units = {
        code: UUID(str(await directory.unit_with_code(rt, code, organisation=running.organisation)))
        for code in story.UNITS
    }
    by_hand = story.BY_HAND if running.wanted.groups >= SMALL_GROUPS else story.BY_HAND_SMALL
    life = BY_HAND_LIFE_ONCE if running.wanted.once else None

    async def write(planned: story.Planned, life: timedelta | None = None) -> BroadcastId:
        return await story.write(rt, planned, units, author=author, life=life)

    async def approve(id: BroadcastId, planned: story.Planned) -> BroadcastId:
        await story.approve(rt, id, approver=approver)
        running.steps.say(f"Approved: {planned.title}")
        return id

    bulk, urgent = await write(story.BULK), await write(story.URGENT)
    sent = [await approve(bulk, story.BULK)]
    await _until_sending(running, bulk)
    sent += [
        await approve(urgent, story.URGENT),
        await approve(await write(story.FARMERS), story.FARMERS),
        await approve(await write(story.DISTRICTS), story.DISTRICTS),
        await approve(await write(by_hand, life), by_hand),
    ]
    running.ready_s = age_s()
    return sent


async def account_called(rt: Runtime, organisation: OrganisationId, login: str) -> Actor:
    """Return an account of the demonstration as who acts."""
    async with db.transaction(rt.pool, organisation) as conn:
        account = await accounts.account_by_login(conn, login)
    assert account is not None, f"the demonstration has no account {login}"
    return Actor(organisation, account.id, account.login)


async def _until_sending(running: Running, id: BroadcastId) -> None:
    async with asyncio.timeout(SETTLE_LIMIT_S):
        while True:
            async with db.transaction(running.town.rt.pool, running.organisation) as conn:
                counts = await broadcasts.counts(conn, id)
            if any(count.state not in OPEN_STATES for count in counts):
                return
            await asyncio.sleep(POLL_S)


async def settle(running: Running, sent: list[BroadcastId]) -> None:
    """Wait until every broadcast has ended and every word of the sandbox has been applied."""
    bars: dict[BroadcastId, Bar] = {}
    async with asyncio.timeout(SETTLE_LIMIT_S):
        while True:
            stages = []
            for id in sent:
                async with db.transaction(running.town.rt.pool, running.organisation) as conn:
                    broadcast = await broadcasts.lock(conn, id)
                    counts = await broadcasts.counts(conn, id)
                assert broadcast is not None
                stages.append(broadcast.stage)
                total = sum(count.targets for count in counts)
                done = sum(count.targets for count in counts if count.state not in OPEN_STATES)
                if total and id not in bars:
                    bars[id] = running.steps.bar(broadcast.title, total)
                if total:
                    bars[id].at(done)
            if all(stage is Stage.FINISHED for stage in stages) and await _is_quiet(running):
                return
            await asyncio.sleep(POLL_S)


async def _is_quiet(running: Running) -> bool:
    """Say whether the sandbox has told everything and the projector has applied it."""
    if (await running.town.stats())["webhooks"]["waiting"]:
        return False
    info = await running.town.rt.nats.jetstream().stream_info("ARRIVALS")
    async with db.installation(running.town.rt.pool) as conn:
        applied = await queries.applied_up_to(conn)
    return applied >= info.state.last_seq


async def whole_story(running: Running) -> dict[str, Any]:
    """Send, wait until everything has settled, and return the report."""
    sent = await tell_story(running)
    await settle(running, sent)
    return await account(running, sent)


async def account(running: Running, sent: list[BroadcastId]) -> dict[str, Any]:
    """Return the final report."""
    rt = running.town.rt
    book = await read_book(running.town.http, running.town.provider)
    lines: list[Line] = [await audit(rt, running.organisation, id, book) for id in sent]
    counters_wrong = await jobs.reconcile(rt, running.organisation)
    async with db.transaction(rt.pool, running.organisation) as conn:
        sizes = await queries.sizes(conn)
    return {
        "units": sizes.units,
        "groups": sizes.groups,
        "people": sizes.people,
        "broadcasts": [report(line) for line in lines],
        "book_agrees": all(line.agrees for line in lines) and not counters_wrong,
        "memory_mb": round(running.memory.peak_mb),
        "ready_s": running.ready_s,
    }
