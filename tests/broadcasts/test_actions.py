"""Two people behind every broadcast, whatever way in, and an edit voids what they signed."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from chaupal import record
from chaupal.broadcasts import actions, jobs
from chaupal.broadcasts.audience import And, Categories, Everyone, Units
from chaupal.broadcasts.models import Purpose, Stage
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused


async def test_approval_by_a_second_person_freezes_exactly_the_audience(stage):
    id = await stage.frozen(And([Categories(["farmers"]), Units([stage.place.units["east"]])]))

    shown = await actions.show(stage.rt, id, actor=stage.approver)
    assert shown.broadcast.stage is Stage.SENDING
    assert shown.broadcast.targets == 8
    assert await stage.states(id) == {"queued": 8}
    async with stage.place.transaction() as conn:
        rows = await conn.execute("SELECT group_id FROM delivery ORDER BY group_id")
        assert [row[0] for row in await rows.fetchall()] == sorted(stage.farmers[:8])
        kinds = [entry.kind for entry in await record.after(conn, 1)]
        assert (await record.verify(conn)).holds
    assert kinds == [f"broadcast.{w}" for w in ("drafted", "submitted", "approved", "frozen")]


async def test_an_author_cannot_approve_their_own_broadcast(stage):
    id = await stage.submitted()
    with pytest.raises(NotAllowed, match="author_cannot_approve"):
        await stage.approve(id, actor=stage.author)


async def test_the_database_itself_refuses_one_person_twice(stage, database):
    id = await stage.submitted()
    with psycopg.connect(database.owner_dsn) as owner:
        owner.execute(
            "SELECT set_config('chaupal.organisation', %s, false)", (str(stage.place.organisation),)
        )
        with pytest.raises(psycopg.errors.CheckViolation, match="two_different_people"):
            owner.execute(
                "UPDATE broadcast SET approver_id = author_id, approved_at = now(),"
                " approved_hash = content_hash WHERE id = %s",
                (id,),
            )


async def test_two_approvers_racing_produce_one_approval(stage):
    id = await stage.submitted()
    third = await stage.place.account("mina")
    results = await asyncio.gather(
        stage.approve(id), stage.approve(id, actor=third), return_exceptions=True
    )
    assert sorted(type(r).__name__ for r in results) == ["Broadcast", "Refused"]


async def test_two_workers_freezing_at_once_write_each_delivery_once(stage):
    id = await stage.submitted()
    await stage.approve(id)
    written = await asyncio.gather(
        *(jobs.freeze(stage.rt, stage.place.organisation, id) for _ in range(3))
    )
    assert sorted(written) == [0, 0, 12]
    assert await stage.states(id) == {"queued": 12}


async def test_the_same_key_asked_twice_makes_one_draft(stage):
    draft, key = stage.draft(), str(new_id())
    ids = await asyncio.gather(
        *(actions.write(stage.rt, draft, key=key, actor=stage.author) for _ in range(4))
    )
    assert len(set(ids)) == 1


async def test_an_edit_after_submission_voids_it(stage):
    id = await stage.submitted()
    before = await stage.broadcast(id)
    await actions.rewrite(
        stage.rt, id, stage.draft(title="Another"), key=str(new_id()), actor=stage.author
    )
    assert (await stage.broadcast(id)).stage is Stage.DRAFT
    await actions.submit(stage.rt, id, key=str(new_id()), actor=stage.author)
    with pytest.raises(Refused, match="edited_since_submission"):
        await actions.approve(
            stage.rt,
            id,
            seen_hash=before.content_hash,
            key=str(new_id()),
            actor=stage.approver,
        )


async def test_what_was_approved_cannot_be_edited_any_more(stage):
    id = await stage.frozen()
    with pytest.raises(Refused, match="cannot_move"):
        await actions.rewrite(
            stage.rt, id, stage.draft(title="Another"), key=str(new_id()), actor=stage.author
        )


async def test_an_empty_audience_is_refused_at_submission(stage):
    id = await stage.written(Everyone(), purpose=Purpose.INTERNAL)
    with pytest.raises(Refused, match=r"audience\.empty"):
        await actions.submit(stage.rt, id, key=str(new_id()), actor=stage.author)


async def test_an_audience_that_became_empty_is_refused_at_approval(stage):
    id = await stage.submitted()
    async with stage.place.transaction() as conn:
        await conn.execute("UPDATE chat_group SET archived_at = now()")
    with pytest.raises(Refused, match=r"audience\.empty"):
        await stage.approve(id)


async def test_an_author_reaches_only_their_own_part_of_the_tree(stage):
    coordinator = await stage.place.account("kiran", at="east", role="coordinator")
    slices = await actions.count(stage.rt, Everyone(), Purpose.PUBLIC, actor=coordinator)
    assert sum(s.groups for s in slices) == 16
    assert {s.name_en for s in slices} == {"Unit east"}


async def test_an_approver_of_a_smaller_part_of_the_tree_is_refused(stage):
    east = await stage.place.account("kiran", at="east", role="coordinator")
    id = await stage.submitted()
    with pytest.raises(NotFound):
        await stage.approve(id, actor=east)


async def test_a_desk_post_may_compose_but_not_approve(stage):
    desk = await stage.place.account("desk", role="desk")
    id = await stage.submitted()
    with pytest.raises(NotAllowed, match=r"access\.not_allowed"):
        await stage.approve(id, actor=desk)


async def test_a_neighbour_does_not_even_learn_that_it_exists(stage):
    east = await stage.place.account("kiran", at="east", role="coordinator")
    west = await stage.place.account("lata", at="west", role="coordinator")
    id = await actions.write(stage.rt, stage.draft(), key=str(new_id()), actor=east)
    with pytest.raises(NotFound):
        await actions.show(stage.rt, id, actor=west)
    assert (await actions.show(stage.rt, id, actor=east)).broadcast.id == id


async def test_cancelling_ends_what_was_not_tried_and_the_account_adds_up(stage):
    id = await stage.frozen()
    await stage.steer(id, "pause")
    await stage.steer(id, "cancel")
    assert await stage.states(id) == {"cancelled": 12}
    with pytest.raises(Refused, match="cannot_move"):
        await stage.steer(id, "resume")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "  "}, "broadcast.title_missing"),
        ({"texts": {}}, "broadcast.text_missing"),
        ({"texts": {"hi": " "}}, "broadcast.text_missing"),
        ({"texts": {"hi": "क" * 4001}}, "broadcast.text_too_long"),
        ({"title": "क" * 201}, "broadcast.title_too_long"),
    ],
)
async def test_a_draft_that_could_never_be_sent_is_refused(stage, changes, code):
    with pytest.raises(Invalid) as refusal:
        await stage.written(**changes)
    assert refusal.value.code == code


async def test_a_draft_whose_end_is_past_is_refused(stage):
    with pytest.raises(Invalid, match="expires_in_the_past"):
        await stage.written(expires_at=stage.rt.now() - timedelta(seconds=1))
