"""WhatsApp's own stop and resume of marketing, as they change the ledger of consent."""

from datetime import timedelta

import pytest

import cloudserver
from chaupal.arrivals import log
from cloudserver import change
from worker.test_consent import acts, at, bazaar

__all__ = ["bazaar"]

CLOUD = "whatsapp_cloud"
MEENA, USER = "+911100000001", "IN.13491208655302741918"
WRITABLE = (
    "SELECT purpose FROM writable WHERE organisation_id = current_organisation()"
    " AND person_id = %s ORDER BY purpose"
)


@pytest.fixture
async def number(bazaar):
    return await bazaar.place.sender("number", channel=CLOUD)


def preference(value: str, minutes: float, **whose) -> dict:
    told = {
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(at(minutes).timestamp()),
        **(whose or {"wa_id": MEENA[1:]}),
    }
    return change({"user_preferences": [told]}, what="user_preferences")


def wrote(text: str, minutes: float) -> dict:
    said = {
        "from": MEENA[1:],
        "id": cloudserver.wamid(MEENA[1:], int(minutes)),
        "timestamp": f"{int(at(minutes).timestamp())}",
        "type": "text",
        "text": {"body": text},
    }
    return change({"messages": [said]})


async def told(bazaar, number, clock, *changes: dict) -> None:
    clock.at += timedelta(minutes=10)
    await log.publish(
        bazaar.rt.nats,
        bazaar.organisation,
        number.hex,
        cloudserver.webhook(*changes),
        received_at=bazaar.rt.now(),
        channel=CLOUD,
    )
    await bazaar.projected()


async def meena(bazaar, chat: str = MEENA, *purposes: str):
    person = await bazaar.place.person("east-one", chat=chat, channel=CLOUD, consents=False)
    for purpose in purposes:
        await bazaar.place.says(person, "given", channel=CLOUD, purpose=purpose)
    return person


async def writable(bazaar, person) -> list[str]:
    async with bazaar.place.transaction() as conn:
        return [p for (p,) in await (await conn.execute(WRITABLE, (person,))).fetchall()]


async def test_a_stop_withdraws_and_a_resume_gives_back_what_it_took(bazaar, number, clock):
    person = await meena(bazaar, MEENA, "messages")
    await told(bazaar, number, clock, preference("stop", 1))
    assert await writable(bazaar, person) == []
    await told(bazaar, number, clock, preference("resume", 2))
    assert await writable(bazaar, person) == ["messages"], "and no coordination with it"


@pytest.mark.parametrize("chat", [MEENA, USER])
async def test_whoever_shows_no_number_is_known_by_their_id(bazaar, number, clock, chat):
    person = await meena(bazaar, chat, "messages")
    whose = {"user_id": USER} if chat == USER else {"wa_id": MEENA[1:], "user_id": USER}
    await told(bazaar, number, clock, preference("stop", 1, **whose))
    assert await writable(bazaar, person) == []
    await told(bazaar, number, clock, preference("resume", 2, **whose))
    assert await writable(bazaar, person) == ["messages"]


async def test_a_resume_is_no_consent_of_whoever_never_agreed(bazaar, number, clock):
    person = await meena(bazaar)
    await told(bazaar, number, clock, preference("resume", 1))
    await told(bazaar, number, clock, preference("stop", 2), preference("resume", 3))
    assert await writable(bazaar, person) == []
    assert "given" not in {row[3] for row in await acts(bazaar)}


@pytest.mark.parametrize("first", ["word", "settings"])
async def test_a_resume_does_not_undo_a_stop_that_was_written_to_us(bazaar, number, clock, first):
    person = await meena(bazaar, MEENA, "messages")
    stops = {"word": wrote("STOP", 1), "settings": preference("stop", 2)}
    for kind in sorted(stops, key=lambda kind: kind != first):
        await told(bazaar, number, clock, stops[kind])
    await told(bazaar, number, clock, preference("resume", 30))
    assert await writable(bazaar, person) == []
    await told(bazaar, number, clock, wrote("START", 40))
    assert "messages" in await writable(bazaar, person), "their own word does"


async def test_a_late_resume_takes_back_no_later_stop(bazaar, number, clock):
    person = await meena(bazaar, MEENA, "messages")
    await told(bazaar, number, clock, preference("stop", 5))
    await told(bazaar, number, clock, preference("resume", 4))
    assert await writable(bazaar, person) == []
    before = await acts(bazaar)
    await told(bazaar, number, clock, preference("stop", 5), preference("resume", 4))
    assert await acts(bazaar) == before, "a replay changes nothing"


async def test_a_stop_told_by_a_refused_send_is_one_of_the_settings_too(bazaar, number, clock):
    person = await meena(bazaar, MEENA, "messages")
    id = cloudserver.wamid(MEENA[1:], 7)
    failed = cloudserver.status(id, "failed", at=int(at(1).timestamp()), errors=[{"code": 131050}])
    await told(bazaar, number, clock, failed)
    assert await writable(bazaar, person) == []
    await told(bazaar, number, clock, preference("resume", 2))
    assert await writable(bazaar, person) == ["messages"]
