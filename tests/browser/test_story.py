"""A message from its first word to its last group, as two people see it happen in Chromium."""

import re

from playwright.async_api import Page, expect

from factories import PASSWORD

TEXT = "किसान भाइयो और बहनो, मंडी कल सुबह सात बजे खुलेगी।"


NEXT_NEWS = """() => new Promise(
    heard => document.addEventListener("htmx:sseMessage", heard, {once: true})
)"""


async def stays(page: Page) -> None:
    """Leave a mark that a reload would wipe away."""
    await page.evaluate("window.neverLeft = true")


async def never_left(page: Page) -> bool:
    return await page.evaluate("window.neverLeft === true")


async def wants_farmers(page: Page) -> None:
    """Add the condition that groups are of farmers."""
    await page.select_option("[id='0-add']", "categories")
    await page.click("[id='0-add-it']")
    await page.check("input[name='0.0.categories'][value=farmers]")


async def test_two_people_send_a_message_and_watch_it_arrive(town):
    author, approver = await town.signed_in("asha"), await town.signed_in("ravi")

    await author.click("a[href='/broadcasts/new']")
    await author.fill("#title", "मंडी का समय")
    await author.fill("#text_hi", TEXT)
    total = author.locator("#audience-total")
    await expect(total).to_have_text("25")
    await wants_farmers(author)
    await expect(total).to_have_text("24")
    await author.select_option("[id='0-add']", "units")
    await author.click("[id='0-add-it']")
    await author.click("summary:has(input[value=east])", position={"x": 2, "y": 8})
    await author.check("input[name='0.1.units'][value=east]")
    await expect(total).to_have_text("12")
    await expect(author.locator("#whom")).to_contain_text("इकाई east")
    await author.click("button[value='drop:0.1']")
    await expect(total).to_have_text("24")
    assert re.match(r"\d+$", await author.locator("#count_hi").inner_text())
    await author.click("button[value=submit]")
    await expect(author.locator(".message")).to_have_text(TEXT)
    assert await author.locator("form[action$='/approve']").count() == 0
    await stays(author)

    await approver.goto(f"{town.door.url}/broadcasts?stage=submitted")
    await approver.click("a.name")
    await expect(approver.locator(".message")).to_have_text(TEXT)
    await stays(approver)
    await approver.click("summary.button.main")
    await approver.evaluate(NEXT_NEWS)  # an open question stays open while numbers move
    await approver.click("form[action$='/approve'] button.main")

    for page, words in ((author, "24"), (approver, "24 of 24 groups reached (100")):
        lead = page.locator(".lead")
        await expect(lead).to_contain_text(words)
    await expect(approver.locator(".stitch .here")).to_contain_text("Finished")
    await expect(author.locator("h1")).to_have_text("मंडी का समय")
    assert await never_left(author)
    assert town.complaints == []


async def test_the_control_room_moves_by_itself(town):
    watcher = await town.signed_in("ravi")
    await stays(watcher)
    await expect(watcher.locator("[sse-swap=flights] .empty")).to_be_visible()
    author = await town.signed_in("asha")
    await author.goto(f"{town.door.url}/broadcasts/new")
    await author.fill("#title", "Seen from the control room")
    await author.fill("#text_hi", TEXT)
    await wants_farmers(author)
    await author.click("button[value=submit]")
    await expect(watcher.locator("#counts")).to_contain_text("1 waits for approval")

    approver = await town.signed_in("ravi")
    await approver.goto(author.url)
    await approver.click("summary.button.main")
    await approver.click("form[action$='/approve'] button.main")

    await expect(watcher.locator(".flight h3")).to_have_text("Seen from the control room")
    await expect(watcher.locator(".flight")).to_contain_text("reached 100")
    await expect(watcher.locator(".jaalis figure")).to_have_count(2)
    assert await never_left(watcher)
    assert town.complaints == []


async def test_signing_in_needs_no_mouse(town):
    page = await town.visitor()
    await page.goto(f"{town.door.url}/sign-in?organisation={town.place.slug}")

    await expect(page.locator("#login")).to_be_focused()
    await page.keyboard.type("asha")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{town.door.url}/")

    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#content")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{town.door.url}/broadcasts/new")
    assert town.complaints == []


async def test_language_and_light_change_without_losing_the_place(town):
    page = await town.signed_in("asha")
    await page.goto(f"{town.door.url}/groups?q=Group")

    await page.click("button[name=theme][value=dark]")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.click("button[name=language][value=en]")
    await page.wait_for_url(f"{town.door.url}/groups?q=Group")

    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert town.complaints == []
