"""The texts of a workbook, which its cells share: kept close together, as there may be millions."""

import re
from array import array
from typing import IO

from chaupal.directory.xlsx.scan import Beyond, Broken, scanned

LONGEST_TEXT = 100_000
MOST_TEXT_BYTES = 192 * 1024 * 1024
MOST_TEXTS = 8_000_000
# What XML cannot hold is written _x000D_; halves of letters stay as they are written.
_ESCAPED = re.compile(r"_x(?!D[89A-F])([0-9A-F]{4})_", re.IGNORECASE)


def unescaped(written: str) -> str:
    """Return a text with the letters that XML could not hold."""
    if "_x" not in written:
        return written
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), written)


class Texts:
    """Texts by their number, as UTF-8 in one piece."""

    def __init__(self) -> None:
        self._all = bytearray()
        self._ends = array("L", [0])
        self._parts: list[str] = []
        self._length = 0
        self._taking = self._phonetic = False

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise Broken("no such text")
        return self._all[self._ends[number] : self._ends[number + 1]].decode()

    def read(self, stream: IO[bytes]) -> None:
        """Take in the part that holds them."""
        for _ in scanned(stream, self):
            pass

    def start(self, name: str, _: dict[str, str]) -> None:
        if name == "t":
            self._taking = not self._phonetic
        elif name == "si":
            self._parts, self._length = [], 0
        elif name == "rPh":
            self._phonetic = True

    def text(self, written: str) -> None:
        if self._taking:
            self._length += len(written)
            if self._length > LONGEST_TEXT:
                raise Beyond("text")
            self._parts.append(written)

    def end(self, name: str) -> None:
        if name == "t":
            self._taking = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            self._all += unescaped("".join(self._parts)).encode()
            self._ends.append(len(self._all))
            if len(self._all) > MOST_TEXT_BYTES or len(self._ends) > MOST_TEXTS:
                raise Beyond("texts")
