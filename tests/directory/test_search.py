"""Search finds within a Scope what is called so, on each way to it, page by page, each once."""

import random

import pytest

from chaupal.directory.search import Searched, queries, search
from chaupal.directory.search.models import turns
from chaupal.kit.ids import new_id
from chaupal.kit.sound import search_key, spans
from chaupal.organisations import scope_of
from factories import an_organisation

PERSON, GROUP, UNIT = Searched.PERSON, Searched.GROUP, Searched.UNIT
WORDS = "Ram Lal Devi Singh Ramlal Sita Shri Kumar Devendra Chaudhary सीता देवी राम लाल".split()  # noqa: SIM905


async def named(place, at: str, *names: str) -> list:
    """People of these names."""
    ids = [new_id() for _ in names]
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO person (organisation_id, id, reference, unit_id, name, search_key, since)"
            " SELECT current_organisation(), id, 'R-' || id, %s, name, key, now()"
            "   FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS t (id, name, key)",
            (place.units[at], ids, list(names), [search_key(name) for name in names]),
        )
    return ids


async def called(place, table: str, id, name: str) -> None:
    async with place.transaction() as conn:
        await conn.execute(
            f"UPDATE {table} SET name = %s, search_key = %s WHERE id = %s",
            (name, search_key(name), id),
        )


async def found(place, actor, typed: str, kind=PERSON, **more) -> list:
    """The ids of a first page, what was typed exactly first."""
    async with place.transaction() as conn:
        scope = await scope_of(place.rt, conn, actor)
        told = await search(place.rt, conn, typed, scope=scope, **more)
    exact = [hit.id for hit in told.exact.get(kind, [])]
    return exact + [hit.id for hit in told.pages[kind].hits] if told.pages else exact


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


@pytest.fixture
async def admin(place):
    return await place.account("admin")


async def test_a_person_is_found_in_the_other_script_and_spelling(place, admin):
    [ram, sita] = await named(place, "east-one", "रामलाल चौधरी", "Sita Devi")

    assert await found(place, admin, "Ram Lal Choudhary") == [ram]
    assert await found(place, admin, "सीता") == [sita]
    assert await found(place, admin, "shri ramlal") == [ram]
    assert await found(place, admin, "devi sita") == [sita]


async def test_units_and_groups_are_found_and_say_where_they_are(place, admin):
    group = await place.group("east-one", sender=await place.sender(), address="a")
    await called(place, "chat_group", group, "किसान · पूर्व ज़िला")

    assert await found(place, admin, "kisan", GROUP) == [group]
    assert await found(place, admin, "east one", UNIT) == [place.units["east-one"]]
    async with place.transaction() as conn:
        scope = await scope_of(place.rt, conn, admin)
        told = await search(place.rt, conn, "kisan", scope=scope)
    [hit] = told.pages[GROUP].hits
    assert hit.trail("en") == ["Unit state", "Unit east", "Unit east-one"]
    assert hit.trail("hi") == ["इकाई state", "इकाई east", "इकाई east-one"]


async def test_the_whole_name_comes_first_then_other_orders_then_longer_names(place, admin):
    [turned, long, whole] = await named(place, "east-one", "Lal Ram", "Ram Lal Singh", "Ram Lal")

    assert await found(place, admin, "Ram Lal") == [whole, turned, long]
    assert await found(place, admin, "Lal Ram") == [turned, whole, long]


async def test_nobody_outside_the_scope_is_found(place):
    [here] = await named(place, "east-one", "Ram Lal")
    [there] = await named(place, "east-two", "Ram Lal")
    coordinator = await place.account("asha", at="east-one", role="coordinator")
    bearer = await place.account("bearer", at="east-one", role="office_bearer")

    assert await found(place, coordinator, "ram") == [here]
    assert await found(place, coordinator, f"R-{there}") == []
    assert await found(place, coordinator, "east-two", UNIT) == []
    assert await found(place, bearer, "ram") == []


async def test_nobody_of_another_organisation_is_found(rt, place, admin):
    other = await an_organisation(rt, "other")
    [theirs] = await named(other, "east-one", "Ram Lal")

    assert await found(place, admin, "ram") == []
    assert await found(place, admin, f"R-{theirs}") == []


async def test_what_is_typed_exactly_comes_first(place, admin):
    [first, second] = await named(place, "east-one", "Ram Lal", "Ram Lal")
    person = await place.person("east-one", chat="+911100000001", channel="phone")
    group = await place.group("east-one", sender=await place.sender(), address="chat:9")

    assert await found(place, admin, f"R-{second}") == [second]
    for written in ("+91 11000 00001", "११०००००००१", "01100000001"):
        assert await found(place, admin, written) == [person]
    assert await found(place, admin, "chat:9", GROUP) == [group]
    assert (await found(place, admin, "east-two", UNIT))[0] == place.units["east-two"]
    assert first not in await found(place, admin, f"R-{second}")


async def test_what_is_renamed_moved_archived_or_erased_is_found_as_it_now_is(place, admin):
    [person, gone] = await named(place, "east-one", "Ram Lal", "Ram Das")
    group = await place.group("east-one", sender=await place.sender(), address="a")
    await called(place, "chat_group", group, "Kisan")
    await called(place, "person", person, "Mohan Lal")
    coordinator = await place.account("asha", at="east-two", role="coordinator")
    async with place.transaction() as conn:
        await conn.execute("UPDATE person SET erased_at = now() WHERE id = %s", (gone,))
        await conn.execute("UPDATE chat_group SET archived_at = now() WHERE id = %s", (group,))
        await conn.execute(
            "UPDATE person SET unit_id = %s WHERE id = %s", (place.units["east-two"], person)
        )

    assert await found(place, admin, "ram") == []
    assert await found(place, admin, "mohan") == [person]
    assert await found(place, coordinator, "mohan") == [person]
    assert await found(place, admin, "kisan", GROUP) == []


async def test_words_that_stand_apart_are_found_after_those_that_stand_together(place, admin):
    [apart, together] = await named(place, "east-one", "Ram Kumar Lal Sharma", "Ram Lal")

    assert await found(place, admin, "ram lal") == [together, apart]
    assert await found(place, admin, "ram sharma") == [apart]
    assert await found(place, admin, "ram sita") == []


async def test_every_hit_stands_on_exactly_one_page(place, admin):
    dice = random.Random(5)  # the same names each time
    names = [" ".join(dice.choices(["Ram", "Ramesh", "Lal", "Rama"], k=3)) for _ in range(90)]
    ids = await named(place, "east-one", *names)

    seen, after = [], None
    async with place.transaction() as conn:
        scope = await scope_of(place.rt, conn, admin)
        while True:
            told = await search(
                place.rt, conn, "ram", scope=scope, kinds=[PERSON], after=after, limit=7
            )
            seen += [hit.id for hit in told.pages[PERSON].hits]
            after = told.pages[PERSON].further
            if after is None:
                break

    expected = [id for id, name in zip(ids, names, strict=True) if set(name.split()) != {"Lal"}]
    assert len(seen) == len(set(seen))
    assert set(seen) == set(expected)


@pytest.mark.parametrize("seed", range(4))
async def test_all_ways_to_the_entries_lead_to_what_a_plain_look_finds(place, seed):
    dice = random.Random(seed)
    people = {}
    for at in ("state", "east", "east-one", "east-two", "west-one"):
        names = [" ".join(dice.choices(WORDS, k=dice.randint(1, 4))) for _ in range(15)]
        for id, name in zip(await named(place, at, *names), names, strict=True):
            people[id] = (at, name)
    actors = {
        "state": await place.account("admin"),
        "east": await place.account("asha", at="east", role="coordinator"),
        "east-one": await place.account("bina", at="east-one", role="desk"),
    }
    async with place.transaction() as conn:
        for at, actor in actors.items():
            scope = await scope_of(place.rt, conn, actor)
            for _ in range(6):
                typed = " ".join(dice.choices(WORDS, k=dice.randint(1, 3)))
                asked = spans(typed)
                expected = sorted(
                    (turn, key, id)
                    for id, (unit, name) in people.items()
                    if place.paths[unit].startswith(place.paths[at])
                    for key in set(turns(search_key(name)))
                    for turn, span in enumerate(asked)
                    if span.low <= key < span.high
                )
                for way in (
                    queries.entries_everywhere, queries.entries_within, queries.entries_walked
                ):  # fmt: skip
                    entries = await way(
                        conn,
                        "p",
                        [span.low for span in asked],
                        [span.high for span in asked],
                        scope=scope,
                        after_id=None,
                        limit=1000,
                    )
                    told = [(entry.turn, entry.key, entry.subject_id) for entry in entries]
                    assert told == expected, (seed, way.__name__, typed)


async def test_nothing_typed_finds_nothing(place, admin):
    await named(place, "east-one", "Ram")

    for typed in ("", "   ", "\0", "…", "%", "_"):
        assert await found(place, admin, typed) == []
