"""Importing files and loading rows in bulk; adding senders. One transaction each."""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast
from urllib.parse import urlsplit

from chaupal import record
from chaupal.channels import registry
from chaupal.channels.contract import Account, Vetted
from chaupal.channels.limits import Limits
from chaupal.directory import mapping as headings_said
from chaupal.directory import queries, reading, report, rows, staging
from chaupal.directory.groups import load as groups
from chaupal.directory.memberships import load as memberships
from chaupal.directory.models import (
    GroupRow,
    Kind,
    MembershipRow,
    OfficeRow,
    PersonRow,
    PostRow,
    Reason,
    Summary,
    Unfit,
    UnitRow,
    summary,
)
from chaupal.directory.people import load as people
from chaupal.directory.posts import load as posts
from chaupal.directory.rows import AnyRow
from chaupal.directory.staging import Line, Phase, Progress, Task, Watch
from chaupal.directory.units import load as units
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.refusals import Invalid, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.law import exclusions
from chaupal.organisations import Right, scope_of
from chaupal.organisations.models import UnitId
from chaupal.record import Actor

CONSOLE = "console"
MEASURED_FROM_ROWS = 1000
BUSINESS_ACCOUNT = re.compile(r"[0-9]{1,30}")

# What somebody writes beside an import: in its transaction, with what it says, from its report.
Keep: TypeAlias = Callable[[db.Conn, Summary, Path | None], Awaitable[object]]


async def import_file(
    rt: Runtime,
    kind: Kind,
    source: BinaryIO,
    *,
    actor: Actor,
    dry_run: bool = False,
    report_to: Path | None = None,
    mapping: Mapping[str, str] | None = None,
    sheet: str | None = None,
    language: str = "en",
    progress: Callable[[Progress], object] = staging.unwatched,
    cancelled: Callable[[], bool] = staging.never,
    keep: Keep | None = None,
) -> Summary:
    """Import a file whole or not at all, and say how every row of it ended.

    One transaction: whatever stops it, nothing is half done, and a file that is broken as a
    whole changes nothing. Imports of one organisation follow each other. Memory does not grow
    with the file. `report_to` gets a line for each row; a dry run writes it too, and nothing
    else. `mapping` and `sheet` are those of `reading.rows`; what headings were said to stand for
    is remembered. `language` is that of the report's words. `cancelled` is asked between batches,
    and whatever was done is undone where it says yes. What `keep` writes stands or falls with
    the import; it gets the report as a draft. Needs the right to import, and stays within the
    units for which it is held.
    """
    watch = Watch(progress, cancelled, source)
    async with (
        report.kept(report_to) as draft,
        db.transaction(rt.pool, actor.organisation) as conn,
    ):
        task = Task(
            organisation=actor.organisation,
            sealer=rt.sealer,
            now=rt.now(),
            roots=await _roots(rt, conn, actor),
            watch=watch,
            judged_only=dry_run,
        )
        columns = await headings_said.settled(conn, kind, source, mapping=mapping, sheet=sheet)
        async with conn.transaction(force_rollback=dry_run):
            if mapping:
                await headings_said.remember(
                    conn, kind, source, mapping=columns, sheet=sheet, now=rt.now()
                )
            lines = _read(reading.rows(source, kind, mapping=columns, sheet=sheet), kind)
            staged = await _load(conn, kind, lines, task)
            told = await _summary(conn, kind, staged, dry_run=dry_run)
            if draft is not None:
                await report.write(conn, draft, language=language)
            watch.reached(Phase.WRITING)
        if keep is not None:
            await keep(conn, told, draft)
        if not dry_run:
            await _record(rt, conn, told, actor=actor)
    return told


async def load_units(rt: Runtime, conn: db.Conn, rows: Iterable[UnitRow]) -> Summary:
    """Load units in bulk, inside the caller's transaction; parents may come in any order.

    For the program itself: rows are trusted to fit the columns, the scope is the whole
    organisation, and the caller records it. Rows that the directory refuses are counted by
    reason, as in an import.
    """
    return await _loaded(rt, conn, Kind.UNITS, enumerate(rows, 1))


async def load_people(rt: Runtime, conn: db.Conn, rows: Iterable[PersonRow]) -> Summary:
    """Load people in bulk, inside the caller's transaction, as `load_units` does units."""
    return await _loaded(rt, conn, Kind.PEOPLE, enumerate(rows, 1))


async def load_groups(rt: Runtime, conn: db.Conn, rows: Iterable[GroupRow]) -> Summary:
    """Load groups in bulk, inside the caller's transaction, as `load_units` does units."""
    return await _loaded(rt, conn, Kind.GROUPS, enumerate(rows, 1))


async def load_posts(conn: db.Conn, rows: Iterable[PostRow]) -> int:
    """Load posts in bulk, inside the caller's transaction, and return how many there are now.

    For the program itself. A post whose unit or person does not exist is an error.
    """
    staged = await queries.stage_posts(conn, rows)
    added = await queries.add_posts(conn)
    assert added == staged, "every post has a unit and a person"
    return added


async def _loaded(rt: Runtime, conn: db.Conn, kind: Kind, lines: Iterable[Line[AnyRow]]) -> Summary:
    organisation = (await queries.current(conn)).organisation
    task = Task(organisation=organisation, sealer=rt.sealer, now=rt.now())
    staged = await _load(conn, kind, iter(lines), task)
    return await _summary(conn, kind, staged, dry_run=False)


async def _roots(rt: Runtime, conn: db.Conn, actor: Actor) -> Sequence[str]:
    """Return where `actor` may import: everywhere from the console, else by their posts."""
    if actor == record.part_of_the_system(actor.organisation, CONSOLE):
        return staging.EVERYWHERE
    scope = await scope_of(rt, conn, actor)
    scope.need(Right.IMPORT)
    return scope.paths(Right.IMPORT)


def _read(lines: Iterable[reading.Row], kind: Kind) -> Iterator[Line[AnyRow]]:
    read = rows.READERS[kind]
    for row in lines:
        if row.written is None:
            yield row.line, Unfit(Reason.WRONG_NUMBER_OF_FIELDS)
            continue
        try:
            yield row.line, read(row.written)
        except Unfit as unfit:
            yield row.line, unfit


async def _load(conn: db.Conn, kind: Kind, lines: Iterator[Line[AnyRow]], task: Task) -> int:
    await queries.make_room(conn)
    match kind:
        case Kind.UNITS:
            return await units.load(conn, cast("Iterator[Line[UnitRow]]", lines), task)
        case Kind.PEOPLE:
            return await people.load(conn, cast("Iterator[Line[PersonRow]]", lines), task)
        case Kind.GROUPS:
            return await groups.load(conn, cast("Iterator[Line[GroupRow]]", lines), task)
        case Kind.POSTS:
            return await posts.load(conn, cast("Iterator[Line[OfficeRow]]", lines), task)
        case Kind.MEMBERSHIPS:
            return await memberships.load(conn, cast("Iterator[Line[MembershipRow]]", lines), task)


async def _summary(conn: db.Conn, kind: Kind, staged: int, *, dry_run: bool) -> Summary:
    told = summary(kind, await queries.tallies(conn), staged=staged, dry_run=dry_run)
    if not dry_run and told.accepted + told.updated >= MEASURED_FROM_ROWS:
        await queries.measure(conn)
    return told


async def _record(rt: Runtime, conn: db.Conn, told: Summary, *, actor: Actor) -> None:
    await record.append(
        conn,
        f"{told.kind.value}.imported",
        new_id(),
        actor=actor,
        now=rt.now(),
        accepted=told.accepted,
        updated=told.updated,
        unchanged=told.unchanged,
        refused=told.refused,
        reasons={reason.value: count for reason, count in told.reasons.items()},
    )


async def add_sender(
    rt: Runtime,
    *,
    name: str,
    channel: str,
    endpoint: str,
    token: str,
    webhook_secret: str,
    limits: Limits,
    business_account: str | None = None,
    actor: Actor,
) -> None:
    """Add an account through which the organisation sends; its secrets are sealed.

    Refused: a channel that no program may drive, or whose provider does not take organisations of
    this kind, an endpoint that is no web address, a name that is taken, limits that cannot be, and
    an account without the business account of its templates where its channel has such.
    """
    limits.check()
    adapter = registry.channel(channel)
    schemes = registry.SCHEMES.get(channel, registry.OF_THE_WEB)
    if urlsplit(endpoint).scheme not in schemes or not urlsplit(endpoint).netloc:
        raise Invalid("sender.endpoint_malformed")
    if isinstance(adapter, Vetted):
        try:
            adapter.name_of(Account(endpoint, token, webhook_secret))
        except ValueError as error:
            raise Invalid("sender.endpoint_malformed") from error
    is_secret = bool(webhook_secret) or adapter.traits.listens  # nobody posts where one listens
    if not name or not token or not is_secret:
        raise Invalid("request.malformed", where="sender")
    if business_account is not None and not BUSINESS_ACCOUNT.fullmatch(business_account):
        raise Invalid("request.malformed", where="business_account")
    if business_account is None and registry.channel(channel).traits.templated:
        raise Invalid("sender.business_account_missing", channel=channel)
    id = new_id()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await exclusions.check(conn, [channel], now=rt.now())
        added = await queries.add_sender(
            conn,
            id,
            name=name,
            channel=channel,
            endpoint=endpoint,
            sealed_token=rt.sealer.seal(token, f"sender/{id}/token"),
            sealed_webhook_secret=rt.sealer.seal(webhook_secret, f"sender/{id}/webhook_secret"),
            limits=limits,
            business_account=business_account,
        )
        if added is None:
            raise Refused("sender.name_taken", name=name)
        await record.append(conn, "sender.added", id, actor=actor, now=rt.now(), channel=channel)
        await record.append(
            conn, "sender.limits_written", id, actor=actor, now=rt.now(), **asdict(limits)
        )


async def unit_with_code(rt: Runtime, code: str | None, *, organisation: OrganisationId) -> UnitId:
    """Return the unit with the organisation's own code, or the root where that is None."""
    async with db.transaction(rt.pool, organisation) as conn:
        unit = await (queries.root(conn) if code is None else queries.unit_with_code(conn, code))
    if unit is None:
        raise NotFound("unit.not_found", unit=code or "")
    return unit.id
