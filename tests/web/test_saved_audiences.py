"""Audiences kept under a name: seen by whoever stands above, used as a copy, renamed, forgotten."""

import re
from html import unescape

import pytest

from chaupal.broadcasts import saved
from chaupal.broadcasts.audience import And, Categories, Everyone, Units
from chaupal.broadcasts.models import Purpose
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from choosing import categories, chosen, units

FORM = {
    "title": "मंडी",
    "text_hi": "मंडी कल खुलेगी।",
    "purpose": "internal",
    "expires_h": "6",
    **chosen(categories("farmers"), units("east")),
}


@pytest.fixture
async def people(place):
    return {
        "asha": await place.account("asha", language="en"),
        "meena": await place.account("meena", at="east", role="coordinator", language="en"),
        "kiran": await place.account("kiran", at="west", language="en"),
    }


async def kept(rt, name: str, actor, audience=None):
    made = audience or Categories(["farmers"])
    return await saved.save(rt, name, made, Purpose.PUBLIC, key=str(new_id()), actor=actor)


async def names(rt, actor) -> list[str]:
    return [each.saved.name for each in await saved.listed(rt, actor=actor)]


async def test_one_is_seen_by_whoever_has_its_authors_whole_area(rt, place, people):
    await kept(rt, "Of the state", people["asha"])
    await kept(rt, "Of the east", people["meena"])

    assert await names(rt, people["asha"]) == ["Of the east", "Of the state"]
    assert await names(rt, people["meena"]) == ["Of the east"]
    assert await names(rt, people["kiran"]) == []


async def test_it_is_renamed_and_forgotten_by_its_author_and_who_manages_them(rt, place, people):
    mine, of_state = await kept(rt, "Mine", people["meena"]), await kept(rt, "S", people["asha"])
    desk = await place.account("desk", role="desk")

    with pytest.raises(NotAllowed, match="not_yours"):
        await saved.rename(rt, mine, "Theirs", actor=desk)
    with pytest.raises(NotFound):
        await saved.forget(rt, of_state, actor=people["meena"])
    await saved.rename(rt, mine, "  Still   mine ", actor=people["meena"])
    assert "Still mine" in await names(rt, desk)
    await saved.forget(rt, mine, actor=people["asha"])

    assert await names(rt, people["meena"]) == []
    async with place.transaction() as conn:
        rows = await conn.execute("SELECT kind FROM record WHERE kind LIKE 'audience.%' ORDER BY 1")
        assert [kind for (kind,) in await rows.fetchall()] == [
            "audience.forgotten", "audience.renamed", "audience.saved", "audience.saved",
        ]  # fmt: skip


async def test_a_name_is_ones_own_and_the_newest_holds(rt, people):
    first = await kept(rt, "Farmers", people["meena"])
    again = await kept(rt, "Farmers", people["meena"], Everyone())
    other = await kept(rt, "Farmers", people["asha"])
    taken = await kept(rt, "Others", people["meena"])

    assert first == again != other
    assert (await saved.one(rt, first, actor=people["meena"])).expression == Everyone()
    with pytest.raises(Refused, match="name_taken"):
        await saved.rename(rt, taken, "Farmers", actor=people["meena"])


async def test_the_same_request_keeps_once(rt, people):
    key = str(new_id())
    ids = [
        await saved.save(rt, "A", Everyone(), Purpose.PUBLIC, key=key, actor=people["asha"])
        for _ in range(2)
    ]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x07b"])
async def test_a_name_that_is_none_is_refused(rt, people, name):
    with pytest.raises(Invalid, match="name_missing"):
        await kept(rt, name, people["asha"])


async def test_nobody_keeps_more_than_fifty(rt, people):
    for number in range(50):
        await kept(rt, f"A {number}", people["asha"])

    with pytest.raises(Refused, match="too_many"):
        await kept(rt, "One more", people["asha"])
    await kept(rt, "A 7", people["asha"])


async def test_what_it_names_has_to_be_there_when_it_is_kept(rt, people):
    with pytest.raises(Invalid, match="unknown_category"):
        await kept(rt, "Lost", people["asha"], Categories(["astronauts"]))


async def test_one_that_names_what_has_ended_says_so(rt, place, door, people):
    east = place.units["east-one"]
    id = await kept(rt, "With an end", people["asha"], And([Units([east]), Everyone()]))
    async with place.transaction() as conn:
        await conn.execute("UPDATE unit SET ended_on = current_date WHERE id = %s", (east,))
    browser = await door.signed_in(place, people["asha"])

    listing = await browser.get("/audiences")
    form = await browser.get(f"/broadcasts/new?audience={id}")

    assert f"There is no unit {east}" in listing.words
    assert "There is no unit east-one" in form.words


async def test_it_is_kept_from_the_form_and_used_in_a_new_draft(door, place, people):
    browser = await door.signed_in(place, people["asha"])

    fragment = await browser.post(
        "/audiences", FORM | {"keep": "Farmers of the east"}, hx_request="true"
    )
    page = await browser.post("/audiences", FORM | {"keep": ""})
    listing = await browser.get("/audiences")
    url = unescape(re.search(r'href="(/broadcasts/new\?audience=[^"]+)"', listing.text)[1])
    form = await browser.get(url)

    assert "Kept as “Farmers of the east”." in fragment.words
    assert "<html" not in fragment.text
    assert "The audience has no name" in page.words
    assert 'value="मंडी"' in page.text
    assert "Farmers · Unit east · internal groups" in listing.words
    assert 'name="0.0.categories" value="farmers" checked' in form.text
    assert 'name="0.1.units" value="east" checked' in form.text
    assert 'value="internal" checked' in form.text


async def test_its_page_renames_and_forgets(door, place, rt, people):
    browser = await door.signed_in(place, people["meena"])
    id = await kept(rt, "First", people["meena"])
    await kept(rt, "Second", people["meena"])

    taken = await browser.post(f"/audiences/{id}/rename", {"name": "Second"})
    renamed = await browser.post(f"/audiences/{id}/rename", {"name": "Third"})
    forgotten = await browser.post(f"/audiences/{id}/forget")

    assert (taken.status, renamed.status, forgotten.status) == (409, 303, 303)
    assert 'role="alert"' in taken.text
    assert await names(rt, people["meena"]) == ["Second"]
    assert (await browser.get(f"/broadcasts/new?audience={id}")).status == 404
