"""Writing, approving and steering a broadcast through its pages."""

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from chaupal.broadcasts import jobs, queries
from chaupal.broadcasts.models import BroadcastId
from chaupal.kit.ids import new_id
from choosing import categories, chosen, none, units
from factories import Place

TEXT = "मंडी कल सुबह सात बजे खुलेगी।"
FORM = {
    "title": "मंडी का समय",
    "text_hi": TEXT,
    "text_en": "",
    "purpose": "public",
    "lane": "normal",
    "expires_h": "6",
    "election_matter": "yes",
    "verb": "submit",
}


FARMERS = chosen(categories("farmers"))
FARMER = {"op": "categories", "categories": ["farmers"]}
BOTH = chosen(categories("farmers"), categories("students"))


@dataclass
class Pair:
    """Two people who may sign, and groups to write to."""

    place: Place
    author: Any
    approver: Any

    async def written(self, **changes) -> str:
        """Write and submit; the path of the broadcast."""
        answer = await self.author.post("/broadcasts", FORM | changes)
        assert answer.status == 303, answer.words
        return answer.headers["Location"]

    async def approve(self, path: str, **changes):
        seen = (await self.approver.get(path)).hidden("seen")
        return await self.approver.post(f"{path}/approve", {"seen": seen, **changes})

    async def stage(self, path: str) -> str:
        async with self.place.transaction() as conn:
            found = await queries.lock(conn, BroadcastId(path.rpartition("/")[2]))
        return found.stage.value

    async def audience(self, path: str):
        async with self.place.transaction() as conn:
            return (await queries.lock(conn, BroadcastId(path.rpartition("/")[2]))).audience

    async def rows(self, table: str) -> int:
        async with self.place.transaction() as conn:
            return (await (await conn.execute(f"SELECT count(*) FROM {table}")).fetchone())[0]


@pytest.fixture
async def pair(door, place) -> Pair:
    await place.category("students")
    bot = await place.sender()
    for code in ("east-one", "east-two", "west-one"):
        await place.group(code, sender=bot, categories=("farmers",))
        await place.group(code, categories=("students",))
    return Pair(
        place,
        await door.signed_in(place, await place.account("asha", language="hi")),
        await door.signed_in(place, await place.account("ravi", language="en")),
    )


async def test_a_broadcast_is_written_approved_by_another_and_fixed(pair):
    path = await pair.written(**FARMERS)

    page = await pair.approver.get(path)
    answer = await pair.approve(path)
    await jobs.freeze_approved(pair.place.rt, pair.place.organisation)
    after = await pair.approver.get(path)

    assert "Farmers · public groups" in page.words
    assert "3 groups" in page.words
    assert TEXT in page.words
    assert (answer.status, answer.headers["Location"]) == (303, path)
    assert await pair.stage(path) == "sending"
    assert "0 of 3 groups reached" in after.words


@pytest.mark.parametrize("language", ["hi", "en"])
async def test_nobody_approves_their_own_broadcast(pair, language):
    await pair.author.post("/preferences", {"language": language})
    path = await pair.written()
    page = await pair.author.get(path)
    seen = page.text  # the author's page has no button, so what they read has to be made up

    answer = await pair.author.post(f"{path}/approve", {"seen": "00" * 32})

    assert f"{path}/approve" not in seen
    assert answer.status == 403
    said = {"hi": "मंज़ूरी कोई दूसरा व्यक्ति देगा", "en": "A second person must approve"}[language]
    assert said in answer.words
    assert said in page.words
    assert await pair.stage(path) == "submitted"


async def test_an_approval_is_for_the_text_that_was_read(pair):
    path = await pair.written()
    seen = (await pair.approver.get(path)).hidden("seen")

    await pair.author.post(path, FORM | {"title": "बदला हुआ"})
    answer = await pair.approver.post(f"{path}/approve", {"seen": seen})

    assert answer.status == 409
    assert "It changed after you read it" in answer.words


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        (chosen(categories("astronauts")), 422, "astronauts"),
        (chosen(units(codes="nowhere-at-all")), 422, "nowhere-at-all"),
        (chosen(none(units(codes="nowhere-at-all"))), 422, "nowhere-at-all"),
        (chosen(("levels", {"levels": ["moon"]})), 422, "moon"),
        (chosen(categories()), 422, "वर्ग"),
        (chosen(none()), 422, "शर्तों का समूह"),
        (chosen(("size", {"at_least": "9", "at_most": "3"})), 422, "सदस्य"),
        (chosen(("size", {"at_least": "many"})), 422, "सदस्य"),
        (chosen(("earlier", {"broadcast": str(new_id())})), 422, "पिछला प्रसारण"),
        (BOTH, 409, "इन श्रोताओं में कोई नहीं है"),
        ({"text_hi": "  "}, 422, "संदेश"),
        ({"expires_h": "-1"}, 422, ""),
        ({"expires_h": "999"}, 422, "14"),
        ({"starts": "2020-01-01T09:00"}, 422, "यह समय निकल चुका है"),
        ({"starts": "2999-01-01T09:00"}, 422, "14"),
        ({"starts": "0001-01-01T00:00"}, 422, "साफ़ नहीं"),
        ({"starts": "कल सुबह"}, 422, "साफ़ नहीं"),
        ({"purpose": "everybody"}, 422, ""),
        ({"title": ""}, 422, ""),
        ({"text_hi": "क" * 4001}, 422, "4,000"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_cannot_be_sent_is_refused_on_the_form_in_words(pair, changes, status, said):
    answer = await pair.author.post("/broadcasts", FORM | changes)

    assert answer.status == status
    assert 'role="alert"' in answer.text
    assert said in answer.words
    if "title" not in changes:
        assert 'value="मंडी का समय"' in answer.text


async def test_an_empty_audience_leaves_a_draft_that_can_be_mended(pair):
    refused = await pair.author.post("/broadcasts", FORM | BOTH)
    action = re.search(r'action="(/broadcasts/[0-9a-f-]{36})" id="compose"', refused.text)[1]
    mended = await pair.author.post(action, FORM | FARMERS)

    assert refused.status == 409
    assert (mended.status, mended.headers["Location"]) == (303, action)
    assert await pair.stage(action) == "submitted"


async def test_the_same_form_sent_twice_makes_one_broadcast(pair):
    opened_at = (await pair.author.get("/broadcasts/new")).hidden("opened_at")
    form = FORM | {"idempotency_key": str(new_id()), "opened_at": opened_at}

    answers = await asyncio.gather(*(pair.author.post("/broadcasts", form) for _ in range(5)))
    once_more = await pair.author.post("/broadcasts", form)

    assert {answer.status for answer in [*answers, once_more]} == {303}
    assert len({answer.headers["Location"] for answer in [*answers, once_more]}) == 1
    assert await pair.rows("broadcast") == 1


async def test_a_button_pressed_twice_does_it_once(pair):
    path = await pair.written()
    seen = (await pair.approver.get(path)).hidden("seen")
    form = {"seen": seen, "idempotency_key": str(new_id())}

    first, second = [await pair.approver.post(f"{path}/approve", form) for _ in range(2)]

    assert (first.status, second.status) == (303, 303)
    async with pair.place.transaction() as conn:
        [count] = await (
            await conn.execute("SELECT count(*) FROM record WHERE kind = 'broadcast.approved'")
        ).fetchone()
    assert count == 1


async def test_a_form_without_a_key_is_refused(pair):
    path = await pair.written()

    answer = await pair.approver.post(f"{path}/cancel", {"idempotency_key": ""})

    assert answer.status == 422
    assert await pair.stage(path) == "submitted"


async def test_a_broadcast_is_returned_paused_resumed_and_withdrawn(pair):
    path = await pair.written()
    moves = []

    async def move(verb: str) -> None:
        answer = await pair.approver.post(f"{path}/{verb}")
        assert answer.status == 303, answer.words
        moves.append(await pair.stage(path))

    await move("return")
    await pair.author.post(f"{path}/submit")
    await pair.approve(path)
    await jobs.freeze_approved(pair.place.rt, pair.place.organisation)
    for verb in ("pause", "resume", "recall"):
        await move(verb)
        assert (await pair.approver.get(path)).status == 200
    late = await pair.approver.post(f"{path}/pause")

    assert moves == ["draft", "paused", "sending", "recalled"]
    assert late.status == 409
    assert "Withdrawn" in late.words
    assert (await pair.approver.post(f"{path}/explode")).status == 404


async def test_a_start_is_written_by_the_clock_in_india_and_shown_to_whoever_approves(pair, clock):
    clock.at = datetime(2026, 11, 24, 4, tzinfo=UTC)
    path = await pair.written(starts="2026-11-25T09:30", expires_h="8")

    asked = await pair.approver.get(path)
    form = await pair.author.get(f"{path}/edit")
    await pair.approve(path)
    await jobs.freeze_approved(pair.place.rt, pair.place.organisation)
    waits = [await pair.approver.get(at) for at in (path, "/broadcasts", "/")]
    clock.at = datetime(2026, 11, 25, 4, tzinfo=UTC)
    begun = await pair.approver.get(path)

    assert "and sent from 25 November 09:30 on" in asked.words
    assert 'value="2026-11-25T09:30"' in form.text
    assert 'name="expires_h" type="number" min="1" max="336" value="8"' in form.text
    assert all("Scheduled" in page.words for page in waits)
    assert "begins 25 November 09:30" in waits[2].words
    assert "Scheduled" not in begun.words
    async with pair.place.transaction() as conn:
        found = await queries.lock(conn, BroadcastId(path.rpartition("/")[2]))
    assert found.starts_at == datetime(2026, 11, 25, 4, tzinfo=UTC)
    assert found.expires_at == datetime(2026, 11, 25, 12, tzinfo=UTC)


async def test_whoever_approves_after_the_start_is_told_that_it_goes_at_once(pair, clock):
    clock.at = datetime(2026, 11, 24, 4, tzinfo=UTC)
    path = await pair.written(starts="2026-11-24T10:30", expires_h="8")
    clock.at += timedelta(hours=2)

    page = await pair.approver.get(path)

    assert "Its start is over already" in page.words
    assert "That hour is over." in page.words


async def test_the_form_comes_back_as_its_author_left_it(pair):
    choice = chosen(
        units("east", codes="west-one"),
        ("levels", {"levels": ["district"]}),
        ("group", "any", [categories("farmers"), ("languages", {"languages": ["en"]})]),
        none(units(codes="east-two"), categories("students")),
    )
    path = await pair.written(**choice, verb="save")
    before = await pair.audience(path)

    page = await pair.author.get(f"{path}/edit")
    checked = set(re.findall(r'name="([\w.]+)" value="([\w-]+)" checked', page.text))
    await pair.author.post(path, FORM | choice | {"verb": "save"})

    assert checked >= {
        ("0.0.units", "east"), ("0.0.units", "west-one"),
        ("0.1.levels", "district"), ("0.2.0.categories", "farmers"),
        ("0.2.1.languages", "en"), ("0.3.0.units", "east-two"), ("0.3.1.categories", "students"),
    }  # fmt: skip
    assert await pair.audience(path) == before


async def test_an_audience_too_deep_for_the_form_is_kept_whole(pair):
    path = await pair.written(verb="save")
    deep = {"op": "or", "of": [FARMER, {"op": "and", "of": [FARMER, {"op": "everyone"}]}]}
    for _ in range(2):
        deep = {"op": "not", "of": {"op": "and", "of": [FARMER, deep]}}
    async with pair.place.transaction() as conn:
        await conn.execute(
            "UPDATE broadcast SET audience = %s WHERE id = %s",
            (json.dumps(deep), path.rpartition("/")[2]),
        )

    page = await pair.author.get(f"{path}/edit")
    nodes = re.findall(r'name="node" value="([\w.]+:\w+)"', page.text)
    ticked = re.findall(r'name="(0[\w.]*)" value="([^"]*)" checked', page.text)
    kept = re.findall(r'name="(0[\w.]*json)" value="([^"]*)"', page.text)
    fields = {name: unescape(value) for name, value in [*ticked, *kept]}
    rules = re.findall(r'name="(0[\w.]*rule)".*?<option value="(\w+)" selected', page.text)
    await pair.author.post(path, FORM | {"node": nodes} | fields | dict(rules) | {"verb": "save"})

    assert any(node.endswith(":kept") for node in nodes)
    assert await pair.audience(path) == deep


async def test_a_form_of_before_is_refused_rather_than_sent_to_everybody(pair):
    answer = await pair.author.post("/broadcasts", FORM | {"categories": ["farmers"]})

    assert answer.status == 422
    assert await pair.rows("broadcast") == 0


async def test_the_count_follows_the_form(pair):
    async def count(*conditions, rule="all") -> str:
        form = {"purpose": "public", **chosen(*conditions, rule=rule)}
        answer = await pair.author.post("/broadcasts/count", form)
        assert answer.status == 200
        found = re.search(r'id="audience-total">([\d,]+)<', answer.text)
        return found[1] if found else answer.words

    farmers, students = categories("farmers"), categories("students")
    assert await count() == "6"
    assert await count(farmers) == "3"
    assert await count(units("east"), farmers) == "2"
    assert await count(units("east"), none(units(codes="east-one"))) == "2"
    assert await count(units("east", alone="yes")) == "0"
    assert await count(farmers, students) == "0"
    assert await count(farmers, students, rule="any") == "6"
    assert await count(farmers, rule="none") == "3"
    assert await count(("levels", {"levels": ["state"]})) == "0"
    assert await count(("size", {"at_least": "1"})) == "0"
    assert await count(("live_admins", {"at_most": "0"})) == "6"
    assert await count(("posts", {"roles": ["desk"]})) == "0"
    assert await count(("languages", {"languages": ["hi"]})) == "6"
    assert await count(("channels", {"channels": ["whatsapp"]})) == "3"
    assert "moon" in await count(categories("moon"))


async def test_people_without_a_channel_are_not_counted_as_groups(pair):
    await pair.author.post("/preferences", {"language": "en"})
    form = {"purpose": "public", "to": "people", **chosen(categories("farmers"))}

    answer = await pair.author.post("/broadcasts/count", form)

    assert answer.status == 200
    assert 'id="audience-total"' not in answer.text
    assert "channel" in answer.words


async def test_the_picture_leads_to_the_groups_that_it_counts(pair):
    form = {"purpose": "public", **chosen(categories("farmers"))}
    await pair.author.post("/preferences", {"language": "en"})

    fragment = await pair.author.post("/broadcasts/count", form)
    links = {
        name: unescape(url)
        for url, name in re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)</a>', fragment.text)
    }
    east = await pair.author.get(links["Unit east"])
    tiles = re.findall(r"<title>([^<]+)</title>", fragment.text)

    assert set(links) == {"Unit east", "Unit west"}
    assert east.status == 200
    assert east.text.count('class="name"') == 2
    assert "Farmers · public groups" in east.words
    assert set(tiles) == {"Unit east-one: 1", "Unit east-two: 1", "Unit west-one: 1"}


async def test_the_list_of_a_count_is_refused_to_whom_it_is_not_for(pair, door):
    query = {"purpose": "public", "unit": "west", "audience": '{"op": "everyone"}'}
    east = await door.signed_in(pair.place, await pair.place.account("meena", at="east"))

    outside = await east.get(f"/broadcasts/groups?{urlencode(query)}")
    inside = await east.get(f"/broadcasts/groups?{urlencode(query | {'unit': 'east'})}")
    broken = await east.get("/broadcasts/groups?audience={&purpose=public&unit=east")

    assert (outside.status, inside.status, broken.status) == (422, 200, 422)


async def test_conditions_are_added_and_taken_away_without_a_script(pair):
    async def change(form: dict, **buttons: str):
        answer = await pair.author.post("/broadcasts/audience", FORM | form | buttons)
        assert answer.status == 200, answer.words
        return re.findall(r'name="node" value="([\w.]+:\w+)"', answer.text), answer

    nodes, page = await change(chosen(), change="add:0", **{"0.add": "categories"})
    assert nodes == ["0:group", "0.0:categories"]
    assert TEXT in page.text
    assert "autofocus" in page.text
    nodes, page = await change(chosen(categories("farmers")), change="add:0", **{"0.add": "group"})
    assert nodes == ["0:group", "0.0:categories", "0.1:group"]
    assert 'value="farmers" checked' in page.text
    nodes, _ = await change(chosen(categories("farmers"), units("east")), change="drop:0.0")
    assert nodes == ["0:group", "0.0:units"]
    for wrong in ("drop:0", "add:0.7", "fly:0"):
        answer = await pair.author.post("/broadcasts/audience", FORM | chosen() | {"change": wrong})
        assert answer.status == 422


async def test_a_desk_without_the_right_to_approve_is_not_shown_the_button(pair, door):
    path = await pair.written()
    desk = await door.signed_in(pair.place, await pair.place.account("desk", role="desk"))

    page = await desk.get(path)
    seen = (await pair.approver.get(path)).hidden("seen")
    answer = await desk.post(f"{path}/approve", {"seen": seen})

    assert f"{path}/approve" not in page.text
    assert answer.status == 403


async def test_lists_go_on_from_where_they_ended(pair):
    for _ in range(32):
        await pair.written(title=str(new_id()))

    first = await pair.author.get("/broadcasts?stage=submitted")
    onward = re.search(r'href="([^"]+)" rel="next"', first.text)[1].replace("&amp;", "&")
    second = await pair.author.get(onward)

    def listed(page) -> list[str]:
        return re.findall(r'class="name" href="(/broadcasts/[^"]+)"', page.text)

    assert (len(listed(first)), len(listed(second))) == (30, 2)
    assert not set(listed(first)) & set(listed(second))
    assert "stage=submitted" in onward


async def test_both_must_say_that_it_is_no_election_matter(pair):
    form = {name: value for name, value in FORM.items() if name != "election_matter"}
    told = {}
    for says in ("yes", ""):
        answer = await pair.author.post("/broadcasts", form | FARMERS)
        path = answer.headers["Location"]
        page = await pair.approver.get(path)
        assert 'name="no_election_matter"' in page.text
        assert "no, says its author; who approves must say so too" in page.words
        assert (await pair.approve(path, no_election_matter=says)).status == 303
        told[says] = (await pair.approver.get(path)).words
    assert "Election matter no, both say" in told["yes"]
    assert "Election matter yes: its author says no, and who approved it did not" in told[""]
    path = await pair.written(**FARMERS)
    assert 'name="no_election_matter"' not in (await pair.approver.get(path)).text
