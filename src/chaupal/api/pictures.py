"""Pictures: brought in by their bytes, named by their content, and looked at before approving."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from chaupal.api.callers import Asked, Called, Key
from chaupal.broadcasts import imaging, pictures
from chaupal.kit.refusals import Invalid
from chaupal.organisations import Right

SEEN_AGAIN = "private, max-age=86400, immutable"
# What a file may be too large by, so that it can be told.
OVER_BYTES = 1024 * 1024


class KeptPicture(Struct, frozen=True):
    """Which picture it is now: the same picture again has the same id."""

    id: str


@post("/pictures", request_max_body_size=imaging.FILE_LIMIT_BYTES + OVER_BYTES)
async def keep(request: Asked, caller: Called, key: Key) -> KeptPicture:
    """Take a picture in: its bytes are the body, as they are. JPEG, PNG or WebP, up to 5 MB.

    Kept are two sizes that we write anew, without what the file said of place, time and device.
    One that no broadcast uses is let go after a day.
    """
    raw = await request.body()
    if not raw:
        raise Invalid("picture.file_missing")
    return KeptPicture((await pictures.keep(caller.rt, raw, key=key, actor=caller.actor)).hex())


@get("/pictures/{id:str}", media_type="image/jpeg")
async def picture(
    caller: Called, id: FromPath[str], light: FromQuery[bool] = False
) -> Response[bytes]:
    """Show a picture as channels take it, or as volunteers' pages show it (`light`)."""
    caller.scope.need(Right.VIEW)
    which = pictures.read_id(id)
    async with caller.transaction() as conn:
        read = pictures.light if light else pictures.body
        content = await read(conn, which)
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": SEEN_AGAIN})


ROUTES: tuple[Any, ...] = (keep, picture)
