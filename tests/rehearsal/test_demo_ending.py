"""How the demonstration ends: refused, interrupted or killed, it leaves nothing in the way."""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from chaupal.kit.refusals import Refused
from chaupal.rehearsal.provider import process as provider
from cli.conftest import Terminal, environment

SIZES = ("--groups=400", "--people=300")
WAIT_S = 120
GREETING = b"Ctrl-C stops everything"


@pytest.fixture
def place(tmp_path) -> Path:
    return tmp_path / "demo"


@pytest.fixture
def terminal(place) -> Iterator[Terminal]:
    yield Terminal(environment(CHAUPAL_DATA=str(place)))
    for left_behind in those_of(place):  # where a test failed halfway
        with suppress(psutil.Error):
            left_behind.kill()


def those_of(place: Path) -> dict[psutil.Process, list[str]]:
    """Return every process that has to do with this folder, and its command line."""
    found = {}
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            told = [*words, process.environ().get("CHAUPAL_DATA", "")]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(place) in word for word in told):
            found[process] = words
    return found


async def until(happened: Callable[[], bool], demo: asyncio.subprocess.Process) -> None:
    """Wait for what a demonstration does; one that ended before, or never does it, says why."""
    deadline = asyncio.get_running_loop().time() + WAIT_S
    while not happened():
        if demo.returncode is not None or asyncio.get_running_loop().time() > deadline:
            with suppress(ProcessLookupError):
                demo.kill()
            _, err = await demo.communicate()
            pytest.fail(err.decode())
        await asyncio.sleep(0.02)


async def until_greeted(demo: asyncio.subprocess.Process) -> None:
    said = []
    async with asyncio.timeout(WAIT_S):
        async for line in demo.stderr:
            said.append(line)
            if GREETING in line:
                return
    pytest.fail(b"".join(said).decode())


async def test_an_impossible_size_is_refused_before_anything_starts(terminal, place):
    groups = await terminal.run("demo", "--groups", "10")
    people = await terminal.run("demo", "--groups", "400", "--people", "3")
    assert (groups.status, people.status) == (2, 2)
    assert "at least" in groups.err
    assert [len(said.err.strip().splitlines()) for said in (groups, people)] == [1, 1]
    assert not (place / "postgres").exists()
    assert not (place / "engines.lock").exists()


async def test_a_sandbox_ends_with_whoever_started_it_and_frees_its_book(tmp_path):
    book = tmp_path / "book"
    first = await provider.start(book)
    with pytest.raises(Refused, match="book_held"):
        await provider.start(book)
    first.process.stdin.close()
    async with provider.running(book) as second:  # waits for the first to put the book away
        assert second.url.startswith("http://127.0.0.1:")
    assert await first.process.wait() == 0


async def test_ctrl_c_while_loading_leaves_nothing_running_and_a_folder_that_works(terminal, place):
    demo = await terminal.start("demo", "--once", "--json", *SIZES)
    await until((place / "demo.json").exists, demo)
    demo.send_signal(signal.SIGINT)
    out, err = await demo.communicate()
    assert (demo.returncode, out) == (130, b""), err.decode()
    assert b"Traceback" not in err
    assert those_of(place) == {}

    demo = await terminal.start("demo", *SIZES)
    await until_greeted(demo)
    demo.kill()
    await demo.communicate()
    other = await terminal.run("demo", "--groups", "500", "--people", "300")
    assert (other.status, "400 groups and 300 people" in other.err) == (2, True), other.err

    demo = await terminal.start("demo", *SIZES)
    await until_greeted(demo)
    server = await asyncio.create_subprocess_exec("sleep", "600", env=os.environ)
    assert {"web", "edge", "worker", "provider"} <= {
        name.rpartition(".")[2] for words in those_of(place).values() for name in words
    }
    demo.send_signal(signal.SIGINT)
    _, err = await demo.communicate()
    assert demo.returncode == 0, err.decode()
    assert b"Traceback" not in err
    assert those_of(place) == {}, "everything it started is gone"
    assert server.returncode is None, "and nothing else"
    server.kill()
    await server.wait()


async def test_an_interrupted_run_for_a_report_says_so_by_its_status(terminal, place):
    demo = await terminal.start("demo", "--once", "--json", *SIZES)
    sizes = json.dumps({"groups": 400, "people": 300, "seed": 2026}, separators=(",", ":"))
    await until(lambda: any("chaupal.worker" in words for words in those_of(place).values()), demo)
    assert (place / "demo.json").read_text() == sizes
    demo.send_signal(signal.SIGTERM)
    out, err = await demo.communicate()
    assert (demo.returncode, out) == (130, b""), err.decode()
    assert those_of(place) == {}
