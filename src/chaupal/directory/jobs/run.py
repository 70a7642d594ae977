"""Carrying an import out: claimed under a lease, run from the start, kept whole or not at all.

Whoever claims a job watches over its run and renews the lease; the run itself is a process of
its own (docs/decisions/0027). Both may be killed at any moment: what counts is one transaction,
which holds the import, its report and the end of the job, and commits only if the lease still
stands.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO
from uuid import UUID

from chaupal import record
from chaupal.directory import actions as imports
from chaupal.directory.jobs import leases, queries
from chaupal.directory.jobs.actions import columns_of
from chaupal.directory.jobs.leases import Claimed, Task
from chaupal.directory.jobs.models import (
    CHUNK_BYTES,
    FIRST_REFUSED,
    FirstRefused,
    JobId,
    Stage,
    Told,
    report_context,
)
from chaupal.directory.models import Outcome, Summary
from chaupal.directory.staging import Progress
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime
from chaupal.record import Actor, part_of_the_system

PART = "worker.imports"
UPLOADS_KEPT = timedelta(days=1)
FILES_KEPT = timedelta(days=7)
REPORTS_KEPT = timedelta(days=30)


class Lost(Exception):
    """The job is somebody else's by now, or stopped: nothing of this run may stay."""


async def claim(
    rt: Runtime, organisation: OrganisationId, *, owner: UUID, lease: timedelta
) -> Claimed | None:
    """Take the next job of an organisation, if none of it runs. One at a time, never two."""
    async with db.transaction(rt.pool, organisation) as conn:
        await queries.take_turn(conn)
        claimed = await leases.claim(conn, owner=owner, now=rt.now(), lease=lease)
        if claimed is not None:
            await record.append(
                conn,
                "import.taken_up",
                claimed.id,
                actor=part_of_the_system(organisation, PART),
                now=rt.now(),
                stage=claimed.stage.value,
                attempts=claimed.attempts,
            )
    return claimed


async def tell(
    rt: Runtime,
    organisation: OrganisationId,
    id: JobId,
    told: Told,
    *,
    owner: UUID,
    lease: timedelta,
) -> bool:
    """Say how far a run has got, and say whether the job is still its own."""
    async with db.transaction(rt.pool, organisation) as conn:
        kept = await leases.tell(conn, id, told, owner=owner, now=rt.now(), lease=lease)
    return bool(kept)


async def let_go(
    rt: Runtime, organisation: OrganisationId, id: JobId, *, owner: UUID, tried: bool
) -> None:
    """Leave a job whose run broke off to whoever comes next; it begins at the start again."""
    async with db.transaction(rt.pool, organisation) as conn:
        await leases.let_go(conn, id, owner=owner, now=rt.now(), tried=tried)


async def fail(
    rt: Runtime,
    organisation: OrganisationId,
    id: JobId,
    *,
    owner: UUID,
    failure: str,
    facts: dict[str, Any],
) -> None:
    """End a job that cannot be carried out, say why, and delete its file."""
    async with db.transaction(rt.pool, organisation) as conn:
        if not await leases.fail(conn, id, owner=owner, failure=failure, facts=facts, now=rt.now()):
            return
        await leases.drop_all(conn, [id])
        await record.append(
            conn,
            "import.failed",
            id,
            actor=part_of_the_system(organisation, PART),
            now=rt.now(),
            failure=failure,
        )


async def tidy(rt: Runtime, organisation: OrganisationId) -> int:
    """Delete files that nobody will import any more, and reports whose time is over."""
    now = rt.now()
    async with db.transaction(rt.pool, organisation) as conn:
        left = await leases.abandoned(
            conn, uploads=now - UPLOADS_KEPT, files=now - FILES_KEPT, now=now
        )
        old = await leases.old_reports(conn, before=now - REPORTS_KEPT)
        ids = [job.id for job in (*left, *old)]
        if ids:
            await leases.drop_all(conn, ids)
            await record.append(
                conn,
                "imports.tidied",
                "imports",
                actor=part_of_the_system(organisation, PART),
                now=now,
                abandoned=len(left),
                forgotten=len(old),
            )
    return len(ids)


async def carry_out(
    rt: Runtime,
    organisation: OrganisationId,
    id: JobId,
    *,
    owner: UUID,
    opened: Callable[[Task], BinaryIO],
    say: Callable[[Told], object],
) -> Summary:
    """Check or import one file, from its first row to the end of its job, in one transaction.

    Raises `Lost` if the job is not `owner`'s any more; then, as after any other end before the
    commit, nothing has happened. What the import refuses as a whole is refused here.
    """
    async with db.transaction(rt.pool, organisation) as conn:
        task = await leases.task(conn, id, owner=owner)
    if task is None:
        raise Lost
    columns = columns_of(rt, id, task.sealed_columns)
    actor = Actor(organisation, task.author_id, task.author_label)

    async def keep(conn: db.Conn, told: Summary, report: Path | None) -> None:
        assert report is not None
        await _keep(rt, conn, task, told, report, owner=owner, organisation=organisation)

    with TemporaryDirectory(prefix="chaupal-import-") as folder, opened(task) as source:
        return await imports.import_file(
            rt,
            task.kind,
            source,
            actor=actor,
            dry_run=task.stage is Stage.CHECKING,
            report_to=Path(folder) / "report.csv",
            mapping=columns.mapping,
            sheet=columns.sheet,
            progress=lambda progress: say(_told(progress)),
            keep=keep,
        )


def _told(progress: Progress) -> Told:
    return Told(progress.phase.value, progress.rows, progress.bytes_read)


async def _keep(
    rt: Runtime,
    conn: db.Conn,
    task: Task,
    told: Summary,
    report: Path,
    *,
    owner: UUID,
    organisation: OrganisationId,
) -> None:
    """Keep the report and the numbers, delete a file that is done with, and end the run."""
    await leases.drop_report(conn, task.id)
    for position, piece in enumerate(_pieces(report)):  # one for each megabyte
        sealed = rt.sealer.seal_bytes(piece, report_context(task.id, position))
        await leases.add_report_piece(conn, task.id, position=position, sealed=sealed)
    endings = [
        (Outcome.ACCEPTED, None, told.accepted),
        (Outcome.UPDATED, None, told.updated),
        (Outcome.UNCHANGED, None, told.unchanged),
        *((Outcome.REFUSED, reason.value, rows) for reason, rows in told.reasons.items()),
    ]
    there = [ending for ending in endings if ending[2]]
    await leases.add_tallies(
        conn,
        task.id,
        dry_run=told.dry_run,
        outcomes=[outcome.value for outcome, _, _ in there],
        refusals=[refusal for _, refusal, _ in there],
        rows=[rows for _, _, rows in there],
    )
    if not told.dry_run:
        await queries.drop_chunks(conn, task.id)
    ended = await leases.end(
        conn,
        task.id,
        owner=owner,
        stage=Stage.CHECKED if told.dry_run else Stage.DONE,
        rows=told.rows,
        changes=told.accepted + told.updated,
        first_refused=[asdict(line) for line in islice(_refused(report), FIRST_REFUSED)],
        now=rt.now(),
    )
    if not ended:
        raise Lost
    await record.append(
        conn,
        "import.checked" if told.dry_run else "import.done",
        task.id,
        actor=part_of_the_system(organisation, PART),
        now=rt.now(),
        rows=told.rows,
        refused=told.refused,
    )


def _pieces(report: Path) -> Iterator[bytes]:
    with report.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def _refused(report: Path) -> Iterator[FirstRefused]:
    """Find the lines that were refused, in order."""
    with report.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["outcome"] == Outcome.REFUSED.value:
                yield FirstRefused(int(row["line"]), row["reason"], row["column"] or None)
