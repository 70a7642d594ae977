"""Who one is to the API, and the words that an organisation has given itself."""

from typing import Any
from uuid import UUID

from litestar import get
from msgspec import Struct

from chaupal.api.callers import Called
from chaupal.groups import queries as groups
from chaupal.organisations import Right
from chaupal.organisations import queries as organisations


class Me(Struct, frozen=True):
    """Whose key it is, and what it opens; at `units` the caller's part of the tree begins."""

    account_id: UUID
    login: str
    language: str
    rights: list[str]
    units: list[UUID]


class LevelShape(Struct, frozen=True):
    """A storey of the tree; the top is rank 0."""

    rank: int
    key: str
    name_hi: str
    name_en: str


class CategoryShape(Struct, frozen=True):
    """Something that people join under themselves."""

    key: str
    name_hi: str
    name_en: str


@get("/me")
async def me(caller: Called) -> Me:
    """Say whose key it is and what it opens."""
    async with caller.transaction() as conn:
        roots = await organisations.roots(conn, scope=caller.scope)
    return Me(
        account_id=caller.actor.id,
        login=caller.actor.label,
        language=caller.language,
        rights=[right.value for right in Right if caller.scope.allows(right)],
        units=[root.id for root in roots],
    )


@get("/levels")
async def levels(caller: Called) -> list[LevelShape]:
    """List the storeys of the organisation's tree, from the top."""
    async with caller.transaction() as conn:
        return [
            LevelShape(level.rank, level.key, level.name_hi, level.name_en)
            for level in await organisations.levels(conn)
        ]


@get("/categories")
async def categories(caller: Called) -> list[CategoryShape]:
    """List the categories of the organisation."""
    async with caller.transaction() as conn:
        return [
            CategoryShape(category.key, category.name_hi, category.name_en)
            for category in await groups.categories(conn)
        ]


ROUTES: tuple[Any, ...] = (me, levels, categories)
