"""Senders by program: read, limited and let go on by administrators of the whole organisation."""

from datetime import UTC, datetime

import pytest

from chaupal.kit.ids import new_id
from chaupal.organisations import Right

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LIMITS = {
    "rate_per_s": 80, "chat_interval_s": 1.5, "portfolio": "p-1", "daily_limit": 250,
    "pair_interval_s": 6.0, "pair_burst": 45,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _march(clock):
    clock.at = NOON


@pytest.fixture
async def bot(place):
    return await place.sender("bot")


async def rows(place, sql: str) -> list[tuple]:
    async with place.transaction() as conn:
        return await (await conn.execute(sql)).fetchall()


async def test_limits_are_written_once_and_read_again_and_stand_in_the_record(program, place, bot):
    key = str(new_id())
    for _ in range(2):
        assert (await program.post(f"senders/{bot}/limits", LIMITS, key=key)).status == 204
    [seen] = (await program.get("senders")).json
    assert (seen["id"], seen["name"], seen["limits"]) == (str(bot), "bot", LIMITS)
    [(label, facts)] = await rows(
        place, "SELECT actor_label, facts FROM record WHERE kind = 'sender.limits_written'"
    )
    assert (label, facts["daily_limit"], facts["pair_burst"]) == ("asha", 250, 45)

    less = {"rate_per_s": 20}
    other = await program.post(f"senders/{bot}/limits", less, key=key)
    assert other.status == 409, "one key is one request"
    assert (await program.post(f"senders/{bot}/limits", less)).status == 204
    [seen] = (await program.get("senders")).json
    assert seen["limits"]["daily_limit"] is None, "what is left out is known no more"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"rate_per_s": 0}, "sender.limit_malformed"),
        ({"daily_limit": 0}, "sender.limit_malformed"),
        ({"pair_burst": None}, "sender.limit_malformed"),
        ({"portfolio": "p 1"}, "sender.limit_malformed"),
        ({"rate_per_s": "many"}, "request.malformed"),
        ({"limit": 7}, "request.malformed"),
    ],
)
async def test_what_is_no_limit_is_refused_and_nothing_is_written(program, place, bot, wrong, code):
    told = await program.post(f"senders/{bot}/limits", {**LIMITS, **wrong})
    assert (told.status, told.json["code"]) == (422, code)
    assert await rows(place, "SELECT 1 FROM record WHERE kind = 'sender.limits_written'") == []


async def test_a_stopped_sender_says_why_and_is_let_go_on(program, place, bot):
    await rows(
        place,
        "INSERT INTO sender_stop (organisation_id, sender_id, at, halt, reason) SELECT"
        " organisation_id, id, '2026-03-10T12:00Z', 'sender', 'reported_as_spam' FROM sender"
        " RETURNING 1",
    )
    [seen] = (await program.get("senders")).json
    assert (seen["stopped_at"], seen["stopped_reason"]) == (
        "2026-03-10T12:00:00Z",
        "reported_as_spam",
    )
    assert (await program.post(f"senders/{bot}/go-on")).status == 204
    [seen] = (await program.get("senders")).json
    assert seen["stopped_at"] is None
    assert (await program.post(f"senders/{new_id()}/go-on")).status == 404


async def test_senders_are_for_who_administers_all_of_it_with_a_key_that_says_so(
    keyed, place, admin, bot
):
    here = await keyed(await place.account("bina", at="east-one"))
    coordinator = await keyed(await place.account("kiran", role="coordinator"))
    narrow = await keyed(admin, Right.VIEW)
    for who in (here, coordinator, narrow):
        assert (await who.get("senders")).status == 403
        assert (await who.post(f"senders/{bot}/limits", LIMITS)).status == 403
        assert (await who.post(f"senders/{bot}/go-on")).status == 403
