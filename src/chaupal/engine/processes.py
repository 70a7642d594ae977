"""The machine's processes, told apart by what they run: a number alone is never trusted."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO

import psutil

PAUSE_S = 0.02


def running(program: str, option: str, path: Path) -> psutil.Process | None:
    """Return the live process that runs `program` with `option path` among its arguments.

    Pid files lie after a crash: the number may be a stranger's by now. The command line of a
    server that we started names our own directory, and nobody else's does.
    """
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or [""]
        named = Path(words[0]).name == program and (option, str(path)) in pairwise(words)
        if named and not gone(process):
            return process
    return None


def inside(program: str, directory: Path) -> list[psutil.Process]:
    """Return the live processes of `program` whose working directory is `directory`."""
    return [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["name"] == program
        and process.info["cwd"] == str(directory)
        and not gone(process)
    ]


def gone(process: psutil.Process) -> bool:
    """Say whether `process` has ended. One that nobody has reaped yet has ended too."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until(condition: Callable[[], bool], *, limit_s: float) -> bool:
    """Wait for `condition`; return whether it came true within `limit_s`."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_S)
    return True


def end(process: psutil.Process, *, signal: int, limit_s: float) -> None:
    """Ask `process` to end with `signal`, and after `limit_s` make it."""
    try:
        process.send_signal(signal)
        if not wait_until(lambda: gone(process), limit_s=limit_s):
            process.kill()
            wait_until(lambda: gone(process), limit_s=limit_s)
    except psutil.NoSuchProcess:
        return


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Be the only process inside this block for `path`. A killed holder lets go by itself."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hold(path: Path) -> IO[str]:
    """Return an open mark that says "in use" on `path`; closing it, or dying, takes it away."""
    file = path.open("a")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def let_go(mark: IO[str]) -> bool:
    """Take the mark away and say whether it was the last one."""
    with mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def write_private(path: Path, text: str) -> None:
    """Write a file that only we may read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
