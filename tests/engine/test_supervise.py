import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager

import pytest

from chaupal.engine.supervise import Child, supervise

# Each child calls home with its name and pid; the line is cut when it is gone.
CHILD = """
import os, signal, socket, subprocess, sys, threading
from chaupal.engine.supervise import watch_parent
name, port = sys.argv[1], int(sys.argv[2])
if name == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if name == "parent":
    subprocess.Popen([sys.executable, "-c", os.environ["CHILD"], "grandchild", str(port)])
home = socket.create_connection(("127.0.0.1", port))
home.sendall(f"{name} {os.getpid()}\\n".encode())
if name == "deaf":
    watch_parent(int(os.environ["CHAUPAL_PARENT_FD"]), lambda: None, limit_s=0.1)
elif name not in ("grandchild", "parent"):
    watch_parent(int(os.environ["CHAUPAL_PARENT_FD"]), lambda: os._exit(0))
threading.Event().wait()
"""

SUPERVISOR = """
import asyncio, json, os, sys
from chaupal.engine.supervise import Child, supervise
children = [Child(name, argv) for name, argv in json.loads(sys.argv[1])]
asyncio.run(supervise(children, environment=os.environ))
"""

ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(sys.path),
    "CHILD": CHILD,
}


@asynccontextmanager
async def a_home():
    """A server where children call: gives its port and the queue of (name, pid, gone)."""
    calls = asyncio.Queue()

    async def answer(reader, writer):
        name, pid = (await reader.readline()).decode().split()
        gone = asyncio.Event()
        await calls.put((name, int(pid), gone))
        await reader.read()
        gone.set()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], calls


def a_child(name, port):
    return Child(name, [sys.executable, "-c", CHILD, name, str(port)])


@asynccontextmanager
async def supervised(*names, stop_limit_s=20.0):
    async with a_home() as (port, calls):
        stop = asyncio.Event()
        children = [a_child(name, port) for name in names]
        running = asyncio.create_task(
            supervise(children, environment=ENVIRONMENT, stop=stop, stop_limit_s=stop_limit_s)
        )
        async with asyncio.timeout(60):
            yield calls, stop, running
            stop.set()
            await running


async def test_a_child_that_dies_is_started_again_and_its_sibling_left_alone():
    async with supervised("edge", "worker") as (calls, _, _):
        first = {name: (pid, gone) for name, pid, gone in [await calls.get(), await calls.get()]}
        os.kill(first["worker"][0], signal.SIGKILL)
        name, pid, _ = await calls.get()
        assert name == "worker"
        assert pid != first["worker"][0]
        assert not first["edge"][1].is_set()


async def test_a_child_that_cannot_start_does_not_stop_the_others():
    async with a_home() as (port, calls):
        stop = asyncio.Event()
        children = [Child("missing", ["/no/such/program"]), a_child("edge", port)]
        running = asyncio.create_task(supervise(children, environment=ENVIRONMENT, stop=stop))
        async with asyncio.timeout(60):
            name, _, gone = await calls.get()
            assert name == "edge"
            stop.set()
            await running
            await gone.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_every_child_and_nobody_else(number, bystander):
    async with supervised("edge", "worker") as (calls, _, running):
        ends = [(await calls.get())[2] for _ in range(2)]
        os.kill(os.getpid(), number)
        await running
        for gone in ends:
            await gone.wait()
    assert bystander.poll() is None


async def test_a_stubborn_child_is_killed_in_the_end():
    async with supervised("stubborn", stop_limit_s=0.1) as (calls, stop, running):
        _, _, gone = await calls.get()
        stop.set()
        await running
        await gone.wait()


async def test_what_a_child_started_ends_with_it():
    async with supervised("parent") as (calls, stop, running):
        ends = {name: gone for name, _, gone in [await calls.get(), await calls.get()]}
        assert set(ends) == {"parent", "grandchild"}
        stop.set()
        await running
        await ends["grandchild"].wait()


async def test_children_do_not_outlive_a_supervisor_killed_with_9(python):
    async with a_home() as (port, calls), asyncio.timeout(60):
        children = [a_child(name, port) for name in ("edge", "worker", "deaf")]
        argument = json.dumps([(child.name, child.argv) for child in children])
        parent = python(SUPERVISOR, argument)
        ends = [(await calls.get())[2] for _ in children]
        parent.kill()
        for gone in ends:
            await gone.wait()
