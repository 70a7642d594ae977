"""The page of one person, the one at their own link, notices, and who saw what."""

import json
import re

import pytest

from chaupal import record
from chaupal.kit.ids import new_id
from chaupal.people import consent, ledger, links, notices
from chaupal.people.models import Act, ContactChannel, Purpose
from chaupal.principals import erasure
from factories import an_organisation

CHAT = "p:very-secret-chat"
BODIES = {"hi": "हम बैठकों की ख़बर भेजेंगे।", "en": "We will send you news of meetings."}
LINE = "coordination:sandbox"


@pytest.fixture
async def admin(place):
    return await place.account("admin")


@pytest.fixture
async def asha(place):
    return await place.person("east-one", chat=CHAT)


@pytest.fixture
async def desk(door, place, admin):
    return await door.signed_in(place, admin)


async def published(rt, admin, version: str = "2026-1") -> None:
    await notices.publish(rt, version, BODIES, key=str(new_id()), actor=admin)


async def held(place, person) -> dict[str, Act]:
    async with place.transaction() as conn:
        return {f"{a.purpose}:{a.channel}": a.act for a in await ledger.held(conn, person)}


async def entries(place) -> list:
    async with place.transaction() as conn:
        return await record.after(conn, 0)


async def contact_of(place, person) -> str:
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT id FROM contact_point WHERE person_id = %s", (person,))
        return str((await cursor.fetchone())[0])


def own(rt, place, person) -> str:
    return "/p/" + links.own_token(rt.sealer, place.organisation, person, now=rt.now())


# --- at the desk ---------------------------------------------------------------------------


async def test_a_person_is_shown_masked_with_their_ledger(rt, place, admin, asha, desk):
    await place.post("east", person=asha)
    await place.admin(await place.group("east-one"), asha)
    seen = await desk.get(f"/people/{asha}")
    assert seen.status == 200
    assert CHAT not in seen.text
    for words in ("Invented Name", "p•••", "on the membership form", "Post, Unit east"):
        assert words in seen.words


async def test_a_number_is_whole_on_one_answer_and_in_no_address(place, asha, desk):
    form = {"contact": await contact_of(place, asha), "need": "task"}
    shown = await desk.post(f"/people/{asha}/unmask", form)
    assert (shown.status, CHAT in shown.text) == (200, True)
    assert shown.headers["Cache-Control"] == "no-store"
    assert CHAT not in (await desk.get(f"/people/{asha}")).text
    assert [e.facts for e in await entries(place) if e.kind == "contact.unmasked"] == [
        {"channel": "sandbox", "need": "task"}
    ]
    for wrong in ({**form, "need": "curiosity"}, {**form, "contact": "x"}, {"need": "task"}):
        assert (await desk.post(f"/people/{asha}/unmask", wrong)).status == 422


async def test_who_may_not_unmask_is_offered_no_button_and_refused(door, place, asha):
    browser = await door.signed_in(place, await place.account("desk", at="east", role="desk"))
    page = await browser.get(f"/people/{asha}")
    assert page.status == 200
    assert "unmask" not in page.text
    form = {"contact": await contact_of(place, asha), "need": "task"}
    answer = await browser.post(f"/people/{asha}/unmask", form)
    assert (answer.status, CHAT in answer.text) == (403, False)


async def test_what_somebody_said_is_written_down_with_its_proof(rt, place, admin, asha, desk):
    await published(rt, admin)
    form = {"line": [LINE, "messages:sandbox"], "basis": "paper", "proof": "form 7"}
    no = await desk.post(f"/people/{asha}/consent", {**form, "act": "withdrawn"})
    assert no.status == 303
    assert set((await held(place, asha)).values()) == {Act.WITHDRAWN}
    yes = await desk.post(f"/people/{asha}/consent", {**form, "act": "given", "notice": "2026-1"})
    assert yes.status == 303
    assert set((await held(place, asha)).values()) == {Act.GIVEN}
    for wrong in ({"act": "maybe"}, {"line": ["x:y"]}, {"proof": ""}, {"basis": "own_page"}):
        assert (
            await desk.post(f"/people/{asha}/consent", {**form, "act": "withdrawn", **wrong})
        ).status == 422


async def test_nobody_writes_to_a_person_until_an_administrator_lifts_it(place, asha, desk):
    assert (await desk.post(f"/people/{asha}/suppress")).status == 303
    assert "Nobody may write to them." in (await desk.get(f"/people/{asha}")).words
    assert (await desk.post(f"/people/{asha}/lift")).status == 303
    assert "Nobody may write to them." not in (await desk.get(f"/people/{asha}")).words
    assert (await desk.post(f"/people/{asha}/lift")).status == 409


async def test_erasing_asks_twice_and_leaves_nothing_to_see(place, asha, desk):
    assert (await desk.post(f"/people/{asha}/erase", {"reference": "yes"})).status == 422
    assert (await desk.post(f"/people/{asha}/erase", {"reference": str(asha)})).status == 303
    assert (await desk.get(f"/people/{asha}")).status == 404
    log = (await desk.get("/record")).words
    assert "erased a person" in log
    assert "Invented" not in log


async def test_what_stands_in_the_way_of_erasing_is_named(place, asha, desk):
    await place.post("east", person=asha)
    page = await desk.get(f"/people/{asha}")
    assert "They can't be erased yet" in page.words
    assert "Post, Unit east" in page.words
    refused = await desk.post(f"/people/{asha}/erase", {"reference": str(asha)})
    assert refused.status == 409
    assert "Posts this person holds: 1" in refused.words


async def test_what_they_hold_elsewhere_is_a_number_to_those_who_see_a_part(
    door, place, asha, desk
):
    await place.post("west", person=asha)
    there = await place.group("west-one")
    await place.admin(there, asha)
    part = await door.signed_in(place, await place.account("part", at="east"))
    seen = await part.get(f"/people/{asha}")
    assert "outside your part of the organisation: 1" in seen.words
    assert "outside your part of the organisation: 2" in seen.words  # in the way of erasing
    assert "west" not in seen.text
    assert str(there) not in seen.text
    assert "Post" not in cells((await part.get("/people")).text)
    whole = await desk.get(f"/people/{asha}")
    assert "Post, Unit west" in whole.words
    assert "outside your part" not in whole.words
    assert "Post" in cells((await desk.get("/people")).text)


def cells(page: str) -> set[str]:
    """What stands in the cells of a page's tables, but for links."""
    return set(re.findall(r"<td[^>]*>([^<]*)</td>", page))


@pytest.mark.parametrize("verb", ["unmask", "link", "consent", "suppress", "lift", "erase"])
async def test_strangers_change_nothing(door, place, asha, verb):
    form = {
        "contact": await contact_of(place, asha), "need": "task", "reference": str(asha),
        "act": "withdrawn", "line": LINE, "basis": "paper", "proof": "x",
    }  # fmt: skip
    before = len(await entries(place))
    other = await an_organisation(place.rt, "other")
    neighbour = await place.account("neighbour", at="west")
    for browser in (
        await door.signed_in(other, await other.account("admin")),
        await door.signed_in(place, neighbour),
    ):
        answer = await browser.post(f"/people/{asha}/{verb}", form)
        assert (answer.status, CHAT in answer.text) == (404, False)
    signed_in = 1
    assert len(await entries(place)) == before + signed_in


async def test_a_form_without_its_token_is_refused(place, asha, desk):
    answer = await desk.post(f"/people/{asha}/suppress", {"csrf": "x"})
    assert answer.status == 403


# --- at one's own link ---------------------------------------------------------------------


async def test_a_link_made_at_the_desk_opens_their_page_in_their_language(
    door, rt, place, asha, desk
):
    made = await desk.post(f"/people/{asha}/link")
    url = re.search(r"(/p/[\w-]+)", made.text)[1]
    page = await door.browser().get(url)
    assert page.status == 200
    assert 'lang="hi"' in page.text
    assert "Invented Name" in page.text
    assert CHAT not in page.text
    assert "<script" not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    english = await door.browser().get(f"{url}?language=en")
    assert "What we keep of you" in english.words
    kinds = [e.kind for e in await entries(place)]
    assert kinds.count("person.link_shown") == 1


async def test_one_tap_withdraws_and_another_gives_back(door, rt, place, admin, asha):
    await published(rt, admin)
    url, phone = own(rt, place, asha), door.browser()
    no = await phone.post(f"{url}/consent", {"answer": f"withdrawn:{LINE}"})
    assert (no.status, no.headers["Location"]) == (303, f"{url}?done=noted")
    assert (await held(place, asha))[LINE] is Act.WITHDRAWN
    await phone.post(f"{url}/consent", {"answer": f"given:{LINE}"})
    async with place.transaction() as conn:
        acts = await ledger.history(conn, asha)
    assert [(a.act, a.basis.value, a.notice_version) for a in acts[1:]] == [
        (Act.WITHDRAWN, "own_page", ""),
        (Act.GIVEN, "own_page", "2026-1"),
    ]
    for wrong in ("", "maybe:x", "given:x:y", "given"):
        assert (await phone.post(f"{url}/consent", {"answer": wrong})).status == 422


async def test_without_a_notice_a_no_is_offered_and_no_yes(door, rt, place, asha):
    url, phone = own(rt, place, asha), door.browser()
    page = await phone.get(url)
    assert f'value="withdrawn:{LINE}"' in page.text
    assert 'value="given:' not in page.text
    assert (await phone.post(f"{url}/consent", {"answer": f"given:{LINE}"})).status == 409


async def test_stopping_everything_is_one_tap(door, rt, place, asha):
    url, phone = own(rt, place, asha), door.browser()
    answer = await phone.post(f"{url}/stop")
    assert answer.status == 303
    page = await phone.get(answer.headers["Location"] + "&language=en")
    assert "Everything is stopped." in page.words
    assert set((await held(place, asha)).values()) == {Act.WITHDRAWN}


async def test_a_mail_program_unsubscribes_with_one_post_and_nothing_else(door, rt, place, asha):
    await place.says(asha, "given", channel="email")
    url, program = own(rt, place, asha), door.browser()
    form = {"List-Unsubscribe": "One-Click"}

    looked = await program.get(f"{url}/unsubscribe/email")
    assert (looked.status, looked.headers["Location"]) == (303, url)
    assert (await held(place, asha))["messages:email"] is Act.GIVEN

    for _ in range(2):
        assert (await program.post(f"{url}/unsubscribe/email", form)).status == 200
    acts = await held(place, asha)
    assert acts["messages:email"] is acts["coordination:email"] is Act.WITHDRAWN
    assert acts["coordination:sandbox"] is Act.GIVEN
    assert (await program.post(f"{url}/unsubscribe/pigeon", form)).status == 422
    assert (await program.post("/p/broken/unsubscribe/email", form)).status == 422


async def test_asking_to_be_erased_stops_everything_and_tells_the_desk(door, rt, place, asha, desk):
    url, phone = own(rt, place, asha), door.browser()
    assert (await phone.post(f"{url}/erase")).status == 303
    assert (await phone.get(url)).status == 200, "a link alone erases nobody"
    assert f'href="/people/{asha}"' in (await desk.get("/access")).text
    assert (await phone.post(f"{url}/stay")).status == 303
    assert "They want to be erased" not in (await desk.get("/access")).words


async def test_all_that_is_kept_can_be_read_and_taken_along(door, rt, place, asha, desk):
    await desk.post(
        f"/people/{asha}/unmask", {"contact": await contact_of(place, asha), "need": "task"}
    )
    url, phone = own(rt, place, asha), door.browser()
    page = await phone.get(f"{url}/all?language=en")
    for words in ("on the membership form", "saw the whole address: to talk about a task"):
        assert words in page.words
    taken = await phone.get(f"{url}/export.json")
    assert "attachment" in taken.headers["Content-Disposition"]
    document = json.loads(taken.text)
    assert document["person"]["name"] == "Invented Name"
    assert document["consents"][0]["basis"] == "membership_form"
    assert document["shown_to_somebody"][0]["need"] == "task"
    assert CHAT not in page.text + taken.text
    assert [e.kind for e in await entries(place)][-1] == "person.exported"


async def test_the_language_is_theirs_to_choose(door, rt, place, asha):
    url, phone = own(rt, place, asha), door.browser()
    await phone.post(f"{url}/language", {"language": "en"})
    assert 'lang="en"' in (await phone.get(url)).text
    assert (await phone.post(f"{url}/language", {"language": "ta"})).status == 422


async def test_broken_old_and_erased_links_say_so_and_hold_nothing(door, rt, place, asha, clock):
    admin = await place.account("admin")
    clock.at = rt.now()
    url, phone = own(rt, place, asha), door.browser()
    broken = await phone.get(f"{url[:-2]}xx?language=en")
    assert (broken.status, "This link is not whole" in broken.words) == (422, True)
    clock.at += links.LIFE
    for path in (url, f"{url}/all", f"{url}/export.json"):
        assert (await phone.get(path)).status == 410
    for verb in ("consent", "stop", "erase", "stay", "language"):
        form = {"answer": f"withdrawn:{LINE}", "language": "en"}
        assert (await phone.post(f"{url}/{verb}", form)).status == 410
    clock.at -= links.LIFE
    await erasure.erase(rt, asha, typed=str(asha), key=str(new_id()), actor=admin)
    gone = await phone.get(url)
    assert (gone.status, "Invented" in gone.text) == (410, False)
    assert (await phone.post(f"{url}/stop")).status == 410


# --- notices, access, breach ---------------------------------------------------------------


async def test_notices_are_published_by_those_who_may_and_read_by_all(door, rt, place, desk):
    form = {"version": "2026-1", "body_hi": BODIES["hi"], "body_en": BODIES["en"]}
    assert (await desk.post("/notices", form)).status == 303
    assert (await desk.post("/notices", {**form, "body_hi": ""})).status == 422
    assert (await desk.post("/notices", form)).status == 409
    coordinator = await place.account("ravi", at="east", role="coordinator")
    browser = await door.signed_in(place, coordinator)
    page = await browser.get("/notices")
    assert BODIES["hi"] in page.text
    assert 'name="version"' not in page.text
    assert (await browser.post("/notices", {**form, "version": "2"})).status == 403


async def test_an_address_is_suppressed_as_an_import_would_read_it(rt, place, desk):
    form = {"channel": "phone", "address": "०११०० ००००१", "verb": "add"}
    bad = await desk.post("/notices/suppress", {**form, "address": "hello"})
    assert bad.status == 422
    form["address"] = "91 1100 000123"
    assert (await desk.post("/notices/suppress", form)).status == 303
    lookup = rt.sealer.lookup("+911100000123", f"contact/{place.organisation}/phone")
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT lookup, reason FROM suppression")
        assert await cursor.fetchall() == [(lookup, "desk")]
    assert (await desk.post("/notices/suppress", {**form, "verb": "lift"})).status == 303


async def test_the_hold_is_changed_with_its_source(place, desk):
    assert "365 days" in (await desk.get("/notices")).words
    assert (await desk.post("/notices/hold", {"days": "400", "source": "Counsel"})).status == 303
    assert "400 days" in (await desk.get("/notices")).words
    assert (await desk.post("/notices/hold", {"days": "4", "source": "x"})).status == 422


async def test_who_saw_what_is_listed_by_person_and_by_account(door, place, asha, desk):
    ravi = await door.signed_in(place, await place.account("ravi", at="east", role="coordinator"))
    form = {"contact": await contact_of(place, asha), "need": "asked"}
    await ravi.post(f"/people/{asha}/unmask", form)
    for query in ("", "?account=ravi", f"?person={asha}", f"?account=ravi&person={asha}"):
        page = await desk.get(f"/access{query}")
        assert "saw the whole address: they asked to be called" in page.words, query
    assert "saw the whole" not in (await desk.get("/access?account=admin")).words
    assert (await desk.get("/access?account=nobody")).status == 404
    assert (await ravi.get("/access")).status == 403
    west = await door.signed_in(place, await place.account("west", at="west"))
    page = await west.get("/access")
    assert (page.status, "Invented" in page.text, "ravi" in page.text) == (200, False, False)


async def test_a_breachs_circle_is_a_file_for_administrators(door, place, asha, desk):
    days = {"since": "2020-01-01", "until": "2100-01-01"}
    file = await desk.post("/breach", {"unit": "east", **days})
    assert file.status == 200
    assert file.headers["Content-Type"].startswith("text/csv")
    assert [line.split(",")[1] for line in file.text.splitlines()] == ["name", "Invented Name"]
    assert CHAT not in file.text
    assert (await desk.post("/breach", {"account": "admin", **days})).status == 200
    for wrong, status in (
        ({**days}, 422),
        ({"unit": "nowhere", **days}, 404),
        ({"account": "nobody", **days}, 404),
        ({"unit": "east", "since": "x", "until": "y"}, 422),
        ({"unit": "east", "since": "2026-02-02", "until": "2026-01-01"}, 422),
    ):
        assert (await desk.post("/breach", wrong)).status == status
    ravi = await door.signed_in(place, await place.account("ravi", at="east", role="coordinator"))
    assert (await ravi.get("/breach")).status == 403
    assert (await ravi.post("/breach", {"unit": "east", **days})).status == 403


async def test_a_withdrawal_on_the_page_holds_for_everybody_who_reads_the_ledger(
    door, rt, place, admin, asha
):
    await published(rt, admin)
    await consent.choose(
        rt,
        place.organisation,
        asha,
        Act.GIVEN,
        [(Purpose.MESSAGES, ContactChannel.SANDBOX)],
        language="hi",
    )
    await door.browser().post(own(rt, place, asha) + "/stop")
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT count(*) FROM writable")
        assert await cursor.fetchone() == (0,)
