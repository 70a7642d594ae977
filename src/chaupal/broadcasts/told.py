"""The deliveries that a number of a report counts: a list page by page, and a file."""

import codecs
import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal import record
from chaupal.arrivals.models import Evidence
from chaupal.broadcasts import queries
from chaupal.broadcasts.models import BroadcastId, State
from chaupal.directory.fields import escaped
from chaupal.kit import db
from chaupal.kit.refusals import NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, Scope, scope_of
from chaupal.organisations.scope import INDIA
from chaupal.record import Actor

PAGE_ROWS = 2000
COLUMNS = (
    "unit_code", "unit", "group", "state", "evidence", "failure", "attempts", "accepted_at",
    "delivered_at", "opened_at", "posted_at", "verified_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries: below a path, in a state, with just or at least this evidence.

    Evidence, just or least, is of what still may arrive or did: what ended otherwise is asked for
    by its state.
    """

    under: str = "/"
    state: State | None = None
    evidence: Evidence | None = None
    least: Evidence | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the list."""

    id: int
    group_id: UUID | None
    group_name: str | None
    unit_id: UUID | None
    unit_code: str | None
    unit_hi: str | None
    unit_en: str | None
    state: State
    evidence: Evidence
    failure: str | None
    attempts: int
    accepted_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    posted_at: datetime | None
    verified_at: datetime | None


async def page(
    conn: db.Conn, id: BroadcastId, wanted: Filter, *, scope: Scope, after: int, limit: int
) -> list[Told]:
    """Return the deliveries of a broadcast within `scope` that fit, in their order, after one."""
    return await _page(conn, id, wanted, paths=scope.paths(), after=after, limit=limit)


async def _page(
    conn: db.Conn,
    id: BroadcastId,
    wanted: Filter,
    *,
    paths: Sequence[str],
    after: int,
    limit: int,
) -> list[Told]:
    return await db.many(
        conn,
        Told,
        """
        SELECT t.id, t.group_id, g.name AS group_name, t.unit_id, u.code AS unit_code,
               u.name_hi AS unit_hi, u.name_en AS unit_en, t.state::text, t.evidence, t.failure,
               t.attempts, t.accepted_at, t.delivered_at, t.opened_at, t.posted_at, t.verified_at
          FROM delivery_told t
          LEFT JOIN chat_group g ON g.organisation_id = t.organisation_id AND g.id = t.group_id
          LEFT JOIN unit u ON u.organisation_id = t.organisation_id AND u.id = t.unit_id
         WHERE t.organisation_id = current_organisation() AND t.broadcast_id = %(id)s
           AND t.id > %(after)s
           AND (%(under)s = '/' OR starts_with(t.path, %(under)s))
           AND (%(state)s::text IS NULL OR t.state = %(state)s::delivery_state)
           AND ((%(evidence)s::smallint IS NULL AND %(least)s::smallint IS NULL)
                OR (t.state IN ('queued', 'sending', 'tasked', 'sent')
                    AND t.evidence = coalesce(%(evidence)s, t.evidence)
                    AND t.evidence >= coalesce(%(least)s, t.evidence)))
           AND (%(failure)s::text IS NULL OR t.failure = %(failure)s)
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE t.path BETWEEN root AND root || '~')
         ORDER BY t.id
         LIMIT %(limit)s
        """,
        id=id,
        under=wanted.under,
        state=wanted.state.value if wanted.state else None,
        evidence=wanted.evidence,
        least=wanted.least,
        failure=wanted.failure,
        paths=list(paths),
        after=after,
        limit=limit,
    )


async def export(
    rt: Runtime, id: BroadcastId, wanted: Filter, *, actor: Actor, page_rows: int = PAGE_ROWS
) -> AsyncIterator[bytes]:
    """Return the deliveries that fit as a CSV file, in pieces.

    Each page is read with what the actor may export by then, and memory does not grow with the
    file. The record says so before the first piece leaves. No cell is taken for a formula.
    """
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        if await queries.find(conn, id, scope=scope) is None:
            raise NotFound("broadcast.not_found")
        scope.need(Right.EXPORT)
        await record.append(conn, "deliveries.exported", id, actor=actor, now=rt.now())
    return _pieces(rt, id, wanted, actor=actor, page_rows=page_rows)


async def _pieces(
    rt: Runtime, id: BroadcastId, wanted: Filter, *, actor: Actor, page_rows: int
) -> AsyncIterator[bytes]:
    yield codecs.BOM_UTF8 + written([COLUMNS])
    after = 0
    while True:
        async with db.transaction(rt.pool, actor.organisation) as conn:
            scope = await scope_of(rt, conn, actor)
            paths = scope.paths(Right.EXPORT)
            rows = await _page(conn, id, wanted, paths=paths, after=after, limit=page_rows)
        if not rows:
            return
        yield written([_cells(row) for row in rows])
        after = rows[-1].id


def written(rows: Sequence[Sequence[str]]) -> bytes:
    """Write lines of CSV in which no cell is taken for a formula."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([escaped(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _cells(row: Told) -> list[str]:
    times = (row.accepted_at, row.delivered_at, row.opened_at, row.posted_at, row.verified_at)
    return [
        row.unit_code or "",
        row.unit_en or "",
        row.group_name or "",
        row.state.value,
        row.evidence.name.lower(),
        row.failure or "",
        str(row.attempts),
        *(at.astimezone(INDIA).isoformat(timespec="seconds") if at else "" for at in times),
    ]
