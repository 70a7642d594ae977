"""A picture from the form for writing to a volunteer's phone, 360 px wide, in real Chromium."""

import asyncio
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from chaupal.broadcasts import imaging
from chaupal.relay import links
from imagery import SVG, a_picture

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
TEXT = "विद्यार्थियो, परीक्षा की तारीख़ बदल गई है।"
WORDS = "परीक्षा की नई तारीख़ का पोस्टर"
POSTER = {"name": "poster.jpg", "mimeType": "image/jpeg", "buffer": a_picture(1800, 1350)}
IS_DRAWN = "(at) => document.querySelector(at).complete && document.querySelector(at).naturalWidth"


async def overhang(page: Page) -> int:
    return await page.evaluate("document.documentElement.scrollWidth - innerWidth")


async def written(town, page: Page) -> None:
    await page.goto(f"{town.door.url}/broadcasts/new")
    await page.fill("#title", "परीक्षा की तारीख़")
    await page.fill("#text_hi", TEXT)
    await page.set_input_files("#picture_file", POSTER)
    await page.wait_for_selector("#picture img")


async def drawn(page: Page, where: str) -> None:
    image = page.locator(where)
    await expect(image).to_be_visible()
    await page.wait_for_function(IS_DRAWN, arg=where)


async def sent(town) -> None:
    """A broadcast with a poster, to farmers by bot and to students by hand."""
    author, approver = await town.signed_in("asha"), await town.signed_in("ravi")
    await written(town, author)
    await author.fill("#description_hi", WORDS)
    await author.click("button[value=submit]")
    await author.wait_for_url("**/broadcasts/*-*")
    await approver.goto(author.url)
    await drawn(approver, ".picture-sent img")
    await approver.click("summary.button.main")
    await approver.click("form[action$='/approve'] button.main")
    await expect(approver.locator(".stitch .here")).to_contain_text("Sending")


async def token(town) -> str:
    """The personal link of the one admin, once the worker has opened the task."""
    while True:
        async with town.place.transaction() as conn:
            row = await (await conn.execute("SELECT id FROM relay_assignment")).fetchone()
        if row:
            until = town.place.rt.now() + timedelta(hours=5)
            return links.personal_token(
                town.place.rt.sealer, town.place.organisation, row[0], until
            )
        await asyncio.sleep(0.05)


async def test_a_chosen_picture_comes_in_at_once_and_nothing_written_is_lost(town):
    page = await town.signed_in("asha")
    await written(town, page)

    await drawn(page, "#picture img")
    assert await page.input_value("#text_hi") == TEXT
    assert await page.locator("#add-picture").is_hidden(), "with scripts nobody needs the button"
    await page.fill("#description_hi", WORDS)
    await page.set_input_files(
        "#picture_file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": SVG}
    )
    await expect(page.locator("#picture [role=alert]")).to_contain_text("नहीं पहचानते")
    assert await page.input_value("#description_hi") == WORDS
    too_large = b"\xff\xd8\xff" + bytes(imaging.FILE_LIMIT_BYTES)
    await page.set_input_files(
        "#picture_file", {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": too_large}
    )
    await expect(page.locator("#picture-said")).to_contain_text("5 MB")
    await page.click("button[value='remove:both']")
    await expect(page.locator("#picture img")).to_have_count(0)
    assert await page.input_value("#text_hi") == TEXT
    assert town.complaints == []


async def test_without_scripts_a_picture_is_added_by_its_button(town):
    page = await town.signed_in("asha", java_script_enabled=False)
    await page.goto(f"{town.door.url}/broadcasts/new")
    await page.fill("#title", "परीक्षा की तारीख़")
    await page.fill("#text_hi", TEXT)
    await page.set_input_files("#picture_file", POSTER)
    await page.click("#add-picture")
    await expect(page.locator("#picture img")).to_be_visible()
    assert await page.input_value("#text_hi") == TEXT
    await page.fill("#description_hi", WORDS)
    await page.click("button[value=submit]")
    await expect(page.locator(".picture-sent img")).to_have_attribute("alt", WORDS)


async def test_a_phone_that_shares_files_shares_the_picture_with_the_text(town):
    await sent(town)
    page = await town.visitor(**PHONE)
    await page.add_init_script(
        """
        navigator.canShare = (what) => what.files?.length === 1;
        navigator.share = async (what) => {
          window.shared = { text: what.text, type: what.files[0].type, size: what.files[0].size };
        };
        """
    )

    await page.goto(f"{town.door.url}/r/{await token(town)}")
    await drawn(page, "#picture")
    await expect(page.locator("#save")).to_be_hidden()
    await page.click("#share")

    await page.wait_for_function("window.shared !== undefined")
    shared = await page.evaluate("window.shared")
    assert shared["text"].startswith(TEXT)
    assert shared["type"] == "image/jpeg"
    light = imaging.prepared(POSTER["buffer"]).light
    assert shared["size"] == len(light) <= imaging.LIGHT_LIMIT_BYTES
    assert await overhang(page) <= 0
    assert town.complaints == []


async def test_any_other_phone_saves_the_picture_and_shares_the_text(town):
    await sent(town)
    page = await town.visitor(**PHONE, accept_downloads=True)
    await page.goto(f"{town.door.url}/r/{await token(town)}")
    await drawn(page, "#picture")
    await expect(page.locator("#picture")).to_have_attribute("alt", WORDS)

    async with page.expect_download() as saving:
        await page.click("#save")
    saved = await (await saving.value).path()

    assert saved.read_bytes() == imaging.prepared(POSTER["buffer"]).light
    assert (await page.get_attribute("#share", "href")).startswith("https://wa.me/?text=")
    assert await overhang(page) <= 0
    assert town.complaints == []


@pytest.mark.parametrize("language", ["hi", "en"])
async def test_a_form_with_a_picture_does_not_hang_over_the_edge(town, language):
    page = await town.signed_in("asha" if language == "hi" else "ravi", **PHONE)
    await written(town, page)
    assert await overhang(page) <= 0
    assert town.complaints == []
