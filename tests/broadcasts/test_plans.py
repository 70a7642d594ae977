"""What the hot statements read: by key, however large the tables are around them."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from chaupal.broadcasts import deliveries, endings
from chaupal.kit.ids import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(minutes=1)
UNITS = 5_000


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


async def test_our_connections_plan_each_statement_for_its_parameters(rt):
    async with rt.pool.connection() as conn:
        found = await conn.execute("SHOW plan_cache_mode")
        assert await found.fetchone() == ("force_custom_plan",)


async def units_read(conn) -> int:
    found = await conn.execute(
        "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'unit'"
    )
    (read,) = await found.fetchone()
    return read


async def test_a_claim_reads_only_the_units_of_what_it_claims(stage, database):
    async with stage.place.transaction() as conn:
        await conn.execute(
            "INSERT INTO unit (organisation_id, id, number, parent_id, level_rank, code, name_hi,"
            "                  name_en, path, search_key)"
            " SELECT current_organisation(), gen_random_uuid(), 100000 + n, u.id,"
            "        u.level_rank + 1, 'far-' || n, 'दूर', 'Far', u.path || (100000 + n) || '/',"
            "        'far'"
            "   FROM unit u CROSS JOIN generate_series(1, %s) AS n WHERE u.id = %s",
            (UNITS, stage.place.units["west"]),
        )
    async with await psycopg.AsyncConnection.connect(database.owner_dsn, autocommit=True) as owner:
        await owner.execute("ANALYZE unit")
    await stage.frozen()
    worker = new_id()
    async with stage.place.transaction() as conn:
        await deliveries.lease_senders(conn, worker, channels=["sandbox"], now=NOON, lease=LEASE)
        before = await units_read(conn)
        claimed = await deliveries.claim(
            conn, stage.bot, worker=worker, now=NOON, lease=LEASE, limit=10,
            time_to_live=timedelta(minutes=5), remembers_keys_for=timedelta(days=1),
        )  # fmt: skip
        read = await units_read(conn) - before
    assert len(claimed) == 10
    assert read < UNITS, "the whole tree was read for ten groups"


async def test_nobody_reads_what_is_queued_to_see_that_no_group_is_gone(stage):
    frozen = await stage.frozen()
    async with stage.place.transaction() as conn:
        assert await endings.cancel_archived(conn, frozen) == 0
        found = await conn.execute(
            "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
            " WHERE relname = 'delivery'"
        )
        assert await found.fetchone() == (0,)
