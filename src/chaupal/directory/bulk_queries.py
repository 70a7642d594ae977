"""Every statement of bulk actions: choosing people once, and changing all of them at once."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chaupal.kit import db, digits
from chaupal.people.pages import PersonFilter


@dataclass(frozen=True, slots=True)
class Target:
    """A unit that people can be moved to."""

    id: UUID
    path: str


async def prepare(conn: db.Conn) -> None:
    """Make the table that holds who was chosen, for this transaction."""
    await db.run(
        conn,
        "CREATE TEMPORARY TABLE chosen_person (LIKE public.chosen_person INCLUDING ALL)"
        " ON COMMIT DROP",
    )


async def choose(
    conn: db.Conn, tops: list[str], *, filter: PersonFilter, limit: int, today: date
) -> int:
    """Choose the people under `tops` that pass `filter`, as the list of people does."""
    return await db.run(
        conn,
        """
        INSERT INTO chosen_person (person_id)
        SELECT p.id
          FROM unit u
          JOIN person p ON p.organisation_id = u.organisation_id AND p.unit_id = u.id
         WHERE u.organisation_id = current_organisation()
           AND EXISTS (SELECT FROM unnest(%(tops)s::text[]) AS top
                        WHERE u.path BETWEEN top AND top || '~')
           AND p.erased_at IS NULL
           AND (%(language)s::text IS NULL OR p.language = %(language)s::text)
           AND (%(category)s::text IS NULL OR EXISTS (
                   SELECT FROM membership m
                    WHERE m.organisation_id = p.organisation_id AND m.person_id = p.id
                      AND m.category_key = %(category)s::text AND m.until IS NULL))
           AND (NOT %(in_office)s::boolean OR EXISTS (
                   SELECT FROM post t
                    WHERE t.organisation_id = p.organisation_id AND t.person_id = p.id
                      AND t.since <= %(today)s AND (t.until IS NULL OR t.until >= %(today)s)))
           AND (%(consent)s::text IS NULL OR %(consent)s::text = coalesce((
                   SELECT k.act::text FROM consent k
                    WHERE k.organisation_id = p.organisation_id AND k.person_id = p.id
                      AND k.purpose = %(purpose)s::text AND k.channel = %(channel)s::text
                    ORDER BY k.id DESC LIMIT 1), 'none'))
           AND (NOT %(without_address)s::boolean OR NOT EXISTS (
                   SELECT FROM contact_point c
                    WHERE c.organisation_id = p.organisation_id AND c.person_id = p.id))
         LIMIT %(limit)s
           FOR UPDATE OF p
        """,
        tops=tops,
        language=filter.language,
        category=filter.category,
        in_office=filter.in_office,
        consent=filter.consent if filter.purpose and filter.channel else None,
        purpose=filter.purpose,
        channel=filter.channel,
        without_address=filter.without_address,
        today=today,
        limit=limit,
    )


async def target(conn: db.Conn, code: str) -> Target | None:
    """Return the unit with this code, unless it has ended, whoever may see it."""
    return await db.maybe(
        conn,
        Target,
        """
        SELECT id, path FROM unit
         WHERE organisation_id = current_organisation() AND code = ANY(%(codes)s::text[])
           AND ended_on IS NULL
         ORDER BY code = %(code)s DESC LIMIT 1
           FOR SHARE
        """,
        code=code,
        codes=digits.spellings(code),
    )


async def move(conn: db.Conn, unit: UUID) -> int:
    """Move those chosen to another unit."""
    return await db.run(
        conn,
        """
        UPDATE person p SET unit_id = %(unit)s
          FROM chosen_person c
         WHERE p.organisation_id = current_organisation() AND p.id = c.person_id
           AND p.unit_id <> %(unit)s
        """,
        unit=unit,
    )


async def speak(conn: db.Conn, language: str) -> int:
    """Write to those chosen in another language from now on."""
    return await db.run(
        conn,
        """
        UPDATE person p SET language = %(language)s
          FROM chosen_person c
         WHERE p.organisation_id = current_organisation() AND p.id = c.person_id
           AND p.language <> %(language)s
        """,
        language=language,
    )


async def join(conn: db.Conn, category: str, *, basis: str, today: date) -> int:
    """Note of those chosen that they belong to a category, unless they do."""
    return await db.run(
        conn,
        """
        INSERT INTO membership (organisation_id, category_key, person_id, since, basis)
        SELECT current_organisation(), k.key, c.person_id, %(today)s, %(basis)s
          FROM chosen_person c
          JOIN category k ON k.organisation_id = current_organisation()
                         AND k.key = %(category)s
         WHERE NOT EXISTS (
               SELECT FROM membership m
                WHERE m.organisation_id = current_organisation() AND m.person_id = c.person_id
                  AND m.category_key = %(category)s AND m.until IS NULL)
        ON CONFLICT (organisation_id, person_id, category_key, since)
        DO UPDATE SET until = NULL, basis = excluded.basis
        """,
        category=category,
        basis=basis,
        today=today,
    )


async def leave(conn: db.Conn, category: str, *, today: date) -> int:
    """Note of those chosen that they no longer belong to a category."""
    return await db.run(
        conn,
        """
        UPDATE membership m SET until = greatest(m.since, %(today)s)
          FROM chosen_person c
         WHERE m.organisation_id = current_organisation() AND m.person_id = c.person_id
           AND m.category_key = %(category)s AND m.until IS NULL
        """,
        category=category,
        today=today,
    )


async def withdraw(conn: db.Conn, *, purpose: str, channel: str, proof: str, now: datetime) -> int:
    """Note of those chosen that they no longer agree, where they did."""
    return await db.run(
        conn,
        """
        INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version,
                             language, basis, proof, at)
        SELECT current_organisation(), p.id, %(purpose)s::text, %(channel)s::text, 'withdrawn',
               '', p.language, 'desk', %(proof)s, %(now)s
          FROM chosen_person c
          JOIN person p ON p.organisation_id = current_organisation() AND p.id = c.person_id
         WHERE 'given' = (
               SELECT k.act FROM consent k
                WHERE k.organisation_id = current_organisation() AND k.person_id = p.id
                  AND k.purpose = %(purpose)s::text AND k.channel = %(channel)s::text
                ORDER BY k.id DESC LIMIT 1)
        """,
        purpose=purpose,
        channel=channel,
        proof=proof,
        now=now,
    )
