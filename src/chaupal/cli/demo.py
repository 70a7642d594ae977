"""`chaupal demo`: a whole organisation, five broadcasts, and the book that proves them."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from chaupal import world
from chaupal.kit import log
from chaupal.kit.refusals import Refused
from chaupal.rehearsal.demo import run
from chaupal.rehearsal.demo.loading import SignIn
from chaupal.rehearsal.demo.progress import Steps

INTERRUPTED_STATUS = 130


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Send, check, report and stop; no browser needed.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as one JSON line, last.")
    ] = False,
    people: Annotated[int, typer.Option(help="People in the first organisation.")] = 100_000,
    groups: Annotated[int, typer.Option(help="Groups in the first organisation.")] = 100_000,
    data: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
) -> None:
    """Load Rajasthan, send five broadcasts and leave the control room open."""
    settings = world.settings(data=data)
    level = "warning" if settings.log_level == "info" else settings.log_level
    log.configure(level)
    wanted = run.Wanted(groups=groups, people=people, once=once)
    try:
        told = asyncio.run(_demo(replace(settings, log_level=level), wanted))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(INTERRUPTED_STATUS) from None
    except BaseExceptionGroup as group:
        if refused := _only_refusal(group):
            raise refused from group
        raise
    if told is not None:
        written = msgspec.json.encode(told)
        typer.echo((written if as_json else msgspec.json.format(written, indent=2)).decode())
        raise typer.Exit(0 if told["book_agrees"] else 1)
    if once:
        raise typer.Exit(INTERRUPTED_STATUS)


def _only_refusal(error: BaseException) -> Refused | None:
    """Return the refusal that is all there is in a group, however deep task groups wrapped it."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error if isinstance(error, Refused) else None


async def _demo(settings: world.Settings, wanted: run.Wanted) -> dict[str, Any] | None:
    steps = Steps()
    with ExitStack() as bars:
        bars.enter_context(steps.shown())
        async with run.demonstration(settings, wanted, steps) as (running, sign_ins):
            if wanted.once:
                return await running.unless_stopped(run.whole_story(running))
            await running.unless_stopped(run.tell_story(running))
            bars.close()
            if not running.stop.is_set():
                _greet(steps, running, sign_ins)
                await running.stop.wait()
            return None


def _greet(steps: Steps, running: run.Running, sign_ins: list[SignIn]) -> None:
    url = running.town.settings.desk_url
    table = Table("organisation", "login", "password", "", title=f"Control room: {url}")
    for account in sign_ins:
        table.add_row(account.organisation, account.login, account.password, account.what)
    steps.console.print(table)
    steps.say(f"Ready {running.ready_s} s after the start.")
    steps.say("Ctrl-C stops everything that this started, and only that.")
