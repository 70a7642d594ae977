"""The sandbox's town: its groups, their admins, and the bots, kept in a journal beside the book."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import msgspec

GROUPS_LIMIT = 2_000_000
BOTS_LIMIT = 1_000
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A chat of many. `bots` are the names of those in it; "all" is every bot there is."""

    id: Name
    members: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    admins: tuple[str, ...] = ()
    bots: tuple[str, ...] | Literal["all"] = "all"

    def has_bot(self, bot: "Bot") -> bool:
        """Say whether this bot is in the group."""
        return self.bots == "all" or bot.name in self.bots

    def has_admin(self, person: str) -> bool:
        """Say whether this person is one of the group's admins."""
        return any(person_id(admin) == person for admin in self.admins)


class Bot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program's account. `idempotent`: a repeated key is one message. No rate: no limit."""

    token: Name
    name: Annotated[str, msgspec.Meta(max_length=100)] = ""
    webhook_url: str = ""
    webhook_secret: str = ""
    idempotent: bool = True
    rate_per_s: Annotated[float, msgspec.Meta(gt=0)] | None = None

    def __post_init__(self) -> None:
        """Give a nameless bot a name that does not tell its token."""
        if not self.name:
            msgspec.structs.force_setattr(self, "name", sha256(self.token.encode()).hexdigest()[:8])


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line of the journal; the newest line on a group or a bot holds."""

    group: Group | None = None
    bot: Bot | None = None


class Full(Exception):
    """The town takes no more groups or bots."""


class Town:
    """Everybody there is."""

    def __init__(self, journal: Path) -> None:
        """Bring the town back as the journal has it."""
        self.groups: dict[str, Group] = {}
        self.bots: dict[str, Bot] = {}
        self._encode = msgspec.json.Encoder().encode
        kept_bytes = 0
        decode = msgspec.json.Decoder(Entry).decode
        if journal.exists():
            with journal.open("rb") as lines:
                for line in lines:
                    if line.endswith(b"\n"):
                        self._settle(decode(line))
                        kept_bytes += len(line)
        self._file = journal.open("ab")
        self._file.truncate(kept_bytes)
        journal.chmod(0o600)

    def close(self) -> None:
        """Put the journal away."""
        self._file.close()

    def add(self, entry: Entry) -> None:
        """Take in a group or a bot, or the new state of one. `flush` makes it last."""
        if len(self.groups) >= GROUPS_LIMIT or len(self.bots) >= BOTS_LIMIT:
            raise Full
        self._file.write(self._encode(entry) + b"\n")
        self._settle(entry)

    def flush(self) -> None:
        """Hand what was added to the operating system."""
        self._file.flush()

    def _settle(self, entry: Entry) -> None:
        if entry.group is not None:
            self.groups[entry.group.id] = entry.group
        if entry.bot is not None:
            self.bots[entry.bot.token] = entry.bot


def person_id(id: str) -> str:
    """Return a person's id as it is written everywhere: it begins with `p:`."""
    return id if id.startswith("p:") else f"p:{id}"
