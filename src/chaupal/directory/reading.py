"""Reading a file as spreadsheets write it: a stream of rows under our own columns. Pure.

A file that is broken as a whole is refused; a row that is broken by itself is left to the row.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, TypeAlias

from chaupal.directory import delimited, headings, xlsx
from chaupal.directory.models import COLUMNS, Heading, Kind
from chaupal.directory.table import Table
from chaupal.kit.refusals import Invalid

PREVIEW_ROWS = 5

Pick: TypeAlias = Callable[[list[str]], dict[str, str] | None]


@dataclass(slots=True)
class Row:
    """The fields of one row by column, or None where their number is wrong."""

    line: int
    written: dict[str, str] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a file, and what its headings seem to mean.

    `missing` are the columns of ours that no heading stands for yet.
    """

    written_as: str
    encoding: str | None
    separator: str | None
    sheets: tuple[str, ...]
    sheet: str | None
    headings: tuple[Heading, ...]
    missing: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)


def rows(
    source: BinaryIO,
    kind: Kind,
    *,
    mapping: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> Iterator[Row]:
    """Stream the rows of a file whose header is right; blank rows are none.

    CSV and XLSX are told apart by their first bytes. `mapping` goes from headings of the file
    to columns, or to `-` for a column that is left out; `sheet` is one of a workbook, whose
    first is read otherwise. Refused: a file that cannot be read to its end, and columns that
    are forbidden, unknown, missing or there twice.
    """
    with _opened(source, sheet) as table:
        header = _header(table)
        if header is None:
            raise Invalid("import.missing_column", column=COLUMNS[kind].first)
        columns = headings.columns(header, kind, mapping)
        pick = _picker(header, columns)
        width = len(columns)
        for line, record in table.records:
            if not (record[0].strip() or any(map(str.strip, record))):
                continue
            if len(record) == width:
                yield Row(line, pick(record))
            else:
                yield Row(line, None)


def preview(
    source: BinaryIO,
    kind: Kind,
    *,
    mapping: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> Preview:
    """Return what a person needs to see before they say what each heading means."""
    with _opened(source, sheet) as table:
        header = _header(table) or []
        shown = headings.suggested(header, kind, mapping)
        first = islice((record for _, record in table.records if any(record)), PREVIEW_ROWS)
        return Preview(
            written_as=table.written_as,
            encoding=table.encoding,
            separator=table.separator,
            sheets=table.sheets,
            sheet=table.sheet,
            headings=tuple(shown),
            missing=tuple(headings.missing([head.column for head in shown], COLUMNS[kind])),
            rows=tuple(map(tuple, first)),
        )


def header_of(source: BinaryIO, *, sheet: str | None = None) -> tuple[str, ...]:
    """Return the headings of a file alone."""
    with _opened(source, sheet) as table:
        return tuple(_header(table) or ())


def _opened(source: BinaryIO, sheet: str | None) -> AbstractContextManager[Table]:
    source.seek(0)
    start = source.read(8)
    source.seek(0)
    if start.startswith(xlsx.OLD_MARK):
        raise Invalid("import.old_workbook")
    if start.startswith(xlsx.MARK):
        return xlsx.opened(source, sheet)
    if sheet is not None:
        raise Invalid("import.sheet_unknown", sheet=sheet, sheets="–")
    return delimited.opened(source)


def _header(table: Table) -> list[str] | None:
    for _, record in table.records:
        if any(map(str.strip, record)):
            return record
    return None


def _picker(header: Sequence[str], columns: Sequence[str | None]) -> Pick:
    """Return what makes the wanted fields of a record out of it.

    Below a blank heading nothing may stand: it would be lost in silence.
    """
    named = [column for column in columns if column is not None]
    if len(named) == len(columns):
        return lambda record: dict(zip(named, record, strict=True))
    wanted = [place for place, column in enumerate(columns) if column is not None]
    blank = [place for place, written in enumerate(header) if not written.strip()]

    def pick(record: list[str]) -> dict[str, str] | None:
        if any(record[place].strip() for place in blank):
            return None
        return {column: record[place] for column, place in zip(named, wanted, strict=True)}

    return pick
