"""An audience as a sentence, and each term of it in a few words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never
from uuid import UUID

from chaupal.broadcasts.audience import (
    And,
    Categories,
    Channels,
    Earlier,
    Everyone,
    Expression,
    Languages,
    Leaf,
    Levels,
    LiveAdmins,
    Not,
    Or,
    Posts,
    Saw,
    Size,
    Units,
)
from chaupal.groups.models import Category
from chaupal.organisations.models import Level, Unit
from chaupal.web.language import Language, number, translations
from chaupal.web.refusals import N_
from chaupal.web.shapes import named
from chaupal.web.words import word

NAMES_SHOWN = 6
BOUNDS = {
    Size: (
        N_("at least %(low)s members"),
        N_("at most %(high)s members"),
        N_("%(low)s to %(high)s members"),
    ),
    LiveAdmins: (
        N_("at least %(low)s live admins"),
        N_("at most %(high)s live admins"),
        N_("%(low)s to %(high)s live admins"),
    ),
}


@dataclass(frozen=True, slots=True)
class Names:
    """How units, levels, categories and earlier broadcasts are called."""

    units: Mapping[UUID, Unit]
    levels: Mapping[str, Level]
    categories: Mapping[str, Category]
    broadcasts: Mapping[UUID, str] = field(default_factory=dict)
    clusters: Mapping[UUID, str] = field(default_factory=dict)


def sentence(
    expression: Expression,
    purpose: str,
    names: Names,
    language: Language,
    *,
    via: Sequence[str] = (),
) -> str:
    """Say whom an audience is: "Bikaner division · farmers · public groups"."""
    gettext = translations(language).gettext
    groups = gettext("public groups") if purpose == "public" else gettext("internal groups")
    if via:
        channels = ", ".join(word("channel", name, language) for name in via)
        groups = gettext("people who agreed, over %(channels)s") % {"channels": channels}
    terms = expression.of if isinstance(expression, And) else [expression]
    told = [said(term, names, language) for term in terms if not isinstance(term, Everyone)]
    return " · ".join([*(told or [gettext("the whole area")]), groups])


def said(term: Expression, names: Names, language: Language) -> str:
    """Say one term with everything inside it."""
    gettext = translations(language).gettext
    match term:
        case And(of):
            return " · ".join(said(part, names, language) for part in of)
        case Or(of):
            either = gettext("or")
            return f"({f' {either} '.join(said(part, names, language) for part in of)})"
        case Not(of):
            return gettext("except %(what)s") % {"what": said(of, names, language)}
        case _:
            return _leaf(term, names, language)


def _leaf(term: Leaf, names: Names, language: Language) -> str:
    """Say a term that holds no other."""
    gettext = translations(language).gettext
    match term:
        case Everyone():
            return gettext("the whole area")
        case Size(low, high) | LiveAdmins(low, high):
            at_least, at_most, between = BOUNDS[type(term)]
            bounds = {"low": number(low or 0), "high": number(high or 0)}
            text = at_most if low is None else at_least if high is None else between
            return gettext(text) % bounds
        case Languages(languages):
            read = _either([word("language", key, language) for key in languages], language)
            return gettext("reads %(languages)s") % {"languages": read}
        case Posts():
            return _posts(term, names, language)
        case Earlier() | Saw():
            return _earlier(term, names, language)
        case _:
            return _listed(_names_of(term, names, language), language)


def _posts(term: Posts, names: Names, language: Language) -> str:
    gettext = translations(language).gettext
    roles = _either([word("role", role, language) for role in term.roles], language)
    levels = _either(_levels(term.levels, names, language), language)
    if not term.levels:
        return gettext("an admin holds the post %(roles)s") % {"roles": roles}
    if not term.roles:
        return gettext("an admin holds a post at the level %(levels)s") % {"levels": levels}
    return gettext("an admin holds the post %(roles)s at the level %(levels)s") % {
        "roles": roles,
        "levels": levels,
    }


def _earlier(term: Earlier | Saw, names: Names, language: Language) -> str:
    gettext = translations(language).gettext
    if isinstance(term, Saw):
        seen = names.clusters.get(term.cluster) or gettext("something that goes round")
        return gettext("saw “%(title)s”") % {"title": seen}
    title = names.broadcasts.get(term.broadcast) or gettext("an earlier broadcast")
    parts = []
    if term.at_least is not None:
        rung = word("rung", term.at_least, language)
        parts.append(gettext("at least %(rung)s") % {"rung": rung})
    if term.below is not None:
        rung = word("rung", term.below, language)
        parts.append(gettext("not even %(rung)s") % {"rung": rung})
    if term.states:
        parts.append(_either([word("state", state, language) for state in term.states], language))
    told = ", ".join(parts) or gettext("was for them")
    return gettext("“%(title)s”: %(told)s") % {"title": title, "told": told}


def _names_of(
    term: Units | Levels | Categories | Channels, names: Names, language: Language
) -> list[str]:
    """Return what a term lists, by name."""
    match term:
        case Units(units, below):
            called = [named(names.units[id], language) for id in units if id in names.units]
            alone = translations(language).gettext("%(units)s alone")
            return called if below else [alone % {"units": name} for name in called]
        case Levels(levels):
            return _levels(levels, names, language)
        case Categories(keys):
            found = (names.categories.get(key) for key in keys)
            return [named(category, language) for category in found if category is not None]
        case Channels(channels):
            return [word("channel", key, language) for key in channels]
        case _:
            assert_never(term)


def _levels(keys: Iterable[str], names: Names, language: Language) -> list[str]:
    return [named(names.levels[key], language) for key in keys if key in names.levels]


def _either(called: list[str], language: Language) -> str:
    return f" {translations(language).gettext('or')} ".join(called)


def _listed(called: list[str], language: Language) -> str:
    if len(called) <= NAMES_SHOWN:
        return ", ".join(called) or "…"
    more = len(called) - NAMES_SHOWN
    return translations(language).gettext("%(names)s and %(count)s more") % {
        "names": ", ".join(called[:NAMES_SHOWN]),
        "count": more,
    }
