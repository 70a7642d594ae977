"""What an audience speaks of may change while it waits: the freeze decides, or stops."""

import pytest

from chaupal.broadcasts import jobs
from chaupal.broadcasts.audience import (
    Categories,
    Earlier,
    Expression,
    LiveAdmins,
    Not,
    Posts,
    Size,
    Units,
)
from chaupal.kit.refusals import Invalid


async def delivered(stage, id) -> set:
    async with stage.place.transaction() as conn:
        rows = await conn.execute("SELECT group_id FROM delivery WHERE broadcast_id = %s", (id,))
        return {group for (group,) in await rows.fetchall()}


async def approved(stage, audience: Expression):
    id = await stage.submitted(audience)
    await stage.approve(id)
    return id


async def change(stage, statement: str, *params) -> None:
    async with stage.place.transaction() as conn:
        await conn.execute(statement, params)


async def test_those_whom_a_broadcast_did_not_reach_are_the_ones_at_the_freeze(stage):
    first = await stage.frozen()
    late = stage.farmers[0]
    second = await approved(stage, Earlier(first, below="accepted"))

    await change(
        stage,
        "UPDATE delivery SET state = 'sent', evidence = 1, sent_at = now()"
        " WHERE broadcast_id = %s AND group_id = %s",
        first,
        late,
    )
    await jobs.freeze(stage.rt, stage.place.organisation, second)

    assert await delivered(stage, second) == set(stage.farmers) - {late}


async def test_an_admin_who_leaves_after_the_approval_takes_the_group_along(stage):
    people = [await stage.place.person("east") for _ in range(2)]
    for group, person in zip(stage.farmers, people, strict=False):
        await stage.place.admin(group, person)
    await stage.place.post("east", person=people[0])
    run, led = await approved(stage, LiveAdmins(1)), await approved(stage, Posts(["coordinator"]))

    await change(stage, "UPDATE group_admin SET left_at = now() WHERE person_id = %s", people[1])
    for id in (run, led):
        await jobs.freeze(stage.rt, stage.place.organisation, id)

    assert await delivered(stage, run) == {stage.farmers[0]}
    assert await delivered(stage, led) == {stage.farmers[0]}


async def test_a_group_whose_size_nobody_told_is_in_neither_half(stage):
    told = stage.farmers[:3]
    for size, group in enumerate(told):
        await change(
            stage, "UPDATE chat_group SET size = %s, size_at = now() WHERE id = %s", size, group
        )
    small, large = await stage.frozen(Size(None, 1)), await stage.frozen(Size(2, None))

    assert await delivered(stage, small) == set(told[:2])
    assert await delivered(stage, large) == set(told[2:])


async def test_a_unit_that_ends_after_the_approval_stops_the_broadcast(stage):
    id = await approved(stage, Not(Units([stage.place.units["west-two"]])))

    await change(
        stage,
        "UPDATE unit SET ended_on = current_date WHERE id = %s",
        stage.place.units["west-two"],
    )
    written = await jobs.freeze(stage.rt, stage.place.organisation, id)

    assert written == 0
    assert (await stage.broadcast(id)).stage == "cancelled"
    assert await delivered(stage, id) == set()


async def test_an_earlier_broadcast_that_leaves_the_authors_area_stops_the_next_one(stage):
    east = await stage.place.account("meena", at="east")
    stage.author = east
    first = await stage.frozen(Categories(["farmers"]))
    second = await approved(stage, Earlier(first))

    await change(
        stage,
        "UPDATE broadcast SET author_units = ARRAY[%s]::uuid[] WHERE id = %s",
        stage.place.units["west"],
        first,
    )
    written = await jobs.freeze(stage.rt, stage.place.organisation, second)

    assert written == 0
    assert (await stage.broadcast(second)).stage == "cancelled"


async def test_a_broadcast_of_somebody_above_cannot_be_named_in_a_draft(stage):
    first = await stage.frozen()
    stage.author = await stage.place.account("meena", at="east")

    for audience in (Earlier(first), Not(Earlier(first))):
        with pytest.raises(Invalid, match=r"audience\.unknown_broadcast"):
            await stage.written(audience)


async def test_an_audience_cannot_name_a_broadcast_that_has_nobody_yet(stage):
    waiting = await stage.submitted()
    with pytest.raises(Invalid, match=r"audience\.broadcast_not_frozen"):
        await stage.written(Earlier(waiting, below="accepted"))
