"""Houses for the stories: one on the run's shared engines, one on engines that may be killed."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

import privacy
from chaupal import engine, world
from chaupal.engine import ports
from chaupal.engine.migrate import migrate
from chaupal.kit.ids import new_id
from chaupal.rehearsal.provider import process as provider
from house import House, a_house

LEASES_S = "2,8"


@pytest.fixture(scope="module")
def own_engines() -> Iterator[engine.Engines]:
    """Engines that nobody else uses, so that killing them hurts nobody."""
    data = Path(tempfile.mkdtemp(prefix="chaupal-story-")).resolve()
    engines = engine.start(data, durable=False)
    try:
        assert engines.owner_dsn is not None
        migrate(engines.owner_dsn)
        yield engines
    finally:
        engine.stop(engines)
        found = privacy.found_below(data)
        shutil.rmtree(data)
        assert found == []


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def house(own_engines, http) -> AsyncIterator[House]:
    """A house on engines of its own, with short leases; edge and worker are not started yet."""
    port = ports.free()
    settings = world.settings(
        {"CHAUPAL_EDGE_PORT": str(port), "CHAUPAL_LEASES_S": LEASES_S}, data=own_engines.data
    )
    children = world.for_children(settings, own_engines, os.environ)
    async with (
        world.runtime(
            settings, database_url=own_engines.program_dsn, nats_url=own_engines.nats_url
        ) as rt,
        a_house(rt, http, settings, children) as house,
    ):
        yield house


@pytest.fixture
async def sandbox(house) -> AsyncIterator[provider.Provider]:
    """The rehearsals' provider, a process of its own with a book of its own."""
    async with provider.running(house.data / f"{new_id().hex[-8:]}.book") as running:
        yield running
