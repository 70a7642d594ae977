"""A file as a spreadsheet shows it, whichever program wrote it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

# The line on which it begins, and its fields from the left.
Record: TypeAlias = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: how it was written down, and a stream of its records that are not blank lines."""

    written_as: str
    records: Iterator[Record] = field(repr=False)
    encoding: str | None = None
    separator: str | None = None
    sheets: tuple[str, ...] = ()
    sheet: str | None = None
