"""A whole number is shown once, to somebody with the right, and never without a record."""

import pytest

from chaupal import record
from chaupal.kit.refusals import NotAllowed, NotFound
from chaupal.people import links, unmasking
from chaupal.people.models import Need
from factories import an_organisation


async def contact_of(place, person) -> int:
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT id FROM contact_point WHERE person_id = %s", (person,))
        [(id,)] = await cursor.fetchall()
        return id


async def entries(place, kind: str) -> list:
    async with place.transaction() as conn:
        return [entry for entry in await record.after(conn, 0) if entry.kind == kind]


async def test_a_number_is_shown_whole_and_the_record_says_to_whom_but_not_which(rt, place):
    asha = await place.person("east-one", chat="p:very-secret")
    ravi = await place.account("ravi", at="east", role="coordinator")
    contact = await contact_of(place, asha)
    shown = await unmasking.unmask(rt, asha, contact, Need.TASK, actor=ravi)
    assert shown.address == "p:very-secret"
    [entry] = await entries(place, "contact.unmasked")
    assert (entry.subject, entry.actor_id) == (str(asha), ravi.id)
    assert entry.facts == {"channel": "sandbox", "need": "task"}
    assert "very-secret" not in str(entry) + repr(shown)


async def test_without_the_right_nothing_is_shown_and_nothing_is_recorded(rt, place):
    asha = await place.person("east-one", chat="p:1")
    ravi = await place.person("east-one", chat="p:2")
    contact = await contact_of(place, asha)
    for login, at, role, refusal in (
        ("desk", "east", "desk", NotAllowed),
        ("bearer", "east", "office_bearer", NotFound),
        ("neighbour", "west", "coordinator", NotFound),
    ):
        actor = await place.account(login, at=at, role=role)
        with pytest.raises(refusal):
            await unmasking.unmask(rt, asha, contact, Need.TASK, actor=actor)
        with pytest.raises(refusal):
            await unmasking.show_link(rt, asha, actor=actor)
    admin = await place.account("admin")
    with pytest.raises(NotFound):
        await unmasking.unmask(rt, ravi, contact, Need.TASK, actor=admin)
    assert await entries(place, "contact.unmasked") == []


async def test_a_link_is_good_for_one_person_and_a_while(rt, place, admin, clock):
    asha = await place.person("east-one")
    clock.at = rt.now()
    url = await unmasking.show_link(rt, asha, actor=admin)
    token = url.rpartition("/")[2]
    assert links.read_own_token(rt.sealer, token, now=clock.at) == (place.organisation, asha)
    assert str(asha) not in url
    clock.at += links.LIFE
    with pytest.raises(Exception, match="link_expired"):
        links.read_own_token(rt.sealer, token, now=clock.at)
    assert len(await entries(place, "person.link_shown")) == 1


async def test_a_link_that_was_touched_is_broken(rt, place):
    token = links.own_token(
        rt.sealer, place.organisation, await place.person("east-one"), now=rt.now()
    )
    for place_in_it in range(len(token)):
        letter = "A" if token[place_in_it] != "A" else "B"
        touched = token[:place_in_it] + letter + token[place_in_it + 1 :]
        with pytest.raises(Exception, match="link_broken"):
            links.read_own_token(rt.sealer, touched, now=rt.now())
    for nonsense in ("", "x", token + "A", token[:-1], "é" * len(token)):
        with pytest.raises(Exception, match="link_broken"):
            links.read_own_token(rt.sealer, nonsense, now=rt.now())


async def test_a_relay_link_opens_no_page_of_ones_own(rt, place):
    from chaupal.relay.links import personal_token

    person = await place.person("east-one")
    token = personal_token(rt.sealer, place.organisation, person, rt.now() + links.LIFE)
    with pytest.raises(Exception, match="link_broken"):
        links.read_own_token(rt.sealer, token, now=rt.now())


async def test_another_organisations_coordinator_sees_no_number(rt, place):
    asha = await place.person("east-one", chat="p:1")
    contact = await contact_of(place, asha)
    other = await an_organisation(rt, "dusra")
    with pytest.raises(NotFound):
        await unmasking.unmask(rt, asha, contact, Need.TASK, actor=await other.account("admin"))
