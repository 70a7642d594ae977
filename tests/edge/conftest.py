"""A real edge: its own process, its own engines' addresses, on a free port."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from chaupal.engine import ports
from relaying import Bazaar, a_bazaar

READY_LIMIT_S = 30


class EdgeProcess:
    """An edge that can be killed and started again at the same port."""

    def __init__(self, environment: dict[str, str], port: int, log: Path) -> None:
        self._environment, self.port, self._log = environment, port, log
        self.url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "chaupal.edge"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with aiohttp.ClientSession() as http, asyncio.timeout(READY_LIMIT_S):
            while True:
                assert self._process.poll() is None, self._log.read_text()
                try:
                    async with http.get(f"{self.url}/healthz") as answer:
                        await answer.read()
                        return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.02)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(READY_LIMIT_S)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def logged(self) -> str:
        return self._log.read_text()


@pytest.fixture
async def bazaar(rt) -> Bazaar:
    return await a_bazaar(rt)


@pytest.fixture
def make_edge(database, engines, tmp_path):
    made: list[EdgeProcess] = []

    def make(**changes: str) -> EdgeProcess:
        port = ports.free()
        environment = {
            **os.environ,
            "DATABASE_URL": database.program_dsn,
            "NATS_URL": engines[1].url,
            "CHAUPAL_SEALING_KEY": (b"k" * 32).hex(),
            "CHAUPAL_EDGE_PORT": str(port),
            "CHAUPAL_DATA": str(tmp_path / "data"),
            **changes,
        }
        made.append(EdgeProcess(environment, port, tmp_path / f"edge-{port}.log"))
        return made[-1]

    yield make
    for edge in made:
        edge.close()


@pytest.fixture
async def edge(make_edge, rt) -> EdgeProcess:
    started = make_edge()
    await started.start()
    return started


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session
