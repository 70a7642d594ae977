"""Every statement that touches polls and their silences."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.kit import db
from chaupal.law.models import NewPoll, Poll, PollId
from chaupal.organisations.models import Scope, UnitId


@dataclass(frozen=True, slots=True)
class Area:
    """A unit in which something holds."""

    of: UUID
    unit_id: UnitId
    code: str
    name_hi: str
    name_en: str
    path: str


@dataclass(frozen=True, slots=True)
class Coded:
    """A unit that was named by its code."""

    id: UnitId
    code: str
    path: str


async def coded(conn: db.Conn, codes: list[str], *, scope: Scope) -> list[Coded]:
    """Return the units of today within `scope` that have these codes."""
    return await db.many(
        conn,
        Coded,
        """
        SELECT id, code, path FROM unit u
         WHERE organisation_id = current_organisation() AND ended_on IS NULL
           AND code = ANY(%(codes)s::text[])
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY code
        """,
        codes=codes,
        paths=scope.paths(),
    )


async def add_poll(
    conn: db.Conn,
    id: PollId,
    poll: NewPoll,
    *,
    by: UUID,
    label: str,
    now: datetime,
    amends: PollId | None = None,
) -> None:
    """Write a poll down."""
    await db.run(
        conn,
        """
        INSERT INTO poll (organisation_id, id, election, phase, opens_at, closes_at, silence_h,
                          source, entered_by, entered_label, entered_at, amends)
        VALUES (current_organisation(), %(id)s, %(election)s, %(phase)s, %(opens_at)s,
                %(closes_at)s, %(silence_h)s, %(source)s, %(by)s, %(label)s, %(now)s, %(amends)s)
        """,
        id=id,
        election=poll.election,
        phase=poll.phase,
        opens_at=poll.opens_at,
        closes_at=poll.closes_at,
        silence_h=poll.silence_h,
        source=poll.source,
        by=by,
        label=label,
        now=now,
        amends=amends,
    )


async def change_poll(
    conn: db.Conn, id: PollId, poll: NewPoll, *, by: UUID, label: str, now: datetime
) -> None:
    """Write down what a poll is from now on."""
    await db.run(
        conn,
        """
        UPDATE poll
           SET election = %(election)s, phase = %(phase)s, opens_at = %(opens_at)s,
               closes_at = %(closes_at)s, silence_h = %(silence_h)s, source = %(source)s,
               changed_by = %(by)s, changed_label = %(label)s, changed_at = %(now)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        election=poll.election,
        phase=poll.phase,
        opens_at=poll.opens_at,
        closes_at=poll.closes_at,
        silence_h=poll.silence_h,
        source=poll.source,
        by=by,
        label=label,
        now=now,
    )


async def silent_units(conn: db.Conn, poll: PollId) -> list[Coded]:
    """Return the units over which the silence of a poll lies, wherever the tree has taken it."""
    return await db.many(
        conn,
        Coded,
        """
        SELECT DISTINCT u.id, u.code, u.path
          FROM silence q
          JOIN unit u ON u.organisation_id = q.organisation_id AND u.id = q.unit_id
         WHERE q.organisation_id = current_organisation() AND q.poll_id = %(poll)s
           AND q.lifted_at IS NULL
         ORDER BY u.code
        """,
        poll=poll,
    )


async def add_silences(conn: db.Conn, poll: PollId, units: list[UnitId]) -> int:
    """Lay the silence of a poll over these units, as long as the poll says."""
    return await db.run(
        conn,
        """
        INSERT INTO silence (organisation_id, id, unit_id, starts_at, ends_at, source, poll_id)
        SELECT p.organisation_id, gen_random_uuid(), unit_id,
               p.closes_at - p.silence_h * interval '1 hour', p.closes_at, p.source, p.id
          FROM poll p CROSS JOIN unnest(%(units)s::uuid[]) AS unit_id
         WHERE p.organisation_id = current_organisation() AND p.id = %(poll)s
        """,
        poll=poll,
        units=units,
    )


async def lift_silences(conn: db.Conn, poll: PollId, *, now: datetime) -> int:
    """Lift what follows from a poll, wherever the tree has taken it; return how many units."""
    return await db.run(
        conn,
        """
        UPDATE silence SET lifted_at = %(now)s
         WHERE organisation_id = current_organisation() AND poll_id = %(poll)s
           AND lifted_at IS NULL
        """,
        poll=poll,
        now=now,
    )


async def lock_poll(conn: db.Conn, id: PollId) -> Poll | None:
    """Return a poll and keep others from changing it until commit."""
    return await db.maybe(
        conn,
        Poll,
        """
        SELECT id, election, phase, opens_at, closes_at, silence_h, source, entered_label,
               entered_at, doubted_by, doubted_label, doubted_at, doubt, withdrawn_label,
               withdrawn_at, amends, changed_label, changed_at
          FROM poll
         WHERE organisation_id = current_organisation() AND id = %(id)s
           FOR UPDATE
        """,
        id=id,
    )


async def areas(conn: db.Conn, polls: list[PollId]) -> list[Area]:
    """Return where these polls are held, by name; the caller shows what lies within a Scope."""
    return await db.many(
        conn,
        Area,
        """
        SELECT DISTINCT q.poll_id AS of, u.id AS unit_id, u.code, u.name_hi, u.name_en, u.path
          FROM silence q
          JOIN unit u ON u.organisation_id = q.organisation_id AND u.id = q.unit_id
         WHERE q.organisation_id = current_organisation() AND q.poll_id = ANY(%(polls)s::uuid[])
         ORDER BY u.name_en, u.id
        """,
        polls=polls,
    )


async def polls_page(conn: db.Conn, *, scope: Scope, limit: int) -> list[Poll]:
    """Return the polls held in, above or below what `scope` sees, the latest first."""
    return await db.many(
        conn,
        Poll,
        """
        SELECT id, election, phase, opens_at, closes_at, silence_h, source, entered_label,
               entered_at, doubted_by, doubted_label, doubted_at, doubt, withdrawn_label,
               withdrawn_at, amends, changed_label, changed_at
          FROM poll p
         WHERE organisation_id = current_organisation()
           AND EXISTS (SELECT FROM silence q
                         JOIN unit u ON u.organisation_id = q.organisation_id AND u.id = q.unit_id
                         JOIN unnest(%(paths)s::text[]) AS root
                           ON u.path BETWEEN root AND root || '~'
                           OR root BETWEEN u.path AND u.path_end
                        WHERE q.organisation_id = p.organisation_id AND q.poll_id = p.id)
         ORDER BY closes_at DESC, id
         LIMIT %(limit)s
        """,
        paths=scope.paths(),
        limit=limit,
    )


async def set_doubt(
    conn: db.Conn,
    id: PollId,
    *,
    by: UUID | None,
    label: str | None,
    doubt: str | None,
    now: datetime,
) -> None:
    """Say that somebody wants a poll taken back, or, with nobody, that nobody does any more."""
    await db.run(
        conn,
        """
        UPDATE poll
           SET doubted_by = %(by)s, doubted_label = %(label)s, doubt = %(doubt)s,
               doubted_at = CASE WHEN %(by)s::uuid IS NOT NULL THEN %(now)s::timestamptz END
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        by=by,
        label=label,
        doubt=doubt,
        now=now,
    )


async def set_withdrawn(conn: db.Conn, id: PollId, *, by: UUID, label: str, now: datetime) -> None:
    """Say who put the second name under taking a poll back."""
    await db.run(
        conn,
        """
        UPDATE poll SET withdrawn_by = %(by)s, withdrawn_label = %(label)s, withdrawn_at = %(now)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        by=by,
        label=label,
        now=now,
    )
