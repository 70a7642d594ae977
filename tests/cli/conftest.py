"""A console like an operator's: a process of its own, told everything by its environment."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import privacy
from chaupal.engine import ports

CHAUPAL = Path(sys.executable).with_name("chaupal")


@dataclass
class Said:
    status: int
    out: str
    err: str


@dataclass
class Terminal:
    """Runs `chaupal` with one environment."""

    environment: dict[str, str]

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            CHAUPAL,
            *words,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *words: str) -> Said:
        process = await self.start(*words)
        out, err = await process.communicate()
        assert privacy.found(err.decode(), "console") == []
        return Said(process.returncode, out.decode(), err.decode())


def environment(**more: str) -> dict[str, str]:
    """The environment of a terminal, with ports of its own: tests run side by side, and a port that
    was free when somebody looked is another's when their server starts."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    own = {f"CHAUPAL_{part}_PORT": str(ports.free()) for part in ("WEB", "EDGE")}
    return {**plain, **own, "LANG": "en_IN.UTF-8", "COLUMNS": "120", **more}


@pytest.fixture
def terminal(engines, database, tmp_path) -> Terminal:
    """A terminal on the engines of this test run, and this test's own database."""
    _, bus = engines
    return Terminal(
        environment(
            CHAUPAL_DATA=str(tmp_path / "data"),
            DATABASE_URL=database.program_dsn,
            NATS_URL=bus.url,
            CHAUPAL_SEALING_KEY=(b"k" * 32).hex(),
        )
    )


@pytest.fixture
def lonely_terminal(tmp_path) -> Terminal:
    """A terminal on a machine where nothing runs yet."""
    return Terminal(environment(CHAUPAL_DATA=str(tmp_path / "data")))
