"""Reading CSV as spreadsheets write it: a stream of records, each with its line. Pure."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from chaupal.directory.table import Record, Table
from chaupal.kit.refusals import Invalid

SEPARATORS = (",", ";", "\t")
LONGEST_LINE = 1_000_000
# Excel's own way to say in the first line what separates.
_DECLARED = re.compile(r"\ufeff?sep=([,;\t])\r?\n?", re.IGNORECASE)


@contextmanager
def opened(source: BinaryIO) -> Iterator[Table]:
    """Open a file of UTF-8, or UTF-16 with its mark; commas, semicolons or tabs; any line ends.

    Refused as it is read: letters in neither encoding, a quote that never closes, a NUL, a line
    without an end. The source stays open for its owner.
    """
    encoding = _encoding(source)
    stream = io.TextIOWrapper(source, encoding=encoding, errors="strict", newline="")
    try:
        above, header = _header(stream)
        declared = _DECLARED.fullmatch(header)
        if declared:
            above, header = above + 1, _line(stream)
        separator = declared[1] if declared else max(SEPARATORS, key=header.count)
        yield Table(
            written_as="csv",
            encoding=encoding.removesuffix("-sig"),
            separator=separator,
            records=_records(_lines(header, stream), separator, above),
        )
    finally:
        stream.detach()


def _encoding(source: BinaryIO) -> str:
    start = source.read(4)
    source.seek(0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in start:  # UTF-16 without its mark
        raise Invalid("import.encoding")
    return "utf-8-sig"


def _header(stream: io.TextIOWrapper) -> tuple[int, str]:
    """Return how many blank lines there are before the first that is not, and that one."""
    above = 0
    while (line := _line(stream)) and not line.strip():
        above += 1
    return above, line


def _records(lines: Iterator[str], separator: str, above: int) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line = above + 1
    try:
        for record in reader:
            began, line = line, above + reader.line_num + 1
            if record:
                yield began, record
    except csv.Error as error:
        raise Invalid("import.broken_csv", line=line) from error


def _lines(line: str, stream: io.TextIOWrapper) -> Iterator[str]:
    while line:
        if len(line) == LONGEST_LINE:
            raise csv.Error("a line without an end")
        if "\x00" in line:
            raise csv.Error("a NUL")
        yield line
        line = _line(stream)


def _line(stream: io.TextIOWrapper) -> str:
    try:
        return stream.readline(LONGEST_LINE)
    except UnicodeError as error:
        raise Invalid("import.encoding") from error
