"""Counters that were tampered with: found, shown until it is over, and made right."""

import asyncio

import pytest

from chaupal.broadcasts import deliveries, findings, jobs, queries, recounting
from chaupal.engine import doctor
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.organisations import scope_of


async def tamper(stage, id, *, state: str = "queued", by: int = 3) -> None:
    """Let a line of the counters say more than there is."""
    async with stage.place.transaction() as conn:
        await conn.execute(
            "INSERT INTO tally (organisation_id, broadcast_id, branch_id, state, evidence, targets)"
            " VALUES (current_organisation(), %s, %s, %s::delivery_state, 0, %s)",
            (id, stage.place.units["east"], state, by),
        )


async def reconciled(stage) -> list:
    return await jobs.reconcile(stage.rt, stage.place.organisation)


async def shown(stage, *, actor=None) -> list[tuple]:
    async with stage.place.transaction() as conn:
        scope = await scope_of(stage.rt, conn, actor or stage.author)
        found = await findings.unsettled(conn, scope=scope)
    return [(one.broadcast_id, one.off, one.reason) for one in found]


async def kinds(stage) -> list[str]:
    async with stage.place.transaction() as conn:
        found = await conn.execute(
            "SELECT kind FROM record WHERE kind LIKE 'counters.%' ORDER BY number"
        )
        return [kind for (kind,) in await found.fetchall()]


async def acknowledge(stage, id, reason="हम जानते हैं", *, key=None, actor=None) -> None:
    await recounting.acknowledge(
        stage.rt, id, reason, key=key or str(new_id()), actor=actor or stage.approver
    )


async def recount(stage, id, *, key=None, actor=None) -> None:
    await recounting.recount(stage.rt, id, key=key or str(new_id()), actor=actor or stage.approver)


async def test_counters_that_agree_are_no_finding(stage):
    await stage.frozen()
    assert await reconciled(stage) == []
    assert await shown(stage) == []


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM tally WHERE broadcast_id = %s",
        (
            "INSERT INTO tally SELECT organisation_id, broadcast_id, branch_id, 'sent', 1, 1"
            "  FROM tally WHERE broadcast_id = %s LIMIT 1"
        ),
        (
            "INSERT INTO tally SELECT organisation_id, broadcast_id, moved.branch, state, evidence,"
            " moved.by FROM (SELECT * FROM tally WHERE broadcast_id = %s LIMIT 1) AS one,"
            " LATERAL (SELECT branch_id AS branch, -1 AS by UNION ALL"
            "          SELECT DISTINCT t.branch_id, 1 FROM tally t"
            "           WHERE t.branch_id <> one.branch_id) AS moved"
        ),
    ],
    ids=["gone", "one too many", "from one branch to another"],
)
async def test_every_way_of_tampering_with_a_counter_is_found(stage, change):
    id = await stage.frozen()
    other = await stage.frozen()
    async with stage.place.transaction() as conn:
        assert (await conn.execute(change, (id,))).rowcount > 0
    assert await reconciled(stage) == [id]
    assert [broadcast for broadcast, _, _ in await shown(stage)] == [id] != [other]


async def test_a_difference_is_shown_until_it_is_recounted(stage):
    id = await stage.frozen()
    await tamper(stage, id)
    assert await reconciled(stage) == [id]
    assert await reconciled(stage) == [id]
    assert await shown(stage) == [(id, 3, None)]
    assert await kinds(stage) == ["counters.differed"], "told once"

    await recount(stage, id)

    assert await shown(stage) == []
    assert await stage.states(id) == {"queued": 12}
    assert await reconciled(stage) == []
    assert await kinds(stage) == ["counters.differed", "counters.recounted"]


async def test_a_difference_that_goes_away_is_settled_by_the_next_recount(stage):
    id = await stage.frozen()
    await tamper(stage, id)
    await reconciled(stage)
    await tamper(stage, id, by=-3)
    assert await reconciled(stage) == []
    assert await shown(stage) == []
    assert await kinds(stage) == ["counters.differed", "counters.agreed"]


async def test_what_was_acknowledged_is_told_again_when_it_is_another_difference(stage):
    id = await stage.frozen()
    await tamper(stage, id)
    await reconciled(stage)
    await acknowledge(stage, id, "हम जानते हैं")
    await reconciled(stage)
    assert await shown(stage) == [(id, 3, "हम जानते हैं")]

    await tamper(stage, id, by=2)
    await reconciled(stage)

    assert await shown(stage) == [(id, 5, None)]
    assert await kinds(stage) == [
        "counters.differed",
        "counters.acknowledged",
        "counters.differed",
    ]


async def test_an_old_broadcast_with_a_finding_is_recounted_until_it_is_settled(stage, clock):
    id = await stage.frozen()
    await tamper(stage, id)
    await reconciled(stage)
    clock.at = stage.rt.now() + jobs.RECONCILED_FOR * 2
    assert await reconciled(stage) == [id]
    await recount(stage, id)
    await tamper(stage, id)
    assert await reconciled(stage) == [], "nobody looks at it any more"


async def test_recounting_while_others_move_and_fold_ends_right(stage):
    id = await stage.frozen()
    await tamper(stage, id)
    await reconciled(stage)

    async def fold() -> None:
        async with stage.place.transaction() as conn:
            await queries.fold(conn, id)

    async def move() -> None:
        async with stage.place.transaction() as conn:
            await conn.execute(
                "UPDATE delivery SET state = 'cancelled' WHERE id IN (SELECT id FROM delivery"
                " WHERE broadcast_id = %s AND state = 'queued' ORDER BY id LIMIT 1 FOR UPDATE"
                " SKIP LOCKED)",
                (id,),
            )

    at_once = [fold() for _ in range(4)] + [move() for _ in range(4)]
    ends = await asyncio.gather(
        recount(stage, id), recount(stage, id), *at_once, return_exceptions=True
    )
    assert [type(end) for end in ends if end is not None] in ([Refused], [])
    assert await reconciled(stage) == []
    assert sum((await stage.states(id)).values()) == 12


async def test_pressed_twice_is_done_once(stage):
    id = await stage.frozen()
    await tamper(stage, id)
    await reconciled(stage)
    for act in (acknowledge, recount):
        key = str(new_id())
        await act(stage, id, key=key)
        await act(stage, id, key=key)
    assert await kinds(stage) == [
        "counters.differed",
        "counters.acknowledged",
        "counters.recounted",
    ]


async def test_a_finding_is_acknowledged_with_a_reason_by_those_who_may_steer(stage):
    id = await stage.frozen()
    with pytest.raises(Refused, match=r"finding\.settled"):
        await acknowledge(stage, id)
    await tamper(stage, id)
    await reconciled(stage)
    with pytest.raises(Invalid, match=r"finding\.reason_missing"):
        await acknowledge(stage, id, "  ")
    with pytest.raises(Invalid, match=r"finding\.reason_too_long"):
        await acknowledge(stage, id, "x" * 301)
    bearer = await stage.place.account("bearer", role="office_bearer")
    with pytest.raises(NotAllowed):
        await acknowledge(stage, id, actor=bearer)
    western = await stage.place.account("western", at="west", role="coordinator")
    with pytest.raises(NotFound):
        await recount(stage, id, actor=western)
    assert await shown(stage, actor=western) == []
    assert await shown(stage) == [(id, 3, None)]


async def test_folding_leaves_no_finding(stage):
    id = await stage.frozen()
    async with stage.place.transaction() as conn:
        assert await deliveries.long_tallies(conn, rows=0) != []
        await queries.fold(conn, id)
    assert await reconciled(stage) == []


async def test_the_doctor_names_the_organisation_until_somebody_acknowledges(
    stage, database, tmp_path
):
    async def found() -> list[tuple[bool, str]]:
        looked = await doctor.examine(
            tmp_path,
            program_dsn=database.program_dsn,
            nats_url=None,
            assets=tmp_path,
            now=stage.rt.now,
        )
        return [(f.ok, doctor.sentence(f)) for f in looked if f.code == "counters"]

    id = await stage.frozen()
    assert [ok for ok, _ in await found()] == [True]
    await tamper(stage, id)
    await reconciled(stage)
    [(ok, words)] = await found()
    assert not ok
    assert f"1 broadcasts of {stage.place.slug}" in words
    await acknowledge(stage, id)
    assert [ok for ok, _ in await found()] == [True]
