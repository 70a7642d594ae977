"""`chaupal record`: proving that nobody has touched the record."""

import typer

from chaupal import record as entries
from chaupal.cli import console
from chaupal.cli.console import Which, opened, organisation_named, say
from chaupal.kit import db

record = typer.Typer(no_args_is_help=True, help="The record of everything that happened.")


@record.callback()
def _record() -> None:
    """The record of everything that happened."""


@record.command()
def verify(*, organisation: Which = None) -> None:
    """Recompute the whole chain; status 1 if it does not hold."""

    async def body() -> entries.Verdict:
        async with opened() as rt:
            found, _ = await organisation_named(rt, organisation)
            async with db.transaction(rt.pool, found.id) as conn:
                return await entries.verify(conn)

    verdict = console.run(body())
    if verdict.holds:
        say(
            "The chain holds over {entries} entries.",
            "श्रृंखला सभी {entries} प्रविष्टियों पर अटूट है।",
            entries=verdict.entries,
        )
        return
    say(
        "The chain breaks at entry {number} of {entries}: somebody has changed the record.",
        "श्रृंखला {entries} में से प्रविष्टि {number} पर टूटती है: किसी ने अभिलेख बदला है।",
        number=verdict.broken_at,
        entries=verdict.entries,
    )
    raise typer.Exit(1)
