"""Imports: a file comes in, its columns are named, it is tried, ordered, and reported on."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, HeaderParameter, JSONBody
from litestar.response import Stream
from msgspec import Struct

from chaupal.api.callers import After, Asked, Called, Caller, Key, Limit, Listing
from chaupal.arrivals import log as arrivals_log
from chaupal.directory import headings, mapping, reading
from chaupal.directory.jobs import actions, files, queries
from chaupal.directory.jobs.models import (
    CHUNK_BYTES,
    FILE_LIMIT_BYTES,
    Columns,
    Job,
    JobId,
    Stage,
    report_context,
)
from chaupal.directory.jobs.queries import RunTally
from chaupal.directory.models import Kind, Outcome
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.organisations import Right

UNNAMED = "file"


class TallyShape(Struct, frozen=True):
    """How many rows ended in one way, and why those that were refused were."""

    dry_run: bool
    outcome: Outcome
    reason: str | None
    rows: int


class ImportShape(Struct, frozen=True):
    """An import. `share`, `rows_per_s` and `left_s` say how far it is, where that can be said.

    `failure` is the code of a refusal.
    """

    id: UUID
    kind: Kind
    stage: Stage
    created_at: datetime
    ended_at: datetime | None
    bytes: int
    rows: int
    rows_per_s: float | None
    left_s: float | None
    share: float | None
    failure: str | None
    tallies: list[TallyShape]


class HeadingShape(Struct, frozen=True):
    """A heading of a file, and the column it stands for: `-` for none, null if nobody knows."""

    written: str
    column: str | None


class PreviewShape(Struct, frozen=True):
    """What a file's headings seem to mean. `missing`: columns that no heading stands for yet."""

    written_as: str
    sheets: list[str]
    sheet: str | None
    headings: list[HeadingShape]
    missing: list[str]


class ColumnsShape(Struct, frozen=True, forbid_unknown_fields=True):
    """What the headings mean: from a heading to a column of ours, or to `-`; and which sheet."""

    columns: dict[str, str]
    sheet: str | None = None


class Begun(Struct, frozen=True):
    """The import that was begun."""

    id: UUID


@post(
    "/imports/{kind:str}",
    status_code=201,
    request_max_body_size=FILE_LIMIT_BYTES,
)
async def upload(
    request: Asked,
    caller: Called,
    kind: FromPath[Kind],
    key: Key,
    file_name: Annotated[
        str, HeaderParameter(name="File-Name", max_length=200, description="What it is called.")
    ] = UNNAMED,
) -> Begun:
    """Take a file of CSV or XLSX in: its bytes are the body, as they are."""
    rt, actor = caller.rt, caller.actor
    id = await actions.begin(rt, kind, file_name, actor=actor)
    position = 0
    try:
        async for piece in _pieces(request):
            await actions.add_piece(rt, id, position, piece, actor=actor)
            position += 1
        if position == 0:
            raise Invalid("import.file_empty")
        return Begun(await actions.finish(rt, id, key=key, actor=actor))
    except Refused:
        await actions.abandon(rt, id, actor=actor)
        raise


async def _pieces(request: Asked) -> AsyncIterator[bytes]:
    """Cut what comes in into pieces of one length; the last one is shorter."""
    held = bytearray()
    async for part in request.stream():
        held += part
        while len(held) >= CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            del held[:CHUNK_BYTES]
    if held:
        yield bytes(held)


@get("/imports")
async def listing(caller: Called, after: After = None, limit: Limit = 50) -> Listing[ImportShape]:
    """List the imports that the caller may see, the newest first."""
    caller.scope.need(Right.IMPORT)
    behind = caller.after("imports", after, tuple[UUID])
    async with caller.transaction() as conn:
        found = await queries.page(
            conn, scope=caller.scope, before=behind[0] if behind else None, limit=limit + 1
        )
        shown = found[:limit]
        tallies = await queries.tallies(conn, [job.id for job in shown])
    return Listing(
        [_shape(job, tallies) for job in shown],
        caller.cursor("imports", shown[-1].id) if len(found) > limit else None,
    )


@get("/imports/{id:uuid}")
async def one(caller: Called, id: FromPath[UUID]) -> ImportShape:
    """Show how far an import is, and what became of its rows."""
    async with caller.transaction() as conn:
        job = await queries.find(conn, JobId(id), scope=caller.scope)
        if job is None:
            raise NotFound("import.not_found")
        return _shape(job, await queries.tallies(conn, [job.id]))


def _shape(job: Job, tallies: list[RunTally]) -> ImportShape:
    return ImportShape(
        id=job.id,
        kind=job.kind,
        stage=job.stage,
        created_at=job.created_at,
        ended_at=job.ended_at,
        bytes=job.bytes,
        rows=job.rows,
        rows_per_s=job.rows_per_s,
        left_s=job.left_s,
        share=job.share,
        failure=job.failure,
        tallies=[
            TallyShape(tally.dry_run, Outcome(tally.outcome), tally.refusal, tally.rows)
            for tally in tallies
            if tally.job_id == job.id
        ],
    )


@get("/imports/{id:uuid}/preview")
async def preview(caller: Called, id: FromPath[UUID]) -> PreviewShape:
    """Show the headings of one's own file, and what they are taken for."""
    job = await _own(caller, id)
    fetch = files.fetching(caller.rt, caller.actor.organisation, job.id)
    with files.opened(fetch, job.bytes) as source:
        seen = await mapping.look(caller.rt, job.kind, source, actor=caller.actor)
    return PreviewShape(
        written_as=seen.written_as,
        sheets=list(seen.sheets),
        sheet=seen.sheet,
        headings=[HeadingShape(heading.written, heading.column) for heading in seen.headings],
        missing=list(seen.missing),
    )


@post("/imports/{id:uuid}/columns", status_code=204)
async def map_columns(
    caller: Called, id: FromPath[UUID], key: Key, data: JSONBody[ColumnsShape]
) -> None:
    """Say what the columns of one's own file mean. A dry run follows."""
    job = await _own(caller, id)
    await files.read_aside(
        caller.rt,
        caller.actor.organisation,
        job.id,
        job.bytes,
        lambda source: headings.columns(
            reading.header_of(source, sheet=data.sheet), job.kind, data.columns
        ),
    )
    columns = Columns(data.columns, data.sheet)
    await actions.map_columns(caller.rt, job.id, columns, key=key, actor=caller.actor)
    await _hint(caller)


@post("/imports/{id:uuid}/order", status_code=204)
async def order(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Order the import of one's own file, after its dry run."""
    await actions.order(caller.rt, JobId(id), key=key, actor=caller.actor)
    await _hint(caller)


@post("/imports/{id:uuid}/cancel", status_code=204)
async def cancel(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Stop an import before it is committed, and delete its file."""
    await actions.cancel(caller.rt, JobId(id), key=key, actor=caller.actor)
    await _hint(caller)


@get("/imports/{id:uuid}/report", media_type="text/csv")
async def report(caller: Called, id: FromPath[UUID]) -> Stream:
    """Give how each line of the file ended, as CSV in codes."""
    async with caller.transaction() as conn:
        found = await queries.find(conn, JobId(id), scope=caller.scope)
        if found is None:
            raise NotFound("import.not_found")
        found.check_report(there=await queries.report_piece(conn, JobId(id), 0) is not None)
    return Stream(_report(caller, JobId(id)), media_type="text/csv")


async def _report(caller: Caller, id: JobId) -> AsyncIterator[bytes]:
    position = 0
    while True:
        async with caller.transaction() as conn:
            piece = await queries.report_piece(conn, id, position)
        if piece is None:
            return
        yield caller.rt.sealer.unseal_bytes(piece.sealed, report_context(id, position))
        position += 1


async def _own(caller: Caller, id: UUID) -> Job:
    async with caller.transaction() as conn:
        job = await queries.find(conn, JobId(id), scope=caller.scope)
    if job is None:
        raise NotFound("import.not_found")
    if job.author_id != caller.actor.id:
        raise NotAllowed("import.only_its_author")
    job.check_move("map")
    return job


async def _hint(caller: Caller) -> None:
    await arrivals_log.hint(caller.rt.nats, caller.actor.organisation, "imports")


ROUTES: tuple[Any, ...] = (
    upload,
    listing,
    one,
    preview,
    map_columns,
    order,
    cancel,
    report,
)
