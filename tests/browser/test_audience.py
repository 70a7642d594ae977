"""The builder of audiences in a real browser: by keyboard alone, and on a phone 360 px wide."""

import pytest
from playwright.async_api import Page, expect

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


async def add(page: Page, path: str, kind: str) -> None:
    """Add a condition without a mouse: the list, then the button behind it."""
    await page.focus(f'[id="{path}-add"]')
    await page.select_option(f'[id="{path}-add"]', kind)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")


async def test_an_audience_is_built_by_keyboard_alone(town):
    page = await town.signed_in("ravi")
    await page.goto(f"{town.door.url}/broadcasts/new")
    total = page.locator("#audience-total")
    await expect(total).to_have_text("25")

    await add(page, "0", "categories")
    first = page.locator('[name="0.0.categories"]').first
    await expect(first).to_be_focused()
    await expect(page.locator("#whom")).to_contain_text("Nothing is chosen yet")
    await page.keyboard.press("Space")
    await expect(total).to_have_text("24")
    await add(page, "0", "group")
    await expect(page.locator('[id="0.1-rule"]')).to_be_focused()
    await page.select_option('[id="0.1-rule"]', "none")
    await add(page, "0.1", "units")
    await expect(page.locator('[id="0.1.0-search"]')).to_be_focused()
    await page.focus('[name="0.1.0.codes"]')
    await page.keyboard.type("east-one, west")
    await page.keyboard.press("Tab")

    await expect(total).to_have_text("6")
    await expect(page.locator("#whom")).to_contain_text("Farmers · except Unit east-one, Unit west")
    await expect(page.locator("#whom time[data-age]")).to_be_visible()
    await page.focus("#why-name")
    await page.keyboard.type("Group")
    await page.keyboard.press("Enter")
    await expect(page.locator("#why details.why").first).to_be_visible()
    await page.focus('button[value="drop:0.1"]')
    await page.keyboard.press("Enter")
    await expect(total).to_have_text("24")
    await page.focus("#keep-name")
    await page.keyboard.type("All farmers")
    await page.keyboard.press("Enter")
    await expect(page.locator("#kept")).to_contain_text("Kept as “All farmers”")
    assert page.url.endswith("/broadcasts/new")
    assert town.complaints == []


@pytest.mark.parametrize("login", ["asha", "ravi"])
async def test_every_condition_fits_on_a_phone_and_takes_a_tap(town, login):
    page = await town.signed_in(login, **PHONE)
    await page.goto(f"{town.door.url}/broadcasts/new")
    kinds = await page.locator('[id="0-add"] option').evaluate_all("all => all.map(o => o.value)")
    for number, kind in enumerate(kinds):
        await page.select_option('[id="0-add"]', kind)
        await page.tap('[id="0-add-it"]')
        await expect(page.locator(f'[name=node][value="0.{number}:{kind}"]')).to_have_count(1)

    overhang = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    await page.goto(f"{town.door.url}/audiences")

    assert set(kinds) >= {"units", "posts", "earlier", "size", "live_admins", "group"}
    assert overhang <= 0
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert town.complaints == []
