"""Imports as work: one at a time, from the start or not at all, and everything of them adds up."""

import asyncio
import csv
import io
import random
from datetime import timedelta

import pytest

from chaupal import record
from chaupal.directory import Kind
from chaupal.directory.jobs import actions, files, leases, queries, run
from chaupal.directory.jobs.models import (
    CHUNK_BYTES,
    OPEN_LIMIT,
    Columns,
    JobId,
    Stage,
    Told,
    chunk_context,
    report_context,
)
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Gone, Invalid, NotAllowed, NotFound, Refused, TooLarge
from chaupal.kit.sealing import Broken
from chaupal.organisations import scope_of
from factories import an_organisation

LEASE = timedelta(seconds=15)
GOOD = 40
HEADER = "reference,unit_code,name,phone\n"
PEOPLE = HEADER + "".join(f"m{n},east,नाम {n},\n" for n in range(GOOD)) + "bad,nowhere,नाम,\n"


@pytest.fixture
async def place(rt):
    return await an_organisation(rt)


@pytest.fixture
async def author(place):
    return await place.account("asha")


def key() -> str:
    return str(new_id())


async def uploaded(rt, actor, text: str = PEOPLE) -> JobId:
    id = await actions.begin(rt, Kind.PEOPLE, "सदस्य.csv", actor=actor)
    body = text.encode()
    for position, start in enumerate(range(0, len(body), CHUNK_BYTES)):
        piece = body[start : start + CHUNK_BYTES]
        await actions.add_piece(rt, id, position, piece, actor=actor)
    return await actions.finish(rt, id, key=key(), actor=actor)


async def mapped(rt, actor, text: str = PEOPLE) -> JobId:
    id = await uploaded(rt, actor, text)
    await actions.map_columns(rt, id, Columns(), key=key(), actor=actor)
    return id


async def checked(rt, place, actor, text: str = PEOPLE) -> JobId:
    id = await mapped(rt, actor, text)
    await work(rt, place)
    return id


async def ordered(rt, place, actor, text: str = PEOPLE) -> JobId:
    id = await checked(rt, place, actor, text)
    await actions.order(rt, id, key=key(), actor=actor)
    return id


async def look(rt, place, actor, id):
    async with place.transaction() as conn:
        return await queries.find(conn, id, scope=await scope_of(rt, conn, actor))


async def tallies(place, id, *, dry_run):
    async with place.transaction() as conn:
        found = await queries.tallies(conn, [id])
    return {t.refusal or t.outcome: t.rows for t in found if t.dry_run is dry_run}


async def claim(rt, place):
    owner = new_id()
    return await run.claim(rt, place.organisation, owner=owner, lease=LEASE), owner


async def work(rt, place):
    """Do as a worker does: claim the next job and run it, in this process."""
    claimed, owner = await claim(rt, place)
    return await carry_out(rt, place, claimed.id, owner)


async def carry_out(rt, place, id, owner, *, say=lambda _: None):
    body = await file_of(rt, place, id)
    return await run.carry_out(
        rt, place.organisation, id, owner=owner, opened=lambda _: io.BytesIO(body), say=say
    )


async def file_of(rt, place, id) -> bytes:
    pieces = []
    async with place.transaction() as conn:
        while piece := await queries.chunk(conn, id, len(pieces)):
            pieces.append(rt.sealer.unseal_bytes(piece.sealed, chunk_context(id, len(pieces))))
    return b"".join(pieces)


async def count(place, table) -> int:
    async with place.transaction() as conn:
        return (await (await conn.execute(f"SELECT count(*) FROM {table}")).fetchone())[0]


async def test_a_file_is_kept_in_sealed_pieces_and_read_as_it_was(rt, place, author):
    text = HEADER + "".join(f"m{n},east,नाम {n},\n" for n in range(90_000))
    id = await uploaded(rt, author, text)

    assert await count(place, "import_chunk") == 3
    async with place.transaction() as conn:
        [[sealed]] = await (
            await conn.execute("SELECT sealed FROM import_chunk WHERE position = 1")
        ).fetchall()
    assert "नाम".encode() not in sealed
    with pytest.raises(Broken):
        rt.sealer.unseal_bytes(sealed, chunk_context(id, 0))
    size = (await look(rt, place, author, id)).bytes
    assert size == len(text.encode())
    read = await files.read_aside(rt, place.organisation, id, size, lambda source: source.read())
    assert read.decode() == text


async def test_a_file_in_pieces_can_be_read_from_any_place(rt, place, author):
    body = random.Random(3).randbytes(2 * CHUNK_BYTES + 700)
    pieces = [body[n : n + CHUNK_BYTES] for n in range(0, len(body), CHUNK_BYTES)]
    fetched = []

    def fetch(position: int) -> bytes:
        fetched.append(position)
        return pieces[position]

    with files.opened(fetch, len(body)) as source:
        source.seek(-700, io.SEEK_END)
        assert source.read() == pieces[2]
        source.seek(CHUNK_BYTES - 10)
        assert source.read(20) == body[CHUNK_BYTES - 10 : CHUNK_BYTES + 10]
        source.seek(0)
        assert source.read() == body
        assert source.read() == b""
    assert sorted(set(fetched)) == [0, 1, 2]


async def test_a_dry_run_counts_and_changes_nothing_and_the_import_does_what_it_said(
    rt, place, author
):
    id = await checked(rt, place, author)

    shown = await look(rt, place, author, id)
    assert shown.stage is Stage.CHECKED
    assert (shown.checked_rows, shown.changes) == (GOOD + 1, GOOD)
    assert shown.first_refused == [{"line": GOOD + 2, "reason": "unit_unknown", "column": None}]
    assert await tallies(place, id, dry_run=True) == {"accepted": GOOD, "unit_unknown": 1}
    assert await count(place, "person") == 0

    await actions.order(rt, id, key=key(), actor=author)
    await work(rt, place)

    assert (await look(rt, place, author, id)).stage is Stage.DONE
    assert await tallies(place, id, dry_run=False) == {"accepted": GOOD, "unit_unknown": 1}
    assert await count(place, "person") == GOOD
    assert await count(place, "import_chunk") == 0
    async with place.transaction() as conn:
        assert (await record.verify(conn)).holds


async def test_the_same_file_again_is_all_unchanged(rt, place, author):
    for _ in range(2):
        await ordered(rt, place, author)
        await work(rt, place)
    id = await ordered(rt, place, author)
    await work(rt, place)
    assert await tallies(place, id, dry_run=False) == {"unchanged": GOOD, "unit_unknown": 1}


async def test_every_line_is_in_the_report_with_how_it_ended(rt, place, author):
    id = await ordered(rt, place, author)
    await work(rt, place)
    async with place.transaction() as conn:
        piece = await queries.report_piece(conn, id, 0)
    text = rt.sealer.unseal_bytes(piece.sealed, report_context(id, 0)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["line"]) for row in rows] == list(range(2, GOOD + 3))
    assert [row["outcome"] for row in rows] == ["accepted"] * GOOD + ["refused"]
    assert (rows[-1]["reason"], rows[-1]["column"]) == ("unit_unknown", "")


async def test_one_import_of_an_organisation_runs_at_a_time(rt, place, author):
    first, second = await mapped(rt, author), await mapped(rt, author)
    claimed, owner = await claim(rt, place)
    assert claimed.id == first
    assert (await claim(rt, place))[0] is None

    await carry_out(rt, place, first, owner)
    assert (await claim(rt, place))[0].id == second


async def test_organisations_do_not_wait_for_each_other(rt, place, author):
    other = await an_organisation(rt, "other")
    await mapped(rt, author)
    theirs = await mapped(rt, await other.account("ravi"))
    assert (await claim(rt, place))[0] is not None
    assert (await claim(rt, other))[0].id == theirs


async def test_a_job_whose_worker_went_quiet_is_begun_again_from_the_start(
    rt, place, author, clock
):
    clock.at = rt.now()
    id = await ordered(rt, place, author)
    claimed, quiet = await claim(rt, place)
    assert await run.tell(
        rt, place.organisation, id, Told("reading", 20, 300), owner=quiet, lease=LEASE
    )
    clock.at += LEASE + timedelta(seconds=1)

    claimed, owner = await claim(rt, place)

    assert (claimed.id, claimed.stage, claimed.attempts) == (id, Stage.IMPORTING, 2)
    assert (await look(rt, place, author, id)).rows == 0
    with pytest.raises(run.Lost):
        await carry_out(rt, place, id, quiet)
    assert not await run.tell(
        rt, place.organisation, id, Told("reading", 40, 600), owner=quiet, lease=LEASE
    )
    await carry_out(rt, place, id, owner)
    assert await tallies(place, id, dry_run=False) == {"accepted": GOOD, "unit_unknown": 1}


async def test_a_run_that_lost_its_job_before_the_commit_leaves_nothing(rt, place, author, clock):
    clock.at = rt.now()
    id = await ordered(rt, place, author)
    _, slow = await claim(rt, place)
    taken = []

    async def take_over() -> None:
        clock.at += LEASE + timedelta(seconds=1)
        async with place.transaction() as conn:
            taken.append(await leases.claim(conn, owner=new_id(), now=clock.at, lease=LEASE))

    await meanwhile(take_over, rt, place, id, owner=slow)

    assert taken[0].id == id
    assert await count(place, "person") == 0
    assert await tallies(place, id, dry_run=False) == {}


async def meanwhile(happens, rt, place, id, *, owner):
    """Run, and have something happen while the import's transaction is open."""
    body = await file_of(rt, place, id)
    loop = asyncio.get_running_loop()

    class Watched(io.BytesIO):
        def read(self, *args):
            if not done:
                done.append(asyncio.run_coroutine_threadsafe(happens(), loop).result(20))
            return super().read(*args)

    done = []
    with pytest.raises(run.Lost):
        await run.carry_out(
            rt,
            place.organisation,
            id,
            owner=owner,
            opened=lambda _: Watched(body),
            say=lambda _: None,
        )


async def test_stopped_in_mid_import_nothing_of_it_stays_and_the_file_is_gone(rt, place, author):
    id = await ordered(rt, place, author)
    _, owner = await claim(rt, place)

    await meanwhile(
        lambda: actions.cancel(rt, id, key=key(), actor=author), rt, place, id, owner=owner
    )

    assert (await look(rt, place, author, id)).stage is Stage.CANCELLED
    assert await count(place, "person") == await count(place, "import_chunk") == 0
    with pytest.raises(Refused, match="cannot_move"):
        await actions.cancel(rt, id, key=key(), actor=author)


async def test_a_file_refused_as_a_whole_ends_the_job_and_says_why(rt, place, author):
    id = await mapped(rt, author, "reference,unit_code,name,जाति\nm1,east,अ,x\n")
    claimed, owner = await claim(rt, place)
    with pytest.raises(Invalid, match="forbidden_column") as refused:
        await carry_out(rt, place, id, owner)
    await run.fail(
        rt,
        place.organisation,
        claimed.id,
        owner=owner,
        failure=refused.value.code,
        facts=refused.value.facts,
    )

    shown = await look(rt, place, author, id)
    assert (shown.stage, shown.failure) == (Stage.FAILED, "import.forbidden_column")
    assert shown.facts == {"column": "जाति"}
    assert await count(place, "import_chunk") == 0
    assert (await claim(rt, place))[0] is None


async def test_a_run_that_was_not_at_fault_does_not_count(rt, place, author):
    await mapped(rt, author)
    for tried, attempts in ((True, 1), (False, 2), (True, 2), (True, 3)):
        claimed, owner = await claim(rt, place)
        assert claimed.attempts == attempts
        await run.let_go(rt, place.organisation, claimed.id, owner=owner, tried=tried)


async def test_an_organisation_has_a_few_files_at_once(rt, place, author):
    ids = [await uploaded(rt, author) for _ in range(OPEN_LIMIT)]
    with pytest.raises(Refused, match="too_many_open"):
        await uploaded(rt, author)
    await actions.cancel(rt, ids[0], key=key(), actor=author)
    await uploaded(rt, author)


async def test_the_same_form_sent_twice_keeps_one_file(rt, place, author):
    once = key()
    ids = []
    for _ in range(2):
        id = await actions.begin(rt, Kind.PEOPLE, "a.csv", actor=author)
        await actions.add_piece(rt, id, 0, PEOPLE.encode(), actor=author)
        ids.append(await actions.finish(rt, id, key=once, actor=author))
    assert ids[0] == ids[1]
    assert await count(place, "import_chunk") == 1


async def test_pieces_come_in_order_from_whoever_began_and_only_until_the_end(rt, place, author):
    id = await actions.begin(rt, Kind.PEOPLE, "a.csv", actor=author)
    other = await place.account("ravi")
    for position, actor in ((1, author), (0, other)):
        with pytest.raises(Refused, match="upload_over"):
            await actions.add_piece(rt, id, position, b"x", actor=actor)
    await actions.add_piece(rt, id, 0, b"x", actor=author)
    await actions.finish(rt, id, key=key(), actor=author)
    with pytest.raises(Refused, match="upload_over"):
        await actions.add_piece(rt, id, 1, b"x", actor=author)
    with pytest.raises(TooLarge):
        await actions.add_piece(rt, id, 2048, b"x", actor=author)


async def test_who_may_not_import_begins_nothing_and_nobody_orders_anothers_file(rt, place, author):
    coordinator = await place.account("mohan", role="coordinator")
    neighbour = await place.account("west-admin", at="west")
    colleague = await place.account("ravi")
    with pytest.raises(NotAllowed):
        await actions.begin(rt, Kind.PEOPLE, "a.csv", actor=coordinator)
    id = await checked(rt, place, author)
    for stranger in (coordinator, neighbour):
        assert await look(rt, place, stranger, id) is None
        with pytest.raises(NotFound):
            await actions.cancel(rt, id, key=key(), actor=stranger)
    with pytest.raises(NotAllowed, match="only_its_author"):
        await actions.order(rt, id, key=key(), actor=colleague)
    await actions.cancel(rt, id, key=key(), actor=colleague)


async def test_an_import_stays_within_its_authors_part_of_the_tree(rt, place):
    east = await place.account("east-admin", at="east")
    id = await checked(rt, place, east, HEADER + "m1,east-one,अ,\nm2,west,अ,\n")
    assert await tallies(place, id, dry_run=True) == {"accepted": 1, "outside_scope": 1}


async def test_what_is_left_over_is_tidied_away_in_time(rt, place, author, clock):
    clock.at = rt.now()
    broken_off = await actions.begin(rt, Kind.PEOPLE, "a.csv", actor=author)
    await actions.add_piece(rt, broken_off, 0, b"x", actor=author)
    waiting = await uploaded(rt, author)
    done = await ordered(rt, place, author)
    await work(rt, place)

    clock.at += timedelta(hours=25)
    await run.tidy(rt, place.organisation)
    assert (await look(rt, place, author, broken_off)).stage is Stage.CANCELLED
    assert (await look(rt, place, author, waiting)).stage is Stage.UPLOADED
    clock.at += timedelta(days=8)
    await run.tidy(rt, place.organisation)
    assert (await look(rt, place, author, waiting)).stage is Stage.CANCELLED
    assert await count(place, "import_chunk") == 0
    assert await count(place, "import_report") == 1
    clock.at += timedelta(days=30)
    await run.tidy(rt, place.organisation)
    assert await count(place, "import_report") == 0
    shown = await look(rt, place, author, done)
    assert (shown.stage, shown.sealed_name) == (Stage.DONE, None)
    with pytest.raises(Gone):
        await files.read_aside(rt, place.organisation, done, 9, lambda source: source.read())


async def test_how_fast_and_how_long_is_said_from_what_was_measured(rt, place, author, clock):
    clock.at = rt.now()
    id = await mapped(rt, author)
    _, owner = await claim(rt, place)
    size = (await look(rt, place, author, id)).bytes

    async def tell(phase, rows, bytes_read, after_s):
        clock.at += timedelta(seconds=after_s)
        told = Told(phase, rows, bytes_read)
        await run.tell(rt, place.organisation, id, told, owner=owner, lease=LEASE)
        return await look(rt, place, author, id)

    await tell("reading", 0, 0, 0)
    quarter = await tell("reading", 1000, size // 4, 10)
    assert quarter.rows_per_s == 100
    assert quarter.left_s == pytest.approx(30, abs=1)
    assert quarter.share == pytest.approx(0.25, abs=0.01)
    assert (await tell("checking", 0, size, 1)).left_s is None
    await carry_out(rt, place, id, owner)
    await actions.order(rt, id, key=key(), actor=author)
    _, owner = await claim(rt, place)
    begun = await tell("reading", 0, 0, 1)
    assert begun.left_s == pytest.approx(2 * 11 * GOOD / (GOOD + 1) - 1, abs=1)
    assert (await tell("reading", 1000, size // 2, 4)).left_s == pytest.approx(5, abs=0.1)
    assert (await tell("writing", GOOD // 2, size, 5)).left_s == pytest.approx(10)
    assert (await tell("writing", GOOD, size, 10)).share == pytest.approx(0.99)
