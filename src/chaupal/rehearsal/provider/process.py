"""Start and stop the sandbox as a process of its own, for rehearsals and tests."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chaupal.kit.refusals import Refused

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Provider:
    """A sandbox that runs."""

    url: str
    port: int
    process: asyncio.subprocess.Process


async def start(book: Path, port: int = 0) -> Provider:
    """Start a sandbox over `book`, and return when it answers. It ends when we do, however.

    A book that another sandbox goes on holding is refused.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chaupal.rehearsal.provider"),
        *("--port", str(port), "--book", str(book), "--until-eof"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # a terminal's Ctrl-C reaches us alone, and we end it in order
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_TIMEOUT_S)
        ready = json.loads(line)
    except (TimeoutError, ValueError) as error:
        await stop(process)
        raise RuntimeError("the sandbox did not start") from error
    except BaseException:
        await stop(process)
        raise
    if "refused" in ready:  # said in words: an exit status is lost where a child is reaped twice
        await stop(process)
        raise Refused("rehearsal.book_held", path=str(book))
    return Provider(ready["url"], ready["port"], process)


async def stop(process: asyncio.subprocess.Process) -> None:
    """Stop a sandbox, politely first."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()


@asynccontextmanager
async def running(book: Path, port: int = 0) -> AsyncIterator[Provider]:
    """Keep a sandbox running for as long as the block lasts."""
    provider = await start(book, port)
    try:
        yield provider
    finally:
        await stop(provider.process)
