"""The pages of what goes round, up to the page on which its correction is written."""

import pytest

from chaupal.kit.ids import new_id
from chaupal.watch import actions


@pytest.fixture
async def asha(door, place):
    return await door.signed_in(place, await place.account("asha", language="en", role="desk"))


async def noticed(place, code: str):
    group = await place.group(code)
    async with place.transaction() as conn:
        await conn.execute("UPDATE chat_group SET carries_notice = true WHERE id = %s", (group,))
    return group


async def test_it_is_noted_seen_corrected_and_closed_on_its_pages(door, asha, place):
    groups = [await noticed(place, "east-one"), await noticed(place, "west-one")]
    await noticed(place, "east-two")
    noted = await asha.post("/clusters", {"name": "Market closed", "text": "Pass it on"})
    path = noted.headers["Location"]
    assert (noted.status, path.startswith("/clusters/")) == (303, True)

    added = await asha.post(f"{path}/seen", {"groups": f"{groups[0]}\n{groups[1]}\nnowhere"})
    assert "2 groups added, 0 were there already, 1 refused." in added.words
    assert "nowhere no such group, or outside your area" in added.words
    page = await asha.get(path)
    assert "seen in 2 groups" in page.words
    assert "Pass it on" in page.words

    address = path.rpartition("/")[2]
    assert f'href="/broadcasts/new?cluster={address}&amp;purpose=public"' in page.text
    compose = await asha.get(f"/broadcasts/new?cluster={address}&purpose=public")
    assert f'value="{address}" selected' in compose.text
    assert '<span class="big" id="audience-total">2</span>' in compose.text
    assert "saw “Market closed”" in compose.words

    assert (await asha.post(f"{path}/close", {"verdict": "false"})).status == 303
    hindi = await door.signed_in(place, await place.account("ravi", language="hi"))
    assert "झूठी" in (await hindi.get("/clusters")).words
    assert (await asha.post(f"{path}/seen", {"groups": "x"})).status == 409


async def test_groups_are_found_by_name_and_such_without_the_notice_cannot_be_ticked(asha, place):
    group = await noticed(place, "east-one")
    bare = await place.group("east-two")
    async with place.transaction() as conn:
        await conn.execute("UPDATE chat_group SET carries_notice = (id = %s)", (group,))
        names = await conn.execute("SELECT name FROM chat_group WHERE id = %s", (group,))
        [(name,)] = await names.fetchall()
    path = (await asha.post("/clusters", {"name": "Market closed"})).headers["Location"]
    page = await asha.get(f"{path}?q={name.split()[0]}")
    assert f'name="group" value="{group}">' in page.text
    assert f'name="group" value="{bare}">' not in page.text
    added = await asha.post(f"{path}/seen", {"group": str(group)})
    assert "1 groups added" in added.words


async def test_a_slip_is_told_and_what_was_written_stays(asha):
    told = await asha.post("/clusters", {"name": " ", "text": "how it goes"})
    assert (told.status, "It has no name" in told.words) == (422, True)
    assert "how it goes</textarea>" in told.text


async def test_why_a_group_is_in_says_what_it_saw(asha, place):
    group = await noticed(place, "east-one")
    actor = await place.account("author")
    id = await actions.note(place.rt, "Rumour", "", key=str(new_id()), actor=actor)
    await actions.see(
        place.rt, id, str(group), seen_at=place.rt.now(), key=str(new_id()), actor=actor
    )
    async with place.transaction() as conn:
        names = await conn.execute("SELECT name FROM chat_group WHERE id = %s", (group,))
        [(name,)] = await names.fetchall()
    form = {"purpose": "public", "node": ["0:group", "0.0:saw"], "0.rule": "all",
            "0.0.cluster": str(id), "why": name}  # fmt: skip
    assert "saw “Rumour”" in (await asha.post("/broadcasts/why", form)).words
