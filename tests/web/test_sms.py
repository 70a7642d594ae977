"""SMS at the desk: registered texts are entered and withdrawn, and a text's price is told."""

import re

import pytest

from smscentre import ENTITY

NUMBER = "1107000000000000011"
ENDPOINT = f"smpp://centre.example/CHAUPL-S?entity={ENTITY}&paise=18.5"
FORM = {"number": NUMBER, "header": "CHAUPL", "language": "hi", "body": "मंडी {#var#} बजे खुलेगी।"}


@pytest.fixture
async def asha(door, place):
    return await door.signed_in(place, await place.account("asha", language="en"))


async def post(browser, path: str, **changes: str):
    page = await browser.get("/sms/texts")
    hidden = {name: page.hidden(name) for name in ("csrf", "idempotency_key")}
    return await browser.post(path, {**hidden, **FORM, **changes})


async def test_a_registered_text_is_entered_shown_and_withdrawn(asha):
    assert "nothing can go by SMS" in (await asha.get("/sms/texts")).words
    await post(asha, "/sms/texts")
    page = await asha.get("/sms/texts")
    for told in (NUMBER, "CHAUPL", "मंडी {#var#} बजे खुलेगी।", "Entered by asha"):
        assert told in page.words
    assert "DLT" in (await post(asha, "/sms/texts", number="12")).words
    await post(asha, f"/sms/texts/{NUMBER}/withdraw")
    page = await asha.get("/sms/texts")
    assert "Not used since" in page.words
    assert "Use it no more" not in page.words
    assert (await post(asha, f"/sms/texts/{NUMBER}/withdraw")).status == 404


async def test_only_administrators_of_everything_see_the_registered_texts(door, place, asha):
    await post(asha, "/sms/texts")
    east = await door.signed_in(place, await place.account("east", at="east"))
    desk = await door.signed_in(place, await place.account("desk", role="desk"))
    for browser in (east, desk):
        page = await browser.get("/sms/texts")
        assert page.status == 403
        assert NUMBER not in page.text


async def test_the_form_tells_how_many_sms_a_text_is_and_what_they_cost(place, asha):
    assert "SMS to each person" not in (await asha.get("/broadcasts/new")).words
    await place.sender("sms", channel="sms", endpoint=ENDPOINT)
    page = await asha.get("/broadcasts/new")
    written = {
        "csrf": page.hidden("csrf"),
        "idempotency_key": page.hidden("idempotency_key"),
        "title": "मंडी",
        "text_hi": "अ" * 135,
        "text_en": "a" * 160,
        "purpose": "public",
        "lane": "normal",
        "expires_h": "24",
        "to": "people",
        "via": "sms",
        "node": "0:group",
        "0.rule": "all",
        "verb": "save",
    }
    shown = await asha.post("/broadcasts", written)
    counted = re.findall(
        r"<output[^>]*>([\d.]+)</output> / 10 · <output[^>]*>([\d.]+)<", shown.text
    )
    assert counted == [("3", "55.5"), ("1", "18.5")]
    assert "fits no text that is registered for SMS under CHAUPL" in shown.words
