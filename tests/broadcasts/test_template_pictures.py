"""A picture above a template's text: brought once, sent with it, only where it has its place."""

from datetime import timedelta

import psycopg
import pytest

from broadcasts.test_pictures import beside, kept
from broadcasts.test_templates import ENGLISH, HINDI, mandi, template
from chaupal.broadcasts import actions, fitting, templates
from chaupal.broadcasts.filling import Chosen, Fill
from chaupal.broadcasts.showing import REFERENCE_LIFE
from chaupal.channels.registry import CHANNELS
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, Refused
from cloudserver import TOKEN, error

__all__ = ["mandi"]
MINUTE = timedelta(minutes=1)
ABOVE = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://x"]}}
CLOUD = CHANNELS["whatsapp_cloud"].traits


@pytest.fixture
async def pictured(mandi):
    """The template with a place for a picture in both languages, and two readers."""
    mandi.meta.templates = [template("hi", HINDI, ABOVE), template("en", ENGLISH, ABOVE)]
    await mandi.fetch()
    await mandi.reader("+911100000001", "hi")
    await mandi.reader("+911100000002", "en")
    return mandi


async def sending(mandi, **changes):
    shown = beside(await kept(mandi))
    return await mandi.sending(pictures=shown, **changes)


def headers(mandi) -> list[list]:
    return [
        [c for c in one.body["template"].get("components", []) if c["type"] == "header"]
        for one in mandi.meta.taken
    ]


async def batch(mandi, clock=None, after: timedelta = timedelta(0)) -> int:
    """Send once more, and return how many have gone in all."""
    loop = await mandi.loop()
    if clock is not None:
        clock.at += after
        loop.showing.failed.clear()
    await loop.batch()
    return len(mandi.meta.taken)


async def test_a_picture_is_brought_once_and_stands_above_each_text(pictured):
    id = await sending(pictured)
    assert await batch(pictured) == 2
    [(reference, content)] = pictured.meta.media.items()
    image = {"type": "image", "image": {"id": reference}}
    assert headers(pictured) == [[{"type": "header", "parameters": [image]}]] * 2
    assert pictured.meta.brought == 1
    async with pictured.place.transaction() as conn:
        row = await (await conn.execute("SELECT body FROM picture")).fetchone()
    assert content == row[0], "what was approved"
    assert await pictured.states(id) == {"sent": 2}


async def test_another_worker_brings_it_again_only_when_it_is_old(pictured, clock):
    await sending(pictured)
    await batch(pictured)
    loop = await pictured.loop()
    loop.showing.known.clear()
    await sending(pictured)
    assert await batch(pictured) == 4
    assert pictured.meta.brought == 1
    clock.at += REFERENCE_LIFE + MINUTE
    loop.showing.known.clear()
    await pictured.fetch()
    await sending(pictured, expires_at=clock.at + timedelta(hours=6))
    assert await batch(pictured) == 6
    assert pictured.meta.brought == 2


async def test_one_that_meta_has_let_go_of_is_brought_again_and_nothing_goes_twice(pictured):
    await sending(pictured)
    await batch(pictured)
    pictured.meta.media.clear()
    id = await sending(pictured)
    assert await batch(pictured) == 4
    assert pictured.meta.brought == 2
    assert await pictured.states(id) == {"sent": 2}


async def test_what_is_wrong_beside_the_picture_is_no_picture_forgotten(pictured):
    id = await sending(pictured)
    for number in ("+911100000001", "+911100000002"):
        pictured.meta.answer(number, 400, error(100))
    assert await batch(pictured) == 0
    assert pictured.meta.brought == 1
    assert await pictured.states(id) == {"refused": 2}


async def test_a_lost_answer_of_bringing_costs_a_wait_and_no_message(pictured, clock):
    id = await sending(pictured)
    pictured.meta.media_answers = ["answer"]
    assert await batch(pictured) == 0
    assert await pictured.states(id) == {"queued": 2}
    assert await batch(pictured, clock, timedelta(minutes=10)) == 2
    assert await pictured.states(id) == {"sent": 2}


async def test_a_token_that_is_not_taken_while_bringing_gives_nothing_up(pictured, clock):
    id = await sending(pictured)
    pictured.meta.media_answers = [(401, error(190))]
    assert await batch(pictured) == 0
    assert await pictured.states(id) == {"queued": 2}
    assert await batch(pictured, clock, timedelta(minutes=20)) == 2


async def test_a_picture_that_meta_refuses_is_refused_with_its_reason(pictured):
    id = await sending(pictured)
    pictured.meta.media_answers = [(400, error(131053))]
    assert await batch(pictured) == 0
    assert await pictured.states(id) == {"refused": 2}


async def test_a_template_with_a_place_for_a_picture_wants_one_and_without_one_takes_none(
    pictured, mandi, clock
):
    with pytest.raises(Invalid) as refusal:
        await pictured.as_template()
    assert refusal.value.code == "template.picture_missing"
    pictured.meta.templates = [template(), template("en", ENGLISH)]
    clock.at += MINUTE
    await pictured.fetch_now()
    shown = beside(await kept(pictured))
    id = await pictured.kept(await pictured.as_template(pictures=shown))
    with pytest.raises(Refused) as refusal:
        await actions.submit(pictured.rt, id, key=str(new_id()), actor=pictured.author)
    assert refusal.value.code == "picture.not_taken"
    assert refusal.value.facts == {"channel": "whatsapp_cloud", "targets": 2}
    await sending(pictured, text_alone=True)
    assert await batch(pictured) == 2
    assert headers(pictured) == [[], []]
    assert pictured.meta.brought == 0


async def test_a_footer_under_a_long_text_is_no_caption_too_long(pictured, clock):
    long = f"{HINDI} {'क' * 960}"
    footer = {"type": "FOOTER", "text": "बंद करने को STOP लिखें, चालू रखने को कुछ न लिखें"}
    pictured.meta.templates = [template("hi", long, ABOVE, footer), template("en", ENGLISH, ABOVE)]
    clock.at += MINUTE
    await pictured.fetch_now()
    draft = await pictured.as_template(pictures=beside(await kept(pictured)))
    assert len(draft.texts["hi"]) > CLOUD.caption_limit_characters
    await sending(pictured)
    assert await batch(pictured) == 2


async def test_where_one_language_alone_has_the_place_the_other_goes_alone(pictured, clock):
    pictured.meta.templates = [template("hi", HINDI, ABOVE), template("en", ENGLISH)]
    clock.at += MINUTE
    await pictured.fetch_now()
    draft = await pictured.as_template(pictures=beside(await kept(pictured)))
    assert [draft.template.fills[code].pictured for code in ("hi", "en")] == [True, False]
    assert not fitting.takes(CLOUD, draft.template)
    await sending(pictured, text_alone=True)
    assert await batch(pictured) == 2
    by_code = {t.body["template"]["language"]["code"]: t.body for t in pictured.meta.taken}
    assert by_code["hi"]["template"]["components"][0]["type"] == "header"
    assert by_code["en"]["template"]["components"][0]["type"] == "body"


async def test_a_place_that_comes_or_goes_after_the_approval_makes_it_wait(pictured, clock):
    id = await sending(pictured)
    before = pictured.meta.templates
    pictured.meta.templates = [template(), template("en", ENGLISH)]
    clock.at += MINUTE
    await pictured.fetch_now()
    assert await batch(pictured) == 0
    async with pictured.place.transaction() as conn:
        assert await templates.holding(conn, await pictured.broadcast(id)) is not None
    pictured.meta.templates = before
    clock.at += MINUTE
    await pictured.fetch_now()
    assert await batch(pictured) == 0, "what was approved is another template than before"


async def test_a_draft_that_loses_its_place_or_its_picture_is_refused(pictured, clock):
    shown = beside(await kept(pictured))
    draft = await pictured.as_template(pictures=shown)
    pictured.meta.templates = [template(), template("en", ENGLISH)]
    clock.at += MINUTE
    await pictured.fetch_now()
    with pytest.raises(Refused) as refusal:
        await pictured.kept(draft)
    assert refusal.value.code == "template.changed"


async def test_a_place_in_one_business_account_alone_is_not_alike(pictured, database):
    line = {"endpoint": "http://127.0.0.1:9/v23.0/7", "token": TOKEN}
    second = await pictured.place.sender("second", channel="whatsapp_cloud", **line)
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute("UPDATE sender SET business_account = '77' WHERE id = %s", (second,))
        owner.execute(
            "INSERT INTO message_template (organisation_id, id, business_account, name, code,"
            " language, category, status, body, pictured, checked_at, changed_at)"
            " SELECT organisation_id, gen_random_uuid(), '77', name, code, language, category,"
            " status, body, false, checked_at, changed_at FROM message_template"
        )
    with pytest.raises(Refused) as refusal:
        await pictured.as_template(pictures=beside(await kept(pictured)))
    assert refusal.value.code == "template.not_everywhere"


def test_a_fill_without_a_picture_is_written_as_it_always_was():
    assert Fill("hi", ("a",)).to_json() == {"code": "hi", "variables": ["a"]}
    chosen = Chosen("mandi", {"hi": Fill("hi", ("a",), pictured=True), "en": Fill("en", ("b",))})
    assert Chosen.of_json(chosen.to_json()) == chosen
