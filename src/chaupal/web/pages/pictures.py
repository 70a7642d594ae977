"""Pictures at the desk: added to the form for writing, taken away from it, and looked at."""

import hashlib
from dataclasses import replace
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath

from chaupal.broadcasts import imaging, pictures
from chaupal.broadcasts.models import PictureId
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound, Refused, TooLarge
from chaupal.organisations import Right
from chaupal.web import visits
from chaupal.web.answers import page
from chaupal.web.pages import compose
from chaupal.web.picture_form import PictureFields
from chaupal.web.visits import Asked, Desk
from chaupal.web.words import refusal_words

# The rest of the form, and what a file may be too large by, so that it can be told.
FORM_BYTES = 2 * 1024 * 1024
SEEN_AGAIN = "private, max-age=86400, immutable"


@post(
    "/broadcasts/picture",
    status_code=200,
    opt={"csrf": "stream"},
    request_max_body_size=imaging.FILE_LIMIT_BYTES + FORM_BYTES,
)
async def change(request: Asked) -> Response[Any]:
    """POST /broadcasts/picture: add a picture to the form as it stands, or take one away.

    Who asks is looked at before anything of the file is read.
    """
    desk = await visits.desk_of(request)
    desk.scope.need(Right.COMPOSE)
    form = await visits.fields(request)
    await visits.check_token(request, str(form.get("csrf", "")))
    key = await visits.idempotency_key(request)
    written = compose.read(form, visits.runtime(request).now())
    fields = replace(written.picture, is_left_behind=False)
    refusal: Refused | None = None
    try:
        fields = await _changed(request, desk, form, fields, key)
    except (Invalid, TooLarge) as refused:
        refusal = refused
    words = refusal_words(refusal.code, refusal.facts, desk.language) if refusal else None
    if request.headers.get("hx-request") == "true":
        return page(request, desk, "fragments/picture.html", {"picture": fields.shown(words)})
    return await compose.form_again(request, desk, replace(written, picture=fields), form, refusal)


async def _changed(
    request: Asked, desk: Desk, form: FormMultiDict, fields: PictureFields, key: str
) -> PictureFields:
    verb, _, where = str(form.get("picture", "add")).partition(":")
    if verb == "remove":
        return fields.without(where)
    file = form.get("picture_file")
    raw = await file.read() if isinstance(file, UploadFile) else b""
    if not raw:
        raise Invalid("picture.file_missing")
    own = hashlib.sha256(f"picture {key}".encode() + raw).hexdigest()
    id = await pictures.keep(visits.runtime(request), raw, key=own, actor=desk.actor)
    return fields.added(id, str(form.get("picture_for", "")))


@get("/pictures/{id:str}")
async def picture(request: Asked, id: FromPath[str]) -> Response[bytes]:
    """GET /pictures/<id>: a picture as channels take it.

    Its id is the hash of what it is, so whoever has it from no page of theirs has the picture.
    """
    desk = await visits.desk_of(request)
    desk.scope.need(Right.VIEW)
    async with db.transaction(visits.runtime(request).pool, desk.actor.organisation) as conn:
        return _as_picture(await pictures.body(conn, _id(id)))


@get("/pictures/{id:str}/light")
async def light(request: Asked, id: FromPath[str]) -> Response[bytes]:
    """GET /pictures/<id>/light: the same, as volunteers' pages show it."""
    desk = await visits.desk_of(request)
    desk.scope.need(Right.VIEW)
    async with db.transaction(visits.runtime(request).pool, desk.actor.organisation) as conn:
        return _as_picture(await pictures.light(conn, _id(id)))


def _id(written: str) -> PictureId:
    try:
        return pictures.read_id(written)
    except Refused as error:
        raise NotFound("not_found") from error


def _as_picture(content: bytes) -> Response[bytes]:
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": SEEN_AGAIN})


ROUTES = (change, picture, light)
