"""What admins and members see at their links, what that proves, and what the report says."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from chaupal.edge.page import message
from chaupal.kit import db
from chaupal.kit.refusals import Gone, Invalid, NotFound
from chaupal.organisations import scope_of
from chaupal.relay import actions, jobs, links, pages
from factories import an_organisation
from relaying import ENGLISH, HINDI

MORNING = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _morning(clock):
    clock.at = MORNING


async def one_task(bazaar, **person):
    group = await bazaar.group("east-one", await bazaar.place.person("east-one", **person))
    id = await bazaar.tasked()
    [assignment] = await bazaar.assignments()
    return id, group, assignment, await bazaar.token(assignment)


async def test_the_page_shows_the_text_in_the_admins_language_with_the_groups_own_link(bazaar):
    _, _, assignment, token = await one_task(bazaar, language="en")
    page = await actions.open_page(bazaar.rt, token)
    code = links.group_code(bazaar.rt.sealer, bazaar.organisation, assignment.delivery_id)
    assert page.text == f"{ENGLISH}\n\nhttp://links.invalid/g/{code}"
    assert page.wa_url == f"https://wa.me/?text={quote(page.text, safe='')}"
    assert (page.language, page.text_language, page.organisation_name) == (
        "en",
        "en",
        "Test Organisation",
    )
    assert page.posted_at is None


async def test_the_page_falls_back_to_the_language_that_was_approved(bazaar):
    group = await bazaar.group("east-one", await bazaar.place.person("east-one", language="en"))
    await bazaar.tasked(texts={"hi": HINDI}, synthetic=True)
    [assignment] = await bazaar.assignments()
    page = await actions.open_page(bazaar.rt, await bazaar.token(assignment))
    assert (page.language, page.text_language) == ("en", "hi")
    assert page.text.startswith("[यह सामग्री AI")
    assert assignment.group_id == group


async def test_the_page_lists_what_else_waits_for_this_person(bazaar):
    admin = await bazaar.place.person("east-one")
    for _ in range(3):
        await bazaar.group("east-one", admin)
    await bazaar.tasked()
    first, *others = await bazaar.assignments()
    page = await actions.open_page(bazaar.rt, await bazaar.token(first))
    assert len(page.others) == len(others) == 2
    for other in page.others:
        token = other.url.removeprefix("http://desk.invalid/r/")
        assert (await actions.open_page(bazaar.rt, token)).group_name == other.group_name


async def test_opening_then_posting_then_a_click_climb_the_ladder(bazaar):
    id, group, assignment, token = await one_task(bazaar)
    await actions.open_page(bazaar.rt, token)
    assert await bazaar.delivery(group) == ("tasked", 0), "nothing before the log is applied"
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("tasked", 3)
    await actions.posted(bazaar.rt, token)
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("sent", 4)
    assert (await actions.open_page(bazaar.rt, token)).posted_at == MORNING
    await actions.clicked(bazaar.rt, bazaar.organisation, assignment.delivery_id)
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("sent", 5)
    await bazaar.agrees(id)


async def test_a_click_before_posted_verifies_and_posted_lowers_nothing(bazaar):
    id, group, assignment, token = await one_task(bazaar)
    await actions.clicked(bazaar.rt, bazaar.organisation, assignment.delivery_id)
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("sent", 5)
    await actions.posted(bazaar.rt, token)
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("sent", 5)
    await bazaar.agrees(id)


async def test_posted_twice_at_once_counts_once_and_ends_the_task(bazaar, post, clock):
    await bazaar.place.sender(endpoint=post.url)
    _, group, _, token = await one_task(bazaar, chat="p:1")
    await asyncio.gather(*(actions.posted(bazaar.rt, token) for _ in range(3)))
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("sent", 4)
    assert await bazaar.rows("SELECT sum(targets) FROM tally WHERE state = 'sent'") == [(1,)]
    clock.at += timedelta(hours=3)
    assert await jobs.escalate(bazaar.rt, bazaar.organisation) == 0
    assert await jobs.tell(bazaar.rt, post.http, bazaar.organisation) == 0
    assert post.taken == [], "nobody is told of what is done"


async def test_posted_in_the_last_minute_counts_though_the_task_closed_meanwhile(bazaar, clock):
    id, group, _, token = await one_task(bazaar)
    clock.at += timedelta(hours=23, minutes=59)
    await actions.posted(bazaar.rt, token)
    clock.at += timedelta(minutes=1)
    await jobs.close(bazaar.rt, bazaar.organisation)
    assert await bazaar.delivery(group) == ("expired", 0)
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("sent", 4)
    await bazaar.agrees(id)


async def test_posted_after_a_recall_is_known_and_stays_recalled(bazaar):
    id, group, _, token = await one_task(bazaar)
    await bazaar.steer(id, "recall")
    await actions.posted(bazaar.rt, token)
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("recalled", 4)
    await bazaar.agrees(id)


@pytest.mark.parametrize("verb", ["recall", "pause", "cancel"])
async def test_a_withdrawn_text_is_not_shown(bazaar, verb):
    id, _, _, token = await one_task(bazaar)
    await bazaar.steer(id, verb)
    with pytest.raises(Gone, match="task_closed"):
        await actions.open_page(bazaar.rt, token)


async def test_a_task_that_another_admin_has_done_is_closed(bazaar, clock):
    people = [await bazaar.place.person("east-one") for _ in range(2)]
    await bazaar.group("east-one", *people)
    await bazaar.tasked()
    clock.at += timedelta(hours=2)
    for _ in range(2):
        await jobs.escalate(bazaar.rt, bazaar.organisation)
        clock.at += timedelta(hours=2)
    one, two = await bazaar.assignments()
    await actions.posted(bazaar.rt, await bazaar.token(one))
    await bazaar.projected()
    with pytest.raises(Gone, match="task_closed"):
        await actions.open_page(bazaar.rt, await bazaar.token(two))
    assert (await actions.open_page(bazaar.rt, await bazaar.token(one))).posted_at is not None


async def test_the_text_is_not_shown_during_a_silence_that_was_declared_later(bazaar):
    _, _, _, token = await one_task(bazaar)
    await bazaar.silence("east-one", after=timedelta(0), length=timedelta(hours=1))
    with pytest.raises(Gone, match="task_closed"):
        await actions.open_page(bazaar.rt, token)


async def test_a_text_changed_behind_the_approval_is_not_shown(bazaar):
    _, _, _, token = await one_task(bazaar)
    await bazaar.rows("UPDATE broadcast_text SET body = body || '!' RETURNING 1")
    with pytest.raises(Gone, match="task_closed"):
        await actions.open_page(bazaar.rt, token)


async def test_a_groups_link_shows_no_text_while_its_area_is_still(bazaar, clock):
    _, _, assignment, _ = await one_task(bazaar)
    await bazaar.silence("east", after=timedelta(0), length=timedelta(hours=1))
    page = await actions.link_page(bazaar.rt, bazaar.organisation, assignment.delivery_id)
    assert (page.title, page.text, page.withdrawn, page.still) == ("", "", False, True)
    said = message(page).decode()
    assert "अभी यह नहीं दिखाया जा सकता" in said
    assert HINDI not in said
    clock.at += timedelta(hours=1)
    page = await actions.link_page(bazaar.rt, bazaar.organisation, assignment.delivery_id)
    assert (page.text, page.still) == (HINDI, False)


async def test_an_expired_link_and_a_tampered_one_are_refused(bazaar, clock):
    _, _, _, token = await one_task(bazaar)
    with pytest.raises(Invalid, match="link_broken"):
        await actions.open_page(bazaar.rt, token[:-1])
    clock.at += timedelta(hours=25)
    with pytest.raises(Gone, match="link_expired"):
        await actions.open_page(bazaar.rt, token)
    clock.at += timedelta(days=7)
    with pytest.raises(Gone, match="link_expired"):
        await actions.posted(bazaar.rt, token)


async def test_posted_days_after_closing_counts_though_the_page_is_over(bazaar, clock):
    id, group, _, token = await one_task(bazaar)
    clock.at += timedelta(hours=24)
    await jobs.close(bazaar.rt, bazaar.organisation)
    clock.at += timedelta(days=6)
    await actions.posted(bazaar.rt, token)
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("sent", 4)
    await bazaar.agrees(id)


async def test_the_link_of_one_organisation_opens_nothing_in_another(bazaar, rt):
    _, _, assignment, _ = await one_task(bazaar)
    other = await an_organisation(rt, "sangathan")
    token = links.personal_token(
        rt.sealer, other.organisation, assignment.id, MORNING + timedelta(hours=1)
    )
    with pytest.raises(Invalid, match="link_broken"):
        await actions.open_page(rt, token)
    with pytest.raises(NotFound):
        await actions.link_page(rt, other.organisation, assignment.delivery_id)


async def test_a_member_sees_the_text_and_not_once_it_was_recalled(bazaar):
    id, _, assignment, _ = await one_task(bazaar)
    page = await actions.link_page(bazaar.rt, bazaar.organisation, assignment.delivery_id)
    assert (page.title, page.text, page.withdrawn) == ("मंडी का समय", HINDI, False)
    await bazaar.steer(id, "recall")
    page = await actions.link_page(bazaar.rt, bazaar.organisation, assignment.delivery_id)
    assert (page.title, page.text, page.withdrawn) == ("", "", True)


async def test_the_report_counts_by_step_and_names_the_silent_links_in_scope_alone(bazaar, clock):
    admin = await bazaar.place.person("east-one")
    east, west = await bazaar.group("east-one", admin), await bazaar.group("west-one", admin)
    id = await bazaar.tasked()
    [mine] = [a for a in await bazaar.assignments() if a.group_id == east]
    await actions.open_page(bazaar.rt, await bazaar.token(mine))
    await bazaar.projected()
    whole = await bazaar.place.account("head")
    eastern = await bazaar.place.account("eastern", at="east", role="coordinator")
    async with db.transaction(bazaar.rt.pool, bazaar.organisation) as conn:
        scope = await scope_of(bazaar.rt, conn, whole)
        part = await scope_of(bazaar.rt, conn, eastern)
        [rung] = await pages.funnel(conn, id, scope=scope)
        assert (rung.step, rung.tasks, rung.opened, rung.posted) == (0, 2, 1, 0)
        [rung] = await pages.funnel(conn, id, scope=part)
        assert (rung.tasks, rung.opened) == (1, 1)
        silent = await pages.silent_links(conn, id, scope=scope, after=None, limit=10)
        assert [(s.group_id, s.asked, s.told) for s in silent] == [(west, 1, 0)]
        assert await pages.silent_links(conn, id, scope=part, after=None, limit=10) == []
