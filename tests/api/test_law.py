"""Polls and stopped areas, for programs."""

from datetime import UTC, datetime

import pytest

POLL = {
    "election": "Assembly",
    "phase": "1",
    "opens_at": "2026-03-20T01:30:00Z",
    "closes_at": "2026-03-20T12:30:00Z",
    "source": "Notification 7",
    "units": ["east", "west-one"],
}


@pytest.fixture(autouse=True)
def _march(clock):
    clock.at = datetime(2026, 3, 10, 12, tzinfo=UTC)


async def test_a_poll_is_entered_and_taken_back_by_two(program, keyed, place):
    id = (await program.post("polls", POLL)).json["id"]
    [seen] = (await program.get("polls")).json
    assert seen["silent_from"] == "2026-03-18T12:30:00Z"
    assert seen["units"] == ["east", "west-one"]
    assert (await program.post(f"polls/{id}/doubt", {"reason": "another day"})).status == 204
    told = await program.post(f"polls/{id}/withdraw")
    assert (told.status, told.json["code"]) == (409, "poll.second_person")
    other = await keyed(await place.account("ravi"))
    assert (await other.post(f"polls/{id}/withdraw")).status == 204
    [seen] = (await program.get("polls")).json
    assert seen["withdrawn_at"] is not None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"closes_at": "2026-03-20T12:30:00"}, "poll.hours_malformed"),
        ({"silence_h": 1}, "poll.silence_malformed"),
        ({"units": ["nowhere"]}, "law.unknown_unit"),
        ({"units": []}, "poll.units_malformed"),
    ],
)
async def test_a_poll_that_cannot_be_right_is_422(program, changes, code):
    told = await program.post("polls", {**POLL, **changes})
    assert (told.status, told.json["code"]) == (422, code)


async def test_an_area_is_stopped_and_goes_on(program, keyed, place):
    order = (await program.post("freezes", {"unit": "east", "reason": "order 7"})).json["id"]
    east = await keyed(await place.account("bina", at="east-one"))
    [seen] = (await east.get("freezes")).json
    assert (seen["unit"], seen["everything"], seen["order"]) == ("east", True, order)
    assert (await east.post(f"freezes/{order}/lift")).status == 404
    assert (await program.post(f"freezes/{order}/lift")).status == 204
    assert (await program.post(f"freezes/{order}/lift")).json["code"] == "freeze.lifted"
