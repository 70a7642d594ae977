"""Live streams of the control room, of one broadcast and of one import."""

from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath
from litestar.response import Stream

from chaupal.broadcasts import queries
from chaupal.broadcasts.models import BroadcastId
from chaupal.directory.jobs.models import JobId
from chaupal.kit import db
from chaupal.kit.refusals import NotFound, Refused, Unavailable
from chaupal.organisations import actions, scope_of
from chaupal.web import visits
from chaupal.web.live import Hub, Picture
from chaupal.web.pages import broadcasts, control_room, imports
from chaupal.web.visits import Asked, Desk


@get("/live")
async def room(request: Asked) -> Stream:
    """GET /live: the control room's fragments, each as it changes."""
    desk = await visits.desk_of(request)
    rt, hub = visits.runtime(request), _hub(request)

    async def look() -> Picture:
        return await control_room.picture(rt, hub, desk.scope, desk.language)

    return _stream(
        hub.events(
            ("room", desk.scope, desk.language),
            desk.actor.organisation,
            look,
            own=lambda _: {},
            still=lambda: _still(request, desk),
        )
    )


@get("/broadcasts/{id:uuid}/live")
async def broadcast(request: Asked, id: FromPath[UUID]) -> Stream:
    """GET /broadcasts/<id>/live: the stage and the progress of one broadcast."""
    desk = await visits.desk_of(request)
    rt, hub, watched = visits.runtime(request), _hub(request), BroadcastId(id)
    async with db.transaction(rt.pool, desk.actor.organisation) as conn:
        if await queries.find(conn, watched, scope=desk.scope) is None:
            raise NotFound("broadcast.not_found")

    async def look() -> Picture:
        return await broadcasts.picture(rt, hub, watched, desk.scope, desk.language)

    return _stream(
        hub.events(
            ("broadcast", id, desk.scope, desk.language),
            desk.actor.organisation,
            look,
            own=broadcasts.StageFragment(rt, desk, request.query_params.get("stands", "")),
            still=lambda: _still(request, desk),
        )
    )


@get("/imports/{id:uuid}/live")
async def an_import(request: Asked, id: FromPath[UUID]) -> Stream:
    """GET /imports/<id>/live: the stage of one import, and how far it is."""
    desk = await visits.desk_of(request)
    rt, hub, watched = visits.runtime(request), _hub(request), JobId(id)
    await imports.look(rt, watched, desk)

    async def look() -> Picture:
        return await imports.picture(rt, watched, desk)

    return _stream(
        hub.events(
            ("import", id, desk.scope, desk.language),
            desk.actor.organisation,
            look,
            own=imports.StageFragment(rt, desk, request.query_params.get("stands", "")),
            still=lambda: _still(request, desk),
        )
    )


async def _still(request: Asked, desk: Desk) -> bool:
    """Say whether this browser may go on looking at what it looks at."""
    rt = visits.runtime(request)
    try:
        session, actor = await actions.session_of(rt, request.cookies.get(visits.SESSION))
        async with db.transaction(rt.pool, actor.organisation) as conn:
            scope = await scope_of(rt, conn, actor)
    except Unavailable:
        return True
    except Refused:
        return False
    return scope == desk.scope and session.language == desk.language


def _hub(request: Asked) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def _stream(events: Any) -> Stream:
    return Stream(
        events,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


ROUTES = (room, broadcast, an_import)
