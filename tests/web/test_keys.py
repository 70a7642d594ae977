"""The page of one's own keys for programs: made, shown once, taken back."""

import re

from calling import Program

FORM = {"name": "The desk's own list", "rights": "view", "days": "30"}


async def test_a_key_is_shown_once_opens_the_api_and_is_taken_back(door, place):
    browser = await door.signed_in(place, await place.account("asha"))

    made = await browser.post("/keys", FORM)
    key = re.search(r'id="secret" value="(chaupal_[^"]+)"', made.text)[1]
    program = Program(door, key)

    assert (await program.get("me")).json["rights"] == ["view"]
    shown = await browser.get("/keys")
    assert key not in shown.text
    assert "The desk&#39;s own list" in shown.text
    assert "see the directory" in shown.words
    [revoke] = re.findall(r'action="(/keys/[0-9a-f-]+/revoke)"', shown.text)
    assert (await browser.post(revoke)).status == 303
    assert (await program.get("me")).status == 401
    assert "taken back" in (await browser.get("/keys")).words


async def test_a_key_carries_no_right_that_its_owner_lacks(door, place):
    browser = await door.signed_in(place, await place.account("desk", at="east", role="desk"))
    shown = await browser.get("/keys")
    assert 'value="view"' in shown.text
    assert 'value="import"' not in shown.text
    assert (await browser.post("/keys", {**FORM, "rights": "import"})).status == 403
    for wrong in ({"rights": "moon"}, {"rights": []}, {"days": "0"}, {"days": "x"}, {"name": " "}):
        assert (await browser.post("/keys", {**FORM, **wrong})).status == 422


async def test_nobody_takes_back_a_key_of_somebody_else(door, place):
    owner = await door.signed_in(place, await place.account("asha"))
    other = await door.signed_in(place, await place.account("bina"))
    await owner.post("/keys", FORM)
    [revoke] = re.findall(r'action="(/keys/[0-9a-f-]+/revoke)"', (await owner.get("/keys")).text)
    assert (await other.post(revoke)).status == 404


async def test_the_same_form_sent_twice_shows_no_second_key(door, place):
    browser = await door.signed_in(place, await place.account("asha"))
    form = {**FORM, "idempotency_key": "the-same-key"}
    assert (await browser.post("/keys", form)).status == 200
    assert (await browser.post("/keys", form)).status == 409
