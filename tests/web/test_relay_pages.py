"""The volunteer's page over HTTP: shared, posted, over, broken; and its address kept secret."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from relaying import HINDI, a_bazaar

MORNING = datetime(2026, 11, 23, 4, tzinfo=UTC)
PHONE = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile"


@pytest.fixture
async def task(rt, clock):
    clock.at = MORNING
    bazaar = await a_bazaar(rt)
    await bazaar.group("east-one", await bazaar.place.person("east-one"))
    await bazaar.tasked()
    [assignment] = await bazaar.assignments()
    return bazaar, assignment, await bazaar.token(assignment)


async def test_an_admin_sees_the_text_says_posted_and_is_thanked(task, door):
    bazaar, assignment, token = task
    browser = door.browser()

    page = await browser.get(f"/r/{token}")
    answer = await browser.post(f"/r/{token}/posted", {})
    thanks = await browser.get(f"/r/{token}")
    await bazaar.projected()

    assert page.status == 200
    assert 'lang="hi"' in page.text
    assert HINDI in page.text
    assert 'href="https://wa.me/?text=' in page.text
    assert f'action="/r/{token}/posted"' in page.text
    assert (answer.status, answer.headers["Location"]) == (303, f"/r/{token}")
    assert "धन्यवाद" in thanks.words
    assert await bazaar.delivery(assignment.group_id) == ("sent", 4)


async def test_the_page_can_be_read_in_the_other_language(task, door):
    _, _, token = task
    browser = door.browser()

    page = await browser.get(f"/r/{token}?language=en")

    assert "Post it in this one group" in page.words
    assert "Test Organisation" in page.words
    assert "परीक्षण संगठन" not in page.words
    assert HINDI in page.text


async def test_only_a_persons_own_look_counts_as_an_opening(task, door):
    bazaar, assignment, token = task
    robot, phone = door.browser(user_agent="WhatsApp/2.24"), door.browser(user_agent=PHONE)

    preview = await robot.get(f"/r/{token}")
    await phone.get(f"/r/{token}", **{"Sec-Purpose": "prefetch"})
    await bazaar.projected()
    before = await bazaar.delivery(assignment.group_id)
    await phone.get(f"/r/{token}")
    await bazaar.projected()

    assert preview.status == 200
    assert before == ("tasked", 0)
    assert await bazaar.delivery(assignment.group_id) == ("tasked", 3)


async def test_posted_after_the_links_time_is_taken_with_thanks_though_the_page_is_over(
    task, door, clock
):
    bazaar, assignment, token = task
    clock.at = MORNING + timedelta(days=2)
    browser = door.browser()

    over = await browser.get(f"/r/{token}")
    answer = await browser.post(f"/r/{token}/posted")
    thanks = await browser.get(f"/r/{token}")
    await bazaar.projected()

    assert over.status == thanks.status == 410
    assert re.search(r'<script src="[^"]*relay[^"]*\.js"', over.text), (
        "it sends a tap that was kept"
    )
    assert answer.status == 303
    assert "धन्यवाद" not in over.words
    assert "धन्यवाद" in thanks.words
    assert await bazaar.delivery(assignment.group_id) == ("sent", 4)


async def test_a_link_whose_time_is_over_says_so_with_its_status(task, door, clock):
    _, _, token = task
    clock.at = MORNING + timedelta(days=9)
    browser = door.browser(accept_language="en")

    for answer in (await browser.get(f"/r/{token}"), await browser.post(f"/r/{token}/posted")):
        assert answer.status == 410
        assert "This link is over" in answer.words
        assert HINDI not in answer.text
    assert "समय" in (await browser.get(f"/r/{token}?language=hi")).words


async def test_a_link_that_was_cut_or_changed_says_so(task, door):
    _, _, token = task
    browser = door.browser(accept_language="en")

    for wrong in (token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), "x" * 43, "%F0%9F"):
        answer = await browser.get(f"/r/{wrong}")
        assert answer.status == 422
        assert "This link is not whole" in answer.words


async def test_a_withdrawn_task_shows_no_text(task, door):
    bazaar, _, token = task
    [(id,)] = await bazaar.rows("SELECT id FROM broadcast")
    await bazaar.steer(id, "recall")

    answer = await door.browser(accept_language="en").get(f"/r/{token}")

    assert answer.status == 410
    assert HINDI not in answer.text


async def test_a_personal_page_is_not_kept_and_does_not_tell_where_somebody_came_from(task, door):
    _, _, token = task
    browser = door.browser()

    for answer in (await browser.get(f"/r/{token}"), await browser.post(f"/r/{token}/posted")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r'src="https?://', (await browser.get(f"/r/{token}")).text)


async def test_a_withdrawn_text_is_deleted_by_who_posted_it_and_they_are_thanked(task, door):
    bazaar, _, token = task
    browser = door.browser()
    await browser.get(f"/r/{token}")
    await browser.post(f"/r/{token}/posted")
    await bazaar.projected()
    [(id,)] = await bazaar.rows("SELECT id FROM broadcast")
    await bazaar.steer(id, "recall")

    page = await browser.get(f"/r/{token}")
    answer = await browser.post(f"/r/{token}/deleted")
    thanks = await browser.get(f"/r/{token}?language=en")

    assert "यह संदेश वापस लिया गया है" in page.words
    assert HINDI not in page.text
    assert f'action="/r/{token}/deleted"' in page.text
    assert (answer.status, answer.headers["Location"]) == (303, f"/r/{token}")
    assert "You said that it is not in the group." in thanks.words
