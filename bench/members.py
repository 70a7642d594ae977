"""People by the million for a bench, each with a sealed address and a yes, written in one pass."""

from bench.ground import Ground
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId

TABLES = ("person", "contact_point", "consent")
# As an import leaves them: in the order in which they came, spread over the booths. The bytes of an
# address are random; nothing here is ever opened.
PEOPLE = """
INSERT INTO person (organisation_id, id, reference, unit_id, name, language, search_key, since)
SELECT current_organisation(), uuidv7(), 'm' || n, booths.ids[1 + n %% cardinality(booths.ids)],
       'सदस्य ' || n, CASE WHEN n %% 10 = 0 THEN 'en' ELSE 'hi' END, 'sadasya ' || n, now()
  FROM generate_series(1, %s) AS n,
       (SELECT array_agg(id ORDER BY number) AS ids FROM unit
         WHERE organisation_id = current_organisation() AND level_rank = 2) AS booths
"""
ADDRESSES = """
INSERT INTO contact_point (organisation_id, person_id, channel, sealed, lookup, since)
SELECT organisation_id, id, 'sandbox', sha256(convert_to(reference, 'UTF8')),
       substring(sha256(convert_to(reference, 'UTF8')) FOR 16), since
  FROM person WHERE organisation_id = current_organisation() ORDER BY id
"""
CONSENTS = """
INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version, language,
                     basis, proof, at)
SELECT organisation_id, id, 'messages', 'sandbox', 'given', '2026-01', language,
       'membership_form', 'form', since
  FROM person WHERE organisation_id = current_organisation() ORDER BY id
"""


async def add(ground: Ground, organisation: OrganisationId, people: int) -> None:
    """Write `people` people with all their keys, and measure the tables as an import does."""
    async with ground.owner(organisation) as owner:
        with ground.step(f"{people:,} people to measure on"):
            for table in TABLES:
                await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
            await owner.execute(PEOPLE, (people,))
            await owner.execute(ADDRESSES)
            await owner.execute(CONSENTS)
            for table in TABLES:
                await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
            await _measure(owner)


async def _measure(owner: db.Conn) -> None:
    for table in (*TABLES, "unit"):
        await owner.execute(f"VACUUM (ANALYZE) {table}".encode())
