"""What an import takes and what it says of each row. No I/O here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID


class Kind(StrEnum):
    """What a file brings."""

    UNITS = "units"
    PEOPLE = "people"
    GROUPS = "groups"
    POSTS = "posts"
    MEMBERSHIPS = "memberships"


class Outcome(StrEnum):
    """How a row ended. Each row ends in exactly one of them."""

    ACCEPTED = "accepted"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a row was refused. The console and the pages put it into words."""

    WRONG_NUMBER_OF_FIELDS = "wrong_number_of_fields"
    MISSING = "missing"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    CONTROL_CHARACTER = "control_character"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_CHOICE = "not_a_choice"
    PHONE_SCIENTIFIC = "phone_scientific"
    PHONE_MALFORMED = "phone_malformed"
    CONSENT_INCOMPLETE = "consent_incomplete"
    SENDER_MISMATCH = "sender_mismatch"
    REPEATED = "repeated"
    OUTSIDE_SCOPE = "outside_scope"
    LEVEL_UNKNOWN = "level_unknown"
    LEVEL_DIFFERS = "level_differs"
    LEVEL_NOT_BELOW_PARENT = "level_not_below_parent"
    SECOND_ROOT = "second_root"
    PARENT_UNKNOWN = "parent_unknown"
    PARENT_DIFFERS = "parent_differs"
    PARENT_CYCLE = "parent_cycle"
    PARENT_REFUSED = "parent_refused"
    UNIT_UNKNOWN = "unit_unknown"
    ADDRESS_REPEATED = "address_repeated"
    ADDRESS_TAKEN = "address_taken"
    ADDRESS_SUPPRESSED = "address_suppressed"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    SENDER_UNKNOWN = "sender_unknown"
    PURPOSE_DIFFERS = "purpose_differs"
    GROUP_ARCHIVED = "group_archived"
    CATEGORY_UNKNOWN = "category_unknown"
    ADMIN_UNKNOWN = "admin_unknown"
    NOT_A_DATE = "not_a_date"
    CODE_SCIENTIFIC = "code_scientific"
    FORMULA_BROKEN = "formula_broken"
    UNIT_ENDED = "unit_ended"
    PERSON_UNKNOWN = "person_unknown"
    ENDS_BEFORE_START = "ends_before_start"
    OFFICE_HELD = "office_held"
    OVERLAPS = "overlaps"
    TOO_MANY_ALIKE = "too_many_alike"
    ADMINISTRATOR_BY_HAND = "administrator_by_hand"
    CHANNEL_EXCLUDED = "channel_excluded"


class Unfit(Exception):
    """One row cannot be read: why, and in which column. Never carries the value.

    `code` is that of a unit whose row is unfit, so that those below it hear the right reason.
    """

    def __init__(self, reason: Reason, column: str = "", *, code: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.column = column
        self.code = code


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit as a file names it. `level` is a level's key, or its name in either language."""

    code: str
    parent_code: str | None
    level: str
    name_hi: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody agreed to, for every address in their row."""

    basis: str
    proof: str
    notice_version: str
    purposes: tuple[str, ...] = ("coordination",)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as a file names them. An address that is None is left as it is."""

    reference: str
    unit_code: str
    name: str = field(repr=False)
    language: str | None = None
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    telegram: str | None = field(default=None, repr=False)
    matrix: str | None = field(default=None, repr=False)
    sandbox: str | None = field(default=None, repr=False)
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as a file names it. What is None is left as it is; `()` empties.

    `admins` are references of people, in the order in which a relay asks them.
    """

    address: str = field(repr=False)
    unit_code: str
    name: str
    purpose: str
    channel: str
    sender: str | None = None
    language: str | None = None
    size: int | None = None
    categories: tuple[str, ...] | None = None
    admins: tuple[str, ...] | None = None
    notice: bool | None = None


class PostRow(NamedTuple):
    """An office of a person at a unit, from a day on. `role` is one of the schema's."""

    id: UUID
    unit_code: str
    reference: str
    role: str
    title_hi: str
    title_en: str
    since: date


@dataclass(frozen=True, slots=True)
class OfficeRow:
    """An office at a unit with one term in it; without a `reference` it is a vacancy.

    `until` is the first day on which the term no longer holds.
    """

    unit_code: str
    role: str
    title_hi: str
    title_en: str
    reference: str | None
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class MembershipRow:
    """A person's own choice of a category, from a day on, and how they made it."""

    reference: str
    category: str
    since: date
    basis: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one kind of file. Of `one_of` at least one is there."""

    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Return every column that such a file may have."""
        return frozenset((*self.needed, *self.optional, *self.one_of))

    @property
    def first(self) -> str:
        """Return the column that a file without a header is told of."""
        return (*self.needed, *self.one_of)[0]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a file, and the column it stands for: `-` for none, None if nobody knows."""

    written: str
    column: str | None


COLUMNS: Mapping[Kind, Columns] = MappingProxyType(
    {
        Kind.UNITS: Columns(("code", "parent_code", "level", "name_hi", "name_en")),
        Kind.PEOPLE: Columns(
            ("reference", "unit_code", "name"),
            (
                "language",
                "phone",
                "email",
                "telegram",
                "matrix",
                "sandbox",
                "consent_basis",
                "consent_proof",
                "notice_version",
                "consent_purposes",
            ),
        ),
        Kind.GROUPS: Columns(
            ("unit_code", "name", "purpose", "channel"),
            ("sender", "language", "size", "categories", "admins", "notice"),
            one_of=("address", "reference"),
        ),
        Kind.POSTS: Columns(
            ("unit_code", "role", "reference", "since"),
            ("until",),
            one_of=("title_hi", "title_en"),
        ),
        Kind.MEMBERSHIPS: Columns(("reference", "category", "since", "basis"), ("until",)),
    }
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one line of the file ended."""

    line: int
    outcome: Outcome
    refusal: Reason | None
    culprit: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows ended in one way, for one reason."""

    outcome: Outcome
    refusal: Reason | None
    rows: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole import. `rows` is the sum of the four outcomes, always."""

    kind: Kind
    accepted: int
    updated: int
    unchanged: int
    refused: int
    reasons: Mapping[Reason, int]
    dry_run: bool

    @property
    def rows(self) -> int:
        """Return how many rows there were."""
        return self.accepted + self.updated + self.unchanged + self.refused


def summary(kind: Kind, tallies: list[Tally], *, staged: int, dry_run: bool) -> Summary:
    """Add up the tallies; rows without an outcome would be a bug, and are one."""
    counts = dict.fromkeys(Outcome, 0)
    reasons: dict[Reason, int] = {}
    for tally in tallies:
        counts[tally.outcome] += tally.rows
        if tally.refusal is not None:
            reasons[tally.refusal] = reasons.get(tally.refusal, 0) + tally.rows
    assert sum(counts.values()) == staged, "every row ends in exactly one way"
    return Summary(
        kind=kind,
        accepted=counts[Outcome.ACCEPTED],
        updated=counts[Outcome.UPDATED],
        unchanged=counts[Outcome.UNCHANGED],
        refused=counts[Outcome.REFUSED],
        reasons=MappingProxyType(reasons),
        dry_run=dry_run,
    )
