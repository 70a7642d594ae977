"""Loading memberships: a person's own choices of categories, with their days and their basis."""

from collections.abc import Iterable, Iterator, Sequence

from chaupal.directory import staging
from chaupal.directory.memberships import queries
from chaupal.directory.models import MembershipRow, Unfit
from chaupal.directory.queries import take_turn
from chaupal.directory.staging import Phase
from chaupal.kit import db

NO_ROW = (None,) * 5


async def load(
    conn: db.Conn, lines: Iterable[staging.Line[MembershipRow]], task: staging.Task
) -> int:
    """Bring memberships of people below the task's roots in, and return how many rows there were.

    A known membership (by person, category and first day) gets the file's last day and basis.
    Nobody is in a category twice on one day, and one that has ended is not opened again.
    """
    staged = await queries.stage(conn, _staged(staging.counted(lines, task.watch)))
    await take_turn(conn)
    task.watch.reached(Phase.CHECKING)
    await queries.judge(conn, task.roots)
    await queries.refuse_repeated(conn)
    await queries.refuse_known_overlaps(conn)
    await queries.refuse_new_overlaps(conn)
    await queries.settle(conn)
    task.watch.reached(Phase.WRITING)
    await queries.change(conn)
    await queries.add(conn)
    return staged


def _staged(lines: Iterable[staging.Line[MembershipRow]]) -> Iterator[Sequence[object]]:
    for line, row in lines:
        if isinstance(row, Unfit):
            yield line, *NO_ROW, row.reason, row.column
        else:
            yield line, row.reference, row.category, row.since, row.until, row.basis, None, None
