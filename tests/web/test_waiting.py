"""What a broadcast's page says while it waits for its senders."""

from datetime import timedelta

import pytest

from chaupal.broadcasts import jobs
from web.test_broadcasts import FARMERS, pair

__all__ = ["pair"]


@pytest.fixture
async def path(pair, clock) -> str:
    """A broadcast under way."""
    path = await pair.written(**FARMERS)
    await pair.approve(path)
    await jobs.freeze_approved(pair.place.rt, pair.place.organisation)
    return path


async def test_a_broadcast_that_an_answer_paused_says_why_until_it_is_resumed(pair, path):
    id = path.rpartition("/")[2]
    async with pair.place.transaction() as conn:
        await conn.execute("UPDATE broadcast SET stage = 'paused' WHERE id = %s", (id,))
        await conn.execute(
            "INSERT INTO broadcast_halt SELECT current_organisation(), %s, id, %s,"
            " 'template_paused' FROM sender",
            (id, pair.place.rt.now()),
        )
    shown = (await pair.approver.get(path)).words
    assert "answer through bot paused this broadcast" in shown
    assert "The provider has paused the template." in shown
    assert (await pair.approver.post(f"{path}/resume")).status == 303
    async with pair.place.transaction() as conn:
        assert await (await conn.execute("SELECT 1 FROM broadcast_halt")).fetchall() == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            (
                "INSERT INTO sender_stop SELECT current_organisation(), id, %s, 'sender',"
                " 'reported_as_spam' FROM sender"
            ),
            "3 wait for bot, which was stopped",
        ),
        (
            (
                "INSERT INTO portfolio (organisation_id, name, full_until)"
                " SELECT current_organisation(), id::text, %s FROM sender"
            ),
            "3 wait for bot: it has written to as many people as it may in a day",
        ),
    ],
)
async def test_what_waits_for_a_sender_is_counted_with_its_reason(pair, path, statement, said):
    at = pair.place.rt.now() + timedelta(hours=1)
    async with pair.place.transaction() as conn:
        await conn.execute(statement, (at,))
    assert said in (await pair.approver.get(path)).words
