"""The page of templates, and writing a broadcast that goes as one."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from broadcasts.test_pictures import kept
from broadcasts.test_templates import CLOUD, HINDI, VARIABLES, Mandi, mandi, template
from chaupal.broadcasts import queries
from chaupal.broadcasts.models import BroadcastId
from choosing import chosen
from lawful import entered

__all__ = ["mandi"]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BLANKS = {
    f"blank_{language}_{place}": value
    for language, values in VARIABLES.items()
    for place, value in enumerate(values, 1)
}
FORM = {
    "title": "मंडी",
    "purpose": "public",
    "lane": "normal",
    "expires_h": "6",
    "to": "people",
    "via": CLOUD,
    "template": "mandi",
    "verb": "save",
    **chosen(),
    **BLANKS,
}


@pytest.fixture
async def author(door, mandi: Mandi):
    browser = await door.signed_in(mandi.place, mandi.author)
    await browser.post("/preferences", {"language": "en"})
    return browser


async def test_the_page_lists_them_with_their_age_and_fetches_now(author, mandi, clock):
    before = await author.get("/templates")
    assert "not fetched yet" in before.words
    await mandi.fetch()
    page = await author.get("/templates")
    assert "fetched" in page.words and "2 templates" in page.words
    assert "कल {{1}} की मंडी {{2}} बजे खुलेगी।" in unescape(page.text)
    assert 'hx-trigger="every 2s"' not in page.text
    clock.at += timedelta(minutes=1)
    asked = await author.post("/templates/fetch")
    assert (asked.status, asked.headers["Location"]) == (303, "/templates")
    assert "WhatsApp may pause it" not in page.words
    async with mandi.place.transaction() as conn:
        await conn.execute("UPDATE message_template SET quality = 'low', quality_at = now()")
    under_way = await author.get("/templates", HX_Request="true")
    assert "people block it or report it: WhatsApp may pause it" in under_way.words
    assert "being fetched" in under_way.words
    assert 'hx-trigger="every 2s"' in under_way.text
    assert "<html" not in under_way.text


async def test_an_organisation_without_such_a_number_is_told_so(door, place):
    browser = await door.signed_in(place, await place.account("asha"))
    await browser.post("/preferences", {"language": "en"})
    assert "No sender of WhatsApp Cloud" in (await browser.get("/templates")).words
    assert 'id="template"' not in (await browser.get("/broadcasts/new")).text


async def test_whoever_writes_no_broadcasts_sees_no_templates(door, mandi):
    reader = await mandi.place.account("reader", role="office_bearer")
    browser = await door.signed_in(mandi.place, reader)
    assert (await browser.get("/templates")).status == 403
    assert (await browser.post("/templates/fetch")).status == 403


async def test_a_chosen_template_is_shown_as_it_will_be_read(author, mandi):
    await mandi.fetch()
    assert '<option value="mandi"' in (await author.get("/broadcasts/new")).text
    shown = await author.post("/broadcasts/template", FORM, HX_Request="true")
    assert "कल बीकानेर की मंडी सात बजे खुलेगी।" in shown.words
    assert "Tomorrow the market of Bikaner opens at seven." in shown.words
    assert "<textarea" not in shown.text
    half = await author.post("/broadcasts/template", FORM | {"blank_hi_2": ""}, HX_Request="true")
    assert "कल बीकानेर की मंडी ____ बजे" in half.words
    whole = await author.post("/broadcasts/template", FORM)
    assert "<html" in whole.text and "Bikaner opens" in whole.words
    none_chosen = await author.post("/broadcasts/template", FORM | {"template": ""})
    assert "<textarea" in none_chosen.text


async def test_it_is_kept_with_its_texts_and_opened_again_as_it_was(author, mandi):
    await mandi.fetch()
    answer = await author.post("/broadcasts", FORM)
    assert answer.status == 303, answer.words
    path = answer.headers["Location"]
    async with mandi.place.transaction() as conn:
        kept = await queries.lock(conn, BroadcastId(path.rpartition("/")[2]))
    assert kept.chosen.name == "mandi"
    page = await author.get(path)
    assert "कल बीकानेर की मंडी सात बजे खुलेगी।" in page.words
    assert "Template mandi" in page.words
    edited = await author.get(f"{path}/edit")
    assert 'value="Bikaner"' in edited.text


async def test_what_lies_ahead_counts_the_chosen_templates_own_time(author, mandi, clock):
    mandi.meta.templates = [
        template(category="UTILITY", message_send_ttl_seconds=2 * 3600),
    ]
    await mandi.fetch()
    await mandi.place.person("east-one", chat="+911100000001", channel=CLOUD)
    await entered(mandi.place, mandi.author, "east", closes_in=timedelta(hours=52))
    asked = FORM | {"purpose": "internal", "election_matter": "yes"}
    page = await author.post("/broadcasts/count", asked)
    assert "Unit east · WhatsApp Cloud · 1: what has not gone by 23 November 19:28" in page.words
    freely = await author.post("/broadcasts/count", asked | {"template": ""})
    assert "nothing of this goes: the silence lasts until 25 November 21:30" in freely.words
    assert "WhatsApp tries for 2 h" in (await author.get("/templates")).words


async def test_a_picture_of_the_form_stands_above_the_templates_text(author, mandi):
    above = {"type": "HEADER", "format": "IMAGE"}
    mandi.meta.templates = [template("hi", HINDI, above)]
    await mandi.fetch()
    assert "A picture of yours stands above it." in (await author.get("/templates")).words
    offered = await author.post("/broadcasts/template", FORM, HX_Request="true")
    assert "mandi (marketing, with a picture)" in offered.words
    assert "below the picture that you add" in offered.words
    without = await author.post("/broadcasts", FORM)
    assert "A picture is missing" in without.words
    id = (await kept(mandi)).hex()
    shown = {"picture_hi": id, "picture_en": id, "description_hi": "मंडी का नक्शा"}
    hindi = {name: value for name, value in FORM.items() if not name.startswith("blank_en")}
    answer = await author.post("/broadcasts", hindi | shown)
    assert answer.status == 303, answer.words
    path = answer.headers["Location"]
    async with mandi.place.transaction() as conn:
        row = await queries.lock(conn, BroadcastId(path.rpartition("/")[2]))
        texts = await queries.texts(conn, row.id)
    assert row.chosen.fills["hi"].pictured
    assert [(text.language, text.picture_id.hex()) for text in texts] == [("hi", id)]
    assert f"/pictures/{id}" in (await author.get(path)).text
    assert id in (await author.get(f"{path}/edit")).text


@pytest.mark.parametrize("language", ["hi", "en"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"blank_en_1": ""},
        {"blank_en_1": "a\tb"},
        {"template": "other"},
        {"template": "x" * 9000},
        {"synthetic": "yes"},
        {"to": "groups"},
    ],
)
async def test_what_cannot_go_is_said_on_the_form_with_all_that_was_written(
    author, mandi, wrong, language
):
    await mandi.fetch()
    await author.post("/preferences", {"language": language})
    answer = await author.post("/broadcasts", FORM | wrong)
    assert answer.status in {409, 422}
    assert 'role="alert"' in answer.text
    assert "%(" not in answer.text
    assert 'value="मंडी"' in unescape(answer.text)


async def test_a_paused_template_is_told_of_on_the_broadcasts_page(author, mandi, clock):
    await mandi.fetch()
    await mandi.reader("+911100000001", "hi")
    id = await mandi.sending()
    assert "cannot go now" not in (await author.get(f"/broadcasts/{id}")).words
    async with mandi.place.transaction() as conn:
        await conn.execute("UPDATE message_template SET status = 'paused'")
    page = await author.get(f"/broadcasts/{id}")
    assert "Its template cannot go now" in page.words
    assert "paused by WhatsApp" in page.words
