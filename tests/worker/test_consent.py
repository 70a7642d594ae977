"""What people say to a sender takes effect exactly once, and before the next claim."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from chaupal.arrivals import log
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.people import consent, notices
from chaupal.relay import jobs
from chaupal.relay.telling import CHANNELS_IN_ORDER
from factories import an_organisation
from relaying import a_bazaar

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LEDGER = (
    "SELECT person_id, purpose, channel, act::text, notice_version, basis, proof, at FROM consent"
    " ORDER BY id"
)


@pytest.fixture
async def bazaar(rt, clock):
    clock.at = NOON
    bazaar = await a_bazaar(rt)
    bodies = {"hi": "हम ख़बर भेजेंगे।", "en": "We will send you news."}
    await notices.publish(rt, "2026-1", bodies, key=str(new_id()), actor=bazaar.author)
    return bazaar


@pytest.fixture
async def bot(bazaar):
    return await bazaar.place.sender()


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def word(number: int, person: str, text: str, minutes: float = 0) -> dict:
    when = at(minutes).isoformat()
    return {"update_id": number, "type": "direct", "at": when, "from": person, "text": text}


def press(number: int, person: str, button: str, minutes: float = 0) -> dict:
    when = at(minutes).isoformat()
    return {"update_id": number, "type": "button", "at": when, "from": person, "button": button}


async def bring(bazaar, sender, body: dict, *, channel: str = "sandbox") -> None:
    await log.publish(
        bazaar.rt.nats,
        bazaar.organisation,
        sender.hex,
        json.dumps(body).encode(),
        received_at=bazaar.rt.now(),
        channel=channel,
    )


async def told(bazaar, sender, *updates: dict) -> None:
    """Bring updates of the sandbox and apply them."""
    await bring(bazaar, sender, {"updates": list(updates)})
    await bazaar.projected()


async def acts(bazaar) -> list[tuple]:
    """The ledger without what the factory wrote."""
    return [row for row in await bazaar.rows(LEDGER) if row[6] != "test"]


async def suppressed(bazaar) -> int:
    [(count,)] = await bazaar.rows("SELECT count(*)::int FROM suppression")
    return count


async def test_stop_withdraws_everything_on_its_channel_and_leaves_no_text(bazaar, bot):
    asha = await bazaar.place.person("east-one", chat="p:asha")
    await told(bazaar, bot, word(1, "p:asha", "  बंद करो! "))
    rows = await acts(bazaar)
    assert [(row[0], row[1], row[3], row[5]) for row in rows] == [
        (asha, "coordination", "withdrawn", "keyword"),
        (asha, "messages", "withdrawn", "keyword"),
    ]
    assert "बंद" not in str(rows)
    assert await bazaar.rows("SELECT kind, group_id, text FROM arrival") == [("word", None, None)]
    assert await suppressed(bazaar) == 1


async def test_a_button_says_it_too(bazaar, bot):
    await bazaar.place.person("east-one", chat="p:asha")
    await told(bazaar, bot, press(1, "p:asha", "stop"))
    assert {(row[3], row[5]) for row in await acts(bazaar)} == {("withdrawn", "button")}
    await told(bazaar, bot, press(2, "p:asha", "launch", 1))
    assert len(await acts(bazaar)) == 2


async def test_start_gives_back_what_stop_took_and_names_the_newest_notice(bazaar, bot, clock):
    await bazaar.place.person("east-one", chat="p:asha")
    await told(bazaar, bot, word(1, "p:asha", "STOP"))
    clock.at = at(1)
    await told(bazaar, bot, word(2, "p:asha", "शुरू", 1))
    given = [row for row in await acts(bazaar) if row[3] == "given"]
    assert [(row[1], row[4]) for row in given] == [
        ("coordination", "2026-1"),
        ("messages", "2026-1"),
    ]
    assert await suppressed(bazaar) == 0


async def test_start_of_somebody_who_never_agreed_gives_messages_alone(bazaar, bot):
    await bazaar.place.person("east-one", chat="p:asha", consents=False)
    await told(bazaar, bot, word(1, "p:asha", "START"))
    assert [(row[1], row[3]) for row in await acts(bazaar)] == [("messages", "given")]


async def test_start_without_a_notice_gives_nothing(bazaar, bot, rt):
    other = await an_organisation(rt, "dusra")
    theirs = await other.sender()
    await other.person("east-one", chat="p:asha", consents=False)
    body = {"updates": [word(1, "p:asha", "START")]}
    await log.publish(
        rt.nats, other.organisation, theirs.hex, json.dumps(body).encode(),
        received_at=NOON, channel="sandbox",
    )  # fmt: skip
    await bazaar.projected()
    async with db.transaction(rt.pool, other.organisation) as conn:
        assert await (await conn.execute(LEDGER)).fetchall() == []


async def test_a_stop_of_nobody_we_know_keeps_the_address_from_being_written_to(bazaar, bot):
    await told(bazaar, bot, word(1, "p:stranger", "रोको"))
    assert await acts(bazaar) == []
    assert await suppressed(bazaar) == 1
    newcomer = await bazaar.place.person("east-one", chat="p:stranger")
    may = await bazaar.rows(
        "SELECT EXISTS (SELECT FROM writable w WHERE w.id = c.id AND w.purpose = 'coordination')"
        " FROM contact_point c WHERE person_id = %s",
        newcomer,
    )
    assert may == [(False,)]


async def test_a_sentence_is_no_word_and_a_word_in_a_group_is_a_remark(bazaar, bot):
    await bazaar.place.person("east-one", chat="p:asha")
    await bazaar.place.group("east-one", sender=bot, address="g1")
    remark = {
        "update_id": 2, "type": "message", "at": NOON.isoformat(), "chat_id": "g1",
        "from": "p:asha", "text": "STOP",
    }  # fmt: skip
    await told(bazaar, bot, word(1, "p:asha", "stop the noise please"), remark)
    assert await acts(bazaar) == []
    assert await bazaar.rows("SELECT text FROM arrival ORDER BY event_key") == [(None,), ("STOP",)]


async def test_a_no_counts_however_late_it_comes_and_a_late_yes_does_not(bazaar, bot, clock):
    await bazaar.place.person("east-one", chat="p:asha")
    clock.at = at(10)
    await told(bazaar, bot, word(2, "p:asha", "STOP", 5))
    await told(bazaar, bot, word(1, "p:asha", "START", 3))
    assert {row[3] for row in await acts(bazaar)} == {"withdrawn"}
    assert await suppressed(bazaar) == 1
    await told(bazaar, bot, word(4, "p:asha", "START", 8))
    await told(bazaar, bot, word(3, "p:asha", "STOP", 7))
    assert [row[3] for row in await acts(bazaar)][-2:] == ["withdrawn", "withdrawn"]


async def test_of_several_words_at_once_the_last_holds(bazaar, bot, clock):
    await bazaar.place.person("east-one", chat="p:asha")
    clock.at = at(10)
    flurry = [word(n, "p:asha", text, n) for n, text in enumerate(("STOP", "START", "बंद", "चालू"))]
    await told(bazaar, bot, *flurry, word(9, "p:asha", "STOP", 3))
    assert {row[3] for row in await acts(bazaar)} == {"withdrawn"}, "a stop wins a tie"


@pytest.mark.parametrize("seed", range(3))
async def test_a_replay_in_other_batches_changes_nothing(bazaar, bot, clock, seed):
    dice = random.Random(seed)
    for name in ("a", "b", "c"):
        await bazaar.place.person("east-one", chat=f"p:{name}")
    clock.at = at(100)
    for number in range(40):
        said = word(number, f"p:{dice.choice('abcd')}", dice.choice(("STOP", "START")), number)
        for _ in range(dice.choice((1, 1, 2))):
            await bring(bazaar, bot, {"updates": [said]})
    await bazaar.projected()
    before = await bazaar.rows(LEDGER), await suppressed(bazaar)

    await bazaar.rows("UPDATE projection SET stream_sequence = 0 RETURNING 1")
    await bazaar.projected()

    assert (await bazaar.rows(LEDGER), await suppressed(bazaar)) == before
    assert len(before[0]) > 3


async def test_a_word_in_a_matrix_room_counts_for_the_room_and_the_writer_but_not_in_a_group(
    bazaar,
):
    homeserver = await bazaar.place.sender("hs", channel="matrix")
    by_room = await bazaar.place.person("east-one", chat="!dm:x", channel="matrix")
    by_name = await bazaar.place.person("east-one", chat="@ravi:x", channel="matrix")
    await bazaar.place.group("east-one", sender=homeserver, address="!group:x", channel="matrix")

    def event(id: str, room: str, sender: str) -> dict:
        return {
            "type": "m.room.message", "event_id": id, "room_id": room, "sender": sender,
            "origin_server_ts": int(NOON.timestamp() * 1000), "content": {"body": "बंद"},
        }  # fmt: skip

    events = [event("$1", "!group:x", "@ravi:x"), event("$2", "!dm:x", "@asha:x")]
    await bring(bazaar, homeserver, {"events": events}, channel="matrix")
    await bazaar.projected()
    assert {row[0] for row in await acts(bazaar)} == {by_room}
    await bring(
        bazaar, homeserver, {"events": [event("$3", "!other:x", "@ravi:x")]}, channel="matrix"
    )
    await bazaar.projected()
    assert {row[0] for row in await acts(bazaar)} == {by_room, by_name}


def private(**post) -> dict:
    return {"chat": {"id": 77, "type": "private"}, "date": int(NOON.timestamp()), **post}


TELEGRAM = {
    "a word": ({"message": private(text="रोको")}, "keyword"),
    "a command": ({"message": private(text="/stop")}, "keyword"),
    "a button": ({"callback_query": {"from": {"id": 77}, "data": "chaupal:stop"}}, "button"),
    "blocking the bot": (
        {"my_chat_member": private(new_chat_member={"status": "kicked"})},
        "button",
    ),
}


@pytest.mark.parametrize(("update", "basis"), TELEGRAM.values(), ids=TELEGRAM.keys())
async def test_telegram_says_stop_in_four_ways(bazaar, update, basis):
    bot = await bazaar.place.sender(channel="telegram")
    await bazaar.place.person("east-one", chat="77", channel="telegram")
    await bring(bazaar, bot, {"update_id": 5, **update}, channel="telegram")
    await bazaar.projected()
    assert [(row[3], row[5]) for row in await acts(bazaar)] == [("withdrawn", basis)] * 2


@pytest.mark.parametrize("text", ["/start", "/start abc", "START the motor"])
async def test_opening_a_chat_with_the_bot_is_no_yes(bazaar, text):
    bot = await bazaar.place.sender(channel="telegram")
    await bazaar.place.person("east-one", chat="77", channel="telegram", consents=False)
    await bring(bazaar, bot, {"update_id": 5, "message": private(text=text)}, channel="telegram")
    await bazaar.projected()
    assert await acts(bazaar) == []


async def _queued(bazaar) -> list[str]:
    return [row.telling for row in await bazaar.assignments()]


WITHDRAWALS = ("keyword", "own page", "address", "desk")


@pytest.mark.parametrize("how", WITHDRAWALS)
async def test_a_withdrawal_between_freeze_and_claim_wins(bazaar, bot, rt, how):
    from chaupal.people import suppression
    from chaupal.people.models import ContactChannel, NewContact
    from chaupal.relay import tellings

    asha = await bazaar.place.person("east-one", chat="p:asha")
    await bazaar.group("east-one", asha)
    await bazaar.tasked()
    assert await _queued(bazaar) == ["queued"]

    match how:
        case "keyword":
            await told(bazaar, bot, word(1, "p:asha", "STOP"))
        case "own page":
            await consent.stop_everything(rt, bazaar.organisation, asha)
        case "address":
            contact = NewContact(ContactChannel.SANDBOX, "p:asha")
            await suppression.suppress_address(rt, contact, actor=bazaar.author)
        case "desk":
            await suppression.suppress(rt, asha, actor=bazaar.author)

    async with bazaar.place.transaction() as conn:
        parts = await tellings.claim(
            conn,
            channels=list(CHANNELS_IN_ORDER),
            now=rt.now(),
            lease=timedelta(minutes=1),
            limit=10,
        )
    assert [(part.telling, part.channel) for part in parts] == [("untellable", None)]


async def test_whoever_stopped_is_asked_after_those_whom_we_can_tell(bazaar, bot, rt):
    asha = await bazaar.place.person("east-one", chat="p:asha")
    ravi = await bazaar.place.person("east-one", chat="p:ravi")
    await bazaar.group("east-one", asha, ravi)
    await told(bazaar, bot, word(1, "p:asha", "STOP"))
    await bazaar.sending()
    await jobs.open_tasks(rt, bazaar.organisation)
    assert [row.person_id for row in await bazaar.assignments()] == [ravi]
