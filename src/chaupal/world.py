"""The composition root: the only module that reads the environment."""

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import nats
from nats.aio.client import Client as Nats
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from chaupal import engine
from chaupal.engine import ports, supervise
from chaupal.kit.refusals import Invalid, Refused, Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import KEY_BYTES, Sealer

if TYPE_CHECKING:
    from chaupal.kit.db import Conn

POOL_CONNECTIONS = 10
POOL_WAIT_S = 10
NATS_WAIT_S = 15
PORTS_TRIED = 50
# The server sees soon that one of us was killed, and ends what it was doing for it. And it plans
# each statement for the parameters that came: a plan for any parameters takes an array for ten
# long, and joins a batch of hundreds with itself row by row.
SESSION = (
    "-c timezone=UTC -c client_connection_check_interval=1s -c plan_cache_mode=force_custom_plan"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What this installation was told. Secrets have no default and stay out of `repr`.

    Without `database_url` and `nats_url` the embedded engines under `data` are used.
    `relay_steps_s`: how long a relay's reminder, next admin, unit above and every further step
    wait. `trusted_proxies`: the addresses of servers in front of us whose X-Forwarded-For is
    believed. `leases_s`: how long a worker that went quiet keeps a sender or an import, and a
    delivery.
    """

    data: Path
    database_url: str | None = field(repr=False)
    database_owner_url: str | None = field(repr=False)
    nats_url: str | None = field(repr=False)
    sealing_key: bytes | None = field(repr=False)
    public_url: str
    desk_url: str
    host: str
    web_port: int
    edge_port: int
    log_level: str
    relay_steps_s: tuple[int, ...]
    trusted_proxies: tuple[str, ...]
    leases_s: tuple[int, ...]


def settings(environment: Mapping[str, str] = os.environ, *, data: Path | None = None) -> Settings:
    """Read the settings. A secret may stand in a file that `NAME_FILE` names.

    What cannot be read is refused by the name of the setting, never with its value.
    """
    web_port = _number(environment, "CHAUPAL_WEB_PORT", 8000)
    edge_port = _number(environment, "CHAUPAL_EDGE_PORT", 8001)
    host = environment.get("CHAUPAL_HOST", "127.0.0.1")
    return Settings(
        data=(data or Path(environment.get("CHAUPAL_DATA", "data"))).resolve(),
        database_url=_secret(environment, "DATABASE_URL"),
        database_owner_url=_secret(environment, "DATABASE_OWNER_URL"),
        nats_url=_secret(environment, "NATS_URL"),
        sealing_key=_key(environment),
        public_url=environment.get("CHAUPAL_PUBLIC_URL", f"http://{host}:{edge_port}").rstrip("/"),
        desk_url=environment.get("CHAUPAL_DESK_URL", f"http://{host}:{web_port}").rstrip("/"),
        host=host,
        web_port=web_port,
        edge_port=edge_port,
        log_level=environment.get("CHAUPAL_LOG_LEVEL", "info"),
        relay_steps_s=_numbers(environment, "CHAUPAL_RELAY_STEPS_S", (1800, 7200, 14400, 14400)),
        trusted_proxies=tuple(
            filter(None, environment.get("CHAUPAL_TRUSTED_PROXIES", "").replace(" ", "").split(","))
        ),
        leases_s=_numbers(environment, "CHAUPAL_LEASES_S", (15, 60)),
    )


def with_free_ports(settings: Settings, environment: Mapping[str, str] = os.environ) -> Settings:
    """Choose free ports for the pages and the edge, and the addresses that follow from them.

    A port that was asked for by name and is taken is refused; otherwise the next free one does.
    """
    chosen: list[int] = []
    for name, wanted in (
        ("CHAUPAL_WEB_PORT", settings.web_port),
        ("CHAUPAL_EDGE_PORT", settings.edge_port),
    ):
        tries = range(wanted, min(65536, wanted + (1 if name in environment else PORTS_TRIED)))
        free = (port for port in tries if port not in chosen and ports.is_free(port, settings.host))
        found = next(free, None)
        if found is None:
            raise Refused("console.port_taken", port=str(wanted), name=name)
        chosen.append(found)
    web, edge = chosen
    given = environment.get
    return replace(
        settings,
        web_port=web,
        edge_port=edge,
        desk_url=given("CHAUPAL_DESK_URL", f"http://{settings.host}:{web}").rstrip("/"),
        public_url=given("CHAUPAL_PUBLIC_URL", f"http://{settings.host}:{edge}").rstrip("/"),
    )


def for_children(
    settings: Settings, engines: engine.Engines, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment in which our other processes find the same world.

    The owner's address is left out: nothing but a migration needs it.
    """
    named = {
        "DATABASE_URL": engines.program_dsn,
        "NATS_URL": engines.nats_url,
        "CHAUPAL_DATA": str(settings.data),
        "CHAUPAL_HOST": settings.host,
        "CHAUPAL_WEB_PORT": str(settings.web_port),
        "CHAUPAL_EDGE_PORT": str(settings.edge_port),
        "CHAUPAL_PUBLIC_URL": settings.public_url,
        "CHAUPAL_DESK_URL": settings.desk_url,
        "CHAUPAL_LOG_LEVEL": settings.log_level,
        "CHAUPAL_RELAY_STEPS_S": ",".join(map(str, settings.relay_steps_s)),
        "CHAUPAL_TRUSTED_PROXIES": ",".join(settings.trusted_proxies),
        "CHAUPAL_LEASES_S": ",".join(map(str, settings.leases_s)),
    }
    if settings.sealing_key is None:
        named["CHAUPAL_SEALING_KEY_FILE"] = str(settings.data / "sealing.key")
    owner = ("DATABASE_OWNER_URL", "DATABASE_OWNER_URL_FILE", "DATABASE_URL_FILE", "NATS_URL_FILE")
    return {**{k: v for k, v in environment.items() if k not in owner}, **named}


def sealer(settings: Settings) -> Sealer:
    """Return the sealer of this installation.

    An embedded installation makes its own key once, readable by its user alone, beside its
    data; whoever loses it can no longer open any address, so it belongs into the back-up.
    """
    if settings.sealing_key is not None:
        return Sealer(settings.sealing_key)
    if settings.database_url is not None:
        raise Invalid("settings.sealing_key_missing")
    path = settings.data / "sealing.key"
    if not path.exists():
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_bytes(KEY_BYTES).hex())
        try:
            os.link(draft, path)  # the first of two that start at once wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return Sealer(_hex_key(path.read_text(), "sealing.key"))


@asynccontextmanager
async def runtime(
    settings: Settings, *, database_url: str, nats_url: str, connections: int = POOL_CONNECTIONS
) -> AsyncIterator[Runtime]:
    """Connect to both engines, and let go of them at the end.

    Waits for engines that are only just starting, and refuses after some seconds.
    """
    pool: AsyncConnectionPool[Conn] = AsyncConnectionPool(
        database_url,
        connection_class=AsyncConnection,
        min_size=1,
        max_size=connections,
        timeout=POOL_WAIT_S,
        kwargs={"options": SESSION},
        open=False,
    )
    bus = Nats()
    try:
        await _connect(bus, nats_url)
        async with pool:
            yield Runtime(
                pool=pool,
                nats=bus,
                sealer=sealer(settings),
                now=lambda: datetime.now(UTC),
                public_url=settings.public_url,
                desk_url=settings.desk_url,
            )
    finally:
        await bus.close()


async def _connect(bus: Nats, url: str) -> None:
    """Connect within some seconds or refuse; once connected, come back however long it takes."""
    try:
        async with asyncio.timeout(NATS_WAIT_S):
            await bus.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=1)
    except (TimeoutError, OSError, nats.errors.Error) as error:
        raise Unavailable("engine.arrivals_away", kind=type(error).__name__) from error


@asynccontextmanager
async def opened(
    settings: Settings, *, connections: int = POOL_CONNECTIONS
) -> AsyncIterator[Runtime]:
    """Give a runtime on the engines that the settings name, or on the embedded ones.

    Embedded engines that ran before go on afterwards; those that had to be started stop again.
    """
    engines = await asyncio.to_thread(
        engine.start,
        settings.data,
        database_url=settings.database_url,
        database_owner_url=settings.database_owner_url,
        nats_url=settings.nats_url,
    )
    try:
        async with runtime(
            settings,
            database_url=engines.program_dsn,
            nats_url=engines.nats_url,
            connections=connections,
        ) as rt:
            yield rt
    finally:
        await asyncio.to_thread(engine.stop, engines)


def stop_when_told(environment: Mapping[str, str] = os.environ) -> asyncio.Event:
    """Return an event that SIGTERM, Ctrl-C or the supervisor's end sets."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    told = environment.get(supervise.PARENT_VARIABLE)
    if told is not None:
        supervise.watch_parent(int(told), lambda: loop.call_soon_threadsafe(stop.set))
    return stop


def _secret(environment: Mapping[str, str], name: str) -> str | None:
    if f"{name}_FILE" in environment:
        try:
            return Path(environment[f"{name}_FILE"]).read_text().strip()
        except OSError as error:
            raise Invalid("settings.file_unreadable", name=f"{name}_FILE") from error
    return environment.get(name) or None


def _key(environment: Mapping[str, str]) -> bytes | None:
    written = _secret(environment, "CHAUPAL_SEALING_KEY")
    return None if written is None else _hex_key(written, "CHAUPAL_SEALING_KEY")


def _hex_key(written: str, name: str) -> bytes:
    try:
        key = bytes.fromhex(written.strip())
    except ValueError as error:
        raise Invalid("settings.malformed", name=name) from error
    if len(key) != KEY_BYTES:
        raise Invalid("settings.malformed", name=name)
    return key


def _numbers(
    environment: Mapping[str, str], name: str, default: tuple[int, ...]
) -> tuple[int, ...]:
    """Read as many numbers as the default has, with commas between them."""
    if name not in environment:
        return default
    parts = environment[name].split(",")
    if len(parts) != len(default) or not all(p.isascii() and p.isdigit() for p in parts):
        raise Invalid("settings.malformed", name=name)
    return tuple(map(int, parts))


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    written = environment.get(name, str(default))
    if not written.isascii() or not written.isdigit() or int(written) > 65535:
        raise Invalid("settings.malformed", name=name)
    return int(written)
