"""The tree changed from its pages: looked at before, asked once, refused in words, remembered."""

from datetime import UTC, datetime

import pytest

from chaupal.kit.ids import new_id
from factories import Place
from growing import Grove, a_grove

TODAY = "2026-03-10"


@pytest.fixture
async def grove(place: Place, clock) -> Grove:
    clock.at = datetime(2026, 3, 10, 8, tzinfo=UTC)
    return await a_grove(place)


@pytest.fixture
async def browser(door, grove):
    return await door.signed_in(grove.place, grove.actor)


def at(grove: Grove, code: str, verb: str = "") -> str:
    return f"/units/{grove.place.units[code]}" + (f"/{verb}" if verb else "")


async def test_the_tree_shows_what_hangs_below_and_leads_on(browser, grove):
    page = await browser.get(f"/tree/{grove.place.units['east']}")

    assert page.status == 200
    assert "units below 4" in page.words
    assert "people 3" in page.words
    assert "groups 5" in page.words
    coverage = f"/coverage?unit={grove.place.units['east']}"
    for link in ("/people?unit=east", "/groups?unit=east", coverage):
        assert f'href="{link}"' in page.text
    assert f'href="{at(grove, "east")}"' in page.text


async def test_only_administrators_are_offered_a_change(door, grove):
    ravi = await grove.place.account("ravi", at="east", role="coordinator")
    browser = await door.signed_in(grove.place, ravi)

    page = await browser.get(f"/tree/{grove.place.units['east']}")
    assert at(grove, "east") + '"' not in page.text
    assert (await browser.get(at(grove, "east"))).status == 403
    form = {"to": str(grove.place.units["west"]), "day": TODAY}
    assert (await browser.post(at(grove, "east-one", "move"), form)).status == 403
    assert (await browser.get(at(grove, "east", "history"))).status == 200


async def test_a_unit_is_looked_for_weighed_and_moved_and_moved_back(browser, grove):
    by_name = await browser.get(at(grove, "east-one", "move") + "?q=unit+west")
    by_code = await browser.get(at(grove, "east-one", "move") + "?q=WEST")
    to = str(grove.place.units["west"])
    assert f"to={to}" in by_name.text
    assert f"to={to}" in by_code.text
    assert str(grove.place.units["west-one"]) not in by_name.text

    preview = await browser.get(at(grove, "east-one", "move") + f"?to={to}&q=west")
    assert "2 units below it, 3 people, 5 groups" in preview.words
    done = await browser.post(at(grove, "east-one", "move"), {"to": to, "day": TODAY})
    assert done.status == 303
    assert (await grove.path("east-one")).startswith(await grove.path("west"))

    moved = await browser.get(at(grove, "east-one"))
    assert "Before, it hung from Unit east." in moved.words
    await browser.post(at(grove, "east-one", "take-back"))
    assert (await grove.path("east-one")).startswith(await grove.path("east"))
    await grove.check()


async def test_the_same_form_sent_twice_moves_once(browser, grove):
    form = {
        "to": str(grove.place.units["west"]), "day": TODAY, "idempotency_key": str(new_id())
    }  # fmt: skip
    for _ in range(2):
        assert (await browser.post(at(grove, "east-one", "move"), form)).status == 303
    [(moves,)] = await grove.rows("SELECT count(*) FROM record WHERE kind = 'unit.moved'")
    assert moves == 1


async def test_a_refusal_says_what_is_in_the_way_in_the_readers_language(door, browser, grove):
    refused = await browser.post(at(grove, "east-one", "end"), {"day": TODAY})
    assert refused.status == 409
    assert "2 units, 3 people and 5 groups" in refused.words

    hindi = await grove.place.account("hema", language="hi")
    reader = await door.signed_in(grove.place, hindi)
    refused = await reader.post(at(grove, "east-one", "end"), {"day": TODAY})
    assert "2 इकाइयाँ, 3 लोग और 5 समूह" in refused.words


async def test_a_merge_is_shown_as_what_it_is(browser, grove):
    other = str(grove.place.units["west-one"])
    found = await browser.get(at(grove, "east-one", "merge") + "?q=west")
    assert f"to={other}" in found.text
    assert f"to={grove.place.units['west']}" not in found.text
    preview = await browser.get(at(grove, "east-one", "merge") + f"?to={other}")
    assert "The unit ends and its offices with it." in preview.words

    done = await browser.post(at(grove, "east-one", "merge"), {"to": other, "day": TODAY})
    assert done.headers["Location"] == f"/units/{other}/history"
    history = await browser.get(done.headers["Location"])
    assert "Unit east-one (east-one) became part of it" in history.words
    await grove.check()


async def test_a_split_shows_what_goes_along_before_it_goes(browser, grove):
    booth = str(grove.place.units["east-one-1"])
    form = {
        "code": "north", "name_hi": "उत्तर", "name_en": "North", "children": [booth],
        "people": "1", "day": TODAY,
    }  # fmt: skip
    preview = await browser.post(at(grove, "east-one", "split"), form)
    assert preview.status == 200
    assert "1 units, 1 people below them, 2 groups" in preview.words
    assert await grove.placed("north") is None

    done = await browser.post(at(grove, "east-one", "split"), {**form, "seen": "1"})
    assert done.status == 303
    page = await browser.get(done.headers["Location"])
    assert "North" in page.words
    await grove.check()


async def test_a_split_does_not_tell_what_a_unit_outside_is_called(door, grove):
    own = await grove.place.account("own", at="east")
    browser = await door.signed_in(grove.place, own)
    answer = await browser.post(
        at(grove, "east-one", "split"), {"code": "west-one", "people": "1", "day": TODAY}
    )
    assert answer.status == 422
    assert "Unit west-one" not in answer.words


async def test_a_unit_is_founded_renamed_and_ended_by_hand(browser, grove):
    made = await browser.post(
        at(grove, "east", "found"),
        {
            "level": "district", "code": "east-new", "name_hi": "नया", "name_en": "New",
            "day": "2026-03-01",
        },
    )  # fmt: skip
    assert made.status == 303
    id = made.headers["Location"].rsplit("/", 1)[1]
    form = {"name_hi": "और नया", "name_en": "Newer", "day": "2026-03-05"}
    assert (await browser.post(f"/units/{id}/rename", form)).status == 303
    assert (await browser.post(f"/units/{id}/end", {"day": "2026-03-08"})).status == 303

    gone = await browser.get(f"/tree/{id}")
    assert gone.headers["Location"] == f"/units/{id}/history"
    history = await browser.get(gone.headers["Location"])
    assert "This unit is no more since 8 March 2026." in history.words
    assert "1 March 2026 to 4 March 2026" in history.words
    assert (await browser.get(f"/units/{id}")).status == 409


async def test_the_tree_as_it_was_on_a_day(browser, grove):
    form = {"to": str(grove.place.units["west"]), "day": "2026-03-05"}
    await browser.post(at(grove, "east-one", "move"), form)

    before = await browser.get(at(grove, "east", "history") + "?on=2026-03-04")
    after = await browser.get(at(grove, "east", "history") + "?on=2026-03-05")
    booth = await browser.get(at(grove, "east-one-1", "history") + "?on=2026-03-04")

    assert "Unit east-one east-one District not here any more" in before.words
    assert "east-one District" not in after.words
    assert "Belonged to Unit state › Unit east › Unit east-one" in booth.words


@pytest.mark.parametrize(
    ("verb", "form"),
    [
        ("move", {"to": "nonsense", "day": TODAY}),
        ("move", {"to": str(new_id()), "day": "someday"}),
        ("split", {"code": "x", "children": ["nonsense"], "day": TODAY}),
        ("found", {"level": "planet", "code": "x", "name_hi": "x", "name_en": "x", "day": TODAY}),
    ],
)
async def test_what_no_form_of_ours_sends_is_refused(browser, grove, verb, form):
    assert (await browser.post(at(grove, "east-one", verb), form)).status == 422
    assert (await browser.get(at(grove, "east-one", "history") + "?on=never")).status == 422


async def test_pages_of_units_offer_nothing_that_would_be_refused(door, grove, browser):
    root = await browser.get(at(grove, "state"))
    assert "Merge into another" not in root.words
    assert "Rename" in root.words
    booth = await browser.get(at(grove, "east-one-1"))
    assert "New unit below" not in booth.words
    own = await door.signed_in(grove.place, await grove.place.account("own", at="east"))
    assert "Merge into another" not in (await own.get(at(grove, "east"))).words
    assert (await own.get(at(grove, "east", "move"))).status == 403
