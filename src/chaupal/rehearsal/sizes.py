"""How many of everything: a wanted number of groups, shared out over the tree exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

from chaupal.kit.refusals import Invalid
from chaupal.rehearsal.places import DISTRICTS, DIVISIONS
from chaupal.rehearsal.records import MOST_PEOPLE

FULL_GROUPS = 100_000
FULL_MANDALS = 1_151
FULL_KENDRAS = 6_800
FULL_BOOTHS = 52_000
CATEGORIES = 6
EXECUTIVE = 30

_UPPER = 1 + len(DIVISIONS) + len(DISTRICTS)
_SMALLEST_TREE = _UPPER + 3 * len(DISTRICTS)
LEAST_GROUPS = _SMALLEST_TREE + len(DISTRICTS)


@dataclass(frozen=True, slots=True)
class Plan:
    """A tree and its groups. `categories` and `committees` count groups; the rest count units."""

    mandals: int
    kendras: int
    booths: int
    categories: int
    committees: int

    @property
    def units(self) -> int:
        """Say how many units the tree has."""
        return _UPPER + self.mandals + self.kendras + self.booths


def plan(groups: int) -> Plan:
    """Choose a tree for exactly `groups` groups, in the proportions of the full one.

    The state, its divisions and districts are always whole, and below each is at least a
    mandal with a kendra with a booth. Every unit down to the kendra has an internal group,
    every booth a public one; then come the category groups, and booth committees take what is
    left. Where there is too little for all category groups, districts' come before mandals'.
    Fewer than it takes for a farmers' group in every district is refused.
    """
    if groups < LEAST_GROUPS:
        raise Invalid("rehearsal.too_few_groups", least=LEAST_GROUPS)
    mandals = max(len(DISTRICTS), FULL_MANDALS * groups // FULL_GROUPS)
    rest = groups - _grounded(mandals)
    full_rest = FULL_GROUPS - _grounded(FULL_MANDALS)
    kendras = max(mandals, rest * FULL_KENDRAS // full_rest)
    booths = max(kendras, rest * FULL_BOOTHS // full_rest)
    left = groups - _UPPER - mandals - kendras - booths
    categories = min(left, CATEGORIES * (len(DISTRICTS) + mandals))
    return Plan(mandals, kendras, booths, categories, left - categories)


def _grounded(mandals: int) -> int:
    """Count the groups that a tree of so many mandals has above its kendras."""
    return _UPPER + mandals + CATEGORIES * (len(DISTRICTS) + mandals)


def check_people(people: int, mandals: int) -> None:
    """Refuse fewer people than the posts that are never vacant, and more than we have numbers."""
    least = EXECUTIVE + len(DIVISIONS) + len(DISTRICTS) + mandals
    if not least <= people <= MOST_PEOPLE:
        raise Invalid("rehearsal.people_out_of_range", least=least, most=MOST_PEOPLE)


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` out by weight: nobody gets less than 1, and the shares add up."""
    spare, whole = total - len(weights), sum(weights)
    assert spare >= 0, "fewer to share than there are who share"
    out, weighed, given = [], 0, 0
    for weight in weights:
        weighed += weight
        upto = spare * weighed // whole
        out.append(1 + upto - given)
        given = upto
    return out


@dataclass(frozen=True, slots=True)
class Spread:
    """Which `chosen` of `total` places are taken, evenly, answered without a list."""

    total: int
    chosen: int

    def rank(self, place: int) -> int | None:
        """Return which of the chosen this place is, counted from 0, or None."""
        before = place * self.chosen // self.total
        return before if (place + 1) * self.chosen // self.total > before else None

    def place(self, rank: int) -> int:
        """Return where the chosen one of this rank is."""
        return -(-(rank + 1) * self.total // self.chosen) - 1
