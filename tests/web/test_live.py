"""Live pages: what moved is seen soon, many watch at the cost of one, and nothing hangs."""

import asyncio
from itertools import pairwise

from chaupal.arrivals import log as arrivals_log
from chaupal.kit.refusals import Unavailable
from chaupal.web.live import LEAST_S, Hub, Picture, Remembered, event

PATIENCE_S = 20


class Stream:
    """Server-sent events as a browser reads them."""

    def __init__(self, answer) -> None:
        self.answer = answer

    async def until(self, mark: str) -> str:
        """Read on to the event that holds `mark`."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                text = (await self.answer.content.readuntil(b"\n\n")).decode()
                if mark in text:
                    return text

    async def end(self) -> None:
        """Read on until the stream ends by itself."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.answer.content.readany():
                pass


async def test_a_new_group_message_is_seen_without_asking_again(door, place, rt):
    bot = await place.sender()
    group = await place.group("east-one", sender=bot)
    browser = await door.signed_in(place, await place.account("asha"))

    async with browser.http.get(f"{door.url}/live") as answer:
        stream = Stream(answer)
        await stream.until("event: arrivals")
        async with place.transaction() as conn:
            await conn.execute(
                "INSERT INTO arrival (organisation_id, kind, source, event_key, group_id, at,"
                " received_at, expires_at) VALUES (current_organisation(), 'message', 'x', 'x',"
                " %s, now(), now(), now() + interval '30 days')",
                (group,),
            )
        await arrivals_log.hint(rt.nats, place.organisation, "arrivals")
        news = await stream.until(str(group))

    assert news.startswith("event: arrivals\n")


async def test_a_stage_that_moved_brings_its_new_buttons_to_each_reader(door, place, rt):
    await place.group("east-one", categories=("farmers",))
    author = await door.signed_in(place, await place.account("asha"))
    approver = await door.signed_in(place, await place.account("ravi"))
    form = {"title": "x", "text_hi": "x", "purpose": "public", "expires_h": "3", "verb": "save"}
    path = (await author.post("/broadcasts", form)).headers["Location"]

    async with (
        author.http.get(f"{door.url}{path}/live") as his,
        approver.http.get(f"{door.url}{path}/live") as hers,
    ):
        streams = Stream(his), Stream(hers)
        drafts = [await stream.until("event: stage") for stream in streams]
        await author.post(f"{path}/submit")
        submitted = [await stream.until("event: stage") for stream in streams]

    assert f"{path}/edit" in drafts[0]
    assert f"{path}/edit" not in drafts[1]
    assert [f"{path}/approve" in text for text in submitted] == [False, True]
    assert author.csrf in submitted[0]
    assert approver.csrf in submitted[1]
    assert author.csrf not in submitted[1]


async def test_streams_end_when_the_server_is_told_to_stop(door, place):
    browser = await door.signed_in(place, await place.account("asha"))

    async with browser.http.get(f"{door.url}/live") as answer:
        stream = Stream(answer)
        await stream.until("event: counts")
        door.stop.set()
        await stream.end()


async def yes() -> bool:
    return True


async def test_seven_browsers_cost_as_much_as_one(rt, place):
    looks, gate = 0, asyncio.Event()

    async def look() -> Picture:
        nonlocal looks
        looks += 1
        await gate.wait()
        return Picture({"counts": f"look {looks}"})

    hub = Hub(rt)
    async with hub.listening(asyncio.Event()):
        streams = [
            hub.events("room", place.organisation, look, own=lambda _: {}, still=yes)
            for _ in range(7)
        ]
        for stream in streams:
            await anext(stream)
        news = [asyncio.create_task(anext(stream)) for stream in streams]
        gate.set()
        told = await asyncio.wait_for(asyncio.gather(*news), PATIENCE_S)

        assert set(told) == {event("counts", "look 1")}
        assert looks == 1
        assert hub.watching == 1
        for stream in streams:
            await stream.aclose()
        assert hub.watching == 0


async def test_a_storm_of_hints_is_one_look_a_second_and_what_did_not_change_is_not_sent(rt, place):
    looked: list[float] = []

    async def look() -> Picture:
        looked.append(asyncio.get_running_loop().time())
        return Picture({"same": "as before", "new": str(len(looked))})

    async def storm() -> None:
        while True:
            await arrivals_log.hint(rt.nats, place.organisation, "broadcasts")
            await rt.nats.flush()

    hub = Hub(rt)
    async with hub.listening(asyncio.Event()):
        raging = asyncio.create_task(storm())
        stream = hub.events("room", place.organisation, look, own=lambda _: {}, still=yes)
        async with asyncio.timeout(PATIENCE_S):
            told = [await anext(stream) for _ in range(5)]
        raging.cancel()
        await stream.aclose()

    assert told[1:] == [event("same", "as before"), *(event("new", str(n)) for n in (1, 2, 3))]
    assert min(b - a for a, b in pairwise(looked)) >= LEAST_S


async def test_a_database_that_is_away_does_not_end_the_line(rt, place):
    tries = []

    async def look() -> Picture:
        tries.append(None)
        if len(tries) == 1:
            await arrivals_log.hint(rt.nats, place.organisation, "broadcasts")
            raise Unavailable("engine.database_away")
        return Picture({"counts": "back"})

    hub = Hub(rt)
    async with hub.listening(asyncio.Event()):
        stream = hub.events("room", place.organisation, look, own=lambda _: {}, still=yes)
        await anext(stream)
        await arrivals_log.hint(rt.nats, place.organisation, "broadcasts")
        assert await asyncio.wait_for(anext(stream), PATIENCE_S) == event("counts", "back")
        await stream.aclose()


async def test_a_mistake_in_a_look_lets_every_reader_go(rt, place):
    async def look() -> Picture:
        raise KeyError("a bug")

    hub = Hub(rt)
    async with hub.listening(asyncio.Event()):
        stream = hub.events("room", place.organisation, look, own=lambda _: {}, still=yes)
        rest = await asyncio.wait_for(asyncio.gather(*[_all(stream)]), PATIENCE_S)

    assert rest == [[b"retry: 2000\n\n"]]
    assert hub.watching == 0


async def _all(stream) -> list[bytes]:
    return [chunk async for chunk in stream]


async def test_what_many_ask_for_at_once_is_looked_for_once_and_a_failure_is_not_remembered():
    asked = []

    async def find() -> int:
        asked.append(None)
        await asyncio.sleep(0)
        if len(asked) == 1:
            raise Unavailable("engine.database_away")
        return len(asked)

    remembered = Remembered[str, int](60.0)
    failed = await asyncio.gather(
        *(remembered.of("x", find) for _ in range(5)), return_exceptions=True
    )
    found = await asyncio.gather(*(remembered.of("x", find) for _ in range(5)))

    assert {type(one) for one in failed} == {Unavailable}
    assert found == [2] * 5


def test_an_event_keeps_its_lines():
    assert event("x", "a\nb\r\nc") == b"event: x\ndata: a\ndata: b\ndata: c\n\n"
