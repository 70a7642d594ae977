"""How the console answers: refusals in words, engines opened for one command, secrets asked for."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

import typer
from typer.core import TyperGroup

from chaupal import engine, record, world
from chaupal.cli import words
from chaupal.engine import migrate
from chaupal.kit import db, log
from chaupal.kit.refusals import Invalid, Refused, Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.organisations import queries
from chaupal.organisations.models import Organisation
from chaupal.record import Actor

REFUSED_STATUS = 2
PATIENCE_S = 15
T = TypeVar("T")

Which: TypeAlias = Annotated[
    str | None, typer.Option("--organisation", help="Its slug; needless where there is only one.")
]


_language: ContextVar[words.Language] = ContextVar("language", default="en")


class Console(TyperGroup):
    """The whole program. What the rules refuse is said in a line, and never as a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except Refused as refused:
            typer.echo(words.refusal(refused.code, refused.facts, language()), err=True)
            sys.exit(REFUSED_STATUS)


def speak(written: str) -> None:
    """Speak Hindi if `written` begins with hi, as in hi or hi_IN.UTF-8, and English otherwise."""
    _language.set("hi" if written.lower().startswith("hi") else "en")


def language() -> words.Language:
    """Return which language the operator reads."""
    return _language.get()


def say(english: str, hindi: str, **facts: object) -> None:
    """Print a sentence in the operator's language."""
    typer.echo(words.told((english, hindi), language()).format(**facts))


def run(body: Coroutine[Any, Any, T]) -> T:
    """Run a command's body. Its log lines are for programs; only what went wrong is shown."""
    log.configure("error")
    logging.getLogger().setLevel(logging.CRITICAL)  # the refusal says it, in words
    return asyncio.run(body)


@asynccontextmanager
async def opened() -> AsyncIterator[Runtime]:
    """Give a runtime for one command. Engines that had to be started for it stop again.

    An embedded database is brought up to date; another one that is not is refused.
    """
    settings = world.settings()
    engines = await asyncio.to_thread(start, settings)
    try:
        await asyncio.to_thread(bring_up_to_date, settings, engines)
        async with AsyncExitStack() as stack:
            runtime = world.runtime(
                settings, database_url=engines.program_dsn, nats_url=engines.nats_url
            )
            try:
                async with asyncio.timeout(PATIENCE_S):
                    rt = await stack.enter_async_context(runtime)
            except TimeoutError as error:
                raise Unavailable("engine.arrivals_away", kind="TimeoutError") from error
            yield rt
    finally:
        await asyncio.to_thread(engine.stop, engines)


def start(settings: world.Settings) -> engine.Engines:
    """Use the engines that the settings name, or have the embedded ones run."""
    return engine.start(
        settings.data,
        database_url=settings.database_url,
        database_owner_url=settings.database_owner_url,
        nats_url=settings.nats_url,
    )


def bring_up_to_date(settings: world.Settings, engines: engine.Engines) -> None:
    """Migrate the embedded database; refuse another one that lacks migrations."""
    if settings.database_url is None and engines.owner_dsn is not None:
        migrate.migrate(engines.owner_dsn)
        return
    waiting = migrate.pending(engines.program_dsn)
    if waiting:
        raise Refused("console.not_migrated", count=len(waiting))


async def organisation_named(rt: Runtime, slug: str | None) -> tuple[Organisation, Actor]:
    """Return the organisation meant, and the console as who acts in it."""
    async with db.installation(rt.pool) as conn:
        known = await queries.organisations(conn)
    found = [one for one in known if slug in {None, one.slug}]
    if not known:
        raise Refused("console.organisation_missing")
    if not found:
        raise Refused("organisation.not_found", slug=slug)
    if len(found) > 1:
        raise Refused(
            "console.which_organisation",
            slugs=", ".join(organisation.slug for organisation in found),
        )
    return found[0], record.part_of_the_system(found[0].id, "console")


def secret(file: Path | None, prompt: str, *, option: str, confirm: bool = False) -> str:
    """Read a secret from a file or the terminal; it is never an argument, which `ps` shows."""
    if file is None:
        return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=confirm))
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise Invalid("console.file_unreadable", name=option) from error
