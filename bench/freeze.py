"""Freezing an audience, beside the same rows inserted into a table that only has the keys."""

from functools import partial
from typing import LiteralString

from bench import members
from bench.figures import Figure, median, rate, seconds
from bench.ground import Ground
from bench.plain import Place, founded
from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db

ROUNDS = 3
GROUPS_LIMIT = 100_000
BARE = """
CREATE TABLE bare_freeze (LIKE delivery
    INCLUDING IDENTITY INCLUDING DEFAULTS INCLUDING INDEXES)
"""
COPIED = """
INSERT INTO bare_freeze (organisation_id, broadcast_id, group_id, person_id, contact_id, sender_id,
                         branch_id, language, due_at)
SELECT organisation_id, broadcast_id, group_id, person_id, contact_id, sender_id, branch_id,
       language, due_at
  FROM delivery WHERE organisation_id = %s AND broadcast_id = %s
"""


async def freeze(ground: Ground, size: int) -> list[Figure]:
    """Measure the freeze of `size` people, and of as many groups as a state has."""
    groups = min(size, GROUPS_LIMIT)
    place = await founded(ground, "freeze", groups)
    await members.add(ground, place.organisation, size)
    measured = [
        await _measured(ground, place, "freeze", size, "people/s", via=("sandbox",), rounds=1),
        await _measured(ground, place, "freeze.groups", groups, "groups/s", rounds=ROUNDS),
    ]
    async with ground.owner(place.organisation) as owner:  # nobody is to send what was frozen here
        await owner.execute(
            "UPDATE sender SET disabled_at = now() WHERE organisation_id = %s",
            (place.organisation,),
        )
    return measured


async def _measured(
    ground: Ground,
    place: Place,
    name: str,
    size: int,
    unit: LiteralString,
    *,
    via: tuple[str, ...] = (),
    rounds: int,
) -> Figure:
    ours, raw = [], []
    async with ground.owner(place.organisation) as owner:
        for turn in range(rounds):
            with ground.step(f"{name}: round {turn + 1}"):
                id = await place.approved(via=via)
                await owner.execute("CHECKPOINT")
                ours.append(await seconds(partial(place.freeze, id, size)))
                raw.append(await _insert(place, owner, id, size))
    return rate(name, size / median(ours), size / median(raw), unit)


async def _insert(place: Place, owner: db.Conn, id: BroadcastId, size: int) -> float:
    async def insert() -> None:
        written = await owner.execute(COPIED.encode(), (place.organisation, id))
        assert written.rowcount == size

    await owner.execute(BARE.encode())
    await owner.execute("CHECKPOINT")
    raw_s = await seconds(insert)
    await owner.execute("DROP TABLE bare_freeze")
    return raw_s
