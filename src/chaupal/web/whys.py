"""Puts into words why a group is in an audience or out of it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chaupal.broadcasts.audience import And, Expression, Not, Or, Size
from chaupal.broadcasts.models import Broadcast
from chaupal.broadcasts.targets import Verdict
from chaupal.broadcasts.why import Answer
from chaupal.groups.models import Group
from chaupal.web.language import Language, moment, translations
from chaupal.web.sentences import Names, said
from chaupal.web.shapes import rung


def explained(
    answer: Answer, expression: Expression, purpose: str, names: Names, language: Language
) -> dict[str, Any]:
    """Return what a page shows of one group: where it is, in or out, and because of what."""
    group, verdict = answer.group, answer.verdict
    return {
        "id": group.id,
        "name": group.name,
        "unit": group.unit_name(language),
        "is_in": verdict.is_in if verdict else None,
        "reasons": _outside(verdict, purpose, language) if verdict else [],
        "terms": _terms(group, verdict, expression, names, language) if verdict else [],
        "became": None,
    }


def became(
    answer: Answer, broadcast: Broadcast, language: Language, *, now: datetime
) -> dict[str, Any] | None:
    """Return what became of a group once the audience was fixed; nothing before that."""
    if broadcast.frozen_at is None:
        return None
    outcome = answer.outcome
    return {
        "frozen": moment(broadcast.frozen_at, now, language),
        "rung": rung(outcome.state, outcome.evidence) if outcome else None,
        "state": outcome.state.value if outcome else None,
        "at": outcome.at if outcome else None,
        "failure": outcome.failure if outcome else None,
    }


def _outside(verdict: Verdict, purpose: str, language: Language) -> list[str]:
    """Say which of the conditions that always hold keep a group out."""
    gettext = translations(language).gettext
    reasons = []
    if not verdict.is_live:
        reasons.append(gettext("It is archived: no broadcast goes there."))
    if not verdict.is_of_purpose and purpose == "public":
        reasons.append(gettext("It is an internal group, and this is for public ones."))
    if not verdict.is_of_purpose and purpose == "internal":
        reasons.append(gettext("It is a public group, and this is for internal ones."))
    if not verdict.is_inside:
        reasons.append(gettext("It lies outside the author's area."))
    return reasons


def _terms(
    group: Group, verdict: Verdict, expression: Expression, names: Names, language: Language
) -> list[dict[str, Any]]:
    """Say each term with whether it fits, those inside others further in."""
    gettext = translations(language).gettext
    told = []
    for (term, depth, is_shown), fits in zip(_walked(expression, 0), verdict.fits, strict=True):
        if not is_shown:
            continue
        match term:
            case And():
                words = gettext("all of these:")
            case Or():
                words = gettext("any of these:")
            case Not(And() | Or() | Not()):
                words = gettext("not so:")
            case _:
                words = said(term, names, language)
        untold = isinstance(term, Size) and group.size_at is None
        told.append({"words": words, "depth": depth, "fits": fits, "size_untold": untold})
    return told


def _walked(
    term: Expression, depth: int, *, is_shown: bool = True
) -> Iterator[tuple[Expression, int, bool]]:
    """Go through an expression in the order of `audience.terms`, with how far in each stands.

    The outermost "all of these" goes without saying, and so does what a "not" before a single
    condition says already.
    """
    outermost = depth == 0 and isinstance(term, And)
    yield term, depth, is_shown and not outermost
    match term:
        case And(of) | Or(of):
            for part in of:
                yield from _walked(part, depth + (0 if outermost else 1))
        case Not(of):
            composite = isinstance(of, And | Or | Not)
            yield from _walked(of, depth + 1, is_shown=composite)
        case _:
            pass
