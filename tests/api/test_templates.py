"""A broadcast that goes as a template, written by a program."""

from datetime import timedelta

import pytest

from broadcasts.test_templates import CLOUD, VARIABLES, mandi

__all__ = ["mandi"]


@pytest.fixture
async def asha(mandi, keyed):
    return await keyed(mandi.author)


def body(mandi, **changes) -> dict:
    return {
        "title": "मंडी",
        "purpose": "public",
        "audience": {"op": "everyone"},
        "expires_at": (mandi.rt.now() + timedelta(hours=6)).isoformat(),
        "via": [CLOUD],
        "template": {"name": "mandi", "variables": VARIABLES},
        **changes,
    }


async def test_the_texts_come_out_of_the_template(mandi, asha):
    await mandi.fetch()
    seen = await asha.post("broadcasts/preview", body(mandi))
    assert seen.status == 200, seen.text
    assert seen.json["texts"]["en"] == "Tomorrow the market of Bikaner opens at seven."
    written = await asha.post("broadcasts", body(mandi))
    assert written.status == 201, written.text
    assert written.json["content"] == seen.json["content"]
    shown = (await asha.get(f"broadcasts/{written.json['id']}")).json
    assert (shown["template"], shown["texts"]) == ("mandi", seen.json["texts"])


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"texts": {"hi": "और कुछ"}}, 422, "request.malformed"),
        ({"template": {"name": "other"}}, 422, "template.unknown"),
        ({"template": {"name": "mandi"}}, 422, "template.variables_mismatched"),
        ({"template": {"name": "mandi", "variables": {"hi": 7}}}, 422, "request.malformed"),
        ({"template": {"name": ""}}, 422, "request.malformed"),
        ({"via": ["sandbox"]}, 422, "template.not_for_this"),
    ],
)
async def test_what_cannot_go_is_refused_with_its_code(mandi, asha, changes, status, code):
    await mandi.fetch()
    told = await asha.post("broadcasts", body(mandi, **changes))
    assert (told.status, told.json["code"]) == (status, code), told.text
