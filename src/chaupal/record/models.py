"""Who acts, and what an entry of the record holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

from chaupal.kit.ids import OrganisationId


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is answerable: a signed-in account, or a named part of the system.

    `limited_to` names the rights that a key of theirs carries: fewer than their own, never more.
    """

    organisation: OrganisationId
    id: UUID
    label: str
    limited_to: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    number: int
    at: datetime
    actor_id: UUID
    actor_label: str
    kind: str
    subject: str
    facts: dict[str, Any]


def part_of_the_system(organisation: OrganisationId, name: str) -> Actor:
    """Return the actor that stands for a part of the program, such as `worker.freeze`."""
    return Actor(organisation, uuid5(NAMESPACE_DNS, f"{name}.chaupal.invalid"), name)
