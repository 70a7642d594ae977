"""Every page, tried by those to whom nothing on it belongs: they get nothing of it.

The routes are read from the application itself, so that a page added tomorrow is tried too.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest

from chaupal.broadcasts import actions
from chaupal.broadcasts.audience import Everyone
from chaupal.broadcasts.models import Draft, Purpose
from chaupal.directory import Kind
from chaupal.directory.jobs import actions as imports
from chaupal.directory.jobs.models import JobId, report_context
from chaupal.kit.ids import new_id
from chaupal.watch import actions as watch
from chaupal.web.app import ROUTES
from choosing import chosen, units
from factories import Place, an_organisation
from lawful import entered

OPEN = {
    "/enter/{token:str}",
    "/static/{name:str}",
    "/r/{token:str}",
    "/r/{token:str}/picture",
    "/pictures/{id:str}",  # whose id is a hash of what it is: test_pictures.py
    "/pictures/{id:str}/light",
    "/p/{token:str}",
    "/p/{token:str}/all",
    "/p/{token:str}/export.json",
    "/p/{token:str}/unsubscribe/{channel:str}",
    "/sign-in",
}
SECRET = "मरुथल"


@dataclass
class Owned:
    """What belongs to the eastern district, by the word for it in an address."""

    place: Place
    ids: dict[str, str]
    marks: list[str]
    person: str


@pytest.fixture
async def owned(rt) -> Owned:
    """An organisation whose eastern district has a group, a person, a broadcast and a message."""
    place = await an_organisation(rt)
    await place.category("farmers")
    bot = await place.sender()
    group = await place.group("east-one", sender=bot, categories=("farmers",), address="east")
    person = await place.person("east-one", chat="c:east")
    await place.admin(group, person)
    office = await place.post("east-one", person=person)
    author = await place.account("asha", at="east-one", role="coordinator")
    broadcast = await actions.write(
        rt,
        Draft(
            title=SECRET,
            texts={"hi": f"{SECRET} पाठ"},
            purpose=Purpose.PUBLIC,
            audience=Everyone(),
            expires_at=rt.now() + timedelta(hours=3),
        ),
        key=str(new_id()),
        actor=author,
    )
    await actions.submit(rt, broadcast, key=str(new_id()), actor=author)
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO arrival (organisation_id, kind, source, event_key, group_id, text, at,"
            " received_at, expires_at) VALUES (current_organisation(), 'message', 'x', 'x', %s,"
            " %s, now(), now(), now() + interval '30 days')",
            (group, SECRET),
        )
    unit = place.units["east-one"]
    return Owned(
        place,
        {
            "/offices/": str(office),
            "/tree/": str(unit),
            "/units/": str(unit),
            "/groups/": str(group),
            "/broadcasts/": str(broadcast),
            "/senders/": str(bot),
            "/people/": str(person),
            "/clusters/": str(
                await watch.note(rt, SECRET, SECRET, key=str(new_id()), actor=author)
            ),
            "/law/polls/": str(
                await entered(place, await place.account("clerk", at="east-one"), "east-one")
            ),
            "/imports/": str(await a_checked_file(rt, place)),
        },
        [SECRET, str(group), str(broadcast), str(person), "Invented Name"],
        str(person),
    )


async def a_checked_file(rt, place) -> JobId:
    """A file of the eastern district's administrator, after its dry run, with its report."""
    importer = await place.account("importer", at="east-one")
    id = await imports.begin(rt, Kind.PEOPLE, f"{SECRET}.csv", actor=importer)
    await imports.add_piece(rt, id, 0, SECRET.encode(), actor=importer)
    await imports.finish(rt, id, key=str(new_id()), actor=importer)
    sealed = rt.sealer.seal("line,outcome,reason,column\n2,accepted,,\n", report_context(id, 0))
    async with place.transaction() as conn:
        await conn.execute(
            "UPDATE import_job SET stage = 'checked', sealed_columns = '', check_s = 1,"
            " checked_rows = 1, changes = 1 WHERE id = %s",
            (id,),
        )
        await conn.execute(
            "INSERT INTO import_report (organisation_id, job_id, position, sealed)"
            " VALUES (current_organisation(), %s, 0, %s)",
            (id, sealed),
        )
    return id


def reading_routes() -> list[str]:
    return sorted(
        path
        for handler in ROUTES
        for path in handler.paths
        if "GET" in handler.http_methods and path not in OPEN
    )


def address(route: str, owned: Owned) -> str:
    """The address of what is owned, on this route."""
    found = [id for home, id in owned.ids.items() if route.startswith(home)]
    if "{" in route:
        assert found, f"this test does not know whose {route} is: say so in `owned`"
        route = route.replace("{kind:str}", "person").replace("{holder:uuid}", owned.person)
        return re.sub(r"{\w+:\w+}", found[0], route)
    return route


async def shown(browser, path: str) -> tuple[int, str]:
    """What a browser gets; of a live page its first news."""
    if not path.endswith("/live"):
        seen = await browser.get(path)
        return seen.status, seen.text
    async with browser.http.get(browser.url + path) as answer:
        if answer.status != 200:
            return answer.status, await answer.text()
        text = ""
        while not re.search("event: (arrivals|progress)", text):
            news = await answer.content.readuntil(b"\n\n")
            assert news, "the live page ended without any news"
            text += news.decode()
        return answer.status, text


async def strangers(door, owned: Owned):
    """The other organisation's administrator, and the neighbouring district's coordinator."""
    other = await an_organisation(owned.place.rt, "other")
    admin = await other.account("admin")
    neighbour = await owned.place.account("neighbour", at="east-two", role="coordinator")
    bearer = await owned.place.account("bearer", at="east-one", role="office_bearer")
    return {
        "another organisation": await door.signed_in(other, admin),
        "a neighbouring district": await door.signed_in(owned.place, neighbour),
        "no right at all": await door.signed_in(owned.place, bearer),
    }


@pytest.mark.parametrize("route", reading_routes())
async def test_a_page_gives_strangers_nothing(door, owned, route):
    path = address(route, owned)

    for who, browser in (await strangers(door, owned)).items():
        status, text = await shown(browser, path)
        assert [mark for mark in owned.marks if mark in text] == [], (who, path)
        if "{" in route:
            assert status == 404, (who, path)


@pytest.mark.parametrize("route", reading_routes())
async def test_a_page_is_shown_to_those_whose_it_is_and_to_nobody_unknown(door, owned, route):
    path = address(route, owned)
    admin = await owned.place.account("admin")
    browser, nobody = await door.signed_in(owned.place, admin), door.browser()

    status, _ = await shown(browser, path)

    assert status in ({303} if route == "/tree" else {403} if route.endswith("/edit") else {200})
    answer = await nobody.get(path)
    assert answer.status == 401
    assert SECRET not in answer.text


async def test_a_neighbours_filters_do_not_reach_over_the_fence(door, owned):
    browser = (await strangers(door, owned))["a neighbouring district"]

    by_unit = await browser.get("/groups?unit=east-one")
    by_name = await browser.get("/groups?q=Group")
    by_category = await browser.get("/groups?category=farmers")

    assert by_unit.status == 422
    for answer in (by_unit, by_name, by_category):
        assert [mark for mark in owned.marks if mark in answer.text] == []


@pytest.mark.parametrize("verb", ["", "/submit", "/approve", "/pause", "/cancel", "/return"])
async def test_strangers_move_nothing(door, owned, verb):
    path = f"/broadcasts/{owned.ids['/broadcasts/']}{verb}"
    form = {
        "title": "x", "text_hi": "x", "purpose": "public", "expires_h": "3", "seen": "00" * 32
    }  # fmt: skip

    for who, browser in (await strangers(door, owned)).items():
        answer = await browser.post(path, form)
        assert answer.status in ({403} if who == "no right at all" else {404}), (who, answer.words)
        assert SECRET not in answer.text


async def test_a_strangers_count_does_not_reach_over_the_fence(door, owned):
    browsers = await strangers(door, owned)

    everybody = await browsers["a neighbouring district"].post(
        "/broadcasts/count", {"purpose": "public"}
    )
    by_code = await browsers["a neighbouring district"].post(
        "/broadcasts/count", {"purpose": "public", **chosen(units(codes="east-one"))}
    )

    assert 'id="audience-total">0<' in everybody.text
    assert "No such unit" in by_code.words


async def test_only_administrators_of_the_whole_organisation_read_the_record(door, owned):
    for at, role, status in (
        ("state", "administrator", 200),
        ("east", "administrator", 403),
        ("state", "coordinator", 403),
    ):
        login = f"{at}-{role}".replace("_", "-")
        browser = await door.signed_in(
            owned.place, await owned.place.account(login, at=at, role=role)
        )
        answer = await browser.get("/record")
        assert answer.status == status
        assert ("/record" in (await browser.get("/")).text) == (status == 200)
