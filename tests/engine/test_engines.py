import asyncio
import subprocess

import psutil
import pytest

from chaupal import engine
from chaupal.engine import nats, postgres, processes
from chaupal.kit.refusals import Unavailable


def test_the_last_user_takes_the_engines_down_and_no_one_before(place):
    first = engine.start(place, durable=False)
    second = engine.start(place, durable=False)
    assert first == second

    assert engine.stop(first) is False
    assert postgres.running(place)
    assert nats.running(place)

    assert engine.stop(second) is True
    assert postgres.running(place) is None
    assert nats.running(place) is None


def test_a_user_killed_with_9_no_longer_counts_and_its_engines_are_taken_over(place, python):
    killed = python(
        "import pathlib, sys; from chaupal import engine\n"
        "engines = engine.start(pathlib.Path(sys.argv[1]), durable=False)\n"
        "print('pids', engines.postgres_pid, engines.nats_pid, flush=True); sys.stdin.read()",
        place,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    said = next(line for line in killed.stdout if line.startswith("pids"))
    pids = tuple(map(int, said.split()[1:]))
    killed.kill()
    killed.wait()

    engines = engine.start(place, durable=False)

    assert (engines.postgres_pid, engines.nats_pid) == pids
    assert engine.stop(engines) is True


def test_engines_named_by_url_are_used_and_none_is_started_or_stopped(place, server):
    engines = engine.start(place, database_url=server.program_dsn, nats_url="nats://there")
    assert engines.program_dsn == server.program_dsn
    assert engines.owner_dsn is None
    assert {path.name for path in place.iterdir()} == {"engines.lock", "engines.used"}
    engine.stop(engines)
    assert psutil.pid_exists(server.pid)


def test_progress_is_told(place):
    steps = []
    engine.stop(engine.start(place, durable=False, progress=steps.append))
    assert steps == ["postgres", "nats"]


async def test_an_engine_that_dies_is_started_again_at_the_same_address(place):
    engines = engine.start(place, durable=False)
    stopped = asyncio.Event()
    keeping = asyncio.create_task(engine.keep(engines, stopped, durable=False))
    for pid in (engines.postgres_pid, engines.nats_pid):
        psutil.Process(pid).kill()

    def back():
        database, broker = postgres.running(place), nats.running(place)
        return (
            database is not None
            and broker is not None
            and (database.program_dsn, broker.url) == (engines.program_dsn, engines.nats_url)
            and {database.pid, broker.pid}.isdisjoint((engines.postgres_pid, engines.nats_pid))
        )

    assert await asyncio.to_thread(processes.wait_until, back, limit_s=60)
    stopped.set()
    await keeping
    assert engine.stop(engines) is True


def test_a_place_that_cannot_be_written_to_is_a_refusal(place):
    (place / "file").write_text("no folder")
    with pytest.raises(Unavailable, match="directory_not_writable"):
        engine.start(place / "file" / "below")


def test_secrets_stay_out_of_repr(place, server):
    engines = engine.start(place, database_url=server.program_dsn, nats_url="nats://secret@there")
    engine.stop(engines)
    assert "secret" not in repr(engines)
    assert "password" not in repr(engines)
