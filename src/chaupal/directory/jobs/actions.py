"""What people may do to imports. Each function is one transaction."""

from uuid import UUID

import msgspec

from chaupal import record
from chaupal.directory.jobs import leases, queries
from chaupal.directory.jobs.models import (
    CHUNK_BYTES,
    FILE_LIMIT_BYTES,
    NAME_LENGTH,
    OPEN_LIMIT,
    Columns,
    Job,
    JobId,
    chunk_context,
    columns_context,
    name_context,
)
from chaupal.directory.models import Kind
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import NotAllowed, NotFound, Refused, TooLarge
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.record import Actor


async def begin(rt: Runtime, kind: Kind, name: str, *, actor: Actor) -> JobId:
    """Make room for a file that is about to be uploaded. An organisation has a few at once."""
    id = JobId(new_id())
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        scope.need(Right.IMPORT)
        await queries.take_turn(conn)
        if (await queries.open_jobs(conn)).jobs >= OPEN_LIMIT:
            raise Refused("import.too_many_open", limit=OPEN_LIMIT)
        await queries.add(
            conn,
            id,
            kind=kind.value,
            sealed_name=rt.sealer.seal(name[-NAME_LENGTH:], name_context(id)),
            author_id=actor.id,
            author_label=actor.label,
            author_units=scope.units(Right.IMPORT),
            now=rt.now(),
        )
        await record.append(conn, "import.begun", id, actor=actor, now=rt.now(), brings=kind.value)
    return id


async def add_piece(rt: Runtime, id: JobId, position: int, piece: bytes, *, actor: Actor) -> None:
    """Keep the next piece of a file, sealed. All but the last are `CHUNK_BYTES` long.

    Nothing goes into the record before the file is whole: until then it is nobody's.
    """
    if position * CHUNK_BYTES + len(piece) > FILE_LIMIT_BYTES:
        raise TooLarge("import.file_too_large", limit_gb=FILE_LIMIT_BYTES >> 30)
    sealed = rt.sealer.seal_bytes(piece, chunk_context(id, position))
    async with db.transaction(rt.pool, actor.organisation) as conn:
        kept = await queries.add_chunk(
            conn, id, position=position, sealed=sealed, length=len(piece), author_id=actor.id
        )
    if not kept:
        raise Refused("import.upload_over")


async def finish(rt: Runtime, id: JobId, *, key: str, actor: Actor) -> JobId:
    """Say that the file is whole. The same form sent twice keeps the first file alone."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        earlier = await record.answered(conn, key, b"import", actor=actor)
        if earlier is not None:
            await _drop(rt, conn, id)
            await record.append(conn, "import.cancelled", id, actor=actor, now=rt.now())
            return JobId(UUID(earlier))
        if not await queries.set_uploaded(conn, id, author_id=actor.id):
            raise Refused("import.upload_over")
        await record.answer(conn, key, b"import", str(id), actor=actor, now=rt.now())
        await record.append(conn, "import.uploaded", id, actor=actor, now=rt.now())
    return id


async def abandon(rt: Runtime, id: JobId, *, actor: Actor) -> None:
    """Give up an upload that broke off, so that it takes nobody's place."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await _drop(rt, conn, id)
        await record.append(conn, "import.cancelled", id, actor=actor, now=rt.now())


async def map_columns(rt: Runtime, id: JobId, columns: Columns, *, key: str, actor: Actor) -> None:
    """Say what the headings of one's own file mean, and ask for a dry run.

    The caller has held `columns` against the file's header.
    """
    written = msgspec.json.encode(columns, order="sorted")
    request = b"map" + id.bytes + written
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        job = await _own(rt, conn, id, actor)
        job.check_move("map")
        await queries.set_mapped(
            conn, id, sealed_columns=rt.sealer.seal_bytes(written, columns_context(id))
        )
        await record.answer(conn, key, request, "mapped", actor=actor, now=rt.now())
        await record.append(
            conn, "import.mapped", id, actor=actor, now=rt.now(), columns=len(columns.mapping)
        )


async def order(rt: Runtime, id: JobId, *, key: str, actor: Actor) -> None:
    """Order the import of one's own file, after its dry run."""
    request = b"order" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        job = await _own(rt, conn, id, actor)
        job.check_move("order")
        await queries.set_ordered(conn, id, now=rt.now())
        await record.answer(conn, key, request, "ordered", actor=actor, now=rt.now())
        await record.append(conn, "import.ordered", id, actor=actor, now=rt.now())


async def cancel(rt: Runtime, id: JobId, *, key: str, actor: Actor) -> None:
    """Stop an import at any time before it is committed, and delete its file.

    Whoever works on it finds that it is not theirs any more, and nothing of it stays. Where the
    commit was faster, the import is done, and this is refused.
    """
    request = b"cancel" + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        job = await _found(rt, conn, id, actor)
        job.check_move("cancel")
        await _drop(rt, conn, id)
        await record.answer(conn, key, request, "cancelled", actor=actor, now=rt.now())
        await record.append(conn, "import.cancelled", id, actor=actor, now=rt.now())


def columns_of(rt: Runtime, id: JobId, sealed: bytes | None) -> Columns:
    """Return what a job's author said of its headings."""
    if sealed is None:
        return Columns()
    return msgspec.json.decode(rt.sealer.unseal_bytes(sealed, columns_context(id)), type=Columns)


def name_of(rt: Runtime, job: Job) -> str:
    """Return what the file was called, or nothing once that is forgotten."""
    return (
        "" if job.sealed_name is None else rt.sealer.unseal(job.sealed_name, name_context(job.id))
    )


async def _drop(rt: Runtime, conn: db.Conn, id: JobId) -> None:
    await queries.set_cancelled(conn, id, now=rt.now())
    await leases.drop_all(conn, [id])


async def _found(rt: Runtime, conn: db.Conn, id: JobId, actor: Actor) -> Job:
    job = await queries.lock(conn, id, scope=await scope_of(rt, conn, actor))
    if job is None:
        raise NotFound("import.not_found")
    return job


async def _own(rt: Runtime, conn: db.Conn, id: JobId, actor: Actor) -> Job:
    job = await _found(rt, conn, id, actor)
    if job.author_id != actor.id:
        raise NotAllowed("import.only_its_author")
    return job
