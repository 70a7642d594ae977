"""The report of an import: a CSV file with how each line ended, and nothing personal."""

import codecs
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from chaupal.directory import queries
from chaupal.directory.words import OUTCOMES, REASONS
from chaupal.kit import db


@asynccontextmanager
async def kept(path: Path | None) -> AsyncIterator[Path | None]:
    """Give a draft to write to; it takes the place of `path` only if all went well."""
    if path is None:
        yield None
        return
    draft = path.with_name(f".{path.name}.part")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


async def write(conn: db.Conn, path: Path, *, language: str) -> None:
    """Write how each line ended: line, outcome, reason, column, and that in the reader's words.

    Memory does not grow with it.
    """
    said = [
        (code.value, words[language == "hi"])
        for code, words in (*OUTCOMES.items(), *REASONS.items())
    ]
    await queries.stage_words(conn, said)
    with path.open("wb") as file:
        file.write(codecs.BOM_UTF8)
        async for block in queries.verdicts(conn):
            file.write(block)
