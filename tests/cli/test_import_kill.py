"""kill -9 of a console's import, in the middle of reading and of taking over: nothing is left."""

import asyncio

import psycopg
import pytest

from factories import an_organisation

ROWS = 30_000
LOOKS, LOOK_S = 3000, 0.01
READING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE"
HELD_UP = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO person%'"
)
GONE = (
    "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid = {pid})"
)


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.csv"
    lines = (f"p{n},{('east', 'west')[2 * n // ROWS]},A B,11{n:08}\n" for n in range(ROWS))
    path.write_text("reference,unit_code,name,phone\n" + "".join(lines))
    return path


@pytest.fixture
def watcher(database):
    with psycopg.connect(database.owner_dsn, autocommit=True) as conn:
        yield conn


async def seen(watcher, sql: str) -> int:
    for _ in range(LOOKS):
        row = watcher.execute(sql).fetchone()
        if row is not None:
            return row[0]
        await asyncio.sleep(LOOK_S)
    raise AssertionError(f"never seen: {sql}")


async def killed(process, watcher, pid: int) -> None:
    """Kill a process, and wait until its backend has noticed by itself."""
    process.kill()
    await process.communicate()
    assert process.returncode == -9, "it was over too soon"
    await seen(watcher, GONE.format(pid=pid))


async def counts(place) -> dict[str, int]:
    found = {}
    async with place.transaction() as conn:
        for table in ("person", "contact_point", "search_entry", "unit_tally", "record"):
            cursor = await conn.execute(f"SELECT count(*) FROM {table}")
            [found[table]] = await cursor.fetchone()
    return found


async def test_killed_anywhere_it_leaves_nothing_and_is_done_whole_the_next_time(
    terminal, place, people, watcher, database
):
    before = await counts(place)

    process = await terminal.start("import", "people", str(people))
    await killed(process, watcher, await seen(watcher, f"{READING} 'COPY staged%'"))
    assert await counts(place) == before

    with psycopg.connect(database.owner_dsn) as holder:
        # Whoever comes to the second half of the file waits here, with the first half written.
        holder.execute("SELECT FROM unit WHERE code = 'west' FOR UPDATE")
        process = await terminal.start("import", "people", str(people))
        pid = await seen(watcher, HELD_UP)
        process.kill()
        await process.communicate()
        holder.rollback()
        await seen(watcher, GONE.format(pid=pid))
    assert await counts(place) == before

    said = await terminal.run("import", "people", str(people))
    assert (said.status, said.err) == (0, "")
    after = await counts(place)
    assert (after["person"], after["contact_point"]) == (ROWS, ROWS)
    assert after["search_entry"] == before["search_entry"] + 2 * ROWS
    assert after["record"] == before["record"] + 1
