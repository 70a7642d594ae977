"""A broadcast by e-mail, from the freeze to the mailbox, and what a bounce changes."""

import asyncio
import re
from datetime import timedelta

import pytest

from chaupal.arrivals.models import Evidence, Failure, StatusArrived
from chaupal.broadcasts import receipts
from chaupal.broadcasts.audience import Everyone
from chaupal.broadcasts.dispatch import Dispatcher
from chaupal.channels.http import HttpClient
from chaupal.people import links
from mailserver import a_mail_server

GONE, MEENA = "gone@people.example", "meena@people.example"
UNDER_WAY = (
    "SELECT 1 FROM delivery WHERE broadcast_id = %s AND state IN ('queued', 'sending') LIMIT 1"
)
NAMED = (
    "SELECT d.id, d.provider_ref FROM delivery d JOIN person p ON p.id = d.person_id"
    " WHERE d.broadcast_id = %s AND p.id = %s"
)


@pytest.fixture
async def box():
    async with a_mail_server() as box:
        yield box


async def mailed(stage, *addresses: str) -> list:
    return [
        await stage.place.person("east-one", chat=one, channel="email", purpose="messages")
        for one in addresses
    ]


async def sent(stage, box) -> object:
    """Freeze a broadcast to everybody with an address, and let a worker send all of it."""
    id = await stage.frozen(Everyone(), via=("email",))
    stop = asyncio.Event()
    async with HttpClient() as http:
        worker = Dispatcher(stage.rt, stage.place.organisation, http)
        working = asyncio.create_task(worker.run(stop))
        try:
            async with asyncio.timeout(60):
                while await rows(stage, UNDER_WAY, id):
                    assert not working.done()
                    await asyncio.sleep(0.02)
        finally:
            stop.set()
            await working
    return id


async def rows(stage, sql: str, *values: object) -> list[tuple]:
    async with stage.place.transaction() as conn:
        return await (await conn.execute(sql, values)).fetchall()


async def suppressed(stage) -> list[tuple]:
    return await rows(stage, "SELECT channel, reason FROM suppression")


@pytest.fixture
async def office(stage, box):
    await stage.place.sender("mail", channel="email", endpoint=box.endpoint(), token="")
    return stage


async def test_each_gets_one_mail_with_a_way_out_of_their_own(office, box):
    meena, ravi = await mailed(office, MEENA, "ravi@people.example")

    id = await sent(office, box)

    assert await office.states(id) == {"sent": 2}
    assert {str(got["To"]) for got in box.mails()} == {MEENA, "ravi@people.example"}
    owners = set()
    for got in box.mails():
        [token] = re.findall(r"/p/([\w-]+)/unsubscribe/email", got["List-Unsubscribe"])
        owners.add(links.read_own_token(office.rt.sealer, token, now=office.rt.now())[1])
    assert owners == {meena, ravi}


async def test_an_address_that_is_no_more_is_not_written_to_again(office, box):
    await mailed(office, GONE, MEENA)
    box.at_rcpt[GONE] = "550 5.1.1 no such user"

    assert await office.states(await sent(office, box)) == {"refused": 1, "sent": 1}

    assert await suppressed(office) == [("email", "bounced")]
    assert await office.states(await sent(office, box)) == {"sent": 1}


@pytest.mark.parametrize(
    ("failure", "expected"),
    [(Failure.NO_SUCH_ADDRESS, [("email", "bounced")]), (Failure.BLOCKED, [])],
)
async def test_a_bounce_that_comes_later_ends_the_address_only_if_it_is_gone(
    office, box, failure, expected
):
    [gone] = await mailed(office, GONE)
    id = await sent(office, box)
    [sender] = await rows(office, "SELECT id FROM sender WHERE channel = 'email'")
    [(_, reference)] = await rows(office, NAMED, id, gone)
    at = office.rt.now() + timedelta(seconds=1)
    bounce = StatusArrived(at, reference, None, Evidence.ACCEPTED, failure)

    for _ in range(2):
        async with office.place.transaction() as conn:
            await receipts.apply(conn, sender[0], [bounce], now=at)

    assert await office.states(id) == {"refused": 1}
    assert await suppressed(office) == expected


async def test_that_a_number_has_no_messenger_leaves_the_number_to_others(office, box):
    person = await office.place.person("east-one", chat="p:1", purpose="messages")
    id = await office.frozen(Everyone(), via=("sandbox",))
    async with office.place.transaction() as conn:
        await conn.execute(
            "UPDATE delivery SET state = 'sent', evidence = 1, provider_ref = 'r1', sent_at = now()"
            " WHERE person_id = %s",
            (person,),
        )
    word = StatusArrived(office.rt.now(), "r1", None, Evidence.ACCEPTED, Failure.NO_SUCH_ADDRESS)
    async with office.place.transaction() as conn:
        await receipts.apply(conn, office.bot, [word], now=office.rt.now())
    assert await office.states(id) == {"refused": 1}
    assert await suppressed(office) == []
