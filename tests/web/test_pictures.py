"""A picture in the form for writing, on the page of who approves it, and on a volunteer's page."""

import io
import re
from dataclasses import dataclass

import aiohttp
import pytest

from browsing import Browser, Seen
from chaupal.broadcasts import imaging, jobs, pictures
from chaupal.broadcasts.models import Pictured
from chaupal.kit.ids import new_id
from chaupal.relay import jobs as relay
from choosing import categories, chosen
from factories import Place, an_organisation
from imagery import SVG, a_photograph, a_picture, bomb
from relaying import Bazaar

DESCRIPTION = "मंडी का नक्शा"
TEXT = "मंडी कल सुबह सात बजे खुलेगी।"
FORM = {
    "title": "मंडी का समय",
    "text_hi": TEXT,
    "text_en": "",
    "purpose": "public",
    "lane": "normal",
    "expires_h": "6",
    "verb": "submit",
}


@dataclass
class Pair:
    """Two people who may sign, and a group to write to."""

    place: Place
    author: Browser
    approver: Browser

    async def written(self, **changes: str) -> str:
        answer = await self.author.post("/broadcasts", FORM | changes)
        assert answer.status == 303, answer.words
        return answer.headers["Location"]

    async def approve(self, path: str) -> Seen:
        seen = (await self.approver.get(path)).hidden("seen")
        return await self.approver.post(f"{path}/approve", {"seen": seen})

    async def rows(self, table: str) -> int:
        async with self.place.transaction() as conn:
            return (await (await conn.execute(f"SELECT count(*) FROM {table}")).fetchone())[0]


@pytest.fixture
async def pair(door, place) -> Pair:
    await place.group("east-one", sender=await place.sender(), categories=("farmers",))
    return Pair(
        place,
        await door.signed_in(place, await place.account("asha", language="hi")),
        await door.signed_in(place, await place.account("ravi", language="en")),
    )


async def add(browser: Browser, raw: bytes, *, name: str = "a.jpg", **changes: str) -> Seen:
    """Press "add" with a file chosen, as a browser without scripts sends it, or with htmx."""
    form = aiohttp.FormData()
    fields = {"csrf": browser.csrf, "idempotency_key": str(new_id()), "picture": "add", **FORM}
    htmx = changes.pop("htmx", "")
    for field, value in (fields | changes).items():
        form.add_field(field, value)
    form.add_field("picture_file", io.BytesIO(raw), filename=name, content_type="image/jpeg")
    headers = {"hx-request": htmx} if htmx else {}
    async with browser.http.post(
        f"{browser.url}/broadcasts/picture", data=form, headers=headers, allow_redirects=False
    ) as answer:
        return Seen(answer.status, await answer.text(), dict(answer.headers))


async def look(browser: Browser, path: str) -> tuple[int, bytes, str]:
    async with browser.http.get(browser.url + path, allow_redirects=False) as answer:
        return answer.status, await answer.read(), answer.headers.get("Cache-Control", "")


def with_picture(page: Seen) -> dict[str, str]:
    return {
        "picture_hi": page.hidden("picture_hi"),
        "picture_en": page.hidden("picture_en"),
        "description_hi": DESCRIPTION,
    }


async def test_a_picture_is_added_without_scripts_and_nothing_written_is_lost(pair):
    page = await add(pair.author, a_picture())

    assert page.status == 200, page.words
    assert TEXT in page.text
    id = page.hidden("picture_hi")
    assert page.hidden("picture_en") == id
    assert f'src="/pictures/{id}"' in page.text
    path = await pair.written(**with_picture(page))
    seen = await pair.approver.get(path)
    assert f'<img src="/pictures/{id}" alt="{DESCRIPTION}">' in seen.text
    status, content, caching = await look(pair.approver, f"/pictures/{id}")
    async with pair.place.transaction() as conn:
        kept = await pictures.find(conn, bytes.fromhex(id))
    assert (status, content) == (200, kept.body), "the approver sees exactly what is sent"
    assert "immutable" in caching
    assert (await look(pair.approver, f"/pictures/{id}/light"))[1] == kept.light
    assert (await pair.approve(path)).status == 303
    await jobs.freeze_approved(pair.place.rt, pair.place.organisation)
    assert await pair.rows("delivery") == 1


async def test_the_form_of_a_draft_has_its_picture_and_it_can_be_taken_away(pair):
    page = await add(pair.author, a_picture())
    path = await pair.written(**with_picture(page), verb="save")
    edit = await pair.author.get(f"{path}/edit")
    assert edit.hidden("picture_hi") == page.hidden("picture_hi")
    assert f'value="{DESCRIPTION}"' in edit.text
    fields = FORM | {"picture_hi": page.hidden("picture_hi"), "picture": "remove:hi"}
    without = await pair.author.post("/broadcasts/picture", fields)
    assert 'name="picture_hi"' not in without.text
    assert TEXT in without.text
    assert (await pair.author.post(path, FORM)).status == 303
    assert "/pictures/" not in (await pair.author.get(path)).text


async def test_each_language_may_have_its_own(pair):
    first = await add(pair.author, a_picture())
    ids = {name: first.hidden(name) for name in ("picture_hi", "picture_en")}
    blue = a_picture(colour="#33c")
    both = await add(pair.author, blue, **ids, picture_for="en", htmx="true")
    assert both.hidden("picture_hi") == first.hidden("picture_hi")
    assert both.hidden("picture_en") != first.hidden("picture_en")
    assert "<html" not in both.text


@pytest.mark.parametrize(
    ("raw", "name", "said"),
    [
        (b"", "", "कोई तस्वीर नहीं चुनी गई"),
        (SVG, "a.jpg", "इस तरह की तस्वीर हम नहीं पहचानते"),
        (a_picture(kind="GIF"), "a.jpg", "इस तरह की तस्वीर हम नहीं पहचानते"),
        (a_picture()[:-2000], "a.jpg", "तस्वीर खुल नहीं रही"),
        (bomb(), "a.png", "बहुत ज़्यादा पिक्सेल"),
        (a_picture() + bytes(6 * 1024 * 1024), "a.jpg", "तस्वीर की फ़ाइल बहुत बड़ी है"),
    ],
)
async def test_what_is_no_picture_is_said_on_the_form(pair, raw, name, said):
    whole = await add(pair.author, raw, name=name)
    assert whole.status in {413, 422}
    assert said in whole.words
    assert TEXT in whole.text, "what was written is still there"
    part = await add(pair.author, raw, name=name, htmx="true")
    assert (part.status, said in part.words, "<html" in part.text) == (200, True, False)
    assert await pair.rows("picture") == 0


async def test_a_file_far_too_large_is_not_read_to_its_end(pair):
    assert (await add(pair.author, bytes(9 * 1024 * 1024))).status == 413


async def test_a_file_that_was_chosen_and_did_not_come_along_is_not_forgotten(pair):
    answer = await pair.author.post("/broadcasts", FORM | {"picture_file": "C:\\fakepath\\a.jpg"})
    assert answer.status == 422
    assert "तस्वीर अभी जुड़ी नहीं है" in answer.words
    assert await pair.rows("broadcast") == 0


async def test_a_picture_without_words_and_a_caption_too_long_are_said_on_the_form(pair):
    page = await add(pair.author, a_picture())
    wordless = await pair.author.post(
        "/broadcasts", FORM | with_picture(page) | {"description_hi": ""}
    )
    assert (wordless.status, "तस्वीर के बारे में लिखना बाक़ी है" in wordless.words) == (422, True)
    long = with_picture(page) | {"text_hi": "क" * 1100} | chosen(categories("farmers"))
    refused = await pair.author.post("/broadcasts", FORM | long)
    assert refused.status == 409
    assert "अभ्यास" in refused.words or "1,024" in refused.words
    assert "1,100" in refused.words


async def test_a_form_of_another_sitting_adds_nothing(pair, door):
    stale = await add(pair.author, a_picture(), csrf="0" * 64)
    assert stale.status == 403
    nobody = await add(door.browser(), a_picture())
    assert nobody.status == 401
    assert await pair.rows("picture") == 0


async def test_a_picture_is_not_shown_to_others(pair, door, rt):
    page = await add(pair.author, a_picture())
    path = f"/pictures/{page.hidden('picture_hi')}"
    other = await an_organisation(rt, slug="other")
    stranger = await door.signed_in(other, await other.account("kamla"))
    bearer = await pair.place.account("bearer", role="office_bearer")
    powerless = await door.signed_in(pair.place, bearer)
    for at in (path, f"{path}/light"):
        assert (await look(stranger, at))[0] == 404
        assert (await look(powerless, at))[0] == 403
        assert (await look(door.browser(), at))[0] == 401
    for broken in ("/pictures/x", f"/pictures/{'0' * 64}", f"/pictures/{'0' * 62}"):
        assert (await look(pair.author, broken))[0] == 404


async def test_what_comes_out_holds_nothing_of_the_photograph_but_what_one_sees(pair):
    page = await add(pair.author, a_photograph())
    id = page.hidden("picture_hi")
    for path in (f"/pictures/{id}", f"/pictures/{id}/light"):
        content = (await look(pair.author, path))[1]
        assert content.startswith(b"\xff\xd8\xff")
        assert b"98765" not in content


# --- a volunteer's page ----------------------------------------------------------------------


@pytest.fixture
async def bazaar(rt, door, place) -> Bazaar:
    return Bazaar(rt, place, await place.account("asha"), await place.account("ravi"))


async def tasked(bazaar: Bazaar) -> tuple[object, str, bytes]:
    """A broadcast with a picture, the path of its one task, and the picture as shown there."""
    person = await bazaar.place.person("east-one")
    await bazaar.group("east-one", person)
    raw = a_picture(1800, 1200)
    id = await pictures.keep(bazaar.rt, raw, key=str(new_id()), actor=bazaar.author)
    shown = {
        language: Pictured(id, words)
        for language, words in (("hi", DESCRIPTION), ("en", "A map of the market"))
    }
    broadcast = await bazaar.tasked(pictures=shown)
    [assignment] = await bazaar.assignments()
    return broadcast, f"/r/{await bazaar.token(assignment)}", imaging.prepared(raw).light


async def test_a_volunteer_sees_the_light_picture_at_the_same_secret_address(bazaar, door):
    _, path, light = await tasked(bazaar)
    browser = door.browser()

    page = await browser.get(path)

    assert re.search(
        rf'<img class="picture"[^>]* src="{path}/picture" alt="{DESCRIPTION}"', page.text
    )
    assert f'href="{path}/picture" download="picture.jpg"' in page.text
    status, content, caching = await look(browser, f"{path}/picture")
    assert (status, content) == (200, light)
    assert len(content) <= imaging.LIGHT_LIMIT_BYTES
    assert caching == "private, max-age=86400, immutable"
    assert (await look(browser, f"{path[:-4]}0000/picture"))[0] in {404, 410, 422}


async def test_after_a_recall_no_page_shows_the_picture(bazaar, door):
    broadcast, path, _ = await tasked(bazaar)
    browser = door.browser()
    assert (await look(browser, f"{path}/picture"))[0] == 200

    await bazaar.steer(broadcast, "recall")

    status, content, caching = await look(browser, f"{path}/picture")
    assert (status, caching) == (410, "no-store")
    assert b"\xff\xd8\xff" not in content
    assert "/picture" not in (await browser.get(path)).text


async def test_a_task_without_a_picture_has_none(bazaar, door):
    person = await bazaar.place.person("east-one")
    await bazaar.group("east-one", person)
    await bazaar.sending()
    await relay.open_tasks(bazaar.rt, bazaar.organisation)
    [assignment] = await bazaar.assignments()
    path = f"/r/{await bazaar.token(assignment)}"
    assert "picture" not in (await door.browser().get(path)).text
    assert (await look(door.browser(), f"{path}/picture"))[0] == 404
