"""The certificate of a broadcast: what its page shows, and how it is entered."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from chaupal.broadcasts import certificates
from chaupal.broadcasts.models import Broadcast, BroadcastId, Stage, Text
from chaupal.kit import db
from chaupal.kit.refusals import Invalid
from chaupal.law.models import CERTIFICATION
from chaupal.organisations import Right
from chaupal.web import visits
from chaupal.web.answers import onward
from chaupal.web.visits import Asked, Desk


async def certificate_of(
    conn: db.Conn, shown: Broadcast, texts: list[Text], desk: Desk
) -> dict[str, Any]:
    """Return what a broadcast's page says of its certificate."""
    found = await certificates.find(conn, shown.id)
    organisation = await certificates.organisation_type(conn)
    open_ = shown.stage in {Stage.DRAFT, Stage.SUBMITTED}
    wanted = organisation in CERTIFICATION.types and shown.electoral
    wording = certificates.wording_of(shown, texts)
    return {
        "found": found,
        "fits": found is not None and found.wording_hash == wording,
        "wanted": wanted,
        "rule": CERTIFICATION,
        "may_enter": open_ and wanted and desk.scope.allows(Right.COMPOSE),
    }


@post("/broadcasts/{id:uuid}/certificate")
async def certify(request: Asked, id: FromPath[UUID]) -> Response[Any]:
    """POST /broadcasts/<id>/certificate: what a committee certified of the text as it stands."""
    desk = await visits.desk_of(request)
    rt, key = visits.runtime(request), await visits.idempotency_key(request)
    form = await visits.fields(request)
    try:
        day = date.fromisoformat(str(form.get("certified_on", "")))
    except ValueError as error:
        raise Invalid("request.malformed", where="certified_on") from error
    await certificates.certify(
        rt,
        BroadcastId(id),
        number=str(form.get("number", "")),
        committee=str(form.get("committee", "")),
        certified_on=day,
        key=key,
        actor=desk.actor,
    )
    return onward(f"/broadcasts/{id}")


ROUTES = (certify,)
