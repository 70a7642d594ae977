"""How many people a portfolio of senders may write to in a day, counted where all workers see it.

A person counts for a day from the last message that was claimed for them, so that any moving day
holds no more people than the limit, whatever was sent again. That somebody wrote to us first is
not taken off: it only leaves room. Everything here belongs to the transaction of the claim, of a
broadcast's messages or of those that tell people of their tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chaupal.broadcasts.deliveries import Judged
from chaupal.broadcasts.models import State
from chaupal.broadcasts.pace import HEADROOM
from chaupal.kit import db

# A message goes up to a minute after its claim, and clocks are minutes apart.
DAY = timedelta(hours=24, minutes=15)
LOOK_AGAIN = timedelta(minutes=10)
FORGOTTEN_AT_ONCE = 20_000
DAILY_LIMIT = "daily_limit"


@dataclass(frozen=True, slots=True)
class Allowance:
    """A portfolio, and how many people it may write to in a day as somebody wrote it down, and as
    its provider said."""

    portfolio: str
    daily_limit: int

    @property
    def people(self) -> int:
        """Return how many we write to: a fifth less than we might, at least one."""
        return max(1, int(self.daily_limit * HEADROOM))


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody who may be written to."""

    person_id: UUID


@dataclass(frozen=True, slots=True)
class Opening:
    """When a portfolio has room for one person more."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Name:
    """What a portfolio is called."""

    name: str


async def within(
    conn: db.Conn, sender: UUID, judged: Sequence[Judged], *, now: datetime
) -> list[Judged]:
    """Return what of a claim the day's limit leaves to be sent; the rest waits for room."""
    people = [row.person_id for row in judged if _counts(row) and row.person_id is not None]
    allowed = await allowance(conn, sender) if people else None
    if allowed is None:
        return list(judged)
    await lock(conn, allowed.portfolio)
    admitted = await admit(conn, allowed.portfolio, people, limit=allowed.people, now=now)
    over = [row for row in judged if _counts(row) and row.person_id not in admitted]
    if not over:
        return list(judged)
    await put_back(
        conn,
        allowed.portfolio,
        [row.delivery_id for row in over],
        [row.attempts for row in over],
        now=now,
    )
    left = {row.delivery_id for row in over}
    return [row for row in judged if row.delivery_id not in left]


async def told_within(
    conn: db.Conn, told: Mapping[UUID, Sequence[UUID]], *, now: datetime
) -> dict[UUID, set[UUID]]:
    """Count those who are about to be told of tasks, by sender, and return for whom there is no
    room in its portfolio's day.

    They may fill the day to its end: the fifth that broadcasts leave free is theirs, so that a
    broadcast to people never keeps the groups from getting theirs.
    """
    found = {sender: await allowance(conn, sender) for sender in told}  # a handful
    over: dict[UUID, set[UUID]] = {}
    limited = [(one, sender) for sender, one in found.items() if one is not None]
    for one, sender in sorted(limited, key=lambda row: row[0].portfolio):
        await lock(conn, one.portfolio)
        people = list(told[sender])
        admitted = await admit(conn, one.portfolio, people, limit=one.daily_limit, now=now)
        over[sender] = set(people) - admitted
    return over


def _counts(row: Judged) -> bool:
    return row.state is State.SENDING and row.person_id is not None


async def allowance(conn: db.Conn, sender: UUID) -> Allowance | None:
    """Return what holds for a sender: the least that is known of any sender of its portfolio.

    None where no limit is known, or the provider said that there is none and nobody wrote one down.
    """
    return await db.maybe(
        conn,
        Allowance,
        """
        SELECT coalesce(s.portfolio, s.id::text) AS portfolio,
               min(least(o.daily_limit, CASE WHEN t.daily_limit >= 0 THEN t.daily_limit END))::int
                   AS daily_limit
          FROM sender s
          JOIN sender o ON o.organisation_id = s.organisation_id
                       AND (o.id = s.id OR o.portfolio = s.portfolio)
          LEFT JOIN sender_standing t ON t.organisation_id = o.organisation_id
                                     AND t.sender_id = o.id
         WHERE s.organisation_id = current_organisation() AND s.id = %(sender)s
         GROUP BY s.id, s.portfolio
        HAVING min(least(o.daily_limit, CASE WHEN t.daily_limit >= 0 THEN t.daily_limit END))
               IS NOT NULL
        """,
        sender=sender,
    )


async def lock(conn: db.Conn, portfolio: str) -> None:
    """Lock a portfolio until the end of the transaction. Whoever reads its people reads them after
    this, in a statement of its own: one that had to wait would still see them as they were."""
    await db.run(
        conn,
        """
        INSERT INTO portfolio AS p (organisation_id, name)
        VALUES (current_organisation(), %(portfolio)s)
        ON CONFLICT (organisation_id, name) DO UPDATE SET people = p.people
        """,
        portfolio=portfolio,
    )


async def admit(
    conn: db.Conn, portfolio: str, people: Sequence[UUID], *, limit: int, now: datetime
) -> set[UUID]:
    """Return who of these may be written to now, the first of them first, and count them.

    Those who were written to within the day always may. The caller has locked the portfolio.
    """
    admitted = await db.many(
        conn,
        Admitted,
        """
        WITH asked AS (
            SELECT o.person_id, min(o.place) AS place
              FROM unnest(%(people)s::uuid[]) WITH ORDINALITY AS o (person_id, place)
             GROUP BY o.person_id
        ), gone AS (  -- of those who are asked about the row stays, whatever becomes of them
            DELETE FROM portfolio_person
             WHERE organisation_id = current_organisation() AND portfolio = %(portfolio)s
               AND last_at <= %(since)s AND person_id <> ALL(%(people)s::uuid[])
            RETURNING 1
        ), judged AS (
            SELECT a.person_id, k.person_id IS NOT NULL AS there,
                   coalesce(k.last_at > %(since)s, false) AS known,
                   row_number() OVER (PARTITION BY coalesce(k.last_at > %(since)s, false)
                                      ORDER BY a.place) AS turn
              FROM asked a
              LEFT JOIN portfolio_person k ON k.organisation_id = current_organisation()
                                          AND k.portfolio = %(portfolio)s
                                          AND k.person_id = a.person_id
        ), room AS (
            SELECT %(limit)s - p.people + (SELECT count(*) FROM gone)
                   + (SELECT count(*) FROM judged WHERE there AND NOT known) AS people
              FROM portfolio p
             WHERE p.organisation_id = current_organisation() AND p.name = %(portfolio)s
        ), admitted AS (
            SELECT j.person_id, j.there FROM judged j CROSS JOIN room r
             WHERE j.known OR j.turn <= r.people
        ), written AS (
            INSERT INTO portfolio_person AS k (organisation_id, portfolio, person_id, last_at)
            SELECT current_organisation(), %(portfolio)s, person_id, %(now)s FROM admitted
            ON CONFLICT (organisation_id, portfolio, person_id)
            DO UPDATE SET last_at = greatest(k.last_at, excluded.last_at)
        ), counted AS (
            UPDATE portfolio
               SET people = people - (SELECT count(*) FROM gone)
                            + (SELECT count(*) FROM admitted WHERE NOT there)
             WHERE organisation_id = current_organisation() AND name = %(portfolio)s
        )
        SELECT person_id FROM admitted
        """,
        portfolio=portfolio,
        people=list(people),
        limit=limit,
        now=now,
        since=now - DAY,
    )
    return {row.person_id for row in admitted}


async def put_back(
    conn: db.Conn, portfolio: str, ids: list[int], attempts: list[int], *, now: datetime
) -> None:
    """Have claims for which there is no room wait for it, saying why; none of them is lost.

    They are looked at again after `LOOK_AGAIN` at the latest, as limits change.
    """
    await db.run(
        conn,
        """
        WITH opening AS (
            SELECT greatest(min(last_at) + %(day)s::interval, %(now)s) AS at
              FROM portfolio_person
             WHERE organisation_id = current_organisation() AND portfolio = %(portfolio)s
        ), full_now AS (
            UPDATE portfolio SET full_until = (SELECT at FROM opening)
             WHERE organisation_id = current_organisation() AND name = %(portfolio)s
        )
        UPDATE delivery d
           SET state = 'queued', lease_until = NULL, failure = %(why)s,
               due_at = least((SELECT at FROM opening), %(now)s::timestamptz + %(look_again)s)
          FROM unnest(%(ids)s::bigint[], %(attempts)s::int[]) AS o (id, attempts)
         WHERE d.organisation_id = current_organisation() AND d.id = o.id
           AND d.id = ANY(%(ids)s) AND d.lease_until IS NOT NULL AND d.attempts = o.attempts
        """,
        portfolio=portfolio,
        ids=ids,
        attempts=attempts,
        day=DAY,
        look_again=LOOK_AGAIN,
        now=now,
        why=DAILY_LIMIT,
    )


async def names(conn: db.Conn) -> list[Name]:
    """Return every portfolio that was ever counted for."""
    return await db.many(
        conn,
        Name,
        "SELECT name FROM portfolio WHERE organisation_id = current_organisation() ORDER BY name",
    )


async def forget(conn: db.Conn, portfolio: str, *, now: datetime) -> None:
    """Drop people who count no more. The caller has locked the portfolio."""
    await db.run(
        conn,
        """
        WITH gone AS (
            DELETE FROM portfolio_person
             WHERE (organisation_id, portfolio, person_id) IN (
                SELECT organisation_id, portfolio, person_id FROM portfolio_person
                 WHERE organisation_id = current_organisation() AND portfolio = %(portfolio)s
                   AND last_at <= %(since)s
                 ORDER BY last_at LIMIT %(at_once)s)
            RETURNING 1
        )
        UPDATE portfolio SET people = people - (SELECT count(*) FROM gone)
         WHERE organisation_id = current_organisation() AND name = %(portfolio)s
        """,
        portfolio=portfolio,
        since=now - DAY,
        at_once=FORGOTTEN_AT_ONCE,
    )
