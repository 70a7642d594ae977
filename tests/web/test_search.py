"""Searching through the door: a box on every page, three sections, nothing in an address."""

import re

from chaupal.kit.sound import search_key


async def called(place, table: str, id, name: str) -> None:
    async with place.transaction() as conn:
        await conn.execute(
            f"UPDATE {table} SET name = %s, search_key = %s WHERE id = %s",
            (name, search_key(name), id),
        )


async def test_every_page_has_the_box_and_it_works_without_a_script(door, place):
    person = await place.person("east-one")
    await called(place, "person", person, "रामलाल चौधरी")
    browser = await door.signed_in(place, await place.account("asha"))

    home = await browser.get("/")
    found = await browser.post("/search", {"q": "Ram Lal Choudhary"})

    assert re.search(r'<form class="find" method="post" action="/search"', home.text)
    assert found.status == 200
    assert f'href="/people/{person}"' in found.text
    assert "Unit state › Unit east › Unit east-one" in found.words


async def test_kinds_stand_in_sections_and_only_where_something_was_found(door, place):
    group = await place.group("east-one", sender=await place.sender(), address="a:1")
    await called(place, "chat_group", group, "Kisan East")
    browser = await door.signed_in(place, await place.account("asha"))

    found = await browser.post("/search", {"q": "east"})
    nothing = await browser.post("/search", {"q": "zzzq"})

    headings = re.findall(r"<h2>(\w+)</h2>", found.text)
    assert headings == ["Groups", "Units"]
    assert "Nothing within your area is called so." in nothing.words
    assert "Nothing within" not in (await browser.get("/search")).words


async def test_a_phone_number_finds_its_person_and_is_shown_masked(door, place):
    person = await place.person("east-one", chat="+911100000001", channel="phone")
    browser = await door.signed_in(place, await place.account("asha"))

    found = await browser.post("/search", {"q": "01100000001"})

    assert f'href="/people/{person}"' in found.text
    assert "exactly this" in found.words
    assert "+91 ••••• ••001" in found.words
    assert "1100000001" not in found.text.replace('value="01100000001"', "")


async def test_more_of_one_kind_comes_page_by_page_each_once(door, place):
    ids = set()
    for turn in range(45):
        person = await place.person("east-one")
        await called(place, "person", person, f"Ram {'Lal' * (turn % 3)} Devi")
        ids.add(str(person))
    browser = await door.signed_in(place, await place.account("asha"))

    seen, form = [], {"q": "ram"}
    while form:
        shown = await browser.post("/search", form)
        seen += re.findall(r'class="name" href="/people/([0-9a-f-]{36})"', shown.text)
        form = (
            {"q": "ram", **{name: shown.hidden(name) for name in ("kind", "turn", "key", "id")}}
            if 'name="kind"' in shown.text
            else None
        )

    assert len(seen) == 45
    assert set(seen) == ids


async def test_a_stranger_finds_nothing_and_nonsense_is_refused(door, place):
    await place.person("east-one")
    neighbour = await door.signed_in(
        place, await place.account("asha", at="east-two", role="coordinator")
    )

    assert "Nothing within" in (await neighbour.post("/search", {"q": "Invented"})).words
    id = "0190a0a0-0000-7000-8000-000000000000"
    for form in (
        {"kind": "moon"},
        {"kind": "people", "turn": "x"},
        {"kind": "people"},
        {"kind": "people", "turn": "-1", "key": "rm", "id": id},
        {"kind": "people", "turn": "0", "key": "r\0m", "id": id},
    ):
        assert (await neighbour.post("/search", {"q": "ram", **form})).status == 422
