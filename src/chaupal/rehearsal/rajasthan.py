"""The large organisation: Rajasthan's tree, the groups that hang on it and the people in it."""

from array import array
from collections.abc import Callable, Iterator
from itertools import count
from random import Random
from typing import NamedTuple

from chaupal.rehearsal import names
from chaupal.rehearsal.places import DISTRICTS, DIVISIONS, STATE, District, Town
from chaupal.rehearsal.records import (
    Category,
    Group,
    Level,
    Person,
    Post,
    Unit,
    address,
    phone,
)
from chaupal.rehearsal.sizes import EXECUTIVE, Spread, check_people, plan, shares

STATE_RANK, DIVISION, DISTRICT, MANDAL, KENDRA, BOOTH = range(6)

LEVELS = (
    Level(STATE_RANK, "state", "राज्य", "State"),
    Level(DIVISION, "division", "संभाग", "Division"),
    Level(DISTRICT, "district", "ज़िला", "District"),
    Level(MANDAL, "mandal", "मंडल", "Mandal"),
    Level(KENDRA, "shakti_kendra", "शक्ति केंद्र", "Shakti Kendra"),
    Level(BOOTH, "booth", "बूथ", "Booth"),
)
CATEGORIES = (
    Category("farmers", "किसान", "Farmers"),
    Category("students", "विद्यार्थी", "Students"),
    Category("women", "महिलाएँ", "Women"),
    Category("traders", "व्यापारी", "Traders"),
    Category("professionals", "पेशेवर", "Professionals"),
    Category("youth_icons", "युवा आइकॉन", "Youth icons"),
)
RELAYED_DIVISIONS = ("BKN", "KOT")

_QUARTERS = (
    Town("नगर", "Nagar"),
    Town("ग्रामीण", "Rural"),
    Town("पूर्व", "East"),
    Town("पश्चिम", "West"),
    Town("उत्तर", "North"),
    Town("दक्षिण", "South"),
    Town("मध्य", "Central"),
)
_EXECUTIVE_TITLES = (
    *[("प्रदेश अध्यक्ष", "State President", "coordinator")],
    *[("प्रदेश संयोजक, संचार", "State Convenor, Communications", "coordinator")],
    *[("प्रदेश सह-संयोजक, संचार", "State Co-convenor, Communications", "coordinator")] * 2,
    *[("प्रदेश उपाध्यक्ष", "State Vice President", "office_bearer")] * 6,
    *[("प्रदेश महामंत्री", "State General Secretary", "office_bearer")] * 4,
    *[("प्रदेश मंत्री", "State Secretary", "office_bearer")] * 8,
    *[("प्रदेश कोषाध्यक्ष", "State Treasurer", "office_bearer")],
    *[("प्रदेश प्रवक्ता", "State Spokesperson", "office_bearer")] * 3,
    *[("प्रदेश कार्यकारिणी सदस्य", "State Executive Member", "office_bearer")] * 4,
)
_OFFICES = {
    DIVISION: ("संभाग संयोजक", "Division Convenor", "coordinator"),
    DISTRICT: ("ज़िला संयोजक", "District Convenor", "coordinator"),
    MANDAL: ("मंडल संयोजक", "Mandal Convenor", "coordinator"),
    KENDRA: ("शक्ति केंद्र प्रमुख", "Shakti Kendra Head", "coordinator"),
    BOOTH: ("बूथ अध्यक्ष", "Booth President", "office_bearer"),
}


class _Kind(NamedTuple):
    """What sort of group: its name in Hindi and English around the unit's, and who it is for."""

    words_hi: str
    words_en: str
    purpose: str
    category: str | None = None
    relayed: bool = False


def _for_categories(words_hi: str, words_en: str) -> tuple[_Kind, ...]:
    return tuple(
        _Kind(f"{c.name_hi} · {words_hi}", f"{c.name_en} · {words_en}", "public", c.key)
        for c in CATEGORIES
    )


_TEAMS = {
    STATE_RANK: _Kind("प्रदेश टीम, {}", "State team, {}", "internal"),
    DIVISION: _Kind("{} टीम", "{} team", "internal"),
    DISTRICT: _Kind("{} ज़िला टीम", "{} District team", "internal"),
    MANDAL: _Kind("{} मंडल टीम", "{} Mandal team", "internal"),
    KENDRA: _Kind("{} टीम", "{} team", "internal"),
    BOOTH: _Kind("{} · बूथ समिति", "{} · Booth committee", "internal"),
}
_PUBLIC = _Kind("{} · जन समूह", "{} · Public group", "public")
_RELAYED = _PUBLIC._replace(relayed=True)
_OF_CATEGORIES = {
    DISTRICT: _for_categories("{} ज़िला", "{} District"),
    MANDAL: _for_categories("{} मंडल", "{} Mandal"),
}
_SMALL, _LARGE = 200, 1024
SENDERS = 4


class Rajasthan:
    """The tree as a few arrays of counts and numbers, and the three streams read from it."""

    def __init__(self, seed: int, groups: int, people: int) -> None:
        self.plan = plan(groups)
        check_people(people, self.plan.mandals)
        self._seed = seed
        self._grow(Random(f"{seed}:tree").random)  # noqa: S311 a rehearsal, not a secret
        self._committees = Spread(self.plan.booths, self.plan.committees)
        self._staff(people)

    def _grow(self, dice: Callable[[], float]) -> None:
        """Share mandals, kendras and booths out, and number every unit depth first."""
        made = self.plan
        self._mandals = shares(made.mandals, [len(district.towns) for district in DISTRICTS])
        self._kendras = array(
            "H", shares(made.kendras, [4 + int(dice() * 5) for _ in range(made.mandals)])
        )
        self._booths = array(
            "H", shares(made.booths, [6 + int(dice() * 4) for _ in range(made.kendras)])
        )
        self._numbers = [array("I") for _ in LEVELS]
        for unit in self.units():
            self._numbers[unit.rank].append(unit.number)

    def _staff(self, people: int) -> None:
        """Decide which posts are filled. The first person of each rank follows from that."""
        self._filled: dict[int, Spread] = {}
        self._first: dict[int, int] = {}
        taken = EXECUTIVE
        for rank in _OFFICES:
            total = len(self._numbers[rank])
            self._first[rank] = taken + 1
            self._filled[rank] = Spread(total, min(total, people - taken))
            taken += self._filled[rank].chosen
        self._first_worker = taken + 1
        self._workers = people - taken

    def units(self) -> Iterator[Unit]:
        """Walk the tree depth first."""
        numbers = count(1)
        mandals, kendras, booths = iter(self._mandals), iter(self._kendras), iter(self._booths)
        state = Unit(next(numbers), None, STATE_RANK, "RJ", STATE.name_hi, STATE.name_en)
        yield state
        for division in DIVISIONS:
            code = f"{state.code}-{division.code}"
            hi, en = f"{division.name_hi} संभाग", f"{division.name_en} Division"
            upper = Unit(next(numbers), state.number, DIVISION, code, hi, en)
            yield upper
            for district in division.districts:
                code = f"{upper.code}-{district.code}"
                hi, en = district.name_hi, district.name_en
                lower = Unit(next(numbers), upper.number, DISTRICT, code, hi, en)
                yield lower
                for order, name in enumerate(_mandal_names(district, next(mandals)), 1):
                    code = f"{lower.code}-{order:02d}"
                    hi, en = name.name_hi, name.name_en
                    mandal = Unit(next(numbers), lower.number, MANDAL, code, hi, en)
                    yield mandal
                    yield from _below(mandal, next(kendras), booths, numbers)

    def groups(self) -> Iterator[Group]:
        """Walk the tree and yield each unit's groups: its team, its public one, its categories."""
        dice = Random(f"{self._seed}:groups").random  # noqa: S311
        at = [-1] * len(LEVELS)
        number = 0
        for unit in self.units():
            at[unit.rank] += 1
            for kind in self._kinds(unit.rank, at):
                number += 1
                yield self._group(number, unit, at, kind, dice)

    def people(self) -> Iterator[Person]:
        """Yield the executive, the office-bearers from the top down, then the workers."""
        dice = Random(f"{self._seed}:people").random  # noqa: S311
        for order, (hi, en, role) in enumerate(_EXECUTIVE_TITLES):
            yield self._person(order + 1, 1, (Post(hi, en, 1, role),), dice)
        for rank, (hi, en, role) in _OFFICES.items():
            filled, numbers = self._filled[rank], self._numbers[rank]
            for order in range(filled.chosen):
                unit = numbers[filled.place(order)]
                posts = (Post(hi, en, unit, role),)
                yield self._person(self._first[rank] + order, unit, posts, dice)
        booths = self._numbers[BOOTH]
        for order in range(self._workers):
            unit = booths[order * len(booths) // self._workers]
            yield self._person(self._first_worker + order, unit, (), dice)

    def _person(
        self, number: int, unit: int, posts: tuple[Post, ...], dice: Callable[[], float]
    ) -> Person:
        name, chance = names.draw(dice), dice()
        english = chance < 0.08
        basis = "membership_form" if chance < 0.8 else "own_page" if chance < 0.9 else "paper"
        return Person(
            number,
            unit,
            name.en if english else name.hi,
            "en" if english else "hi",
            phone(number),
            address("p", number, seed=self._seed),
            basis,
            posts,
        )

    def _kinds(self, rank: int, at: list[int]) -> Iterator[_Kind]:
        """Say which groups the unit has at which the walk stands."""
        index = at[rank]
        if rank < BOOTH or self._committees.rank(index) is not None:
            yield _TEAMS[rank]
        if rank == BOOTH:
            yield _RELAYED if DIVISIONS[at[DIVISION]].code in RELAYED_DIVISIONS else _PUBLIC
        elif rank in _OF_CATEGORIES:
            for order, kind in enumerate(_OF_CATEGORIES[rank]):
                if self._has_category(rank, index, order):
                    yield kind

    def _group(
        self, number: int, unit: Unit, at: list[int], kind: _Kind, dice: Callable[[], float]
    ) -> Group:
        english = dice() < 0.06
        choose = self._category_admins if kind.category else self._admins
        most = _LARGE if kind.purpose == "public" else _SMALL
        return Group(
            number,
            unit.number,
            kind.words_en.format(unit.name_en) if english else kind.words_hi.format(unit.name_hi),
            "en" if english else "hi",
            kind.purpose,
            (kind.category,) if kind.category else (),
            "whatsapp" if kind.relayed else "sandbox",
            None if kind.relayed else number % SENDERS,
            address("sb", number, seed=self._seed),
            40 + int(dice() ** 2 * (most - 39)),
            choose(at, unit.rank, number, dice()),
        )

    def _has_category(self, rank: int, index: int, order: int) -> bool:
        """Say whether there are enough groups for this one: districts first, farmers first."""
        if rank == DISTRICT:
            return order * len(DISTRICTS) + index < self.plan.categories
        districts = len(CATEGORIES) * len(DISTRICTS)
        return districts + index * len(CATEGORIES) + order < self.plan.categories

    def _admins(self, at: list[int], rank: int, number: int, chance: float) -> tuple[int, ...]:
        """Choose one to three people: the unit's own first, then its superiors, nearest first."""
        how_many = 1 if chance < 0.05 else 2 if chance < 0.45 else 3
        found: list[int] = []
        if rank == BOOTH:
            found += self._workers_of(at[BOOTH])
        for above in range(rank, STATE_RANK, -1):
            holder = self._holder(above, at[above])
            if holder:
                found.insert(0 if above == BOOTH else len(found), holder)
        found += (_executive(number), _executive(number + 1), _executive(number + 2))
        return tuple(found[:how_many])

    def _category_admins(
        self, at: list[int], rank: int, number: int, chance: float
    ) -> tuple[int, ...]:
        """Choose the unit's convenor and a member of the state executive, and often one more."""
        found = [self._holder(rank, at[rank]), _executive(number)]
        if chance < 0.5:
            found.append(self._holder(rank - 1, at[rank - 1]))
        return tuple(number for number in found if number)

    def _holder(self, rank: int, index: int) -> int | None:
        order = self._filled[rank].rank(index)
        return None if order is None else self._first[rank] + order

    def _workers_of(self, booth: int) -> list[int]:
        """Return up to two of those who work at this booth."""
        booths = self.plan.booths
        first = -(-booth * self._workers // booths)
        after = -(-(booth + 1) * self._workers // booths)
        return [self._first_worker + order for order in range(first, min(after, first + 2))]


def _executive(number: int) -> int:
    return 1 + number % EXECUTIVE


def _below(
    mandal: Unit, kendras: int, booths: Iterator[int], numbers: Iterator[int]
) -> Iterator[Unit]:
    """Walk what is below a mandal. Booths are counted through the whole mandal."""
    booth = 0
    for order in range(1, kendras + 1):
        code = f"{mandal.code}-S{order}"
        hi = f"{mandal.name_hi} शक्ति केंद्र {order}"
        en = f"{mandal.name_en} Shakti Kendra {order}"
        kendra = Unit(next(numbers), mandal.number, KENDRA, code, hi, en)
        yield kendra
        for _ in range(next(booths)):
            booth += 1
            code = f"{mandal.code}-B{booth:03d}"
            hi, en = f"बूथ {booth}, {mandal.name_hi}", f"Booth {booth}, {mandal.name_en}"
            yield Unit(next(numbers), kendra.number, BOOTH, code, hi, en)


def _mandal_names(district: District, mandals: int) -> Iterator[Town]:
    """Name a district's mandals: a town's own first, then by quarter of the sky."""
    per_town, more = divmod(mandals, len(district.towns))
    for order, town in enumerate(district.towns):
        for turn in range(per_town + (order < more)):
            again, quarter = divmod(turn, len(_QUARTERS))
            suffix = f" {again + 1}" if again else ""
            yield Town(
                f"{town.name_hi} {_QUARTERS[quarter].name_hi}{suffix}",
                f"{town.name_en} {_QUARTERS[quarter].name_en}{suffix}",
            )
