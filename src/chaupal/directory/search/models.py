"""What somebody looks for, and what is found: people, groups and units, a page of each."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

TYPED_LENGTH = 200
HITS_SHOWN = 20


class Searched(StrEnum):
    """What can be found, by the letter that stands for it in search_entry."""

    PERSON = "p"
    GROUP = "g"
    UNIT = "u"


@dataclass(frozen=True, slots=True)
class Further:
    """Behind which hit the next page begins: its span's turn, its key, its subject."""

    turn: int
    key: str = field(repr=False)
    id: UUID


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody or something found, and where: the names of the units from the top down to its own.

    `mark` is a person's reference, a unit's code, a group's channel.
    """

    id: UUID
    name_hi: str = field(repr=False)
    name_en: str = field(repr=False)
    mark: str
    search_key: str = field(repr=False)
    unit_id: UUID
    trail_hi: list[str]
    trail_en: list[str]

    def name(self, language: str) -> str:
        """Return the name in the reader's language, where there are two."""
        return self.name_hi if language == "hi" else self.name_en

    def trail(self, language: str) -> list[str]:
        """Return where it is, in the reader's language."""
        return self.trail_hi if language == "hi" else self.trail_en


@dataclass(frozen=True, slots=True)
class Page:
    """Hits of one kind, best first; `further` is None on the last page."""

    hits: list[Hit]
    further: Further | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: first what was typed letter by letter, then what sounds like it."""

    exact: dict[Searched, list[Hit]]
    pages: dict[Searched, Page]

    def __len__(self) -> int:
        return sum(map(len, self.exact.values())) + sum(len(p.hits) for p in self.pages.values())


def turns(search_key: str) -> list[str]:
    """Return a name's forms turned to each of their words: what migration 0015 writes down."""
    return [
        " ".join([*words[turn:], *words[:turn]])
        for words in (form.split(" ") for form in search_key.split("|"))
        for turn in range(len(words))
    ]
