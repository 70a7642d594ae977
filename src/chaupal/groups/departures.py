"""What groups lose when a person leaves altogether. In the caller's transaction."""

from datetime import date, datetime

from chaupal.kit import db
from chaupal.people.models import PersonId


async def end_seats(conn: db.Conn, person: PersonId, *, now: datetime) -> int:
    """Let a person run no group any more; return how many they ran."""
    return await db.run(
        conn,
        """
        UPDATE group_admin SET left_at = %(now)s
         WHERE organisation_id = current_organisation() AND person_id = %(person)s
           AND left_at IS NULL
        """,
        person=person,
        now=now,
    )


async def end_memberships(conn: db.Conn, person: PersonId, *, today: date) -> int:
    """Take a person out of the categories they had chosen; return how many."""
    return await db.run(
        conn,
        """
        UPDATE membership SET until = greatest(since, %(today)s)
         WHERE organisation_id = current_organisation() AND person_id = %(person)s
           AND until IS NULL
        """,
        person=person,
        today=today,
    )
