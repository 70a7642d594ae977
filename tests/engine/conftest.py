import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from chaupal.engine import nats, postgres


def a_folder():
    """A short path whose parents anybody may pass: the server's account is not ours as root."""
    return Path(tempfile.mkdtemp(prefix="chaupal-test-", dir="/tmp")).resolve()


@pytest.fixture
def place():
    """An empty folder for engines; whatever runs in it at the end is stopped."""
    folder = a_folder()
    yield folder
    nats.stop(folder)
    postgres.stop(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server():
    """One PostgreSQL for the tests that do not hurt it."""
    folder = a_folder()
    yield postgres.start(folder, durable=False)
    postgres.stop(folder)
    shutil.rmtree(folder)


@pytest.fixture
def blank(server):
    """The owner's DSN of a new empty database."""
    name = f"test_{secrets.token_hex(4)}"
    with psycopg.connect(server.owner_dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield make_conninfo(server.owner_dsn, dbname=name)
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def bystander():
    """A process that is none of the engines' business, of the account that runs PostgreSQL."""
    account = postgres._account()
    user = account.pw_uid if account else os.geteuid()
    command = ["/bin/sh", "-c", "read _"]
    with subprocess.Popen(command, user=user if account else None, stdin=subprocess.PIPE) as one:
        yield one
        assert one.poll() is None, "the bystander was hurt"
        one.kill()


@pytest.fixture
def python():
    """Start a Python program of a test's own, able to import Chaupal."""
    started = []

    def run(text, *arguments, **options):
        command = [sys.executable, "-c", text, *map(str, arguments)]
        path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        started.append(subprocess.Popen(command, env=path, text=True, **options))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        with process:
            process.wait()
