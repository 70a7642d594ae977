"""kill -9 in the middle of a send: nobody gets it twice, nobody is forgotten, nothing is lost."""

import asyncio
import os
import random
import signal
from collections import Counter
from types import ModuleType

import aiohttp
import msgspec
import pytest

from botserver import a_bot_server
from chaupal import engine
from chaupal.broadcasts.audience import Categories
from chaupal.broadcasts.models import BroadcastId
from chaupal.rehearsal.demo.audit import read_book
from chaupal.rehearsal.provider.process import Provider
from house import House

GROUPS = 3000
RATE_PER_S = 300
KILLS = 3
# So many are still to go at the last kill: seconds, for a test that looks on a busy machine.
STILL_TO_GO = 800
TEXT = "मंडी कल सुबह सात बजे खुलेगी।"
ASKED = "कल कितने बजे?"

MISBEHAVIOUR = {
    "throttle_share": 0.002,
    "error_share": 0.01,
    "lost_request_share": 0.005,
    "lost_answer_share": 0.01,
    "webhook": {
        "duplicate_share": 0.2,
        "read_share": 0.3,
        "late_share": 0.5,
        "late_s": 1.5,
        "reorder": True,
        "batch": 40,
    },
}


@pytest.fixture
def dice() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


async def control(http: aiohttp.ClientSession, provider: Provider, path: str, body: bytes) -> None:
    async with http.post(f"{provider.url}/control/{path}", data=body) as answer:
        assert answer.status == 200, await answer.text()


async def enlist(house: House, provider: Provider, groups: int) -> list[str]:
    """Give the house a bot at the sandbox, with farmers' groups for it and students' beside."""
    token = f"token-{house.place.organisation}"
    bot = await house.place.sender(endpoint=provider.url, token=token, rate_per_s=RATE_PER_S)
    farmers = await house.groups(bot, groups, at="east-one", category="farmers")
    students = await house.groups(bot, 100, at="east-one", category="students")
    said = {"token": token, "webhook_url": house.webhook(bot), "webhook_secret": "secret"}
    await control(house.http, provider, "bots", msgspec.json.encode(said))
    lines = [msgspec.json.encode({"id": id}) for id in (*farmers, *students)]
    for first in range(0, len(lines), 5000):
        await control(house.http, provider, "groups", b"\n".join(lines[first : first + 5000]))
    return farmers


async def told_everything(house: House, provider: Provider) -> bool:
    """Whether the sandbox has had a 200 for every word of its own, and all of it is applied."""
    stats = await stats_of(house, provider)
    return stats["webhooks"]["waiting"] == 0 and await house.applied()


async def stats_of(house: House, provider: Provider) -> dict:
    async with house.http.get(f"{provider.url}/control/stats") as answer:
        return await answer.json()


async def book_of(house: House, provider: Provider) -> dict[str, int]:
    """How many messages each group has, by the provider's own book."""
    book = await read_book(house.http, provider.url)
    return {group: received.total() for group, received in book.items()}


async def has_sent(house: House, id: BroadcastId, moment: int) -> bool:
    """Whether so many went out, with enough still to go that a kill now is one in mid-send."""
    states = await house.states(id)
    assert not states or states.get("sent", 0) < sum(states.values()), "it was over too soon"
    return states.get("sent", 0) >= moment


async def runs(part: ModuleType, engines: engine.Engines) -> bool:
    return part.running(engines.data) is not None


async def ask(house: House, provider: Provider, groups: list[str]) -> None:
    """Have a member of each of these groups write a message."""
    lines = (msgspec.json.encode({"chat_id": group, "text": ASKED}) for group in groups)
    await control(house.http, provider, "happenings", b"\n".join(lines))


async def test_worker_and_edge_killed_in_mid_send_lose_nothing_and_repeat_nothing(
    house, sandbox, dice
):
    farmers = await enlist(house, sandbox, GROUPS)
    behaviour = {**MISBEHAVIOUR, "seed": dice.randrange(2**32)}
    await control(house.http, sandbox, "behaviour", msgspec.json.encode(behaviour))
    await house.start()
    id = await house.send(Categories(["farmers"]), TEXT)
    moments = sorted(dice.sample(range(50, GROUPS - STILL_TO_GO), 2 * KILLS))
    victims = [house.worker, house.edge] * KILLS
    for moment, victim in zip(moments, dice.sample(victims, len(victims)), strict=True):
        await house.until(has_sent, house, id, moment)
        await ask(house, sandbox, farmers[moment : moment + 25])
        victim.kill()
    await house.until(house.finished, id)
    await house.until(told_everything, house, sandbox)

    assert (house.worker.kills, house.edge.kills) == (KILLS, KILLS)
    assert await house.adds_up(id) == {"sent": GROUPS}
    assert await book_of(house, sandbox) == dict.fromkeys(farmers, 1)
    stats = await stats_of(house, sandbox)
    assert stats["webhooks"]["abandoned"] == stats["webhooks"]["dropped"] == 0
    assert stats["webhooks"]["delivered"] > GROUPS
    # No word on repeats: a receipt often settles a lost answer before it would be asked again.
    assert min(stats["counts"][fate] for fate in ("lost_answers", "answered_429")) > 0
    proven = "SELECT count(*) FROM delivery WHERE broadcast_id = %s AND evidence >= 2"
    assert await house.rows(proven, id) == [(GROUPS,)]
    asked = "SELECT g.address FROM arrival a JOIN chat_group g ON g.id = a.group_id WHERE text = %s"
    expected = [group for moment in moments for group in farmers[moment : moment + 25]]
    assert Counter(address for (address,) in await house.rows(asked, ASKED)) == Counter(expected)


async def test_where_a_repeat_would_be_a_second_message_a_kill_leaves_it_unknown(house, dice):
    groups, kills = 900, 3
    async with a_bot_server() as telegram:
        bot = await house.place.sender(channel="telegram", endpoint=telegram.url, rate_per_s=250)
        farmers = await house.groups(bot, groups, at="east-one", category="farmers")
        await house.start()
        id = await house.send(Categories(["farmers"]), TEXT)
        for moment in sorted(dice.sample(range(20, groups - 200), kills)):
            await telegram.until(moment)
            house.worker.kill()
        await house.until(house.finished, id)

        states = await house.adds_up(id)
        assert states.keys() == {"sent", "unknown"}
        assert 0 < states["unknown"] <= kills * 64
        assert max(telegram.chats.values()) == 1
        assert telegram.chats.keys() <= set(farmers)
        sent = "SELECT address FROM delivery d JOIN chat_group g ON g.id = d.group_id"
        certain = await house.rows(f"{sent} WHERE d.state = 'sent' AND d.evidence >= 1")
        assert {address for (address,) in certain} <= telegram.chats.keys()


async def test_engines_killed_in_mid_send_lose_nothing_and_repeat_nothing(
    house, sandbox, own_engines, dice
):
    groups = 1600
    farmers = await enlist(house, sandbox, groups)
    stopped = asyncio.Event()
    await house.start()
    keeping = asyncio.create_task(engine.keep(own_engines, stopped, durable=False))
    try:
        id = await house.send(Categories(["farmers"]), TEXT)
        moments = sorted(dice.sample(range(50, groups - STILL_TO_GO), 4))
        victims = [engine.postgres, engine.nats] * 2
        for moment, victim in zip(moments, dice.sample(victims, len(victims)), strict=True):
            await house.until(has_sent, house, id, moment)
            await house.until(runs, victim, own_engines)
            os.kill(victim.running(own_engines.data).pid, signal.SIGKILL)
        await house.until(house.finished, id)
        await house.until(told_everything, house, sandbox)
    finally:
        stopped.set()
        await keeping

    assert await house.adds_up(id) == {"sent": groups}
    assert await book_of(house, sandbox) == dict.fromkeys(farmers, 1)
    proven = "SELECT count(*) FROM delivery WHERE broadcast_id = %s AND evidence >= 2"
    assert await house.rows(proven, id) == [(groups,)]
