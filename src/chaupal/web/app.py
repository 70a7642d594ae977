"""The web door: one Litestar application over one runtime."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from types import MappingProxyType

from litestar import Litestar, Response, get
from litestar.datastructures import MutableScopeHeaders, State
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.types import BeforeMessageSendHookHandler, Message, Scope

from chaupal.api import routes as api
from chaupal.kit import log
from chaupal.kit.refusals import NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.web import answers, patience, visits
from chaupal.web.live import Hub
from chaupal.web.pages import (
    accounts,
    audiences,
    breach,
    broadcasts,
    certificates,
    clusters,
    compose,
    control_room,
    counters,
    coverage,
    exports,
    group_admins,
    group_bulk,
    group_forms,
    group_places,
    groups,
    holders,
    import_files,
    imports,
    keys,
    law,
    live,
    notices,
    offices,
    own_page,
    people,
    person,
    pictures,
    recall,
    record,
    relay,
    report,
    saved_audiences,
    search,
    senders,
    sign_in,
    sms,
    templates,
    tree,
    unit_history,
    units,
    unknowns,
    whys,
)

BODY_LIMIT_BYTES = 256 * 1024
FOREVER = "public, max-age=31536000, immutable"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

logger = log.logger(__name__)


def application(
    rt: Runtime,
    *,
    stop: asyncio.Event | None = None,
    answer_limit_s: float = patience.ANSWER_LIMIT_S,
) -> Litestar:
    """Build the application. Live pages end when `stop` is set, so that a server can end."""
    hub = Hub(rt)

    @asynccontextmanager
    async def listening(_: Litestar) -> AsyncIterator[None]:
        async with hub.listening(stop or asyncio.Event()):
            yield

    return Litestar(
        route_handlers=[*ROUTES, api.router()],
        state=State({"rt": rt, "hub": hub, "assets": _assets()}),
        guards=[visits.check_form],
        middleware=[patience.patient(answer_limit_s)],
        exception_handlers={
            Refused: answers.refused,
            HTTPException: answers.not_understood,
            Exception: answers.bug,
        },
        before_send=[_headers(secure=rt.desk_url.startswith("https:"))],
        lifespan=[listening],
        request_max_body_size=BODY_LIMIT_BYTES,
        openapi_config=api.document(),
        include_in_schema=False,
        logging_config=None,
        debug=False,
    )


def _headers(*, secure: bool) -> BeforeMessageSendHookHandler:
    async def add(message: Message, _: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        headers["Content-Security-Policy"] = POLICY
        headers["Referrer-Policy"] = "no-referrer"
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault("Cache-Control", "no-store")
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"

    return add


def _assets() -> MappingProxyType[str, tuple[bytes, str]]:
    """Read what was built, once: each name changes with its content, and there are few."""
    folder = resources.files("chaupal.web") / "static"
    if not folder.is_dir():
        logger.warning("web.assets_not_built")
        return MappingProxyType({})
    return MappingProxyType(
        {
            file.name: (file.read_bytes(), _kind(file.name))
            for file in folder.iterdir()
            if file.is_file()
        }
    )


def _kind(name: str) -> str:
    if name.endswith(".woff2"):
        return "font/woff2"
    if name.endswith(".js"):
        return "text/javascript; charset=utf-8"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


@get("/static/{name:str}")
async def asset(request: visits.Asked, name: FromPath[str]) -> Response[bytes]:
    """GET /static/<name>: a built file, which never changes under its name."""
    found = request.app.state.assets.get(name)
    if found is None:
        raise NotFound("not_found")
    body, kind = found
    return Response(body, media_type=kind, headers={"Cache-Control": FOREVER})


ROUTES = (
    asset,
    *sign_in.ROUTES,
    *control_room.ROUTES,
    *tree.ROUTES,
    *units.ROUTES,
    *whys.ROUTES,
    *audiences.ROUTES,
    *saved_audiences.ROUTES,
    *unit_history.ROUTES,
    *groups.ROUTES,
    *group_bulk.ROUTES,
    *group_forms.ROUTES,
    *group_places.ROUTES,
    *group_admins.ROUTES,
    *coverage.ROUTES,
    *search.ROUTES,
    *people.ROUTES,
    *person.ROUTES,
    *own_page.ROUTES,
    *notices.ROUTES,
    *breach.ROUTES,
    *holders.ROUTES,
    *offices.ROUTES,
    *accounts.ROUTES,
    *keys.ROUTES,
    *import_files.ROUTES,
    *imports.ROUTES,
    *exports.ROUTES,
    *compose.ROUTES,
    *pictures.ROUTES,
    *broadcasts.ROUTES,
    *certificates.ROUTES,
    *report.ROUTES,
    *senders.ROUTES,
    *templates.ROUTES,
    *sms.ROUTES,
    *counters.ROUTES,
    *recall.ROUTES,
    *unknowns.ROUTES,
    *law.ROUTES,
    *clusters.ROUTES,
    *record.ROUTES,
    *live.ROUTES,
    *relay.ROUTES,
)
