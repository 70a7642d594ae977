"""A recalled text in a group: whoever posted it is asked to delete it, and says when it is gone."""

from datetime import UTC, datetime, timedelta

import pytest

from chaupal.broadcasts import recalls, retracting
from chaupal.kit.refusals import Gone
from chaupal.relay import actions, jobs
from chaupal.relay.models import RelayPage, WithdrawnPage

MORNING = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _morning(clock):
    clock.at = MORNING


async def one_task(bazaar, **person):
    await bazaar.group("east-one", await bazaar.place.person("east-one", **person))
    id = await bazaar.tasked()
    [assignment] = await bazaar.assignments()
    return id, assignment, await bazaar.token(assignment)


async def standing(bazaar, id) -> dict[str, int]:
    await retracting.gather(bazaar.rt, bazaar.organisation)
    async with bazaar.place.transaction() as conn:
        return {row.state: row.targets for row in await recalls.standing(conn, id)}


async def test_who_posted_it_is_asked_to_delete_it_and_says_so(bazaar):
    id, _, token = await one_task(bazaar)
    await actions.posted(bazaar.rt, token)
    await bazaar.projected()
    await bazaar.steer(id, "recall")
    assert await standing(bazaar, id) == {"asked": 1}

    page = await actions.open_page(bazaar.rt, token)
    assert page == WithdrawnPage("परीक्षण संगठन", "hi", page.group_name, "मंडी का समय", False)
    for _ in range(2):
        await actions.deleted(bazaar.rt, token)
        await bazaar.projected()

    assert await standing(bazaar, id) == {"acknowledged": 1}
    page = await actions.open_page(bazaar.rt, token)
    assert isinstance(page, WithdrawnPage)
    assert page.deleted
    await bazaar.agrees(id)


async def test_who_has_seen_it_may_have_posted_it_and_who_has_not_is_let_be(bazaar):
    seen, unseen = await bazaar.place.person("east-one"), await bazaar.place.person("west-one")
    await bazaar.group("east-one", seen)
    await bazaar.group("west-one", unseen)
    id = await bazaar.tasked()
    tokens = {part.person_id: await bazaar.token(part) for part in await bazaar.assignments()}
    assert isinstance(await actions.open_page(bazaar.rt, tokens[seen]), RelayPage)
    await bazaar.projected()
    await bazaar.steer(id, "recall")

    assert await standing(bazaar, id) == {"asked": 1}
    assert isinstance(await actions.open_page(bazaar.rt, tokens[seen]), WithdrawnPage)
    with pytest.raises(Gone, match="task_closed"):
        await actions.open_page(bazaar.rt, tokens[unseen])


async def test_a_posted_that_comes_after_the_recall_is_asked_for_as_well(bazaar):
    id, _, token = await one_task(bazaar)
    await bazaar.steer(id, "recall")
    assert await standing(bazaar, id) == {}
    await actions.posted(bazaar.rt, token)
    await bazaar.projected()
    assert await standing(bazaar, id) == {"asked": 1}


async def test_a_word_that_comes_before_it_was_gathered_is_not_lost(bazaar):
    id, _, token = await one_task(bazaar)
    await actions.posted(bazaar.rt, token)
    await bazaar.projected()
    await bazaar.steer(id, "recall")
    await actions.deleted(bazaar.rt, token)
    await bazaar.projected()
    assert await standing(bazaar, id) == {"acknowledged": 1}
    assert await retracting.gather(bazaar.rt, bazaar.organisation) == 0


async def test_the_link_serves_for_the_recall_after_its_own_time(bazaar, clock):
    id, _, token = await one_task(bazaar)
    await actions.posted(bazaar.rt, token)
    await bazaar.projected()
    clock.at += timedelta(hours=25)
    with pytest.raises(Gone, match="link_expired"):
        await actions.open_page(bazaar.rt, token)
    await bazaar.steer(id, "recall")
    assert isinstance(await actions.open_page(bazaar.rt, token), WithdrawnPage)
    await actions.deleted(bazaar.rt, token)


async def test_nobody_deletes_what_was_not_recalled(bazaar):
    _, _, token = await one_task(bazaar)
    await actions.posted(bazaar.rt, token)
    with pytest.raises(Gone, match="task_closed"):
        await actions.deleted(bazaar.rt, token)


async def test_those_who_posted_are_told_once_on_a_channel_of_theirs(bazaar, post):
    await bazaar.place.sender(endpoint=post.url)
    id, _, token = await one_task(bazaar, chat="p:1")
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    await actions.posted(bazaar.rt, token)
    await bazaar.projected()
    await bazaar.steer(id, "recall")
    await standing(bazaar, id)
    # A silence that began meanwhile keeps no withdrawal from being told.
    await bazaar.silence("east", after=timedelta(0), length=timedelta(hours=2))

    for _ in range(2):
        await jobs.ask_back(bazaar.rt, bazaar.organisation)
        await jobs.tell(bazaar.rt, post.http, bazaar.organisation)

    first, second = (message["text"] for message in post.taken)
    assert "यह संदेश वापस लिया गया है" in second
    assert first != second
    assert [message["key"] for message in post.taken][1].endswith("-recall")


async def test_a_task_that_nobody_opened_makes_no_noise(bazaar, post):
    await bazaar.place.sender(endpoint=post.url)
    id, _, _ = await one_task(bazaar, chat="p:1")
    await bazaar.steer(id, "recall")
    await standing(bazaar, id)
    await jobs.close(bazaar.rt, bazaar.organisation)
    assert await jobs.ask_back(bazaar.rt, bazaar.organisation) == 0
    await jobs.tell(bazaar.rt, post.http, bazaar.organisation)
    assert post.taken == []
