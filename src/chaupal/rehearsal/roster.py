"""The organisations of the demo and the rehearsals: the same from the same seed, always.

Everything is a stream that computes its rows as it goes, so memory does not grow with the
number of groups or people, and any stream can be opened again from the start.
"""

from chaupal.rehearsal.cooperative import CATEGORIES as DAIRY_CATEGORIES
from chaupal.rehearsal.cooperative import GROUPS, PEOPLE, UNITS, Dairy
from chaupal.rehearsal.cooperative import LEVELS as DAIRY_LEVELS
from chaupal.rehearsal.rajasthan import CATEGORIES, LEVELS, SENDERS, Rajasthan
from chaupal.rehearsal.records import (
    Category,
    Group,
    Level,
    Organisation,
    Person,
    Post,
    Unit,
)

__all__ = [
    "Category",
    "Group",
    "Level",
    "Organisation",
    "Person",
    "Post",
    "Unit",
    "cooperative",
    "rajasthan",
]


def rajasthan(seed: int = 2026, groups: int = 100_000, people: int = 100_000) -> Organisation:
    """Return a party-sized organisation over the whole of Rajasthan, with exactly these numbers.

    Units: state, 7 divisions, 41 districts, then mandals, shakti kendras and booths in
    proportion to `groups` (60,000 in all at 100,000 groups), depth first. `code` is RJ,
    RJ-BKN (division), RJ-BKN-CHU (district), -07 (mandal), -07-S3 (kendra), -07-B023 (booth,
    by the number that its name has).

    Groups: `purpose` is internal for the team of each unit down to the kendra and for booth
    committees, public for each booth's own group and for all category groups, whose members
    are no office-bearers but joined under their occupation by choice. `categories` is empty
    but for category groups, which districts and mandals have, six each, always with a member
    of the state executive among the `admins`. `channel` is sandbox, except the booths' public
    groups in the divisions of Bikaner and Kota: whatsapp, where people relay by hand. `address`
    is the chat in the rehearsal provider for both, so that its book can hold both; `sender` is
    0 to 3. `size` counts members, who are not in the directory.

    People: 1 to 30 are the state executive (their posts are at unit 1), then a convenor for
    every division, district and mandal, then heads of kendras and presidents of booths as far
    as the number reaches, spread evenly, then workers at booths, without a post. `name` is in
    the script of `language`; phones cannot be dialled (`records.phone`).

    Too few groups or people for the tree are refused, saying the least.
    """
    made = Rajasthan(seed, groups, people)
    return Organisation(
        slug="rajasthan",
        type="party",
        name_hi="राजस्थान संगठन (अभ्यास)",
        name_en="Rajasthan Organisation (rehearsal)",
        levels=LEVELS,
        categories=CATEGORIES,
        senders=SENDERS,
        unit_count=made.plan.units,
        group_count=groups,
        person_count=people,
        units=made.units,
        groups=made.groups,
        people=made.people,
    )


def cooperative(seed: int = 2026) -> Organisation:
    """Return an invented milk producers' co-operative: 300 units, 500 groups, 1,000 people.

    Units: the union, 18 collection routes, 281 village societies with invented names. Groups:
    an internal one for every unit, a public one for the first 146 societies, and for each route
    one of each category (members, drivers, quality staff; public, with a board member among the
    admins). All by one sandbox sender. People: 1 to 9 are the board, then a supervisor for each
    route, a secretary for each society, and member producers.
    """
    dairy = Dairy(seed)
    return Organisation(
        slug="dhora-dairy",
        type="cooperative",
        name_hi="धोरा दुग्ध उत्पादक सहकारी संघ (अभ्यास)",
        name_en="Dhora Milk Producers' Co-operative Union (rehearsal)",
        levels=DAIRY_LEVELS,
        categories=DAIRY_CATEGORIES,
        senders=1,
        unit_count=UNITS,
        group_count=GROUPS,
        person_count=PEOPLE,
        units=dairy.units,
        groups=dairy.groups,
        people=dairy.people,
    )
