"""What goes round: noted by name, with the groups in which it was seen, for its correction."""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from chaupal.api.callers import Called, Key
from chaupal.watch import actions
from chaupal.watch.models import ClusterId, Reason, Verdict
from chaupal.watch.queries import Cluster

Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]


class ClusterShape(Struct, frozen=True):
    """Something that goes round, counted in the caller's area. An audience names it as `saw`."""

    id: UUID
    name: str
    groups: int
    districts: int
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    verdict: Verdict | None
    noted_by: str
    noted_at: datetime


class NewCluster(Struct, frozen=True, forbid_unknown_fields=True):
    """Something to be noted. `text`, how it goes, is kept sealed, and deleted after 30 days."""

    name: str
    text: str = ""


class ClusterNoted(Struct, frozen=True):
    """Which one it is."""

    id: UUID


class SeenIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Groups by id, reference or whole name, and when it was seen there."""

    groups: list[str]
    seen_at: Moment


class RefusedLine(Struct, frozen=True):
    """A line that was not taken, counted from 1, and why."""

    line: int
    reason: Reason


class AddedShape(Struct, frozen=True):
    """What came of them: new to it, known before, refused."""

    new: int
    known: int
    refused: list[RefusedLine]


class Closing(Struct, frozen=True, forbid_unknown_fields=True):
    """What people found of it."""

    verdict: Verdict


@get("/clusters")
async def listing(caller: Called) -> list[ClusterShape]:
    """List what goes round as far as the caller may know, the open ones first."""
    return [_shape(row) for row in await actions.listed(caller.rt, actor=caller.actor)]


def _shape(row: Cluster) -> ClusterShape:
    return ClusterShape(
        row.id,
        row.name,
        row.groups,
        row.districts,
        row.first_seen_at,
        row.last_seen_at,
        row.verdict,
        row.author_label,
        row.noted_at,
    )


@post("/clusters", status_code=201)
async def note(caller: Called, data: JSONBody[NewCluster], key: Key) -> ClusterNoted:
    """Note something that goes round."""
    return ClusterNoted(
        await actions.note(caller.rt, data.name, data.text, key=key, actor=caller.actor)
    )


@post("/clusters/{id:uuid}/seen", status_code=200)
async def see(caller: Called, id: FromPath[UUID], data: JSONBody[SeenIn], key: Key) -> AddedShape:
    """Note the groups in which it was seen; such as do not carry the notice are refused."""
    added = await actions.see(
        caller.rt,
        ClusterId(id),
        "\n".join(data.groups),
        seen_at=data.seen_at,
        key=key,
        actor=caller.actor,
    )
    refused = [RefusedLine(row.line, row.reason) for row in added.refused]
    return AddedShape(added.new, added.known, refused)


@post("/clusters/{id:uuid}/close", status_code=204)
async def close(caller: Called, id: FromPath[UUID], data: JSONBody[Closing], key: Key) -> None:
    """Say what people found of it."""
    await actions.close(caller.rt, ClusterId(id), data.verdict.value, key=key, actor=caller.actor)


ROUTES = (listing, note, see, close)
