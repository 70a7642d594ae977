"""Reading XLSX as a stream: one sheet, row by row, whatever its size, within firm bounds.

A workbook is a zip of XML (ECMA-376), and it may come from anybody. So: no document types, hence
no entities; parts of a known size; nothing deeper, longer or more various than spreadsheets
write. Memory holds one row and the shared texts. Values come as the spreadsheet would save them
as CSV, but whole: 919876543210 and never 9.19E+11, and dates as 2026-01-31.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from xml.parsers.expat import ExpatError

from chaupal.directory.table import Table
from chaupal.directory.xlsx import package, sheet
from chaupal.directory.xlsx.scan import Beyond, Broken
from chaupal.directory.xlsx.texts import Texts
from chaupal.kit.refusals import Invalid, TooLarge

MARK = b"PK\x03\x04"
# Of .xls, and of workbooks under a password.
OLD_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@contextmanager
def opened(source: BinaryIO, wanted: str | None = None) -> Iterator[Table]:
    """Open a sheet of a workbook: the one that is `wanted`, or the first that is not hidden.

    Refused, here or as it is read: what is no workbook, is cut off or damaged, goes beyond the
    bounds, or has no such sheet. The source stays open for its owner.
    """
    try:
        with package.opened(source) as parts:
            book = package.book(parts)
            chosen = _chosen(book, wanted)
            texts = Texts()
            if book.texts is not None:
                with parts.part(book.texts, package.TEXTS_BYTES) as stream:
                    texts.read(stream)
            with parts.part(book.parts[chosen], package.SHEET_BYTES) as stream:
                cells = sheet.Cells(texts, package.dates(parts, book), from_1904=book.from_1904)
                yield Table(
                    written_as="xlsx",
                    sheets=tuple(book.parts),
                    sheet=chosen,
                    records=sheet.records(stream, cells),
                )
    except Beyond as error:
        raise TooLarge("import.workbook_too_large") from error
    except (Broken, ExpatError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Invalid("import.broken_workbook") from error


def _chosen(book: package.Book, wanted: str | None) -> str:
    if not book.parts:
        raise Broken("no sheet")
    if wanted is None:
        return book.shown[0] if book.shown else next(iter(book.parts))
    for name in book.parts:
        if name.casefold() == wanted.strip().casefold():
            return name
    raise Invalid("import.sheet_unknown", sheet=wanted, sheets=", ".join(book.parts))
