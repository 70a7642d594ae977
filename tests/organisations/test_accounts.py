"""Signing in: throttled, the same answer for every wrong try, sealed to one organisation."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from chaupal.kit import db
from chaupal.kit.refusals import NotSignedIn, TooMany
from chaupal.organisations import Right, actions, scope_of
from factories import PASSWORD, an_organisation


async def sign_in(rt, login="asha", password=PASSWORD, slug="sangh", address="192.0.2.1"):
    return await actions.sign_in(rt, slug=slug, login=login, password=password, address=address)


async def test_a_right_password_opens_a_session_and_signing_out_closes_it(rt):
    place = await an_organisation(rt)
    actor = await place.account("asha")
    signed_in = await sign_in(rt)
    session, who = await actions.session_of(rt, signed_in.cookie)
    assert (who, session.login) == (actor, "asha")

    await actions.sign_out(rt, signed_in.cookie, actor=who)
    with pytest.raises(NotSignedIn, match=r"session\.expired"):
        await actions.session_of(rt, signed_in.cookie)


@pytest.mark.parametrize(
    ("login", "password", "slug"),
    [
        ("asha", "wrong wrong wrong", "sangh"),
        ("nobody", PASSWORD, "sangh"),
        ("asha", PASSWORD, "none"),
    ],
)
async def test_every_wrong_sign_in_gets_the_same_answer(rt, login, password, slug):
    place = await an_organisation(rt)
    await place.account("asha")
    with pytest.raises(NotSignedIn, match=r"sign_in\.wrong"):
        await sign_in(rt, login, password, slug)


async def test_after_some_failures_even_the_right_password_waits(rt, clock):
    place = await an_organisation(rt)
    await place.account("asha")
    clock.at = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(actions.FREE_FAILURES[0] + 1):
        with pytest.raises(NotSignedIn):
            await sign_in(rt, password="wrong wrong wrong")
    with pytest.raises(TooMany) as refusal:
        await sign_in(rt)
    clock.at += timedelta(seconds=refusal.value.facts["wait_s"])
    assert await sign_in(rt)


async def test_a_stranger_elsewhere_does_not_lock_somebody_out(rt, clock):
    place = await an_organisation(rt)
    await place.account("asha")
    clock.at = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(actions.FREE_FAILURES[0] + 1):
        with pytest.raises(NotSignedIn):
            await sign_in(rt, password="wrong wrong wrong", address="198.51.100.9")
    assert await sign_in(rt)


async def test_tries_at_once_are_counted_one_by_one(rt, clock):
    place = await an_organisation(rt)
    await place.account("asha")
    clock.at = datetime(2026, 1, 1, tzinfo=UTC)
    tries = await asyncio.gather(
        *(sign_in(rt, password="wrong wrong wrong") for _ in range(30)), return_exceptions=True
    )
    looked_at = sum(isinstance(t, NotSignedIn) for t in tries)
    assert looked_at <= actions.FREE_FAILURES[0] + 1
    assert sum(isinstance(t, TooMany) for t in tries) == 30 - looked_at


@pytest.mark.parametrize("password", [PASSWORD, "wrong wrong wrong"])
async def test_somebody_else_a_moment_ahead_of_our_clock_keeps_nobody_waiting(rt, clock, password):
    place = await an_organisation(rt)
    for login in ("asha", "ravi"):
        await place.account(login)
    noon = clock.at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    await asyncio.gather(sign_in(rt, password=password), return_exceptions=True)
    for login in ("asha", "ravi"):  # the same account, and the same network
        clock.at = noon - timedelta(minutes=5)
        assert await sign_in(rt, login)


async def test_all_who_sign_in_rightly_at_once_get_in(rt):
    place = await an_organisation(rt)
    logins = ("asha", "ravi", "mina")
    for login in logins:
        await place.account(login)
    assert all(await asyncio.gather(*(sign_in(rt, login) for login in logins * 6)))


async def test_a_right_sign_in_forgets_the_wrong_ones_before(rt, clock):
    place = await an_organisation(rt)
    await place.account("asha")
    clock.at = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(4):
        for _ in range(actions.FREE_FAILURES[0] - 1):
            with pytest.raises(NotSignedIn):
                await sign_in(rt, password="wrong wrong wrong")
        assert await sign_in(rt)


async def test_a_session_of_one_organisation_opens_nothing_in_another(rt):
    first, second = await an_organisation(rt), await an_organisation(rt, "other")
    await first.account("asha")
    await second.account("asha")
    cookie = (await sign_in(rt)).cookie
    forged = f"{second.organisation}.{cookie.partition('.')[2]}"
    with pytest.raises(NotSignedIn):
        await actions.session_of(rt, forged)


async def test_a_session_ends_by_itself(rt, clock):
    place = await an_organisation(rt)
    await place.account("asha")
    clock.at = datetime(2026, 1, 1, tzinfo=UTC)
    cookie = (await sign_in(rt)).cookie
    clock.at += actions.SESSION_LIFE
    with pytest.raises(NotSignedIn):
        await actions.session_of(rt, cookie)


async def test_scope_is_what_the_posts_say_and_nothing_where_there_is_none(rt):
    place = await an_organisation(rt)
    coordinator = await place.account("ravi", at="east", role="coordinator")
    bearer = await place.account("mina", at="state", role="office_bearer")
    async with place.transaction() as conn:
        scope = await scope_of(rt, conn, coordinator)
        nothing = await scope_of(rt, conn, bearer)
    assert scope.paths(Right.COMPOSE) == [place.paths["east"]]
    assert not scope.allows(Right.IMPORT)
    assert scope.covers(place.paths["east-one"])
    assert not scope.covers(place.paths["west-one"])
    assert nothing.paths() == []


async def test_a_program_with_the_wrong_organisation_set_sees_no_row(rt):
    first, second = await an_organisation(rt), await an_organisation(rt, "other")
    async with db.transaction(rt.pool, second.organisation) as conn:
        seen = await conn.execute("SELECT DISTINCT organisation_id FROM unit")
        assert await seen.fetchall() == [(second.organisation,)]
    async with db.installation(rt.pool) as conn:
        seen = await conn.execute("SELECT count(*) FROM unit")
        assert await seen.fetchall() == [(0,)]
    assert first.organisation != second.organisation
