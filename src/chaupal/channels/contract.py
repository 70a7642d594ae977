"""What every channel promises.

Sending has four ends, and all four are ordinary: they are values, not exceptions. An adapter
that raises is a bug, and the worker treats it as one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias, runtime_checkable

from chaupal.arrivals.models import Arrival, Failure, StatusArrived
from chaupal.channels.http import HttpClient
from chaupal.people.models import ContactChannel, Word


@dataclass(frozen=True, slots=True)
class Account:
    """A sender's account with its provider. Secrets stay out of `repr`, so out of logs."""

    endpoint: str
    token: str = field(repr=False)
    webhook_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FilledTemplate:
    """A text that the provider has approved beforehand, by its name there, with its variables.

    `language` is the provider's own code. Filled in, it reads as the message's text does.
    """

    name: str
    language: str
    variables: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press under a message, which says a word to us."""

    word: Word
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture beside a text, as JPEG. `reference` is what the provider calls it, once it has it;
    then its bytes need not go along again."""

    id: bytes
    body: bytes = field(repr=False)
    width: int
    height: int
    description: str = field(repr=False)
    reference: str | None = None


class Pictures(StrEnum):
    """How a channel takes a picture, if it takes any.

    `carried`: its bytes go along with each message. `kept`: they go along with the first, and the
    provider's answer says what it calls them. `brought`: they are brought before any message, by a
    connection that is `Bringing`.
    """

    NONE = "none"
    CARRIED = "carried"
    KEPT = "kept"
    BROUGHT = "brought"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one address, already in the reader's language.

    A channel that knows no templates, or no buttons, sends the text alone. `unsubscribe_url`: where
    a person gets out in one click, for channels that have a place for it beside the text. With a
    `picture`, which only a channel that takes pictures is given, the text is its caption.
    """

    address: str = field(repr=False)
    text: str = field(repr=False)
    idempotency_key: str
    template: FilledTemplate | None = None
    buttons: tuple[Button, ...] = ()
    unsubscribe_url: str | None = field(default=None, repr=False)
    picture: Picture | None = None


class Halt(StrEnum):
    """What has to stop until a person has looked: sending on would make it worse."""

    CAMPAIGN = "campaign"
    SENDER = "sender"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it. Whether it arrives is told later, as an arrival.

    `picture_ref`: what it calls the picture that went along.
    """

    provider_ref: str
    picture_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now. Try again, no sooner than `wait` if the provider named one.

    `pair_only`: the wait holds for this recipient alone, and the sender may go on with others.
    `tries_limit`: after so many tries it is no use. `moved_to`: the recipient is at this address
    now, and nothing was sent to the one asked for.
    """

    why: str
    wait: timedelta | None = None
    halts: Halt | None = None
    pair_only: bool = False
    tries_limit: int | None = None
    moved_to: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Never. Retrying the same message to the same address cannot succeed."""

    failure: Failure
    detail: str
    halts: Halt | None = None


# Why a message is deferred whose picture the provider has under that reference no more.
FORGOTTEN = "picture_forgotten"


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been sent: the answer was lost. Never retried blindly."""

    why: str


Outcome: TypeAlias = Accepted | Deferred | Rejected | Unknown


@dataclass(frozen=True, slots=True)
class Deleted:
    """The message is gone from the chat, by this request or before it."""


Deletion: TypeAlias = Deleted | Deferred | Rejected | Unknown


class Connection(Protocol):
    """One sender's line to its provider. Safe to share between tasks."""

    async def send(self, message: Message, /) -> Outcome:
        """Hand one message to the provider and say how that ended. Never raises."""
        ...


@runtime_checkable
class Deleting(Protocol):
    """A connection that can take back from a chat what it sent there."""

    async def delete(self, address: str, provider_ref: str, /) -> Deletion:
        """Delete one message of ours, by the reference that its send was accepted under.

        Asking again does no harm, so a lost answer may be asked for again. Never raises.
        """
        ...


@dataclass(frozen=True, slots=True)
class Brought:
    """The provider has the picture, and calls it this."""

    reference: str


@runtime_checkable
class Bringing(Protocol):
    """A connection that brings pictures to its provider before they are sent to anybody."""

    async def bring(self, picture: Picture, /) -> Brought | Deferred | Rejected:
        """Hand the provider a picture. Nobody sees it by that, so a lost answer is deferred."""
        ...


@dataclass(frozen=True, slots=True)
class Doubt:
    """A send whose answer was lost: its key, whom it was for, and when it was under way."""

    key: str
    address: str = field(repr=False)
    since: datetime
    until: datetime


@runtime_checkable
class Remembering(Protocol):
    """A connection whose provider can be asked what it did."""

    async def look_up(self, doubts: Sequence[Doubt], /) -> list[StatusArrived]:
        """Return what the provider has done that may be these sends, each under its doubt's key.

        Several may bear one key, as what was sent otherwise to the same address is among them.
        That a send is not found proves nothing. Never raises.
        """
        ...


# Returns only when the log has these bytes on disk; otherwise `Unavailable`.
Keep: TypeAlias = Callable[[bytes], Awaitable[None]]


@runtime_checkable
class Listening(Protocol):
    """A connection over which its provider also brings what would elsewhere come as webhooks."""

    async def listen(self, keep: Keep, now: Callable[[], datetime], /) -> None:
        """Hold the line and hand on what comes, framed as the channel reads it, until cancelled.

        What the provider brings is answered only when `keep` has returned.
        """
        ...


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A template as its provider has it: `body` with its variables as {{1}}, {{2}}, and the fixed
    parts that readers see beside it. `unfit`: why we could not send it, if we could not. `ttl_s`:
    what we send as it arrives within that time or never, where that is sure. `pictured`: each
    message has to bring a picture, which stands above the text."""

    name: str
    code: str
    language: str
    category: str
    status: str
    body: str = field(repr=False)
    header: str | None = field(repr=False)
    footer: str | None = field(repr=False)
    buttons: str = field(repr=False)
    unfit: str | None
    provider_ref: str
    ttl_s: int | None
    pictured: bool = False


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """Some of an account's templates, and where the next page begins, if there is one."""

    templates: list[TemplateText]
    after: str | None


@runtime_checkable
class Templating(Protocol):
    """A connection whose provider approves texts beforehand, and lists them."""

    async def templates(
        self, business_account: str, after: str | None, /
    ) -> TemplatePage | Deferred | Rejected | Unknown:
        """Return a page of what this account has had approved, or why there is none. Never
        raises."""
        ...


@dataclass(frozen=True, slots=True)
class Registered:
    """The provider sends its webhooks to us from now on."""


@runtime_checkable
class Calling(Protocol):
    """A connection that can tell its provider where our webhook is."""

    async def call_at(self, url: str, /) -> Registered | Deferred | Rejected | Unknown:
        """Ask the provider to bring what happens to `url`. Asking again does no harm."""
        ...


@dataclass(frozen=True, slots=True)
class Traits:
    """What the rest of Chaupal must know of a channel to use it lawfully and exactly.

    `remembers_keys_for`: for so long a send repeated with the same key is one message, so a lost
    answer may be asked again; zero where it never may. `time_to_live`: the longest an accepted
    message may take to arrive. `proves_delivery`: an accepted message is in the chat already, so
    that its reference is the proof; elsewhere only a later status proves it. `reaches_people_at`:
    which of a person's addresses it writes to, if it writes to people at all. `takes_back`: its
    connections are `Deleting`. `templated`: it writes first only what its provider has approved;
    its connections are `Templating`. `remembers_sends`: they are `Remembering`. `listens`: they are
    `Listening`, so a sender's line is held also while there is nothing to send.
    `heeds_every_silence`: the law keeps all of it out of a silence before a poll, be it election
    matter or not.
    `caption_limit_characters`: the longest text beside a picture.
    """

    name: str
    remembers_keys_for: timedelta
    time_to_live: timedelta
    text_limit_characters: int
    proves_delivery: bool
    reaches_people_at: ContactChannel | None = None
    takes_back: bool = False
    templated: bool = False
    remembers_sends: bool = False
    listens: bool = False
    heeds_every_silence: bool = False
    pictures: Pictures = Pictures.NONE
    caption_limit_characters: int = 0

    @property
    def takes_pictures(self) -> bool:
        """Say whether a picture can go along."""
        return self.pictures is not Pictures.NONE

    @property
    def idempotent(self) -> bool:
        """Say whether a send may be repeated at all."""
        return self.remembers_keys_for > timedelta(0)


class Channel(Protocol):
    """One way to reach groups and people: a folder that can be deleted."""

    @property
    def traits(self) -> Traits:
        """Say what kind of channel this is."""
        ...

    def connect(self, http: HttpClient, account: Account) -> Connection:
        """Open a sender's line. Nothing is sent yet."""
        ...

    def signed(self, headers: Mapping[str, str], body: bytes, account: Account) -> bool:
        """Say whether the provider really wrote these bytes. Compares in constant time.

        `headers` have lower-case names.
        """
        ...

    def read(self, body: bytes) -> list[Arrival]:
        """Turn a webhook's bytes into arrivals. Pure; what it does not know it leaves out."""
        ...


@runtime_checkable
class Vetted(Protocol):
    """A channel that takes only texts registered beforehand, under the name a sender goes by."""

    def name_of(self, account: Account) -> str:
        """Return that name; an account that has none is a ValueError."""
        ...


@runtime_checkable
class Greeting(Protocol):
    """A channel whose provider asks a webhook to answer a question before it is used."""

    def greet(self, query: Mapping[str, str], account: Account) -> str | None:
        """Return the answer, or None where this is not the provider's question to us."""
        ...
