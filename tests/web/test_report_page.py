"""The report's page: every number leads to the list that it counts."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from chaupal.broadcasts import actions, jobs, queries
from chaupal.broadcasts.audience import Categories
from chaupal.broadcasts.models import BroadcastId, Draft, Purpose
from chaupal.kit.ids import new_id
from factories import Place

FAR = {
    "east-one": "state = 'sent', evidence = 3, sent_at = b.frozen_at + interval '90 s', "
    "opened_at = b.frozen_at + interval '5 min'",
    "east-two": "state = 'refused', failure = 'blocked'",
}


@dataclass
class Sent:
    """A frozen broadcast to three groups: one was read, one refused, one waits."""

    place: Place
    reader: Any
    id: BroadcastId

    @property
    def path(self) -> str:
        return f"/broadcasts/{self.id}"

    async def page(self, rest: str = ""):
        return await self.reader.get(self.path + rest)


async def written(place: Place) -> BroadcastId:
    author = await place.account("asha")
    draft = Draft(
        title="मंडी का समय",
        texts={"hi": "मंडी कल सुबह सात बजे खुलेगी।"},
        purpose=Purpose.PUBLIC,
        audience=Categories(["farmers"]),
        expires_at=place.rt.now() + timedelta(hours=6),
    )
    id = await actions.write(place.rt, draft, key=str(new_id()), actor=author)
    await actions.submit(place.rt, id, key=str(new_id()), actor=author)
    return id


@pytest.fixture
async def sent(door, place) -> Sent:
    bot = await place.sender()
    for code in ("east-one", "east-two", "west-one"):
        await place.group(code, sender=bot, categories=("farmers",))
    id = await written(place)
    approver = await place.account("ravi", language="en")
    async with place.transaction() as conn:
        seen = (await queries.lock(conn, id)).content_hash
    await actions.approve(place.rt, id, seen_hash=seen, key=str(new_id()), actor=approver)
    await jobs.freeze(place.rt, place.organisation, id)
    async with place.transaction() as conn:
        for code, changes in FAR.items():
            await conn.execute(
                f"UPDATE delivery d SET {changes} FROM chat_group g, broadcast b"
                " WHERE g.id = d.group_id AND b.id = d.broadcast_id AND g.unit_id = %s",
                (place.units[code],),
            )
    return Sent(place, await door.signed_in(place, approver), id)


def links(text: str) -> set[tuple[str, int]]:
    """Every number that leads to a list of deliveries, with its address."""
    found = re.findall(r'<a href="([^"]*/deliveries\?[^"]*)">([\d,]+)</a>', text)
    return {(unescape(address), int(count.replace(",", ""))) for address, count in found}


async def test_every_number_of_a_report_leads_to_as_many_deliveries(sent):
    for path in ("", "/report", f"/report?unit={sent.place.units['east']}"):
        shown = links((await sent.page(path)).text)
        assert len(shown) >= 4
        for address, count in shown:
            rows = (await sent.reader.get(address)).text.partition("<tbody>")[2].count("<tr>")
            assert rows == count, address


async def test_a_report_says_how_long_it_took_and_what_was_not_reached_yet(sent):
    page = await sent.page(f"/report?unit={sent.place.units['east']}")
    by_unit = page.words.partition("How fast, unit by unit")[2]
    assert "Unit east-one 1 50 %: 1 min 30 s 90 %: 1 min 30 s 95 %: 1 min 30 s 50 %: 5 min" in (
        by_unit
    )
    assert "Unit east-two 1 50 %: not yet 90 %: not yet" in by_unit
    by_level = page.words.partition("How fast, level by level")[2]
    assert "District 2 50 %: 1 min 30 s 90 %: not yet 95 %: not yet" in by_level
    assert "1 The group removed or blocked our sender." in page.words


async def test_silent_links_are_named_and_one_can_go_down_the_tree(sent):
    page = await sent.page("/report")
    assert f'/report?unit={sent.place.units["east"]}"' in page.text
    silent = page.words.partition("Silent links")[2]
    assert "Unit west" in silent
    assert "Unit west-one" not in silent


async def test_a_report_is_for_those_who_see_the_broadcast_and_the_unit(sent, door):
    western = await door.signed_in(
        sent.place, await sent.place.account("western", at="west", role="coordinator")
    )
    for path in ("report", "deliveries", "deliveries.csv"):
        assert (await western.get(f"{sent.path}/{path}")).status == 404
    assert (await sent.page(f"/report?unit={sent.id}")).status == 404


@pytest.mark.parametrize(
    "query", ["unit=x", "rung=first", "least=refused", "after=x", "failure=" + "x" * 99]
)
async def test_a_list_that_nobody_can_mean_is_refused(sent, query):
    assert (await sent.page(f"/deliveries?{query}")).status == 422


async def test_the_file_holds_the_same_deliveries_as_its_list(sent):
    answer = await sent.page("/deliveries.csv?rung=refused")
    assert answer.headers["Content-Type"].startswith("text/csv")
    head, line = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert dict(zip(head, line, strict=True))["failure"] == "blocked"


async def test_before_the_freeze_there_is_nothing_to_report(door, place):
    reader = await door.signed_in(place, await place.account("ravi", language="hi"))
    await place.group("east-one", sender=await place.sender(), categories=("farmers",))
    page = await reader.get(f"/broadcasts/{await written(place)}/report")
    assert (page.status, "रिपोर्ट" in page.words) == (200, True)
