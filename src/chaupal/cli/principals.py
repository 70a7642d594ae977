"""`chaupal breach`: the people who have to be told, as a file."""

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, TextIO

import typer

from chaupal import directory
from chaupal.cli import console
from chaupal.cli.console import Which, opened, organisation_named, say
from chaupal.kit.refusals import Invalid
from chaupal.organisations.scope import INDIA
from chaupal.principals.breach import Question, open_circle
from chaupal.web.language import number

DAY = ("%Y-%m-%d",)


def breach(
    file: Annotated[Path, typer.Argument(help="Where the CSV goes; it must not exist yet.")],
    *,
    unit: Annotated[str | None, typer.Option(help="Everybody under the unit of this code.")] = None,
    account: Annotated[
        str | None, typer.Option(help="Or whom the account of this login could see.")
    ] = None,
    since: Annotated[datetime, typer.Option(formats=[*DAY], help="The first day.")],
    until: Annotated[datetime, typer.Option(formats=[*DAY], help="The last day.")],
    organisation: Which = None,
) -> None:
    """Write who is concerned by a breach, which fields we hold, and what was seen of them."""

    async def body() -> int:
        async with opened() as rt:
            found, actor = await organisation_named(rt, organisation)
            question = Question(
                since=datetime.combine(since.date(), time(), INDIA),
                until=datetime.combine(until.date() + timedelta(days=1), time(), INDIA),
                unit=await directory.unit_with_code(rt, unit, organisation=found.id)
                if unit
                else None,
                login=account,
            )
            circle = await open_circle(rt, question, actor=actor)
            lines = 0
            with _new(file) as out:
                async for line in circle.lines():
                    out.write(line)
                    lines += 1
            return lines - 1

    people = console.run(body())
    say(
        "{people} people are in {file}. They have to be told within 72 hours.",
        "{file} में {people} लोग हैं। इन्हें 72 घंटे में बताना है।",
        people=number(people),
        file=file.name,
    )


def _new(file: Path) -> TextIO:
    """Open a file that only its owner may read; one that exists is refused."""
    try:
        file.touch(mode=0o600, exist_ok=False)
        return file.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise Invalid("console.file_unreadable", name="FILE") from error
