"""A picture on its way through real lines: brought once, kept by name, never without asking."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from botserver import BotServer, a_bot_server
from chaupal.broadcasts import deliveries, imaging, jobs, pictures
from chaupal.broadcasts.dispatch import Dispatcher, Leases, SenderLoop
from chaupal.broadcasts.models import BroadcastId, Pictured, PictureId
from chaupal.broadcasts.pace import Pace
from chaupal.broadcasts.showing import REFERENCE_LIFE
from chaupal.channels.contract import Pictures
from chaupal.channels.http import HttpClient
from chaupal.channels.registry import CHANNELS
from chaupal.kit.ids import new_id
from factories import an_organisation
from imagery import a_picture
from staging import Stage

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHATS = 6
RAW = a_picture(1200, 900)
TEXTS = {"hi": "मंडी कल सुबह सात बजे खुलेगी।", "en": "The market opens at seven."}


@dataclass
class Post:
    """An organisation with one sender, a provider, and loops that a test turns by hand."""

    stage: Stage
    clock: object
    provider: BotServer
    http: HttpClient
    picture: PictureId
    seconds: float = 1000.0

    @property
    def organisation(self):
        return self.stage.place.organisation

    async def groups(self, channel: str, category: str = "farmers") -> UUID:
        sender = await self.stage.place.sender(
            channel=channel, endpoint=self.provider.url, rate_per_s=100
        )
        for number in range(CHATS):
            await self.stage.place.group(
                "east-one",
                sender=sender,
                address=f"{channel}:{number}",
                categories=(category,),
                channel=channel,
            )
        return sender

    async def send(self, **changes) -> BroadcastId:
        shown = {language: Pictured(self.picture, f"{language}: a map") for language in TEXTS}
        return await self.stage.frozen(**{"texts": TEXTS, "pictures": shown, **changes})

    async def loop(self) -> SenderLoop:
        """A worker that has just begun: it knows nothing but what stands in the tables."""
        dispatcher = Dispatcher(
            self.stage.rt, self.organisation, self.http, Leases(timedelta(hours=12))
        )
        async with self.stage.place.transaction() as conn:
            await conn.execute("UPDATE sender SET lease_owner = NULL, lease_until = NULL")
            [leased] = await deliveries.lease_senders(
                conn,
                dispatcher.worker,
                channels=list(CHANNELS),
                now=self.stage.rt.now(),
                lease=dispatcher.leases.sender,
            )
        loop = dispatcher._open(leased, self.seconds + 40_000, lambda: self.seconds)
        loop.pace = Pace(
            rate_per_s=100, chat_interval_s=0, clock=lambda: self.seconds, sleep=self.sleep
        )
        return loop

    async def sleep(self, wait_s: float) -> None:
        self.seconds += max(wait_s, 1e-6)

    async def turn(self, loop: SenderLoop, *, after: timedelta = timedelta(seconds=5)) -> int:
        self.seconds += after.total_seconds()
        self.clock.at += after
        return await loop.batch()

    async def references(self) -> list[str]:
        async with self.stage.place.transaction() as conn:
            rows = await (
                await conn.execute("SELECT provider_ref FROM picture_reference ORDER BY 1")
            ).fetchall()
        return [reference for (reference,) in rows]


@pytest.fixture
async def post(rt, clock) -> AsyncIterator[Post]:
    clock.at = NOON
    place = await an_organisation(rt)
    await place.category("farmers")
    stage = Stage(rt, place, await place.account("asha"), await place.account("ravi"), new_id())
    picture = await pictures.keep(rt, RAW, key=str(new_id()), actor=stage.author)
    async with a_bot_server() as provider, HttpClient() as http:
        yield Post(stage, clock, provider, http, picture)


BOTH = pytest.mark.parametrize("channel", ["sandbox", "telegram"])


@BOTH
async def test_a_picture_goes_to_the_provider_once_for_each_sender(post, channel):
    await post.groups(channel)
    id = await post.send()

    assert await post.turn(await post.loop()) == CHATS

    assert await post.stage.states(id) == {"sent": CHATS}
    assert post.provider.brought == [imaging.prepared(RAW).body], "what was approved, and once"
    assert {send.picture for send in post.provider.sends} == {"picture-1"}
    assert {send.text for send in post.provider.sends} == {TEXTS["hi"]}
    assert await post.references() == ["picture-1"]


@BOTH
async def test_a_worker_that_begins_anew_does_not_bring_it_again(post, channel):
    await post.groups(channel)
    await post.send()
    await post.turn(await post.loop())
    await post.send()

    assert await post.turn(await post.loop()) == CHATS

    assert len(post.provider.brought) == 1
    assert len(post.provider.sends) == 2 * CHATS


@BOTH
async def test_a_picture_that_the_provider_forgot_is_brought_again(post, channel):
    await post.groups(channel)
    await post.send()
    loop = await post.loop()
    await post.turn(loop)
    post.provider.pictures.clear()
    id = await post.send()

    assert await post.turn(loop) == CHATS

    assert await post.stage.states(id) == {"sent": CHATS}
    assert len(post.provider.brought) == 2
    assert sum(send.picture == "picture-2" for send in post.provider.sends) == CHATS
    assert await post.references() == ["picture-2"]


@BOTH
async def test_a_reference_a_day_old_is_not_trusted_any_more(post, channel):
    await post.groups(channel)
    await post.send()
    loop = await post.loop()
    await post.turn(loop)
    post.clock.at += REFERENCE_LIFE
    await post.send()

    assert await post.turn(loop) == CHATS

    assert len(post.provider.brought) == 2


async def test_a_lost_answer_of_bringing_it_only_costs_a_wait(post):
    await post.groups("sandbox")
    id = await post.send()
    post.provider.brings_lost = 1
    loop = await post.loop()

    await post.turn(loop)
    assert (await post.stage.states(id), post.provider.sends) == ({"queued": CHATS}, [])
    assert len(post.provider.brought) == 1, "one try for all that wait"
    for _ in range(CHATS):  # the breaker lets one go first
        await post.turn(loop)

    assert await post.stage.states(id) == {"sent": CHATS}


async def test_a_first_message_that_is_refused_does_not_keep_the_others(post):
    await post.groups("telegram")
    id = await post.send()
    *refusing, last = (f"telegram:{number}" for number in range(CHATS))
    for chat in refusing:
        post.provider.answer(chat, 403, description="Forbidden: bot was kicked")

    assert await post.turn(await post.loop()) == CHATS

    assert await post.stage.states(id) == {"sent": 1, "refused": CHATS - 1}
    until_one_was_taken = [send.chat for send in post.provider.sends].index(last) + 1
    assert len(post.provider.brought) == until_one_was_taken, "a refusal tells no name"


async def test_each_sender_brings_its_own(post):
    await post.groups("sandbox")
    await post.send()
    await post.turn(await post.loop())
    async with post.stage.place.transaction() as conn:
        await conn.execute("UPDATE sender SET disabled_at = now(), name = 'the first'")
    await post.groups("telegram")
    await post.send()

    await post.turn(await post.loop())

    assert len(post.provider.brought) == 2
    assert len(await post.references()) == 2


async def test_a_picture_changed_behind_the_approval_is_never_sent(post):
    await post.groups("sandbox")
    other = await pictures.keep(
        post.stage.rt, a_picture(colour="#33c"), key=str(new_id()), actor=post.stage.author
    )
    id = await post.send()
    async with post.stage.place.transaction() as conn:
        await conn.execute("UPDATE broadcast_text SET picture_id = %s", (other,))

    await post.turn(await post.loop())

    assert post.provider.sends == post.provider.brought == []
    assert await post.stage.states(id) == {"queued": CHATS}


@pytest.mark.parametrize("text_alone", [True, False])
async def test_where_a_picture_cannot_go_the_text_goes_alone_only_if_its_author_said_so(
    post, text_alone
):
    await post.groups("sandbox")
    id = await post.send(text_alone=text_alone)
    loop = await post.loop()
    loop.traits = loop.showing.traits = replace(loop.traits, pictures=Pictures.NONE)

    assert await post.turn(loop) == CHATS

    assert await post.stage.states(id) == {"sent" if text_alone else "refused": CHATS}
    assert [send.picture for send in post.provider.sends] == [None] * CHATS * text_alone
    assert await jobs.reconcile(post.stage.rt, post.organisation) == []


async def test_what_has_no_picture_goes_as_ever(post):
    await post.groups("telegram")
    await post.send(pictures={})
    assert await post.turn(await post.loop()) == CHATS
    assert post.provider.brought == []
    assert {send.picture for send in post.provider.sends} == {None}
