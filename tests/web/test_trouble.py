"""When something is away or wrong: a page that says so in the reader's language, and no more."""

import asyncio
from dataclasses import replace

import psycopg
import pytest
from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool
from structlog.testing import capture_logs

from browsing import a_door

PATIENCE_S = 30
BODY = "यह संदेश किसी को न दिखे"


@pytest.fixture
async def impatient(rt, database):
    """The same runtime, but one that waits no longer than a second for its database."""
    async with AsyncConnectionPool(
        database.program_dsn,
        connection_class=AsyncConnection,
        min_size=1,
        max_size=4,
        timeout=1,
        kwargs={"options": "-c timezone=UTC"},
        open=False,
    ) as pool:
        yield replace(rt, pool=pool)


def switch(database, *, on: bool) -> None:
    """Shut the database to everybody and end their connections, or open it again."""
    name = conninfo_to_dict(database.owner_dsn)["dbname"]
    admin = make_conninfo(database.owner_dsn, dbname="postgres")
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(
            sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
                sql.Identifier(name), sql.Literal(on)
            )
        )
        if not on:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )


@pytest.mark.parametrize(("language", "said"), [("hi", "डेटाबेस"), ("en", "does not answer")])
async def test_a_database_that_is_down_gets_a_page_in_the_readers_language_and_comes_back(
    impatient, database, place, language, said
):
    asha = await place.account("asha", language=language)
    async with a_door(impatient) as door:
        browser = await door.signed_in(place, asha)

        switch(database, on=False)
        try:
            pages = [await browser.get(path) for path in ("/", "/groups", "/sign-in")]
            pressed = await browser.post("/broadcasts", {"title": "x"})
        finally:
            switch(database, on=True)

        for page in (*pages[:2], pressed):
            assert page.status == 503
            assert said in page.words
            assert f'lang="{language}"' in page.text
            assert "test_" not in page.text
        async with asyncio.timeout(PATIENCE_S):
            while (await browser.get("/")).status != 200:
                pass


async def test_a_database_that_hangs_keeps_nobody_waiting_and_comes_back(rt, database, place):
    asha = await place.account("asha", language="en")
    async with a_door(rt, answer_limit_s=1) as door:
        browser = await door.signed_in(place, asha)
        with psycopg.connect(database.owner_dsn) as held:
            held.execute("LOCK TABLE chat_group IN ACCESS EXCLUSIVE MODE")
            page = await browser.get("/groups")
            held.rollback()

        assert page.status == 503
        assert "does not answer" in page.words
        assert (await browser.get("/groups")).status == 200


async def test_a_mistake_of_ours_is_owned_with_a_reference_and_logged_without_what_was_in_it(
    door, place, rt
):
    browser = await door.signed_in(place, await place.account("asha", language="en"))
    group, person = await place.group("east-one"), await place.person("east-one")
    await place.admin(group, person)
    async with place.transaction() as conn:  # an address that nobody sealed
        await conn.execute(
            "INSERT INTO contact_point (organisation_id, person_id, channel, sealed, lookup, since)"
            " VALUES (current_organisation(), %s, 'phone', %s, %s, now())",
            (person, BODY.encode(), b"x" * 16),
        )

    with capture_logs() as logs:
        page = await browser.get(f"/groups/{group}")

    [bug] = [line for line in logs if line["event"] == "web.bug"]
    assert page.status == 500
    assert bug["reference"] in page.words
    assert "That was our mistake" in page.words
    assert bug["kind"] == "Broken"
    for private in (BODY, str(group), str(person)):
        assert private not in str(logs)


async def test_no_address_of_a_page_reaches_the_log(door, place):
    browser = await door.signed_in(place, await place.account("asha"))

    with capture_logs() as logs:
        for path in ("/r/a-personal-token", "/groups?q=somebody", "/nowhere/private", "/tree/x"):
            await browser.get(path)
        await browser.post("/r/a-personal-token/posted")

    for private in ("a-personal-token", "somebody", "private"):
        assert private not in str(logs)
