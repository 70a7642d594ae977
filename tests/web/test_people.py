"""The list of people, the filters one keeps, and one change to all of a list, through the door."""

import re

from factories import an_organisation


async def test_people_are_listed_once_from_page_to_page_and_no_name_is_in_an_address(door, place):
    ids = {str(await place.person("east-one")) for _ in range(60)}
    browser = await door.signed_in(place, await place.account("asha"))

    seen, url = [], "/people"
    while url:
        shown = await browser.get(url)
        seen += re.findall(r'class="name" href="/people/([0-9a-f-]{36})"', shown.text)
        following = re.search(r'href="([^"]*)" rel="next"', shown.text)
        url = following[1].replace("&amp;", "&") if following else None
        assert "Invented" not in (url or "")

    assert len(seen) == 60
    assert set(seen) == ids
    assert "People 60" in shown.words


async def test_a_filter_narrows_the_list_and_the_heading_says_where(door, place):
    await place.person("east-one", language="en")
    await place.person("west-one")
    browser = await door.signed_in(place, await place.account("asha"))

    shown = await browser.get("/people?unit=east&language=en")
    nobody = await browser.get("/people?unit=east&language=hi")

    assert "People · Unit east 1" in shown.words
    assert "Nobody fits." in nobody.words
    assert (await browser.get("/people?unit=nowhere")).status == 422
    assert (await browser.get("/people?consent=maybe")).status == 422
    assert (await browser.get("/people?after=x")).status == 422
    assert (await browser.get("/people?unit=ea%00st&language=h%00i")).status == 422


async def test_a_filter_is_kept_run_and_forgotten_by_oneself_alone(door, place):
    browser = await door.signed_in(place, await place.account("asha"))
    other = await door.signed_in(place, await place.account("bina"))

    kept = await browser.post(
        "/filters", {"page": "people", "query": "unit=east&language=hi", "name": "East, Hindi"}
    )
    shown = await browser.get("/people")
    [(url, id)] = re.findall(
        r'<a href="(/people\?[^"]+)">East, Hindi</a>.*?/filters/([0-9a-f-]+)/forget',
        shown.text,
        re.DOTALL,
    )

    assert kept.status == 303
    assert kept.headers["Location"] == "/people?unit=east&language=hi"
    assert "People · Unit east" in (await browser.get(url.replace("&amp;", "&"))).words
    assert "East, Hindi" not in (await other.get("/people")).words
    assert (await other.post(f"/filters/{id}/forget", {"page": "people"})).status == 404
    assert (await browser.post(f"/filters/{id}/forget", {"page": "people"})).status == 303
    assert "East, Hindi" not in (await browser.get("/people")).words
    assert (await browser.post("/filters", {"page": "moon", "name": "x"})).status == 422
    assert (await browser.post("/filters", {"page": "people", "name": " "})).status == 422


async def test_filters_of_groups_are_kept_apart_from_those_of_people(door, place):
    browser = await door.signed_in(place, await place.account("asha"))

    kept = await browser.post(
        "/filters", {"page": "groups", "query": "purpose=public", "name": "Public ones"}
    )
    shown = await browser.get("/groups")
    [id] = re.findall(r"/filters/([0-9a-f-]+)/forget", shown.text)
    forgotten = await browser.post(f"/filters/{id}/forget", {"page": "groups"})

    assert kept.headers["Location"] == "/groups?purpose=public"
    assert 'href="/groups?purpose=public">Public ones<' in shown.text
    assert "Public ones" not in (await browser.get("/people")).words
    assert forgotten.headers["Location"] == "/groups"


async def test_a_change_to_all_is_shown_with_its_count_and_then_done(door, place):
    for _ in range(3):
        await place.person("east-one")
    await place.person("west-one")
    browser = await door.signed_in(place, await place.account("asha"))

    preview = await browser.get("/people/bulk?deed=move&unit=east")
    answer = await browser.post(
        "/people/bulk",
        {"deed": "move", "unit": "east", "to": "west-two", "seen": preview.hidden("seen")},
    )

    assert "This is about 3 people. Who they are Change Under the unit Unit east" in preview.words
    assert answer.status == 303
    assert "Done, for 3 people." in (await browser.get(answer.headers["Location"])).words
    assert "People · Unit west 4" in (await browser.get("/people?unit=west")).words


async def test_a_change_is_refused_when_the_list_is_not_what_was_seen(door, place):
    await place.person("east-one")
    browser = await door.signed_in(place, await place.account("asha"))
    preview = await browser.get("/people/bulk?deed=speak")
    await place.person("east-one")

    answer = await browser.post(
        "/people/bulk", {"deed": "speak", "to": "en", "seen": preview.hidden("seen")}
    )

    assert answer.status == 409
    assert "You saw 1 people; now there are 2." in answer.words


async def test_deeds_are_offered_to_those_who_may_do_them(door, place):
    await place.person("east-one")
    coordinator = await door.signed_in(
        place, await place.account("asha", at="east", role="coordinator")
    )
    desk = await door.signed_in(place, await place.account("bina", at="east", role="desk"))

    assert 'value="withdraw"' in (await coordinator.get("/people")).text
    assert 'value="move"' not in (await coordinator.get("/people")).text
    assert "/people/bulk" not in (await desk.get("/people")).text
    assert (await desk.get("/people/bulk?deed=withdraw")).status == 403
    assert (await coordinator.get("/people/bulk?deed=move")).status == 403
    assert (await coordinator.post("/people/bulk", {"deed": "speak", "to": "en"})).status == 403


async def test_all_deeds_have_a_page_in_both_languages(door, place):
    await place.person("east-one")
    for login, language in (("asha", "hi"), ("bina", "en")):
        browser = await door.signed_in(place, await place.account(login, language=language))
        for deed in ("move", "speak", "join", "leave", "withdraw"):
            assert (await browser.get(f"/people/bulk?deed={deed}")).status == 200
        assert (await browser.get("/people/bulk?deed=erase")).status == 422


async def test_strangers_see_and_change_nobody(rt, door, place):
    person = await place.person("east-one")
    other = await an_organisation(rt, "other")
    browser = await door.signed_in(other, await other.account("admin"))

    shown = await browser.get("/people")
    answer = await browser.post("/people/bulk", {"deed": "speak", "to": "en", "seen": "1"})

    assert str(person) not in shown.text
    assert answer.status == 409
    assert "nobody" in answer.words


async def test_a_preview_says_in_words_whom_it_is_about(door, place):
    browser = await door.signed_in(place, await place.account("asha"))
    await place.category("farmers")
    person = await place.person("east-one", language="en")
    await place.says(person, "given")
    await place.post("east-one", person=person)
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO membership (organisation_id, category_key, person_id, since, basis)"
            " VALUES (current_organisation(), 'farmers', %s, '2026-01-01', 'paper')",
            (person,),
        )
    plain = await browser.get("/people/bulk?deed=speak")
    assert "Who they are Change Everybody in your area." in plain.words
    full = await browser.get(
        "/people/bulk?deed=speak&unit=east&language=en&category=farmers&office=yes&address=none"
        "&consent=given&purpose=messages&channel=sandbox"
    )
    assert (
        "This is about 1 people. Who they are Change Under the unit Unit east Language English"
        " Category Farmers Post holds a post Address has none Consent agreed · messages · Rehearsal"
    ) in full.words
    assert 'href="/people?unit=east&amp;language=en' in full.text
    half = await browser.get("/people/bulk?deed=speak&consent=withdrawn")
    assert "This is about 1 people. Who they are Change Everybody in your area." in half.words
    assert "Consent was not looked at" in half.words
    for asked, warned in (("consent=given", True), ("consent=given&purpose=messages", True),
                          ("consent=given&purpose=messages&channel=phone", False)):  # fmt: skip
        shown = await browser.get(f"/people?{asked}")
        assert ("Consent was not looked at" in shown.words) == warned
