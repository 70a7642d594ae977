"""One change to every group in a list: previewed in words and a count, then done by one button."""

import pytest

from factories import an_organisation


@pytest.fixture
async def place(rt):
    place = await an_organisation(rt)
    await place.category("farmers")
    return place


async def test_a_change_to_all_is_shown_with_its_count_and_then_done(door, place):
    for _ in range(2):
        await place.group("east-one")
    await place.group("west-one")
    browser = await door.signed_in(place, await place.account("asha"))

    for deed, to, left in (("join", "farmers", 2), ("leave", "farmers", 0), ("archive", "", 0)):
        preview = await browser.get(f"/groups/bulk?deed={deed}&unit=east")
        assert "This is about 2 groups. Which groups Change Under the unit Unit east" in (
            preview.words
        )
        answer = await browser.post(
            "/groups/bulk",
            {"deed": deed, "unit": "east", "to": to, "seen": preview.hidden("seen")},
        )
        assert answer.status == 303
        assert answer.headers["Location"] == "/groups?unit=east&done=2"
        assert "Done, for 2 groups." in (await browser.get(answer.headers["Location"])).words
        assert f"Groups {left}" in (await browser.get("/groups?category=farmers")).words

    assert "Groups 1" in (await browser.get("/groups")).words
    assert "archived 2 groups" in (await browser.get("/record")).words


async def test_a_change_is_refused_when_the_list_is_not_what_was_seen(door, place):
    await place.group("east-one")
    browser = await door.signed_in(place, await place.account("asha"))
    preview = await browser.get("/groups/bulk?deed=archive")
    await place.group("east-one")

    answer = await browser.post("/groups/bulk", {"deed": "archive", "seen": preview.hidden("seen")})

    assert answer.status == 409
    assert "You saw 1 groups; now there are 2." in answer.words
    assert "Groups 2" in (await browser.get("/groups")).words


async def test_a_form_sent_twice_acts_once(door, place):
    await place.group("east-one")
    browser = await door.signed_in(place, await place.account("asha"))
    preview = await browser.get("/groups/bulk?deed=archive")
    form = {"deed": "archive", "seen": "1", "idempotency_key": preview.hidden("idempotency_key")}

    answers = [await browser.post("/groups/bulk", form) for _ in range(2)]

    assert [answer.headers.get("Location") for answer in answers] == ["/groups?done=1"] * 2


async def test_deeds_are_offered_to_those_who_may_do_them(door, place):
    await place.group("east-one")
    coordinator = await door.signed_in(
        place, await place.account("asha", at="east", role="coordinator")
    )
    desk = await door.signed_in(place, await place.account("bina", at="east", role="desk"))

    assert 'name="deed" value="archive"' in (await coordinator.get("/groups")).text
    assert "/groups/bulk" not in (await desk.get("/groups")).text
    assert (await desk.get("/groups/bulk?deed=join")).status == 403
    assert (await desk.post("/groups/bulk", {"deed": "archive", "seen": "1"})).status == 403


async def test_archived_groups_are_not_offered_to_be_archived(door, place):
    await place.group("east-one")
    browser = await door.signed_in(place, await place.account("asha"))
    await browser.post("/groups/bulk", {"deed": "archive", "seen": "1"})

    shown = await browser.get("/groups?archived=yes")

    assert 'name="deed" value="join"' in shown.text
    assert 'name="deed" value="archive"' not in shown.text
    refused = await browser.get("/groups/bulk?deed=archive&archived=yes")
    assert (refused.status, "archived already" in refused.words) == (409, True)


async def test_what_makes_no_sense_is_refused_in_words(door, place):
    await place.group("east-one")
    browser = await door.signed_in(place, await place.account("asha"))

    assert (await browser.get("/groups/bulk?deed=erase")).status == 422
    assert (await browser.get("/groups/bulk?deed=join&unit=nowhere")).status == 422
    assert (await browser.post("/groups/bulk", {"deed": "erase", "seen": "1"})).status == 422
    unknown = await browser.post("/groups/bulk", {"deed": "join", "to": "moon", "seen": "1"})
    assert (unknown.status, "No such category" in unknown.words) == (422, True)
    nothing = await browser.get("/groups/bulk?deed=join&language=en")
    assert (nothing.status, "There is no group to do this for" in nothing.words) == (409, True)


async def test_strangers_see_and_change_nothing(rt, door, place):
    await place.group("east-one")
    other = await an_organisation(rt, "other")
    browser = await door.signed_in(other, await other.account("admin"))

    assert (await browser.get("/groups/bulk?deed=archive")).status == 409
    assert (await browser.post("/groups/bulk", {"deed": "archive", "seen": "1"})).status == 409


async def test_a_preview_says_in_words_which_groups_it_is_about(door, place):
    for login, language in (("asha", "en"), ("bina", "hi")):
        browser = await door.signed_in(place, await place.account(login, language=language))
        if language == "en":
            await place.group("east-one", categories=("farmers",), notice=False, name="Kisan")
        for deed in ("join", "leave", "archive"):
            assert (await browser.get(f"/groups/bulk?deed={deed}")).status == 200
    browser = await door.signed_in(place, await place.account("chand"))
    plain = await browser.get("/groups/bulk?deed=join")
    assert "This is about 1 group. Which groups Change Every group in your area." in plain.words
    full = await browser.get(
        "/groups/bulk?deed=join&q=kisan&unit=east&purpose=public&category=farmers"
        "&channel=whatsapp&language=hi&admins=none&size=unknown&executive=missing&notice=none"
    )
    assert (
        "This is about 1 group. Which groups Change Name of the group kisan Under the unit"
        " Unit east Purpose Public Category Farmers Channel WhatsApp Language Hindi Live admins"
        " none Members number not known Executive among the admins missing Notice carries none"
    ) in full.words
    assert 'href="/groups?q=kisan&amp;unit=east' in full.text
    some = await browser.get("/groups/bulk?deed=join&category=*")
    assert "Category Any category" in some.words
