"""What readers see: words stand out from their ground, nothing lies over a field, a thumb hits."""

import pytest
from playwright.async_api import Page, expect

from browser.test_phone import PHONE, sent, token

DESK = {"viewport": {"width": 1280, "height": 800}}
# WCAG 2.2, success criterion 1.4.3: 4.5 to 1, and 3 to 1 for large letters.
FAINT = """() => {
  const parts = (colour) => {
    const found = colour.match(/^rgba?\\(([^)]+)\\)/);
    const all = found[1].split(/[ ,/]+/).map(Number);
    return all.length < 4 ? [...all, 1] : all;
  };
  const over = (top, under) => [0, 1, 2].map((n) => top[n] * top[3] + under[n] * (1 - top[3]));
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      layers.push(parts(getComputedStyle(at).backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reduceRight((under, top) => over(top, under), [255, 255, 255]);
  };
  const faint = [];
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const at = texts.currentNode.parentElement, said = texts.currentNode.textContent.trim();
    if (!said || !at.checkVisibility() || at.closest("svg, option, .unseen")) continue;
    const style = getComputedStyle(at), under = ground(at);
    const two = [light(over(parts(style.color), under)), light(under)].sort();
    const ratio = (two[1] + 0.05) / (two[0] + 0.05), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) faint.push(`${said.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""
LAID_OVER = """() => {
  const buttons = [...document.querySelectorAll(".condition fieldset > .plain")];
  return buttons.flatMap((button) => {
    const a = button.getBoundingClientRect();
    const beside = button.parentElement.querySelectorAll("input, select, legend, .units");
    return [...beside].filter((e) => {
      const b = e.getBoundingClientRect(), apart = a.right <= b.left || b.right <= a.left;
      return b.width && !apart && a.top < b.bottom && b.top < a.bottom;
    }).map((e) => `${button.value} over ${e.tagName} ${e.name || ""}`);
  });
}"""
SMALL = """() => [...document.querySelectorAll("a, button")].filter((e) => e.checkVisibility())
  .map((e) => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect()])
  .filter(([, box]) => Math.min(box.width, box.height) < 44)
  .map(([said, box]) => `${said}: ${box.width} x ${box.height}`)"""
UNMARKED = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  const marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return at === document.body || marked ? null : at.outerHTML.slice(0, 120);
}"""


async def everything_open(page: Page) -> None:
    await page.evaluate("document.querySelectorAll('main details').forEach((e) => e.open = true)")
    await page.evaluate("document.fonts.ready")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_stand_out_from_their_ground(town, scheme):
    broadcast, personal = await sent(town), f"/r/{await token(town)}"
    page = await town.signed_in("ravi", **DESK, color_scheme=scheme)

    faint = {}
    for path in (
        "/", "/broadcasts", "/broadcasts/new", broadcast, f"{broadcast}/report", "/law",
        "/clusters", "/templates", "/senders", "/sms/texts", "/groups", "/record", personal,
        "/r/broken",
    ):  # fmt: skip
        await page.goto(town.door.url + path)
        await everything_open(page)
        if found := await page.evaluate(FAINT):
            faint[path] = found
    assert faint == {}


async def test_a_button_that_takes_a_condition_away_lies_over_no_field(town):
    page = await town.signed_in("ravi", **DESK)
    await page.goto(f"{town.door.url}/broadcasts/new")
    kinds = await page.locator('[id="0-add"] option').evaluate_all("all => all.map(o => o.value)")
    for number, kind in enumerate(kinds):
        await page.select_option('[id="0-add"]', kind)
        await page.click('[id="0-add-it"]')
        await expect(page.locator(f'[name=node][value="0.{number}:{kind}"]')).to_have_count(1)

    for width in (360, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate(LAID_OVER) == []
    assert await page.locator(".condition fieldset > .plain").count() >= 9


@pytest.mark.parametrize("language", ["hi", "en"])
async def test_whatever_a_volunteer_taps_takes_a_thumb(town, language):
    async with town.place.transaction() as conn:
        found = await conn.execute("SELECT person_id FROM group_admin")
        [person] = await found.fetchone()
    other = await town.place.group("west-two", categories=("students",), name="परीक्षा साथी")
    await town.place.admin(other, person)
    await sent(town)
    page = await town.visitor(**PHONE)

    address = f"{town.door.url}/r/{await token(town)}?language={language}"
    while True:  # the worker opens the two tasks one after the other
        await page.goto(address)
        if await page.locator(".tasks a").count():
            break
    small = await page.evaluate(SMALL)
    await page.goto(f"{town.door.url}/r/broken?language={language}")

    assert small + await page.evaluate(SMALL) == []
    assert [said for said in town.complaints if "422" not in said] == []


async def test_whoever_goes_by_keyboard_sees_where_they_are(town):
    await sent(town)
    page = await town.signed_in("ravi", **DESK)

    unmarked = {}
    for path in ("/senders", "/law", "/clusters", f"/r/{await token(town)}"):
        await page.goto(town.door.url + path)
        await everything_open(page)
        for _ in range(40):
            await page.keyboard.press("Tab")
            if found := await page.evaluate(UNMARKED):
                unmarked[path] = found
    assert unmarked == {}
