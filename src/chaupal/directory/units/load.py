"""Loading units: staged, judged, placed under their parents in whatever order they came."""

from collections.abc import Iterable, Iterator, Sequence

from chaupal.directory import staging
from chaupal.directory.models import Unfit, UnitRow
from chaupal.directory.queries import take_turn
from chaupal.directory.staging import Phase
from chaupal.directory.units import queries
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.sound import search_key


async def load(conn: db.Conn, lines: Iterable[staging.Line[UnitRow]], task: staging.Task) -> int:
    """Bring units into the tree below the task's roots, and return how many rows there were.

    Known units (by code) get new names; one that would move or change its level is refused,
    as paths of everything below it are frozen into broadcasts. What has ended stays as it was, and
    nothing new hangs from it.
    """
    staged = await queries.stage(conn, _staged(staging.counted(lines, task.watch)))
    await take_turn(conn)
    task.watch.reached(Phase.CHECKING)
    await queries.judge(conn, task.roots)
    await queries.refuse_orphans(conn)
    await queries.refuse_cycles(conn)
    await queries.refuse_wrong_levels(conn)
    await queries.place(conn)
    await queries.settle(conn)
    await queries.measure(conn)
    task.watch.reached(Phase.WRITING)
    await queries.add(conn)
    await queries.rename(conn)
    return staged


def _staged(lines: Iterable[staging.Line[UnitRow]]) -> Iterator[Sequence[object]]:
    for line, row in lines:
        if isinstance(row, Unfit):
            yield line, None, row.code, None, None, None, None, None, row.reason, row.column
        else:
            yield (
                line,
                new_id(),
                row.code,
                row.parent_code,
                row.level,
                row.name_hi,
                row.name_en,
                search_key(row.name_hi, row.name_en),
                None,
                None,
            )
