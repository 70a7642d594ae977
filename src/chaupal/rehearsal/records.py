"""What an organisation in a rehearsal is made of, and the addresses nobody can be reached at.

Everything refers to everything else by number, counted from 1 within its organisation and kind.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MOST_PEOPLE = 8_999_999
_COOPERATIVE_PHONES = 9_000_000
_ODD = 0x9E3779B97F4B
_MASK_48_BITS = (1 << 48) - 1


@dataclass(frozen=True, slots=True)
class Level:
    """One storey of the tree. Rank 0 is the root."""

    rank: int
    key: str
    name_hi: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Category:
    """Something people joined under themselves: an occupation or a role, never a trait."""

    key: str
    name_hi: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A place in the tree. Numbers run depth first, so a subtree is one range of them."""

    number: int
    parent: int | None
    rank: int
    code: str
    name_hi: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Post:
    """An office at a unit. `role` is one of the schema's post_role."""

    title_hi: str
    title_en: str
    unit: int
    role: str


@dataclass(frozen=True, slots=True)
class Person:
    """A volunteer, by an invented name.

    `basis` says how consent was given, in the schema's words; `chat` is where the rehearsal
    provider reaches them.
    """

    number: int
    unit: int
    name: str = field(repr=False)
    language: str
    phone: str = field(repr=False)
    chat: str
    basis: str
    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A chat group. `admins` are person numbers, in the order in which a relay asks them.

    `sender` counts from 0 and is None exactly where people relay by hand (channel "whatsapp").
    """

    number: int
    unit: int
    name: str
    language: str
    purpose: str
    categories: tuple[str, ...]
    channel: str
    sender: int | None
    address: str
    size: int
    admins: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Organisation:
    """One tenant, as streams that can be opened any number of times and are always the same."""

    slug: str
    type: str
    name_hi: str
    name_en: str
    levels: tuple[Level, ...]
    categories: tuple[Category, ...]
    senders: int
    unit_count: int
    group_count: int
    person_count: int
    units: Callable[[], Iterator[Unit]]
    groups: Callable[[], Iterator[Group]]
    people: Callable[[], Iterator[Person]]


def phone(number: int, *, cooperative: bool = False) -> str:
    """Return a number that reads as Indian, parses as possible, and can never be dialled.

    +91 11 0xx xx xxx: 11 is Delhi's area code, and no subscriber's number there or anywhere in
    India begins with 0, the trunk prefix (National Numbering Plan 2003: exchange codes begin
    with 2 to 6). Mobile numbers will not move here either, as the leading 1 is kept for
    services. That leaves ten million, unique over both organisations.
    """
    return f"+91110{number + cooperative * _COOPERATIVE_PHONES:07d}"


def address(prefix: str, number: int, *, seed: int, cooperative: bool = False) -> str:
    """Return an opaque chat id, unique over both organisations for one prefix and seed.

    Multiplying by an odd number permutes the 48-bit integers, so two numbers never meet.
    """
    turned = (number * 2 + cooperative) * _ODD + seed * 0x5851F42D4C95
    return f"{prefix}:{turned & _MASK_48_BITS:012x}"
