"""What a broadcast is, and which way it may move. No I/O here."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

import msgspec

from chaupal.arrivals.models import Evidence
from chaupal.broadcasts import audience
from chaupal.broadcasts.filling import Chosen
from chaupal.kit.refusals import Invalid, NotAllowed, Refused

BroadcastId = NewType("BroadcastId", UUID)
PictureId = NewType("PictureId", bytes)

LANGUAGES = ("hi", "en")
TEXT_LIMIT_CHARACTERS = 4000
TITLE_LIMIT_CHARACTERS = 200
DESCRIPTION_LIMIT_CHARACTERS = 500
LONGEST_LIFE = timedelta(days=14)
LONGEST_AHEAD = timedelta(days=14)


class Stage(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    RECALLED = "recalled"


class Lane(StrEnum):
    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class Purpose(StrEnum):
    INTERNAL = "internal"
    PUBLIC = "public"


class State(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    TASKED = "tasked"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RECALLED = "recalled"


OPEN_STATES = frozenset({State.QUEUED, State.SENDING, State.TASKED})

# From which stages a verb may start, and where it leads.
MOVES: dict[str, tuple[frozenset[Stage], Stage]] = {
    "submit": (frozenset({Stage.DRAFT}), Stage.SUBMITTED),
    "send_back": (frozenset({Stage.SUBMITTED}), Stage.DRAFT),
    "approve": (frozenset({Stage.SUBMITTED}), Stage.APPROVED),
    "pause": (frozenset({Stage.SENDING}), Stage.PAUSED),
    "resume": (frozenset({Stage.PAUSED}), Stage.SENDING),
    "cancel": (
        frozenset({Stage.DRAFT, Stage.SUBMITTED, Stage.APPROVED, Stage.SENDING, Stage.PAUSED}),
        Stage.CANCELLED,
    ),
    "recall": (frozenset({Stage.SENDING, Stage.PAUSED, Stage.FINISHED}), Stage.RECALLED),
}


@dataclass(frozen=True, slots=True)
class Pictured:
    """Which picture stands beside a text, and what it shows, for those who do not see it."""

    id: PictureId
    description: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """What an author writes: everything that both signatures stand under.

    `via` are the channels on which people themselves are written to, in the order in which they
    are tried for each; with none, the broadcast is for groups. Nothing of it goes before
    `starts_at`; without one it begins as soon as it is approved. With a `template` the texts are
    what it reads as, filled. With `pictures` each text has one; `text_alone` says that it goes
    without where a channel takes none.
    """

    title: str
    texts: dict[str, str]
    purpose: Purpose
    audience: audience.Expression
    expires_at: datetime
    lane: Lane = Lane.NORMAL
    election_matter: bool = True
    synthetic: bool = False
    via: tuple[str, ...] = ()
    starts_at: datetime | None = None
    template: Chosen | None = None
    pictures: dict[str, Pictured] = field(default_factory=dict)
    text_alone: bool = False

    def content(self) -> bytes:
        """Return the canonical bytes of what is written: the same draft gives the same bytes.

        What a draft may leave out stands in them only where it is there, so that what was
        approved before there was such a thing stays what was approved.
        """
        written = {
            "audience": audience.to_json(self.audience),
            "election_matter": self.election_matter,
            "expires_at": self.expires_at.astimezone(UTC).isoformat(),
            "lane": self.lane.value,
            "purpose": self.purpose.value,
            "synthetic": self.synthetic,
            "texts": dict(sorted(self.texts.items())),
            "title": self.title,
        }
        if self.via:
            written["via"] = self.via
        if self.starts_at is not None:
            written["starts_at"] = self.starts_at.astimezone(UTC).isoformat()
        if self.template is not None:
            written["template"] = self.template.to_json()
        if self.pictures:
            written["pictures"] = {
                language: [shown.id.hex(), shown.description]
                for language, shown in sorted(self.pictures.items())
            }
        if self.text_alone:
            written["text_alone"] = True
        return msgspec.json.encode(written, order="deterministic")

    def content_hash(self) -> bytes:
        """Return what an approval is tied to."""
        return hashlib.sha256(self.content()).digest()

    def check(self, *, now: datetime) -> None:
        """Refuse what could never be sent, whoever approves it."""
        if not self.title.strip():
            raise Invalid("broadcast.title_missing")
        if len(self.title) > TITLE_LIMIT_CHARACTERS:
            raise Invalid(
                "broadcast.title_too_long", limit=TITLE_LIMIT_CHARACTERS, length=len(self.title)
            )
        if not self.texts:
            raise Invalid("broadcast.text_missing", language="hi")
        for language, text in self.texts.items():
            if language not in LANGUAGES:
                raise Invalid("request.malformed", where="language")
            if not text.strip():
                raise Invalid("broadcast.text_missing", language=language)
            if len(text) > TEXT_LIMIT_CHARACTERS:
                raise Invalid(
                    "broadcast.text_too_long",
                    language=language,
                    limit=TEXT_LIMIT_CHARACTERS,
                    length=len(text),
                )
        self._check_pictures()
        self._check_start(now)
        if self.expires_at <= now:
            raise Invalid("broadcast.expires_in_the_past")
        if self.expires_at > (self.starts_at or now) + LONGEST_LIFE:
            raise Invalid("broadcast.expires_too_late", days=LONGEST_LIFE.days)

    def _check_pictures(self) -> None:
        """Refuse a text that is left without a picture where others have one, and a picture that
        some readers would be told nothing of."""
        if not self.pictures:
            return
        if self.pictures.keys() - self.texts.keys():
            raise Invalid("request.malformed", where="picture")
        for language in self.texts:
            shown = self.pictures.get(language)
            if shown is None:
                raise Invalid("picture.missing", language=language)
            if not shown.description.strip():
                raise Invalid("picture.description_missing", language=language)
            if len(shown.description) > DESCRIPTION_LIMIT_CHARACTERS:
                raise Invalid(
                    "picture.description_too_long",
                    language=language,
                    limit=DESCRIPTION_LIMIT_CHARACTERS,
                )

    def _check_start(self, now: datetime) -> None:
        if self.starts_at is None:
            return
        if self.starts_at <= now:
            raise Invalid("broadcast.starts_in_the_past")
        if self.starts_at >= self.expires_at:
            raise Invalid("broadcast.starts_after_its_end")
        if self.starts_at > now + LONGEST_AHEAD:
            raise Invalid("broadcast.starts_too_late", days=LONGEST_AHEAD.days)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A message on its way to many groups.

    `election_matter` is what its author says, `electoral` what counts: everything is, unless the
    one who approves says as well that it is not.
    """

    id: BroadcastId
    stage: Stage
    title: str
    purpose: Purpose
    lane: Lane
    audience: dict[str, Any]
    election_matter: bool
    synthetic: bool
    author_id: UUID
    author_label: str
    author_paths: list[str]
    created_at: datetime
    expires_at: datetime
    content_hash: bytes
    submitted_at: datetime | None
    approver_id: UUID | None
    approver_label: str | None
    approved_at: datetime | None
    approved_hash: bytes | None
    frozen_at: datetime | None
    targets: int | None
    finished_at: datetime | None
    via: list[str]
    starts_at: datetime | None = None
    electoral: bool = True
    template: dict[str, Any] | None = None
    text_alone: bool = False

    @property
    def begins_at(self) -> datetime | None:
        """Return from when on it goes out; None as long as its audience is not fixed."""
        if self.frozen_at is None or self.starts_at is None:
            return self.frozen_at
        return max(self.frozen_at, self.starts_at)

    def draft(self, texts: "list[Text]") -> Draft:
        """Return what is written, so that its hash can be computed again."""
        return Draft(
            title=self.title,
            texts={text.language: text.body for text in texts},
            purpose=self.purpose,
            audience=audience.parse(self.audience),
            expires_at=self.expires_at,
            lane=self.lane,
            election_matter=self.election_matter,
            synthetic=self.synthetic,
            via=tuple(self.via),
            starts_at=self.starts_at,
            template=self.chosen,
            pictures=beside(texts),
            text_alone=self.text_alone,
        )

    @property
    def chosen(self) -> Chosen | None:
        """Return the template as which it goes, if it goes as one."""
        return None if self.template is None else Chosen.of_json(self.template)

    def check_move(self, verb: str) -> Stage:
        """Return where `verb` leads, or refuse it at this stage."""
        sources, target = MOVES[verb]
        if self.stage not in sources:
            if verb == "approve":
                raise Refused("broadcast.not_awaiting_approval", stage=self.stage.value)
            raise Refused("broadcast.cannot_move", stage=self.stage.value, verb=verb)
        return target

    def check_approval_by(self, account: UUID) -> None:
        """Refuse the author's own signature: two people stand behind every broadcast."""
        self.check_move("approve")
        if self.author_id == account:
            raise NotAllowed("broadcast.author_cannot_approve")


@dataclass(frozen=True, slots=True)
class Text:
    """The body of a broadcast in one language, and the picture beside it, if there is one."""

    language: str
    body: str
    picture_id: bytes | None = None
    picture_description: str | None = None


def beside(texts: list[Text]) -> dict[str, Pictured]:
    """Return the pictures of texts, by language."""
    return {
        text.language: Pictured(PictureId(text.picture_id), text.picture_description or "")
        for text in texts
        if text.picture_id is not None
    }


@dataclass(frozen=True, slots=True)
class Count:
    """How many targets stand where: the account of a broadcast, which always adds up."""

    state: State
    evidence: Evidence
    targets: int


@dataclass(frozen=True, slots=True)
class BranchCount:
    """The same for one branch of the tree (a division, say)."""

    branch_id: UUID
    name_hi: str
    name_en: str
    state: State
    evidence: Evidence
    targets: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker may attempt until its lease ends.

    `attempts` is the fence, `tries` how many were made where its provider allows only a few.
    """

    delivery_id: int
    broadcast_id: BroadcastId
    address: str = field(repr=False)
    language: str
    attempts: int
    person_id: UUID | None = None
    tries: int = 0


def delivery_named(key: str | None) -> int | None:
    """Read our own idempotency key, which is the delivery's number. Others' keys are nobody's."""
    fits = key is not None and key.isascii() and key.isdigit() and len(key) < 19
    return int(key) if fits and key else None
