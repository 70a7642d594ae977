"""A broadcast's wording where it goes as a template: which there are, its blanks, how it reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from litestar.datastructures import FormMultiDict

from chaupal.broadcasts import templates
from chaupal.broadcasts.filling import VARIABLES_LIMIT, Chosen
from chaupal.broadcasts.models import LANGUAGES, Draft
from chaupal.broadcasts.templates import TEMPLATED, Template
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.web.visits import Desk

NAME_LIMIT = 512
BLANK_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Templated:
    """What the form says of a template; without a name the broadcast's texts are written freely."""

    name: str = ""
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NONE = Templated()


def read(form: FormMultiDict) -> Templated:
    """Return what the form says."""
    return Templated(
        str(form.get("template", "")).strip()[:NAME_LIMIT],
        {
            language: tuple(
                str(form[f"blank_{language}_{place}"]).strip()[:BLANK_LIMIT]
                for place in range(1, VARIABLES_LIMIT + 1)
                if f"blank_{language}_{place}" in form
            )
            for language in LANGUAGES
        },
    )


def of(chosen: Chosen | None) -> Templated:
    """Return what a form says of a draft that is there."""
    if chosen is None:
        return Templated()
    fills = chosen.fills.items()
    return Templated(chosen.name, {language: fill.variables for language, fill in fills})


async def filled(rt: Runtime, draft: Draft, said: Templated, desk: Desk) -> Draft:
    """Return the draft with its texts out of the template, if one is chosen, and beside each of
    them its picture."""
    if not said.name:
        return draft
    draft = await templates.filled_in(rt, draft, said.name, said.variables, actor=desk.actor)
    there = draft.pictures.keys() & draft.texts.keys()
    return replace(draft, pictures={language: draft.pictures[language] for language in there})


async def offered(conn: db.Conn, via: list[str], said: Templated) -> dict[str, Any]:
    """Return what the form offers: the templates that can go now, and the chosen one's blanks."""
    empty: dict[str, Any] = {"names": [], "name": said.name, "languages": [], "lacks": []}
    if not said.name and not any(channel in TEMPLATED for channel in via):
        return empty
    homes = [row.business_account for row in await templates.accounts(conn)]
    by_name: dict[str, list[Template]] = {}
    for row in await templates.known(conn):
        by_name.setdefault(row.name, []).append(row)
    usable = {name: templates.by_language(rows, homes) for name, rows in by_name.items()}
    names = [
        {
            "name": name,
            "category": next(iter(found.values())).category,
            "pictured": any(row.pictured for row in found.values()),
        }
        for name, found in usable.items()
        if found
    ]
    chosen = usable.get(said.name, {})
    return empty | {
        "names": names,
        "languages": [
            _language(chosen[language], said.variables.get(language, ()))
            for language in LANGUAGES
            if language in chosen
        ],
        "lacks": [language for language in LANGUAGES if chosen and language not in chosen],
    }


def _language(row: Template, given: tuple[str, ...]) -> dict[str, Any]:
    """Return how a template reads in one language, as far as it is filled."""
    blanks = templates.blanks(row)
    values = [*given, *[""] * blanks][:blanks]
    return {
        "language": row.language,
        "blanks": values,
        "text": templates.so_far(row, values),
        "pictured": row.pictured,
        "buttons": row.buttons.splitlines(),
    }
