"""Scanning XML from strangers: expat with bounds, so that no part of it can fill the memory."""

from collections.abc import Iterator
from typing import IO, NoReturn, Protocol
from xml.parsers import expat

CHUNK_BYTES = 64 * 1024
# A part that goes on for so long without an element is one token, and no spreadsheet.
SILENT_BYTES = 4 * 1024 * 1024
DEEPEST = 64
MOST_NAMES = 5_000


class Broken(Exception):
    """This is not how a workbook is written."""


class Beyond(Exception):
    """This is larger, deeper or more various than anything a spreadsheet writes."""


class Reader(Protocol):
    """Takes elements, named without their namespaces, and texts, as they come."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, written: str) -> None: ...


class _Names(dict[str, str]):
    """Names without their namespaces; so many, and not more."""

    def __missing__(self, name: str) -> str:
        if len(self) >= MOST_NAMES:
            raise Beyond("names")
        self[name] = name.rpartition(" ")[2]
        return self[name]


def scanned(stream: IO[bytes], reader: Reader) -> Iterator[None]:
    """Feed a part to `reader`, and come back after each chunk."""
    names, depth, elements = _Names(), 0, 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > DEEPEST:
            raise Beyond("depth")
        if not attributes.keys() <= names.keys():
            for attribute in attributes:
                names[attribute]
        reader.start(names[name], attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        reader.end(names[name])

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_document_types
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = reader.text
    silent_bytes = 0
    while chunk := stream.read(CHUNK_BYTES):
        before = elements
        parser.Parse(chunk, False)
        silent_bytes = 0 if elements > before else silent_bytes + len(chunk)
        if silent_bytes > SILENT_BYTES:
            raise Beyond("token")
        yield
    parser.Parse(b"", True)
    yield


def _no_document_types(*_: object) -> NoReturn:
    raise Broken("a document type")
