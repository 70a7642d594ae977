"""Why a group is in an audience or out of it, term by term, and what became of it there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.arrivals.models import Evidence
from chaupal.broadcasts import queries, targets
from chaupal.broadcasts.actions import target_of
from chaupal.broadcasts.audience import Expression
from chaupal.broadcasts.compiler import Target
from chaupal.broadcasts.models import Broadcast, BroadcastId, Purpose, State
from chaupal.broadcasts.targets import Verdict
from chaupal.groups import lists
from chaupal.groups import queries as groups
from chaupal.groups.models import Group, GroupFilter, GroupId, judged
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, Scope, scope_of
from chaupal.record import Actor

GROUPS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a group in a broadcast that was for it."""

    group_id: UUID
    state: State
    evidence: Evidence
    failure: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A group, why it is in or out as things stand now, and what became of it.

    Without a verdict the audience names what is not there any more: nobody can tell then.
    """

    group: Group
    verdict: Verdict | None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers about a broadcast's own audience; `fault` is why there are no verdicts."""

    broadcast: Broadcast
    expression: Expression
    answers: list[Answer]
    fault: Invalid | None


async def in_draft(
    rt: Runtime, expression: Expression, purpose: Purpose, whom: str | GroupId, *, actor: Actor
) -> list[Answer]:
    """Say of the groups called `whom`, or of the one that it is, why they would be in or out.

    They are looked for in all that the actor sees, archived ones too.
    """
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        scope.need(Right.COMPOSE)
        paths = scope.paths(Right.COMPOSE)
        target = Target(expression, purpose.value, paths, judged(rt.now()).today)
        found = await _found(conn, whom, scope=scope, now=rt.now())
        verdicts = await _verdicts(conn, target, found, scope=scope)
        return [Answer(group, verdicts[group.id]) for group in found]


async def in_broadcast(
    rt: Runtime, id: BroadcastId, whom: str | GroupId, *, actor: Actor
) -> Answers:
    """The same of a broadcast, with what became of each group once its audience was fixed."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        broadcast = await queries.find(conn, id, scope=scope)
        if broadcast is None:
            raise NotFound("broadcast.not_found")
        found = await _found(conn, whom, scope=scope, now=rt.now())
        target = target_of(broadcast, now=rt.now())
        verdicts: dict[UUID, Verdict] = {}
        fault = None
        try:
            verdicts = await _verdicts(conn, target, found, scope=scope)
        except Invalid as refusal:
            fault = refusal
        fates = {fate.group_id: fate for fate in await _outcomes(conn, id, found, scope=scope)}
        answers = [Answer(group, verdicts.get(group.id), fates.get(group.id)) for group in found]
        return Answers(broadcast, target.expression, answers, fault)


async def _found(conn: db.Conn, whom: str | GroupId, *, scope: Scope, now: datetime) -> list[Group]:
    if not isinstance(whom, str):
        group = await groups.group(conn, whom, scope=scope)
        if group is None:
            raise NotFound("group.not_found")
        return [group]
    if not whom.strip():
        return []
    found: list[Group] = []
    for archived in (False, True):
        found += await lists.group_page(
            conn,
            scope=scope,
            filter=GroupFilter(name_contains=whom, archived=archived),
            limit=GROUPS_SHOWN - len(found),
            now=now,
        )
    return found


async def _verdicts(
    conn: db.Conn, target: Target, found: Sequence[Group], *, scope: Scope
) -> dict[UUID, Verdict]:
    ids: list[UUID] = [group.id for group in found]
    verdicts = await targets.verdicts(conn, target, ids, readable=scope.paths())
    return {verdict.group_id: verdict for verdict in verdicts}


async def _outcomes(
    conn: db.Conn, id: BroadcastId, found: Sequence[Group], *, scope: Scope
) -> list[Outcome]:
    return await db.many(
        conn,
        Outcome,
        """
        SELECT d.group_id, d.state::text, d.evidence, d.failure,
               coalesce(d.evidence_at, d.sent_at) AS at
          FROM delivery d
          JOIN chat_group g ON g.organisation_id = d.organisation_id AND g.id = d.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE d.organisation_id = current_organisation() AND d.broadcast_id = %(id)s
           AND d.group_id = ANY(%(groups)s::uuid[])
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        id=id,
        groups=[group.id for group in found],
        paths=scope.paths(),
    )
