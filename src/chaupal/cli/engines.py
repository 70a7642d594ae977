"""Running Chaupal, looking after it, and bringing its database up to date."""

import asyncio
import sys
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from psycopg.conninfo import conninfo_to_dict

from chaupal import engine, world
from chaupal.cli import console
from chaupal.cli.console import say
from chaupal.engine import doctor as medicine
from chaupal.engine import migrate as migrations
from chaupal.engine import nats, postgres
from chaupal.engine.supervise import Child, supervise
from chaupal.kit import log
from chaupal.kit.refusals import Refused
from chaupal.web.language import translations

LOOK_S = 0.1


def up(
    *,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Sending processes.")] = 1,
    data: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
) -> None:
    """Start the engines and Chaupal on them, and keep both running until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        asyncio.run(_up(world.settings(data=data), workers))


async def _up(settings: world.Settings, workers: int) -> None:
    log.configure(settings.log_level)
    stop = asyncio.Event()
    settings = world.with_free_ports(settings)
    say("Starting the engines …", "इंजन चालू हो रहे हैं …")
    engines = await asyncio.to_thread(console.start, settings)
    try:
        await asyncio.to_thread(console.bring_up_to_date, settings, engines)
        world.sealer(settings)  # makes the key, before several processes want it
        keeping = asyncio.create_task(engine.keep(engines, stop))
        keeping.add_done_callback(lambda _: stop.set())  # an engine beyond help ends all
        greeting = asyncio.create_task(_greet(settings))
        environment = world.for_children(settings, engines)
        try:
            await supervise(_children(workers), environment=environment, stop=stop)
        finally:
            stop.set()
            greeting.cancel()
            await keeping
    finally:
        await asyncio.to_thread(engine.stop, engines)
    say("Stopped.", "बंद हुआ।")


def _children(workers: int) -> list[Child]:
    names = ["web", "edge", *("worker" for _ in range(workers))]
    return [Child(name, (sys.executable, "-m", f"chaupal.{name}")) for name in names]


async def _greet(settings: world.Settings) -> None:
    """Say where the control room is, once somebody answers there."""
    while True:
        try:
            _, writer = await asyncio.open_connection(settings.host, settings.web_port)
        except OSError:
            await asyncio.sleep(LOOK_S)
            continue
        writer.close()
        break
    say("The control room is open: {url}", "नियंत्रण कक्ष खुला है: {url}", url=settings.desk_url)
    say(
        "Nobody there yet? `chaupal organisation create`, `chaupal import units`,"
        " `chaupal account create`. Ctrl-C stops everything that this started.",
        "अभी कोई नहीं है? `chaupal organisation create`, `chaupal import units`,"
        " `chaupal account create`। Ctrl-C से वही सब बंद होगा जो इसने शुरू किया।",
    )


def doctor(
    *, data: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None
) -> None:
    """Say in one sentence each what is well, what is wrong, and the mend."""
    settings = world.settings(data=data)
    findings = console.run(_examine(settings))
    gettext = translations(console.language()).gettext
    for finding in findings:
        mark = "✓" if finding.ok else "✗"
        typer.echo(f"{mark} {medicine.sentence(finding, gettext)}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


async def _examine(settings: world.Settings) -> list[medicine.Finding]:
    database = None if settings.database_url else postgres.running(settings.data)
    broker = None if settings.nats_url else nats.running(settings.data)
    return await medicine.examine(
        settings.data,
        program_dsn=database.program_dsn if database else settings.database_url,
        nats_url=broker.url if broker else settings.nats_url,
        assets=Path(str(files("chaupal.web"))) / "static",
        now=lambda: datetime.now(UTC),
    )


def migrate(
    *, data: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None
) -> None:
    """Bring the database up to date. Any number may run this at once."""
    settings = world.settings(data=data)
    log.configure("error")
    engines = console.start(settings)
    try:
        if engines.owner_dsn is None:
            raise Refused("console.owner_missing")
        password = conninfo_to_dict(engines.program_dsn).get("password")
        applied = migrations.migrate(
            engines.owner_dsn, program_password=None if password is None else str(password)
        )
    finally:
        engine.stop(engines)
    for name in applied:
        typer.echo(name)
    say("The database is up to date.", "डेटाबेस अद्यतन है।")


def version() -> None:
    """Print the version."""
    typer.echo(version_of("chaupal"))
