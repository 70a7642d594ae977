"""The parts of a workbook: a zip whose size is known before anything of it is unpacked."""

import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from posixpath import join, normpath
from typing import IO, BinaryIO

from chaupal.directory.xlsx.scan import Beyond, Broken, scanned

MOST_PARTS = 10_000
MOST_DIRECTORY_BYTES = 4 * 1024 * 1024
SMALL_BYTES = 16 * 1024 * 1024
TEXTS_BYTES = 512 * 1024 * 1024
SHEET_BYTES = 2 * 1024 * 1024 * 1024

# What `zipfile` raises over a damaged file, besides its own error.
ZIP_ERRORS = (NotImplementedError, OverflowError, RuntimeError, ValueError, struct.error)

# Formats of numbers that show a day, of those that need no declaration (ECMA-376, 18.8.30).
_DATES = frozenset((*range(14, 18), 22, *range(27, 32), 36, *range(50, 55), 57, 58))
# What in a declared format is no code: quoted, escaped, in brackets.
_SAID = re.compile(r'"[^"]*"|\[[^\]]*\]|[\\_*].')

_END, _END_BYTES, _COMMENT_BYTES = b"PK\x05\x06", 22, 65_535
_END64_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_END64, _END64_BYTES = b"PK\x06\x06", 56


class Parts:
    """The parts by name, in whatever capitals."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        if len(archive.filelist) > MOST_PARTS:
            raise Beyond("parts")
        self._archive = archive
        self._parts = {
            entry.filename.replace("\\", "/").lower(): entry for entry in archive.filelist
        }

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._parts

    def part(self, name: str, most_bytes: int) -> IO[bytes]:
        """Open a part; `zipfile` gives no byte more than it declares."""
        entry = self._parts.get(name.lower())
        if entry is None or entry.flag_bits & 1:
            raise Broken("not there, or under a password")
        if entry.file_size > most_bytes:
            raise Beyond(name)
        try:
            return self._archive.open(entry)
        except ZIP_ERRORS as error:
            raise Broken("damaged, or packed in another way") from error


@dataclass(frozen=True, slots=True)
class Book:
    """Which sheets there are, in order, and where the parts lie."""

    parts: dict[str, str]
    shown: list[str]
    texts: str | None
    styles: str | None
    from_1904: bool


@contextmanager
def opened(source: BinaryIO) -> Iterator[Parts]:
    """Open the zip, unless its list of parts alone is too large."""
    if _directory_bytes(source) > MOST_DIRECTORY_BYTES:
        raise Beyond("directory")
    try:
        archive = zipfile.ZipFile(source)
    except ZIP_ERRORS as error:
        raise Broken("damaged") from error
    with closing(archive):
        yield Parts(archive)


def book(parts: Parts) -> Book:
    """Find the sheets and what belongs to them."""
    main = next(iter(_related(parts, "").get("officeDocument", {}).values()), "xl/workbook.xml")
    related = _related(parts, main)
    sheets = related.get("worksheet", {})
    found: dict[str, str] = {}
    shown: list[str] = []
    from_1904 = False

    def element(name: str, attributes: dict[str, str]) -> None:
        nonlocal from_1904
        if name == "workbookPr":
            from_1904 = attributes.get("date1904") in {"1", "true"}
        elif name == "sheet" and (id := _id(attributes)) in sheets:
            title = attributes.get("name", "")
            found[title] = sheets[id]
            if attributes.get("state", "visible") == "visible":
                shown.append(title)

    _each(parts, main, element)
    return Book(
        parts=found,
        shown=shown,
        texts=next(iter(related.get("sharedStrings", {}).values()), None),
        styles=next(iter(related.get("styles", {}).values()), None),
        from_1904=from_1904,
    )


def dates(parts: Parts, book: Book) -> frozenset[int]:
    """Return which styles of cells show a day."""
    declared: dict[str, str] = {}
    formats: list[str] = []
    inside = ""

    def element(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if name == "numFmt":
            declared[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name in {"cellXfs", "cellStyleXfs", "dxfs", "cellStyles"}:
            inside = name
        elif name == "xf" and inside == "cellXfs":
            formats.append(attributes.get("numFmtId", "0"))

    if book.styles is not None and book.styles in parts:
        _each(parts, book.styles, element)
    return frozenset(
        style for style, format in enumerate(formats) if _shows_a_day(format, declared.get(format))
    )


def _shows_a_day(format: str, code: str | None) -> bool:
    if code is None:
        return format.isdigit() and int(format) in _DATES
    letters = _SAID.sub("", code).lower().split(";")[0]
    return any(letter in letters for letter in "dy") and "general" not in letters


def _related(parts: Parts, name: str) -> dict[str, dict[str, str]]:
    """Return the parts that a part names, by what they are to it and by their ids."""
    folder, _, last = name.rpartition("/")
    relations = join(folder, "_rels", f"{last}.rels")
    found: dict[str, dict[str, str]] = {}

    def element(name: str, attributes: dict[str, str]) -> None:
        target = attributes.get("Target", "")
        if name == "Relationship" and target and attributes.get("TargetMode") != "External":
            type = attributes.get("Type", "").rpartition("/")[2]
            path = normpath(join("/", folder, target)).lstrip("/")
            found.setdefault(type, {})[attributes.get("Id", "")] = path

    if relations in parts:
        _each(parts, relations, element)
    return found


def _id(attributes: dict[str, str]) -> str:
    """Return the id of a relation, which stands in one of two namespaces."""
    return next((value for name, value in attributes.items() if name.endswith(" id")), "")


class _Elements:
    """Passes the beginnings of elements on."""

    def __init__(self, element: Callable[[str, dict[str, str]], None]) -> None:
        self.start = element

    def end(self, name: str) -> None: ...
    def text(self, written: str) -> None: ...


def _each(parts: Parts, name: str, element: Callable[[str, dict[str, str]], None]) -> None:
    with parts.part(name, SMALL_BYTES) as stream:
        for _ in scanned(stream, _Elements(element)):
            pass


def _directory_bytes(source: BinaryIO) -> int:
    """Return the size that the list of parts claims; `zipfile` would read it whole."""
    size = source.seek(0, 2)
    source.seek(max(0, size - _END_BYTES - _COMMENT_BYTES - _LOCATOR_BYTES - _END64_BYTES))
    tail = source.read()
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + _END_BYTES:
        raise Broken("cut off")
    locator = end - _LOCATOR_BYTES
    far = locator - _END64_BYTES
    if far >= 0 and tail.startswith(_END64_LOCATOR, locator) and tail.startswith(_END64, far):
        return int.from_bytes(tail[far + 40 : far + 48], "little")
    return int.from_bytes(tail[end + 12 : end + 16], "little")
