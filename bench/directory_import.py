"""Importing a file of people, beside a raw COPY of the same rows into one indexed table."""

import argparse
import asyncio
import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from uuid import UUID

import uvloop

from bench.figures import Figure, cost, rate, seconds
from bench.ground import Ground, watched
from chaupal import directory, record, world
from chaupal.channels.limits import Limits
from chaupal.directory import Kind
from chaupal.groups import queries as groups
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.sound import search_key
from chaupal.organisations import actions as organisations
from chaupal.organisations import queries as organisation_queries
from chaupal.organisations.models import Level, OrganisationType
from chaupal.people.models import ContactChannel, contact_context
from chaupal.rehearsal import roster
from chaupal.rehearsal.demo.rows import Rows
from chaupal.rehearsal.sizes import LEAST_GROUPS

SEED = 2026
PEOPLE_A_GROUP = 50
MEMORY_LIMIT_MB = 400
BLOCK_BYTES = 1 << 20
PROOF, NOTICE, PURPOSE = "form", "2026-01", "messages"
COLUMNS = (
    *("reference", "unit_code", "name", "language", "phone"),
    *("consent_basis", "consent_proof", "notice_version", "consent_purposes"),
)
# One row a person, with the keys that make ours usable: by id, by reference, unit by unit by
# name, by number, and by every word of how the name sounds: the keys that we keep one a row stand
# in one array. No foreign key, no check, no row-level security.
RAW = """
CREATE TABLE bare_person (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    reference       text NOT NULL,
    unit_id         uuid NOT NULL,
    name            text NOT NULL,
    language        text NOT NULL,
    sealed          bytea NOT NULL,
    lookup          bytea NOT NULL,
    basis           text NOT NULL,
    proof           text NOT NULL,
    notice_version  text NOT NULL,
    purposes        text NOT NULL,
    search_keys     text[] NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, reference),
    UNIQUE (organisation_id, lookup)
);
CREATE INDEX ON bare_person (organisation_id, unit_id, name, id);
CREATE INDEX ON bare_person USING gin (search_keys);
"""


@dataclass(slots=True)
class Place:
    """Rajasthan for so many people, first on paper, then founded with its tree."""

    source: roster.Organisation
    rows: Rows
    slug: str
    organisation: OrganisationId | None = None

    async def found(self, ground: Ground) -> OrganisationId:
        """Found the organisation with its senders, categories and units."""
        source = self.source
        found = await organisations.found(
            ground.rt,
            slug=self.slug,
            type=OrganisationType(source.type),
            name_hi=source.name_hi,
            name_en=source.name_en,
            levels=[Level(row.rank, row.key, row.name_hi, row.name_en) for row in source.levels],
        )
        self.organisation = found.id
        for number in range(source.senders):
            await directory.add_sender(
                ground.rt,
                name=f"bot-{number}",
                channel="sandbox",
                endpoint="http://127.0.0.1:9",
                token="t",
                webhook_secret="s",
                limits=Limits(rate_per_s=1000),
                actor=record.part_of_the_system(found.id, "bench"),
            )
        with ground.step(f"directory: {source.unit_count:,} units"):
            async with db.transaction(ground.rt.pool, found.id) as conn:
                for row in source.categories:
                    await groups.add_category(
                        conn, key=row.key, name_hi=row.name_hi, name_en=row.name_en
                    )
                await directory.load_units(ground.rt, conn, self.rows.units())
        return found.id


def founded(size: int) -> Place:
    """Plan Rajasthan for `size` people."""
    source = roster.rajasthan(SEED, max(LEAST_GROUPS, size // PEOPLE_A_GROUP), size)
    names = [f"bot-{number}" for number in range(source.senders)]
    return Place(source, Rows(source, names), "directory")


async def load_groups(ground: Ground, place: Place) -> None:
    """Load the groups, with the people of the file among their admins."""
    assert place.organisation is not None
    with ground.step(f"directory: {place.source.group_count:,} groups"):
        async with db.transaction(ground.rt.pool, place.organisation) as conn:
            await directory.load_groups(ground.rt, conn, place.rows.groups())


async def imported(ground: Ground, place: Place) -> list[Figure]:
    """Measure the import of all people, to committed and searchable, and its peak of memory."""
    assert place.organisation is not None
    people = place.source.person_count
    ours, raw = ground.settings.data / "people.csv", ground.settings.data / "people.copy"
    async with ground.owner(place.organisation) as owner:
        with ground.step(f"directory: writing {people:,} people down"):
            await _write(ground, place, owner, ours, raw)
        with ground.step("directory: raw COPY into an indexed table"):
            raw_s = await _copied(owner, raw)
        with ground.step("directory: import"):
            await owner.execute("CHECKPOINT")
            ours_s, peak_mb = await _imported(ground, place, ours)
        await _check(owner, people)
    for path in (ours, raw):
        path.unlink()
    return [
        rate("import_people", people / ours_s, people / raw_s, "rows/s"),
        cost("import_memory_mb", peak_mb, MEMORY_LIMIT_MB, "MB"),
    ]


async def _write(ground: Ground, place: Place, owner: db.Conn, ours: Path, raw: Path) -> None:
    """Write the file as an office would send it, and the same rows as COPY takes them, sealed."""
    found = await owner.execute("SELECT code, id FROM unit")
    units: dict[str, UUID] = dict(await found.fetchall())
    await asyncio.to_thread(_written, ground, place, units, ours, raw)


def _written(ground: Ground, place: Place, units: dict[str, UUID], ours: Path, raw: Path) -> None:
    assert place.organisation is not None
    context = contact_context(place.organisation, ContactChannel.PHONE)
    sealer = ground.rt.sealer
    with ours.open("w", encoding="utf-8", newline="") as file, raw.open("w") as copy:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in place.rows.people():
            assert row.phone is not None
            assert row.consent is not None
            phone = row.phone.removeprefix("+91")  # as people write it
            consent = (row.consent.basis, PROOF, NOTICE, PURPOSE)
            writer.writerow((row.reference, row.unit_code, row.name, row.language, phone, *consent))
            sealed = sealer.seal(row.phone, context).hex()
            lookup = sealer.lookup(row.phone, context).hex()
            copy.write(
                f"{place.organisation}\t{new_id()}\t{row.reference}\t{units[row.unit_code]}"
                f"\t{row.name}\t{row.language}\t\\\\x{sealed}\t\\\\x{lookup}"
                f"\t{row.consent.basis}\t{PROOF}\t{NOTICE}\t{PURPOSE}\t{_turned(row.name)}\n"
            )


@lru_cache
def _turned(name: str) -> str:
    """Return the keys of a name as an array: its words, each of them once in front."""
    words = search_key(name).split()
    turns = (" ".join(words[at:] + words[:at]) for at in range(len(words)))
    return "{" + ",".join(f'"{turn}"' for turn in turns) + "}"


async def _copied(owner: db.Conn, path: Path) -> float:
    await owner.execute(RAW.encode())
    await owner.execute("CHECKPOINT")

    async def copy() -> None:
        async with owner.cursor() as cursor, cursor.copy("COPY bare_person FROM STDIN") as stream:
            for block in _blocks(path):
                await stream.write(block)

    raw_s = await seconds(copy)
    await owner.execute("DROP TABLE bare_person")
    return raw_s


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


async def _imported(ground: Ground, place: Place, path: Path) -> tuple[float, float]:
    """Import in a process of its own; return its seconds and the most memory that it held."""
    async with watched("bench.directory_import") as peak:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.directory_import", place.slug, str(path)),
            env=world.for_children(ground.settings, ground.engines),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await child.communicate()
    assert child.returncode == 0, "the import broke"
    return float(said), peak.mb


async def _check(owner: db.Conn, people: int) -> None:
    """See that everybody is there, reachable, and found by name."""
    found = await owner.execute(
        "WITH here AS (SELECT current_organisation() AS id)"
        " SELECT (SELECT count(*) FROM person WHERE organisation_id = here.id),"
        " (SELECT count(*) FROM contact_point WHERE organisation_id = here.id),"
        " (SELECT count(*) FROM consent WHERE organisation_id = here.id),"
        " (SELECT count(DISTINCT subject_id) FROM search_entry"
        " WHERE organisation_id = here.id AND kind = 'p') FROM here"
    )
    counts = await found.fetchone()
    assert counts == (people, people, people, people), counts


async def _import(slug: str, path: Path) -> float:
    """Import the file by the same call as the console, and return how many seconds it took."""
    async with world.opened(world.settings()) as rt:
        async with db.installation(rt.pool) as conn:
            found = await organisation_queries.organisation_by_slug(conn, slug)
        assert found is not None
        actor = record.part_of_the_system(found.id, "console")
        with path.open("rb") as source:
            began = perf_counter()
            await directory.import_file(rt, Kind.PEOPLE, source, actor=actor)
            return perf_counter() - began


def main() -> None:
    """Import one file of people, and print the seconds."""
    parser = argparse.ArgumentParser(prog="bench.directory_import")
    parser.add_argument("slug")
    parser.add_argument("path", type=Path)
    asked = parser.parse_args()
    print(uvloop.run(_import(asked.slug, asked.path)))


if __name__ == "__main__":
    main()
