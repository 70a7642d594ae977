"""What is kept of a person in all the features, and what stands in the way of erasing them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chaupal.organisations.models import Scope
from chaupal.people.models import ConsentAct, ContactChannel, MaskedContact, Purpose, Whereabouts


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A term of office. `until` is its last day."""

    id: UUID
    title_hi: str
    title_en: str
    office_id: UUID
    unit_id: UUID
    unit_path: str
    unit_name_hi: str
    unit_name_en: str
    since: date
    until: date | None

    def current(self, today: date) -> bool:
        """Say whether the term runs, or is still to begin."""
        return self.until is None or self.until >= today


@dataclass(frozen=True, slots=True)
class Seat:
    """A group that a person runs, or has run. `alone`: nobody else runs it now."""

    group_id: UUID
    unit_path: str
    name: str
    since: datetime
    left_at: datetime | None
    alone: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """A category that a person has chosen."""

    key: str
    name_hi: str
    name_en: str
    since: date
    until: date | None
    basis: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A task that a person was asked to do in a group."""

    title: str
    group_name: str
    unit_path: str
    told_at: datetime | None
    opened_at: datetime | None
    posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Seen:
    """That somebody saw a number whole, or handed out a link: when and what for, not who."""

    at: datetime
    kind: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How much of a person lies outside of what somebody sees. `in_the_way` of erasing them."""

    posts: int = 0
    groups: int = 0
    tasks: int = 0
    in_the_way: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything that is kept of one person, addresses masked.

    To those who see only a part of the organisation, `elsewhere` says how much is not told.
    """

    organisation_name_hi: str
    organisation_name_en: str
    person: Whereabouts
    contacts: Sequence[MaskedContact]
    consents: Sequence[tuple[Purpose, ContactChannel, ConsentAct | None]]
    history: Sequence[ConsentAct]
    posts: Sequence[HeldPost]
    seats: Sequence[Seat]
    categories: Sequence[Joined]
    tasks: Sequence[Asked]
    seen: Sequence[Seen]
    login: str | None
    elsewhere: Elsewhere = Elsewhere()

    def within(self, scope: Scope, *, today: date) -> "Kept":
        """Return what somebody may see of it: offices and groups outside only as numbers."""
        posts = [post for post in self.posts if scope.covers(post.unit_path)]
        seats = [seat for seat in self.seats if scope.covers(seat.unit_path)]
        tasks = [task for task in self.tasks if scope.covers(task.unit_path)]
        seen = replace(self, posts=posts, seats=seats, tasks=tasks)
        in_the_way = self.obstacles(today).count - seen.obstacles(today).count
        elsewhere = Elsewhere(
            posts=len(self.posts) - len(posts),
            groups=len(self.seats) - len(seats),
            tasks=len(self.tasks) - len(tasks),
            in_the_way=in_the_way,
        )
        return replace(seen, elsewhere=elsewhere)

    def obstacles(self, today: date) -> "Obstacles":
        """Return what has to end before this person can be erased."""
        return Obstacles(
            posts=[post for post in self.posts if post.current(today)],
            groups=[seat for seat in self.seats if seat.left_at is None and seat.alone],
        )


@dataclass(frozen=True, slots=True)
class Obstacles:
    """Why a person can't be erased yet: somebody has to take over first."""

    posts: Sequence[HeldPost]
    groups: Sequence[Seat]

    @property
    def count(self) -> int:
        """Return how many there are."""
        return len(self.posts) + len(self.groups)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who asked to be erased."""

    id: UUID
    name: str = field(repr=False)
    unit_name_hi: str
    unit_name_en: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Exposed:
    """One person of a breach's circle, and what was seen of them in its time."""

    id: UUID
    unit_path: str
    reference: str
    name: str = field(repr=False)
    unit_code: str
    language: str
    since: datetime
    channels: list[str]
    contacts_since: datetime | None
    consents: int
    posts: int
    groups: int
    categories: int
    shown: int
    last_shown_at: datetime | None
    exported: int


@dataclass(frozen=True, slots=True)
class Access:
    """That somebody saw a number, handed out a link, or took a file along."""

    number: int
    at: datetime
    actor_id: UUID
    actor_label: str
    kind: str
    subject: str
    facts: dict[str, Any]
    person_name: str | None = field(repr=False)
