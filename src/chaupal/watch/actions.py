"""What people do about texts that go round. Each function is one transaction."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chaupal import record
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.refusals import Invalid, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import Broken
from chaupal.organisations import Right, Scope, scope_of
from chaupal.record import Actor
from chaupal.watch import queries
from chaupal.watch.models import (
    TEXT_KEPT,
    Added,
    ClusterId,
    Reason,
    Refusal,
    Verdict,
    check_seen_at,
    lines_of,
    named,
    wording,
)
from chaupal.watch.queries import Cluster, Line, Sighting

LISTED = 200
SIGHTINGS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """A cluster, how it goes while that is kept, and the first groups in which it was seen."""

    cluster: Cluster
    text: str | None = field(repr=False)
    sightings: list[Sighting]


async def listed(rt: Runtime, *, actor: Actor) -> list[Cluster]:
    """Return what goes round as far as `actor` may know: the open ones first."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await _scope(rt, conn, actor)
        return await queries.clusters(conn, paths=scope.paths(Right.COMPOSE), limit=LISTED)


async def show(rt: Runtime, id: ClusterId, *, actor: Actor) -> Shown:
    """Return one of them."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        cluster = await _seen(conn, id, scope)
        found = await queries.sightings(
            conn, id, paths=scope.paths(Right.COMPOSE), limit=SIGHTINGS_SHOWN
        )
    return Shown(cluster, _text(rt, cluster, actor.organisation), found)


def _text(rt: Runtime, cluster: Cluster, organisation: OrganisationId) -> str | None:
    if cluster.sealed_text is None or cluster.text_until <= rt.now():
        return None
    try:
        return rt.sealer.unseal(cluster.sealed_text, _place(organisation, cluster.id))
    except Broken:
        return None


def _place(organisation: OrganisationId, id: ClusterId) -> str:
    return f"cluster/{organisation}/{id}/text"


async def note(rt: Runtime, name: str, text: str, *, key: str, actor: Actor) -> ClusterId:
    """Note a text that goes round. Its wording is sealed, and forgotten after a month."""
    name, text = named(name), wording(text)
    request = f"cluster\0{name}\0{text}".encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await _scope(rt, conn, actor)
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return ClusterId(UUID(earlier))
        id = ClusterId(new_id())
        sealed = rt.sealer.seal(text, _place(actor.organisation, id)) if text else None
        await queries.add(
            conn,
            id,
            name=name,
            sealed_text=sealed,
            text_until=rt.now() + TEXT_KEPT,
            by=actor.id,
            label=actor.label,
            units=scope.units(Right.COMPOSE),
            now=rt.now(),
        )
        await record.answer(conn, key, request, str(id), actor=actor, now=rt.now())
        await record.append(conn, "cluster.noted", id, actor=actor, now=rt.now())
        return id


async def see(
    rt: Runtime, id: ClusterId, written: str, *, seen_at: datetime, key: str, actor: Actor
) -> Added:
    """Note in which groups it was seen: ids, references or whole names, one a line.

    Refused are groups outside the actor's area, archived ones, and such as do not carry the notice:
    those are not read. The others of the same list are taken all the same.
    """
    lines = lines_of(written)
    check_seen_at(seen_at, now=rt.now())
    request = f"cluster.see\0{id}\0{seen_at.isoformat()}\0".encode() + "\n".join(lines).encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        cluster = await _seen(conn, id, scope)
        answered = await record.answered(conn, key, request, actor=actor)
        _check_open(cluster)
        found = await queries.named_by(conn, lines, paths=scope.paths(Right.COMPOSE))
        refused = [
            Refusal(row.line, lines[row.line - 1], reason)
            for row in found
            if (reason := _reason(row)) is not None
        ]
        groups = {row.group_id for row in found if row.group_id and _reason(row) is None}
        if answered is not None:
            return Added(int(answered), len(groups) - int(answered), refused)
        new = await queries.see(
            conn, id, sorted(groups), seen_at=seen_at, by=actor.id, label=actor.label, now=rt.now()
        )
        await record.answer(conn, key, request, str(new), actor=actor, now=rt.now())
        await record.append(
            conn, "cluster.seen", id, actor=actor, now=rt.now(), groups=new, refused=len(refused)
        )
        return Added(new, len(groups) - new, refused)


def _reason(row: Line) -> Reason | None:
    if row.groups == 0:
        return Reason.UNKNOWN
    if row.groups > 1:
        return Reason.SEVERAL
    if row.archived:
        return Reason.ARCHIVED
    return None if row.carries_notice else Reason.NO_NOTICE


async def close(rt: Runtime, id: ClusterId, verdict: str, *, key: str, actor: Actor) -> None:
    """Say what people found of it; from then on no more groups are noted."""
    try:
        found = Verdict(verdict)
    except ValueError as error:
        raise Invalid("request.malformed", where="verdict") from error
    request = f"cluster.close\0{id}\0{found}".encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        cluster = await _seen(conn, id, scope)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        _check_open(cluster)
        await queries.close(conn, id, found, by=actor.id, label=actor.label, now=rt.now())
        await record.answer(conn, key, request, "closed", actor=actor, now=rt.now())
        await record.append(
            conn, "cluster.closed", id, actor=actor, now=rt.now(), verdict=found.value
        )


def _check_open(cluster: Cluster) -> None:
    if cluster.closed_at is not None:
        raise Refused("cluster.closed")


async def _scope(rt: Runtime, conn: db.Conn, actor: Actor) -> Scope:
    scope = await scope_of(rt, conn, actor)
    scope.need(Right.COMPOSE)
    return scope


async def _seen(conn: db.Conn, id: ClusterId, scope: Scope) -> Cluster:
    await queries.lock(conn, id)
    found = await queries.clusters(conn, paths=scope.paths(Right.COMPOSE), id=id)
    if not found:
        raise NotFound("cluster.not_found")
    return found[0]
