"""A file of people from its headings in Hindi to the last row, as an administrator sees it."""

import csv
import re
from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from browser.conftest import Town
from browser.test_phone import PHONE, overhang
from browsing import a_door
from factories import an_organisation
from house import Process, environment_for

ROWS = 60_000
LONG_MS = 120_000
WRONG = {7: "unit_unknown", 9: "phone_malformed"}
HEADINGS = ("क्रम", "सदस्यता क्रमांक", "पूरा नाम", "इकाई", "मोबाइल नं", "मंडली का शब्द")
# Run at the start of every page: notes each number of rows that it showed, without a reload.
NOTES = """
    window.shown = [];
    new MutationObserver(() => {
        const rows = document.querySelector("#rows");
        if (rows) window.shown.push(Number(rows.textContent.replaceAll(",", "")));
    }).observe(document, {subtree: true, childList: true, characterData: true});
"""


def written(path, rows: int = ROWS):
    """As Excel writes "Unicode text" here: UTF-16, semicolons, CRLF. Two rows are wrong."""
    with path.open("w", encoding="utf-16", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(HEADINGS)
        for number in range(1, rows + 1):
            unit = "nowhere" if number == 7 else "east-one"
            phone = "12345" if number == 9 else f"+9111{number:08}"
            out.writerow((number, f"m{number}", f"सदस्य {number}", unit, phone, "शब्द"))
    return path


@pytest.fixture
async def desk(rt, chromium, database, engines, tmp_path):
    """A web door with a worker that is a process of its own."""
    place = await an_organisation(rt)
    await place.account("asha", language="hi")
    await place.account("ravi", language="en")
    await place.account("mohan", role="coordinator", language="en")
    environment = environment_for(database.program_dsn, engines[1].url, 0, tmp_path)
    worker = Process("worker", environment, tmp_path / "worker.log")
    async with a_door(rt) as door:
        town = Town(replace(place, rt=replace(rt, desk_url=door.url)), door, chromium)
        worker.start()
        try:
            yield town
            for context in town.contexts:
                await context.close()
        finally:
            worker.close()


async def upload(page: Page, town: Town, path) -> None:
    await page.goto(f"{town.door.url}/imports/new")
    await page.check("input[name=kind][value=people]")
    await page.set_input_files("#file", path)
    await page.click("form[action='/imports'] button.main")
    await page.wait_for_url("**/edit")


async def choose(page: Page) -> None:
    """Say what the one riddle of the headings is, and ask for the dry run."""
    await page.select_option("tr:has(input[value='मंडली का शब्द']) select", "-")
    await page.click("form:has(input[name=heading]) button.main")
    await page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}$"))


async def order(page: Page) -> None:
    await page.click("summary.button.main")
    await page.click("form[action$='/order'] button.main")


def ended(page: Page, key: str):
    """The number beside an outcome."""
    return page.locator(f"tr[data-outcome={key}] b")


async def test_a_file_with_hindi_headings_is_mapped_tried_imported_and_reported(desk, tmp_path):
    path = written(tmp_path / "सदस्य.csv")
    page = await desk.signed_in("asha")
    await upload(page, desk, path)

    chosen = {
        heading: await page.input_value(f"tr:has(input[value='{heading}']) select")
        for heading in HEADINGS
    }
    assert chosen == dict(
        zip(HEADINGS, ["-", "reference", "name", "unit_code", "phone", ""], strict=True)
    )
    body = await page.inner_text("main")
    assert "सदस्य 3" in body
    assert "+9111" not in body
    assert "00000003" not in body

    await page.add_init_script(NOTES)
    await choose(page)
    await expect(page.locator("#result")).to_be_visible(timeout=LONG_MS)
    await expect(ended(page, "accepted")).to_have_text("59,998")
    await expect(ended(page, "refused")).to_have_text("2")
    await expect(page.locator("#reasons")).to_be_visible()
    await order(page)
    await expect(page.locator(".stitch li").last).to_have_class("here", timeout=LONG_MS)
    await expect(page.locator("#result")).to_be_visible(timeout=LONG_MS)
    moved = await page.evaluate("window.shown")
    assert len({rows for rows in moved if rows > 0}) > 1, moved

    outcomes = ("accepted", "updated", "unchanged", "refused")
    numbers = {key: number(await ended(page, key).inner_text()) for key in outcomes}
    assert numbers == {"accepted": ROWS - 2, "updated": 0, "unchanged": 0, "refused": 2}
    async with page.expect_download() as download:
        await page.click("a[href$='/report']")
    with (await (await download.value).path()).open(encoding="utf-8-sig", newline="") as file:
        _, *lines = csv.reader(file)
    assert [int(line[0]) for line in lines] == list(range(2, ROWS + 2))
    assert {line[1] for line in lines} == {"नई", "अस्वीकार"}
    assert [int(line[0]) - 1 for line in lines if line[1] == "अस्वीकार"] == list(WRONG)

    await upload(page, desk, path)
    assert await page.input_value("tr:has(input[value='मंडली का शब्द']) select") == "-"
    await page.click("form:has(input[name=heading]) button.main")
    await expect(ended(page, "unchanged")).to_have_text("59,998", timeout=LONG_MS)
    await expect(page.locator("form[action$='/order']")).to_have_count(0)
    assert desk.complaints == []


def number(written: str) -> int:
    return int(written.replace(",", ""))


async def test_an_import_can_be_stopped_from_the_page(desk, tmp_path):
    page = await desk.signed_in("ravi")
    await upload(page, desk, written(tmp_path / "members.csv"))
    await choose(page)
    await expect(page.locator("#rows")).to_be_visible()

    await page.click("summary.button.grave")
    await page.click("form[action$='/cancel'] button.main")

    await expect(page.locator("main")).to_contain_text("It was stopped")
    await expect(page.locator("main form")).to_have_count(0)
    async with desk.place.transaction() as conn:
        cursor = await conn.execute("SELECT count(*) FROM import_chunk")
        assert await cursor.fetchone() == (0,)
    assert desk.complaints == []


async def test_who_may_not_import_finds_no_door_to_it(desk):
    page = await desk.signed_in("mohan")
    answer = await page.goto(f"{desk.door.url}/imports/new")
    assert answer.status == 403
    await page.goto(f"{desk.door.url}/")
    assert await page.locator("nav a[href='/imports']").count() == 0


@pytest.mark.parametrize("login", ["asha", "ravi"])
async def test_no_page_of_files_hangs_over_the_edge_of_a_phone(desk, tmp_path, login):
    page = await desk.signed_in(login, **PHONE)
    hanging = {}

    async def look(name: str) -> None:
        await page.evaluate("document.fonts.ready")
        if await overhang(page) > 0:
            hanging[name] = await overhang(page)

    await page.goto(f"{desk.door.url}/imports/new")
    await look("new")
    await upload(page, desk, written(tmp_path / "a-very-long-name-of-a-file-of-members.csv", 60))
    await look("columns")
    await choose(page)
    await expect(page.locator("#result")).to_be_visible(timeout=LONG_MS)
    await look("checked")
    await order(page)
    await expect(page.locator("#result")).to_be_visible(timeout=LONG_MS)
    await look("done")
    for path in ("/imports", "/exports"):
        await page.goto(desk.door.url + path)
        await look(path)
    assert hanging == {}
