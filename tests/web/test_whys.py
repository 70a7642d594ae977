"""Why a group is in or out, asked on the pages: term by term, in the reader's language."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chaupal.broadcasts import actions, jobs
from chaupal.broadcasts.audience import And, Categories, Expression, LiveAdmins, Not, Or, Size
from chaupal.broadcasts.models import BroadcastId, Draft, Purpose
from chaupal.kit.ids import new_id
from chaupal.kit.sound import search_key
from choosing import categories, chosen
from factories import Place


@dataclass
class Room:
    """Named groups in the east, an author there, and somebody above who approves."""

    place: Place
    author: Any
    browser: Any
    above: Any
    groups: dict[str, UUID] = field(default_factory=dict)

    async def group(self, name: str, at: str = "east-one", **kind) -> UUID:
        id = await self.place.group(at, **kind)
        async with self.place.transaction() as conn:
            await conn.execute(
                "UPDATE chat_group SET name = %s, search_key = %s WHERE id = %s",
                (name, search_key(name), id),
            )
        self.groups[name] = id
        return id

    async def written(self, audience: Expression) -> BroadcastId:
        rt = self.place.rt
        draft = Draft(
            title="मंडी",
            texts={"hi": "मंडी कल खुलेगी।"},
            purpose=Purpose.PUBLIC,
            audience=audience,
            expires_at=rt.now() + timedelta(hours=1),
        )
        return await actions.write(rt, draft, key=str(new_id()), actor=self.author)

    async def frozen(self, audience: Expression) -> BroadcastId:
        rt, id = self.place.rt, await self.written(audience)
        shown = await actions.submit(rt, id, key=str(new_id()), actor=self.author)
        await actions.approve(
            rt, id, seen_hash=shown.content_hash, key=str(new_id()), actor=self.above
        )
        await jobs.freeze(rt, self.place.organisation, id)
        return id

    async def why(self, id: BroadcastId, name: str, browser=None):
        answer = await (browser or self.browser).post(f"/broadcasts/{id}/why", {"why": name})
        assert answer.status == 200, answer.words
        return answer


@pytest.fixture
async def room(door, place) -> Room:
    author = await place.account("meena", at="east", language="en")
    above = await place.account("asha", language="en")
    room = Room(place, author, await door.signed_in(place, author), above)
    await room.group("Kisan Nokha", categories=("farmers",))
    await room.group("Kisan Office", categories=("farmers",), purpose="internal")
    await room.group("Kisan West", at="west-one", categories=("farmers",))
    await room.group("Vyapari Nokha")
    old = await room.group("Kisan Purana", categories=("farmers",))
    async with place.transaction() as conn:
        await conn.execute("UPDATE chat_group SET archived_at = now() WHERE id = %s", (old,))
    return room


async def test_each_reason_is_told_in_words(room, door):
    id = await room.written(Categories(["farmers"]))
    above = await door.signed_in(room.place, room.above)

    inside = await room.why(id, "Kisan Nokha")
    office = await room.why(id, "Kisan Office")
    old = await room.why(id, "Kisan Purana")
    trader = await room.why(id, "Vyapari")
    west = await room.why(id, "Kisan West", above)
    hidden = await room.why(id, "Kisan West")

    assert "is-in" in inside.text
    assert "Farmers fits" in inside.words
    assert "is-out" in office.text
    assert "It is an internal group, and this is for public ones." in office.words
    assert "Farmers fits" in office.words
    assert "It is archived: no broadcast goes there." in old.words
    assert "Farmers does not fit" in trader.words
    assert "It lies outside the author's area." in west.words
    assert "No group within your area is called so." in hidden.words


async def test_terms_inside_terms_are_told_one_by_one(room):
    id = await room.written(
        And([Or([Categories(["farmers"]), LiveAdmins(2)]), Not(Size(None, 50))])
    )

    page = await room.why(id, "Kisan Nokha")
    told = [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", line)).strip()
        for line in re.findall(r"<li class=\"in-.*", page.text)
    ]

    assert told == [
        "any of these: fits",
        "Farmers fits",
        "at least 2 live admins does not fit",
        "except at most 50 members fits",
    ]


async def test_a_group_whose_size_nobody_told_says_so(room):
    id = await room.written(Size(1, None))

    page = await room.why(id, "Kisan Nokha")

    assert "at least 1 members does not fit nobody told its size" in page.words


async def test_of_a_frozen_broadcast_it_is_told_what_became_of_the_group(room):
    id = await room.frozen(Categories(["farmers"]))
    async with room.place.transaction() as conn:
        await conn.execute(
            "UPDATE delivery SET state = 'refused', failure = 'no_admin' WHERE broadcast_id = %s",
            (id,),
        )
    late = await room.group("Kisan Naya", categories=("farmers",))

    reached = await room.why(id, "Kisan Nokha")
    missed = await room.why(id, "Kisan Naya")

    assert late
    assert "This broadcast was for it. It stands at: refused" in reached.words
    assert "The group has no live admin." in reached.words
    assert "It was not in the audience when that was fixed" in missed.words
    assert "is-in" in missed.text


async def test_an_audience_that_names_what_has_ended_still_tells_what_became(room):
    id = await room.frozen(Categories(["farmers"]))
    async with room.place.transaction() as conn:
        await conn.execute(
            "UPDATE broadcast SET audience = %s WHERE id = %s",
            (
                '{"op": "units", "units": ["' + str(new_id()) + '"], "below": true}',
                id,
            ),
        )

    page = await room.why(id, "Kisan Nokha")

    assert "No such unit" in page.words
    assert "It stands at: planned" in page.words


async def test_while_writing_it_is_told_for_the_form_as_it_stands(room):
    form = {"purpose": "public", "why": "Nokha", **chosen(categories("farmers"))}

    fragment = await room.browser.post("/broadcasts/why", form, hx_request="true")
    page = await room.browser.post("/broadcasts/why", form | {"title": "Market"})

    assert "<html" not in fragment.text
    for answer in (fragment, page):
        assert answer.status == 200
        assert answer.text.count('class="why"') == 2
        assert "Farmers fits" in answer.words
        assert "Farmers does not fit" in answer.words
    assert 'value="Market"' in page.text


async def test_it_is_told_in_hindi_too(room):
    await room.browser.post("/preferences", {"language": "hi"})
    id = await room.written(And([Categories(["farmers"]), LiveAdmins(1)]))

    page = await room.why(id, "Nokha")

    assert "शामिल नहीं" in page.words
    assert "कम से कम 1 सक्रिय एडमिन नहीं बैठता" in page.words


async def test_a_broadcast_outside_ones_area_is_not_there(room, door):
    id = await room.written(Categories(["farmers"]))
    west = await door.signed_in(room.place, await room.place.account("kiran", at="west"))

    answer = await west.post(f"/broadcasts/{id}/why", {"why": "Kisan"})

    assert answer.status == 404
