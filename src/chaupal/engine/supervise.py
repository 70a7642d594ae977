"""The parent of Chaupal's processes: starts them, starts the fallen again, takes them all down."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from chaupal.kit import log

PARENT_VARIABLE = "CHAUPAL_PARENT_FD"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STEADY_S = 60.0
STOP_LIMIT_S = 20.0

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running."""

    name: str
    argv: Sequence[str]


async def supervise(
    children: Sequence[Child],
    *,
    environment: Mapping[str, str],
    stop: asyncio.Event | None = None,
    stop_limit_s: float = STOP_LIMIT_S,
) -> None:
    """Keep `children` running until SIGINT, SIGTERM or `stop`; return when all have ended.

    A child that dies is started again, after a pause that doubles while it keeps dying. At
    the end each has `stop_limit_s` to finish before it is killed. Each finds, in
    `environment`, the number of a pipe that closes when we are gone, however we went:
    `watch_parent` turns that into its own end. Nothing but these children is signalled.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    told, teller = os.pipe()
    environment = {**environment, PARENT_VARIABLE: str(told)}
    try:
        async with asyncio.TaskGroup() as tasks:
            for child in children:
                tasks.create_task(_keep(child, environment, told, stop, stop_limit_s))
    finally:
        os.close(told)
        os.close(teller)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def watch_parent(told: int, stop: Callable[[], object], *, limit_s: float = STOP_LIMIT_S) -> None:
    """Call `stop`, from a thread, when the supervisor is gone; after `limit_s` just end.

    `told` is the number in `CHAUPAL_PARENT_FD`. The pipe closes even when the supervisor is
    killed with -9, on Linux and macOS alike, so no child outlives it and keeps sending.
    """

    def wait() -> None:
        while os.read(told, 1):
            continue
        logger.warning("supervisor.gone")
        stop()
        threading.Event().wait(limit_s)
        os._exit(os.EX_TEMPFAIL)

    threading.Thread(target=wait, name="watch-parent", daemon=True).start()


async def _keep(
    child: Child,
    environment: Mapping[str, str],
    told: int,
    stop: asyncio.Event,
    stop_limit_s: float,
) -> None:
    loop = asyncio.get_running_loop()
    pause_s = FIRST_PAUSE_S
    while not stop.is_set():
        began = loop.time()
        status = await _live(child, environment, told, stop, stop_limit_s)
        if stop.is_set():
            return
        if loop.time() - began > STEADY_S:
            pause_s = FIRST_PAUSE_S
        logger.warning("child.died", child=child.name, status=status, again_in_s=pause_s)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def _live(
    child: Child,
    environment: Mapping[str, str],
    told: int,
    stop: asyncio.Event,
    stop_limit_s: float,
) -> int | None:
    """Run the child once, to its end or ours, and return its status."""
    try:
        # Its own session: a terminal's Ctrl-C reaches us alone, and we end it in good order.
        process = await asyncio.create_subprocess_exec(
            *child.argv,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=(told,),
            start_new_session=True,
        )
    except OSError as error:
        logger.warning("child.cannot_start", child=child.name, kind=type(error).__name__)
        return None
    logger.info("child.started", child=child.name, pid=process.pid)
    ended, stopping = asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not ended.done():
            with suppress(ProcessLookupError):
                process.terminate()
        done, _ = await asyncio.wait((ended,), timeout=stop_limit_s)
        if not done:
            logger.warning("child.killed", child=child.name, pid=process.pid)
        # What the child itself started is in its session, and must not stay behind either.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await ended
    return process.returncode
