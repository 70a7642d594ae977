"""A place with categories and an administrator, and groups registered the way people do it."""

import pytest

from chaupal import groups
from chaupal.groups import GroupPurpose, NewGroup
from chaupal.groups.models import GroupChannel
from chaupal.kit.ids import new_id
from factories import an_organisation


@pytest.fixture
async def place(rt):
    place = await an_organisation(rt)
    await place.category("farmers")
    return place


@pytest.fixture
async def admin(place):
    return await place.account("admin")


@pytest.fixture
def register(rt, place, admin):
    """Register a WhatsApp group; what is not named is sensible."""

    async def registered(at="east-one", *, actor=admin, key=None, **named):
        new = {"name": "समूह", "purpose": GroupPurpose.PUBLIC, "channel": GroupChannel.WHATSAPP}
        return await groups.register(
            rt,
            NewGroup(unit=place.units[at], **{**new, **named}),
            key=key or str(new_id()),
            actor=actor,
        )

    return registered
