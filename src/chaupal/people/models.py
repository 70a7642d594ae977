"""Persons, the sealed addresses at which they are reached, and the acts of consent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType, TypeAlias
from uuid import UUID

from chaupal.kit.ids import OrganisationId
from chaupal.organisations.models import UnitId

PersonId = NewType("PersonId", UUID)

# What stands in a row that says nothing of anybody any more.
NOBODY = "–"


class ContactChannel(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    TELEGRAM = "telegram"
    MATRIX = "matrix"
    WHATSAPP_CLOUD = "whatsapp_cloud"
    SANDBOX = "sandbox"


class Purpose(StrEnum):
    """What somebody agreed to be contacted for."""

    MESSAGES = "messages"
    COORDINATION = "coordination"


Channelled: TypeAlias = Sequence[tuple[Purpose, ContactChannel]]


class Act(StrEnum):
    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class Basis(StrEnum):
    """How somebody said yes or no: each leaves a proof that can be shown."""

    OWN_PAGE = "own_page"
    KEYWORD = "keyword"
    BUTTON = "button"
    PAPER = "paper"
    MEMBERSHIP_FORM = "membership_form"
    DESK = "desk"


class Word(StrEnum):
    """What somebody says to a sender of ours that has a meaning of its own."""

    STOP = "stop"
    START = "start"


class Quiet(StrEnum):
    """Why nobody may write to a person, or to an address."""

    ASKED = "asked"
    ERASURE_ASKED = "erasure_asked"
    ERASED = "erased"
    BOUNCED = "bounced"
    DESK = "desk"


class Need(StrEnum):
    """Why somebody has to see a number whole. One of a few, so that no name is written here."""

    TASK = "task"
    ASKED = "asked"
    CORRECTION = "correction"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Person:
    """A member or volunteer, under the organisation's own reference."""

    id: PersonId
    reference: str
    unit_id: UnitId
    name: str = field(repr=False)
    language: str


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A person with the place they belong to, and whether they may be written to at all."""

    id: PersonId
    reference: str
    name: str = field(repr=False)
    language: str
    since: datetime
    unit_id: UnitId
    unit_path: str
    unit_name_hi: str
    unit_name_en: str
    quiet: Quiet | None
    quiet_since: datetime | None


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """An address as it is kept: sealed. Only this feature opens it, to mask it or to show it once.

    `quiet` is why it is suppressed, if it is.
    """

    id: int
    person_id: PersonId
    channel: ContactChannel
    sealed: bytes = field(repr=False)
    since: datetime
    quiet: Quiet | None


@dataclass(frozen=True, slots=True)
class NewContact:
    """An address in the clear, on its way to being sealed."""

    channel: ContactChannel
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MaskedContact:
    """As much of an address as a page may show."""

    channel: ContactChannel
    masked: str
    id: int = field(default=0, compare=False)
    since: datetime | None = field(default=None, compare=False)
    quiet: Quiet | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ConsentAct:
    """One entry of the ledger. The newest for a purpose and a channel is what holds."""

    person_id: PersonId
    purpose: Purpose
    channel: ContactChannel
    act: Act
    notice_version: str
    language: str
    basis: Basis
    proof: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """The words that somebody agrees to, in one language."""

    version: str
    language: str
    body: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """How long what is left of erased people is held, and which rule says so."""

    days: int
    source: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """A word that came to a sender of ours: from which address, when, and which event proves it.

    `in_settings`: it was said in the provider's own settings, and not to us.
    """

    channel: ContactChannel
    address: str = field(repr=False)
    word: Word
    basis: Basis
    at: datetime
    proof: str
    in_settings: bool = False


# What holds until an organisation writes down another: looked up on `HOLD_KNOWN_ON`.
HOLD = Hold(365, "DPDP Rules 2025, rule 8(3): one year after the purpose has ended", None)
HOLD_KNOWN_ON = date(2026, 11, 23)


def contact_context(organisation: OrganisationId, channel: ContactChannel) -> str:
    """Name what an address is sealed for: it opens, and is found, in that place alone."""
    return f"contact/{organisation}/{channel.value}"


def remains_context(organisation: OrganisationId, person: PersonId) -> str:
    """Name what the remains of an erased person are sealed for."""
    return f"erased/{organisation}/{person}"


def masked(address: str) -> str:
    """Show enough of an address to recognise one's own, and too little to use it.

    `+91…` numbers keep their country and last three digits. Of anything else the first letter
    stays, and the part behind the `@` of a mail address or the `:` of a Matrix one, which names
    a service and nobody.
    """
    if address.startswith("+91") and address[1:].isdigit() and len(address) == 13:
        return f"+91 ••••• ••{address[-3:]}"
    if address.startswith("+") and address[1:].isdigit():
        return f"+••••• ••{address[-3:]}" if len(address) > 7 else "+•••••"
    for mark in ("@", ":") if address[:1] in ("@", "!") else ("@",):
        name, _, service = address[1:].partition(mark)
        if service:
            return f"{address[:1]}•••{mark}{service}" if name else f"•••{mark}{service}"
    return f"{address[:1]}•••" if len(address) > 3 else "•••"
