"""A web door for each test, and an organisation behind it."""

import pytest

from browsing import a_door
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
