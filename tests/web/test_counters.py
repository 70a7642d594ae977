"""Counters that differ are an alarm that people see, and that they can end."""

from datetime import timedelta

import pytest

from chaupal.broadcasts import actions, jobs, queries
from chaupal.broadcasts.audience import Categories
from chaupal.broadcasts.models import BroadcastId, Draft, Purpose
from chaupal.kit.ids import new_id


@pytest.fixture
async def wrong(place) -> BroadcastId:
    """A broadcast whose counters somebody has tampered with, found by the nightly recount."""
    await place.group("east-one", sender=await place.sender(), categories=("farmers",))
    author, approver = await place.account("asha"), await place.account("approver")
    draft = Draft(
        title="मंडी का समय",
        texts={"hi": "मंडी कल सुबह सात बजे खुलेगी।"},
        purpose=Purpose.PUBLIC,
        audience=Categories(["farmers"]),
        expires_at=place.rt.now() + timedelta(hours=6),
    )
    id = await actions.write(place.rt, draft, key=str(new_id()), actor=author)
    await actions.submit(place.rt, id, key=str(new_id()), actor=author)
    async with place.transaction() as conn:
        seen = (await queries.lock(conn, id)).content_hash
    await actions.approve(place.rt, id, seen_hash=seen, key=str(new_id()), actor=approver)
    await jobs.freeze(place.rt, place.organisation, id)
    async with place.transaction() as conn:
        await conn.execute("DELETE FROM tally WHERE broadcast_id = %s", (id,))
    await jobs.reconcile(place.rt, place.organisation)
    return id


@pytest.fixture
async def desk(door, place):
    return await door.signed_in(place, await place.account("ravi", language="en", role="desk"))


async def test_counters_that_differ_show_in_the_control_room_and_on_the_broadcasts_page(
    desk, wrong
):
    room, page = await desk.get("/"), await desk.get(f"/broadcasts/{wrong}")
    assert "मंडी का समय : off by 1" in room.words
    assert f'href="/broadcasts/{wrong}#counters"' in room.text
    assert "The numbers on this page are off by 1" in page.words
    assert 'role="alert"' in room.text


async def test_one_button_makes_the_numbers_right(desk, wrong):
    answer = await desk.post(f"/broadcasts/{wrong}/counters/recount", {})
    assert (answer.status, answer.headers["Location"]) == (303, f"/broadcasts/{wrong}")
    page = await desk.get(f"/broadcasts/{wrong}")
    assert "0 of 1 groups reached" in page.words
    for seen in (page, await desk.get("/")):
        assert "Counters differ" not in seen.words


async def test_a_reason_takes_the_alarm_off_the_room_and_stays_on_the_page(desk, wrong):
    refused = await desk.post(f"/broadcasts/{wrong}/counters/acknowledge", {"reason": " "})
    assert refused.status == 422
    assert "A reason is missing" in refused.words

    await desk.post(f"/broadcasts/{wrong}/counters/acknowledge", {"reason": "टीम देख रही है"})

    assert "Counters differ" not in (await desk.get("/")).words
    page = await desk.get(f"/broadcasts/{wrong}")
    assert "टीम देख रही है" in page.words
    assert "ravi acknowledged it" in page.words
