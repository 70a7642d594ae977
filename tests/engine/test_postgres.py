import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from chaupal.engine import postgres, processes
from chaupal.kit.refusals import Unavailable


def write_a_row(found):
    with psycopg.connect(found.owner_dsn) as conn:
        conn.execute("CREATE TABLE kept (word text)")
        conn.execute("INSERT INTO kept VALUES ('committed')")


def rows(found):
    with psycopg.connect(found.owner_dsn) as conn:
        return conn.execute("SELECT word FROM kept").fetchall()


def kill(pid):
    process = psutil.Process(pid)
    process.kill()
    assert processes.wait_until(lambda: processes.gone(process), limit_s=30)


def test_committed_rows_come_back_after_kill_9(place):
    first = postgres.start(place)
    write_a_row(first)
    kill(first.pid)

    second = postgres.start(place)

    assert second.pid != first.pid
    assert second.owner_dsn == first.owner_dsn
    assert rows(second) == [("committed",)]


def test_backends_that_outlive_a_killed_postmaster_are_waited_for(place):
    first = postgres.start(place, durable=False)
    write_a_row(first)
    children = psutil.Process(first.pid).children()
    stuck = next(child for child in children if child.cmdline() and "writer" in child.cmdline()[0])
    stuck.suspend()  # it cannot notice that its postmaster is gone
    kill(first.pid)

    assert rows(postgres.start(place, durable=False)) == [("committed",)]
    assert processes.gone(stuck)


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(place, bystander):
    first = postgres.start(place, durable=False)
    write_a_row(first)
    pid_file = place / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    kill(first.pid)
    stale = "\n".join([str(bystander.pid), *lines[1:]]) + "\n"
    pid_file.write_text(stale)
    (place / "postgres" / ".s.PGSQL.5432.lock").write_text(stale)

    assert rows(postgres.start(place, durable=False)) == [("committed",)]
    assert bystander.poll() is None


@pytest.mark.parametrize("left", ["", "12", "no number\n"])
def test_a_truncated_pid_file_is_no_obstacle(place, left):
    first = postgres.start(place, durable=False)
    write_a_row(first)
    kill(first.pid)
    (place / "postgres" / "postmaster.pid").write_text(left)

    assert rows(postgres.start(place, durable=False)) == [("committed",)]


def test_a_server_whose_pid_file_was_lost_is_replaced(place):
    first = postgres.start(place, durable=False)
    write_a_row(first)
    (place / "postgres" / "postmaster.pid").unlink()

    second = postgres.start(place, durable=False)

    assert second.pid != first.pid
    assert rows(second) == [("committed",)]


def test_starting_a_running_server_finds_it(place):
    first = postgres.start(place, durable=False)
    assert postgres.start(place, durable=False) == first
    assert postgres.running(place) == first


def test_two_starters_at_once_share_one_server(place):
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(lambda _: postgres.start(place, durable=False), range(2))
    assert first == second


def test_stopping_leaves_a_server_of_another_folder_alone(place, server):
    ours = postgres.start(place, durable=False)
    kill(ours.pid)
    pid_file = place / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(server.pid), *lines[1:]]) + "\n")

    assert postgres.running(place) is None
    postgres.stop(place)

    with psycopg.connect(server.owner_dsn) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_a_stopped_server_is_gone(place):
    found = postgres.start(place, durable=False)
    process = psutil.Process(found.pid)
    postgres.stop(place)
    assert processes.gone(process)
    assert postgres.running(place) is None


def test_no_port_is_opened(server):
    assert psutil.Process(server.pid).net_connections("inet") == []


def test_a_path_too_long_for_a_socket_gets_a_short_one(place):
    deep = place / ("a" * 60) / ("b" * 60)
    found = postgres.start(deep, durable=False)
    with psycopg.connect(found.program_dsn) as conn:
        socket = conn.info.host
    assert len(socket) < 80
    assert Path(socket).stat().st_mode & 0o077 == 0

    postgres.stop(deep)
    assert not Path(socket).exists()


def test_the_programs_role_is_above_no_rule_and_owns_nothing(server):
    with psycopg.connect(server.program_dsn) as conn:
        [row] = conn.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles"
            " WHERE rolname = current_user"
        )
        owned = conn.execute("SELECT FROM pg_class WHERE relowner = current_user::regrole")
        assert row == ("chaupal_program", False, False, False)
        assert owned.fetchall() == []


def test_without_the_password_nobody_gets_in(server):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(make_conninfo(server.program_dsn, password="guess"))


def test_text_is_utf8_and_sorts_alike_everywhere(server):
    with psycopg.connect(server.owner_dsn) as conn:
        [row] = conn.execute(
            "SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale"
            "  FROM pg_database WHERE datname = 'chaupal'"
        )
        assert row == ("UTF8", "b", "C.UTF-8")
        assert conn.execute("SELECT lower('ÉCOLE')").fetchone() == ("école",)


def test_what_people_wrote_is_not_in_the_servers_log(place):
    found = postgres.start(place, durable=False)
    write_a_row(found)
    with psycopg.connect(found.owner_dsn, autocommit=True) as conn:
        conn.execute("CREATE UNIQUE INDEX ON kept (word)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute("INSERT INTO kept VALUES ('committed')")
    postgres.stop(place)

    text = "".join(path.read_text() for path in (place / "postgres" / "log").iterdir())
    assert "duplicate key" in text
    assert "committed" not in text.replace("uncommitted", "")


def test_secrets_are_private_and_not_in_repr(place):
    found = postgres.start(place, durable=False)
    assert "password" not in repr(found)
    assert (place / "postgres.passwords").stat().st_mode & 0o077 == 0
    assert (place / "postgres").stat().st_mode & 0o077 == 0


def test_a_folder_of_another_version_is_refused(place):
    (place / "postgres.passwords").write_text('{"chaupal_owner": "x", "chaupal_program": "y"}')
    (place / "postgres").mkdir()
    (place / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(Unavailable, match=r"engine\.not_our_directory"):
        postgres.start(place)


def test_lost_passwords_are_refused_and_nothing_is_made_anew(place):
    postgres.start(place, durable=False)
    postgres.stop(place)
    (place / "postgres.passwords").unlink()
    with pytest.raises(Unavailable, match=r"engine\.passwords_missing"):
        postgres.start(place)


def test_an_initdb_cut_short_is_begun_again(place):
    (place / "postgres.new").mkdir()
    (place / "postgres.new" / "PG_VERSION").write_text("18\n")
    assert postgres.start(place, durable=False).pid


def test_a_server_that_cannot_start_is_a_refusal_that_names_the_log(place):
    postgres.start(place, durable=False)
    postgres.stop(place)
    with (place / "postgres" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(Unavailable, match=r"engine\.postgres_will_not_start") as refused:
        postgres.start(place, durable=False)
    assert refused.value.facts["log"] == str(place / "postgres.log")


@pytest.mark.skipif(os.geteuid() != 0, reason="another account is used by root alone")
def test_as_root_folders_above_let_the_account_pass_and_no_more(place):
    (place / "home").mkdir(mode=0o700)
    postgres.start(place / "home" / "state", durable=False)
    assert (place / "home").stat().st_mode & 0o777 == 0o701
    postgres.stop(place / "home" / "state")


def test_stop_is_fast_although_a_client_is_connected(place):
    found = postgres.start(place, durable=False)
    with psycopg.connect(found.owner_dsn) as conn:
        postgres.stop(place)
        with pytest.raises(psycopg.OperationalError):
            conn.execute("SELECT 1")
