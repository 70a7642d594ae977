"""What can come in, as types. An adapter reads a provider's bytes into these and nothing else."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TypeAlias
from uuid import UUID

from chaupal.kit.ids import OrganisationId
from chaupal.people.models import Word


class Evidence(IntEnum):
    """How far a delivery is known to have got. A rank that only rises, never rounded up."""

    PLANNED = 0
    ACCEPTED = 1
    DELIVERED = 2
    OPENED = 3
    POSTED = 4
    VERIFIED = 5


class Failure(StrEnum):
    """Why a message will never arrive: a provider says so, whom it was for (`WITHDRAWN`), or we
    ourselves, after as many tries as are of use (`TRIED_OUT`)."""

    BLOCKED = "blocked"
    NO_SUCH_ADDRESS = "no_such_address"
    CONTENT = "content"
    MISCONFIGURED = "misconfigured"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    OPTED_OUT = "opted_out"
    ANOTHER_CHANNEL = "another_channel"
    NEEDS_TEMPLATE = "needs_template"
    UNDELIVERED = "undelivered"
    TRIED_OUT = "tried_out"
    NO_PICTURES = "no_pictures"


@dataclass(frozen=True, slots=True)
class StatusArrived:
    """A provider's word on one of our sends.

    `provider_ref` is the provider's name for the message; `key` is our idempotency key where
    the provider echoes it, so that a send whose answer was lost can still be found.
    """

    at: datetime
    provider_ref: str
    key: str | None
    evidence: Evidence
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """Somebody wrote in a group, or to a sender directly: `address` is theirs then.

    `event_id` is the provider's own, unique per sender: it is what makes a repeated webhook
    harmless. `author` is the provider's opaque id of the writer, never a name.
    """

    at: datetime
    event_id: str
    address: str
    author: str
    text: str
    forwarded: bool = False
    frequently_forwarded: bool = False


@dataclass(frozen=True, slots=True)
class PersonSaid:
    """Somebody said stop or start to a sender, or pressed a button that says so.

    `addresses` are theirs on the sender's channel: where there are two, either may be the one
    that we know. What they wrote stays with the adapter. `at` is None where the provider doesn't
    say; then it is when it came. `perhaps_in`: the room it was said in, on a channel that does
    not tell a person's own room from a group's. `in_settings`: it was said in the provider's own
    settings, so a yes there means no more than what a no there took away.
    """

    at: datetime | None
    event_id: str
    addresses: tuple[str, ...] = field(repr=False)
    word: Word
    by_button: bool = False
    perhaps_in: str | None = field(default=None, repr=False)
    in_settings: bool = False


class Quality(StrEnum):
    """How well a sender's messages are received, as its provider rates them."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Restriction(StrEnum):
    """What a provider has done to a sender's account; `LIFTED`: nothing any more."""

    WARNED = "warned"
    RESTRICTED = "restricted"
    DISABLED = "disabled"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class SenderHeard:
    """A provider's word on a sender of ours: what it says nothing of is None.

    `daily_limit`: how many people its portfolio may write to first in a day; below zero, as many as
    it likes. `at` is None where the provider doesn't say; then it is when it came.
    """

    at: datetime | None
    quality: Quality | None = None
    daily_limit: int | None = None
    restriction: Restriction | None = None


class TemplateWord(StrEnum):
    """What became of a template at its provider; `CHANGED`: it says or is something else now."""

    APPROVED = "approved"
    CHANGED = "changed"
    PENDING = "pending"
    PAUSED = "paused"
    REJECTED = "rejected"
    DISABLED = "disabled"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class TemplateHeard:
    """A provider's word on a template of one of our accounts there: what became of it, or how well
    people receive it.

    `at` is None where the provider doesn't say; then it is when it came.
    """

    at: datetime | None
    business_account: str
    name: str
    code: str
    word: TemplateWord | None = None
    quality: Quality | None = None


@dataclass(frozen=True, slots=True)
class GroupPulse:
    """A group's size, or that it moved to another address."""

    at: datetime
    event_id: str
    address: str
    size: int | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class LinkClicked:
    """A group's own short link was opened by a person (previews and robots are left out)."""

    at: datetime
    delivery_id: int


@dataclass(frozen=True, slots=True)
class RelayOpened:
    """An admin opened a relay task's page."""

    at: datetime
    assignment_id: UUID


@dataclass(frozen=True, slots=True)
class RelayPosted:
    """An admin says that the text is in the group."""

    at: datetime
    assignment_id: UUID


@dataclass(frozen=True, slots=True)
class RelayDeleted:
    """An admin says that a recalled text is not in the group, or not any more."""

    at: datetime
    assignment_id: UUID


Arrival: TypeAlias = (
    StatusArrived
    | MessageArrived
    | PersonSaid
    | SenderHeard
    | TemplateHeard
    | GroupPulse
    | LinkClicked
    | RelayOpened
    | RelayPosted
    | RelayDeleted
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One thing as the log has it: whose, from where, and the bytes exactly as they came.

    `source` is a sender's id in hexadecimal, or `link`, or `relay`. `channel` says which
    adapter reads a sender's bytes; it is empty where the bytes are our own.
    """

    sequence: int
    organisation: OrganisationId
    source: str
    channel: str
    received_at: datetime
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A line of the control room's feed: what came, where and when. Never a text."""

    id: int
    kind: str
    group_id: UUID
    group_name: str
    unit_id: UUID
    unit_name_hi: str
    unit_name_en: str
    at: datetime
