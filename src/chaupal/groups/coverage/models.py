"""What coverage is of a unit with everything below it. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chaupal.organisations.models import UnitId


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of a unit and everything below it, as it was counted.

    A booth is a unit of the deepest level; it is covered by a live public group of its own.
    `members` is the sum of the sizes of the `sized_groups` among the public ones, told between
    the two dates: who is in two groups is in it twice, and who is in an unsized one not at all.
    """

    unit_id: UnitId
    code: str
    name_hi: str
    name_en: str
    path: str
    level_rank: int
    booths: int
    booths_covered: int
    groups: int
    groups_no_admin: int
    groups_one_admin: int
    category_groups: int
    groups_no_executive: int
    public_groups: int
    sized_groups: int
    stale_groups: int
    members: int
    oldest_size_at: datetime | None
    newest_size_at: datetime | None
    by_category: dict[str, int]

    def name(self, language: str) -> str:
        """Return the unit's name in the reader's language."""
        return self.name_hi if language == "hi" else self.name_en

    @property
    def booths_bare(self) -> int:
        """Return how many booths have no live public group."""
        return self.booths - self.booths_covered

    @property
    def unsized_groups(self) -> int:
        """Return of how many public groups nobody told the size."""
        return self.public_groups - self.sized_groups


@dataclass(frozen=True, slots=True)
class Booth:
    """A booth without a live public group, and where it lies."""

    unit_id: UnitId
    code: str
    name_hi: str
    name_en: str
    path: str
    above_hi: str
    above_en: str

    def name(self, language: str) -> str:
        """Return the booth's name in the reader's language."""
        return self.name_hi if language == "hi" else self.name_en

    def above(self, language: str) -> str:
        """Return the name of the unit that the booth lies in."""
        return self.above_hi if language == "hi" else self.above_en


@dataclass(frozen=True, slots=True)
class Counted:
    """When coverage was counted last."""

    counted_at: datetime
    on_day: date


SUMS = (
    "booths",
    "booths_covered",
    "groups",
    "groups_no_admin",
    "groups_one_admin",
    "category_groups",
    "groups_no_executive",
    "public_groups",
    "sized_groups",
    "stale_groups",
    "members",
)


def together(parts: Sequence[Coverage], *, name: str) -> Coverage:
    """Return the coverage of several units of which none lies in another, under one name."""
    oldest = [part.oldest_size_at for part in parts if part.oldest_size_at]
    newest = [part.newest_size_at for part in parts if part.newest_size_at]
    sums = {field: sum(getattr(part, field) for part in parts) for field in SUMS}
    by_category: Counter[str] = Counter()
    for part in parts:
        by_category.update(part.by_category)
    return Coverage(
        unit_id=parts[0].unit_id,
        code="",
        name_hi=name,
        name_en=name,
        path="/",
        level_rank=min(part.level_rank for part in parts),
        oldest_size_at=min(oldest, default=None),
        newest_size_at=max(newest, default=None),
        by_category=dict(by_category),
        **sums,
    )
