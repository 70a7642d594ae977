"""A real service centre (node-smpp's server, tests/smsc.mjs) in a process of its own."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chaupal.channels.contract import FilledTemplate

HERE = Path(__file__).parent
BIN = HERE.parent / ".venv" / "bin"
WAIT_S = 30
SIGN_IN = "chaupal:geheim98"
ENTITY, TELEMARKETER, TEMPLATE = "1101000000000000001", "1202000000000000002", "1107000000000000003"
REGISTERED = FilledTemplate(TEMPLATE, "hi")


@dataclass
class Centre:
    """The running process, and what it has told."""

    process: asyncio.subprocess.Process
    port: int = 0
    told: list[dict] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    listening: asyncio.Task[None] | None = None

    def endpoint(self, *, scheme: str = "smpp", host: str = "127.0.0.1", more: str = "") -> str:
        asked = f"entity={ENTITY}&telemarketer={TELEMARKETER}{more}"
        return f"{scheme}://{host}:{self.port}/CHAUPL-S?{asked}"

    async def do(self, verb: str, **what: object) -> None:
        """Say something to it, and wait until it has done that."""
        done = len(self.of("done"))
        self.process.stdin.write(json.dumps({"verb": verb, **what}).encode() + b"\n")
        await self.until(lambda: len(self.of("done")) > done)

    def of(self, event: str) -> list[dict]:
        return [one for one in self.told if one["event"] == event]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(WAIT_S), self.news:
            await self.news.wait_for(condition)

    async def listen(self) -> None:
        async for line in self.process.stdout:
            async with self.news:
                self.told.append(json.loads(line))
                self.news.notify_all()

    async def listened(self) -> None:
        """Wait until what it told before it ended has all been read."""
        async with asyncio.timeout(WAIT_S):
            await self.listening

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def a_centre(
    *, port: int = 0, key: Path | None = None, cert: Path | None = None
) -> AsyncIterator[Centre]:
    node = shutil.which("node", path=str(BIN)) or shutil.which("node")
    assert node is not None, "make setup brings one"
    process = await asyncio.create_subprocess_exec(
        node,
        HERE / "smsc.mjs",
        str(port),
        *((key, cert) if key and cert else ()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    centre = Centre(process)
    centre.listening = asyncio.create_task(centre.listen())
    try:
        await centre.until(lambda: centre.of("listening"))
        centre.port = centre.of("listening")[0]["port"]
        yield centre
    finally:
        await centre.kill()
        await centre.listened()
