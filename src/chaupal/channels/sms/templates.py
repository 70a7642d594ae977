"""Whether a text is one that was registered: letter by letter, but for its variables. Pure.

TRAI's ledger turns away what differs in a blank. A variable stands for one to thirty characters;
those with a kind of their own, such as {#numeric#}, are held to it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLE = re.compile(r"\{#([a-z]+)#\}", re.IGNORECASE)
LONGEST = 30
LONGEST_LINK = 200
KINDS: Mapping[str, re.Pattern[str]] = {
    "var": re.compile(rf"[\s\S]{{1,{LONGEST}}}"),
    "alphanumeric": re.compile(rf"[\s\S]{{1,{LONGEST}}}"),
    "numeric": re.compile(rf"[0-9.,:/-]{{1,{LONGEST}}}"),
    "cbn": re.compile(r"\+?[0-9 -]{3,20}"),
    "email": re.compile(rf"[^\s@]+@[^\s@]{{1,{LONGEST}}}"),
    "url": re.compile(r"\S+"),
    "urlott": re.compile(r"\S+"),
}


@dataclass(frozen=True, slots=True)
class Registered:
    """A text as the ledger has it, by its number there."""

    number: str
    header: str
    language: str
    body: str

    @property
    def literal(self) -> int:
        """Say how many of its letters are no variable's."""
        return len(VARIABLE.sub("", self.body))


def plain(text: str) -> str:
    """Return a text with the one kind of line end that is sent."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def kinds_unknown(body: str) -> list[str]:
    """Return the variables in a registered text that nobody here knows the rule of."""
    return [kind for kind in VARIABLE.findall(body) if kind.lower() not in KINDS]


def matches(body: str, text: str) -> bool:
    """Say whether `text` is `body` with its variables filled in.

    Every place a variable may end is tried side by side, so that no text takes longer than its
    length times its variables' longest.
    """
    body, text = plain(body), plain(text)
    ends, at = {0}, 0
    for variable in VARIABLE.finditer(body):
        ends = _after(body[at : variable.start()], text, ends)
        ends = _filled(variable[1].lower(), text, ends)
        at = variable.end()
    return len(text) in _after(body[at:], text, ends)


def find(registered: list[Registered], text: str) -> Registered | None:
    """Return the registration that a text goes under: of several the one that says the most."""
    fits = [one for one in registered if matches(one.body, text)]
    return max(fits, key=lambda one: (one.literal, one.number), default=None)


def _after(literal: str, text: str, ends: set[int]) -> set[int]:
    return {end + len(literal) for end in ends if text.startswith(literal, end)}


def _filled(kind: str, text: str, ends: set[int]) -> set[int]:
    rule = KINDS.get(kind)
    if rule is None:
        return set()
    longest = LONGEST_LINK if kind.startswith("url") or kind == "email" else LONGEST
    return {
        stop
        for end in ends
        for stop in range(end + 1, min(end + longest, len(text)) + 1)
        if rule.fullmatch(text, end, stop)
    }
