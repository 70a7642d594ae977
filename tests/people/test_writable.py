"""The rule whom we may write to: said for one address and for millions, it is one rule."""

import random
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PURPOSES, CHANNELS = ("messages", "coordination"), ("sandbox", "telegram")
SAID = (
    "INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version,"
    " language, basis, proof, at)"
    " VALUES (current_organisation(), %s, %s, %s, %s, '2026-1', 'hi', 'paper', 'form', %s)"
)
SUPPRESSED = (
    "INSERT INTO suppressed_person (organisation_id, person_id, reason, since)"
    " VALUES (current_organisation(), %s, 'asked', now())"
)
BOUNCED = (
    "INSERT INTO suppression (organisation_id, channel, lookup, reason, since)"
    " SELECT organisation_id, channel, lookup, 'bounced', now() FROM contact_point"
    " WHERE person_id = %s AND channel = 'sandbox'"
)
NAMED = "SELECT person_id, id, channel, purpose FROM {}"

PEOPLE = 150


async def test_both_views_name_the_same_addresses(place):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    people = [await place.person("east-one", chat=f"p:{n}", consents=False) for n in range(PEOPLE)]
    for id in people:
        await place.contact(id, f"q:{id}", channel="telegram")
        async with place.transaction() as conn:
            for _ in range(dice.randrange(6)):
                act = dice.choice(["given", "given", "withdrawn"])
                # Words come in late: the later entry may be of the earlier minute.
                at = NOON + timedelta(minutes=dice.randrange(4))
                about = dice.choice(PURPOSES), dice.choice(CHANNELS)
                await conn.execute(SAID, (id, *about, act, at))
            for statement in (SUPPRESSED, BOUNCED):
                if dice.random() < 0.1:
                    await conn.execute(statement, (id,))
    async with place.transaction() as conn:
        one_by_one, in_bulk = [
            sorted(await (await conn.execute(NAMED.format(view))).fetchall())
            for view in ("writable", "writable_in_bulk")
        ]
    assert in_bulk == one_by_one
    assert PEOPLE // 3 < len(in_bulk) < 3 * PEOPLE
