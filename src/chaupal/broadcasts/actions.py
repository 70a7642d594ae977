"""What people may do to broadcasts. Each function is one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from chaupal import record
from chaupal.broadcasts import (
    audience,
    certificates,
    endings,
    fitting,
    halts,
    people,
    pictures,
    queries,
    recalls,
    registered,
    targets,
    templates,
)
from chaupal.broadcasts.compiler import Target
from chaupal.broadcasts.models import (
    BranchCount,
    Broadcast,
    BroadcastId,
    Count,
    Draft,
    Purpose,
    Stage,
    Text,
)
from chaupal.groups.models import judged
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import NotAllowed, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.law import exclusions
from chaupal.law.models import TAKEDOWN
from chaupal.organisations import Right, Scope, scope_of
from chaupal.organisations.tree import stand_still
from chaupal.record import Actor

# Stages after which what was not attempted yet never will be, and the state it then gets.
ENDED_AT_ONCE = 5_000
ENDINGS = {Stage.CANCELLED: "cancelled", Stage.RECALLED: "recalled"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A broadcast with what it says and how far it has got."""

    broadcast: Broadcast
    texts: list[Text]
    counts: list[Count]
    branches: list[BranchCount]


async def write(rt: Runtime, draft: Draft, *, key: str, actor: Actor) -> BroadcastId:
    """Start a broadcast as a draft. The same `key` asked again gives the same draft."""
    draft.check(now=rt.now())
    people.check_via(draft.via)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        earlier = await record.answered(conn, key, draft.content(), actor=actor)
        if earlier is not None:
            return BroadcastId(UUID(earlier))
        scope = await _scope(rt, conn, actor, Right.COMPOSE)
        await exclusions.check(conn, draft.via, now=rt.now())
        await templates.check(conn, draft)
        await _check_names(rt, conn, draft, scope)
        id = BroadcastId(new_id())
        await queries.add(
            conn,
            id,
            draft,
            audience=audience.to_json(draft.audience),
            author_id=actor.id,
            author_label=actor.label,
            author_units=scope.units(Right.COMPOSE),
            now=rt.now(),
        )
        await queries.write_texts(conn, id, draft)
        await record.answer(conn, key, draft.content(), str(id), actor=actor, now=rt.now())
        await record.append(
            conn,
            "broadcast.drafted",
            id,
            actor=actor,
            now=rt.now(),
            content=draft.content_hash().hex(),
        )
        return id


async def rewrite(
    rt: Runtime, id: BroadcastId, draft: Draft, *, key: str, actor: Actor
) -> BroadcastId:
    """Change a draft, or what was submitted: any edit voids what others signed."""
    draft.check(now=rt.now())
    people.check_via(draft.via)
    request = b"rewrite" + id.bytes + draft.content()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await record.answered(conn, key, request, actor=actor) is not None:
            return id
        scope = await _scope(rt, conn, actor, Right.COMPOSE)
        broadcast = await _locked(conn, id, scope)
        if broadcast.author_id != actor.id:
            raise NotAllowed("broadcast.only_the_author_edits")
        if broadcast.stage not in {Stage.DRAFT, Stage.SUBMITTED}:
            raise Refused("broadcast.cannot_move", stage=broadcast.stage.value, verb="edit")
        await exclusions.check(conn, draft.via, now=rt.now())
        await templates.check(conn, draft)
        await _check_names(rt, conn, draft, scope)
        await queries.rewrite(
            conn,
            id,
            draft,
            audience=audience.to_json(draft.audience),
            author_units=scope.units(Right.COMPOSE),
        )
        await queries.write_texts(conn, id, draft)
        await record.answer(conn, key, request, str(id), actor=actor, now=rt.now())
        await record.append(
            conn,
            "broadcast.rewritten",
            id,
            actor=actor,
            now=rt.now(),
            content=draft.content_hash().hex(),
        )
        return id


async def submit(rt: Runtime, id: BroadcastId, *, key: str, actor: Actor) -> Broadcast:
    """Ask for the second signature. An empty audience is refused here and again at approval."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await stand_still(conn)
        scope = await _scope(rt, conn, actor, Right.COMPOSE)
        broadcast = await _locked(conn, id, scope)
        if await record.answered(conn, key, b"submit" + id.bytes, actor=actor) is not None:
            return broadcast
        stage = broadcast.check_move("submit")
        await exclusions.check(conn, broadcast.via, now=rt.now())
        target = target_of(broadcast, now=rt.now())
        reached = await _total(conn, broadcast, target)
        if reached == 0:
            raise Refused("audience.empty")
        await templates.check_whole(conn, broadcast, target)
        await fitting.check(conn, broadcast.draft(await queries.texts(conn, id)), target)
        await queries.set_stage(conn, id, stage, now=rt.now())
        await record.answer(conn, key, b"submit" + id.bytes, stage, actor=actor, now=rt.now())
        await record.append(
            conn, "broadcast.submitted", id, actor=actor, now=rt.now(), targets=reached
        )
        return await _locked(conn, id, scope)


async def approve(
    rt: Runtime,
    id: BroadcastId,
    *,
    seen_hash: bytes,
    denies_election: bool = False,
    key: str,
    actor: Actor,
) -> Broadcast:
    """Put the second signature on a broadcast, so that its audience is frozen and it goes out.

    `seen_hash` is the content that the approver read: an edit in between refuses. The author's
    own signature is refused for everybody, and so is that of someone whose part of the tree
    does not hold the whole audience. Two approvers racing produce one approval. It counts as
    election matter unless its author said that it is not, and the approver `denies_election` too;
    then it has the certificate that the law wants of it.
    """
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await stand_still(conn)
        scope = await _scope(rt, conn, actor, Right.APPROVE)
        broadcast = await _locked(conn, id, scope)
        if await record.answered(conn, key, b"approve" + id.bytes, actor=actor) is not None:
            return broadcast
        broadcast.check_approval_by(actor.id)
        if broadcast.content_hash != seen_hash:
            raise Refused("broadcast.edited_since_submission")
        if broadcast.expires_at <= rt.now():
            raise Refused("broadcast.expires_in_the_past")
        await exclusions.check(conn, broadcast.via, now=rt.now())
        target = target_of(broadcast, now=rt.now())
        reached = await _total(conn, broadcast, target)
        if reached == 0:
            raise Refused("audience.empty")
        signed = replace(target, also_within=scope.paths(Right.APPROVE))
        if reached != await _total(conn, broadcast, signed):
            raise NotAllowed("broadcast.beyond_scope")
        await templates.check_whole(conn, broadcast, target)
        await fitting.check(conn, broadcast.draft(await queries.texts(conn, id)), target)
        denies = denies_election and not broadcast.election_matter
        if not denies:
            await certificates.check(conn, broadcast, target)
        texts = {text.language: text.body for text in await queries.texts(conn, id)}
        await registered.check(conn, texts, broadcast.via, synthetic=broadcast.synthetic)
        await queries.approve(
            conn,
            id,
            approver_id=actor.id,
            approver_label=actor.label,
            denies=denies,
            now=rt.now(),
        )
        await record.answer(conn, key, b"approve" + id.bytes, "approved", actor=actor, now=rt.now())
        await record.append(
            conn,
            "broadcast.approved",
            id,
            actor=actor,
            now=rt.now(),
            targets=reached,
            content=seen_hash.hex(),
            election_matter=not denies,
        )
        return await _locked(conn, id, scope)


async def steer(rt: Runtime, id: BroadcastId, verb: str, *, key: str, actor: Actor) -> Broadcast:
    """Send back, pause, resume, cancel or recall.

    Cancelling and recalling stop at once what was not attempted yet: from the commit on nothing
    more of it is claimed, and a claim that is under way ends before it. The first thousands end in
    this transaction, the rest by the worker. What a provider already took stays in the account as
    what it is; a recall starts the clock of taking it back from the chats.
    """
    right = Right.APPROVE if verb == "send_back" else Right.STEER
    request = verb.encode() + id.bytes
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await _scope(rt, conn, actor, right)
        broadcast = await _locked(conn, id, scope)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return broadcast
        stage = broadcast.check_move(verb)
        await queries.set_stage(conn, id, stage, now=rt.now())
        await halts.moved_on(conn, id, now=rt.now())
        ended = 0
        if stage is Stage.RECALLED:
            await recalls.begin(
                conn,
                id,
                by=actor.id,
                label=actor.label,
                now=rt.now(),
                within=timedelta(hours=TAKEDOWN.hours),
            )
        if stage in ENDINGS and broadcast.frozen_at is not None:
            ended = await endings.end_open(conn, id, ENDINGS[stage], limit=ENDED_AT_ONCE)
        await record.answer(conn, key, request, stage, actor=actor, now=rt.now())
        await record.append(
            conn, f"broadcast.{PAST[verb]}", id, actor=actor, now=rt.now(), ended=ended
        )
        return await _locked(conn, id, scope)


PAST = {
    "send_back": "sent_back",
    "pause": "paused",
    "resume": "resumed",
    "cancel": "cancelled",
    "recall": "recalled",
}


async def show(rt: Runtime, id: BroadcastId, *, actor: Actor) -> Shown:
    """Return a broadcast with its account, if the reader may see it."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        broadcast = await queries.find(conn, id, scope=scope)
        if broadcast is None:
            raise NotFound("broadcast.not_found")
        return Shown(
            broadcast,
            await queries.texts(conn, id),
            await queries.counts(conn, id),
            await queries.counts_by_branch(conn, id),
        )


async def count(
    rt: Runtime, expression: audience.Expression, purpose: Purpose, *, actor: Actor
) -> list[targets.Slice]:
    """Count an audience as `actor` would reach it: by branch and channel."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await _scope(rt, conn, actor, Right.COMPOSE)
        target = Target(
            expression, purpose.value, scope.paths(Right.COMPOSE), judged(rt.now()).today
        )
        return await targets.slices(conn, target)


async def check_picture(rt: Runtime, draft: Draft, *, actor: Actor) -> None:
    """Refuse a draft whose picture is not there, or cannot go where `actor` would send it."""
    if not draft.pictures:
        return
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await _scope(rt, conn, actor, Right.COMPOSE)
        await pictures.check_kept(conn, draft)
        paths, today = scope.paths(Right.COMPOSE), judged(rt.now()).today
        target = Target(draft.audience, draft.purpose.value, paths, today)
        await fitting.check(conn, draft, target)


async def count_people(
    rt: Runtime,
    expression: audience.Expression,
    purpose: Purpose,
    via: tuple[str, ...],
    *,
    actor: Actor,
) -> list[people.Slice]:
    """Count an audience of people as `actor` would reach it: by branch and channel."""
    people.check_via(via)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await _scope(rt, conn, actor, Right.COMPOSE)
        await exclusions.check(conn, via, now=rt.now())
        today = judged(rt.now()).today
        target = Target(expression, purpose.value, scope.paths(Right.COMPOSE), today)
        return await people.slices(conn, target, via)


def target_of(broadcast: Broadcast, *, now: datetime) -> Target:
    """Return whom a broadcast is for: its own words, within what its author may reach."""
    return Target(
        audience.parse(broadcast.audience),
        broadcast.purpose.value,
        broadcast.author_paths,
        judged(now).today,
    )


async def total(conn: db.Conn, broadcast: Broadcast, *, now: datetime) -> int:
    """Count whom a broadcast would reach now."""
    return await _total(conn, broadcast, target_of(broadcast, now=now))


async def _total(conn: db.Conn, broadcast: Broadcast, target: Target) -> int:
    """Count whom a broadcast is for, groups or people."""
    if broadcast.via:
        return await people.total(conn, target, tuple(broadcast.via))
    return await targets.total(conn, target)


async def _scope(rt: Runtime, conn: db.Conn, actor: Actor, right: Right) -> Scope:
    scope = await scope_of(rt, conn, actor)
    scope.need(right)
    return scope


async def _locked(conn: db.Conn, id: BroadcastId, scope: Scope) -> Broadcast:
    """Lock a broadcast that the actor may see; the author may always see their own."""
    broadcast = await queries.lock(conn, id)
    if broadcast is None or not all(scope.covers(path) for path in broadcast.author_paths):
        raise NotFound("broadcast.not_found")
    return broadcast


async def _check_names(rt: Runtime, conn: db.Conn, draft: Draft, scope: Scope) -> None:
    """Refuse names that do not exist, and terms that do not fit those whom it is for."""
    await pictures.check_kept(conn, draft)
    known = await targets.directory(conn, draft.audience, paths=scope.paths(Right.COMPOSE))
    known.check(draft.audience)
    if draft.via:
        people.OfPeople(known, judged(rt.now()).today).of(draft.audience)
    await registered.check(conn, draft.texts, draft.via, synthetic=draft.synthetic)
