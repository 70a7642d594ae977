"""Search: people, groups and units by what they are called, or by exactly what they have.

What is typed is often a name or a number, so it travels in the body and stands in no address.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from chaupal.api.callers import Called, Caller
from chaupal.directory.search import Further, Hit, Searched, search
from chaupal.kit.refusals import Invalid

KINDS = {"people": Searched.PERSON, "groups": Searched.GROUP, "units": Searched.UNIT}


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """What is looked for. With `after`, which is a section's `next`, `kind` says of which one."""

    q: Annotated[str, Meta(min_length=1, max_length=200)]
    kind: Literal["people", "groups", "units"] | None = None
    after: str | None = None


class HitShape(Struct, frozen=True):
    """Something found. `mark`: its reference, channel or code; `trail`: where, from the top."""

    id: UUID
    name_hi: str
    name_en: str
    mark: str
    unit_id: UUID
    trail_hi: list[str]
    trail_en: list[str]


class Section(Struct, frozen=True):
    """Hits of one kind: `exact` what was typed letter by letter, `hits` what sounds like it."""

    exact: list[HitShape]
    hits: list[HitShape]
    next: str | None


class FoundShape(Struct, frozen=True):
    """What was found, by kind."""

    people: Section | None = None
    groups: Section | None = None
    units: Section | None = None


@post("/search", status_code=200)
async def find(caller: Called, data: JSONBody[Words]) -> FoundShape:
    """Look for people, groups and units within the caller's part of the tree."""
    if data.after and not data.kind:
        raise Invalid("request.malformed", where="kind")
    kinds = [KINDS[data.kind]] if data.kind else list(Searched)
    behind = caller.after(f"search/{data.kind}", data.after, tuple[int, str, UUID])
    async with caller.transaction() as conn:
        found = await search(
            caller.rt,
            conn,
            data.q,
            scope=caller.scope,
            kinds=kinds,
            after=Further(*behind) if behind else None,
        )
    sections = {
        name: Section(
            exact=[_hit(hit) for hit in found.exact.get(kind, [])],
            hits=[_hit(hit) for hit in found.pages[kind].hits],
            next=_next(caller, name, found.pages[kind].further),
        )
        for name, kind in KINDS.items()
        if kind in found.pages
    }
    return FoundShape(**sections)


def _hit(hit: Hit) -> HitShape:
    return HitShape(
        id=hit.id,
        name_hi=hit.name_hi,
        name_en=hit.name_en,
        mark=hit.mark,
        unit_id=hit.unit_id,
        trail_hi=hit.trail_hi,
        trail_en=hit.trail_en,
    )


def _next(caller: Caller, name: str, further: Further | None) -> str | None:
    if further is None:
        return None
    return caller.cursor(f"search/{name}", further.turn, further.key, further.id)


ROUTES: tuple[Any, ...] = (find,)
