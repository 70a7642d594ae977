import pytest

from factories import Place, an_organisation


@pytest.fixture
async def place(rt) -> Place:
    place = await an_organisation(rt)
    await place.category("farmers")
    return place


@pytest.fixture
async def admin(place):
    return await place.account("admin")
