"""Erased is erased: nothing finds them, nothing is sent, and what is left goes in its time."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from chaupal import people, record
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Gone, Invalid, NotAllowed, NotFound, Refused
from chaupal.kit.sealing import Broken
from chaupal.organisations import scope_of
from chaupal.people import consent, links, notices
from chaupal.people.models import ContactChannel, NewContact, remains_context
from chaupal.principals import erasure, kept

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MAY = (
    "SELECT EXISTS (SELECT FROM writable w WHERE w.id = c.id AND w.purpose = 'coordination')"
    " FROM contact_point c"
)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


@pytest.fixture
async def asha(place):
    return await place.person("east-one", chat="p:asha")


async def erase(rt, person, actor, *, typed: str | None = None, key: str | None = None) -> None:
    # The factory's references are the ids themselves.
    await erasure.erase(
        rt, person, typed=typed or str(person), key=key or str(new_id()), actor=actor
    )


async def rows(place, sql: str, *params) -> list[tuple]:
    async with place.transaction() as conn:
        return await (await conn.execute(sql, params)).fetchall()


async def test_nothing_is_left_that_anybody_can_read_or_write_to(rt, place, admin, asha):
    await erase(rt, asha, admin)
    [(name, reference, key, erased_at)] = await rows(
        place, "SELECT name, reference, search_key, erased_at FROM person"
    )
    assert (name, reference, key, erased_at) == ("–", f"erased/{asha}", "-", NOON)
    assert await rows(place, "SELECT 1 FROM contact_point") == []
    assert await rows(
        place,
        "SELECT DISTINCT ON (purpose, channel) act::text FROM consent"
        " ORDER BY purpose, channel, id DESC",
    ) == [("withdrawn",), ("withdrawn",)]
    assert await rows(place, "SELECT channel, reason FROM suppression") == [("sandbox", "erased")]


async def test_no_list_search_or_count_knows_them_any_more(rt, place, admin, asha):
    ravi = await place.person("east-one", chat="p:ravi")
    await erase(rt, asha, admin)
    contact = NewContact(ContactChannel.SANDBOX, "p:asha")
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, admin)
        assert await people.person(conn, asha, scope=scope) is None
        assert [p.id for p in await people.person_page(conn, scope=scope)] == [ravi]
        assert await people.find(rt, conn, contact, scope=scope) is None
        with pytest.raises(NotFound):
            await kept.shown(rt, conn, asha, scope=scope)
    token = links.own_token(rt.sealer, place.organisation, asha, now=rt.now())
    with pytest.raises(Gone):
        await kept.own(rt, token)
    counted = "SELECT sum(people)::int FROM unit_tally WHERE unit_id = %s"
    assert await rows(place, counted, place.units["state"]) == [(1,)]


async def test_what_is_left_opens_with_the_key_in_its_own_place_only(rt, place, admin, asha):
    await erase(rt, asha, admin)
    [(sealed, purge_after)] = await rows(place, "SELECT sealed, purge_after FROM erased_person")
    context = remains_context(place.organisation, asha)
    left = json.loads(rt.sealer.unseal(bytes(sealed), context))
    assert (left["name"], left["contacts"][0]["address"]) == ("Invented Name", "p:asha")
    assert purge_after == NOON + timedelta(days=365)
    with pytest.raises(Broken):
        rt.sealer.unseal(bytes(sealed), remains_context(place.organisation, new_id()))


async def test_the_remains_go_after_the_hold_and_the_ledger_with_them(
    rt, place, admin, asha, clock
):
    await notices.set_hold(rt, 400, "Counsel's letter", key=str(new_id()), actor=admin)
    other = await place.person("east-one", chat="p:ravi")
    await erase(rt, asha, admin)
    clock.at += timedelta(days=399)
    assert await erasure.purge(rt, place.organisation) == 0
    clock.at += timedelta(days=1)
    assert await erasure.purge(rt, place.organisation) == 1
    assert await erasure.purge(rt, place.organisation) == 0
    assert await rows(place, "SELECT 1 FROM erased_person") == []
    assert {row[0] for row in await rows(place, "SELECT person_id FROM consent")} == {other}
    assert await rows(place, "SELECT channel, reason FROM suppression") == [("sandbox", "erased")]
    async with place.transaction() as conn:
        entry = (await record.after(conn, 0))[-1]
    assert (entry.kind, entry.facts) == ("people.purged", {"purged": 1})


async def test_whoever_gets_the_address_next_is_not_written_to(rt, place, admin, asha):
    await erase(rt, asha, admin)
    newcomer = await place.person("east-one", chat="p:asha")
    assert await rows(place, MAY) == [(False,)]
    assert newcomer != asha


async def test_somebody_in_office_or_alone_with_a_group_is_not_erased_yet(rt, place, admin, asha):
    ravi = await place.person("east-one")
    group = await place.group("east-one")
    await place.admin(group, asha)
    post = await place.post("east", person=asha)
    with pytest.raises(Refused) as refused:
        await erase(rt, asha, admin)
    assert (refused.value.code, refused.value.facts) == (
        "erasure.in_the_way",
        {"posts": 1, "groups": 1},
    )
    async with place.transaction() as conn:
        found = await kept.shown(rt, conn, asha, scope=await scope_of(rt, conn, admin))
    obstacles = found.obstacles(NOON.date())
    assert [held.id for held in obstacles.posts] == [post]
    assert [seat.group_id for seat in obstacles.groups] == [group]

    await place.admin(group, ravi, turn=2)
    await rows(place, "UPDATE post SET until = '2026-11-22' WHERE id = %s RETURNING 1", post)
    await erase(rt, asha, admin)
    assert await rows(place, "SELECT person_id FROM group_admin WHERE left_at IS NULL") == [(ravi,)]


async def test_seats_and_categories_end_and_the_account_closes(rt, place, admin, asha):
    group = await place.group("east-one")
    for turn, person in enumerate((asha, await place.person("east-one")), 1):
        await place.admin(group, person, turn=turn)
    await rows(
        place,
        "INSERT INTO membership (organisation_id, category_key, person_id, since, basis)"
        " VALUES (current_organisation(), 'farmers', %s, '2026-01-01', 'paper') RETURNING 1",
        asha,
    )
    account = await place.account("asha")
    await rows(
        place,
        "UPDATE account SET person_id = %s WHERE id = %s RETURNING 1",
        asha, account.id,
    )  # fmt: skip
    await rows(
        place, "UPDATE post SET until = '2020-01-02' WHERE account_id = %s RETURNING 1", account.id
    )
    await erase(rt, asha, admin)
    assert await rows(place, "SELECT until FROM membership") == [(NOON.date(),)]
    assert await rows(place, "SELECT name, disabled_at FROM account WHERE id = %s", account.id) == [
        ("–", NOON)
    ]


async def test_it_asks_twice_and_only_administrators(rt, place, admin, asha):
    coordinator = await place.account("ravi", at="east", role="coordinator")
    stranger = await place.account("stranger", at="west")
    with pytest.raises(Invalid) as refused:
        await erase(rt, asha, admin, typed="yes")
    assert refused.value.code == "erasure.not_confirmed"
    with pytest.raises(NotAllowed):
        await erase(rt, asha, coordinator)
    with pytest.raises(NotFound):
        await erase(rt, asha, stranger)
    key = str(new_id())
    await erase(rt, asha, admin, key=key)
    await erase(rt, asha, admin, key=key)
    with pytest.raises(NotFound):
        await erase(rt, asha, admin)
    async with place.transaction() as conn:
        entries = [e for e in await record.after(conn, 0) if e.kind == "person.erased"]
        assert (await record.verify(conn)).holds
    assert len(entries) == 1
    assert "Invented" not in str(entries)


async def test_whoever_asks_to_be_erased_is_let_alone_at_once_and_may_change_their_mind(
    rt, place, admin, asha
):
    await consent.stop_everything(rt, place.organisation, asha, erase=True)
    assert await rows(place, MAY) == [(False,)]
    from chaupal.principals import queries

    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, admin)
        assert [w.id for w in await queries.waiting_page(conn, scope=scope, limit=9)] == [asha]
    await consent.stay(rt, place.organisation, asha)
    async with place.transaction() as conn:
        assert await queries.waiting_page(conn, scope=scope, limit=9) == []
    assert await rows(place, "SELECT reason FROM suppressed_person") == [("asked",)]


async def test_the_programs_role_cannot_take_anything_out_of_the_ledger_by_itself(rt, place):
    assert await rows(
        place,
        "SELECT has_table_privilege(current_user, 'consent', 'DELETE'),"
        " has_table_privilege(current_user, 'membership', 'DELETE')",
    ) == [(False, False)]


async def test_another_organisations_remains_are_not_purged(rt, place, admin, asha, clock):
    from factories import an_organisation

    other = await an_organisation(rt, "dusra")
    await erase(rt, asha, admin)
    clock.at += timedelta(days=366)
    assert await erasure.purge(rt, other.organisation) == 0
    assert await erasure.purge(rt, place.organisation) == 1
