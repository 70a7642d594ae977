"""The cells of a sheet, row by row, each as the text that a CSV file would hold."""

import re
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import IO

from chaupal.directory.table import Record
from chaupal.directory.xlsx.scan import Beyond, Broken, scanned
from chaupal.directory.xlsx.texts import Texts, unescaped

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
LONGEST_ROW = 1_000_000
LARGEST_EXACT = 10**15  # a spreadsheet keeps fifteen digits

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_DAY_ZERO, _DAY_ZERO_1904 = date(1899, 12, 30), date(1904, 1, 1)
_LAST_DAY = 2_958_465  # 9999-12-31
_NO_LEAP_DAY = 60  # 29 February 1900, which spreadsheets believe in


def records(stream: IO[bytes], cells: "Cells") -> Iterator[Record]:
    """Stream the rows that hold anything, as wide as the first of them at least."""
    width = 0
    for _ in scanned(stream, cells):
        for line, row in cells.finished():
            width = width or len(row)
            yield line, row + [""] * (width - len(row))


class Cells:
    """Makes rows of texts out of what is scanned. `dates` are the styles that show days."""

    def __init__(self, texts: Texts, dates: Collection[int], *, from_1904: bool) -> None:
        self._texts, self._dates, self._from_1904 = texts, dates, from_1904
        self._finished: list[Record] = []
        self._row: list[str] = []
        self._line = self._column = self._length = 0
        self._type = self._style = ""
        self._parts: list[str] = []
        self._taking = self._phonetic = False
        self._letters = _Letters()

    def finished(self) -> list[Record]:
        """Give the rows that have ended since this was asked last."""
        given, self._finished = self._finished, []
        return given

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            place = attributes.get("r")
            self._column = (
                self._column + 1 if place is None else self._letters[place.rstrip("0123456789")]
            )
            self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._parts = []
        elif name in {"v", "t"}:
            self._taking = not self._phonetic
        elif name == "row":
            self._begin(attributes.get("r"))
        elif name == "rPh":
            self._phonetic = True

    def text(self, written: str) -> None:
        if self._taking:
            self._length += len(written)
            if self._length > LONGEST_ROW:
                raise Beyond("row")
            self._parts.append(written)

    def end(self, name: str) -> None:
        if name in {"v", "t"}:
            self._taking = False
        elif name == "c":
            if self._parts:
                self._place(self._value("".join(self._parts)))
        elif name == "row":
            if self._row:
                self._finished.append((self._line, self._row))
        elif name == "rPh":
            self._phonetic = False

    def _begin(self, number: str | None) -> None:
        line = self._line + 1 if number is None else _whole(number)
        if not self._line < line <= MOST_ROWS:
            raise Broken("rows out of order")
        self._line, self._row, self._column, self._length = line, [], 0, 0

    def _place(self, value: str) -> None:
        if not value:
            return
        if not 1 <= self._column <= MOST_COLUMNS:
            raise Broken("no such column")
        self._length += len(value)
        if self._length > LONGEST_ROW:
            raise Beyond("row")
        row = self._row
        row.extend([""] * (self._column - len(row)))
        row[self._column - 1] = value

    def _value(self, written: str) -> str:
        match self._type:
            case "s":
                return self._texts[_whole(written)]
            case "n":
                return self._number(written)
            case "b":
                return "FALSE" if written == "0" else "TRUE"
            case "d" | "e":
                return written
            case _:
                return unescaped(written)

    def _number(self, written: str) -> str:
        if not _NUMBER.fullmatch(written):
            raise Broken("no number")
        if self._style and _whole(self._style) in self._dates:
            return self._day(float(written))
        if written.isdigit() and len(written) <= 15:
            return written
        value = float(written)
        if value.is_integer() and abs(value) < LARGEST_EXACT:
            return str(int(value))
        return repr(value)

    def _day(self, serial: float) -> str:
        if not 1 <= serial < _LAST_DAY + 1:
            return repr(serial)
        days = int(serial)
        if self._from_1904:
            day = _DAY_ZERO_1904 + timedelta(days=min(days, _LAST_DAY - 1462))
        else:
            day = _DAY_ZERO + timedelta(days=days + (days < _NO_LEAP_DAY))
        seconds = round((serial - days) * 86_400)
        if not 0 < seconds < 86_400:
            return day.isoformat()
        return f"{day.isoformat()} {timedelta(seconds=seconds)}"


class _Letters(dict[str, int]):
    """The number of a column by its letters, from 1; 0 if there is none."""

    def __missing__(self, letters: str) -> int:
        number = 0
        if len(letters) <= 3 and letters.isascii() and letters.isalpha():
            for letter in letters.upper():
                number = number * 26 + ord(letter) - 64
            self[letters] = number
        return number


def _whole(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= 9):
        raise Broken("no whole number")
    return int(written)
