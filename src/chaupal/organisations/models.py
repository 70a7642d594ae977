"""What an organisation is made of, and which post gives which right. No I/O here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import NotAllowed

UnitId = NewType("UnitId", UUID)
AccountId = NewType("AccountId", UUID)


class OrganisationType(StrEnum):
    PARTY = "party"
    UNION = "union"
    COOPERATIVE = "cooperative"
    NGO = "ngo"


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    DESK = "desk"
    OFFICE_BEARER = "office_bearer"


class Right(StrEnum):
    VIEW = "view"
    COMPOSE = "compose"
    APPROVE = "approve"
    STEER = "steer"
    IMPORT = "import"
    MANAGE = "manage"
    REGISTER = "register"
    EXPORT = "export"
    UNMASK = "unmask"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMINISTRATOR: frozenset(Right),
    Role.COORDINATOR: frozenset(
        {
            Right.VIEW,
            Right.COMPOSE,
            Right.APPROVE,
            Right.STEER,
            Right.REGISTER,
            Right.EXPORT,
            Right.UNMASK,
        }
    ),
    Role.DESK: frozenset({Right.VIEW, Right.COMPOSE, Right.STEER}),
    Role.OFFICE_BEARER: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Organisation:
    """A tenant: owns everything that carries its id."""

    id: OrganisationId
    slug: str
    type: OrganisationType
    name_hi: str
    name_en: str

    def name(self, language: str) -> str:
        """Return the name in the reader's language."""
        return self.name_hi if language == "hi" else self.name_en


@dataclass(frozen=True, slots=True)
class Level:
    """One storey of the organisation's own tree."""

    rank: int
    key: str
    name_hi: str
    name_en: str

    def name(self, language: str) -> str:
        """Return the name in the reader's language."""
        return self.name_hi if language == "hi" else self.name_en


@dataclass(frozen=True, slots=True)
class Unit:
    """A place in the tree. Everything below it lies between `path` and `path_end`."""

    id: UnitId
    parent_id: UnitId | None
    level_rank: int
    code: str
    name_hi: str
    name_en: str
    path: str
    path_end: str

    def name(self, language: str) -> str:
        """Return the name in the reader's language."""
        return self.name_hi if language == "hi" else self.name_en

    @property
    def parent_path(self) -> str:
        """Return the path of the unit that this one hangs from; of a root, '/'."""
        return self.path[: self.path.rindex("/", 0, -1) + 1]


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who signs in."""

    id: AccountId
    login: str
    name: str
    language: str
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser, as the server knows it."""

    account_id: AccountId
    login: str
    name: str
    language: str
    csrf: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """One current post: a role over the subtree of a unit."""

    unit_id: UnitId
    path: str
    role: Role


@dataclass(frozen=True, slots=True)
class Scope:
    """What an account may see and do, by subtree. Only `organisations.scope_of` makes one.

    A list query takes a Scope and compares unit paths with it, so forgetting is a type error.
    """

    organisation: OrganisationId
    grants: tuple[Grant, ...]
    only: frozenset[Right] = frozenset(Right)

    def paths(self, right: Right = Right.VIEW) -> list[str]:
        """Return the roots of the subtrees in which `right` holds, none inside another."""
        if right not in self.only:
            return []
        held = sorted({grant.path for grant in self.grants if right in RIGHTS[grant.role]})
        return [path for path in held if not any(_inside(path, other) for other in held)]

    def units(self, right: Right = Right.VIEW) -> list[UnitId]:
        """Return the units at which `paths` begin: what stays true when they move."""
        roots = self.paths(right)
        at = {grant.path: grant.unit_id for grant in self.grants if grant.path in roots}
        return [at[path] for path in roots]

    def allows(self, right: Right) -> bool:
        """Say whether `right` holds anywhere."""
        return bool(self.paths(right))

    def need(self, right: Right) -> None:
        """Refuse unless `right` holds somewhere."""
        if not self.allows(right):
            raise NotAllowed("access.not_allowed", right=right.value)

    def covers(self, path: str, right: Right = Right.VIEW) -> bool:
        """Say whether the unit at `path` lies inside a subtree in which `right` holds."""
        return any(path.startswith(root) for root in self.paths(right))


def _inside(path: str, other: str) -> bool:
    return path != other and path.startswith(other)
