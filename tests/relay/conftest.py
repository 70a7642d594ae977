import pytest

from relaying import Bazaar, Post, a_bazaar


@pytest.fixture
async def bazaar(rt) -> Bazaar:
    return await a_bazaar(rt)


@pytest.fixture
async def post():
    async with Post() as provider:
        yield provider
