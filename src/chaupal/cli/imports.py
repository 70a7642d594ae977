"""`chaupal import`: a CSV or XLSX file into the directory, with what became of each row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from chaupal import directory
from chaupal.cli import console, words
from chaupal.cli.console import Which, opened, organisation_named, say
from chaupal.directory import Kind, Outcome, Summary
from chaupal.directory.staging import Phase
from chaupal.directory.staging import Progress as Reached
from chaupal.directory.words import OUTCOMES, REASONS
from chaupal.kit.refusals import Invalid
from chaupal.web.language import number

PHASES = {
    Phase.READING: ("reading", "पढ़ रहे हैं"),
    Phase.CHECKING: ("checking", "जाँच रहे हैं"),
    Phase.WRITING: ("writing", "लिख रहे हैं"),
}


def import_(
    kind: Annotated[Kind, typer.Argument(help="What the file brings.")],
    file: Annotated[Path, typer.Argument(help="XLSX, or CSV in UTF-8 or UTF-16; , ; or tab.")],
    *,
    organisation: Which = None,
    map: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HEADING=COLUMN",
            help="What a heading stands for, or - to leave it out; remembered. Once for each.",
        ),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="Which sheet of a workbook; its first otherwise.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each row, change nothing.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write how each line ended to this CSV file.")
    ] = None,
) -> None:
    """Import units, people, groups, posts or memberships, and say what became of each row."""
    mapping = dict(map_entry(written) for written in map or ())
    if report is not None and not report.parent.is_dir():
        raise Invalid("console.file_unreadable", name="--report")

    async def body(source: BinaryIO) -> Summary:
        async with opened() as rt:
            _, actor = await organisation_named(rt, organisation)
            with _shown(file.stat().st_size) as progress:
                return await directory.import_file(
                    rt,
                    kind,
                    source,
                    actor=actor,
                    dry_run=dry_run,
                    report_to=report,
                    mapping=mapping,
                    sheet=sheet,
                    language=console.language(),
                    progress=progress,
                )

    with _source(file) as source:
        summary = console.run(body(source))
    _print(summary)


def map_entry(written: str) -> tuple[str, str]:
    """Read HEADING=column; the last `=` counts, as a heading may hold one."""
    heading, equals, column = written.rpartition("=")
    if not equals or not heading.strip() or not column.strip():
        raise Invalid("console.map_malformed")
    return heading, column


@contextmanager
def _source(file: Path) -> Iterator[BinaryIO]:
    try:
        source = file.open("rb")
    except OSError as error:
        raise Invalid("console.file_unreadable", name="FILE") from error
    with source:
        yield source


@contextmanager
def _shown(bytes_in_all: int) -> Iterator[Callable[[Reached], object]]:
    """Show on a terminal how many rows were read, how fast, and how long the rest will take."""
    screen = Console(stderr=True)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[phase]}"),
        BarColumn(),
        TextColumn("{task.fields[rows]}"),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    ) as bar:
        task = bar.add_task("", total=bytes_in_all, phase="", rows="")

        def told(reached: Reached) -> None:
            elapsed_s = bar.tasks[0].elapsed or 0.0
            rows = f"{reached.rows:,.0f}"
            if reached.phase is Phase.READING and elapsed_s > 0:
                rows += f"  {reached.rows / elapsed_s:,.0f}/s"
            bar.update(
                task,
                completed=reached.bytes_read,
                total=bytes_in_all if reached.phase is Phase.READING else None,
                phase=words.told(PHASES[reached.phase], console.language()),
                rows=rows,
            )

        yield told


def _print(summary: Summary) -> None:
    language = console.language()
    if summary.dry_run:
        say("A rehearsal: nothing was changed.", "यह सिर्फ़ अभ्यास था: कुछ बदला नहीं।")
    counts = {
        Outcome.ACCEPTED: summary.accepted,
        Outcome.UPDATED: summary.updated,
        Outcome.UNCHANGED: summary.unchanged,
        Outcome.REFUSED: summary.refused,
    }
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right")
    table.add_column()
    for outcome, rows in counts.items():
        table.add_row(number(rows), words.told(OUTCOMES[outcome], language))
        if outcome is Outcome.REFUSED:
            for reason, refused in sorted(summary.reasons.items(), key=lambda item: -item[1]):
                said = words.told(REASONS[reason], language)
                table.add_row(number(refused), f"  {said} ({reason.value})")
    table.add_row(number(summary.rows), words.told(("rows in all", "कुल पंक्तियाँ"), language))
    Console().print(table)
