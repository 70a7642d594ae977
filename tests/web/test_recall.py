"""A recalled broadcast's own page: since when, by when, and how much is left."""

from datetime import UTC, datetime, timedelta

import pytest

from chaupal.broadcasts import recalls, retracting
from chaupal.kit.ids import new_id
from chaupal.relay import actions as relay
from relaying import a_bazaar

MORNING = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "1 of 1 are still to be taken away",
                "That is past.",
                "1 still outstanding",
                "0 of 1 were gone in time",
            ),
        ),
        (
            "hi",
            (
                "1 में से 1 अभी हटने बाक़ी हैं",
                "वह समय निकल गया।",
                "1 अभी बाक़ी",
                "1 में से 0 समय पर हटे",
            ),
        ),
    ],
)
async def test_the_clock_of_a_recall_stands_on_the_broadcasts_page(rt, door, clock, language, said):
    (left, past, late, late_of), clock.at = said, MORNING
    bazaar = await a_bazaar(rt)
    await bazaar.group("east-one", await bazaar.place.person("east-one"))
    id = await bazaar.tasked()
    [assignment] = await bazaar.assignments()
    token = await bazaar.token(assignment)
    await relay.posted(rt, token)
    await bazaar.projected()
    actor = await bazaar.place.account("desk", language=language, role="desk")
    desk = await door.signed_in(bazaar.place, actor)
    assert (await desk.post(f"/broadcasts/{id}/recall")).status == 303

    await retracting.gather(rt, bazaar.organisation)
    page = await desk.get(f"/broadcasts/{id}")
    assert left in page.words
    assert "12:30" in page.words  # three hours after 09:30 in India
    assert past not in page.words

    assert await retracting.judge(rt, bazaar.organisation) == 0, "its time is not up"
    assert 'role="alert"' not in (await desk.get("/")).text

    clock.at = MORNING + timedelta(hours=4)
    assert past in (await desk.get(f"/broadcasts/{id}")).words
    assert await retracting.judge(rt, bazaar.organisation) == 1
    assert await retracting.judge(rt, bazaar.organisation) == 0, "it is told once"
    async with bazaar.place.transaction() as conn:
        found = await conn.execute("SELECT facts FROM record WHERE kind = 'recall.late'")
        [(entry,)] = await found.fetchall()
    assert {name: entry[name] for name in ("deleted", "acknowledged", "late")} == {
        "deleted": 0, "acknowledged": 0, "late": 1,
    }  # fmt: skip
    assert f"/broadcasts/{id}#recall" in (await desk.get("/")).text
    assert late in (await desk.get("/")).words
    assert late_of in (await desk.get(f"/broadcasts/{id}/report")).words

    async with bazaar.place.transaction() as conn:
        [delivery] = [
            row[0] for row in await (await conn.execute("SELECT id FROM delivery")).fetchall()
        ]
        await recalls.acknowledge(conn, [delivery], now=clock.at)
    assert f"/broadcasts/{id}#recall" not in (await desk.get("/")).text, "late, but said to be gone"


async def test_a_recall_of_what_stands_nowhere_says_so(rt, door):
    bazaar = await a_bazaar(rt)
    await bazaar.group("east-one", await bazaar.place.person("east-one"))
    id = await bazaar.tasked()
    actor = await bazaar.place.account("desk", role="desk")
    desk = await door.signed_in(bazaar.place, actor)
    await desk.post(f"/broadcasts/{id}/recall")
    await retracting.gather(rt, bazaar.organisation)
    assert "It stands in no chat that we know of." in (await desk.get(f"/broadcasts/{id}")).words


async def test_a_late_recall_rings_until_somebody_is_on_it_and_is_shown_until_it_is_gone(
    rt, door, clock
):
    clock.at = MORNING
    bazaar = await a_bazaar(rt)
    await bazaar.group("east-one", await bazaar.place.person("east-one"))
    id = await bazaar.tasked()
    [assignment] = await bazaar.assignments()
    await relay.posted(rt, await bazaar.token(assignment))
    await bazaar.projected()
    place = bazaar.place
    desk = await door.signed_in(place, await place.account("kiran", language="en", role="desk"))
    other = await door.signed_in(place, await place.account("meena", language="en", role="desk"))
    path, at = f"/broadcasts/{id}", f"/broadcasts/{id}/attend"
    early = await desk.post(at)
    assert (early.status, "Nothing of it is late" in early.words) == (409, True)
    await desk.post(f"{path}/recall")
    await retracting.gather(rt, bazaar.organisation)
    assert (await desk.post(at)).status == 409, "its time is not up"
    assert at not in (await desk.get(path)).text

    clock.at = MORNING + timedelta(hours=4)
    assert 'role="alert"' in (await desk.get("/")).text
    assert at in (await desk.get(path)).text
    key = str(new_id())
    for _ in range(2):
        assert (await desk.post(at, {"idempotency_key": key})).status == 303
    room = await desk.get("/")
    assert 'role="alert"' not in room.text
    assert "1 still outstanding" in room.words, "it is shown as long as it is not gone"
    assert "kiran is on it since" in room.words
    assert "kiran is on it since" in (await other.get(path)).words
    assert at not in (await desk.get(path)).text, "who is on it is not asked again"

    clock.at += timedelta(hours=6)
    assert (await other.post(at)).status == 303  # the next shift
    assert "meena is on it since" in (await desk.get("/")).words
    async with place.transaction() as conn:
        found = await conn.execute(
            "SELECT actor_label, subject FROM record WHERE kind = 'recall.attended' ORDER BY number"
        )
        assert await found.fetchall() == [("kiran", str(id)), ("meena", str(id))]
        [(delivery,)] = await (await conn.execute("SELECT id FROM delivery")).fetchall()
        await recalls.acknowledge(conn, [delivery], now=clock.at)
    assert f"{path}#recall" not in (await desk.get("/")).text
    assert (await desk.post(at)).status == 409, "it is gone"


async def test_a_late_recall_is_attended_by_those_who_may_steer_it(rt, door, clock):
    clock.at = MORNING
    bazaar = await a_bazaar(rt)
    await bazaar.group("east-one", await bazaar.place.person("east-one"))
    id = await bazaar.tasked()
    place = bazaar.place
    west = await door.signed_in(place, await place.account("west", at="west-one", role="desk"))
    bearer = await door.signed_in(place, await place.account("bearer", role="office_bearer"))
    at = f"/broadcasts/{id}/attend"
    assert (await west.post(at)).status == 404
    assert (await bearer.post(at)).status in (403, 404)
