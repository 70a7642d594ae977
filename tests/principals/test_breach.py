"""The circle of a breach: exactly who could be seen, what was held of them, what was seen."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from chaupal import record
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound
from chaupal.people import unmasking
from chaupal.people.models import Need
from chaupal.principals import breach, erasure
from chaupal.principals.breach import Question
from factories import an_organisation

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


def question(**changes) -> Question:
    return Question(**{"since": NOON - DAY, "until": NOON + DAY, **changes})


async def circle(rt, asked: Question, actor) -> list[dict[str, str]]:
    opened = await breach.open_circle(rt, asked, actor=actor)
    text = "".join([line async for line in opened.lines()])
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


async def shown(rt, place, person, actor) -> None:
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT id FROM contact_point WHERE person_id = %s", (person,))
        [(contact,)] = await cursor.fetchall()
    await unmasking.unmask(rt, person, contact, Need.TASK, actor=actor)


async def test_a_units_circle_is_everybody_below_it_and_nobody_else(rt, place, admin):
    people = {str(await place.person(code)) for code in ("east", "east-one", "east-two")}
    await place.person("west-one")
    found = await circle(rt, question(unit=place.units["east"]), admin)
    assert {line["reference"] for line in found} == people
    assert [line["unit"] for line in found] == ["east", "east-one", "east-two"]


async def test_it_says_which_fields_are_held_and_what_was_seen(rt, place, admin):
    asha = await place.person("east-one", chat="p:1")
    await place.admin(await place.group("east-one"), asha)
    await shown(rt, place, asha, admin)
    [line] = await circle(rt, question(unit=place.units["east"]), admin)
    assert line["fields"] == "name language unit sandbox consents groups"
    assert (line["shown"], line["exported"]) == ("1", "1"), "this very file is one"
    assert line["last_shown_at"] == "2026-11-23 17:30+05:30"


async def test_what_was_seen_outside_the_period_or_by_others_is_left_out(rt, place, admin, clock):
    asha = await place.person("east-one", chat="p:1")
    ravi = await place.account("ravi", at="east", role="coordinator")
    await shown(rt, place, asha, admin)
    clock.at = NOON + 2 * DAY
    await shown(rt, place, asha, ravi)
    unit = place.units["east"]

    async def times(asked: Question) -> str:
        [line] = await circle(rt, asked, admin)
        return line["shown"]

    assert await times(question(unit=unit)) == "1"
    assert await times(question(unit=unit, until=NOON + 3 * DAY)) == "2"
    assert await times(question(login="ravi", until=NOON + 3 * DAY)) == "1"
    assert await times(question(login="ravi")) == "0"


async def test_an_accounts_circle_is_whom_its_posts_reached_in_the_period(rt, place, admin):
    eastern, western = await place.person("east-one"), await place.person("west-one")
    ravi = await place.account("ravi", at="east", role="coordinator")
    async with place.transaction() as conn:
        await conn.execute("UPDATE post SET until = %s WHERE account_id = %s",
                           (NOON.date() - 5 * DAY, ravi.id))  # fmt: skip
    before = question(login="ravi", since=NOON - 9 * DAY)
    assert [x["reference"] for x in await circle(rt, before, admin)] == [str(eastern)]
    assert await circle(rt, question(login="ravi"), admin) == []
    everybody = await circle(rt, question(login="admin"), admin)
    assert {line["reference"] for line in everybody} == {str(eastern), str(western)}


async def test_exports_count_for_those_below_the_units_they_name(rt, place, admin):
    await place.person("east-one")
    await place.person("west-one")
    async with place.transaction() as conn:
        units = [str(place.units["east"])]
        await record.append(
            conn, "people.exported", new_id(), actor=admin, now=rt.now(), units=units
        )
    found = await circle(rt, question(unit=place.units["state"]), admin)
    assert {line["unit"]: line["exported"] for line in found} == {"east-one": "2", "west-one": "1"}


async def test_a_name_that_looks_like_a_formula_is_none(rt, place, admin):
    asha = await place.person("east-one")
    async with place.transaction() as conn:
        await conn.execute("UPDATE person SET name = '=HYPERLINK(1)' WHERE id = %s", (asha,))
    [line] = await circle(rt, question(unit=place.units["east"]), admin)
    assert line["name"] == "'=HYPERLINK(1)"


async def test_pages_of_a_large_circle_follow_each_other_and_erased_people_are_in_none(
    rt, place, admin
):
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO person (organisation_id, id, reference, unit_id, name, search_key, since)"
            " SELECT current_organisation(), gen_random_uuid(), 'm' || n, %s, 'Name ' || n %% 7,"
            " 'n', now() FROM generate_series(1, %s) AS n",
            (place.units["east-one"], breach.BATCH + 5),
        )
    gone = await place.person("east-one")
    await erasure.erase(rt, gone, typed=str(gone), key=str(new_id()), actor=admin)
    found = await circle(rt, question(unit=place.units["state"]), admin)
    assert len(found) == len({line["reference"] for line in found}) == breach.BATCH + 5


async def test_only_administrators_and_only_of_what_is_theirs(rt, place, admin):
    unit = place.units["east"]
    coordinator = await place.account("ravi", at="state", role="coordinator")
    eastern = await place.account("eastern", at="east")
    western = await place.account("western", at="west")
    with pytest.raises(NotAllowed):
        await breach.open_circle(rt, question(unit=unit), actor=coordinator)
    with pytest.raises(NotFound):
        await breach.open_circle(rt, question(unit=unit), actor=western)
    with pytest.raises(NotAllowed):
        await breach.open_circle(rt, question(login="ravi"), actor=eastern)
    with pytest.raises(NotFound):
        await breach.open_circle(rt, question(login="nobody"), actor=admin)
    await breach.open_circle(rt, question(unit=unit), actor=eastern)
    other = await an_organisation(rt, "dusra")
    with pytest.raises(NotFound):
        await breach.open_circle(rt, question(unit=unit), actor=await other.account("admin"))


@pytest.mark.parametrize("changes", [{"since": NOON + DAY}, {}, {"login": "x", "unit": new_id()}])
async def test_half_a_question_is_refused(rt, admin, changes):
    with pytest.raises(Invalid):
        await breach.open_circle(rt, question(**changes), actor=admin)
