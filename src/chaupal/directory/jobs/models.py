"""An import as work: its stages, how fast it goes, and how long it will take. No I/O here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from chaupal.directory.models import Kind
from chaupal.kit.refusals import Gone, Refused

JobId = NewType("JobId", UUID)

CHUNK_BYTES = 1024 * 1024
FILE_LIMIT_BYTES = 2 * 1024**3
OPEN_LIMIT = 8
ATTEMPTS_LIMIT = 5
NAME_LENGTH = 200
FIRST_REFUSED = 20


class Stage(StrEnum):
    """Where an import stands. After `uploaded` its author says what the columns mean, after
    `checked` whether it shall be; in `mapped` and `ordered` it waits for a worker."""

    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    MAPPED = "mapped"
    CHECKING = "checking"
    CHECKED = "checked"
    ORDERED = "ordered"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({Stage.DONE, Stage.FAILED, Stage.CANCELLED})
WORKED_ON = frozenset({Stage.MAPPED, Stage.CHECKING, Stage.ORDERED, Stage.IMPORTING})
# A file may be mapped anew until it is ordered, and ordered only after a dry run.
MAY_MOVE: Mapping[str, frozenset[Stage]] = {
    "map": frozenset({Stage.UPLOADED, Stage.MAPPED, Stage.CHECKING, Stage.CHECKED}),
    "order": frozenset({Stage.CHECKED}),
    "cancel": frozenset(Stage) - ENDED,
}
# A dry run has not come to its end, so nothing is said of any line yet.
UNTRIED = frozenset({Stage.UPLOADING, Stage.UPLOADED, Stage.MAPPED, Stage.CHECKING})
READING, WRITING = "reading", "writing"
# Writing all rows of a file takes about as long as reading and checking them did.
WRITING_SHARE = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """One import. What a person named, the file and its columns, is sealed."""

    id: JobId
    kind: Kind
    stage: Stage
    sealed_name: bytes | None = field(repr=False)
    sealed_columns: bytes | None = field(repr=False)
    author_id: UUID
    author_label: str
    created_at: datetime
    ordered_at: datetime | None
    ended_at: datetime | None
    bytes: int
    chunks: int
    attempts: int
    began_at: datetime | None
    phase: str | None
    phase_at: datetime | None
    rows: int
    bytes_read: int
    told_at: datetime | None
    check_s: float | None
    checked_rows: int | None
    changes: int | None
    first_refused: Sequence[Any]
    failure: str | None
    facts: Mapping[str, Any]

    def check_move(self, verb: str) -> None:
        """Refuse what cannot be done at this stage."""
        if self.stage not in MAY_MOVE[verb]:
            raise Refused("import.cannot_move", file_stage=self.stage.value)

    def check_report(self, *, there: bool) -> None:
        """Refuse a report that is not there: it was never written yet, or its time is over."""
        if self.stage in UNTRIED:
            raise Refused("import.report_not_yet")
        if not there:
            raise Gone("import.report_gone")

    @property
    def rows_per_s(self) -> float | None:
        """Return how many rows a second this phase does, once that can be said.

        Rows are written while others are still read, and are counted from the beginning.
        """
        began_at = self.began_at if self.phase == WRITING else self.phase_at
        elapsed_s = _between(began_at, self.told_at)
        return self.rows / elapsed_s if elapsed_s and self.rows else None

    @property
    def left_s(self) -> float | None:
        """Return how long it will still take, where that can be said.

        A file is read as fast as it was so far, and rows are written as fast. What an import
        does in between is a rule of thumb: its dry run did as much, but for the writing.
        """
        elapsed_s = _between(self.began_at, self.told_at)
        if elapsed_s is None:
            return None
        if self.phase == READING and self.bytes_read:
            return _rest(elapsed_s, self.bytes_read, self.bytes)
        if self.stage is Stage.CHECKING or not self.checked_rows:
            return None
        assert self.check_s is not None
        assert self.changes is not None
        if self.phase == WRITING and self.rows:
            return _rest(elapsed_s, self.rows, self.changes)
        writing_s = self.check_s * WRITING_SHARE * self.changes / self.checked_rows
        return max(self.check_s + writing_s - elapsed_s, 0.0)

    @property
    def share(self) -> float | None:
        """Return how much of this run is done, from 0 to 1, where that can be said."""
        elapsed_s, left_s = _between(self.began_at, self.told_at), self.left_s
        if not elapsed_s or left_s is None:
            return None
        return min(elapsed_s / (elapsed_s + left_s), 0.99)


def _between(began: datetime | None, until: datetime | None) -> float | None:
    return None if began is None or until is None else (until - began).total_seconds()


def _rest(elapsed_s: float | None, done: int, whole: int) -> float | None:
    """Return how long the rest of something takes that goes on as it did."""
    return elapsed_s * max(whole - done, 0) / done if elapsed_s and done else None


@dataclass(frozen=True, slots=True)
class Columns:
    """What an author said of a file: which sheet, and what each of its headings means."""

    mapping: Mapping[str, str] = field(default_factory=dict, repr=False)
    sheet: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """How far a run has got."""

    phase: str
    rows: int
    bytes_read: int


@dataclass(frozen=True, slots=True)
class FirstRefused:
    """One of the first lines that were refused."""

    line: int
    reason: str
    column: str | None


def name_context(id: UUID) -> str:
    """Return the place for which a file's name is sealed."""
    return f"import_job/{id}/name"


def columns_context(id: UUID) -> str:
    """Return the place for which a mapping is sealed."""
    return f"import_job/{id}/columns"


def chunk_context(id: UUID, position: int) -> str:
    """Return the place for which a piece of a file is sealed."""
    return f"import_chunk/{id}/{position}"


def report_context(id: UUID, position: int) -> str:
    """Return the place for which a piece of a report is sealed."""
    return f"import_report/{id}/{position}"
