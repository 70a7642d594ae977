"""Broadcasts to people: exactly those who fit and agreed, at the address that they agreed to."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import ForeignKeyViolation, RestrictViolation, UniqueViolation

from chaupal.broadcasts import deliveries, people
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
    Size,
    Units,
)
from chaupal.broadcasts.compiler import Target
from chaupal.broadcasts.models import Purpose
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, Refused
from factories import LEVELS, an_organisation
from oracle import combined

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(minutes=1)
CATEGORIES = ("farmers", "students")
VIA = ("telegram", "sandbox")
SUPPRESSED = (
    "INSERT INTO suppressed_person (organisation_id, person_id, reason, since)"
    " VALUES (current_organisation(), %s, 'asked', now())"
)
BOUNCED = (
    "INSERT INTO suppression (organisation_id, channel, lookup, reason, since)"
    " SELECT organisation_id, channel, lookup, 'bounced', now() FROM contact_point"
    " WHERE person_id = %s"
)
COPIED = (
    "INSERT INTO delivery (organisation_id, broadcast_id, person_id, contact_id, sender_id,"
    " branch_id, language, due_at) SELECT organisation_id, {}, {}, contact_id, sender_id,"
    " branch_id, language, due_at FROM delivery"
)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


@dataclass(frozen=True)
class Known:
    id: UUID
    path: str
    categories: frozenset[str]
    agreed: frozenset[
        tuple[str, str]
    ]  # purpose, channel; of channels at which they have an address
    gone: bool
    language: str
    role: str | None


async def member(place, at: str, category: str | None = None, **changes) -> UUID:
    id = await place.person(at, **{"chat": f"p:{new_id()}", "purpose": "messages", **changes})
    if category is not None:
        await join(place, id, category)
    return id


async def join(place, person: UUID, category: str) -> None:
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO membership (organisation_id, category_key, person_id, since, basis)"
            " VALUES (current_organisation(), %s, %s, '2026-01-01', 'paper')",
            (category, person),
        )


async def run(place, statement: str, *values: object) -> None:
    async with place.transaction() as conn:
        await conn.execute(statement, values)


async def a_membership(rt):
    """Sixty people of every kind over a small tree."""
    place = await an_organisation(rt)
    for key in CATEGORIES:
        await place.category(key)
    for channel in VIA:
        await place.sender(channel, channel=channel)
    return place, [await a_member(place, n) for n in range(60)]


async def a_member(place, n: int) -> Known:
    """The n-th: what they joined, where they have addresses and what they said, all by n's bits."""
    code = list(place.units)[n % len(place.units)]
    language = ("hi", "en")[n % 3 == 0]
    id = await place.person(code, language=language)
    role = ("coordinator", "desk", None)[n % 3]
    if role is not None:
        await place.post(code, person=id, role=role)
    categories = {key for i, key in enumerate(CATEGORIES) if (n >> i) & 1}
    for key in categories:
        await join(place, id, key)
    addressed = {channel for i, channel in enumerate(VIA) if (n >> (2 + i)) & 1}
    for channel in addressed:
        await place.contact(id, f"{channel}:{id}", channel=channel)
    agreed = {
        (purpose, channel)
        for i, channel in enumerate(VIA)
        for j, purpose in enumerate(people.WANTED.values())
        if await agrees(place, id, purpose, channel, n + 2 * i + j) and channel in addressed
    }
    if suppressed := n % 11 == 3:
        await run(place, SUPPRESSED, id)
    if erased := n % 13 == 5:
        await run(place, "UPDATE person SET erased_at = now() WHERE id = %s", id)
    return Known(
        id,
        place.paths[code],
        frozenset(categories),
        frozenset(agreed),
        suppressed or erased,
        language,
        role,
    )


async def agrees(place, person: UUID, purpose: str, channel: str, n: int) -> bool:
    """Have somebody say nothing, yes, yes and no, or no and yes again; say what holds."""
    said = ((), ("given",), ("given", "withdrawn"), ("withdrawn", "given"), ("given",))[n % 5]
    for act in said:
        await place.says(person, act, channel=channel, purpose=purpose)
    return said[-1:] == ("given",)


def expressions(units: list[UUID]):
    leaves = st.one_of(
        st.builds(Units, st.lists(st.sampled_from(units), min_size=1, max_size=3), st.booleans()),
        st.builds(
            Levels,
            st.lists(st.sampled_from([level.key for level in LEVELS]), min_size=1, max_size=2),
        ),
        st.builds(Categories, st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=2)),
        st.builds(Languages, st.lists(st.sampled_from(["hi", "en"]), min_size=1, max_size=2)),
        st.builds(
            Posts, roles=st.lists(st.sampled_from(["coordinator", "desk"]), min_size=1, max_size=2)
        ),
        st.builds(
            Posts,
            levels=st.lists(
                st.sampled_from([level.key for level in LEVELS]), min_size=1, max_size=2
            ),
        ),
        st.just(Everyone()),
    )
    return combined(leaves)


def fits(expression, person: Known, paths: dict[UUID, str]) -> bool:
    match expression:
        case And(of):
            return all(fits(term, person, paths) for term in of)
        case Or(of):
            return any(fits(term, person, paths) for term in of)
        case Not(of):
            return not fits(of, person, paths)
        case Units(units, below):
            roots = [paths[id] for id in units]
            return any(person.path.startswith(r) if below else person.path == r for r in roots)
        case Levels(levels):
            return LEVELS[person.path.count("/") - 2].key in levels
        case Categories(categories):
            return bool(person.categories & set(categories))
        case Languages(languages):
            return person.language in languages
        case Posts(roles, levels):
            return person.role is not None and (
                person.role in roles or LEVELS[person.path.count("/") - 2].key in levels
            )
        case Everyone():
            return True
    raise AssertionError(expression)


async def test_an_audience_of_people_is_what_a_brute_force_oracle_says(rt):
    place, known = await a_membership(rt)
    paths = {place.units[code]: place.paths[code] for code in place.units}
    cases = []

    @settings(
        max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(
        expression=expressions(list(place.units.values())),
        purpose=st.sampled_from(["public", "internal"]),
        scope=st.sampled_from(list(place.paths.values())),
        via=st.sampled_from([("sandbox",), ("telegram",), VIA, VIA[::-1]]),
    )
    def collect(expression, purpose, scope, via):
        cases.append((expression, purpose, scope, via))

    collect()
    async with place.transaction() as conn:
        for expression, purpose, scope, via in cases:
            target = Target(expression, purpose, [scope], NOON.date())
            wanted = people.WANTED[purpose]
            first = {
                p.id: next(name for name in via if (wanted, name) in p.agreed)
                for p in known
                if not p.gone
                and p.path.startswith(scope)
                and any((wanted, name) in p.agreed for name in via)
                and fits(expression, p, paths)
            }
            assert await people.members(conn, target, via, limit=100) == sorted(first), expression
            assert await people.total(conn, target, via) == len(first)
            counted: dict[str, int] = {}
            for part in await people.slices(conn, target, via):
                counted[part.channel] = counted.get(part.channel, 0) + part.people
            by_channel = [*first.values()]
            assert counted == {name: by_channel.count(name) for name in set(by_channel)}


async def frozen(stage, **changes):
    return await stage.frozen(Everyone(), **{"via": ("sandbox",), **changes})


async def claim(stage, worker=None, *, now=NOON):
    worker = worker or new_id()
    async with stage.place.transaction() as conn:
        await deliveries.lease_senders(conn, worker, channels=["sandbox"], now=now, lease=LEASE)
        return await deliveries.claim(
            conn,
            stage.bot,
            worker=worker,
            now=now,
            lease=LEASE,
            time_to_live=timedelta(minutes=5),
            remembers_keys_for=timedelta(days=1),
            limit=100,
        )


async def test_a_broadcast_to_people_goes_to_those_who_agreed_and_to_no_group(stage):
    asked = {await member(stage.place, "east-one"), await member(stage.place, "west-one")}
    await stage.place.person("east-one", chat="p:silent", consents=False)
    await stage.place.person("east-one", chat="p:other", purpose="coordination")
    id = await frozen(stage)

    assert await stage.states(id) == {"queued": 2}
    rows = "SELECT person_id, group_id, sender_id FROM delivery WHERE broadcast_id = %s"
    async with stage.place.transaction() as conn:
        found = await (await conn.execute(rows, (id,))).fetchall()
    assert {person for person, _, _ in found} == asked
    assert {(group, sender) for _, group, sender in found} == {(None, stage.bot)}


async def test_of_several_addresses_and_channels_each_person_gets_one_in_the_order_asked(stage):
    both = await member(stage.place, "east-one", chat="p:both")
    await stage.place.contact(both, "t:both", channel="telegram")
    await stage.place.contact(both, "p:both-too")
    await stage.place.says(both, "given", channel="telegram")
    await stage.place.sender("telegram", channel="telegram")

    channels = []
    for via in (("telegram", "sandbox"), ("sandbox", "telegram")):
        id = await frozen(stage, via=via)
        async with stage.place.transaction() as conn:
            found = await conn.execute(
                "SELECT s.channel FROM delivery d JOIN sender s ON s.id = d.sender_id"
                " WHERE d.broadcast_id = %s",
                (id,),
            )
            channels.append(await found.fetchall())
    assert channels == [[("telegram",)], [("sandbox",)]]


async def test_senders_of_a_channel_share_its_people(stage):
    await stage.place.sender("second")
    for _ in range(20):
        await member(stage.place, "east-one")
    id = await frozen(stage)
    async with stage.place.transaction() as conn:
        found = await conn.execute(
            "SELECT count(*)::int FROM delivery WHERE broadcast_id = %s GROUP BY sender_id", (id,)
        )
        assert await found.fetchall() == [(10,), (10,)]


async def test_a_no_after_the_freeze_is_read_by_the_claim_and_ends_in_the_account(stage):
    one, other = await member(stage.place, "east-one"), await member(stage.place, "east-one")
    id = await frozen(stage)
    await stage.place.says(one, "withdrawn")

    judged = await claim(stage)

    assert {row.state.value for row in judged} == {"sending", "refused"}
    assert await stage.states(id) == {"sending": 1, "refused": 1}
    async with stage.place.transaction() as conn:
        found = await conn.execute("SELECT person_id, failure FROM delivery ORDER BY failure")
        assert await found.fetchall() == [(one, "withdrawn"), (other, None)]


@pytest.mark.parametrize("end", [SUPPRESSED, BOUNCED], ids=["person", "address"])
async def test_who_is_suppressed_after_the_freeze_is_not_written_to(stage, end):
    one = await member(stage.place, "east-one")
    id = await frozen(stage)
    await run(stage.place, end, one)
    assert [row.state.value for row in await claim(stage)] == ["refused"]
    assert await stage.states(id) == {"refused": 1}


async def test_a_no_to_what_may_have_been_sent_already_leaves_it_unknown(stage):
    one = await member(stage.place, "east-one")
    id = await frozen(stage)
    await claim(stage)
    later = NOON + LEASE + timedelta(seconds=1)
    async with stage.place.transaction() as conn:
        await deliveries.lapse(conn, now=later)
    await stage.place.says(one, "withdrawn")
    assert [row.state.value for row in await claim(stage, now=later)] == ["unknown"]
    assert await stage.states(id) == {"unknown": 1}


async def test_what_a_silence_holds_back_waits_and_keeps_nobody_else_waiting(stage):
    await member(stage.place, "east-one")
    await member(stage.place, "west-one")
    id = await frozen(stage)
    await run(
        stage.place,
        "INSERT INTO silence (organisation_id, id, unit_id, starts_at, ends_at, source)"
        " VALUES (current_organisation(), gen_random_uuid(), %s, %s, %s, 'test')",
        stage.place.units["east"],
        NOON - timedelta(hours=1),
        NOON + timedelta(minutes=4),
    )
    worker = new_id()
    assert sorted(row.state.value for row in await claim(stage, worker)) == ["queued", "sending"]
    assert await claim(stage, worker, now=NOON + timedelta(minutes=3)) == []
    again = await claim(stage, worker, now=NOON + timedelta(minutes=4))
    assert [row.state.value for row in again] == ["sending"]
    assert await stage.states(id) == {"sending": 2}


async def test_an_audience_in_which_nobody_agreed_is_empty(stage):
    await stage.place.person("east-one", chat="p:1", consents=False)
    with pytest.raises(Refused, match=r"audience\.empty"):
        await stage.submitted(Everyone(), via=("sandbox",))


async def test_the_approvers_area_must_hold_everybody_whom_it_goes_to(stage):
    await member(stage.place, "east-one")
    await member(stage.place, "west-one")
    ravi = await stage.place.account("east", at="east", role="administrator")
    id = await stage.submitted(Everyone(), via=("sandbox",))
    with pytest.raises((NotAllowed, Refused)):
        await stage.approve(id, actor=ravi)


@pytest.mark.parametrize(
    ("via", "expression", "code"),
    [
        (("matrix",), Everyone(), "audience.unknown_channel"),
        (("whatsapp",), Everyone(), "audience.unknown_channel"),
        (("pigeon",), Everyone(), "audience.unknown_channel"),
        (("sandbox", "sandbox"), Everyone(), "request.malformed"),
        (("sandbox",), Not(Channels(["sandbox"])), "audience.not_for_people"),
        (("sandbox",), Size(at_least=10), "audience.not_for_people"),
        (("sandbox",), Or([LiveAdmins(at_most=1), Everyone()]), "audience.not_for_people"),
    ],
)
async def test_what_cannot_reach_a_person_is_refused_at_the_draft(stage, via, expression, code):
    with pytest.raises(Invalid) as refusal:
        await stage.written(expression, via=via)
    assert refusal.value.code == code


async def test_a_delivery_goes_to_one_target_of_its_organisation_and_stays_there(stage, database):
    await member(stage.place, "east-one")
    id = await frozen(stage)
    wrong = {
        "UPDATE delivery SET group_id = (SELECT id FROM chat_group LIMIT 1)": psycopg.Error,
        "UPDATE delivery SET person_id = gen_random_uuid()": RestrictViolation,
        COPIED.format("gen_random_uuid()", "person_id"): ForeignKeyViolation,
        COPIED.format("broadcast_id", "gen_random_uuid()"): ForeignKeyViolation,
        COPIED.format("broadcast_id", "person_id"): UniqueViolation,
    }
    for statement, error in wrong.items():
        with pytest.raises(error):
            await run(stage.place, statement)
    with psycopg.connect(database.owner_dsn) as owner, pytest.raises(RestrictViolation):
        owner.execute("DELETE FROM broadcast")
    assert await stage.states(id) == {"queued": 1}


def test_a_draft_for_groups_has_the_hash_that_it_had_before_there_were_people(stage):
    draft = stage.draft()
    assert b'"via"' not in draft.content()
    assert draft.content_hash() != stage.draft(via=("sandbox",)).content_hash()


async def test_those_whom_an_earlier_broadcast_did_not_reach_are_written_to_again(stage):
    one, other = await member(stage.place, "east-one"), await member(stage.place, "east-one")
    first = await frozen(stage)
    await stage.place.says(one, "withdrawn")
    await claim(stage)
    await stage.place.says(one, "given")

    again = await stage.frozen(Earlier(first, states=["refused"]), via=("sandbox",))

    async with stage.place.transaction() as conn:
        found = await conn.execute(
            "SELECT person_id FROM delivery WHERE broadcast_id = %s", (again,)
        )
        assert await found.fetchall() == [(one,)]
    assert other != one


async def test_an_internal_broadcast_to_people_asks_for_the_other_consent(stage):
    await member(stage.place, "east-one")
    worker = await stage.place.person("east-one", chat="p:w", purpose="coordination")
    id = await frozen(stage, purpose=Purpose.INTERNAL)
    async with stage.place.transaction() as conn:
        found = await conn.execute("SELECT person_id FROM delivery WHERE broadcast_id = %s", (id,))
        assert await found.fetchall() == [(worker,)]
