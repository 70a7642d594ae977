"""An audience is exactly what its expression says: checked against a brute-force oracle."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL

from chaupal.broadcasts import audience, known, targets
from chaupal.broadcasts.audience import (
    And,
    Categories,
    Channels,
    Earlier,
    Everyone,
    Languages,
    Levels,
    LiveAdmins,
    Not,
    Or,
    Posts,
    Saw,
    Size,
    Units,
)
from chaupal.broadcasts.compiler import where
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid
from factories import an_organisation
from oracle import Town, a_broadcast, a_town, expressions, fits


@pytest.fixture
async def town(rt) -> Town:
    return await a_town(rt)


async def test_an_audience_is_what_a_brute_force_oracle_says(town):
    paths, cases = town.paths, []

    @settings(
        max_examples=160, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(
        expression=expressions(list(town.place.units.values()), town.sent, town.seen),
        purpose=st.sampled_from(["public", "internal"]),
        at=st.sampled_from(list(town.place.paths)),
    )
    def collect(expression, purpose, at):
        cases.append((expression, purpose, at))

    collect()
    async with town.place.transaction() as conn:
        for expression, purpose, at in cases:
            # The author sees the whole state, and reaches a part of it.
            target = replace(town.target(expression, purpose), also_within=[town.place.paths[at]])
            wanted = town.wanted(expression, purpose, town.place.paths[at])
            assert await targets.members(conn, target, limit=100) == wanted, expression
            assert await targets.total(conn, target) == len(wanted)
            slices = await targets.slices(conn, target)
            assert sum(s.groups for s in slices) == len(wanted)
            assert audience.parse(audience.to_json(expression)) == expression
            for verdict in await targets.verdicts(
                conn, target, [g.id for g in town.groups], readable=[town.place.paths["state"]]
            ):
                group = next(g for g in town.groups if g.id == verdict.group_id)
                assert verdict.fits == [
                    fits(term, group, paths) for term in audience.terms(expression)
                ], expression
                assert verdict.is_of_purpose == (group.purpose == purpose)


async def test_the_picture_by_unit_holds_each_group_once(town):
    tops = [town.place.paths["state"]]
    async with town.place.transaction() as conn:
        whole = await targets.places(conn, town.target(Everyone()), tops=tops, limit=100)
        east = await targets.places(
            conn, town.target(Everyone()), tops=[town.place.paths["east"]], limit=100
        )
    public = [g for g in town.groups if g.purpose == "public"]

    def under(code: str) -> int:
        return sum(g.path.startswith(town.place.paths[code]) for g in public)

    def right_at(code: str) -> int:
        return sum(g.path == town.place.paths[code] for g in public)

    assert {(p.code, p.part_code): p.groups for p in whole} == {
        ("state", None): right_at("state"),
        **{(code, None): right_at(code) for code in ("east", "west")},
        **{
            (code, f"{code}-{part}"): under(f"{code}-{part}")
            for code in ("east", "west")
            for part in ("one", "two")
        },
    }
    assert {(p.code, p.part_code): p.groups for p in east} == {
        ("east", None): right_at("east"),
        ("east-one", None): under("east-one"),
        ("east-two", None): under("east-two"),
    }


async def test_the_groups_of_an_audience_are_listed_unit_by_unit(town):
    target, found, after = town.target(Everyone()), [], None
    east = town.place.paths["east"]
    async with town.place.transaction() as conn:
        while True:
            page = await targets.page(conn, target, within=east, after=after, limit=3)
            found += [(row.unit_path, row.id) for row in page]
            if len(page) < 3:
                break
            after = found[-1]
    public = [g for g in town.groups if g.purpose == "public" and g.path.startswith(east)]
    assert found == sorted((g.path, g.id) for g in public)


@pytest.mark.parametrize("under", ["and", "or", "not"])
async def test_no_new_term_is_looked_up_group_by_group(town, under):
    """Whatever is joined beside the groups is read once, also when PostgreSQL knows nothing yet."""
    leaves = [
        LiveAdmins(2, None), Posts(["desk"], []), Earlier(town.sent[0], below="posted"),
        Size(None, 100), Languages(["hi"]),
    ]  # fmt: skip
    made = {"and": And(leaves), "or": Or(leaves), "not": Not(Or(leaves))}[under]
    async with town.place.transaction() as conn:
        directory = await targets.directory(conn, made, paths=[town.place.paths["state"]])
        fit = where(town.target(made), directory)
        statement = SQL("EXPLAIN SELECT count(*) FROM {} WHERE {}").format(
            fit.source, fit.condition
        )
        await known.join_in_bulk(conn)
        lines = await (await conn.execute(statement, fit.params)).fetchall()
        await known.join_as_usual(conn)
        usual = await conn.execute(
            "SELECT current_setting('enable_nestloop'), current_setting('work_mem') <> '32MB'"
        )
        assert await usual.fetchone() == ("on", True)
    plan = "\n".join(line for (line,) in lines)
    assert "SubPlan" not in plan, plan
    assert "Nested Loop" not in plan, plan


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({"op": "religion", "religions": ["x"]}, "audience.malformed"),
        ({"op": "units", "units": []}, "audience.malformed"),
        ({"op": "units", "units": ["not a uuid"]}, "audience.malformed"),
        ({"op": "and", "of": []}, "audience.malformed"),
        ({"op": "everyone", "extra": 1}, "audience.malformed"),
        ("everyone", "audience.malformed"),
        ({"op": "size"}, "audience.malformed"),
        ({"op": "size", "at_least": 10, "at_most": 5}, "audience.malformed"),
        ({"op": "size", "at_least": -1}, "audience.malformed"),
        ({"op": "size", "at_least": "many"}, "audience.malformed"),
        ({"op": "live_admins", "at_least": 1.5}, "audience.malformed"),
        ({"op": "posts"}, "audience.malformed"),
        ({"op": "posts", "roles": [], "levels": []}, "audience.malformed"),
        ({"op": "earlier"}, "audience.malformed"),
        ({"op": "earlier", "broadcast": "the last one"}, "audience.malformed"),
        ({"op": "clusters", "seen": ["x"]}, "audience.malformed"),
        (None, "audience.malformed"),
    ],
)
def test_an_expression_that_cannot_be_read_is_refused(written, code):
    with pytest.raises(Invalid) as refusal:
        audience.parse(written)
    assert refusal.value.code == code


@pytest.mark.parametrize("depth", [9, 400])
def test_an_expression_nested_too_deep_is_refused(depth):
    written: object = {"op": "everyone"}
    for _ in range(depth):
        written = {"op": "not", "of": written}
    with pytest.raises(Invalid, match=r"audience\.too_deep"):
        audience.parse(written)


def test_more_look_ups_than_a_statement_joins_are_refused():
    written = {"op": "or", "of": [{"op": "posts", "roles": ["desk"]}] * 21}
    with pytest.raises(Invalid, match=r"audience\.too_many_look_ups"):
        audience.parse(written)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        (Categories(["farmer"]), "audience.unknown_category"),
        (Levels(["village"]), "audience.unknown_level"),
        (Channels(["pigeon"]), "audience.unknown_channel"),
        (Units([uuid4()]), "audience.unknown_unit"),
        (Languages(["mwr"]), "audience.unknown_language"),
        (Posts(["king"]), "audience.unknown_role"),
        (Posts([], ["village"]), "audience.unknown_level"),
        (Earlier(uuid4()), "audience.unknown_broadcast"),
        (Saw(uuid4()), "audience.unknown_cluster"),
    ],
)
async def test_a_name_that_does_not_exist_is_refused_rather_than_matching_nothing(
    town, expression, code
):
    async with town.place.transaction() as conn:
        with pytest.raises(Invalid) as refusal:
            await targets.total(conn, town.target(Not(expression)))
    assert refusal.value.code == code


async def test_what_an_earlier_broadcast_is_asked_for_has_to_exist(town):
    [sent, _], draft = town.sent, town.draft
    async with town.place.transaction() as conn:
        for expression, code in (
            (Earlier(sent, at_least="heard"), "audience.unknown_rung"),
            (Earlier(sent, below="heard"), "audience.unknown_rung"),
            (Earlier(sent, states=["lost"]), "audience.unknown_state"),
            (Earlier(draft), "audience.broadcast_not_frozen"),
        ):
            with pytest.raises(Invalid) as refusal:
                await targets.total(conn, town.target(Not(expression)))
            assert refusal.value.code == code


async def test_an_earlier_broadcast_of_a_larger_area_does_not_exist_for_its_parts(town):
    own = new_id()
    author = await town.place.account("meena", at="east")
    await a_broadcast(town.place, own, author, frozen=True, at="east")
    async with town.place.transaction() as conn:
        assert await targets.total(conn, town.target(Earlier(own))) == 0
        assert await targets.total(conn, town.target(Earlier(own), at="east")) == 0
        with pytest.raises(Invalid, match=r"audience\.unknown_broadcast"):
            await targets.total(conn, town.target(Earlier(own), at="west"))
        with pytest.raises(Invalid, match=r"audience\.unknown_broadcast"):
            await targets.total(conn, town.target(Earlier(town.sent[0]), at="east"))


async def test_what_went_round_elsewhere_does_not_exist_for_those_who_have_not_seen_it(town):
    """Who noted it lies outside, and no group of theirs saw it."""
    unseen, *seen = town.seen
    async with town.place.transaction() as conn:
        assert await targets.total(conn, town.target(Saw(unseen))) == 0
        assert await targets.total(conn, town.target(Saw(seen[0]), at="east")) > 0
        with pytest.raises(Invalid, match=r"audience\.unknown_cluster"):
            await targets.total(conn, town.target(Saw(unseen), at="east"))


async def test_names_of_another_organisation_do_not_exist(town):
    other = await an_organisation(town.place.rt, "other")
    theirs = new_id()
    await a_broadcast(other, theirs, await other.account("kiran"), frozen=True)
    async with town.place.transaction() as conn:
        with pytest.raises(Invalid, match=r"audience\.unknown_unit"):
            await targets.total(conn, town.target(Units([other.units["east"]])))
        with pytest.raises(Invalid, match=r"audience\.unknown_broadcast"):
            await targets.total(conn, town.target(Earlier(theirs)))


async def test_a_verdict_is_given_of_what_may_be_read_alone(town):
    async with town.place.transaction() as conn:
        found = await targets.verdicts(
            conn,
            town.target(Everyone()),
            [g.id for g in town.groups],
            readable=[town.place.paths["east"]],
        )
    assert {verdict.group_id for verdict in found} == {
        g.id for g in town.groups if g.path.startswith(town.place.paths["east"])
    }
