"""Loading people: every address is sealed before it leaves Python."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import uuid_utils

from chaupal.directory import staging
from chaupal.directory.models import Consent, PersonRow, Unfit
from chaupal.directory.people import checks, queries, writes
from chaupal.directory.queries import measure, take_turn
from chaupal.directory.staging import NULL, Lines, Phase, Task, cell
from chaupal.kit import db
from chaupal.kit.sound import search_key
from chaupal.people.models import ContactChannel, contact_context

CHANNELS = (
    ContactChannel.PHONE,
    ContactChannel.EMAIL,
    ContactChannel.TELEGRAM,
    ContactChannel.MATRIX,
    ContactChannel.SANDBOX,
)
# The planner is told anew when there are as many times more rows. What it knows of an empty table
# may be that it is empty and will be, after an import that was undone: so little is written before.
MEASURED_AGAIN = 6
FIRST_LINES = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """Some lines as COPY takes them."""

    people: bytes
    contacts: bytes
    refusals: bytes
    rows: int
    last_line: int


@dataclass(slots=True)
class Import:
    """One import on its way: how much of it is staged, judged and taken over."""

    conn: db.Conn
    task: Task
    staged: int = 0
    staged_line: int = 0
    checked: int = 0
    checked_line: int = 0
    written_line: int = 0
    known: int = 0
    written: int = 0
    measured: int = 0
    weighed: int = 0

    async def stage(self, batch: Batch) -> None:
        """Copy a batch into the staging tables."""
        await queries.stage_people(self.conn, batch.people)
        await queries.stage_contacts(self.conn, batch.contacts)
        if batch.refusals:
            await queries.stage_refusals(self.conn, batch.refusals)
        self.staged += batch.rows
        self.staged_line = batch.last_line

    @property
    def wants_check(self) -> bool:
        """Say whether enough rows are staged to be judged."""
        pace = self.task.pace
        enough = max(pace.checked_rows, self.checked * pace.checked_share)
        return self.staged - self.checked >= enough

    @property
    def wants_write(self) -> bool:
        """Say whether there are rows that are judged and not taken over yet."""
        return self.written_line < self.checked_line and not self.task.judged_only

    async def check(self) -> None:
        """Decide how each row ends that was staged since."""
        conn, roots = self.conn, self.task.roots
        lines, rows = Lines(self.checked_line + 1, self.staged_line), self.staged - self.checked
        if self.staged >= self.measured * MEASURED_AGAIN:
            await queries.measure(conn)
            self.measured = self.staged
        await checks.refuse_repeated(conn, lines)
        await checks.refuse_units(conn, lines, roots)
        known = await checks.note_known(conn, lines)
        if known:
            await checks.refuse_from_elsewhere(conn, lines, roots)
        await checks.refuse_repeated_addresses(conn, lines)
        await checks.refuse_taken_addresses(conn, lines)
        await checks.refuse_suppressed(conn, lines)
        if known:
            await checks.refuse_withdrawn(conn, lines)
            await checks.note_changes(conn, lines)
            if known == rows and not self.wants_write:  # nobody is new
                self.written_line = self.staged_line
        self.known += known
        self.checked, self.checked_line = self.staged, self.staged_line

    async def write(self) -> None:
        """Take over the new people of the next lines."""
        conn, now, step = self.conn, self.task.now, self.task.pace.written_lines
        step = step if self.written else min(step, FIRST_LINES)
        last = min(self.written_line + step, self.checked_line)
        lines = Lines(self.written_line + 1, last)
        added = await writes.add(conn, lines, now=now)
        if added:
            await writes.add_contacts(conn, lines, now=now)
            await writes.add_consent(conn, lines, now=now)
        self.written += added
        self.written_line = last
        if self.written > self.weighed * MEASURED_AGAIN:
            await measure(conn)
            self.weighed = self.written

    async def change(self) -> None:
        """Give known people what the file says of them, once all of it is judged."""
        conn, now, step = self.conn, self.task.now, self.task.pace.written_lines
        for first in range(1, self.checked_line + 1, step):
            lines = Lines(first, first + step - 1)
            people = await writes.change(conn, lines)
            await writes.drop_replaced_contacts(conn, lines)
            contacts = await writes.change_contacts(conn, lines, now=now)
            consents = await writes.change_consent(conn, lines, now=now)
            self.task.watch.reached(Phase.WRITING, max(people, contacts, consents))


async def load(conn: db.Conn, lines: Iterable[staging.Line[PersonRow]], task: staging.Task) -> int:
    """Bring people into the directory, and return how many rows there were.

    Known people (by reference) get what the file says; an address replaces the one of its
    channel. Consent goes into the ledger for each address of the row, unless it stands there
    already; a row of somebody who has withdrawn it is refused.

    Staged rows are never changed. What is refused, known or changed by the file is noted beside
    them. While the file is still being read, in a thread, PostgreSQL judges the rows that are
    there and takes over who is new: a later line never changes what becomes of an earlier one.
    Known people are changed at the very end, so that each row is held against the directory as it
    was.
    """
    await take_turn(conn)
    await queries.make_staging(conn)
    going = Import(conn, task)
    async with staging.ahead(lines, _writer(task), task.pace) as batches:
        while (batch := await batches.next(patient=not going.wants_write)) is not None:
            if batch:
                await going.stage(batch)
                task.watch.reached(Phase.READING, batch.rows)
                if going.wants_check:
                    await going.check()
            else:
                await going.write()
                task.watch.reached(Phase.READING)
    task.watch.reached(Phase.CHECKING)
    await going.check()
    task.watch.reached(Phase.WRITING, going.written)
    while going.wants_write:
        before = going.written
        await going.write()
        task.watch.reached(Phase.WRITING, going.written - before)
    if going.known and not task.judged_only:
        await going.change()
    return going.staged


def _writer(task: Task) -> Callable[[Sequence[staging.Line[PersonRow]]], Batch]:
    """Return what makes COPY's text of some lines: sealed, numbered, with the sound of names."""
    seal, lookup = task.sealer.seal, task.sealer.lookup
    contexts = [
        (channel.value, contact_context(task.organisation, channel)) for channel in CHANNELS
    ]

    def write(lines: Sequence[staging.Line[PersonRow]]) -> Batch:
        people, contacts, refusals = [], [], []
        said, agreed = None, _agreed(None)
        for line, row in lines:
            if isinstance(row, Unfit):
                refusals.append(f"{line}\t{row.reason.value}\t{row.column}\n")
                continue
            id, language = uuid_utils.uuid7().hex, row.language or NULL
            people.append(
                f"{line}\t{id}\t{cell(row.reference)}\t{cell(row.unit_code)}\t{cell(row.name)}"
                f"\t{language}\t{_sounds(row.name)}\n"
            )
            if row.consent is not said:  # as a rule it is the very same
                said, agreed = row.consent, _agreed(row.consent)
            addresses = (row.phone, row.email, row.telegram, row.matrix, row.sandbox)
            for address, (channel, context) in zip(addresses, contexts, strict=True):
                if address is not None:
                    contacts.append(
                        f"{line}\t{id}\t{channel}\t\\\\x{seal(address, context).hex()}"
                        f"\t\\\\x{lookup(address, context).hex()}\t{language}"
                        f"\t{agreed}\n"
                    )
        return Batch(
            "".join(people).encode(),
            "".join(contacts).encode(),
            "".join(refusals).encode(),
            len(lines),
            lines[-1][0],
        )

    return write


@lru_cache(maxsize=65_536)
def _sounds(name: str) -> str:
    return cell(search_key(name))


def _agreed(consent: Consent | None) -> str:
    if consent is None:
        return f"{NULL}\t{NULL}\t{NULL}\t{NULL}"
    purposes = "|".join(consent.purposes)
    return f"{consent.basis}\t{cell(consent.proof)}\t{cell(consent.notice_version)}\t{purposes}"
