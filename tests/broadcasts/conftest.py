"""A small organisation with farmers' groups in the east, and two people who may sign."""

import pytest

from factories import an_organisation
from staging import Stage


@pytest.fixture
async def stage(rt) -> Stage:
    place = await an_organisation(rt)
    await place.category("farmers")
    await place.category("students")
    bot = await place.sender()
    stage = Stage(rt, place, await place.account("asha"), await place.account("ravi"), bot)
    for code in ("east-one", "east-two", "west-one"):
        for _ in range(4):
            stage.farmers.append(await place.group(code, sender=bot, categories=("farmers",)))
            stage.others.append(await place.group(code, sender=bot, categories=("students",)))
    return stage
