"""A file for an import: it comes in, and its author says what its columns mean."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from chaupal.directory import headings, reading
from chaupal.directory import mapping as remembered
from chaupal.directory.jobs import actions, files, queries
from chaupal.directory.jobs.models import CHUNK_BYTES, FILE_LIMIT_BYTES, Columns, Job, JobId
from chaupal.directory.models import COLUMNS, Kind
from chaupal.directory.reading import Preview
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right
from chaupal.web import import_shapes, uploads, visits
from chaupal.web.answers import onward, page
from chaupal.web.language import Language
from chaupal.web.visits import Asked, Desk
from chaupal.web.words import Words, refusal_words, word

FORM_BYTES = 64 * 1024


@get("/imports/new")
async def new(request: Asked) -> Response[Any]:
    """GET /imports/new: choose a file, and say what it brings."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.IMPORT)
    return _form(request, desk, Kind.PEOPLE)


def _form(request: Asked, desk: Desk, kind: Kind, refusal: Refused | None = None) -> Response[Any]:
    contents = {
        "kind": kind.value,
        "kinds": [
            {"key": kind.value, "columns": [*columns.needed, *columns.one_of]}
            for kind, columns in COLUMNS.items()
        ],
        "limit_gb": FILE_LIMIT_BYTES >> 30,
        "refusal": refusal and refusal_words(refusal.code, refusal.facts, desk.language),
    }
    status = refusal.status if refusal else 200
    return page(request, desk, "import_new.html", contents, status=status)


@post("/imports", opt={"csrf": "stream"}, request_max_body_size=FILE_LIMIT_BYTES + FORM_BYTES)
async def upload(request: Asked) -> Response[Any]:
    """POST /imports: take a file in, a megabyte at a time. The form's fields stand before it,
    so that whose form it is has been looked at before any of the file is."""
    desk = await visits.desk_of(request)
    form = await uploads.begun(request, limit_bytes=FILE_LIMIT_BYTES)
    await visits.check_token(request, form.fields.get("csrf", ""))
    try:
        kind = Kind(form.fields.get("kind", ""))
    except ValueError as error:
        raise Invalid("request.malformed", where="kind") from error
    try:
        id = await _kept(visits.runtime(request), desk, kind, form)
    except Invalid as refusal:
        return _form(request, desk, kind, refusal)
    return onward(f"/imports/{id}/edit")


async def _kept(rt: Runtime, desk: Desk, kind: Kind, form: uploads.Upload) -> JobId:
    if not form.name:
        raise Invalid("import.file_missing")
    id = await actions.begin(rt, kind, form.name, actor=desk.actor)
    position = 0
    try:
        async for piece in uploads.pieces(form.body, CHUNK_BYTES):
            await actions.add_piece(rt, id, position, piece, actor=desk.actor)
            position += 1
        if position == 0:
            raise Invalid("import.file_empty")
        key = form.fields.get("idempotency_key", "")
        return await actions.finish(rt, id, key=key, actor=desk.actor)
    except Refused:
        await actions.abandon(rt, id, actor=desk.actor)
        raise


@get("/imports/{id:uuid}/edit")
async def edit(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /imports/<id>/edit: the file's own headings and first rows, and what we take them for."""
    desk = await visits.desk_of(request)
    job = await _own(request, desk, id)
    return await _columns(request, desk, job, request.query_params.get("sheet", ""))


@post("/imports/{id:uuid}")
async def choose(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /imports/<id>: what the columns mean; a dry run follows."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    job = await _own(request, desk, id)
    form = await visits.fields(request)
    number = str(form.get("sheet", ""))
    written, chosen = form.getall("heading", []), form.getall("column", [])
    mapping = {
        str(heading): str(column)
        for heading, column in zip(written, chosen, strict=False)
        if str(heading).strip() and column
    }
    try:
        sheet = await _sheet(rt, desk, job, number)
        await files.read_aside(
            rt,
            desk.actor.organisation,
            job.id,
            job.bytes,
            lambda source: headings.columns(
                reading.header_of(source, sheet=sheet), job.kind, mapping
            ),
        )
        await actions.map_columns(rt, job.id, Columns(mapping, sheet), key=key, actor=desk.actor)
    except Invalid as refusal:
        return await _columns(request, desk, job, number, mapping=mapping, refusal=refusal)
    return onward(f"/imports/{id}")


async def _own(request: Asked, desk: Desk, id: UUID) -> Job:
    """Return one's own import at a stage in which its columns can be chosen."""
    rt = visits.runtime(request)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        job = await queries.find(conn, JobId(id), scope=desk.scope)
    if job is None:
        raise NotFound("import.not_found")
    if job.author_id != desk.actor.id:
        raise NotAllowed("import.only_its_author")
    job.check_move("map")
    return job


async def _columns(
    request: Asked,
    desk: Desk,
    job: Job,
    number: str,
    *,
    mapping: Mapping[str, str] | None = None,
    refusal: Refused | None = None,
) -> Response[Any]:
    rt = visits.runtime(request)
    preview, before = None, actions.columns_of(rt, job.id, job.sealed_columns)
    if mapping is None and not number and before.mapping:
        mapping = before.mapping
        number = await _number(rt, desk, job, before.sheet)
    for said in (mapping, None):  # what was said may be what cannot be shown
        try:
            sheet = await _sheet(rt, desk, job, number)
            preview = await _preview(rt, desk, job, sheet, said)
            break
        except Invalid as unreadable:
            refusal = refusal or unreadable
    contents = {
        "import": import_shapes.line(rt, job, []),
        "sheet": number,
        "columns": preview and import_shapes.columns(preview, job.kind),
        "refusal": refusal and _in_words(refusal, desk.language),
    }
    status = refusal.status if refusal else 200
    return page(request, desk, "import_columns.html", contents, status=status)


def _in_words(refusal: Refused, language: Language) -> Words:
    """Say a refusal with our columns called as the form calls them."""
    facts = dict(refusal.facts)
    if "column" in facts:
        facts["column"] = word("file_column", str(facts["column"]), language)
    return refusal_words(refusal.code, facts, language)


async def _sheet(rt: Runtime, desk: Desk, job: Job, number: str) -> str | None:
    """Return the sheet of a workbook that stands at a number; without one, the first."""
    if not number:
        return None
    sheets = (await _preview(rt, desk, job, None)).sheets
    if not number.isascii() or not number.isdigit() or not 0 < int(number) <= len(sheets):
        raise Invalid("request.malformed", where="sheet")
    return sheets[int(number) - 1]


async def _number(rt: Runtime, desk: Desk, job: Job, sheet: str | None) -> str:
    """Return at which number the sheet stands that was chosen before."""
    if sheet is None:
        return ""
    sheets = (await _preview(rt, desk, job, None)).sheets
    return str(sheets.index(sheet) + 1) if sheet in sheets else ""


async def _preview(
    rt: Runtime,
    desk: Desk,
    job: Job,
    sheet: str | None,
    mapping: Mapping[str, str] | None = None,
) -> Preview:
    """Look at the beginning of a file. What somebody chose holds, else what was chosen before."""
    organisation = desk.actor.organisation
    if mapping is None:
        with files.opened(files.fetching(rt, organisation, job.id), job.bytes) as source:
            return await remembered.look(rt, job.kind, source, sheet=sheet, actor=desk.actor)
    return await files.read_aside(
        rt,
        organisation,
        job.id,
        job.bytes,
        lambda source: reading.preview(source, job.kind, mapping=mapping, sheet=sheet),
    )


ROUTES = (new, upload, edit, choose)
