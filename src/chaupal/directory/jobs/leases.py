"""Every statement of the workers of imports: claimed under a lease, told of, ended, tidied away."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from chaupal.directory.jobs.models import JobId, Stage, Told
from chaupal.directory.models import Kind
from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that a worker holds."""

    id: JobId
    kind: Kind
    stage: Stage
    attempts: int


@dataclass(frozen=True, slots=True)
class Task:
    """What a run needs to know of its job."""

    id: JobId
    kind: Kind
    stage: Stage
    sealed_columns: bytes = field(repr=False)
    author_id: UUID
    author_label: str
    bytes: int
    chunks: int
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Left:
    """A job of which something is kept for too long."""

    id: JobId


async def claim(conn: db.Conn, *, owner: UUID, now: datetime, lease: timedelta) -> Claimed | None:
    """Take the job whose worker went quiet, else the one that has waited longest if none runs.

    Every run begins at the start. The caller has taken the organisation's turn.
    """
    return await db.maybe(
        conn,
        Claimed,
        """
        UPDATE import_job
           SET stage = CASE stage WHEN 'mapped' THEN 'checking' WHEN 'ordered' THEN 'importing'
                            ELSE stage END::import_stage,
               lease_owner = %(owner)s, lease_until = %(now)s::timestamptz + %(lease)s::interval,
               attempts = attempts + 1, began_at = %(now)s, told_at = NULL, phase = NULL,
               phase_at = NULL, rows = 0, bytes_read = 0
         WHERE organisation_id = current_organisation()
           AND id = (SELECT id FROM import_job
                      WHERE organisation_id = current_organisation()
                        AND stage IN ('checking', 'importing', 'mapped', 'ordered')
                      ORDER BY stage IN ('checking', 'importing') DESC, id
                      LIMIT 1)
           AND (lease_until IS NULL OR lease_until < %(now)s)
        RETURNING id, kind, stage::text, attempts
        """,
        owner=owner,
        now=now,
        lease=lease,
    )


async def tell(
    conn: db.Conn, id: JobId, told: Told, *, owner: UUID, now: datetime, lease: timedelta
) -> int:
    """Say how far a run has got and renew its lease; return 0 if it is not its own any more."""
    return await db.run(
        conn,
        """
        UPDATE import_job
           SET phase_at = CASE WHEN phase = %(phase)s THEN phase_at
                               ELSE %(now)s::timestamptz END,
               phase = %(phase)s, rows = %(rows)s, bytes_read = %(bytes_read)s, told_at = %(now)s,
               lease_until = %(now)s::timestamptz + %(lease)s::interval
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND lease_owner = %(owner)s
        """,
        id=id,
        phase=told.phase,
        rows=told.rows,
        bytes_read=told.bytes_read,
        owner=owner,
        now=now,
        lease=lease,
    )


async def task(conn: db.Conn, id: JobId, *, owner: UUID) -> Task | None:
    """Return the job that a run is for, if it is still its own."""
    return await db.maybe(
        conn,
        Task,
        """
        SELECT id, kind, stage::text, sealed_columns, author_id, author_label, bytes, chunks,
               began_at
          FROM import_job
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND lease_owner = %(owner)s
        """,
        id=id,
        owner=owner,
    )


async def end(
    conn: db.Conn,
    id: JobId,
    *,
    owner: UUID,
    stage: Stage,
    rows: int,
    changes: int,
    first_refused: Any,
    now: datetime,
) -> int:
    """Say that a run came to its end; return 0 if the job is not its own any more.

    Holds the job's row, so that nobody can stop what is about to be committed.
    """
    return await db.run(
        conn,
        """
        UPDATE import_job
           SET stage = %(stage)s::import_stage, lease_owner = NULL, lease_until = NULL,
               rows = %(rows)s::int, first_refused = %(first_refused)s, told_at = %(now)s,
               check_s = CASE stage WHEN 'importing' THEN check_s
                             ELSE extract(epoch FROM %(now)s::timestamptz - began_at) END,
               checked_rows = CASE stage WHEN 'importing' THEN checked_rows ELSE %(rows)s::int END,
               changes = CASE stage WHEN 'importing' THEN changes ELSE %(changes)s::int END,
               ended_at = CASE WHEN stage = 'importing' THEN %(now)s::timestamptz END
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND lease_owner = %(owner)s
        """,
        id=id,
        owner=owner,
        stage=stage.value,
        rows=rows,
        changes=changes,
        first_refused=Jsonb(first_refused),
        now=now,
    )


async def fail(
    conn: db.Conn, id: JobId, *, owner: UUID, failure: str, facts: dict[str, Any], now: datetime
) -> int:
    """End a job that cannot be carried out, if it is still ours."""
    return await db.run(
        conn,
        """
        UPDATE import_job
           SET stage = 'failed', failure = %(failure)s, facts = %(facts)s, ended_at = %(now)s,
               lease_owner = NULL, lease_until = NULL
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND lease_owner = %(owner)s
        """,
        id=id,
        owner=owner,
        failure=failure,
        facts=Jsonb(facts),
        now=now,
    )


async def let_go(conn: db.Conn, id: JobId, *, owner: UUID, now: datetime, tried: bool) -> int:
    """Leave a job to whoever comes next. A run that was not at fault does not count."""
    return await db.run(
        conn,
        """
        UPDATE import_job
           SET lease_until = %(now)s, attempts = attempts - (NOT %(tried)s)::int::smallint
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND lease_owner = %(owner)s
        """,
        id=id,
        owner=owner,
        now=now,
        tried=tried,
    )


async def drop_report(conn: db.Conn, id: JobId) -> int:
    """Delete what an earlier run said of each line."""
    return await db.run(
        conn,
        """
        DELETE FROM import_report
         WHERE organisation_id = current_organisation() AND job_id = %(id)s
        """,
        id=id,
    )


async def add_report_piece(conn: db.Conn, id: JobId, *, position: int, sealed: bytes) -> None:
    """Keep the next piece of a report."""
    await db.run(
        conn,
        """
        INSERT INTO import_report (organisation_id, job_id, position, sealed)
        VALUES (current_organisation(), %(id)s, %(position)s, %(sealed)s)
        """,
        id=id,
        position=position,
        sealed=sealed,
    )


async def add_tallies(
    conn: db.Conn,
    id: JobId,
    *,
    dry_run: bool,
    outcomes: Sequence[str],
    refusals: Sequence[str | None],
    rows: Sequence[int],
) -> None:
    """Keep how many rows ended in which way."""
    await db.run(
        conn,
        """
        INSERT INTO import_tally (organisation_id, job_id, dry_run, outcome, refusal, rows)
        SELECT current_organisation(), %(id)s, %(dry_run)s, outcome, refusal, rows
          FROM unnest(%(outcomes)s::text[], %(refusals)s::text[], %(rows)s::int[])
               AS t (outcome, refusal, rows)
        """,
        id=id,
        dry_run=dry_run,
        outcomes=list(outcomes),
        refusals=list(refusals),
        rows=list(rows),
    )


async def abandoned(
    conn: db.Conn, *, uploads: datetime, files: datetime, now: datetime
) -> list[Left]:
    """End uploads that broke off before a moment, and files that nobody ordered; say which."""
    return await db.many(
        conn,
        Left,
        """
        UPDATE import_job SET stage = 'cancelled', ended_at = %(now)s
         WHERE organisation_id = current_organisation() AND ended_at IS NULL
           AND (stage = 'uploading' AND created_at < %(uploads)s
                OR stage IN ('uploaded', 'checked') AND created_at < %(files)s)
        RETURNING id
        """,
        uploads=uploads,
        files=files,
        now=now,
    )


async def old_reports(conn: db.Conn, *, before: datetime) -> list[Left]:
    """Forget what files that were done with before a moment were called; say which."""
    return await db.many(
        conn,
        Left,
        """
        UPDATE import_job SET sealed_name = NULL
         WHERE organisation_id = current_organisation() AND ended_at < %(before)s
           AND sealed_name IS NOT NULL
        RETURNING id
        """,
        before=before,
    )


async def drop_all(conn: db.Conn, ids: Sequence[JobId]) -> None:
    """Delete the files and the reports of some jobs."""
    await db.run(
        conn,
        """
        WITH files AS (
            DELETE FROM import_chunk
             WHERE organisation_id = current_organisation() AND job_id = ANY(%(ids)s)
        )
        DELETE FROM import_report
         WHERE organisation_id = current_organisation() AND job_id = ANY(%(ids)s)
        """,
        ids=list(ids),
    )
