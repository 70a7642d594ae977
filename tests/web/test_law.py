"""The page of polls, and what a broadcast's own page says of what the law holds back."""

from datetime import UTC, datetime, timedelta

import pytest

from chaupal.broadcasts import actions, jobs, queries
from chaupal.broadcasts.audience import Categories
from chaupal.broadcasts.models import BroadcastId, Draft, Purpose
from chaupal.kit.ids import new_id
from chaupal.organisations.models import OrganisationType
from chaupal.relay import jobs as relay
from factories import an_organisation
from lawful import entered

FORM = {
    "election": "विधानसभा",
    "phase": "पहला चरण",
    "day": "2027-11-28",
    "opens": "07:00",
    "closes": "18:00",
    "silence_h": "48",
    "source": "Notification 7",
    "units": "east-one\nwest",
}


@pytest.fixture
async def asha(door, place):
    return await door.signed_in(place, await place.account("asha", language="en"))


@pytest.fixture
async def ravi(door, place):
    return await door.signed_in(place, await place.account("ravi", language="hi"))


async def to_farmers(place) -> BroadcastId:
    """A broadcast to a WhatsApp group in the east, on its way."""
    await place.group("east-one", categories=("farmers",))
    author, approver = await place.account("author"), await place.account("approver")
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
    return id


async def test_a_poll_is_entered_by_one_and_taken_back_by_two(asha, ravi, place):
    answer = await asha.post("/law/polls", FORM)
    assert (answer.status, answer.headers["Location"]) == (303, "/law")
    page = await asha.get("/law")
    assert "विधानसभा" in page.words
    assert "28 November 2027 07:00 – 18:00" in page.words
    assert "26 November 2027 18:00 – 28 November 2027 18:00" in page.words
    assert "Unit east-one, Unit west" in page.words

    path = "/law/polls/" + page.text.split('action="/law/polls/')[1].split("/")[0]
    assert (await asha.post(f"{path}/doubt", {"reason": "ग़लत तारीख़"})).status == 303
    assert f"{path}/withdraw" not in (await asha.get("/law")).text
    refused = await asha.post(f"{path}/withdraw")
    assert refused.status == 409
    assert "A second person must agree" in refused.words
    seen = await ravi.get("/law")
    assert "ग़लत तारीख़" in seen.words
    assert "जब तक दूसरा व्यक्ति हामी न भरे" in seen.words
    assert f"{path}/withdraw" in seen.text

    assert (await ravi.post(f"{path}/withdraw")).status == 303

    assert "asha asked for it to be taken back, and ravi agreed" in (await asha.get("/law")).words


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"units": "nowhere"}, "No such unit"),
        ({"day": "soon"}, "The hours do not fit"),
        ({"closes": "25:00"}, "The hours do not fit"),
        ({"silence_h": "12"}, "The silence is too short or too long"),
        ({"day": "2020-01-01"}, "This poll is over"),
    ],
)
async def test_a_slip_is_told_and_what_was_written_stays(asha, changes, said):
    answer = await asha.post("/law/polls", FORM | changes)
    assert answer.status == 422
    assert said in answer.words
    assert 'value="Notification 7"' in answer.text


async def test_a_poll_is_changed_on_its_own_form(asha, ravi, place):
    await asha.post("/law/polls", FORM)
    path = "/law/polls/" + (await asha.get("/law")).text.split('href="/law/polls/')[1].split('"')[0]
    form = await asha.get(path)
    assert 'value="2027-11-28"' in form.text
    assert "east-one\nwest</textarea>" in form.text

    slip = await asha.post(path, FORM | {"closes": "soon", "reason": "order 8"})
    assert (slip.status, "The hours do not fit" in slip.words) == (422, True)
    assert 'value="order 8"' in slip.text
    assert (await asha.post(path, FORM | {"silence_h": "72", "reason": "order 8"})).status == 303
    page = await asha.get("/law")
    assert "25 November 2027 18:00 – 28 November 2027 18:00" in page.words
    assert "changed by asha" in page.words

    moved = FORM | {"day": "2027-11-30", "silence_h": "72", "reason": "order 9"}
    assert (await asha.post(path, moved)).status == 303
    page = await ravi.get("/law")
    assert "यह एक दूसरे मतदान की जगह लेगा।" in page.words
    assert "order 9" in page.words
    assert (await ravi.get(path)).status == 409
    assert (await ravi.post(f"{path}/withdraw")).status == 303
    assert "order 8" not in (await ravi.get("/law")).words


async def test_who_does_not_administer_sees_the_polls_and_no_form(door, place):
    admin = await place.account("admin")
    await entered(place, admin, "state", election="Everywhere")
    await entered(place, admin, "west", election="Westward")
    desk = await door.signed_in(place, await place.account("desk", role="desk", at="east"))
    page = await desk.get("/law")
    assert "Everywhere" in page.words
    assert "silence now" in page.words
    assert "Westward" not in page.words
    assert 'action="/law' not in page.text
    assert (await desk.post("/law/polls", FORM)).status == 403


async def test_a_broadcast_says_what_the_silence_holds_back(door, place, clock):
    clock.at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    id = await to_farmers(place)
    await entered(place, await place.account("admin"), "east", election="Assembly")
    await relay.open_tasks(place.rt, place.organisation)
    for language, heard in (
        ("en", "1 · Unit east: silence before the poll (Assembly, Phase 1)"),
        ("hi", "1 · इकाई east: मतदान से पहले की मौन अवधि (Assembly, Phase 1)"),
    ):
        desk = await door.signed_in(
            place, await place.account(f"desk-{language}", language=language)
        )
        assert heard in (await desk.get(f"/broadcasts/{id}")).words


async def test_an_author_is_told_what_lies_ahead_while_writing(door, place, clock):
    clock.at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    await place.group("east-one", categories=("farmers",))
    await entered(place, await place.account("admin"), "east", closes_in=timedelta(hours=58))
    form = {"purpose": "public", "expires_h": "24", "election_matter": "yes"}
    for language, heard in (
        ("en", "Unit east · WhatsApp · 1: what has not gone by 11 March 03:30 never goes"),
        ("hi", "इकाई east · WhatsApp · 1: जो"),
    ):
        desk = await door.signed_in(
            place, await place.account(f"writer-{language}", language=language)
        )
        page = await desk.post("/broadcasts/count", form)
        assert heard in page.words, page.words
        begun = await desk.post("/broadcasts/count", form | {"starts": "2026-03-11T05:00"})
        assert ("nothing of this goes" if language == "en" else "कुछ नहीं जाएगा") in begun.words
        waits = form | {"starts": "2026-03-11T05:00", "expires_h": "70"}
        held = (await desk.post("/broadcasts/count", waits)).words
        assert ("all of this waits until" if language == "en" else "तक रुके रहेंगे") in held
        short = await desk.post("/broadcasts/count", form | {"expires_h": "3"})
        assert "Unit east ·" not in short.words
        assert "इकाई east ·" not in short.words


async def test_an_area_is_stopped_on_the_page_and_everybody_is_told(asha, ravi, place):
    id = await to_farmers(place)
    order = {"unit": "east", "reason": "Order 7 of the collector", "what": "everything"}
    assert (await asha.post("/law/freezes", order)).status == 303
    await relay.open_tasks(place.rt, place.organisation)

    shown = await ravi.get(f"/broadcasts/{id}")
    assert "Order 7 of the collector" in shown.words
    assert "asha ने" in shown.words
    assert "Stopped areas : Unit east" in (await asha.get("/")).words
    page = await asha.get("/law")
    assert "Unit east : everything is stopped Order 7 of the collector" in page.words
    path = "/law/freezes/" + page.text.split('action="/law/freezes/')[1].split('"')[0]

    assert (await ravi.post(path)).status == 303

    assert "lifted by ravi" in (await asha.get("/law")).words
    assert "Stopped areas" not in (await asha.get("/")).words
    assert (await asha.post(path)).status == 409


@pytest.mark.parametrize(
    ("changes", "status"), [({"unit": "x"}, 422), ({"reason": ""}, 422), ({"what": "some"}, 422)]
)
async def test_a_stop_that_is_not_clear_is_refused(asha, changes, status):
    order = {"unit": "east", "reason": "order", "what": "everything"}
    assert (await asha.post("/law/freezes", order | changes)).status == status


async def test_a_certificate_is_entered_on_the_broadcasts_page(door, rt):
    place = await an_organisation(rt, "party", type=OrganisationType.PARTY)
    await place.category("farmers")
    await place.group("east-one", categories=("farmers",))
    author, approver = await place.account("author"), await place.account("approver")
    draft = Draft(
        title="सभा",
        texts={"hi": "कल सभा है।"},
        purpose=Purpose.PUBLIC,
        audience=Categories(["farmers"]),
        expires_at=rt.now() + timedelta(hours=6),
    )
    id = await actions.write(rt, draft, key=str(new_id()), actor=author)
    await actions.submit(rt, id, key=str(new_id()), actor=author)
    writer, reader = await door.signed_in(place, author), await door.signed_in(place, approver)
    seen = {"seen": (await reader.get(f"/broadcasts/{id}")).hidden("seen")}
    refused = await reader.post(f"/broadcasts/{id}/approve", seen)
    assert (refused.status, "A certificate is missing" in refused.words) == (409, True)

    form = {"number": "118", "committee": "District MCMC", "certified_on": "2026-01-31"}
    wrong = await writer.post(f"/broadcasts/{id}/certificate", form | {"certified_on": "soon"})
    assert wrong.status == 422
    assert (await writer.post(f"/broadcasts/{id}/certificate", form)).status == 303
    page = await reader.get(f"/broadcasts/{id}")
    assert "District MCMC" in page.words
    assert "It is for exactly this text." in page.words
    assert (await reader.post(f"/broadcasts/{id}/approve", seen)).status == 303
