"""Statements that imports of every kind share, and those of the console."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from uuid import UUID

from chaupal.channels.limits import Limits
from chaupal.directory.models import PostRow, Tally
from chaupal.kit import db, digits
from chaupal.kit.ids import OrganisationId
from chaupal.organisations.models import UnitId


@dataclass(frozen=True, slots=True)
class Current:
    """Whose transaction this is."""

    organisation: OrganisationId


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """A unit by its id alone."""

    id: UnitId


@dataclass(frozen=True, slots=True)
class SenderName:
    """What a sender is called."""

    name: str


async def take_turn(conn: db.Conn) -> None:
    """Make the imports of one organisation follow each other, until commit."""
    await db.run(
        conn,
        """
        SELECT pg_advisory_xact_lock(hashtextextended('chaupal.import', current_organisation()))
        """,
    )


async def make_room(conn: db.Conn) -> None:
    """Let this transaction sort and join whole files in memory, as far as 64 MB go."""
    await db.run(conn, "SET LOCAL work_mem = '64MB'")


async def measure(conn: db.Conn) -> None:
    """Tell the planner how large the directory is now."""
    await db.run(conn, "SELECT measure_directory()")


async def tallies(conn: db.Conn) -> list[Tally]:
    """Count how the rows of the file ended."""
    return await db.many(
        conn,
        Tally,
        "SELECT outcome, refusal, count(*)::int AS rows FROM staged_verdict GROUP BY 1, 2",
    )


async def stage_words(conn: db.Conn, words: Iterable[tuple[str, str]]) -> None:
    """Lay out the words for outcomes and reasons, beside which the report puts them."""
    await db.run(
        conn,
        "CREATE TEMPORARY TABLE staged_words (code text PRIMARY KEY, words text NOT NULL)"
        " ON COMMIT DROP",
    )
    await db.copy(conn, "COPY staged_words (code, words) FROM STDIN", words)


def verdicts(conn: db.Conn) -> AsyncIterator[bytes]:
    """Stream how each line ended, in the order of the file, as CSV with a header."""
    return db.copied(
        conn,
        "COPY (SELECT v.line, v.outcome, v.refusal AS reason, v.culprit AS column, w.words"
        " FROM staged_verdict v LEFT JOIN staged_words w ON w.code = coalesce(v.refusal, v.outcome)"
        " ORDER BY v.line) TO STDOUT (FORMAT csv, HEADER)",
    )


async def current(conn: db.Conn) -> Current:
    """Return the organisation that this transaction is sealed to."""
    return await db.one(conn, Current, "SELECT current_organisation() AS organisation")


async def unit_with_code(conn: db.Conn, code: str) -> FoundUnit | None:
    """Find a unit by the organisation's own code."""
    return await db.maybe(
        conn,
        FoundUnit,
        """
        SELECT id FROM unit
         WHERE organisation_id = current_organisation() AND code = ANY(%(codes)s::text[])
         ORDER BY code = %(code)s DESC LIMIT 1
        """,
        code=code,
        codes=digits.spellings(code),
    )


async def root(conn: db.Conn) -> FoundUnit | None:
    """Return the unit above all others."""
    return await db.maybe(
        conn,
        FoundUnit,
        """
        SELECT id FROM unit
         WHERE organisation_id = current_organisation() AND parent_id IS NULL
         ORDER BY number LIMIT 1
        """,
    )


async def stage_posts(conn: db.Conn, rows: Iterable[PostRow]) -> int:
    """Make the staging table and stream `rows` into it."""
    await db.run(
        conn,
        "CREATE TEMPORARY TABLE staged_post (LIKE public.staged_post INCLUDING ALL) ON COMMIT DROP",
    )
    return await db.copy(
        conn,
        "COPY staged_post (id, unit_code, reference, role, title_hi, title_en, since) FROM STDIN",
        rows,
    )


async def add_posts(conn: db.Conn) -> int:
    """Take over the posts whose unit and person exist."""
    return await db.run(
        conn,
        """
        WITH named AS MATERIALIZED (
            SELECT s.id, u.id AS unit_id, p.id AS person_id, s.role::post_role AS role, s.title_hi,
                   s.title_en, s.since
              FROM staged_post s
              JOIN unit u ON u.organisation_id = current_organisation() AND u.code = s.unit_code
              JOIN person p ON p.organisation_id = current_organisation()
                           AND p.reference = s.reference
        ), seated AS (
            INSERT INTO office (organisation_id, id, unit_id, role, title_hi, title_en, since)
            SELECT current_organisation(), id, unit_id, role, title_hi, title_en, since FROM named
        )
        INSERT INTO post (organisation_id, id, office_id, unit_id, person_id, role, title_hi,
                          title_en, since)
        SELECT current_organisation(), id, id, unit_id, person_id, role, title_hi, title_en, since
          FROM named
        """,
    )


async def add_sender(
    conn: db.Conn,
    id: UUID,
    *,
    name: str,
    channel: str,
    endpoint: str,
    sealed_token: bytes,
    sealed_webhook_secret: bytes,
    limits: Limits,
    business_account: str | None,
) -> SenderName | None:
    """Add a sender, unless its name is taken: then None comes back."""
    return await db.maybe(
        conn,
        SenderName,
        """
        INSERT INTO sender (organisation_id, id, name, channel, endpoint, sealed_token,
                            sealed_webhook_secret, rate_per_s, chat_interval_s, portfolio,
                            daily_limit, pair_interval_s, pair_burst, business_account)
        VALUES (current_organisation(), %(id)s, %(name)s, %(channel)s, %(endpoint)s,
                %(sealed_token)s, %(sealed_webhook_secret)s, %(rate_per_s)s, %(chat_interval_s)s,
                %(portfolio)s, %(daily_limit)s, %(pair_interval_s)s, %(pair_burst)s,
                %(business_account)s)
        ON CONFLICT (organisation_id, name) DO NOTHING
        RETURNING name
        """,
        id=id,
        name=name,
        channel=channel,
        endpoint=endpoint,
        sealed_token=sealed_token,
        sealed_webhook_secret=sealed_webhook_secret,
        rate_per_s=limits.rate_per_s,
        chat_interval_s=limits.chat_interval_s,
        portfolio=limits.portfolio,
        daily_limit=limits.daily_limit,
        pair_interval_s=limits.pair_interval_s,
        pair_burst=limits.pair_burst,
        business_account=business_account,
    )
