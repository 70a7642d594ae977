"""How units may change, and what held when: the rules of the tree. No I/O here."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from chaupal.kit.refusals import Invalid, NotAllowed, Refused
from chaupal.organisations.models import Right, Scope, Unit, UnitId

# Since this day means: for as long as we know.
EVER = date(1, 1, 1)
NAME_LIMIT_CHARACTERS = 300
CODE_LIMIT_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Placed(Unit):
    """A unit with the day since which it stands as it does, and the first on which it was gone."""

    since: date
    ended_on: date | None

    @property
    def is_root(self) -> bool:
        """Say whether nothing is above it."""
        return self.parent_id is None


@dataclass(frozen=True, slots=True)
class Weight:
    """What hangs at a unit and below it, today. `units` counts the unit itself."""

    units: int
    people: int
    internal_groups: int
    public_groups: int

    @property
    def groups(self) -> int:
        """Return how many groups there are, of either purpose."""
        return self.internal_groups + self.public_groups


@dataclass(frozen=True, slots=True)
class Spell:
    """A time during which a unit had the same name and hung at the same place.

    `until` is the first day on which something else held. The names above are those of today.
    """

    since: date
    until: date | None
    parent_id: UnitId | None
    parent_name_hi: str | None
    parent_name_en: str | None
    name_hi: str
    name_en: str

    def name(self, language: str) -> str:
        """Return what it was called, in the reader's language."""
        return self.name_hi if language == "hi" else self.name_en

    def parent_name(self, language: str) -> str | None:
        """Return what the unit above is called, in the reader's language."""
        return self.parent_name_hi if language == "hi" else self.parent_name_en

    def goes_on_as(self, later: "Spell") -> bool:
        """Say whether nothing changed from this spell to the next: a move that was taken back."""
        return self.until == later.since and (self.parent_id, self.name_hi, self.name_en) == (
            later.parent_id,
            later.name_hi,
            later.name_en,
        )


class Kind(StrEnum):
    MERGED = "merged"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Succession:
    """What became of a unit, or where it came from. `other` is the unit at the other end."""

    kind: Kind
    on_day: date
    forward: bool
    other_id: UnitId
    other_code: str
    other_name_hi: str
    other_name_en: str

    def other_name(self, language: str) -> str:
        """Return what the other unit is called, in the reader's language."""
        return self.other_name_hi if language == "hi" else self.other_name_en


@dataclass(frozen=True, slots=True)
class Then:
    """A unit as it was on a day. `still` says that today it is there and hangs at the same unit."""

    id: UnitId
    code: str
    level_rank: int
    name_hi: str
    name_en: str
    path: str
    still: bool

    def name(self, language: str) -> str:
        """Return what it was called, in the reader's language."""
        return self.name_hi if language == "hi" else self.name_en


@dataclass(frozen=True, slots=True)
class Names:
    """What a unit is to be called, in both languages."""

    hi: str
    en: str

    def check(self) -> None:
        """Refuse what is no name."""
        for name in (self.hi, self.en):
            if not name.strip():
                raise Invalid("unit.name_missing")
            if len(name) > NAME_LIMIT_CHARACTERS:
                raise Invalid("unit.name_too_long", limit=NAME_LIMIT_CHARACTERS)


def joined(spells: list[Spell]) -> list[Spell]:
    """Return spells in order, with those made one between which nothing changed."""
    told: list[Spell] = []
    for spell in spells:
        if told and told[-1].goes_on_as(spell):
            told[-1] = replace(spell, since=told[-1].since)
        else:
            told.append(spell)
    return told


def check_code(code: str) -> None:
    """Refuse what is no code of a unit."""
    if not code or len(code) > CODE_LIMIT_CHARACTERS or not code.isprintable():
        raise Invalid("unit.code_malformed", limit=CODE_LIMIT_CHARACTERS)


def check_day(on_day: date, *, today: date, earliest: date) -> None:
    """Refuse a day that is still to come, or on which something else is known to have held."""
    if on_day > today:
        raise Invalid("unit.day_ahead")
    if on_day < earliest:
        raise Invalid("unit.day_too_early", earliest=earliest)


def check_hand(scope: Scope, *paths: str) -> None:
    """Refuse unless `scope` administers every one of these places."""
    if not all(scope.covers(path, Right.MANAGE) for path in paths):
        raise NotAllowed("access.not_allowed", right=Right.MANAGE.value)


def check_live(unit: Placed) -> None:
    """Refuse a unit that is no more."""
    if unit.ended_on is not None:
        raise Refused("unit.ended", unit=unit.code, day=unit.ended_on)


def check_hangs(unit: Unit, parent: Unit) -> None:
    """Refuse a place for a unit that would not make a tree. Levels may be left out."""
    if parent.path.startswith(unit.path):
        raise Refused("unit.under_itself")
    if parent.level_rank >= unit.level_rank:
        raise Refused("unit.level_not_below")


def last_day_before(on_day: date) -> date:
    """Return the last day of what was over on `on_day`."""
    return on_day - timedelta(days=1) if on_day > EVER else on_day
