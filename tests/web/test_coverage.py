"""Coverage as people meet it: its numbers lead to exactly the rows that they count."""

import re
from html import unescape

import pytest

from chaupal.groups.coverage import jobs
from factories import an_organisation

LISTED = re.compile(r'class="name" href="/(?:groups|tree)/[^"]+"')


@pytest.fixture
async def place(rt):
    """Two districts with booths; one booth and one category are left out in each."""
    place = await an_organisation(rt)
    for key in ("farmers", "women"):
        await place.category(key)
    executive, other = await place.person("state"), await place.person("east-one")
    await place.post("state", person=executive, role="office_bearer")
    for district, booths in (("east-one", 4), ("west-one", 2)):
        for number in range(booths):
            await place.unit(f"{district}-{number}", district)
            if number:
                group = await place.group(f"{district}-{number}")
                if number > 1:
                    await place.admin(group, other)
        farmers = await place.group(district, categories=("farmers",))
        if district == "east-one":
            await place.admin(farmers, executive)
    await place.group("state", purpose="internal")
    async with place.transaction() as conn:
        await conn.execute("UPDATE chat_group SET size_at = now() WHERE purpose = 'public'")
    return place


async def test_before_the_first_count_the_page_says_so(door, place):
    browser = await door.signed_in(place, await place.account("asha"))
    assert "Nothing was counted here yet" in (await browser.get("/coverage")).words


async def test_every_number_leads_to_as_many_rows(door, rt, place):
    await jobs.recount(rt, place.organisation)
    browser = await door.signed_in(place, await place.account("asha"))
    for code in ("state", "east", "west-one", "east-one-2"):
        page = await browser.get(f"/coverage?unit={place.units[code]}")
        links = re.findall(
            r'<a href="(/(?:groups|coverage/booths)\?[^"]+)"[^>]*>([\d,]+)</a>', page.text
        )
        assert page.status == 200
        for path, number in links:
            rows = LISTED.findall((await browser.get(unescape(path))).text)
            assert len([row for row in rows if "/tree/" not in row or "booths" in path]) == int(
                number
            ), (code, path)
        assert links or code == "east-one-2"


async def test_a_category_that_is_missing_leads_to_registering_one(door, rt, place):
    await jobs.recount(rt, place.organisation)
    browser = await door.signed_in(place, await place.account("asha"))
    page = await browser.get("/coverage")
    unit = place.units["east-two"]
    assert f'href="/groups/new?unit={unit}&amp;category=women"' in page.text
    form = await browser.get(f"/groups/new?unit={unit}&category=women")
    assert 'value="women" checked' in form.text


async def test_one_goes_down_the_tree_and_the_picture_has_a_tile_for_each_unit(door, rt, place):
    await jobs.recount(rt, place.organisation)
    browser = await door.signed_in(place, await place.account("asha"))
    page = await browser.get("/coverage")
    for code in ("east", "west", "east-one", "west-one"):
        assert page.text.count(f'href="/coverage?unit={place.units[code]}"') >= 2, code
    by_reach = await browser.get(f"/coverage?unit={place.units['state']}&by=reach")
    assert by_reach.status == 200
    by_division = await browser.get("/coverage?level=division")
    assert "Unit east" in by_division.words
    assert (await browser.get("/coverage?level=galaxy")).status == 422
    assert (await browser.get("/coverage?unit=x")).status == 422


async def test_somebody_with_two_posts_sees_both_parts_together(door, rt, place):
    await jobs.recount(rt, place.organisation)
    actor = await place.account("asha", at="east-one", role="coordinator")
    await place.post("west-one", account=actor.id, role="coordinator")
    browser = await door.signed_in(place, actor)
    page = await browser.get("/coverage")
    assert "of 6 booths have a public group" in page.words
    assert str(place.units["east"]) not in page.text
    assert (await browser.get(f"/coverage?unit={place.units['east']}")).status == 404
    assert len(LISTED.findall((await browser.get("/coverage/booths")).text)) == 2


async def test_bare_booths_can_be_given_a_group_at_once(door, rt, place):
    browser = await door.signed_in(place, await place.account("asha"))
    page = await browser.get("/coverage/booths")
    assert f'href="/groups/new?unit={place.units["east-one-0"]}"' in page.text
    desk = await door.signed_in(place, await place.account("desk", role="desk"))
    assert "/groups/new" not in (await desk.get("/coverage/booths")).text
