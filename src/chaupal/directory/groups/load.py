"""Loading groups: with their categories, and their admins by reference."""

from collections.abc import Iterable, Iterator, Sequence

from chaupal.directory import staging
from chaupal.directory.groups import queries
from chaupal.directory.models import GroupRow, Unfit
from chaupal.directory.queries import take_turn
from chaupal.directory.staging import Phase
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.sound import search_key
from chaupal.law import exclusions
from chaupal.organisations.scope import INDIA

NO_ROW = (None,) * 13


async def load(conn: db.Conn, lines: Iterable[staging.Line[GroupRow]], task: staging.Task) -> int:
    """Bring groups into the directory, and return how many rows there were.

    Known groups (by channel and address) get what the file says. One that would turn from
    internal to public, or back, is refused: what was said inside would be outside.
    """
    staged = await queries.stage(conn, _staged(staging.counted(lines, task.watch)))
    await take_turn(conn)
    task.watch.reached(Phase.CHECKING)
    closed = [rule.channel for rule in await exclusions.excluded(conn, now=task.now)]
    await queries.judge(conn, task.roots, excluded=closed)
    today = task.now.astimezone(INDIA).date()
    await queries.stage_admins(conn, task.roots, today=today)
    await queries.measure_admins(conn)
    await queries.refuse_admins(conn)
    await queries.settle(conn, task.roots)
    await queries.measure(conn)
    task.watch.reached(Phase.WRITING)
    await queries.add(conn, now=task.now)
    await queries.change(conn, now=task.now)
    await queries.drop_categories(conn, now=task.now)
    await queries.add_categories(conn, now=task.now)
    await queries.let_admins_go(conn, task.roots, now=task.now)
    await queries.add_admins(conn, now=task.now)
    return staged


def _staged(lines: Iterable[staging.Line[GroupRow]]) -> Iterator[Sequence[object]]:
    for line, row in lines:
        if isinstance(row, Unfit):
            yield line, *NO_ROW, row.reason, row.column
            continue
        yield (
            line,
            new_id(),
            row.address,
            row.unit_code,
            row.name,
            row.purpose,
            row.channel,
            row.sender,
            row.language,
            row.size,
            None if row.categories is None else "|".join(sorted(set(row.categories))),
            None if row.admins is None else "|".join(dict.fromkeys(row.admins)),
            row.notice,
            search_key(row.name),
            None,
            None,
        )
