"""Audiences: counted as the caller would reach them, and why a group is in or out."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from chaupal.api.callers import Called, Key, once
from chaupal.arrivals.models import Evidence
from chaupal.broadcasts import actions, audience, saved, why
from chaupal.broadcasts.models import BroadcastId, Purpose, State
from chaupal.broadcasts.targets import Verdict
from chaupal.broadcasts.why import Answer
from chaupal.groups.models import GroupId


class AudienceShape(Struct, frozen=True, forbid_unknown_fields=True):
    """An expression, as docs/audiences.md describes it, over the groups of one purpose."""

    audience: Any
    purpose: Purpose


class SliceShape(Struct, frozen=True):
    """What one branch of the tree has in an audience on one channel."""

    branch_id: UUID
    name_hi: str
    name_en: str
    channel: str
    groups: int
    members: int


class CountShape(Struct, frozen=True):
    """How many groups an audience has at the moment `counted_at`. The freeze decides."""

    groups: int
    counted_at: datetime
    slices: list[SliceShape]


class WhyAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """An audience, and a group that may be in it."""

    audience: Any
    purpose: Purpose
    group_id: UUID


class TermShape(Struct, frozen=True):
    """A term of the expression, and whether the group fits it by itself."""

    term: Any
    fits: bool


class WhyShape(Struct, frozen=True):
    """Why a group is in or out: three conditions that always hold, and each term.

    `terms` goes through the expression from the outermost term inwards, in its own order.
    """

    group_id: UUID
    is_in: bool
    is_live: bool
    is_of_purpose: bool
    is_inside: bool
    terms: list[TermShape]


class OutcomeShape(Struct, frozen=True):
    """What became of a group in a broadcast that was for it."""

    state: State
    evidence: str
    failure: str | None
    at: datetime | None


class BroadcastWhyShape(Struct, frozen=True):
    """The same of a broadcast: `now` as things stand now, `outcome` since the audience was fixed.

    Without `now` the audience names what is not there any more; `fault` is the refusal's code.
    """

    frozen_at: datetime | None
    now: WhyShape | None
    fault: str | None
    outcome: OutcomeShape | None


class SavedShape(Struct, frozen=True):
    """An audience kept under a name. `faults`: codes of what it names and is not there any more."""

    id: UUID
    name: str
    purpose: Purpose
    audience: Any
    author: str
    saved_at: datetime
    may_change: bool
    faults: list[str]


class NewSaved(Struct, frozen=True, forbid_unknown_fields=True):
    """An audience to be kept, and its name."""

    name: str
    audience: Any
    purpose: Purpose


class NewName(Struct, frozen=True, forbid_unknown_fields=True):
    """What a kept audience is to be called."""

    name: str


class SavedId(Struct, frozen=True):
    """Which audience was kept."""

    id: UUID


@get("/audiences/saved")
async def listing(caller: Called) -> list[SavedShape]:
    """List the audiences kept by those whose area lies within the caller's, by name."""
    return [
        SavedShape(
            kept.saved.id,
            kept.saved.name,
            kept.saved.purpose,
            kept.saved.audience,
            kept.saved.author_label,
            kept.saved.saved_at,
            kept.may_change,
            [fault.code for fault in kept.faults],
        )
        for kept in await saved.listed(caller.rt, actor=caller.actor)
    ]


@post("/audiences/saved")
async def keep(caller: Called, data: JSONBody[NewSaved], key: Key) -> SavedId:
    """Keep an audience under a name; one of the caller's own with that name is replaced."""
    expression = audience.parse(data.audience)
    return SavedId(
        await saved.save(
            caller.rt, data.name, expression, data.purpose, key=key, actor=caller.actor
        )
    )


@post("/audiences/saved/{id:uuid}/rename", status_code=204)
async def rename(caller: Called, id: FromPath[UUID], data: JSONBody[NewName], key: Key) -> None:
    """Call a kept audience something else."""
    request = f"rename {id} {data.name}".encode()
    await once(
        caller, key, request, lambda: saved.rename(caller.rt, id, data.name, actor=caller.actor)
    )


@post("/audiences/saved/{id:uuid}/forget", status_code=204)
async def forget(caller: Called, id: FromPath[UUID], key: Key) -> None:
    """Drop a kept audience; broadcasts that were made of it stay as they are."""
    request = f"forget {id}".encode()
    await once(caller, key, request, lambda: saved.forget(caller.rt, id, actor=caller.actor))


@post("/audiences/count", status_code=200)
async def count(caller: Called, data: JSONBody[AudienceShape]) -> CountShape:
    """Count an audience as the caller would reach it, by branch of the tree and by channel."""
    expression = audience.parse(data.audience)
    slices = await actions.count(caller.rt, expression, data.purpose, actor=caller.actor)
    return CountShape(
        sum(part.groups for part in slices),
        caller.rt.now(),
        [
            SliceShape(
                part.branch_id, part.name_hi, part.name_en, part.channel, part.groups, part.members
            )
            for part in slices
        ],
    )


@post("/audiences/why", status_code=200)
async def why_in_draft(caller: Called, data: JSONBody[WhyAsked]) -> WhyShape:
    """Say why a group is in an audience or out of it, term by term."""
    expression, group = audience.parse(data.audience), GroupId(data.group_id)
    [answer] = await why.in_draft(caller.rt, expression, data.purpose, group, actor=caller.actor)
    assert answer.verdict is not None, "a draft that names what is not there was refused"
    return _why(answer.verdict, expression)


@get("/broadcasts/{id:uuid}/why/{group:uuid}")
async def why_in_broadcast(
    caller: Called, id: FromPath[UUID], group: FromPath[UUID]
) -> BroadcastWhyShape:
    """Say why a group is in a broadcast's audience or out of it, and what became of it."""
    found = await why.in_broadcast(caller.rt, BroadcastId(id), GroupId(group), actor=caller.actor)
    [answer] = found.answers
    return BroadcastWhyShape(
        found.broadcast.frozen_at,
        _why(answer.verdict, found.expression) if answer.verdict else None,
        found.fault.code if found.fault else None,
        _outcome(answer),
    )


def _why(verdict: Verdict, expression: audience.Expression) -> WhyShape:
    return WhyShape(
        verdict.group_id,
        verdict.is_in,
        verdict.is_live,
        verdict.is_of_purpose,
        verdict.is_inside,
        [
            TermShape(audience.to_json(term), fits)
            for term, fits in zip(audience.terms(expression), verdict.fits, strict=True)
        ],
    )


def _outcome(answer: Answer) -> OutcomeShape | None:
    if answer.outcome is None:
        return None
    return OutcomeShape(
        answer.outcome.state,
        Evidence(answer.outcome.evidence).name.lower(),
        answer.outcome.failure,
        answer.outcome.at,
    )


ROUTES: tuple[Any, ...] = (
    count,
    why_in_draft,
    why_in_broadcast,
    listing,
    keep,
    rename,
    forget,
)
