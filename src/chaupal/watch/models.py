"""A text that goes round, what people found of it, and why a group is not noted. No I/O here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from chaupal.kit.refusals import Invalid

ClusterId = NewType("ClusterId", UUID)

NAME_LIMIT_CHARACTERS = 200
TEXT_LIMIT_CHARACTERS = 4_000
LINES_LIMIT = 2_000
LINE_LIMIT_CHARACTERS = 300
# For so long the wording of what was seen is kept; what it is called stays.
TEXT_KEPT = timedelta(days=30)
LONGEST_AGO = timedelta(days=365)


class Verdict(StrEnum):
    FALSE = "false"
    MISLEADING = "misleading"
    UNPROVEN = "unproven"
    TRUE = "true"


class Reason(StrEnum):
    """Why a line names no group that can be noted."""

    UNKNOWN = "unknown"
    SEVERAL = "several"
    ARCHIVED = "archived"
    NO_NOTICE = "no_notice"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was not taken: which, and why."""

    line: int
    written: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Added:
    """What came of a list of groups: all its lines are in one of these."""

    new: int
    known: int
    refused: list[Refusal]


def named(written: str) -> str:
    """Read what a text that goes round is to be called."""
    name = " ".join(written.split())
    if not name or len(name) > NAME_LIMIT_CHARACTERS:
        raise Invalid("cluster.name_malformed", limit=NAME_LIMIT_CHARACTERS)
    return name


def wording(written: str) -> str:
    """Read how it goes; it may be left out."""
    text = written.replace("\r\n", "\n").strip()
    if len(text) > TEXT_LIMIT_CHARACTERS:
        raise Invalid("cluster.text_too_long", limit=TEXT_LIMIT_CHARACTERS)
    return text


def lines_of(written: str) -> list[str]:
    """Read references of groups, one a line."""
    lines = [" ".join(line.split()) for line in written.splitlines()]
    lines = [line for line in lines if line]
    if not lines or len(lines) > LINES_LIMIT:
        raise Invalid("cluster.lines_malformed", limit=LINES_LIMIT)
    return [line[:LINE_LIMIT_CHARACTERS] for line in lines]


def check_seen_at(at: datetime, *, now: datetime) -> None:
    """Refuse a time that cannot be when something was seen."""
    if not now - LONGEST_AGO <= at <= now:
        raise Invalid("cluster.time_malformed", days=LONGEST_AGO.days)
