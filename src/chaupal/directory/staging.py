"""What every import does around its own statements: lines in batches, progress, a way to stop."""

import asyncio
import queue
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import BinaryIO, Generic, Literal, TypeAlias, TypeVar

from chaupal.directory.models import Unfit
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Refused
from chaupal.kit.sealing import Sealer

PROGRESS_ROWS = 5000
BATCHES_AHEAD = 6
STOP_LOOK_S = 0.01
EVERYWHERE = ("/",)

R = TypeVar("R")
T = TypeVar("T")
# A line of the file with its row, or with why it cannot be read.
Line: TypeAlias = tuple[int, R | Unfit]


class Phase(StrEnum):
    """How far an import is: the file is read, its rows are judged, what stands is taken over."""

    READING = "reading"
    CHECKING = "checking"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is. `rows` counts from nothing again while they are written."""

    phase: Phase
    rows: int
    bytes_read: int


def unwatched(_: Progress) -> None:
    """Take no notice of progress."""


def never() -> bool:
    """Go on to the end."""
    return False


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of the file from `first` to `last`, both of them included."""

    first: int
    last: int


@dataclass(slots=True)
class Watch:
    """Who is told of progress, and who may stop an import before its end."""

    told: Callable[[Progress], object] = unwatched
    cancelled: Callable[[], bool] = never
    source: BinaryIO | None = None
    _phase: Phase = Phase.READING
    _rows: int = 0

    def reached(self, phase: Phase, rows: int = 0) -> None:
        """Say how far we are. Stops here, all undone, if somebody wants that."""
        if self.cancelled():
            raise Refused("import.cancelled")
        self._rows = rows if phase is not self._phase else self._rows + rows
        self._phase = phase
        bytes_read = 0 if self.source is None or self.source.closed else self.source.tell()
        self.told(Progress(phase, self._rows, bytes_read))


@dataclass(frozen=True, slots=True)
class Pace:
    """How much at once. What becomes of a row never depends on it.

    `batch_rows` are read and staged at a time. Rows are judged when `checked_rows` more are
    staged, and more of them the longer the file is, as each time they are held against all before
    them. `written_lines` are taken over by one set of statements: what triggers collect of it
    stays small, and meanwhile the next batches are read.
    """

    batch_rows: int = 10_000
    checked_rows: int = 250_000
    checked_share: float = 0.5
    written_lines: int = 50_000


@dataclass(frozen=True, slots=True)
class Task:
    """What a load has to know. `roots` are the paths below which it may write at all.

    Where `judged_only` is set, nothing needs to be taken over: it would be undone.
    """

    organisation: OrganisationId
    sealer: Sealer = field(repr=False)
    now: datetime
    roots: Sequence[str] = EVERYWHERE
    watch: Watch = field(default_factory=Watch)
    judged_only: bool = False
    pace: Pace = field(default_factory=Pace)


def counted(lines: Iterable[R], watch: Watch) -> Iterator[R]:
    """Pass lines on, telling from time to time how many there were."""
    for number, line in enumerate(lines, 1):
        if number % PROGRESS_ROWS == 0:
            watch.reached(Phase.READING, PROGRESS_ROWS)
        yield line


class Ahead(Generic[T]):
    """Batches that a thread prepares ahead of whoever takes them, though never many."""

    def __init__(
        self, lines: Iterable[R], prepare: Callable[[Sequence[R]], T], batch_rows: int
    ) -> None:
        self._batch_rows = batch_rows
        self._ready: queue.Queue[T | BaseException | None] = queue.Queue(maxsize=BATCHES_AHEAD)
        self._stopped = False
        self._filling = asyncio.ensure_future(asyncio.to_thread(self._fill, iter(lines), prepare))

    def _fill(self, lines: Iterator[R], prepare: Callable[[Sequence[R]], T]) -> None:
        try:
            while not self._stopped and (batch := list(islice(lines, self._batch_rows))):
                self._ready.put(prepare(batch))
            self._ready.put(None)
        except BaseException as error:  # noqa: BLE001  (it is raised where batches are taken)
            self._ready.put(error)

    async def next(self, *, patient: bool) -> T | Literal[False] | None:
        """Return the next batch, or None at the end; False if there is none yet and no patience."""
        try:
            found = self._ready.get_nowait()
        except queue.Empty:
            if not patient:
                return False
            found = await asyncio.to_thread(self._ready.get)
        if isinstance(found, BaseException):
            raise found
        return found

    async def stop(self) -> None:
        """Return once nobody reads the lines any more."""
        self._stopped = True
        while not self._filling.done():
            with suppress(queue.Empty):
                self._ready.get_nowait()
            await asyncio.wait([self._filling], timeout=STOP_LOOK_S)


@asynccontextmanager
async def ahead(
    lines: Iterable[R], prepare: Callable[[Sequence[R]], T], pace: Pace
) -> AsyncGenerator[Ahead[T]]:
    """Prepare lines in a thread, some batches ahead: the loop goes on, and PostgreSQL works on
    what is there while we read what comes next. Memory is bounded by the batches."""
    batches = Ahead(lines, prepare, pace.batch_rows)
    try:
        yield batches
    finally:
        await batches.stop()


_SPECIAL = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
NULL = r"\N"


def cell(text: str | None) -> str:
    """Write a value as COPY reads it in its text format."""
    if text is None:
        return NULL
    if text.isprintable() and "\\" not in text:
        return text
    return text.translate(_SPECIAL)
