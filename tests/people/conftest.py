"""An organisation with a notice, and somebody in it."""

from uuid import UUID

import pytest

from chaupal.kit.ids import new_id
from chaupal.people import notices
from chaupal.people.models import Act, ContactChannel, Purpose
from factories import Place, an_organisation

BODIES = {"hi": "हम आपको बैठकों की ख़बर भेजेंगे।", "en": "We will send you news of meetings."}


@pytest.fixture
async def place(rt) -> Place:
    return await an_organisation(rt)


@pytest.fixture
async def admin(place):
    return await place.account("admin")


async def publish(rt, admin, version: str = "2026-1", bodies: dict | None = None) -> None:
    await notices.publish(rt, version, bodies or BODIES, key=str(new_id()), actor=admin)


async def holds(place: Place, person: UUID) -> dict[tuple[Purpose, ContactChannel], Act]:
    """What holds of a person today, by purpose and channel."""
    from chaupal.people import ledger

    async with place.transaction() as conn:
        return {(a.purpose, a.channel): a.act for a in await ledger.held(conn, person)}


async def may_write(place: Place, person: UUID, purpose: str = "coordination") -> bool:
    """Whether the rule that claims ask lets anybody write to a person."""
    async with place.transaction() as conn:
        cursor = await conn.execute(
            "SELECT EXISTS (SELECT FROM writable WHERE purpose = %s AND person_id = %s)",
            (purpose, person),
        )
        return (await cursor.fetchone())[0]
