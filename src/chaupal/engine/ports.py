"""Ports on loopback that are still ours after a restart.

A port that the system hands out by itself may be on loan to anybody's outgoing connection by the
time its server comes back. Linux lends from 32,768 up and macOS from 49,152, so ours lie below.
"""

import random
import socket

from chaupal.kit.refusals import Unavailable

LOOPBACK = "127.0.0.1"
FIRST, PAST_LAST = 20_000, 32_768
TRIED = 200


def free() -> int:
    """Return a port that nobody listens on and no outgoing connection is given."""
    for port in random.sample(range(FIRST, PAST_LAST), TRIED):
        if is_free(port):
            return port
    raise Unavailable("engine.no_free_port")


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Say whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
