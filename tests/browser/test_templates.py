"""Choosing a template, filling it and fetching the list, in a real browser."""

import pytest
from playwright.async_api import expect

from broadcasts.test_templates import ENGLISH, HINDI, mandi, template
from browser.conftest import Town
from browser.test_phone import PHONE, overhang
from browsing import a_door

__all__ = ["mandi"]


@pytest.fixture
async def town(rt, mandi, clock, chromium):
    clock.at = None
    footer = {"type": "FOOTER", "text": "बंद करने को STOP लिखें"}
    buttons = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "नहीं चाहिए"}]}
    mandi.meta.templates = [
        template("hi", HINDI, footer, buttons),
        template("en", ENGLISH),
        template("hi", "सदस्यता की रसीद {{1}} तैयार है।", name="receipt", category="UTILITY",
                 message_send_ttl_seconds=3600),
        template("hi", HINDI, {"type": "HEADER", "format": "IMAGE"}, name="picture"),
        template("en", ENGLISH, name="a_" + "very_long_name_" * 20, status="PAUSED"),
    ]  # fmt: skip
    await mandi.fetch()
    await mandi.reader("+911100000001", "hi")
    async with a_door(rt) as door:
        town = Town(mandi.place, door, chromium)
        yield town
        for context in town.contexts:
            await context.close()


def complaints(town: Town) -> list[str]:
    """What a browser complained of, but for questions that a newer one, or leaving, took back."""
    taken_back = ("htmx:sendAbort", "htmx:afterRequest")
    return [said for said in town.complaints if not said.startswith(taken_back)]


async def fill(page, town) -> None:
    await page.goto(f"{town.door.url}/broadcasts/new")
    await page.fill("#title", "मंडी का समय")
    await page.check("input[name=to][value=people]")
    await page.select_option("#template", "mandi")
    await page.fill("#blank_hi_1", "बीकानेर")
    await page.fill("#blank_hi_2", "सात")
    await page.fill("#blank_en_1", "Bikaner")
    await page.fill("#blank_en_2", "seven")
    await page.locator("#blank_en_2").blur()
    await expect(page.locator("#wording")).to_contain_text("the market of Bikaner opens at seven")


async def test_a_template_is_chosen_filled_and_submitted(town):
    page = await town.signed_in("asha")
    await fill(page, town)
    await expect(page.locator("#blank_hi_1")).to_have_value("बीकानेर")
    await page.click("button[value=submit]")
    await page.wait_for_url("**/broadcasts/*-*")
    await expect(page.locator(".message[lang=hi]")).to_contain_text("बीकानेर की मंडी सात बजे")
    assert complaints(town) == []


async def test_a_fetch_shows_how_far_it_is_until_it_is_done(town, mandi):
    page = await town.signed_in("asha")
    await page.goto(f"{town.door.url}/templates")
    await page.click("form[action='/templates/fetch'] button")
    await expect(page.locator("#templates[hx-trigger]")).to_be_visible()
    await mandi.fetch()
    await expect(page.locator("#templates:not([hx-trigger])")).to_be_visible()
    assert complaints(town) == []


@pytest.mark.parametrize("language", ["hi", "en"])
async def test_its_pages_fit_a_phone(town, language):
    page = await town.signed_in("asha", **PHONE)
    await page.click(f"button[name=language][value={language}]")
    await page.goto(f"{town.door.url}/templates")
    assert await overhang(page) <= 0
    await fill(page, town)
    assert await overhang(page) <= 0
