"""Pages of offices and accounts: found, given, handed over, taken back; and who may not."""

import asyncio
import re
from datetime import timedelta

import pytest

from chaupal.organisations.offices.accounts import LINK_LIFE
from chaupal.organisations.offices.actions import today
from chaupal.relay import jobs
from chaupal.web.live import STILL_ALLOWED_EVERY_S
from factories import PASSWORD
from relaying import a_bazaar

DAY = timedelta(days=1)
PATIENCE_S = 20


async def an_office(browser, unit="east-one", role="coordinator", since=None):
    form = {"unit": unit, "role": role, "title_hi": "संयोजक", "title_en": "Convenor"}
    answer = await browser.post("/offices/new", {**form, "since": since or ""})
    assert answer.status == 303, answer.words
    return answer.headers["Location"]


async def a_holder(place, at):
    """An office that a person has held for some time."""
    person = await place.person(at, chat="+919999912345", channel="phone")
    office = await place.post(at, person=person)
    return person, f"/offices/{office}"


async def member(place, login, at="east-one"):
    person, actor = await place.person(at), await place.account(login, at=at, role="office_bearer")
    async with place.transaction() as conn:
        await conn.execute("UPDATE account SET person_id = %s WHERE id = %s", (person, actor.id))
    return person, actor


async def test_an_office_is_made_given_handed_over_and_the_hand_over_taken_back(door, place, rt):
    browser = await door.signed_in(place, await place.account("asha"))
    first, second = await place.person("east-one"), await place.person("east-two")
    day = today(rt)
    at = await an_office(browser, since=day - 30 * DAY)
    assert "Nobody has held this office since" in (await browser.get(at)).words

    found = await browser.post(f"{at}/give/found", {"who": "invented nam"})
    assert {f"{at}/give/person/{first}", f"{at}/give/person/{second}"} == set(
        re.findall(r'class="name" href="([^"]+)"', found.text)
    )
    preview = await browser.get(f"{at}/give/person/{first}")
    assert "They have no account yet" in preview.words
    form = {"verb": "appoint", "since": day - 20 * DAY}
    given = await browser.post(f"{at}/give/person/{first}/done", form)
    assert (given.status, given.headers["Location"]) == (303, at)

    group = await place.group("east-one")
    await place.admin(group, first)
    preview = await browser.get(f"{at}/give/person/{second}")
    assert "They stay admins of these groups" in preview.words
    assert f'href="/groups/{group}"' in preview.text
    handed = await browser.post(f"{at}/give/person/{second}/done", {"verb": "hand-over"})
    assert handed.status == 303
    page = await browser.get(at)
    assert "by hand-over" in page.words

    back = await browser.post(f"{at}/take-back", {"term": page.hidden("term")})
    assert back.status == 303
    page = await browser.get(at)
    assert "taken back" in page.words
    assert page.words.count("holds it today") == 1


async def test_a_number_finds_its_owner_and_stands_in_no_address(door, place):
    browser = await door.signed_in(place, await place.account("asha"))
    person, at = await a_holder(place, "east-one")
    await place.person("east-one")
    for typed in ("9999912345", "+91 99999 12345", "९९९९९१२३४५"):
        found = await browser.post(f"{at}/give/found", {"who": typed})
        links = re.findall(r'class="name" href="([^"]+)"', found.text)
        assert links == [f"{at}/give/person/{person}"]


async def test_the_list_marks_what_is_vacant_and_keeps_to_the_readers_part(door, place):
    asha = await place.account("asha")
    browser = await door.signed_in(place, asha)
    await a_holder(place, "east-one")
    vacant = await an_office(browser, "east-two")
    far = await an_office(browser, "west-one")
    reader = await door.signed_in(place, await place.account("east", at="east", role="desk"))

    page = await reader.get("/offices")
    assert vacant in page.text
    assert far not in page.text
    assert "Invented Name" in page.words
    assert "New office" not in page.words
    empty = await reader.get("/offices?show=vacant&unit=east")
    assert re.findall(r'class="name" href="([^"]+)"', empty.text) == [vacant]
    assert (await reader.get("/offices?unit=west")).status == 404
    assert (await reader.get(far)).status == 404
    assert (await reader.get(f"{vacant}/give")).status == 403
    assert (await reader.post(f"{vacant}/abolish")).status == 403


@pytest.mark.parametrize("path", ["/offices?show=x", "/offices?after=x", "/offices?after=x~y~z"])
async def test_a_spoilt_address_is_refused(door, place, path):
    browser = await door.signed_in(place, await place.account("asha"))
    assert (await browser.get(path)).status == 422


async def test_every_office_is_listed_once_from_page_to_page(door, place):
    browser = await door.signed_in(place, await place.account("asha"))
    made = {await an_office(browser, at) for at in ("east-one", "west-one") for _ in range(30)}
    listed: list[str] = []
    path = "/offices?show=vacant"
    while path:
        page = await browser.get(path)
        listed += re.findall(r'class="name" href="([^"]+)"', page.text)
        onward = re.search(r'href="([^"]+)" rel="next"', page.text)
        path = onward and onward[1].replace("&amp;", "&")
    assert len(listed) == len(made)
    assert set(listed) == made


async def test_an_open_session_and_a_live_page_lose_the_scope_at_once(door, place, rt):
    asha = await door.signed_in(place, await place.account("asha"))
    (old, before), (new, after) = await member(place, "old"), await member(place, "new")
    at = await an_office(asha, since=today(rt) - 30 * DAY)
    form = {"verb": "appoint", "since": today(rt) - 20 * DAY}
    await asha.post(f"{at}/give/person/{old}/done", form)
    his, hers = await door.signed_in(place, before), await door.signed_in(place, after)
    group = f"/groups/{await place.group('east-one')}"
    assert [(await b.get(group)).status for b in (his, hers)] == [200, 404]

    async with his.http.get(f"{door.url}/live") as stream:
        await stream.content.readuntil(b"event: counts")
        await asha.post(f"{at}/give/person/{new}/done", {"verb": "hand-over"})
        async with asyncio.timeout(PATIENCE_S):
            while await stream.content.readany():
                pass
    assert PATIENCE_S < STILL_ALLOWED_EVERY_S
    assert [(await b.get(group)).status for b in (his, hers)] == [404, 200]


async def an_account(browser, unit="east-one", login="mohan", **changes):
    form = {"unit": unit, "login": login, "name": "Invented Name", "language": "hi", **changes}
    return await browser.post("/accounts/new", form)


def link_in(page) -> str:
    return re.search(r'value="[^"]*(/enter/[^"]+)"', page.text)[1]


async def test_a_link_lets_its_owner_choose_a_password_once(door, place):
    asha = await door.signed_in(place, await place.account("asha"))
    link = link_in(await an_account(asha))
    newcomer = door.browser()
    assert "mohan" in (await newcomer.get(link)).words

    differ = await newcomer.post(f"{link}/password", {"password": PASSWORD, "again": "else"})
    short = await newcomer.post(f"{link}/password", {"password": "short", "again": "short"})
    assert (differ.status, short.status) == (422, 422)
    chosen = await newcomer.post(f"{link}/password", {"password": PASSWORD, "again": PASSWORD})
    assert (chosen.status, chosen.headers["Location"]) == (303, "/")
    assert (await newcomer.get("/")).status == 200
    assert (await door.browser().get(link)).status == 410
    assert (await door.browser().sign_in(place.slug, "mohan")).status == 303


async def test_a_new_link_ends_sessions_and_the_password_and_the_link_before(door, place):
    asha = await door.signed_in(place, await place.account("asha"))
    ravi = await place.account("ravi", at="east")
    browser = await door.signed_in(place, ravi)
    first = link_in(await asha.post(f"/accounts/{ravi.id}", {"verb": "link"}))
    assert (await browser.get("/")).status == 401
    assert (await door.browser().sign_in(place.slug, "ravi")).status == 401
    second = link_in(await asha.post(f"/accounts/{ravi.id}", {"verb": "link"}))
    assert [(await door.browser().get(link)).status for link in (first, second)] == [410, 200]


async def test_a_form_sent_twice_shows_the_same_link_until_it_is_used(door, place):
    asha = await door.signed_in(place, await place.account("asha"))
    one = {"idempotency_key": "the same key twice"}
    link, again = [link_in(await an_account(asha, **one)) for _ in range(2)]
    assert link == again
    await door.browser().post(f"{link}/password", {"password": PASSWORD, "again": PASSWORD})
    assert (await an_account(asha, **one)).status == 410


async def test_a_link_grows_too_old_and_a_spoilt_one_opens_nothing(door, place, clock, rt):
    asha = await door.signed_in(place, await place.account("asha"))
    link = link_in(await an_account(asha))
    assert (await door.browser().get(link[:-1])).status == 422
    assert (await door.browser().get(f"{link[:20]}A{link[21:]}")).status in {404, 410}
    clock.at = rt.now() + LINK_LIFE
    assert (await door.browser().get(link)).status == 410


async def test_a_disabled_account_is_out_at_once_until_it_is_enabled(door, place):
    asha = await place.account("asha")
    browser = await door.signed_in(place, asha)
    ravi = await place.account("ravi", at="east")
    his = await door.signed_in(place, ravi)
    assert (await browser.post(f"/accounts/{ravi.id}", {"verb": "disable"})).status == 303
    assert (await his.get("/")).status == 401
    assert (await door.browser().sign_in(place.slug, "ravi")).status == 401
    assert (await browser.post(f"/accounts/{asha.id}", {"verb": "disable"})).status == 403
    assert (await browser.post(f"/accounts/{ravi.id}", {"verb": "enable"})).status == 303
    assert (await door.browser().sign_in(place.slug, "ravi")).status == 303


async def test_nobody_gets_at_an_account_that_may_do_more(door, place):
    await place.account("asha")
    state = await door.signed_in(place, await place.account("state"))
    east = await door.signed_in(place, await place.account("east", at="east"))
    await an_account(state, "east-one", "below")
    await an_account(state, "west-one", "beside")
    await an_account(state, "east-one", "above")
    async with place.transaction() as conn:
        rows = await (await conn.execute("SELECT login, id FROM account")).fetchall()
    ids = dict(rows)
    await place.post("state", account=ids["above"], role="desk")

    listed = (await east.get("/accounts")).text
    assert [f"/accounts/{ids[login]}" in listed for login in ("below", "beside", "above")] == [
        True, False, False,
    ]  # fmt: skip
    for login in ("asha", "beside", "above"):
        for verb in ("link", "disable"):
            answer = await east.post(f"/accounts/{ids[login]}", {"verb": verb})
            assert answer.status == 404
    assert (await an_account(east, "west-one", "other")).status == 404
    coordinator = await place.account("coordinator", at="east", role="coordinator")
    assert (await (await door.signed_in(place, coordinator)).get("/accounts")).status == 403


async def test_an_account_of_a_person_gets_its_scope_from_their_office(door, place, rt):
    asha = await door.signed_in(place, await place.account("asha"))
    person, at = await a_holder(place, "east-one")
    link = link_in(await an_account(asha, person=str(person)))
    newcomer = door.browser()
    await newcomer.post(f"{link}/password", {"password": PASSWORD, "again": PASSWORD})
    assert (await newcomer.get(at)).status == 200
    again = await an_account(asha, login="second", person=str(person))
    assert again.status == 409
    assert (await an_account(asha, login="mohan")).status == 409


async def test_the_link_of_a_former_holder_says_kindly_to_whom_the_task_went(door, rt):
    bazaar = await a_bazaar(rt)
    old, new = [await bazaar.place.person("east-one") for _ in range(2)]
    office = await bazaar.place.post("east-one", person=old)
    await bazaar.group("east-one")
    await bazaar.tasked()
    [assignment] = await bazaar.assignments()
    link = f"/r/{await bazaar.token(assignment)}"
    asha = await door.signed_in(bazaar.place, bazaar.author)
    await asha.post(f"/offices/{office}/give/person/{new}/done", {"verb": "hand-over"})
    await jobs.hand_over(rt, bazaar.organisation)

    hindi, english = [
        await door.browser().get(f"{link}?language={language}") for language in ("hi", "en")
    ]
    assert (hindi.status, english.status) == (410, 410)
    assert "दायित्व, इकाई east-one" in hindi.words
    assert "this task with it: Post, Unit east-one." in english.words
