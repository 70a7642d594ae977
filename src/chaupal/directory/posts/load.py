"""Loading posts: each row a seat with one term in it, or a vacancy."""

from collections.abc import Iterable, Iterator, Sequence

from chaupal.directory import staging
from chaupal.directory.models import OfficeRow, Unfit
from chaupal.directory.posts import queries
from chaupal.directory.queries import take_turn
from chaupal.directory.staging import Phase
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.organisations.scope import INDIA

NO_ROW = (None,) * 8


async def load(conn: db.Conn, lines: Iterable[staging.Line[OfficeRow]], task: staging.Task) -> int:
    """Bring offices below the task's roots in, with terms; return how many rows there were.

    A unit may have several offices of one name. A known term (by office, person and days) gets
    the file's days; a new one takes the first of those seats that is free for as long, and else
    a seat of its own. Who holds such a seat now and is not in the file at all is not passed over:
    the row is refused. By a file administrators are appointed at the console alone.
    """
    today = task.now.astimezone(INDIA).date()
    staged = await queries.stage(conn, _staged(staging.counted(lines, task.watch)))
    await take_turn(conn)
    await queries.take_offices_turn(conn)
    task.watch.reached(Phase.CHECKING)
    await queries.judge(conn, task.roots)
    await queries.recognise(conn)
    await queries.refuse_repeated(conn)
    await queries.refuse_overlaps(conn)
    if tuple(task.roots) != staging.EVERYWHERE:
        await queries.refuse_administrators(conn)
    await queries.line_up(conn, today=today)
    await queries.measure(conn)
    await queries.place(conn, today=today)
    await queries.settle(conn)
    task.watch.reached(Phase.WRITING)
    await queries.change(conn, now=task.now)
    await queries.add_offices(conn)
    await queries.lengthen(conn)
    await queries.add_terms(conn)
    return staged


def _staged(lines: Iterable[staging.Line[OfficeRow]]) -> Iterator[Sequence[object]]:
    for line, row in lines:
        if isinstance(row, Unfit):
            yield line, *NO_ROW, row.reason, row.column
        else:
            yield (
                line,
                new_id(),
                row.unit_code,
                row.role,
                row.title_hi,
                row.title_en,
                row.reference,
                row.since,
                row.until,
                None,
                None,
            )
