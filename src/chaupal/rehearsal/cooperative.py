"""The small organisation beside the large one: an invented milk producers' co-operative."""

from collections.abc import Callable, Iterator
from random import Random

from chaupal.rehearsal import names
from chaupal.rehearsal.places import towns_of
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
from chaupal.rehearsal.sizes import shares

UNION, ROUTE, SOCIETY = range(3)
LEVELS = (
    Level(UNION, "union", "दुग्ध संघ", "Milk Union"),
    Level(ROUTE, "route", "संकलन मार्ग", "Collection Route"),
    Level(SOCIETY, "society", "दुग्ध समिति", "Milk Society"),
)
CATEGORIES = (
    Category("members", "दुग्ध उत्पादक सदस्य", "Member producers"),
    Category("drivers", "वाहन चालक", "Drivers"),
    Category("quality_staff", "गुणवत्ता कर्मी", "Quality staff"),
)
UNITS, GROUPS, PEOPLE = 300, 500, 1_000

_ROUTES = 18
_SOCIETIES = UNITS - 1 - _ROUTES
_BOARD = 9
_SOCIETIES_WITH_PUBLIC_GROUP = GROUPS - UNITS - len(CATEGORIES) * _ROUTES
_ROOTS = towns_of(
    "खेजड़ी/Khejri, रोहिड़ा/Rohida, नीम/Neem, पीपल/Peepal, बेर/Ber, आम/Aam, बरगद/Bargad, "
    "इमली/Imli, केर/Ker, सांगरी/Sangri, बाजरा/Bajra, मोठ/Moth, गेहूं/Gehun, सरसों/Sarson, "
    "तिल/Til, जीरा/Jeera, मोर/Mor, गौरैया/Gauraiya, हंस/Hans, सारस/Saras, चांद/Chand, "
    "तारा/Tara, सूरज/Suraj, धोरा/Dhora"
)
_ENDINGS = towns_of(
    "पुरा/pura, सर/sar, वाली/wali, खेड़ा/kheda, वास/vas, नगर/nagar, गढ़/garh, वाड़ा/wada, "
    "खेड़ी/khedi, देसर/desar, वाला/wala, पुरी/puri"
)


class Dairy:
    """The co-operative's three streams."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        dice = Random(f"{seed}:dairy").random  # noqa: S311 a rehearsal, not a secret
        self._societies = shares(_SOCIETIES, [3 + int(dice() * 4) for _ in range(_ROUTES)])
        self._routes = [unit.number for unit in self.units() if unit.rank == ROUTE]
        self._villages = [unit.number for unit in self.units() if unit.rank == SOCIETY]

    def units(self) -> Iterator[Unit]:
        """Walk the union, each route and its societies."""
        yield Unit(1, None, UNION, "DHORA", "धोरा दुग्ध संघ", "Dhora Milk Union")
        number, village = 1, 0
        for order, societies in enumerate(self._societies, 1):
            number += 1
            route = number
            code = f"DHORA-{order:02d}"
            yield Unit(route, 1, ROUTE, code, f"संकलन मार्ग {order}", f"Collection Route {order}")
            for turn in range(1, societies + 1):
                number += 1
                hi, en = _village(village)
                village += 1
                yield Unit(
                    number,
                    route,
                    SOCIETY,
                    f"{code}-{turn:02d}",
                    f"{hi} दुग्ध समिति",
                    f"{en} Milk Society",
                )

    def groups(self) -> Iterator[Group]:
        """Yield each unit's team, then its public group or its route's category groups."""
        dice = Random(f"{self._seed}:dairy:groups").random  # noqa: S311
        number, route, village = 0, -1, -1
        for unit in self.units():
            route += unit.rank == ROUTE
            village += unit.rank == SOCIETY
            holders = [_BOARD + _ROUTES + 1 + village] if unit.rank == SOCIETY else []
            holders += [_BOARD + 1 + route] if unit.rank != UNION else []
            number += 1
            wording = (f"{unit.name_hi} · टीम", f"{unit.name_en} · Team")
            yield self._group(number, unit, wording, holders, dice)
            if unit.rank == SOCIETY and village < _SOCIETIES_WITH_PUBLIC_GROUP:
                number += 1
                wording = (f"{unit.name_hi} · गाँव समूह", f"{unit.name_en} · Village group")
                yield self._group(number, unit, wording, holders, dice, purpose="public")
            for category in CATEGORIES if unit.rank == ROUTE else ():
                number += 1
                wording = (
                    f"{category.name_hi} · {unit.name_hi}",
                    f"{category.name_en} · {unit.name_en}",
                )
                yield self._group(
                    number, unit, wording, holders, dice, purpose="public", category=category.key
                )

    def people(self) -> Iterator[Person]:
        """Yield the board, the routes' supervisors, the societies' secretaries, the members."""
        dice = Random(f"{self._seed}:dairy:people").random  # noqa: S311
        chair = Post("अध्यक्ष", "Chairperson", 1, "coordinator")
        director = Post("संचालक मंडल सदस्य", "Board Member", 1, "office_bearer")
        for number in range(1, PEOPLE + 1):
            route = number - _BOARD - 1
            village = route - _ROUTES
            if number <= _BOARD:
                yield self._person(number, 1, (chair if number == 1 else director,), dice)
            elif route < _ROUTES:
                unit = self._routes[route]
                post = Post("मार्ग पर्यवेक्षक", "Route Supervisor", unit, "coordinator")
                yield self._person(number, unit, (post,), dice)
            elif village < _SOCIETIES:
                unit = self._villages[village]
                post = Post("समिति सचिव", "Society Secretary", unit, "office_bearer")
                yield self._person(number, unit, (post,), dice)
            else:
                yield self._person(number, self._villages[village % _SOCIETIES], (), dice)

    def _person(
        self, number: int, unit: int, posts: tuple[Post, ...], dice: Callable[[], float]
    ) -> Person:
        return Person(
            number,
            unit,
            names.draw(dice).hi,
            "hi",
            phone(number, cooperative=True),
            address("p", number, seed=self._seed, cooperative=True),
            "membership_form",
            posts,
        )

    def _group(
        self,
        number: int,
        unit: Unit,
        wording: tuple[str, str],
        holders: list[int],
        dice: Callable[[], float],
        *,
        purpose: str = "internal",
        category: str | None = None,
    ) -> Group:
        english = dice() < 0.1
        board = 1 + number % _BOARD
        return Group(
            number,
            unit.number,
            wording[english],
            "en" if english else "hi",
            purpose,
            (category,) if category else (),
            "sandbox",
            0,
            address("sb", number, seed=self._seed, cooperative=True),
            40 + int(dice() ** 2 * (460 if purpose == "public" else 60)),
            (*holders, board) if category or not holders else tuple(holders),
        )


def _village(order: int) -> tuple[str, str]:
    """Name a village: a tree, a grain or a bird, and an ending; each pair once."""
    root, ending = _ROOTS[order % len(_ROOTS)], _ENDINGS[order // len(_ROOTS)]
    return f"{root.name_hi}{ending.name_hi}", f"{root.name_en}{ending.name_en}"
