"""The record: chained, append-only, answered once."""

import asyncio

import psycopg
import pytest

from chaupal import record
from chaupal.kit.refusals import Refused
from factories import an_organisation


async def test_an_entry_that_somebody_changed_shows(rt, database):
    place = await an_organisation(rt)
    actor = await place.account("asha")
    async with place.transaction() as conn:
        for n in range(5):
            await record.append(conn, "test.happened", n, actor=actor, now=rt.now(), n=n)
    async with place.transaction() as conn:
        assert (await record.verify(conn)).holds

    with psycopg.connect(database.owner_dsn) as owner:
        owner.execute("ALTER TABLE record DISABLE TRIGGER USER")
        owner.execute(
            "SELECT set_config('chaupal.organisation', %s, false)", (str(place.organisation),)
        )
        owner.execute("UPDATE record SET facts = '{\"n\": 99}' WHERE subject = '2'")
        owner.execute("ALTER TABLE record ENABLE TRIGGER USER")

    async with place.transaction() as conn:
        verdict = await record.verify(conn)
    assert not verdict.holds
    assert verdict.broken_at == 4  # the founding stands first


async def test_nobody_can_delete_from_the_record(rt, database):
    place = await an_organisation(rt)
    async with place.transaction() as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute("DELETE FROM record")
    with psycopg.connect(database.owner_dsn) as owner, pytest.raises(psycopg.errors.RaiseException):
        owner.execute("DELETE FROM record")


async def test_entries_of_racing_transactions_form_one_chain(rt):
    place = await an_organisation(rt)
    actor = await place.account("asha")

    async def append(n: int) -> None:
        async with place.transaction() as conn:
            await record.append(conn, "test.happened", n, actor=actor, now=rt.now())

    await asyncio.gather(*(append(n) for n in range(20)))
    async with place.transaction() as conn:
        verdict = await record.verify(conn)
        entries = await record.after(conn, 0)
    assert verdict.holds
    assert [entry.number for entry in entries] == list(range(1, 22))


async def test_a_key_used_for_something_else_is_refused(rt):
    place = await an_organisation(rt)
    actor = await place.account("asha")
    async with place.transaction() as conn:
        assert await record.answered(conn, "key-12345", b"first", actor=actor) is None
        await record.answer(conn, "key-12345", b"first", "done", actor=actor, now=rt.now())
    async with place.transaction() as conn:
        assert await record.answered(conn, "key-12345", b"first", actor=actor) == "done"
        with pytest.raises(Refused, match=r"idempotency\.other_request"):
            await record.answered(conn, "key-12345", b"second", actor=actor)
