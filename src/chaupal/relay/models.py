"""What a relay task is made of, how long each step waits, and what its pages show. No I/O."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chaupal.broadcasts.models import Pictured
from chaupal.kit.ids import OrganisationId

REMINDER, NEXT_ADMIN, ABOVE = 1, 2, 3


class Telling(StrEnum):
    """Whether a person knows of their task."""

    QUEUED = "queued"
    TELLING = "telling"
    TOLD = "told"
    UNTELLABLE = "untellable"
    UNKNOWN = "unknown"
    NEEDLESS = "needless"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long after a task began its steps come.

    A reminder to the same admin, then the next admin, then whoever holds a post at the nearest
    unit upwards, and then one storey further every `further`, until the task closes.
    """

    reminder: timedelta = timedelta(minutes=30)
    next_admin: timedelta = timedelta(hours=2)
    above: timedelta = timedelta(hours=4)
    further: timedelta = timedelta(hours=4)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.reminder < self.next_admin < self.above:
            raise ValueError("each step comes after the one before it")
        if self.further <= timedelta(0):
            raise ValueError("a step further up takes time")

    @classmethod
    def from_seconds(cls, reminder_s: float | None) -> "Patience":
        """Return a patience whose reminder comes after so long, its other steps in proportion."""
        usual = cls()
        if reminder_s is None:
            return usual
        haste = timedelta(seconds=reminder_s) / usual.reminder
        return cls(
            reminder=usual.reminder * haste,
            next_admin=usual.next_admin * haste,
            above=usual.above * haste,
            further=usual.further * haste,
        )

    def wait_after(self, step: int) -> timedelta:
        """Return how long to wait once `step` is done, 0 being the first admin's turn."""
        waits = (
            self.reminder,
            self.next_admin - self.reminder,
            self.above - self.next_admin,
        )
        return waits[step] if step < len(waits) else self.further


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Another task that waits for the same person."""

    title: str
    group_name: str
    url: str


@dataclass(frozen=True, slots=True)
class RelayPage:
    """What an admin sees at their personal link.

    `text` is whole: its label, its body and the group's own short link. `language` is the
    reader's, `text_language` the text's, where the broadcast has none in the reader's.
    """

    organisation: OrganisationId
    organisation_name: str
    language: str
    group_name: str
    title: str
    text: str = field(repr=False)
    text_language: str
    wa_url: str = field(repr=False)
    posted_at: datetime | None
    closes_at: datetime
    others: tuple[OpenTask, ...]
    picture: Pictured | None = None


@dataclass(frozen=True, slots=True)
class WithdrawnPage:
    """What somebody sees who posted a text that was recalled, or saw it and may have."""

    organisation_name: str
    language: str
    group_name: str
    title: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class LinkPage:
    """What a member of a group sees at the group's short link."""

    organisation_name: str
    title: str
    text: str = field(repr=False)
    language: str
    withdrawn: bool
    still: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """How a broadcast's tasks stand that have come to one step."""

    step: int
    tasks: int
    told: int
    opened: int
    posted: int
    verified: int


@dataclass(frozen=True, slots=True)
class SilentLink:
    """A unit whose task nobody has opened: where the chain breaks."""

    task_id: UUID
    group_id: UUID
    group_name: str
    unit_id: UUID
    unit_name_hi: str
    unit_name_en: str
    step: int
    asked: int
    told: int
    closes_at: datetime
