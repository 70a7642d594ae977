"""A broadcast by SMS, from the freeze to the telephone and back: receipts, words, outages, law."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from chaupal.broadcasts import held, jobs, registered
from chaupal.broadcasts.audience import Everyone
from chaupal.broadcasts.dispatch import Dispatcher
from chaupal.channels.http import HttpClient
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, Refused
from chaupal.worker import projection
from factories import Place
from lawful import entered
from smscentre import ENTITY, SIGN_IN, TELEMARKETER, Centre, a_centre
from staging import Stage

HINDI, ENGLISH = "1107000000000000011", "1107000000000000012"
TEXTS = {"hi": "मंडी कल सुबह सात बजे खुलेगी।", "en": "The market opens at seven."}
BODIES = {"hi": "मंडी {#var#} बजे खुलेगी।", "en": "The market opens at {#var#}."}
NUMBERS = {"hi": HINDI, "en": ENGLISH}
EVIDENCE = "SELECT state::text, evidence FROM delivery WHERE broadcast_id = %s ORDER BY id"


def number(count: int) -> str:
    return f"+9111000{count:05}"


@dataclass
class Office:
    """An organisation that is registered with the ledger, and its centre."""

    stage: Stage
    centre: Centre
    sender: UUID

    async def people(self, count: int, *, language: str = "hi") -> list[UUID]:
        return [
            await self.stage.place.person(
                "east-one",
                chat=number(one),
                channel="phone",
                purpose="messages",
                language=language,
            )
            for one in range(count)
        ]

    async def frozen(self, **changes):
        return await self.stage.frozen(Everyone(), via=("sms",), **{"texts": TEXTS, **changes})

    async def rows(self, sql: str, *values: object) -> list[tuple]:
        async with self.stage.place.transaction() as conn:
            return await (await conn.execute(sql, values)).fetchall()

    async def until(self, condition) -> None:
        async with asyncio.timeout(60):
            while not await condition():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def states(self, id) -> dict[str, int]:
        """The account as it stands, while others work on it; their upkeep runs too."""
        await jobs.tidy(self.stage.rt, self.stage.place.organisation)
        counted = "SELECT state::text, count(*) FROM delivery WHERE broadcast_id = %s GROUP BY 1"
        return dict(await self.rows(counted, id))

    async def until_states(self, id, **states: int) -> None:
        async def reached() -> bool:
            return await self.states(id) == states

        await self.until(reached)

    async def until_evidence(self, id, *rungs: tuple[str, int]) -> None:
        async def reached() -> bool:
            await self.states(id)
            return sorted(await self.rows(EVIDENCE, id)) == sorted(rungs)

        await self.until(reached)

    @asynccontextmanager
    async def working(self):
        """A worker's dispatcher and projector at work."""
        stop, rt = asyncio.Event(), self.stage.rt
        async with HttpClient() as http:
            dispatcher = Dispatcher(rt, self.stage.place.organisation, http)
            tasks = [
                asyncio.create_task(dispatcher.run(stop)),
                asyncio.create_task(projection.run(rt, stop)),
            ]
            try:
                yield
            finally:
                stop.set()
                await asyncio.gather(*tasks)


async def register(place: Place, actor, languages=("hi", "en")) -> None:
    for language in languages:
        await registered.enter(
            place.rt,
            number=NUMBERS[language],
            header="CHAUPL",
            language=language,
            body=BODIES[language],
            key=str(new_id()),
            actor=actor,
        )


@pytest.fixture
async def office(stage):
    async with a_centre() as centre:
        sender = await stage.place.sender(
            "sms", channel="sms", endpoint=centre.endpoint(), token=SIGN_IN
        )
        await register(stage.place, stage.author)
        yield Office(stage, centre, sender)


async def test_each_language_goes_under_its_own_number_and_its_receipt_comes_back(office):
    await office.people(1)
    await office.stage.place.person(
        "east-two", chat=number(7), channel="phone", purpose="messages", language="en"
    )
    await office.centre.do("behave", receipts="DELIVRD")
    async with office.working():
        id = await office.frozen()
        await office.until_evidence(id, ("sent", 2), ("sent", 2))
    went = {got["to"]: got for got in office.centre.of("submitted")}
    assert went["911100000000"]["template"] == HINDI
    assert went["911100000000"]["text"] == TEXTS["hi"]
    assert went["911100000007"]["template"] == ENGLISH
    assert {got["entity"] for got in went.values()} == {ENTITY}
    assert {got["telemarketer"] for got in went.values()} == {TELEMARKETER}


async def test_a_sender_is_listened_to_with_nothing_to_send_and_a_receipt_may_be_a_day_late(
    office,
):
    await office.people(1)
    async with office.working():
        id = await office.frozen()
        await office.until_evidence(id, ("sent", 1))
    await office.centre.until(lambda: office.centre.of("unbound"))
    await office.centre.do("receipt", id="m-1")
    await office.centre.do("receipt", id="m-1")  # twice, and nobody is there yet

    async with office.working():  # the next day, say: nothing is queued any more
        await office.until_evidence(id, ("sent", 2))
        await office.centre.until(lambda: len(office.centre.of("brought")) == 2)
    assert len(office.centre.of("submitted")) == 1


async def test_a_receipt_may_come_before_the_answer(office):
    await office.people(3)
    await office.centre.do("behave", receipt_first="DELIVRD", late_ms=300)
    async with office.working():
        id = await office.frozen()
        await office.until_evidence(id, *[("sent", 2)] * 3)


async def test_a_failed_receipt_says_why(office):
    await office.people(1)
    await office.centre.do("behave", receipts="UNDELIV")
    async with office.working():
        id = await office.frozen()
        await office.until_states(id, refused=1)
    assert await office.rows("SELECT failure FROM delivery WHERE broadcast_id = %s", id) == [
        ("undelivered",)
    ]


async def test_a_centre_killed_in_mid_send_leaves_what_was_in_flight_unknown_for_good(office):
    await office.people(60)
    centre = office.centre
    async with office.working():
        await centre.until(lambda: centre.of("bound"))  # before anything is there to send
        await centre.do("behave", silent=True)
        id = await office.frozen()
        await centre.until(lambda: len(centre.of("submitted")) >= 5)
        await centre.kill()
        await centre.listened()
        first = [got["to"] for got in centre.of("submitted")]
        async with a_centre(port=centre.port) as again:
            await again.do("behave", prefix="n", receipts="DELIVRD")

            async def settled() -> bool:
                await jobs.keep_in_order(office.stage.rt, office.stage.place.organisation)
                return (await office.states(id)).keys() <= {"sent", "unknown"}

            await office.until(settled)
            second = [got["to"] for got in again.of("submitted")]
    states = await office.stage.states(id)
    assert set(first) & set(second) == set()  # nobody is written to twice
    assert len(set(first)) == len(first)
    assert len(set(second)) == len(second)
    # As many are in doubt as were handed to the dead one, or might have been: no more than the
    # window, and each of the others went once.
    assert len(first) <= states["unknown"] <= 10
    assert states["sent"] == len(second) == 60 - states["unknown"]


async def test_a_storm_of_throttling_delays_and_repeats_nothing(office):
    await office.people(40)
    await office.centre.do("behave", answers=[0x58] * 20)
    async with office.working():
        id = await office.frozen()
        await office.until_states(id, sent=40)
    taken = [got["to"] for got in office.centre.of("submitted") if got["status"] == 0]
    assert len(taken) == len(set(taken)) == 40


async def test_stop_by_sms_withdraws_and_nothing_more_goes_there(office):
    [asha, _] = await office.people(2)
    async with office.working():
        await office.centre.until(lambda: office.centre.of("bound"))
        await office.centre.do("bring", source_addr=number(0)[1:], short_message="बंद करो")

        async def stopped() -> bool:
            return await office.rows("SELECT channel, reason FROM suppression") == [
                ("phone", "asked")
            ]

        await office.until(stopped)
        id = await office.frozen()
        await office.until_states(id, sent=1)
    acts = await office.rows(
        "SELECT purpose, channel, basis FROM consent WHERE person_id = %s AND act = 'withdrawn'",
        asha,
    )
    assert ("messages", "phone", "keyword") in acts
    [got] = office.centre.of("submitted")
    assert got["to"] == number(1)[1:]


@pytest.mark.parametrize("election_matter", [True, False])
async def test_no_sms_goes_into_a_silence_whatever_it_says(office, election_matter):
    await office.people(2)
    place = office.stage.place
    await office.stage.place.person("west-one", chat=number(9), channel="phone", purpose="messages")
    # It begins in six hours, and a message may live for twelve.
    await entered(place, office.stage.author, closes_in=timedelta(hours=54))
    async with office.working():
        id = await office.frozen(election_matter=election_matter)
        await office.until_states(id, sent=1, queued=2)
    assert [got["to"] for got in office.centre.of("submitted")] == [number(9)[1:]]
    async with place.transaction() as conn:
        found = await held.held(conn, id, now=office.stage.rt.now(), limit=10)
    assert [(row.why, row.targets) for row in found] == [("silence", 2)]


async def test_what_is_not_registered_or_too_long_is_refused_when_it_is_written(office):
    await office.people(1)
    for texts, code in (
        ({"hi": "मंडी कल बंद रहेगी।"}, "broadcast.not_registered"),
        ({"hi": TEXTS["hi"], "en": "The market  opens at seven."}, "broadcast.not_registered"),
        ({"hi": "अ" * 671}, "broadcast.too_many_segments"),
    ):
        with pytest.raises(Invalid) as refused:
            await office.stage.written(Everyone(), via=("sms",), texts=texts)
        assert refused.value.code == code
    with pytest.raises(Invalid) as refused:  # the label is part of what goes out
        await office.stage.written(Everyone(), via=("sms",), texts=TEXTS, synthetic=True)
    assert refused.value.code == "broadcast.not_registered"
    await office.stage.written(Everyone(), via=("sandbox",), texts={"hi": "अ" * 671})


async def test_a_registration_withdrawn_since_refuses_the_approval_and_stops_what_goes(office):
    await office.people(2)
    stage = office.stage
    id = await stage.submitted(Everyone(), via=("sms",), texts=TEXTS)
    going = await office.frozen()
    await registered.withdraw(stage.rt, HINDI, key=str(new_id()), actor=stage.author)
    with pytest.raises(Invalid) as refused:
        await stage.approve(id)
    assert refused.value.code == "broadcast.not_registered"
    async with office.working():

        async def tried() -> bool:
            rows = await office.rows("SELECT attempts FROM delivery WHERE broadcast_id = %s", going)
            return all(attempts > 0 for (attempts,) in rows)

        await office.until(tried)
        await office.until_states(going, queued=2)
    assert office.centre.of("submitted") == []


async def test_texts_are_entered_by_administrators_once_and_as_the_ledger_writes_them(office):
    stage = office.stage
    good = {"number": "1107000000000000099", "header": "CHAUPL", "language": "hi", "body": "सभा"}
    for change, code in (
        ({"number": "12"}, "registered.number_malformed"),
        ({"number": HINDI}, "registered.number_taken"),
        ({"header": "CHAUPL-S"}, "registered.header_malformed"),
        ({"body": " "}, "registered.body_malformed"),
        ({"body": "सभा {#colour#}"}, "registered.variable_unknown"),
    ):
        with pytest.raises(Refused) as refused:
            await registered.enter(
                stage.rt, **{**good, **change}, key=str(new_id()), actor=stage.author
            )
        assert refused.value.code == code
    key = str(new_id())
    for _ in range(2):
        await registered.enter(stage.rt, **good, key=key, actor=stage.author)
    desk = await stage.place.account("desk", role="desk")
    with pytest.raises(NotAllowed):
        await registered.enter(stage.rt, **good, key=str(new_id()), actor=desk)
    async with stage.place.transaction() as conn:
        assert len(await registered.listed(conn)) == 3
