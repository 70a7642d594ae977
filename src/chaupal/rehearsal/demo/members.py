"""Simulated members: now and then somebody writes in a group, as people do."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from random import Random

import aiohttp
import msgspec

EVERY_S = 2.5
SAYINGS = (
    "राम राम सा",
    "ठीक है, पहुँच जाएँगे",
    "समय बदल गया है क्या?",
    "हमारे यहाँ पानी दो दिन से नहीं आया",
    "बैठक में कौन-कौन आ रहा है?",
    "पर्ची कहाँ मिलेगी?",
    "धन्यवाद सा, ख़बर मिल गई",
    "मंडी का भाव क्या चल रहा है?",
    "बस स्टैंड से गाड़ी की व्यवस्था है?",
    "हो सा, सबको बता दिया",
)


async def talk(
    http: aiohttp.ClientSession,
    provider: str,
    groups: Sequence[str],
    *,
    seed: int,
    stop: asyncio.Event,
) -> None:
    """Have members of these groups write something every few seconds until told to stop."""
    dice = Random(seed)  # noqa: S311  (chatter, not a secret)
    while groups and not stop.is_set():
        happening = {
            "chat_id": dice.choice(groups),
            "from": f"p:member-{dice.randrange(10_000)}",
            "text": dice.choice(SAYINGS),
        }
        with suppress(aiohttp.ClientError, TimeoutError):
            body = msgspec.json.encode(happening) + b"\n"
            async with http.post(f"{provider}/control/happenings", data=body) as answer:
                await answer.read()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_S * (0.5 + dice.random()))
