"""Run the sandbox: `python -m chaupal.rehearsal.provider --port 0 --book FILE`."""

import argparse
import asyncio
import fcntl
import json
import os
import signal
import sys
from pathlib import Path

import uvloop
from aiohttp import web

from chaupal.rehearsal.provider.control import application
from chaupal.rehearsal.provider.server import Sandbox

HOST = "127.0.0.1"
BOOK_WAIT_S = 10.0
BOOK_POLL_S = 0.1


async def serve(port: int, book: Path, *, until_eof: bool = False) -> None:
    """Serve on loopback until told to stop; say where, on one line, when ready.

    With `until_eof`, the end of the standard input is such a word: a pipe closes even when
    whoever started us is killed with -9. Raises `BlockingIOError` while another holds the book.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if until_eof:
        _watch_input(stop)
    await _until_free(book)
    runner = web.AppRunner(application(Sandbox(book)), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        chosen = runner.addresses[0][1]
        ready = {"port": chosen, "url": f"http://{HOST}:{chosen}", "pid": os.getpid()}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await runner.cleanup()


def _watch_input(stop: asyncio.Event) -> None:
    loop, told = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        if not os.read(told, 1024):
            loop.remove_reader(told)
            stop.set()

    loop.add_reader(told, read)


async def _until_free(book: Path) -> None:
    """Give a predecessor that is just ending the time to put the book away."""
    handle = os.open(book, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for _ in range(round(BOOK_WAIT_S / BOOK_POLL_S)):
            try:
                return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await asyncio.sleep(BOOK_POLL_S)
        raise BlockingIOError
    finally:
        os.close(handle)


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="chaupal.rehearsal.provider", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--book", type=Path, required=True, help="the append-only book")
    parser.add_argument("--until-eof", action="store_true", help="end when the input ends")
    chosen = parser.parse_args()
    try:
        uvloop.run(serve(chosen.port, chosen.book, until_eof=chosen.until_eof))
    except BlockingIOError:
        sys.stdout.write(json.dumps({"refused": "book_held"}) + "\n")
        sys.exit("another sandbox holds this book")


if __name__ == "__main__":
    main()
