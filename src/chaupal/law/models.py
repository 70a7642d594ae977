"""A poll, and the silence that the law lays before its end. No I/O here.

Limits and orders change, so each carries the rule that it follows and the day on which that was
known. They may be made stricter, never laxer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NewType
from uuid import UUID

from chaupal.kit.refusals import Invalid, Refused

PollId = NewType("PollId", UUID)

ELECTION_LIMIT_CHARACTERS = 200
PHASE_LIMIT_CHARACTERS = 100
SOURCE_LIMIT_CHARACTERS = 300
REASON_LIMIT_CHARACTERS = 300
UNITS_LIMIT = 500
FURTHEST_AHEAD = timedelta(days=730)
LONGEST_SILENCE_H = 240


@dataclass(frozen=True, slots=True)
class Rule:
    """So many hours, by which rule, as known on a day."""

    hours: int
    source: str
    known_on: date


# How long before the end of a poll nothing may be sent.
SILENCE = Rule(
    48,
    "Representation of the People Act 1951, s.126; ECI orders of 2024 and 2025",
    date(2026, 11, 23),
)
# By when what was recalled has to be gone.
TAKEDOWN = Rule(3, "IT Rules 2021 as amended, takedown within three hours", date(2026, 11, 23))


@dataclass(frozen=True, slots=True)
class Certification:
    """Which organisations need a certificate for election matter on which channels, by which rule,
    as known on a day."""

    types: frozenset[str]
    channels: frozenset[str]
    source: str
    known_on: date

    def needed(self, organisation_type: str, channels: Iterable[str]) -> bool:
        """Say whether election matter of such an organisation on these channels needs one."""
        return organisation_type in self.types and not self.channels.isdisjoint(channels)


CERTIFICATION = Certification(
    frozenset({"party"}),
    frozenset({"sms", "telegram", "whatsapp", "whatsapp_cloud"}),
    "ECI orders on certification by a Media Certification and Monitoring Committee: bulk SMS and"
    " voice, social media",
    date(2026, 11, 23),
)


@dataclass(frozen=True, slots=True)
class BulkBan:
    """Channels on which nothing at all may arrive in the silence before a poll, by which rule, as
    known on a day."""

    channels: frozenset[str]
    source: str
    known_on: date


BULK_BAN = BulkBan(
    frozenset({"sms"}),
    "ECI, October 2025: bulk SMS and voice messages forbidden in the 48 hours before a poll closes",
    date(2026, 11, 23),
)


@dataclass(frozen=True, slots=True)
class NewPoll:
    """A polling day to be entered. `codes` are the units in which it is held, with all below them.

    `source` is the order or notification that says so.
    """

    election: str
    phase: str
    opens_at: datetime
    closes_at: datetime
    silence_h: int
    source: str
    codes: tuple[str, ...]

    def check(self, *, now: datetime) -> None:
        """Refuse what cannot be, what is over, and a silence shorter than the law's."""
        named = self.election and len(self.election) <= ELECTION_LIMIT_CHARACTERS
        if not named or len(self.phase) > PHASE_LIMIT_CHARACTERS:
            raise Invalid("poll.name_malformed", limit=ELECTION_LIMIT_CHARACTERS)
        if not self.source or len(self.source) > SOURCE_LIMIT_CHARACTERS:
            raise Invalid("poll.source_malformed", limit=SOURCE_LIMIT_CHARACTERS)
        if not timedelta(0) < self.closes_at - self.opens_at < timedelta(days=1):
            raise Invalid("poll.hours_malformed")
        if self.closes_at <= now:
            raise Invalid("poll.over")
        if self.closes_at > now + FURTHEST_AHEAD:
            raise Invalid("poll.too_far_ahead", days=FURTHEST_AHEAD.days)
        if not SILENCE.hours <= self.silence_h <= LONGEST_SILENCE_H:
            raise Invalid(
                "poll.silence_malformed",
                least=SILENCE.hours,
                most=LONGEST_SILENCE_H,
                source=SILENCE.source,
            )
        if not 0 < len(self.codes) <= UNITS_LIMIT:
            raise Invalid("poll.units_malformed", limit=UNITS_LIMIT)

    @property
    def silent_from(self) -> datetime:
        """Return when the silence begins. It ends when the poll closes."""
        return self.closes_at - timedelta(hours=self.silence_h)

    def request(self) -> bytes:
        """Return the same bytes for the same poll."""
        hours = (self.opens_at.isoformat(), self.closes_at.isoformat(), str(self.silence_h))
        return "\0".join((self.election, self.phase, *hours, self.source, *self.codes)).encode()


@dataclass(frozen=True, slots=True)
class Poll:
    """A polling day that was entered. Somebody may doubt it; a second one takes it back."""

    id: PollId
    election: str
    phase: str
    opens_at: datetime
    closes_at: datetime
    silence_h: int
    source: str
    entered_label: str
    entered_at: datetime
    doubted_by: UUID | None
    doubted_label: str | None
    doubted_at: datetime | None
    doubt: str | None
    withdrawn_label: str | None
    withdrawn_at: datetime | None
    amends: UUID | None
    changed_label: str | None
    changed_at: datetime | None

    @property
    def silent_from(self) -> datetime:
        """Return when the silence begins. It ends when the poll closes."""
        return self.closes_at - timedelta(hours=self.silence_h)

    def check_holds(self) -> None:
        """Refuse what is no more."""
        if self.withdrawn_at is not None:
            raise Refused("poll.withdrawn")

    def check_change(self, *, now: datetime) -> None:
        """Refuse to change what is no more, what is over, and what somebody wants taken back."""
        self.check_holds()
        if self.closes_at <= now:
            raise Refused("poll.over")
        if self.doubted_by is not None:
            raise Refused("poll.doubted")

    def is_within(self, changed: NewPoll) -> bool:
        """Say whether the silence, where both are held, lasts all the same after a change."""
        return changed.silent_from <= self.silent_from and self.closes_at <= changed.closes_at

    def check_withdrawal_by(self, account: UUID) -> None:
        """Refuse to lift a silence on one person's word."""
        self.check_holds()
        if self.doubted_by is None:
            raise Refused("poll.not_doubted")
        if self.doubted_by == account:
            raise Refused("poll.second_person")


def reason(written: str) -> str:
    """Read why somebody does something that stops others."""
    said = " ".join(written.split())
    if not said or len(said) > REASON_LIMIT_CHARACTERS:
        raise Invalid("law.reason_malformed", limit=REASON_LIMIT_CHARACTERS)
    return said
