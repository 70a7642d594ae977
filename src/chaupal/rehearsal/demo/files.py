"""The files that somebody has brought in before a newcomer looks: two imported, one checked."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice

from chaupal.directory import Kind
from chaupal.directory.jobs import actions, run
from chaupal.directory.jobs.models import CHUNK_BYTES, Columns, JobId
from chaupal.kit.ids import new_id
from chaupal.kit.runtime import Runtime
from chaupal.record import Actor
from chaupal.rehearsal import roster
from chaupal.rehearsal.records import phone

LEASE = timedelta(minutes=10)
MEMBERS, NEW_PEOPLE = 1_200, 24
KENDRAS, BOOTHS = 2, 5
HEADINGS = {
    Kind.UNITS: {
        "कोड": "code", "किसके नीचे": "parent_code", "स्तर": "level",
        "नाम": "name_hi", "Name": "name_en",
    },
    Kind.PEOPLE: {
        "क्रमांक": "reference", "इकाई": "unit_code", "नाम": "name", "मोबाइल": "phone",
    },
    Kind.MEMBERSHIPS: {
        "क्रमांक": "reference", "वर्ग": "category", "कब से": "since", "कैसे जुड़े": "basis",
    },
}  # fmt: skip
Row = tuple[str, ...]


def units(mandals: Iterable[tuple[str, str, str]]) -> Iterator[Row]:
    """Yield what is below new mandals (code, Hindi and English name), and a slip of the pen."""
    for code, hi, en in mandals:
        for kendra in range(1, KENDRAS + 1):
            name_hi, name_en = f"{hi} शक्ति केंद्र {kendra}", f"{en} Shakti Kendra {kendra}"
            yield f"{code}-S{kendra}", code, "shakti_kendra", name_hi, name_en
            for booth in range((kendra - 1) * BOOTHS + 1, kendra * BOOTHS + 1):
                names = f"बूथ {booth}, {hi}", f"Booth {booth}, {en}"
                yield f"{code}-B{booth:03d}", f"{code}-S{kendra}", "booth", *names
    yield "RJ-XX-01", "RJ-XX", "mandal", "देवपुरा", "Devpura"


def members(source: roster.Organisation, today: date) -> Iterator[Row]:
    """Yield who joined which category. Three lines are such as files have."""
    joined = [category.name_hi for category in source.categories]
    workers = (person for person in source.people() if not person.posts)
    for order, person in enumerate(islice(workers, MEMBERS)):
        day = today - timedelta(days=30 + order * 7 % 400)
        basis = "paper" if order % 4 == 0 else "membership_form"
        yield f"P{person.number}", joined[order % len(joined)], day.isoformat(), basis
    yield "P99999999", joined[0], today.isoformat(), "paper"
    yield "P1", "कवि", today.isoformat(), "paper"
    yield "P2", joined[0], "", "paper"


def people(source: roster.Organisation) -> Iterator[Row]:
    """Yield people whom somebody means to bring in. Some lines are such as files have."""
    units = [unit.code for unit in islice(source.units(), 40)]
    last = source.person_count
    known = [person.name for person in islice(source.people(), NEW_PEOPLE)]
    for order, name in enumerate(known, 1):
        yield f"N{order}", units[order], name, phone(last + order)
    yield "N1", units[1], known[0], phone(last + 1)
    yield f"N{NEW_PEOPLE + 1}", "RJ-XX", known[1], ""
    yield f"N{NEW_PEOPLE + 2}", units[2], known[2], "9.19E+11"


async def bring(
    rt: Runtime, kind: Kind, name: str, rows: Iterable[Row], *, actor: Actor, order: bool = True
) -> None:
    """Upload a file, say what its columns mean, check it, and import it if that is ordered."""
    body = _written(kind, rows)
    id = await actions.begin(rt, kind, name, actor=actor)
    for position, start in enumerate(range(0, len(body), CHUNK_BYTES)):
        piece = body[start : start + CHUNK_BYTES]
        await actions.add_piece(rt, id, position, piece, actor=actor)
    await actions.finish(rt, id, key=str(new_id()), actor=actor)
    columns = Columns(HEADINGS[kind])
    await actions.map_columns(rt, id, columns, key=str(new_id()), actor=actor)
    await _carry_out(rt, id, body, actor)
    if order:
        await actions.order(rt, id, key=str(new_id()), actor=actor)
        await _carry_out(rt, id, body, actor)


async def _carry_out(rt: Runtime, id: JobId, body: bytes, actor: Actor) -> None:
    """Do as the worker does, which does not run yet."""
    owner, organisation = new_id(), actor.organisation
    claimed = await run.claim(rt, organisation, owner=owner, lease=LEASE)
    assert claimed is not None, "nobody else imports yet"
    assert claimed.id == id, "nothing else waits"
    await run.carry_out(
        rt,
        organisation,
        id,
        owner=owner,
        opened=lambda _: io.BytesIO(body),
        say=lambda _: None,
    )


def _written(kind: Kind, rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS[kind])
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
