"""Names as long as they can be, without a space, on a phone of 360 px: no page hangs over."""

import os
from dataclasses import replace
from itertools import count

import pytest
from playwright.async_api import Page, expect

from browser.conftest import Town
from browser.test_phone import PHONE, overhang
from browsing import a_door
from chaupal import record
from chaupal.directory.models import Kind
from chaupal.groups.coverage import jobs as coverage
from factories import an_organisation
from importing import ended

LONG = 300
WORDS = {"Devanagari": "चौ", "Latin": "W", "without a vowel": "म"}


def long(syllable: str, last: str, length: int = LONG) -> str:
    return (syllable * length)[: length - len(last)] + last


@pytest.fixture
async def town(rt, chromium):
    place = await an_organisation(rt)
    await place.account("asha", language="hi")
    async with a_door(rt) as door:
        town = Town(replace(place, rt=replace(rt, desk_url=door.url)), door, chromium)
        yield town
        for context in town.contexts:
            await context.close()


async def fill(rt, place, syllable, tmp_path) -> dict[str, str]:
    """A unit, somebody with an office, and a group, all called as long as a file lets them be."""
    console = record.part_of_the_system(place.organisation, "console")
    code, reference, name = "C" * 60, "R" * 100, long(syllable, "x")
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO category (organisation_id, key, name_hi, name_en)"
            " VALUES (current_organisation(), 'farmers', %s, %s)",
            (long(syllable, "c", 60), long(syllable, "c", 60)),
        )
    files = {
        Kind.UNITS: f"code,parent_code,level,name_hi,name_en\n{code},state,division,{name},{name}",
        Kind.PEOPLE: f"reference,unit_code,name\n{reference},{code},{name}",
        Kind.POSTS: "unit_code,role,title_hi,title_en,reference,since\n"
        f"{code},coordinator,{name},{name},{reference},2024-01-01",
        Kind.GROUPS: "reference,unit_code,name,purpose,channel,categories,admins\n"
        f"{'G' * 200},{code},{name},public,whatsapp,farmers,{reference}",
        Kind.MEMBERSHIPS: f"reference,category,since,basis\n{reference},farmers,2024-01-01,paper",
    }
    for kind, text in files.items():
        said = await ended(rt, kind, text + "\n", actor=console, tmp_path=tmp_path)
        assert said == {2: "accepted"}, (kind, said)
    await coverage.recount(rt, place.organisation, at_once=True)
    ids = {"code": code, "name": name}
    async with place.transaction() as conn:
        for what, query in (
            ("unit", "SELECT id FROM unit WHERE length(name_en) = 300"),
            ("person", "SELECT id FROM person"),
            ("group", "SELECT id FROM chat_group"),
            ("office", "SELECT id FROM office WHERE length(title_en) = 300"),
        ):
            [ids[what]] = await (await conn.execute(query)).fetchone()
    return ids


async def widest(page: Page) -> list[str]:
    """What hangs over the edge, for whoever has to mend it."""
    return await page.evaluate(
        """[...document.querySelectorAll("main *, body > *")]
            .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
            .map((e) => `${e.tagName}.${e.className}`).slice(0, 6)"""
    )


@pytest.mark.parametrize("syllable", WORDS.values(), ids=WORDS.keys())
async def test_a_name_of_300_letters_breaks_no_page(town, rt, tmp_path, syllable):
    ids = await fill(rt, town.place, syllable, tmp_path)
    page = await town.signed_in("asha", **PHONE)
    pictures = os.environ.get("CHAUPAL_PICTURES")

    hanging, seen, shots = {}, 0, count()
    for path in (
        "/tree", "/tree/{unit}", "/units/{unit}", "/units/{unit}/history", "/units/{unit}/move",
        "/units/{unit}/merge", "/units/{unit}/split", "/units/{unit}/found", "/people",
        "/people?unit={code}", "/people/bulk?deed=move&unit={code}&category=farmers",
        "/people/bulk?deed=join", "/people/{person}", "/groups", "/groups?unit={code}",
        "/groups/bulk?deed=join&unit={code}&category=farmers&q={name:.100}",
        "/groups/bulk?deed=archive",
        "/groups/{group}", "/groups/{group}/change", "/groups/{group}/place", "/groups/new",
        "/offices", "/offices?unit={code}", "/offices/{office}", "/offices/{office}/give",
        "/coverage", "/coverage?unit={unit}", "/coverage/booths", "/search", "/audiences",
        "/exports", "/access", "/breach", "/accounts", "/notices", "/broadcasts/new", "/record",
    ):  # fmt: skip
        answer = await page.goto(town.door.url + path.format(**ids))
        assert answer is not None
        if answer.status != 200:
            hanging[path] = answer.status
        if path == "/search":  # by a form, since nobody's name stands in an address
            await page.fill("#q", ids["code"])
            await page.press("#q", "Enter")
            await expect(page.locator(".ledger.found")).to_contain_text(ids["name"])
        await page.evaluate("document.fonts.ready")
        seen += ids["name"] in await page.content()
        for width in (360, 1280):
            await page.set_viewport_size({"width": width, "height": 740})
            if await overhang(page) > 0:
                hanging[path, width] = await overhang(page), await widest(page)
        await page.set_viewport_size({"width": 360, "height": 740})
        if pictures:
            await page.screenshot(path=f"{pictures}/{next(shots):02}.png", full_page=True)

    assert not hanging, "\n".join(map(str, hanging.items()))
    assert seen > 15
