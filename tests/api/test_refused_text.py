"""A text that no column can hold is refused at the API's door, however it comes in."""

import pytest

NEW = {"name": "किसान", "purpose": "public", "channel": "whatsapp"}


@pytest.mark.parametrize("name", ["a\0b", "\\\0"])
async def test_a_nul_in_a_body_is_refused_by_name(program, place, name):
    told = await program.post(
        "groups", {**NEW, "unit_id": str(place.units["east-one"]), "name": name}
    )
    assert (told.status, told.json["code"]) == (422, "request.malformed")


async def test_a_nul_in_an_address_is_refused_by_name(program):
    told = await program.get("people", unit="a\0b")
    assert (told.status, told.json["code"]) == (422, "request.malformed")


async def test_a_backslash_before_u0000_is_a_text_like_any_other(program, place):
    new = {**NEW, "unit_id": str(place.units["east-one"]), "name": "\\u0000"}
    assert (await program.post("groups", new)).status == 201
