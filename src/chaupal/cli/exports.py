"""`chaupal export`: everything of one kind as a CSV file that an import takes again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from chaupal import directory
from chaupal.cli import console
from chaupal.cli.console import Which, opened, organisation_named, say
from chaupal.directory import Kind
from chaupal.kit.refusals import Invalid


def export(
    kind: Annotated[Kind, typer.Argument(help="What is wanted.")],
    file: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    *,
    organisation: Which = None,
    unmask: Annotated[
        bool, typer.Option("--unmask", help="Write addresses whole. The record says that you did.")
    ] = False,
) -> None:
    """Export units, people, groups, posts or memberships, in the columns that an import takes."""

    async def body(target: BinaryIO) -> None:
        async with opened() as rt:
            _, actor = await organisation_named(rt, organisation)
            async for piece in await directory.export(rt, kind, actor=actor, unmask=unmask):
                target.write(piece)

    with _target(file) as target:
        console.run(body(target))
    say("Written to {file}.", "{file} में लिखा गया।", file=file.name)


@contextmanager
def _target(file: Path) -> Iterator[BinaryIO]:
    """Give a draft that only its owner can read; it takes the place of `file` if all went well."""
    draft = file.with_name(f".{file.name}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as target:  # noqa: PTH123  (it is a descriptor)
            yield target
        draft.replace(file)
    except OSError as error:
        raise Invalid("console.file_unwritable", name="FILE") from error
    finally:
        draft.unlink(missing_ok=True)
