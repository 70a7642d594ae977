"""What a broadcast's page says of sends of which nobody knows whether they arrived."""

import pytest

from chaupal.broadcasts import jobs
from web.test_broadcasts import FARMERS, pair

__all__ = ["pair"]


@pytest.fixture
async def path(pair) -> str:
    """A broadcast under way, of which one send is unknown."""
    path = await pair.written(**FARMERS)
    await pair.approve(path)
    await jobs.freeze_approved(pair.place.rt, pair.place.organisation)
    async with pair.place.transaction() as conn:
        await conn.execute(
            "UPDATE delivery SET state = 'unknown', doubtful_since = now()"
            " WHERE id = (SELECT min(id) FROM delivery)"
        )
    return path


async def states(pair) -> list[str]:
    async with pair.place.transaction() as conn:
        found = await conn.execute("SELECT DISTINCT state::text FROM delivery ORDER BY 1")
        return [state for (state,) in await found.fetchall()]


async def test_people_are_counted_as_people(pair, path):
    assert "of 3 groups reached" in (await pair.approver.get(path)).words
    async with pair.place.transaction() as conn:
        await conn.execute("UPDATE broadcast SET via = '{sandbox}'")
    assert "of 3 people reached" in (await pair.approver.get(path)).words
    assert "3 people" in (await pair.approver.get("/broadcasts")).words


async def test_whoever_steers_is_asked_and_decides_about_the_number_on_the_page(pair, path):
    shown = (await pair.approver.get(path)).words
    assert "Of 1 send nobody knows whether it arrived" in shown
    assert "will have it twice" in shown
    assert (await pair.approver.post(f"{path}/again", {"seen": "7"})).status == 409
    assert (await pair.approver.post(f"{path}/again", {"seen": "७"})).status in {400, 422}
    assert await states(pair) == ["queued", "unknown"]
    assert (await pair.approver.post(f"{path}/again", {"seen": "1"})).status == 303
    assert await states(pair) == ["queued"]
    assert "nobody knows" not in (await pair.approver.get(path)).words
