"""On a cheap phone, 360 px wide: nothing hangs over the edge, and a volunteer can do the task."""

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from chaupal.relay import links

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
TEXT = "विद्यार्थियो, परीक्षा की तारीख़ बदल गई है।"


async def overhang(page: Page) -> int:
    return await page.evaluate("document.documentElement.scrollWidth - innerWidth")


async def sent(town) -> str:
    """A broadcast to farmers by bot and to students by hand; its address."""
    author, approver = await town.signed_in("asha"), await town.signed_in("ravi")
    await author.goto(f"{town.door.url}/broadcasts/new")
    await author.fill("#title", "लंबे शीर्षक वाला एक प्रसारण जो कई पंक्तियों में जाता है और ठीक दिखे")
    await author.fill("#text_hi", TEXT)
    await author.click("button[value=submit]")
    await author.wait_for_url("**/broadcasts/*-*")
    await approver.goto(author.url)
    await approver.click("summary.button.main")
    await approver.click("form[action$='/approve'] button.main")
    await expect(approver.locator(".stitch .here")).to_contain_text("Sending")
    return author.url.removeprefix(town.door.url)


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


@pytest.mark.parametrize("language", ["hi", "en"])
async def test_no_page_hangs_over_the_edge(town, language):
    broadcast, personal = await sent(town), f"/r/{await token(town)}"
    async with town.place.transaction() as conn:
        [group] = await (await conn.execute("SELECT id FROM chat_group LIMIT 1")).fetchone()
    page = await town.signed_in("asha" if language == "hi" else "ravi", **PHONE)

    hanging = {}
    for path in (
        "/", "/broadcasts", broadcast, "/broadcasts/new", "/groups", f"/groups/{group}",
        f"/tree/{town.place.units['state']}", f"/tree/{town.place.units['west-one']}", "/record",
        "/nowhere", f"{personal}?language={language}", "/r/broken",
    ):  # fmt: skip
        await page.goto(town.door.url + path)
        await page.evaluate("document.fonts.ready")
        if await overhang(page) > 0:
            hanging[path] = await overhang(page)
    await page.context.clear_cookies()
    await page.goto(f"{town.door.url}/sign-in")

    assert hanging == {}
    assert await overhang(page) <= 0
    assert [said for said in town.complaints if "404" not in said and "422" not in said] == []


async def test_a_volunteer_shares_by_link_copies_and_says_posted(town):
    await sent(town)
    page = await town.visitor(**PHONE)
    await page.context.grant_permissions(
        ["clipboard-read", "clipboard-write"], origin=town.door.url
    )

    await page.goto(f"{town.door.url}/r/{await token(town)}")
    shared = await page.get_attribute("#share", "href")
    await page.click("#copy")
    await expect(page.locator("#said")).not_to_be_empty()
    copied = await page.evaluate("navigator.clipboard.readText()")
    await page.click("#posted button")

    await expect(page.locator(".done")).to_be_visible()
    assert shared.startswith("https://wa.me/?text=")
    assert copied.startswith(TEXT)
    assert "/g/" in copied
    assert await page.locator("#share").count() == 0
    assert town.complaints == []


async def test_a_share_that_the_phone_offers_is_taken(town):
    await sent(town)
    page = await town.visitor(**PHONE)
    await page.add_init_script("navigator.share = async (what) => { window.shared = what.text; };")

    await page.goto(f"{town.door.url}/r/{await token(town)}")
    await page.click("#share")

    await page.wait_for_function("window.shared !== undefined")
    assert (await page.evaluate("window.shared")).startswith(TEXT)
    assert page.url.startswith(town.door.url)


async def test_a_posted_without_signal_is_kept_and_sent_when_the_phone_is_back(town):
    await sent(town)
    page = await town.visitor(**PHONE)
    await page.goto(f"{town.door.url}/r/{await token(town)}")

    await page.context.set_offline(True)
    await page.click("#posted button")
    await expect(page.locator("#said")).not_to_be_empty()
    await page.context.set_offline(False)

    await expect(page.locator(".done")).to_be_visible()
