"""Groups that became supergroups: their delivery follows them, and nothing is sent twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from botserver import a_bot_server
from chaupal import record
from chaupal.channels.http import HttpClient
from chaupal.groups import moves
from factories import an_organisation
from worker.test_dispatch import NOON, Post


@pytest.fixture
async def post(rt, clock) -> AsyncIterator[Post]:
    clock.at = NOON
    place = await an_organisation(rt)
    author, approver = await place.account("asha"), await place.account("ravi")
    async with a_bot_server() as provider, HttpClient() as http:
        yield Post(rt, clock, place, author, approver, provider, http)


def moves_to(post: Post, chat: str, there: str) -> None:
    post.provider.answer(chat, 400, parameters={"migrate_to_chat_id": int(there)})


async def test_a_group_that_became_a_supergroup_gets_it_once_at_its_new_address(post):
    bot = await post.sender(channel="telegram")
    await post.groups(bot, "-1", "-2", category="farmers", channel="telegram")
    id = await post.send("farmers")
    loop = await post.loop()
    moves_to(post, "-1", "-1001")
    assert await post.turn(loop) == 2
    assert await post.states(id) == {"queued": 1, "sent": 1}
    await post.turn(loop)
    assert await post.states(id) == {"sent": 2}
    assert post.provider.chats == {"-1": 1, "-2": 1, "-1001": 1}
    assert await post.rows("SELECT address FROM chat_group ORDER BY 1") == [("-1001",), ("-2",)]
    assert await post.rows(
        "SELECT r.actor_label FROM record r JOIN chat_group g ON g.id::text = r.subject"
        " WHERE r.kind = 'group.address_changed' AND g.address = '-1001'"
    ) == [("worker.dispatch",)]


async def test_two_groups_that_became_one_chat_get_it_once(post):
    bot = await post.sender(channel="telegram")
    await post.groups(bot, "-1", "-1001", category="farmers", channel="telegram")
    id = await post.send("farmers")
    loop = await post.loop()
    moves_to(post, "-1", "-1001")
    for _ in range(3):
        await post.turn(loop)
    assert await post.states(id) == {"sent": 1, "refused": 1}
    assert post.provider.chats == {"-1": 1, "-1001": 1}
    told = await post.rows("SELECT failure FROM delivery WHERE state = 'refused'")
    assert told == [("no_such_address",)]


async def test_a_move_that_a_webhook_told_first_is_no_failure(post):
    bot = await post.sender(channel="telegram")
    await post.groups(bot, "-1", category="farmers", channel="telegram")
    id = await post.send("farmers")
    loop = await post.loop()
    moves_to(post, "-1", "-1001")
    post.provider.gate.clear()
    turn = asyncio.create_task(post.turn(loop))
    await post.provider.until(1)
    async with post.place.transaction() as conn:
        actor = record.part_of_the_system(post.place.organisation, "worker.projection")
        await moves.follow(conn, bot, {"-1": "-1001"}, now=NOON, actor=actor)
    post.provider.gate.set()
    assert await turn == 1
    assert await post.states(id) == {"queued": 1}
    await post.turn(loop)
    assert await post.states(id) == {"sent": 1}
    assert post.provider.chats == {"-1": 1, "-1001": 1}
