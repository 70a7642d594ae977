"""Every statement of imports as work: what people see, write and stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.directory.jobs.models import Job, JobId
from chaupal.kit import db
from chaupal.organisations.models import Right, Scope, UnitId


@dataclass(frozen=True, slots=True)
class Open:
    """How many files of an organisation wait or are worked on."""

    jobs: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A sealed megabyte."""

    sealed: bytes


@dataclass(frozen=True, slots=True)
class RunTally:
    """How many rows ended in one way, in the dry run or in the import."""

    job_id: JobId
    dry_run: bool
    outcome: str
    refusal: str | None
    rows: int


async def take_turn(conn: db.Conn) -> None:
    """Make those who begin an upload, or claim a job, of one organisation follow each other."""
    await db.run(
        conn,
        """
        SELECT pg_advisory_xact_lock(hashtextextended('chaupal.import_job', current_organisation()))
        """,
    )


async def open_jobs(conn: db.Conn) -> Open:
    """Count the jobs that have not ended."""
    return await db.one(
        conn,
        Open,
        """
        SELECT count(*)::int AS jobs FROM import_job
         WHERE organisation_id = current_organisation() AND ended_at IS NULL
        """,
    )


async def add(
    conn: db.Conn,
    id: JobId,
    *,
    kind: str,
    sealed_name: bytes,
    author_id: UUID,
    author_label: str,
    author_units: Sequence[UnitId],
    now: datetime,
) -> None:
    """Make room for a file."""
    await db.run(
        conn,
        """
        INSERT INTO import_job (organisation_id, id, kind, sealed_name, author_id, author_label,
                                author_units, created_at)
        VALUES (current_organisation(), %(id)s, %(kind)s, %(sealed_name)s, %(author_id)s,
                %(author_label)s, %(author_units)s, %(now)s)
        """,
        id=id,
        kind=kind,
        sealed_name=sealed_name,
        author_id=author_id,
        author_label=author_label,
        author_units=list(author_units),
        now=now,
    )


async def add_chunk(
    conn: db.Conn, id: JobId, *, position: int, sealed: bytes, length: int, author_id: UUID
) -> int:
    """Keep the next piece of a file that is being uploaded; return 0 if it is not any more."""
    return await db.run(
        conn,
        """
        WITH grown AS (
            UPDATE import_job SET bytes = bytes + %(length)s, chunks = chunks + 1
             WHERE organisation_id = current_organisation() AND id = %(id)s
               AND stage = 'uploading' AND chunks = %(position)s AND author_id = %(author_id)s
            RETURNING id
        )
        INSERT INTO import_chunk (organisation_id, job_id, position, sealed)
        SELECT current_organisation(), id, %(position)s, %(sealed)s FROM grown
        """,
        id=id,
        position=position,
        sealed=sealed,
        length=length,
        author_id=author_id,
    )


async def lock(conn: db.Conn, id: JobId, *, scope: Scope) -> Job | None:
    """Hold a job whose author's area lies within that in which `scope` may import."""
    return await db.maybe(
        conn,
        Job,
        """
        SELECT id, kind, stage::text, sealed_name, sealed_columns, author_id, author_label,
               created_at, ordered_at, ended_at, bytes, chunks, attempts, began_at, phase,
               phase_at, rows, bytes_read, told_at, check_s, checked_rows, changes,
               first_refused, failure, facts
          FROM import_job j
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = j.organisation_id
                              AND own.id = ANY(j.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
           FOR UPDATE
        """,
        id=id,
        paths=scope.paths(Right.IMPORT),
    )


async def find(conn: db.Conn, id: JobId, *, scope: Scope) -> Job | None:
    """Return a job whose author's area lies within that in which `scope` may import."""
    return await db.maybe(
        conn,
        Job,
        """
        SELECT id, kind, stage::text, sealed_name, sealed_columns, author_id, author_label,
               created_at, ordered_at, ended_at, bytes, chunks, attempts, began_at, phase,
               phase_at, rows, bytes_read, told_at, check_s, checked_rows, changes,
               first_refused, failure, facts
          FROM import_job j
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = j.organisation_id
                              AND own.id = ANY(j.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
        """,
        id=id,
        paths=scope.paths(Right.IMPORT),
    )


async def page(conn: db.Conn, *, scope: Scope, before: UUID | None, limit: int) -> list[Job]:
    """Return the newest jobs that `scope` may see, but for uploads that never came to an end."""
    return await db.many(
        conn,
        Job,
        """
        SELECT id, kind, stage::text, sealed_name, sealed_columns, author_id, author_label,
               created_at, ordered_at, ended_at, bytes, chunks, attempts, began_at, phase,
               phase_at, rows, bytes_read, told_at, check_s, checked_rows, changes,
               first_refused, failure, facts
          FROM import_job j
         WHERE organisation_id = current_organisation()
           AND (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
           AND stage <> 'uploading'
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = j.organisation_id
                              AND own.id = ANY(j.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
         ORDER BY id DESC
         LIMIT %(limit)s
        """,
        before=before,
        paths=scope.paths(Right.IMPORT),
        limit=limit,
    )


async def tallies(conn: db.Conn, ids: Sequence[JobId]) -> list[RunTally]:
    """Return how the rows of some jobs ended, most first."""
    return await db.many(
        conn,
        RunTally,
        """
        SELECT job_id, dry_run, outcome, refusal, rows FROM import_tally
         WHERE organisation_id = current_organisation() AND job_id = ANY(%(ids)s)
         ORDER BY rows DESC, refusal
        """,
        ids=list(ids),
    )


async def set_uploaded(conn: db.Conn, id: JobId, *, author_id: UUID) -> int:
    """Say that a file is there whole."""
    return await db.run(
        conn,
        """
        UPDATE import_job SET stage = 'uploaded'
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND stage = 'uploading' AND author_id = %(author_id)s
        """,
        id=id,
        author_id=author_id,
    )


async def set_mapped(conn: db.Conn, id: JobId, *, sealed_columns: bytes) -> None:
    """Let a file be checked under these columns; what an earlier dry run said is void.

    Whoever works on one has lost it.
    """
    await db.run(
        conn,
        """
        WITH void AS (
            DELETE FROM import_tally
             WHERE organisation_id = current_organisation() AND job_id = %(id)s
        )
        UPDATE import_job
           SET stage = 'mapped', sealed_columns = %(sealed_columns)s, attempts = 0, check_s = NULL,
               checked_rows = NULL, changes = NULL, first_refused = '[]', began_at = NULL,
               told_at = NULL, phase = NULL, phase_at = NULL, rows = 0, bytes_read = 0,
               lease_owner = NULL, lease_until = NULL
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        sealed_columns=sealed_columns,
    )


async def set_ordered(conn: db.Conn, id: JobId, *, now: datetime) -> None:
    """Let a file be imported."""
    await db.run(
        conn,
        """
        UPDATE import_job
           SET stage = 'ordered', ordered_at = %(now)s, attempts = 0, began_at = NULL,
               told_at = NULL, phase = NULL, phase_at = NULL, rows = 0, bytes_read = 0
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        now=now,
    )


async def set_cancelled(conn: db.Conn, id: JobId, *, now: datetime) -> None:
    """End a job for good; whoever works on it has lost it, and cannot commit."""
    await db.run(
        conn,
        """
        UPDATE import_job
           SET stage = 'cancelled', ended_at = %(now)s, lease_owner = NULL, lease_until = NULL
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        now=now,
    )


async def drop_chunks(conn: db.Conn, id: JobId) -> int:
    """Delete the file."""
    return await db.run(
        conn,
        """
        DELETE FROM import_chunk
         WHERE organisation_id = current_organisation() AND job_id = %(id)s
        """,
        id=id,
    )


async def chunk(conn: db.Conn, id: JobId, position: int) -> Piece | None:
    """Return one piece of a file."""
    return await db.maybe(
        conn,
        Piece,
        """
        SELECT sealed FROM import_chunk
         WHERE organisation_id = current_organisation() AND job_id = %(id)s
           AND position = %(position)s
        """,
        id=id,
        position=position,
    )


async def report_piece(conn: db.Conn, id: JobId, position: int) -> Piece | None:
    """Return one piece of a report."""
    return await db.maybe(
        conn,
        Piece,
        """
        SELECT sealed FROM import_report
         WHERE organisation_id = current_organisation() AND job_id = %(id)s
           AND position = %(position)s
        """,
        id=id,
        position=position,
    )
