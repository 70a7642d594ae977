"""Audiences asked by programs: counted, explained, refused."""

from datetime import timedelta

import pytest

from chaupal.broadcasts import actions, jobs
from chaupal.broadcasts.audience import Categories
from chaupal.broadcasts.models import Draft, Purpose
from chaupal.kit.ids import new_id

FARMERS = {"op": "categories", "categories": ["farmers"]}


@pytest.fixture
async def groups(place):
    return [
        await place.group("east-one", categories=("farmers",)),
        await place.group("west-one", categories=("farmers",)),
        await place.group("east-one"),
    ]


async def test_an_audience_is_counted_as_the_caller_reaches_it(keyed, place, groups):
    everywhere = await keyed(await place.account("asha"))
    east = await keyed(await place.account("meena", at="east"))
    body = {"audience": FARMERS, "purpose": "public"}

    whole = (await everywhere.post("audiences/count", body)).json
    part = (await east.post("audiences/count", body)).json

    assert groups
    assert (whole["groups"], part["groups"]) == (2, 1)
    assert [row["groups"] for row in whole["slices"]] == [1, 1]


async def test_a_program_is_told_why_a_group_is_in_or_out(program, groups):
    farmers, _, other = groups
    audience = {"op": "and", "of": [FARMERS, {"op": "not", "of": {"op": "size", "at_most": 5}}]}

    async def why(group):
        body = {"audience": audience, "purpose": "public", "group_id": str(group)}
        return (await program.post("audiences/why", body)).json

    inside, outside = await why(farmers), await why(other)

    assert inside["is_in"] is True
    assert [term["fits"] for term in inside["terms"]] == [True, True, True, False]
    assert inside["terms"][1]["term"] == FARMERS
    assert outside["is_in"] is False
    assert [term["fits"] for term in outside["terms"]] == [False, False, True, False]


async def test_a_program_is_told_what_became_of_a_group(rt, program, place, admin, groups):
    draft = Draft(
        title="मंडी",
        texts={"hi": "मंडी कल खुलेगी।"},
        purpose=Purpose.PUBLIC,
        audience=Categories(["farmers"]),
        expires_at=rt.now() + timedelta(hours=1),
    )
    id = await actions.write(rt, draft, key=str(new_id()), actor=admin)
    shown = await actions.submit(rt, id, key=str(new_id()), actor=admin)
    await actions.approve(
        rt,
        id,
        seen_hash=shown.content_hash,
        key=str(new_id()),
        actor=await place.account("ravi"),
    )
    await jobs.freeze(rt, place.organisation, id)

    reached = (await program.get(f"broadcasts/{id}/why/{groups[0]}")).json
    left_out = (await program.get(f"broadcasts/{id}/why/{groups[2]}")).json

    assert reached["now"]["is_in"] is True
    assert (reached["outcome"]["state"], reached["outcome"]["evidence"]) == ("queued", "planned")
    assert (left_out["now"]["is_in"], left_out["outcome"]) == (False, None)
    assert left_out["frozen_at"] is not None


@pytest.mark.parametrize(
    ("audience", "code"),
    [
        ({"op": "caste"}, "audience.malformed"),
        ({"op": "size"}, "audience.malformed"),
        ({"op": "languages", "languages": ["xx"]}, "audience.unknown_language"),
        ({"op": "earlier", "broadcast": str(new_id())}, "audience.unknown_broadcast"),
        (None, "audience.malformed"),
    ],
)
async def test_what_cannot_be_an_audience_is_refused(program, groups, audience, code):
    asked = {"audience": audience, "purpose": "public"}

    count = await program.post("audiences/count", asked)
    why = await program.post("audiences/why", asked | {"group_id": str(groups[0])})

    assert (count.status, count.json["code"]) == (422, code)
    assert (why.status, why.json["code"]) == (422, code)


async def test_a_group_outside_is_not_there(keyed, place, groups):
    east = await keyed(await place.account("meena", at="east"))

    told = await east.post(
        "audiences/why", {"audience": FARMERS, "purpose": "public", "group_id": str(groups[1])}
    )

    assert (told.status, told.json["code"]) == (404, "group.not_found")


async def test_a_program_keeps_an_audience_lists_renames_and_forgets_it(program, place):
    body = {"name": "Farmers", "audience": FARMERS, "purpose": "public"}
    id = (await program.post("audiences/saved", body)).json["id"]

    [kept] = (await program.get("audiences/saved")).json
    renamed = await program.post(f"audiences/saved/{id}/rename", {"name": "Kisan"})
    [called] = (await program.get("audiences/saved")).json
    forgotten = await program.post(f"audiences/saved/{id}/forget")

    assert (kept["audience"], kept["faults"], kept["may_change"]) == (FARMERS, [], True)
    assert (renamed.status, called["name"]) == (204, "Kisan")
    assert forgotten.status == 204
    assert (await program.get("audiences/saved")).json == []
