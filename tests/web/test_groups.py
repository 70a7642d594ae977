"""Groups on a phone: registered, changed, looked after, without a script and without loss."""

import re

import pytest

from factories import an_organisation

INVITE = "https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv"
PAGE_BYTES = 40_000


@pytest.fixture
async def place(rt):
    place = await an_organisation(rt)
    for key in ("farmers", "women"):
        await place.category(key)
    return place


@pytest.fixture
async def browser(door, place):
    actor = await place.account("asha", at="east", role="coordinator")
    return await door.signed_in(place, actor)


def form(place, **named) -> dict:
    """What a coordinator types."""
    return {
        "unit": str(place.units["east-one"]), "name": "किसान समूह", "purpose": "public",
        "language": "hi", **named,
    }  # fmt: skip


async def reference(place, person) -> str:
    async with place.transaction() as conn:
        rows = await conn.execute("SELECT reference FROM person WHERE id = %s", (person,))
        return (await rows.fetchone())[0]


async def test_a_place_is_found_by_tapping_down_the_tree(browser, place):
    start = await browser.get("/groups/new")
    assert "Unit east" in start.words
    assert "West" not in start.words
    deeper = await browser.get(f"/groups/new?at={place.units['east-one']}")
    assert f'href="/groups/new?unit={place.units["east-one"]}"' in deeper.text
    by_code = await browser.get("/groups/new?code=east-two")
    assert "Unit east-two" in by_code.words
    assert "No such unit" in (await browser.get("/groups/new?code=west-one")).words
    assert (await browser.get(f"/groups/new?unit={place.units['west-one']}")).status == 404


async def test_a_group_is_registered_and_its_page_shows_it_all(browser, place):
    admin = await place.person("east-one", chat="+911100000901", channel="phone")
    second = await place.person("east-two")
    answer = await browser.post(
        "/groups",
        form(
            place,
            categories=["farmers"],
            size="1,024",
            invite=f"Join: {INVITE}",
            carries_notice="yes",
            admins=["+91 11000 00901", await reference(place, second), ""],
        ),
    )
    assert answer.status == 303, answer.words
    page = await browser.get(answer.headers["Location"])
    assert "1,024" in page.words
    assert INVITE in page.text
    assert str(admin) in page.text
    assert str(second) in page.text
    assert "Nobody from the top of the organisation" in page.words
    assert "+911100000901" not in page.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "The name does not fit"),
        ({"purpose": ""}, "Whom is it for?"),
        ({"size": "many"}, "We could not read the number"),
        ({"size": "999999"}, "no number of members"),
        ({"invite": "https://example.invalid/x"}, "no invite link"),
        ({"admins": ["+91 11000 00999"]}, "We do not know this person"),
    ],
    ids=str,
)
async def test_what_can_be_mended_is_shown_with_everything_that_was_typed(
    browser, place, wrong, said
):
    typed = form(place, name="मेरा समूह", size="250", invite=INVITE, categories=["women"]) | wrong
    answer = await browser.post("/groups", typed)
    assert answer.status in {404, 422}
    assert said in answer.words
    for name in ("name", "size", "invite"):
        assert f'name="{name}" value="{typed[name]}"' in answer.text
    assert 'value="women" checked' in answer.text
    assert all(f'value="{admin}"' in answer.text for admin in typed.get("admins", []))


async def test_a_group_with_the_same_invite_is_the_same_group(browser, place):
    assert (await browser.post("/groups", form(place, invite=INVITE))).status == 303
    again = await browser.post("/groups", form(place, invite=INVITE, name="दूसरा"))
    assert again.status == 409
    assert "registered already" in again.words


async def test_the_form_sent_twice_registers_one_group(browser, place):
    once = form(place, idempotency_key="0123456789abcdef")
    answers = [await browser.post("/groups", once) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]


async def test_a_group_is_changed_moved_archived_and_brought_back(browser, place):
    at = f"/groups/{await place.group('east-one')}"
    changed = {"name": "नया नाम", "language": "en", "size": "७५", "invite": INVITE}
    assert (await browser.post(at, changed)).status == 303
    page = await browser.get(at)
    assert "नया नाम" in page.words
    assert "75" in page.words
    assert "A link is kept" in (await browser.get(f"{at}/change")).words
    assert INVITE not in (await browser.get(f"{at}/change")).text
    place_page = await browser.get(f"{at}/place?at={place.units['east-two']}")
    assert "Move it here" in place_page.words
    moved = await browser.post(f"{at}/move", {"unit": str(place.units["east-two"])})
    assert moved.status == 303
    assert "Unit east-two" in (await browser.get(at)).words
    assert (await browser.post(f"{at}/archive")).status == 303
    assert "Archived" in (await browser.get(at)).words
    assert (await browser.post(f"{at}/restore")).status == 303
    assert "Bring back" not in (await browser.get(at)).words


async def test_admins_and_categories_are_looked_after_on_the_groups_page(browser, place):
    first, second = await place.person("east-one"), await place.person("east-one")
    executive = await place.person("state")
    await place.post("state", person=executive, role="office_bearer")
    group = await place.group("east-one", categories=("farmers",))
    at = f"/groups/{group}"
    for person in (first, second):
        await browser.post(f"{at}/admins", {"admin": await reference(place, person)})
    assert (await browser.post(f"{at}/admins", {"executive": str(executive)})).status == 303
    assert "Nobody from the top" not in (await browser.get(at)).words
    assert (await browser.post(f"{at}/admins/{executive}/first")).status == 303
    assert (await browser.post(f"{at}/admins/{first}/left")).status == 303
    assert (await browser.post(f"{at}/admins/{first}/dismissed")).status == 404
    assert (await browser.post(f"{at}/admins", {"admin": "nobody-1"})).status == 404
    assert (await browser.post(f"{at}/admins", {})).status == 422
    assert await live(place, group) == [executive, second]
    assert (await browser.post(f"{at}/admins/{first}/back")).status == 303
    assert await live(place, group) == [executive, second, first]
    assert (await browser.post(f"{at}/categories", {"categories": ["women"]})).status == 303
    page = await browser.get(at)
    assert re.search(r"<span>Farmers</span>\s*<span[^>]*>[^<]+ to ", page.text)


async def live(place, group) -> list:
    async with place.transaction() as conn:
        rows = await conn.execute(
            "SELECT person_id FROM group_admin WHERE group_id = %s AND left_at IS NULL"
            " ORDER BY turn",
            (group,),
        )
        return [person for (person,) in await rows.fetchall()]


async def test_those_who_only_look_see_neither_invite_nor_buttons(door, browser, place):
    answer = await browser.post("/groups", form(place, invite=INVITE))
    desk = await door.signed_in(place, await place.account("desk", role="desk"))
    page = await desk.get(answer.headers["Location"])
    assert page.status == 200
    assert "chat.whatsapp.com" not in page.text
    assert "/archive" not in page.text
    assert (await desk.get("/groups/new")).status == 403
    assert (await desk.get(answer.headers["Location"] + "/change")).status == 403
    assert (await desk.post("/groups", form(place))).status == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("admins=none", {"bare"}),
        ("admins=one", {"lone"}),
        ("category=*", {"lone"}),
        ("executive=missing", {"lone"}),
        ("notice=none", {"bare"}),
        ("size=unknown", {"bare", "lone"}),
        ("archived=yes", set()),
        ("language=en", set()),
    ],
)
async def test_the_list_narrows_to_what_one_asks_for(browser, place, query, found):
    ids = {
        "bare": await place.group("east-one", notice=False),
        "lone": await place.group("east-two", categories=("farmers",)),
    }
    await place.admin(ids["lone"], await place.person("east-one"))
    page = await browser.get(f"/groups?{query}")
    assert {name for name, id in ids.items() if str(id) in page.text} == found
    assert re.search(rf'Groups <span class="soft small">{len(found)}</span>', page.text)


async def test_the_forms_are_light_enough_for_one_bar_of_signal(browser, place):
    for _ in range(100):
        await place.post("state", person=await place.person("state"), role="office_bearer")
    group = await place.group("east-one")
    for path in (
        f"/groups/new?unit={place.units['east-one']}",
        "/groups/new",
        f"/groups/{group}",
        f"/groups/{group}/change",
        f"/groups/{group}/place",
    ):
        page = await browser.get(path)
        assert page.status == 200
        assert len(page.text.encode()) < PAGE_BYTES, path
