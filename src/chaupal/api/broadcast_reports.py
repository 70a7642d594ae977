"""How far a broadcast got: its report as JSON and as a file, and the deliveries behind it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from chaupal.api.callers import (
    After,
    Asked,
    Called,
    Caller,
    Limit,
    Listing,
    UnitCode,
    unit_coded,
)
from chaupal.arrivals.models import Evidence
from chaupal.broadcasts import queries, recalls, report, reporting, told
from chaupal.broadcasts.models import Broadcast, BroadcastId, State
from chaupal.broadcasts.rungs import LADDER, tally
from chaupal.kit.refusals import Invalid, NotFound, Refused

Times = dict[str, list[float | None]]
StateName = Annotated[State | None, QueryParameter(name="state")]  # litestar has its own `state`
Rung = Annotated[str | None, QueryParameter(max_length=20)]
FailureName = Annotated[str | None, QueryParameter(max_length=60)]


class UnitReport(Struct, frozen=True):
    """One unit and everything below it; without a unit, what hangs at the place itself.

    `times`: by rung, the seconds from the beginning until 50, 90 and 95 % of all targets here had
    reached it; null is "not yet".
    """

    unit_id: UUID | None
    code: str | None
    name_hi: str | None
    name_en: str | None
    targets: int
    account: dict[str, int]
    times: Times


class LevelReport(Struct, frozen=True):
    """How fast it went on one level of the tree."""

    rank: int | None
    targets: int
    times: Times


class CurveShape(Struct, frozen=True):
    """How many targets reached a rung within one step of time from the beginning on."""

    rung: str
    after_s: int
    lasts_s: int
    targets: int


class SilentShape(Struct, frozen=True):
    """A branch of the tree in which nothing moved."""

    unit_id: UUID
    name_hi: str
    name_en: str
    targets: int


class RecallShape(Struct, frozen=True):
    """How far a withdrawn broadcast is gone from the chats in which it stood.

    `states`: waiting, deleting, deleted, asked, acknowledged, impossible. `gone_in_time` counts
    what was deleted, or said to be, by `gone_by`.
    """

    since: datetime
    gone_by: datetime
    states: dict[str, int]
    gone_in_one_hour: int
    gone_in_two_hours: int
    gone_in_time: int


class ReportShape(Struct, frozen=True):
    """A broadcast counted from its deliveries. The accounts of `units` add up to `account`.

    `silent` holds the largest of the branches in which nothing moved; `silent_branches` says how
    many there are.
    """

    id: UUID
    begins_at: datetime
    counted_at: datetime
    targets: int
    account: dict[str, int]
    units: list[UnitReport]
    levels: list[LevelReport]
    curve: list[CurveShape]
    silent: list[SilentShape]
    silent_branches: int
    failures: dict[str, int]
    recall: RecallShape | None


class DeliveryLine(Struct, frozen=True):
    """One delivery: to which group (none where it is a person), and when it reached each rung."""

    id: int
    group_id: UUID | None
    group: str | None
    unit_id: UUID | None
    unit_code: str | None
    state: State
    evidence: str
    failure: str | None
    attempts: int
    reached_at: dict[str, datetime]


@get("/broadcasts/{id:uuid}/report")
async def show(
    caller: Called, request: Asked, id: FromPath[UUID], unit: UnitCode = None
) -> ReportShape:
    """Report how far and how fast a broadcast got, below a unit or everywhere."""
    row, counted = await _counted(caller, request, id, unit)
    accounts: dict[UUID | None, list[report.CountAt]] = {}
    for count in counted.counts:
        accounts.setdefault(count.unit_id, []).append(count)
    whole = tally(counted.counts)
    assert row.begins_at is not None, "what was counted is frozen"
    return ReportShape(
        id=row.id,
        begins_at=row.begins_at,
        counted_at=counted.counted_at,
        targets=sum(whole.values()),
        account=whole,
        units=[_unit(counted, accounts, part) for part in counted.by_unit],
        levels=[
            LevelReport(part.place, part.targets, reporting.times_of(part))
            for part in counted.by_level
        ],
        curve=[
            CurveShape(part.rung.name.lower(), part.step * part.step_s, part.step_s, part.targets)
            for part in counted.curve
        ],
        silent=[
            SilentShape(part.unit_id, part.name_hi, part.name_en, part.targets)
            for part in counted.silent
        ],
        silent_branches=counted.silent[0].branches if counted.silent else 0,
        failures={part.failure: part.count for part in counted.failures},
        recall=await _recall(caller, row),
    )


async def _recall(caller: Caller, row: Broadcast) -> RecallShape | None:
    async with caller.transaction() as conn:
        recall = await recalls.find(conn, row.id)
        if recall is None:
            return None
        found = await recalls.standing(conn, row.id)
    gone = [one for one in found if one.state in {"deleted", "acknowledged"}]
    return RecallShape(
        recall.since,
        recall.gone_by,
        {one.state: one.targets for one in found},
        sum(one.in_one_hour for one in gone),
        sum(one.in_two_hours for one in gone),
        sum(one.in_time for one in gone),
    )


def _unit(
    counted: reporting.Counted, accounts: dict[UUID | None, list[report.CountAt]], row: report.Times
) -> UnitReport:
    unit = None if row.place is None else counted.numbers[row.place]
    return UnitReport(
        unit_id=unit.id if unit else None,
        code=unit.code if unit else None,
        name_hi=unit.name_hi if unit else None,
        name_en=unit.name_en if unit else None,
        targets=row.targets,
        account=tally(accounts.get(unit.id if unit else None, [])),
        times=reporting.times_of(row),
    )


@get("/broadcasts/{id:uuid}/report.csv", media_type="text/csv")
async def report_file(
    caller: Called, request: Asked, id: FromPath[UUID], unit: UnitCode = None
) -> Stream:
    """Report the same as a file, in pieces: a line for each unit right below the one asked for."""
    _, counted = await _counted(caller, request, id, unit)
    return Stream(reporting.as_file(counted), media_type="text/csv")


async def _counted(
    caller: Caller, request: Request[Any, Any, Any], id: UUID, code: str | None
) -> tuple[Broadcast, reporting.Counted]:
    """Return a broadcast and its report. It is counted once for all who ask at the same time,
    pages and programs: what was dear to count is kept for a while."""
    async with caller.transaction() as conn:
        row = await queries.find(conn, BroadcastId(id), scope=caller.scope)
        if row is None:
            raise NotFound("broadcast.not_found")
        unit = await unit_coded(conn, caller, code)
    start = row.begins_at
    if start is None:
        raise Refused("broadcast.not_frozen", stage=row.stage.value)
    under = unit.path if unit else report.WHOLE
    counted = await request.app.state.hub.remembered.of(
        ("report", caller.actor.organisation, row.id, under),
        lambda: reporting.count(caller.rt, caller.scope, row.id, under, start),
    )
    assert isinstance(counted, reporting.Counted)
    return row, counted


@get("/broadcasts/{id:uuid}/deliveries")
async def deliveries(
    caller: Called,
    id: FromPath[UUID],
    *,
    limit: Limit = 50,
    after: After = None,
    unit: UnitCode = None,
    stands: StateName = None,
    rung: Rung = None,
    least: Rung = None,
    failure: FailureName = None,
) -> Listing[DeliveryLine]:
    """List a broadcast's deliveries: in a state, on a rung, or on it and above it.

    A rung is of what is on its way or arrived: what ended otherwise is asked for by its state.
    """
    behind = caller.after(f"deliveries/{id}", after, tuple[int])
    async with caller.transaction() as conn:
        if await queries.find(conn, BroadcastId(id), scope=caller.scope) is None:
            raise NotFound("broadcast.not_found")
        here = await unit_coded(conn, caller, unit)
        wanted = told.Filter(
            under=here.path if here else report.WHOLE,
            state=stands,
            evidence=_evidence(rung, "rung"),
            least=_evidence(least, "least"),
            failure=failure or None,
        )
        found = await told.page(
            conn,
            BroadcastId(id),
            wanted,
            scope=caller.scope,
            after=behind[0] if behind else 0,
            limit=limit + 1,
        )
    shown = found[:limit]
    return Listing(
        items=[_delivery(row) for row in shown],
        next=caller.cursor(f"deliveries/{id}", shown[-1].id) if len(found) > limit else None,
    )


def _evidence(rung: str | None, where: str) -> Evidence | None:
    if not rung:
        return None
    if rung not in ("planned", *LADDER):
        raise Invalid("request.malformed", where=where)
    return Evidence[rung.upper()]


def _delivery(row: told.Told) -> DeliveryLine:
    times = (row.accepted_at, row.delivered_at, row.opened_at, row.posted_at, row.verified_at)
    return DeliveryLine(
        row.id,
        row.group_id,
        row.group_name,
        row.unit_id,
        row.unit_code,
        row.state,
        row.evidence.name.lower(),
        row.failure,
        row.attempts,
        {rung: at for rung, at in zip(LADDER, times, strict=True) if at is not None},
    )


@get("/broadcasts/{id:uuid}/deliveries.csv", media_type="text/csv")
async def deliveries_file(caller: Called, id: FromPath[UUID], unit: UnitCode = None) -> Stream:
    """Take all deliveries along as a file. It stands in the record that somebody did."""
    async with caller.transaction() as conn:
        here = await unit_coded(conn, caller, unit)
    wanted = told.Filter(under=here.path if here else report.WHOLE)
    pieces = await told.export(caller.rt, BroadcastId(id), wanted, actor=caller.actor)
    return Stream(pieces, media_type="text/csv")


ROUTES: tuple[Any, ...] = (show, report_file, deliveries, deliveries_file)
