from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from chaupal.engine import postgres
from chaupal.engine.migrate import migrate, pending, read
from chaupal.kit.refusals import Refused


@pytest.fixture
def folder(tmp_path):
    """Two small migrations."""
    (tmp_path / "0001_fields.sql").write_text(
        "CREATE TABLE field (name text); GRANT SELECT ON field TO chaupal_program;"
    )
    (tmp_path / "0002_crops.sql").write_text("CREATE TABLE crop (name text)")
    return tmp_path


def tables(dsn):
    with psycopg.connect(dsn) as conn:
        found = conn.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND oid > 16383")
        return {name for (name,) in found}


def test_migrations_are_applied_in_order_and_once(blank, folder):
    assert pending(blank, folder=folder) == ["0001_fields", "0002_crops"]
    assert migrate(blank, folder=folder) == ["0001_fields", "0002_crops"]
    assert tables(blank) == {"field", "crop", "migration"}
    assert pending(blank, folder=folder) == []
    assert migrate(blank, folder=folder) == []


def test_the_programs_role_may_ask_what_is_pending(blank, folder, server):
    migrate(blank, folder=folder)
    (folder / "0003_wells.sql").write_text("SELECT 1")
    name = psycopg.conninfo.conninfo_to_dict(blank)["dbname"]
    program = make_conninfo(server.program_dsn, dbname=name)
    assert pending(program, folder=folder) == ["0003_wells"]


def test_of_many_at_once_one_migrates_and_the_others_find_nothing_to_do(blank, folder):
    (folder / "0003_slow.sql").write_text("SELECT pg_sleep(0.3)")
    with ThreadPoolExecutor(4) as everybody:
        results = list(everybody.map(lambda _: migrate(blank, folder=folder), range(4)))
    assert sorted(map(len, results)) == [0, 0, 0, 3]


def test_a_changed_migration_is_refused(blank, folder):
    migrate(blank, folder=folder)
    (folder / "0001_fields.sql").write_text("CREATE TABLE field (name varchar)")
    (folder / "0003_wells.sql").write_text("CREATE TABLE well (name text)")

    with pytest.raises(Refused, match="migration_changed") as refused:
        migrate(blank, folder=folder)

    assert refused.value.facts == {"name": "0001_fields"}
    assert "well" not in tables(blank)
    with pytest.raises(Refused, match="migration_changed"):
        pending(blank, folder=folder)


def test_a_database_of_a_newer_chaupal_is_refused(blank, folder):
    migrate(blank, folder=folder)
    (folder / "0002_crops.sql").unlink()
    with pytest.raises(Refused, match="migration_unknown") as refused:
        migrate(blank, folder=folder)
    assert refused.value.facts == {"name": "0002_crops"}


def test_a_migration_that_fails_leaves_its_predecessors_and_nothing_of_itself(blank, folder):
    (folder / "0003_half.sql").write_text("CREATE TABLE half (name text); SELECT 1 / 0")

    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(blank, folder=folder)

    assert tables(blank) == {"field", "crop", "migration"}
    (folder / "0003_half.sql").write_text("CREATE TABLE half (name text)")
    assert migrate(blank, folder=folder) == ["0003_half"]


@pytest.mark.parametrize("name", ["0004_gap.sql", "0002_again.sql", "3_short.sql"])
def test_a_misnumbered_file_is_a_bug(folder, name):
    (folder / name).write_text("SELECT 1")
    with pytest.raises(AssertionError):
        read(folder)


def test_our_own_migrations_are_well_named():
    assert read()


def test_on_a_server_of_somebody_else_a_plain_owner_does(place, folder):
    """A managed PostgreSQL gives an owner who is no superuser, and a server without our role."""
    server = postgres.start(place, durable=False)
    with psycopg.connect(server.owner_dsn, autocommit=True) as conn:
        conn.execute("DROP ROLE chaupal_program")
        conn.execute("CREATE ROLE plain LOGIN PASSWORD 'p'")
        conn.execute("CREATE DATABASE theirs OWNER plain")
        conn.execute("REVOKE CONNECT ON DATABASE theirs FROM PUBLIC")
        owner = make_conninfo(server.owner_dsn, user="plain", password="p", dbname="theirs")

        with pytest.raises(Refused, match="program_role_missing"):
            migrate(owner, folder=folder)

        conn.execute("ALTER ROLE plain CREATEROLE")
        assert len(migrate(owner, folder=folder, program_password="q")) == 2

        program = make_conninfo(owner, user="chaupal_program", password="q")
        with psycopg.connect(program) as ours:
            assert ours.execute("SELECT * FROM field").fetchall() == []

        conn.execute("ALTER ROLE chaupal_program BYPASSRLS")
        with pytest.raises(Refused, match="program_role_too_strong"):
            migrate(owner, folder=folder)
