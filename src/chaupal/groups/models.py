"""A chat group as the directory knows it, and the ways of asking for groups."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from chaupal.kit import digits
from chaupal.organisations.models import UnitId
from chaupal.organisations.scope import INDIA
from chaupal.people.models import PersonId

GroupId = NewType("GroupId", UUID)

NAME_LENGTH = range(1, 301)
ADMINS_AT_ONCE = 10
LARGEST_GROUP = 200_000
# A size that is older than this says little of how many are in a group now.
STALE_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Judged:
    """By which day terms of office and the age of sizes are judged.

    By whole days in India, so that a count and the list behind it say the same all day long.
    """

    today: date
    stale_before: datetime


def judged(now: datetime) -> Judged:
    """Return the day of `now`, and before which moment a size is stale on that day."""
    today = now.astimezone(INDIA).date()
    return Judged(today, datetime.combine(today, time(), INDIA) - STALE_AFTER)


class GroupPurpose(StrEnum):
    """Whom a group is for. A group is one or the other, and a broadcast never mixes them."""

    INTERNAL = "internal"
    PUBLIC = "public"


class GroupChannel(StrEnum):
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"
    MATRIX = "matrix"
    SANDBOX = "sandbox"


# Their chats have numbers, or what the organisation numbers them by.
NUMBERED = frozenset({GroupChannel.WHATSAPP.value, GroupChannel.TELEGRAM.value})


@dataclass(frozen=True, slots=True)
class Category:
    """Something people joined under themselves: an occupation or a role."""

    key: str
    name_hi: str
    name_en: str

    def name(self, language: str) -> str:
        """Return the name in the reader's language."""
        return self.name_hi if language == "hi" else self.name_en


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its place. `size_at` says how old the size is; None means that nobody told."""

    id: GroupId
    name: str
    purpose: GroupPurpose
    channel: GroupChannel
    language: str
    size: int
    size_at: datetime | None
    carries_notice: bool
    archived_at: datetime | None
    unit_id: UnitId
    unit_path: str
    unit_name_hi: str
    unit_name_en: str
    categories: list[str]
    live_admins: int

    def unit_name(self, language: str) -> str:
        """Return the unit's name in the reader's language."""
        return self.unit_name_hi if language == "hi" else self.unit_name_en

    @property
    def key(self) -> "PageKey":
        """Return where the page after this group begins."""
        return PageKey(self.unit_path, self.name, self.id)


@dataclass(frozen=True, slots=True)
class GroupAdmin:
    """Somebody who runs a group; `turn` is the order in which a relay asks them."""

    person_id: PersonId
    name: str = field(repr=False)
    language: str
    turn: int
    since: datetime
    left_at: datetime | None
    executive: bool


class Admins(StrEnum):
    """How many live admins a group has."""

    NONE = "none"
    ONE = "one"
    SEVERAL = "several"


class Sizing(StrEnum):
    """What is known of a group's size: told lately, told too long ago, or never."""

    KNOWN = "known"
    STALE = "stale"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """Which groups somebody asks for. What is None, empty or False narrows nothing.

    `name_contains` is compared by sound, word by word. `without_executive` keeps groups of a
    category that nobody from the top of the organisation helps to run. `size` KNOWN keeps the
    stale ones too: it is every group whose size was told at all.
    """

    unit: UnitId | None = None
    purpose: GroupPurpose | None = None
    category: str | None = None
    channel: GroupChannel | None = None
    language: str | None = None
    name_contains: str = ""
    admins: Admins | None = None
    size: Sizing | None = None
    categorised: bool = False
    without_executive: bool = False
    without_notice: bool = False
    archived: bool = False

    @property
    def is_plain(self) -> bool:
        """Say whether only a unit and a purpose are asked for: such counts are kept ready."""
        return self == GroupFilter(unit=self.unit, purpose=self.purpose)


@dataclass(frozen=True, slots=True)
class PageKey:
    """The last group of a page: the next page begins behind it, whatever is added meanwhile."""

    unit_path: str
    name: str
    id: GroupId


@dataclass(frozen=True, slots=True)
class Belonging:
    """A stretch of time in which a group was in a category. `until` is None while it is."""

    category_key: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class UnitCount:
    """How many groups there are in a unit's whole subtree."""

    unit_id: UnitId
    internal: int
    public: int

    @property
    def total(self) -> int:
        """Return both together."""
        return self.internal + self.public


@dataclass(frozen=True, slots=True)
class ChannelCount:
    """The groups of one channel, and their members as far as anybody told.

    `oldest_size_at` is the age of the oldest size that went into `members`; `unsized` groups
    are in no sum.
    """

    channel: GroupChannel
    groups: int
    members: int
    unsized: int
    oldest_size_at: datetime | None


@dataclass(frozen=True, slots=True)
class Executive:
    """Somebody with a post at the top of the organisation, who may run a category's groups."""

    person_id: PersonId
    name: str = field(repr=False)
    title_hi: str
    title_en: str

    def title(self, language: str) -> str:
        """Return the post's title in the reader's language."""
        return self.title_hi if language == "hi" else self.title_en


def kept_address(address: str, channel: str) -> str:
    """Return a chat's address as it is stored: numbers in plain digits, other names as they are."""
    return digits.plain(address) if channel in NUMBERED else address


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group on its way into the directory. `sender` is None exactly for WhatsApp.

    A WhatsApp chat has no address: it may have a reference of the organisation's own, and gets
    one of ours otherwise. `admins` stand in the order in which they are to be asked.
    """

    unit: UnitId
    name: str
    purpose: GroupPurpose
    channel: GroupChannel
    address: str = field(default="", repr=False)
    sender: UUID | None = None
    language: str = "hi"
    carries_notice: bool = False
    categories: tuple[str, ...] = ()
    admins: tuple[PersonId, ...] = ()
    size: int | None = None
    invite: str | None = field(default=None, repr=False)

    def content(self) -> bytes:
        """Return what a repeated request must have in common with the first."""
        return repr(
            (
                self.unit,
                self.name,
                self.purpose.value,
                self.channel.value,
                self.address,
                self.sender,
                self.language,
                self.carries_notice,
                self.categories,
                self.admins,
                self.size,
                self.invite,
            )
        ).encode()


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What is to hold of a group. `size` None leaves the old one, with its date.

    `invite` None leaves the link, and "" takes it away.
    """

    name: str
    language: str
    carries_notice: bool
    size: int | None = None
    invite: str | None = field(default=None, repr=False)

    def content(self) -> bytes:
        """Return what a repeated request must have in common with the first."""
        return repr(
            (self.name, self.language, self.carries_notice, self.size, self.invite)
        ).encode()
