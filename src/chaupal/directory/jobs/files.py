"""A file that is kept in sealed pieces, read as if it lay on a disk, a piece at a time."""

import asyncio
import io
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, TypeVar, cast

from chaupal.directory.jobs import queries
from chaupal.directory.jobs.models import CHUNK_BYTES, JobId, chunk_context
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Gone
from chaupal.kit.runtime import Runtime

if TYPE_CHECKING:
    from typing_extensions import Buffer

PIECES_HELD = 3
BUFFER_BYTES = 128 * 1024
PIECE_WAIT_S = 60

T = TypeVar("T")
Fetch: TypeAlias = Callable[[int], bytes]


class Pieces(io.RawIOBase):
    """The pieces of one file, in order. A workbook is read from its end, so one can seek."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._at = 0
        self._held: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """Say that one can read here."""
        return True

    def seekable(self) -> bool:
        """Say that one can go anywhere here."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the file."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        """Return where in the file one is."""
        return self._at

    def readinto(self, buffer: "Buffer") -> int:
        """Read on, to the end of a piece at most."""
        if self._at >= self._size:
            return 0
        position, offset = divmod(self._at, CHUNK_BYTES)
        piece = self._piece(position)
        room = memoryview(buffer)
        part = memoryview(piece)[offset : offset + len(room)]
        room[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _piece(self, position: int) -> bytes:
        if position not in self._held:
            self._held[position] = self._fetch(position)
            while len(self._held) > PIECES_HELD:
                self._held.popitem(last=False)
        self._held.move_to_end(position)
        return self._held[position]


def opened(fetch: Fetch, size: int) -> BinaryIO:
    """Open a file of `size` bytes whose pieces `fetch` gets."""
    return cast("BinaryIO", io.BufferedReader(Pieces(fetch, size), BUFFER_BYTES))


def fetching(rt: Runtime, organisation: OrganisationId, id: JobId) -> Fetch:
    """Return what gets a piece of a job's file, for another thread than this loop's.

    Whoever reads a file waits for its bytes; the loop must not.
    """
    loop = asyncio.get_running_loop()

    def fetch(position: int) -> bytes:
        asked = _piece(rt, organisation, id, position)
        return asyncio.run_coroutine_threadsafe(asked, loop).result(PIECE_WAIT_S)

    return fetch


async def _piece(rt: Runtime, organisation: OrganisationId, id: JobId, position: int) -> bytes:
    async with db.transaction(rt.pool, organisation) as conn:
        piece = await queries.chunk(conn, id, position)
    if piece is None:
        raise Gone("import.file_gone")
    return rt.sealer.unseal_bytes(piece.sealed, chunk_context(id, position))


async def read_aside(
    rt: Runtime,
    organisation: OrganisationId,
    id: JobId,
    size: int,
    read: Callable[[BinaryIO], T],
) -> T:
    """Have a thread read a job's file, while this loop goes on and brings it the pieces."""
    fetch = fetching(rt, organisation, id)

    def reading() -> T:
        with opened(fetch, size) as source:
            return read(source)

    return await asyncio.to_thread(reading)
