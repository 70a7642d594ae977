"""What the control room, the tree, the directory and the record show, and that it adds up."""

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest

import chaupal
from chaupal.broadcasts import actions, jobs
from chaupal.broadcasts.audience import Categories
from chaupal.broadcasts.models import Draft, Purpose
from chaupal.kit.ids import new_id
from chaupal.web.deeds import DEEDS, deed

SOURCES = sorted(Path(chaupal.__file__).parent.rglob("*.py"))
KIND = re.compile(r"[a-z_]+\.[a-z_]+")


def cells(page, row: str) -> list[str]:
    """The cells of the row that holds `row`."""
    [found] = [part for part in re.findall(r"<tr>.*?</tr>", page.text, re.DOTALL) if row in part]
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in found.split("<td")[1:]]


async def test_the_control_room_shows_what_is_on_its_way_and_where(door, place, rt):
    bot = await place.sender()
    for code in ("east-one", "east-two", "west-one"):
        await place.group(code, sender=bot, categories=("farmers",))
    asha, ravi = await place.account("asha"), await place.account("ravi")
    draft = Draft(
        title="मंडी का समय",
        texts={"hi": "मंडी खुलेगी।"},
        purpose=Purpose.PUBLIC,
        audience=Categories(["farmers"]),
        expires_at=rt.now() + timedelta(hours=6),
    )
    id = await actions.write(rt, draft, key=str(new_id()), actor=asha)
    await actions.submit(rt, id, key=str(new_id()), actor=asha)
    hash = draft.content_hash()
    await actions.approve(rt, id, seen_hash=hash, key=str(new_id()), actor=ravi)
    await jobs.freeze_approved(rt, place.organisation)

    room = await (await door.signed_in(place, asha)).get("/")

    assert "broadcasts in flight 1" in room.words
    assert "groups 3 broadcasts" in room.words
    assert "Farmers · public groups" in room.words
    assert [f'id="division-{place.units[code]}"' in room.text for code in ("east", "west")] == [
        True,
        True,
    ]
    assert "planned 3" in room.words


async def test_a_unit_holds_what_lies_below_it(door, place):
    for code, purpose in (("state", "internal"), ("east", "public"), ("east-one", "public")):
        await place.group(code, purpose=purpose)
    browser = await door.signed_in(place, await place.account("asha"))

    top = await browser.get((await browser.get("/tree")).headers["Location"])
    east = await browser.get(f"/tree/{place.units['east']}")

    assert "units below 6" in top.words
    assert "groups 3" in top.words
    assert "internal 1 public 2" in top.words
    assert [cell.rpartition(">")[2].strip() for cell in cells(top, "Unit east<")[1:5]] == [
        "Division", "2", "0", "2",
    ]  # fmt: skip
    assert "units below 2" in east.words
    assert "groups 2" in east.words
    assert f'href="/tree/{place.units["state"]}"' in east.text


async def test_who_has_two_posts_begins_at_both(door, place):
    two = await place.account("two", at="east-one", role="coordinator")
    await place.post("west-two", account=two.id)
    await place.group("west-two")

    page = await (await door.signed_in(place, two)).get("/tree")

    assert page.status == 200
    assert "Unit east-one" in page.words
    assert "Unit west-two" in page.words
    assert "Unit west-one" not in page.words
    assert 'href="/groups"' in page.text


async def test_the_path_above_ones_own_area_is_named_but_not_open(door, place):
    neighbour = await place.account("neighbour", at="east-two", role="coordinator")
    browser = await door.signed_in(place, neighbour)

    page = await browser.get(f"/tree/{place.units['east-two']}")

    assert "Unit state" in page.words
    assert f'href="/tree/{place.units["state"]}"' not in page.text


async def test_every_group_is_listed_once_from_page_to_page(door, place):
    groups = {str(await place.group("east-one")) for _ in range(120)}
    browser = await door.signed_in(place, await place.account("asha"))

    listed: list[str] = []
    path = "/groups?q=Group"
    while path:
        page = await browser.get(path)
        listed += re.findall(r'class="name" href="/groups/([^"]+)"', page.text)
        onward = re.search(r'href="([^"]+)" rel="next"', page.text)
        path = onward and onward[1].replace("&amp;", "&")
        assert not path or path.split("after=")[1] == listed[-1], "a name stands in the address"
    assert len(listed) == 120
    assert set(listed) == groups
    assert "120" in page.words


async def test_a_group_shows_its_admins_without_their_numbers(door, place):
    group = await place.group("east-one", categories=("farmers",))
    person = await place.person("east-one", chat="+919999912345", channel="phone")
    await place.admin(group, person)
    browser = await door.signed_in(place, await place.account("asha"))

    page = await browser.get(f"/groups/{group}")

    assert "Invented N." in page.words
    assert "Name" not in page.words.split("Admins")[1].split("What it received")[0]
    assert "9999912345" not in page.text
    assert "345" in page.words


SPOILT = [
    "/groups?after=x",
    "/groups?category=%00",
    "/groups?language=hi&language=%00",
    "/offices?unit=%00",
    "/groups?channel=pigeon",
    "/groups?purpose=both",
    "/record?before=x",
    "/broadcasts?before=x",
    "/broadcasts?stage=x",
]


@pytest.mark.parametrize("path", SPOILT)
async def test_an_address_that_was_spoilt_is_refused_and_breaks_nothing(door, place, path):
    browser = await door.signed_in(place, await place.account("asha"))

    assert (await browser.get(path)).status == 422


async def test_the_record_tells_what_people_and_the_program_did(door, place):
    browser = await door.signed_in(place, await place.account("asha"))

    page = await browser.get("/record")

    assert "asha signed in" in page.words
    assert "Chaupal itself founded the organisation" in page.words


def test_every_kind_of_entry_has_its_words():
    kinds = {
        argument.value
        for path in SOURCES
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute | ast.Name)
        and getattr(call.func, "attr", getattr(call.func, "id", "")) in {"append", "_record"}
        for argument in call.args
        if isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and KIND.fullmatch(argument.value)
    }
    kinds |= {f"broadcast.{past}" for past in actions.PAST.values()}

    assert len(kinds) > 15
    assert sorted(kinds - set(DEEDS)) == []


def test_a_deed_without_words_or_facts_is_still_a_line():
    assert deed("moon.landed", {}, "hi") == "moon.landed"
    assert deed("broadcast.frozen", {}, "en") == "fixed the audience: – groups"
    assert deed("broadcast.frozen", {"targets": 100000}, "hi") == "श्रोता तय किए: 1,00,000 समूह"
