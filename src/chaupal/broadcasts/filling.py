"""Templates filled with their variables: what is read is what was approved. No I/O here."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chaupal.kit.refusals import Invalid

VARIABLES_LIMIT = 30
FILLED_LIMIT_CHARACTERS = 1024
# So long what was seen of a template's time to live counts: then two fetches brought nothing newer.
LIFE_KNOWN_FOR = timedelta(hours=12)
VARIABLE = re.compile(r"\{\{\s*([0-9]+)\s*\}\}")
# What providers take in no variable: a break, a tab, or more than four spaces in a row.
NOT_IN_A_VARIABLE = re.compile(r"[\r\n\t]| {5}")


@dataclass(frozen=True, slots=True)
class Fill:
    """A template in one language: the provider's code of it, its variables in their order, and
    whether a picture stands above it."""

    code: str
    variables: tuple[str, ...] = field(default=(), repr=False)
    pictured: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what is kept of it; of a picture only where there is one, so that what was
        approved before there could be stays what was approved."""
        above = {"pictured": True} if self.pictured else {}
        return {"code": self.code, "variables": list(self.variables), **above}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which template a broadcast goes as, and how it is filled in each language."""

    name: str
    fills: dict[str, Fill]

    def to_json(self) -> dict[str, Any]:
        """Return what is kept of it, and what stands in the hash."""
        return {
            "name": self.name,
            "fills": {language: fill.to_json() for language, fill in sorted(self.fills.items())},
        }

    @classmethod
    def of_json(cls, written: dict[str, Any]) -> "Chosen":
        """Read back what `to_json` wrote."""
        return cls(
            written["name"],
            {
                language: Fill(fill["code"], tuple(fill["variables"]), fill.get("pictured", False))
                for language, fill in written["fills"].items()
            },
        )


def wanted(body: str) -> int:
    """Return how many variables a body has; they are numbered from 1."""
    return max((int(number) for number in VARIABLE.findall(body)), default=0)


def filled(
    language: str, parts: tuple[str | None, str, str | None], variables: tuple[str, ...]
) -> str:
    """Return what readers see of a template: header, body with its variables, footer.

    Refused: another number of variables than the body has, and what no provider takes in one.
    """
    header, body, footer = parts
    if len(variables) != wanted(body):
        raise Invalid(
            "template.variables_mismatched",
            language=language,
            wanted=wanted(body),
            given=len(variables),
        )
    for place, variable in enumerate(variables, 1):
        if not variable.strip() or NOT_IN_A_VARIABLE.search(variable):
            raise Invalid("template.variable_malformed", language=language, place=place)
    said = VARIABLE.sub(lambda found: variables[int(found[1]) - 1], body)
    if len(said) > FILLED_LIMIT_CHARACTERS:
        raise Invalid(
            "template.too_long",
            language=language,
            length=len(said),
            limit=FILLED_LIMIT_CHARACTERS,
        )
    return "\n\n".join(part for part in (header, said, footer) if part)
