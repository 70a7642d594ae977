"""kill -9 in the middle of an import: it is begun again and done once, and never half."""

import random

import psutil
import pytest

from chaupal.directory import Kind
from chaupal.directory.jobs import actions
from chaupal.directory.jobs.models import CHUNK_BYTES, Columns, JobId
from chaupal.kit.ids import new_id
from house import House

ROWS = 60_000


@pytest.fixture
def dice() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


async def checked(house: House) -> JobId:
    """A file of people, through its dry run."""
    lines = (f"m{n},east-one,सदस्य {n},+9111{n:08}\n" for n in range(1, ROWS + 1))
    body = ("reference,unit_code,name,phone\n" + "".join(lines)).encode()
    id = await actions.begin(house.rt, Kind.PEOPLE, "सदस्य.csv", actor=house.author)
    for position, start in enumerate(range(0, len(body), CHUNK_BYTES)):
        piece = body[start : start + CHUNK_BYTES]
        await actions.add_piece(house.rt, id, position, piece, actor=house.author)
    await actions.finish(house.rt, id, key=str(new_id()), actor=house.author)
    await actions.map_columns(house.rt, id, Columns(), key=str(new_id()), actor=house.author)
    await house.start()
    await house.until(stands, house, id, "checked")
    return id


async def job(house: House, id: JobId) -> tuple:
    """Its stage, its attempts and how far it has told to be, beside what is committed of it."""
    [row] = await house.rows(
        "SELECT stage::text, attempts, phase, rows, (SELECT count(*) FROM person),"
        " (SELECT count(*) FROM import_chunk WHERE job_id = j.id) FROM import_job j WHERE id = %s",
        id,
    )
    stage, _, _, _, people, chunks = row
    assert people == (ROWS if stage == "done" else 0), row
    assert bool(chunks) == (stage not in {"done", "cancelled", "failed"}), row
    return row


async def stands(house: House, id: JobId, stage: str) -> bool:
    return (await job(house, id))[0] == stage


async def is_in_the_middle(house: House, id: JobId, attempt: int) -> bool:
    """Whether the run of this number has told how far it is."""
    stage, attempts, told, rows, *_ = await job(house, id)
    assert stage in {"ordered", "importing"}, "it was over too soon"
    return attempts == attempt and (rows > 0 or told in {"checking", "writing"})


def importer(house: House) -> psutil.Process:
    """The process in which the worker has the import run."""
    [child] = psutil.Process(house.worker.pid).children()
    assert "chaupal.worker.importer" in child.cmdline()
    return child


async def test_an_import_killed_in_the_middle_is_begun_again_and_done_once(house, dice):
    id = await checked(house)
    await actions.order(house.rt, id, key=str(new_id()), actor=house.author)
    runs = []
    for attempt, victim in enumerate(dice.sample(["worker", "importer"], 2), 1):
        await house.until(is_in_the_middle, house, id, attempt)
        running = importer(house)
        runs.append(running)
        if victim == "worker":
            house.worker.kill()
        else:
            running.kill()
    await house.until(stands, house, id, "done")

    assert psutil.wait_procs(runs, timeout=20)[1] == []
    [(attempts,)] = await house.rows("SELECT attempts FROM import_job WHERE id = %s", id)
    assert attempts == 3
    tallies = await house.rows(
        "SELECT dry_run, outcome, rows FROM import_tally WHERE job_id = %s ORDER BY dry_run", id
    )
    assert tallies == [(False, "accepted", ROWS), (True, "accepted", ROWS)]
    recorded = await house.rows("SELECT count(*) FROM record WHERE kind = 'people.imported'")
    assert recorded == [(1,)]
    assert await house.rows("SELECT count(DISTINCT reference) FROM person") == [(ROWS,)]


async def test_a_worker_that_is_told_to_stop_leaves_its_import_to_the_next(house):
    id = await checked(house)
    await actions.order(house.rt, id, key=str(new_id()), actor=house.author)
    await house.until(is_in_the_middle, house, id, 1)
    running = importer(house)

    house.worker.close()
    assert psutil.wait_procs([running], timeout=20)[1] == []
    await job(house, id)
    house.worker.start()
    await house.until(stands, house, id, "done")

    [(attempts,)] = await house.rows("SELECT attempts FROM import_job WHERE id = %s", id)
    assert attempts == 1
