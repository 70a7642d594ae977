"""Imports: which there were, how far one is, and what became of its rows."""

import asyncio
import codecs
import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from chaupal.arrivals import log as arrivals_log
from chaupal.directory.jobs import actions, queries
from chaupal.directory.jobs.models import Job, JobId, report_context
from chaupal.directory.models import Outcome, Reason
from chaupal.directory.words import REASONS
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right
from chaupal.web import import_shapes, visits
from chaupal.web.answers import onward, page
from chaupal.web.language import Language, translations
from chaupal.web.live import Fragments, Picture
from chaupal.web.pages import paging
from chaupal.web.render import render
from chaupal.web.visits import Asked, Desk
from chaupal.web.words import word

JOBS_SHOWN = 30
VERBS = {"order": actions.order, "cancel": actions.cancel}


@get("/imports")
async def listing(request: Asked) -> Response[Any]:
    """GET /imports: the newest first."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.IMPORT)
    rt = visits.runtime(request)
    before = _id(request.query_params.get("before"))
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await queries.page(conn, scope=desk.scope, before=before, limit=JOBS_SHOWN + 1)
        shown = found[:JOBS_SHOWN]
        tallies = await queries.tallies(conn, [job.id for job in shown])
    contents = {
        "imports": [import_shapes.line(rt, job, tallies) for job in shown],
        "first_url": "/imports" if before else None,
        "next_url": (
            paging.address("/imports", before=shown[-1].id) if len(found) > JOBS_SHOWN else None
        ),
    }
    return page(request, desk, "imports.html", contents)


def _id(written: str | None) -> UUID | None:
    try:
        return UUID(written) if written else None
    except ValueError as error:
        raise Invalid("request.malformed", where="before") from error


@get("/imports/{id:uuid}")
async def one(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """GET /imports/<id>: how far it is, what became of its rows, and what can be done now."""
    desk = await visits.desk_of(request)
    contents = await look(visits.runtime(request), JobId(id), desk)
    return page(
        request, desk, "import.html", contents | import_shapes.of_reader(contents["job"], desk)
    )


async def look(rt: Runtime, id: JobId, desk: Desk) -> dict[str, Any]:
    """Return what everybody with this scope sees of an import; to all others it is not there."""
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        job = await queries.find(conn, id, scope=desk.scope)
        if job is None:
            raise NotFound("import.not_found")
        tallies = await queries.tallies(conn, [id])
    return import_shapes.shared(rt, job, tallies, desk)


async def picture(rt: Runtime, id: JobId, desk: Desk) -> Picture:
    """Look, and write down what everybody with this scope may share."""
    contents = await look(rt, id, desk)
    text = render("fragments/import_progress.html", desk.language, now=rt.now(), page=contents)
    return Picture({"progress": text}, contents)


class StageFragment:
    """The steps and the buttons, for one reader, sent only when the stage is another than the
    one the page was drawn with: a question that somebody has opened must not close."""

    def __init__(self, rt: Runtime, desk: Desk, drawn: str) -> None:
        self._rt = rt
        self._desk = desk
        self._drawn = drawn

    def __call__(self, picture: Picture) -> Fragments:
        """Return the fragment, if there is need for it."""
        job: Job = picture.rest["job"]
        if import_shapes.stands(job) == self._drawn:
            return {}
        self._drawn = import_shapes.stands(job)
        text = render(
            "fragments/import_stage.html",
            self._desk.language,
            now=self._rt.now(),
            page=picture.rest | import_shapes.of_reader(job, self._desk),
            csrf=self._desk.visitor.csrf,
        )
        return {"stage": text}


@post("/imports/{id:uuid}/{verb:str}")
async def steer(request: Asked, id: FromPath[UUID], verb: FromPath[str]) -> Response[Any]:
    """POST /imports/<id>/<verb>: order it, or stop it for good."""
    if verb not in VERBS:
        raise NotFound("not_found")
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    await VERBS[verb](rt, JobId(id), key=key, actor=desk.actor)
    await arrivals_log.hint(rt.nats, desk.actor.organisation, "imports")
    return onward(f"/imports/{id}")


@get("/imports/{id:uuid}/report")
async def report(request: Asked, id: FromPath[UUID]) -> Stream:
    """GET /imports/<id>/report: a CSV file in which every line of the file says how it ended."""
    desk = await visits.desk_of(request)
    rt, job = visits.runtime(request), JobId(id)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        found = await queries.find(conn, job, scope=desk.scope)
        if found is None:
            raise NotFound("import.not_found")
        found.check_report(there=await queries.report_piece(conn, job, 0) is not None)
    lines = _Lines(desk.language, all=request.query_params.get("lines") != "refused")
    return Stream(
        lines.written(_pieces(rt, job, desk)),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="import-{id}.csv"'},
    )


async def _pieces(rt: Runtime, id: JobId, desk: Desk) -> AsyncIterator[bytes]:
    position = 0
    while True:
        async with db.transaction(rt.pool, desk.actor.organisation) as conn:
            piece = await queries.report_piece(conn, id, position)
        if piece is None:
            return
        yield rt.sealer.unseal_bytes(piece.sealed, report_context(id, position))
        position += 1


class _Lines:
    """A report as its reader reads it: codes in words, every line or the refused ones alone."""

    def __init__(self, language: Language, *, all: bool) -> None:
        self._language = language
        self._all = all
        self._known: dict[tuple[str, ...], list[str]] = {}

    async def written(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Give the file, a piece at a time. It begins with a mark, so that spreadsheets read it."""
        gettext = translations(self._language).gettext
        yield codecs.BOM_UTF8
        yield self._file([
            [gettext("Line"), gettext("How it ended"), gettext("Column"), gettext("Reason"),
             gettext("What to do")]
        ])  # fmt: skip
        left = b""
        async for piece in pieces:
            *whole, left = (left + piece).split(b"\n")
            yield await asyncio.to_thread(self._piece, whole)

    def _piece(self, lines: list[bytes]) -> bytes:
        rows = csv.reader(line.decode("utf-8-sig") for line in lines)
        return self._file(
            [row[0], *self._words(tuple(row[1:4]))]
            for row in rows
            if row and row[0].isdigit() and (self._all or row[1] == Outcome.REFUSED)
        )

    def _words(self, ending: tuple[str, ...]) -> list[str]:
        if ending not in self._known:
            outcome, reason, column = ending
            said = REASONS[Reason(reason)][self._language == "hi"] if reason else ""
            self._known[ending] = [
                word("outcome", outcome, self._language),
                word("file_column", column, self._language) if column else "",
                said,
                word("reason_mend", reason, self._language) if reason else "",
            ]
        return self._known[ending]

    def _file(self, rows: Iterable[Iterable[str]]) -> bytes:
        file = io.StringIO(newline="")
        csv.writer(file).writerows(rows)
        return file.getvalue().encode()


ROUTES = (listing, one, steer, report)
