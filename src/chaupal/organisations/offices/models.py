"""What an office and a term in it are, and which terms the rules allow. No I/O here."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NewType
from uuid import UUID

from chaupal.kit.refusals import Invalid, NotAllowed, Refused
from chaupal.organisations.models import RIGHTS, AccountId, Right, Role, Scope, UnitId

OfficeId = NewType("OfficeId", UUID)
TermId = NewType("TermId", UUID)

DAY = timedelta(days=1)
TITLE_LENGTH = range(1, 301)
# Who writes down a beginning or an end long past writes history, and imports it.
LONGEST_BACK = timedelta(days=366)
LONGEST_AHEAD = timedelta(days=366 * 20)


@dataclass(frozen=True, slots=True)
class Titles:
    """What an office is called, in both languages."""

    hi: str
    en: str

    def __post_init__(self) -> None:
        for title in (self.hi, self.en):
            if title != title.strip() or len(title) not in TITLE_LENGTH:
                raise Invalid("office.title_length", longest=TITLE_LENGTH.stop - 1)


@dataclass(frozen=True, slots=True)
class Office:
    """A seat at a unit, whoever sits in it."""

    id: OfficeId
    unit_id: UnitId
    unit_path: str
    at_the_root: bool
    role: Role
    title_hi: str
    title_en: str
    since: date
    abolished_on: date | None

    def title(self, language: str) -> str:
        """Return the title in the reader's language."""
        return self.title_hi if language == "hi" else self.title_en


@dataclass(frozen=True, slots=True)
class Term:
    """Somebody's time in an office. `until` is its last day; none yet where it is open."""

    id: TermId
    office_id: OfficeId
    person_id: UUID | None
    account_id: AccountId | None
    since: date
    until: date | None
    appointed_at: datetime | None
    follows_id: TermId | None

    def holds_on(self, day: date) -> bool:
        """Say whether the office is held by this term on `day`."""
        return self.since <= day and (self.until is None or day <= self.until)

    @property
    def taken_back(self) -> bool:
        """Say whether this term was taken back, and so never had a day."""
        return self.until is not None and self.until < self.since


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who can hold an office, found within what the actor may see."""

    person_id: UUID | None
    account_id: AccountId | None


@dataclass(frozen=True, slots=True)
class NewTerm:
    """When a term is to begin, and its last day if that is known."""

    since: date
    until: date | None = None

    def check(self, *, today: date) -> None:
        """Refuse days in the wrong order, or further away than a slip of the pen explains."""
        if self.until is not None and self.until < self.since:
            raise Invalid("term.ends_before_it_begins")
        for day in (self.since, self.until):
            if day is not None and not today - LONGEST_BACK <= day <= today + LONGEST_AHEAD:
                raise Invalid("term.day_too_far", day=day)


def check_reach(scope: Scope, path: str, role: Role) -> None:
    """Refuse unless the actor manages the unit and holds there every right of `role`.

    Nobody gives a right, or a unit, that they do not have themselves.
    """
    for right in (Right.MANAGE, *sorted(RIGHTS[role])):
        if not scope.covers(path, right):
            raise NotAllowed("access.not_allowed", right=right.value)


def check_free(terms: list[Term], new: NewTerm, *, besides: TermId | None = None) -> None:
    """Refuse a term on whose days somebody else holds the office."""
    for term in terms:
        if term.taken_back or term.id == besides:
            continue
        begins_in_time = new.until is None or term.since <= new.until
        if begins_in_time and (term.until is None or new.since <= term.until):
            if term.until is None:
                raise Refused("office.held", since=term.since)
            raise Refused("term.overlaps", since=term.since, until=term.until)
