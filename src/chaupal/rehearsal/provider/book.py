"""The book: an append-only file of everything that anybody received.

A line is in the operating system's hands before its sender is answered, so kill -9 takes
nothing from it. In memory there is one number for each chat (where its newest line is; each
line says where the one before it is) and one for each idempotency key.
"""

import fcntl
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

LINE_LIMIT_BYTES = 1024
DIRECT_LINE_LIMIT_BYTES = 65_536
KEYS_LIMIT = 5_000_000
READ_CHUNK_BYTES = 1 << 20
NOWHERE = -1


class Record(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One message in one chat. Its text is kept only where the chat is a person's own.

    A line that `strikes` another says that its sender has deleted that message: the book itself
    only grows.
    """

    message_id: int
    chat: str
    sha256: str
    by: str
    at: datetime
    before: int = NOWHERE
    key: str | None = None
    text: str | None = None
    failed: bool = False
    strikes: int | None = None


class TooLong(Exception):
    """The chat's id or the key is longer than a line of the book."""


class Book:
    """The open book. One process at a time may hold it."""

    def __init__(self, path: Path) -> None:
        """Open or begin the book at `path`; a line that a crash cut short is struck out."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._newest: dict[str, int] = {}
        self._keys: dict[int, int] = {}
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Record).decode
        self.size_bytes = 0
        self.messages = 0
        for record, offset, end in self._lines(0):
            self._index(record, offset)
            self.size_bytes = end
        os.ftruncate(self._fd, self.size_bytes)

    def close(self) -> None:
        """Put the book away."""
        os.close(self._fd)

    def enter(
        self, chat: str, text: str, *, by: str, key: str | None, failed: bool = False
    ) -> Record:
        """Write one message down, and return when the operating system has it.

        Raises `TooLong` where names or keys would overflow a line; nothing is written then.
        """
        direct = chat.startswith("p:")
        record = Record(
            message_id=self.messages + 1,
            chat=chat,
            sha256=sha256(text.encode()).hexdigest(),
            by=by,
            at=datetime.now(UTC),
            before=self._newest.get(chat, NOWHERE),
            key=key,
            text=text if direct else None,
            failed=failed,
        )
        line = self._encode(record) + b"\n"
        if len(line) > (DIRECT_LINE_LIMIT_BYTES if direct else LINE_LIMIT_BYTES):
            raise TooLong
        self._write(record, line)
        return record

    def strike(self, chat: str, message_id: int, *, by: str) -> bool:
        """Strike a message of this sender out; say whether there was such a one to strike."""
        if not any(r.message_id == message_id and r.by == by for r in self.of(chat)):
            return False
        record = Record(
            message_id=self.messages,
            chat=chat,
            sha256="",
            by=by,
            at=datetime.now(UTC),
            before=self._newest[chat],
            strikes=message_id,
        )
        self._write(record, self._encode(record) + b"\n")
        return True

    def _write(self, record: Record, line: bytes) -> None:
        written = os.write(self._fd, line)
        if written != len(line):
            os.ftruncate(self._fd, self.size_bytes)
            raise OSError("the book's disk is full")
        self._index(record, self.size_bytes)
        self.size_bytes += written

    def find(self, by: str, key: str) -> Record | None:
        """Return what this sender already sent with this key."""
        offset = self._keys.get(hash((by, key)))
        if offset is None:
            return None
        record = self._at(offset)
        return record if (record.by, record.key) == (by, key) else None

    def chats(self) -> list[str]:
        """Return every chat that has a line."""
        return list(self._newest)

    def of(self, chat: str) -> list[Record]:
        """Return what one chat received and still has, oldest first."""
        records: list[Record] = []
        struck: set[int] = set()
        offset = self._newest.get(chat, NOWHERE)
        while offset != NOWHERE:
            record = self._at(offset)
            offset = record.before
            if record.strikes is not None:
                struck.add(record.strikes)
            elif not record.failed and record.message_id not in struck:
                records.append(record)
        records.reverse()
        return records

    def since(self, offset: int) -> Iterator[tuple[Record, int]]:
        """Yield the lines from `offset` on, each with the offset that follows it."""
        for record, _, end in self._lines(offset):
            yield record, end

    def _index(self, record: Record, offset: int) -> None:
        self._newest[record.chat] = offset
        self.messages = record.message_id
        if record.key is not None:
            self._keys[hash((record.by, record.key))] = offset
            if len(self._keys) > KEYS_LIMIT:
                del self._keys[next(iter(self._keys))]

    def _at(self, offset: int) -> Record:
        line, found, _ = os.pread(self._fd, LINE_LIMIT_BYTES, offset).partition(b"\n")
        if not found:
            line = os.pread(self._fd, DIRECT_LINE_LIMIT_BYTES, offset).partition(b"\n")[0]
        return self._decode(line)

    def _lines(self, offset: int) -> Iterator[tuple[Record, int, int]]:
        rest = b""
        while chunk := os.pread(self._fd, READ_CHUNK_BYTES, offset + len(rest)):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                end = offset + len(line) + 1
                yield self._decode(line), offset, end
                offset = end
