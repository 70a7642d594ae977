"""The circle of a breach: who, which fields, since when, and what was seen of them in its time.

A file for the people who have to be told within 72 hours (DPDP Rules 2025, rule 7).
"""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from chaupal import record
from chaupal.directory.fields import escaped
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.organisations.models import Scope, UnitId
from chaupal.organisations.scope import INDIA
from chaupal.people.actions import need_everywhere
from chaupal.people.queries import place_of_unit
from chaupal.principals import queries
from chaupal.principals.models import Exposed
from chaupal.record import Actor

CONSOLE = "console"
BATCH = 2000
MARK = "\ufeff"  # tells a spreadsheet that this is UTF-8
COLUMNS = (
    *("reference", "name", "unit", "fields", "known_since", "addresses_since"),
    *("shown", "last_shown_at", "exported"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """Whose circle is asked for: everybody below a unit, or whom an account could see.

    The period runs up to `until`, which is not in it any more.
    """

    since: datetime
    until: datetime
    unit: UnitId | None = None
    login: str | None = None

    def check(self) -> None:
        """Refuse a period that is none, and a question that names both or neither."""
        if self.since >= self.until:
            raise Invalid("breach.period_malformed")
        if (self.unit is None) == (self.login is None):
            raise Invalid("breach.whose")


@dataclass(frozen=True, slots=True)
class Circle:
    """A question that was let through and stands in the record."""

    rt: Runtime
    question: Question
    actor: Actor
    roots: Sequence[str]
    account: queries.AccountId | None

    async def lines(self) -> AsyncIterator[str]:
        """Write the file, its heading first. Memory does not grow with the circle."""
        yield MARK + _line(COLUMNS)
        async for person in self.people():
            yield _line(_cells(person))

    async def people(self) -> AsyncIterator[Exposed]:
        """Return everybody in the circle, unit by unit."""
        after = None
        while True:
            async with db.transaction(self.rt.pool, self.actor.organisation) as conn:
                batch = await queries.exposed(
                    conn,
                    roots=list(self.roots),
                    account=self.account.id if self.account else None,
                    since=self.question.since,
                    until=self.question.until,
                    after=after,
                    limit=BATCH,
                )
            for person in batch:
                yield person
            if len(batch) < BATCH:
                return
            after = (batch[-1].unit_path, batch[-1].name, batch[-1].id)


async def open_circle(rt: Runtime, question: Question, *, actor: Actor) -> Circle:
    """Let administrators have a breach's circle; the record says so before the first line.

    Of a unit, its own administrators; of an account, administrators of the whole organisation.
    """
    question.check()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = None if _is_console(actor) else await scope_of(rt, conn, actor)
        if question.unit is not None:
            account, roots = None, [await _unit_path(conn, question.unit, scope)]
            subject, units = str(question.unit), [str(question.unit)]
        else:
            account, reached = await _reach(conn, question, scope)
            roots = [root.path for root in reached]
            subject, units = str(account.id), [str(root.unit_id) for root in reached]
        await record.append(
            conn,
            "breach.exported",
            subject,
            actor=actor,
            now=rt.now(),
            since=question.since.isoformat(),
            until=question.until.isoformat(),
            units=units,
        )
    return Circle(rt, question, actor, roots, account)


async def _unit_path(conn: db.Conn, unit: UnitId, scope: Scope | None) -> str:
    place = await place_of_unit(conn, unit)
    if place is None or (scope is not None and not scope.covers(place.path)):
        raise NotFound("unit.not_found")
    if scope is not None and not scope.covers(place.path, Right.MANAGE):
        raise NotAllowed("access.not_allowed", right=Right.MANAGE.value)
    return place.path


async def _reach(
    conn: db.Conn, question: Question, scope: Scope | None
) -> tuple[queries.AccountId, list[queries.Root]]:
    if scope is not None:
        await need_everywhere(conn, scope=scope, right=Right.MANAGE)
    account = await queries.account_with_login(conn, question.login or "")
    if account is None:
        raise NotFound("account.not_found")
    days = question.since.astimezone(INDIA).date(), question.until.astimezone(INDIA).date()
    return account, await queries.reach(conn, account.id, since=days[0], until=days[1])


def _is_console(actor: Actor) -> bool:
    return actor == record.part_of_the_system(actor.organisation, CONSOLE)


def _cells(person: Exposed) -> tuple[object, ...]:
    counted = {
        "consents": person.consents,
        "posts": person.posts,
        "groups": person.groups,
        "categories": person.categories,
    }
    held = ["name", "language", "unit", *person.channels, *(key for key, n in counted.items() if n)]
    return (
        person.reference,
        person.name,
        person.unit_code,
        " ".join(held),
        person.since.astimezone(INDIA).date(),
        person.contacts_since.astimezone(INDIA).date() if person.contacts_since else "",
        person.shown,
        person.last_shown_at.astimezone(INDIA).isoformat(" ", "minutes")
        if person.last_shown_at
        else "",
        person.exported,
    )


def _line(cells: Sequence[object]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([escaped(str(cell)) for cell in cells])
    return out.getvalue()
