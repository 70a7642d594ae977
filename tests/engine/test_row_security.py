"""Row-level security, asked as the program's own role: for every table, whoever is set or nobody.

The tables are read from the catalogue, so one that is added tomorrow is tried as well.
"""

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import Error, InsufficientPrivilege

from chaupal.kit.ids import new_id
from chaupal.organisations import tokens
from chaupal.organisations.models import Right
from factories import an_organisation

ELSEWHERE = 30_000
# Read by everybody before they are anybody: which organisations there are, to sign in at.
PUBLIC = {"organisation"}


@pytest.fixture
async def place(rt):
    """An organisation with a row in as many tables as is cheap."""
    place = await an_organisation(rt)
    admin = await place.account("asha")
    person = await place.person("east-one", chat="s:1")
    await place.category("farmers")
    group = await place.group("east-one", categories=("farmers",))
    await place.admin(group, person)
    await place.sender()
    await tokens.issue(rt, "a key", frozenset({Right.VIEW}), days=1, key=str(new_id()), actor=admin)
    return place


@pytest.fixture
def owned(database) -> list[str]:
    """Every table that has a row's owner in it, partitions left to their parents."""
    with psycopg.connect(database.owner_dsn) as conn:
        rows = conn.execute("""
            SELECT c.relname FROM pg_class c
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organisation_id'
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
               AND NOT a.attisdropped
             ORDER BY c.relname
        """).fetchall()
    return [name for (name,) in rows]


def entered(dsn: str, organisation: int | None) -> psycopg.Connection:
    conn = psycopg.connect(dsn)
    if organisation is not None:
        conn.execute("SELECT set_config('chaupal.organisation', %s, false)", (str(organisation),))
    conn.commit()
    return conn


def counted(conn: psycopg.Connection, table: str) -> int | None:
    """How many rows one sees; None where one may not even look."""
    try:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        return conn.execute(query).fetchone()[0]
    except InsufficientPrivilege:
        return None
    finally:
        conn.rollback()


def test_every_table_with_an_owner_is_sealed_and_forced(database, owned):
    with psycopg.connect(database.owner_dsn) as conn:
        rows = conn.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relrowsecurity AND relforcerowsecurity"
        ).fetchall()
    assert set(owned) - {name for (name,) in rows} == set()
    assert len(owned) > 30


def test_the_program_cannot_switch_it_off(database):
    with psycopg.connect(database.program_dsn) as conn:
        role = conn.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert role == (False, False)
        with pytest.raises(Error):
            conn.execute("ALTER TABLE person DISABLE ROW LEVEL SECURITY")


def test_nothing_is_seen_with_the_wrong_organisation_set_and_none_with_none(database, owned, place):
    with entered(database.program_dsn, place.organisation) as own:
        filled = {table for table in owned if counted(own, table)}
    assert {"person", "unit", "chat_group", "record", "api_token", "consent"} <= filled
    for other in (ELSEWHERE, None):
        with entered(database.program_dsn, other) as conn:
            seen = {table: counted(conn, table) for table in owned}
        assert {table: rows for table, rows in seen.items() if rows} == {}, other


def test_nothing_can_be_written_for_another_organisation_or_for_none(database, owned, place):
    for other in (ELSEWHERE, None):
        with entered(database.program_dsn, other) as conn:
            for table in owned:
                assert changed(conn, table) in {0, None}, (table, other)
                assert not slipped_in(conn, table, place.organisation), (table, other)


def changed(conn: psycopg.Connection, table: str) -> int | None:
    """How many rows of others one can delete or change; None where one may do neither."""
    done = None
    for statement in (
        "DELETE FROM {}",
        "UPDATE {} SET organisation_id = organisation_id",
    ):
        try:
            cursor = conn.execute(sql.SQL(statement).format(sql.Identifier(table)))
            done = (done or 0) + cursor.rowcount
        except InsufficientPrivilege:
            pass
        finally:
            conn.rollback()
    return done


def slipped_in(conn: psycopg.Connection, table: str, owner: int) -> bool:
    """Whether a copy of a row could be added for `owner`: security refuses before all else.

    Columns that may not be empty get something of their type, so that nothing else refuses.
    """
    columns = conn.execute(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
        " AND attidentity <> 'a'",
        (table,),
    ).fetchall()
    values = [
        sql.Literal(owner) if name == "organisation_id" else sql.SQL("NULL") for name, _ in columns
    ]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns),
        sql.SQL(", ").join(values),
    )
    try:
        conn.execute(statement)
    except InsufficientPrivilege:
        return False  # row-level security, or no right to add at all
    finally:
        conn.rollback()
    return True
