"""`python -m bench.bare`: the peer of dispatch, a bare aiohttp loop that remembers nothing."""

import asyncio
import sys
from itertools import count
from time import perf_counter

import aiohttp
import msgspec
import uvloop


class Task(msgspec.Struct, frozen=True):
    """What to send, read from standard input. `prefix` makes the keys fresh."""

    urls: list[str]
    addresses: list[str]
    text: str
    prefix: str
    concurrency: int


async def send(task: Task) -> float:
    """Send everything and return how many seconds that took."""
    numbered = zip(count(), task.addresses, strict=False)
    encode = msgspec.json.encode
    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=task.concurrency)
    async with aiohttp.ClientSession(connector=connector) as http:

        async def carry() -> None:
            for number, address in numbered:
                body = {"chat_id": address, "text": task.text, "key": f"{task.prefix}{number}"}
                url = task.urls[number % len(task.urls)]
                async with http.post(url, data=encode(body), headers=headers) as answer:
                    assert msgspec.json.decode(await answer.read())["ok"]

        began = perf_counter()
        await asyncio.gather(*(carry() for _ in range(task.concurrency)))
        return perf_counter() - began


if __name__ == "__main__":
    print(uvloop.run(send(msgspec.json.decode(sys.stdin.buffer.read(), type=Task))))
