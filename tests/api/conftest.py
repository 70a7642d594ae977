"""A door, an organisation behind it, and programs that come to it with a key."""

import pytest

from browsing import a_door
from calling import Program
from chaupal.kit.ids import new_id
from chaupal.organisations import Right, tokens
from factories import Place, an_organisation


@pytest.fixture
async def door(rt):
    async with a_door(rt) as door:
        yield door


@pytest.fixture
async def place(rt) -> Place:
    place = await an_organisation(rt)
    await place.category("farmers")
    return place


@pytest.fixture
async def admin(place):
    return await place.account("asha")


@pytest.fixture
async def keyed(rt, door):
    """Give an account a key of all its rights, or of those named, and return its program."""

    async def program(actor, *rights: Right, days: int = 30) -> Program:
        wanted = frozenset(rights) or await held(rt, actor)
        issued = await tokens.issue(
            rt, "a program", wanted, days=days, key=str(new_id()), actor=actor
        )
        return Program(door, issued.secret)

    return program


@pytest.fixture
async def program(keyed, admin) -> Program:
    return await keyed(admin)


async def held(rt, actor) -> frozenset[Right]:
    from chaupal.kit import db
    from chaupal.organisations import scope_of

    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
    return frozenset(right for right in Right if scope.allows(right))
