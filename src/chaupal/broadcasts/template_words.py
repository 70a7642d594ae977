"""What a provider says of a template by itself, taken in by the projector.

A word that stops a template counts at once. A word that frees or changes one only has it looked at
again: what it says now nobody knows before that. A word that is older than the last look, one that
stops by more than a minute, was in it, so it changes nothing; words in any order, any number of
times, end the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.arrivals.models import Halt, TemplateHeard, TemplateWord
from chaupal.broadcasts import halts
from chaupal.broadcasts.fetching import AFTER_A_WORD
from chaupal.broadcasts.halts import Order, Paused
from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db

# What changed, or is looked through, waits like what is not approved yet.
STATUSES: Mapping[TemplateWord, str] = {
    TemplateWord.CHANGED: "pending",
    TemplateWord.PENDING: "pending",
    TemplateWord.PAUSED: "paused",
    TemplateWord.REJECTED: "rejected",
    TemplateWord.DISABLED: "disabled",
    TemplateWord.GONE: "gone",
}
# Its own people began what is pending, so it waits for them; of the rest somebody has to know.
HALTING = frozenset({"paused", "rejected", "disabled", "gone"})
LOOKED_AT = frozenset({TemplateWord.APPROVED, TemplateWord.CHANGED})


@dataclass(frozen=True, slots=True)
class Taken:
    """A template that a word has put into this status."""

    business_account: str
    name: str
    code: str
    status: str


@dataclass(frozen=True, slots=True)
class Stopping:
    """A broadcast under way that goes as a template which was stopped."""

    id: BroadcastId
    status: str


@dataclass(frozen=True, slots=True)
class Applied:
    """How many templates moved, and what was paused for it and is not in the record yet."""

    moved: int
    paused: list[Paused]


async def apply(
    conn: db.Conn, sender: UUID, heard: Sequence[TemplateHeard], *, now: datetime
) -> Applied:
    """Take these words in, in the caller's transaction, and pause what goes as a template that they
    stop; `halts.write` puts that into the record.

    First in that transaction, since whoever steers a broadcast locks it before its deliveries.
    """
    paused: list[Paused] = []
    await _lock(conn, {one.business_account for one in heard})
    taken = await _hold(conn, [one for one in heard if one.word in STATUSES], now=now)
    stopped = [one for one in taken if one.status in HALTING]
    if stopped:
        orders = [
            Order(Halt.CAMPAIGN, f"template_{one.status}", one.id)
            for one in await _under_way(conn, stopped)
        ]
        paused = await halts.pause(conn, {sender: orders}, now=now)
    liked = await _note_quality(conn, [one for one in heard if one.quality], now=now)
    await _ask(conn, heard, now=now)
    return Applied(len(taken) + liked, paused)


async def _lock(conn: db.Conn, accounts: Iterable[str]) -> None:
    """Let a fetch that writes go first, as it holds this row while it writes templates."""
    await db.run(
        conn,
        """
        SELECT business_account FROM template_fetch
         WHERE organisation_id = current_organisation()
           AND business_account = ANY(%(accounts)s::text[])
         ORDER BY business_account FOR UPDATE
        """,
        accounts=sorted(accounts),
    )


async def _hold(conn: db.Conn, heard: Sequence[TemplateHeard], *, now: datetime) -> list[Taken]:
    """Put templates into the status that the newest word gives them; of words of one second, the
    first by name. A second is what a provider's clock tells."""
    return await db.many(
        conn,
        Taken,
        """
        WITH newest AS (
            SELECT DISTINCT ON (h.account, h.name, h.code)
                   h.account, h.name, h.code, h.status, least(h.at, %(now)s) AS at
              FROM unnest(%(ats)s::timestamptz[], %(accounts)s::text[], %(names)s::text[],
                          %(codes)s::text[], %(statuses)s::text[])
                   AS h (at, account, name, code, status)
             ORDER BY h.account, h.name, h.code, least(h.at, %(now)s) DESC, h.status
        )
        UPDATE message_template m SET status = h.status, heard_at = h.at
          FROM newest h
         WHERE m.organisation_id = current_organisation() AND m.business_account = h.account
           AND m.name = h.name AND m.code = h.code
           AND h.at >= CASE h.status WHEN 'pending' THEN date_trunc('second', m.checked_at)
                                     ELSE m.checked_at - %(after_a_word)s::interval END
           AND (m.heard_at IS NULL OR h.at > m.heard_at
                OR (h.at = m.heard_at AND h.status < m.status))
        RETURNING m.business_account, m.name, m.code, m.status
        """,
        now=now,
        ats=[one.at or now for one in heard],
        accounts=[one.business_account for one in heard],
        names=[one.name for one in heard],
        codes=[one.code for one in heard],
        statuses=[STATUSES[one.word] for one in heard if one.word is not None],
        after_a_word=AFTER_A_WORD,
    )


async def _under_way(conn: db.Conn, stopped: Sequence[Taken]) -> list[Stopping]:
    """Return the broadcasts of which something still waits to go as one of these templates."""
    return await db.many(
        conn,
        Stopping,
        """
        SELECT b.id, min(t.status) AS status
          FROM unnest(%(accounts)s::text[], %(names)s::text[], %(codes)s::text[],
                      %(statuses)s::text[]) AS t (account, name, code, status)
          JOIN broadcast b ON b.organisation_id = current_organisation() AND b.stage = 'sending'
                          AND b.template ->> 'name' = t.name
         WHERE EXISTS (SELECT FROM jsonb_each(b.template -> 'fills') AS f (language, fill)
                        WHERE f.fill ->> 'code' = t.code)
           AND EXISTS (SELECT FROM sender s
                         JOIN delivery d ON d.organisation_id = s.organisation_id
                                        AND d.sender_id = s.id AND d.broadcast_id = b.id
                                        AND d.state = 'queued'
                        WHERE s.organisation_id = current_organisation()
                          AND s.business_account = t.account)
         GROUP BY b.id
        """,
        accounts=[one.business_account for one in stopped],
        names=[one.name for one in stopped],
        codes=[one.code for one in stopped],
        statuses=[one.status for one in stopped],
    )


async def _note_quality(conn: db.Conn, heard: Sequence[TemplateHeard], *, now: datetime) -> int:
    """Keep how well templates are received; the newest word wins, and of one second the worst."""
    return await db.run(
        conn,
        """
        WITH newest AS (
            SELECT DISTINCT ON (h.account, h.name, h.code)
                   h.account, h.name, h.code, h.quality, least(h.at, %(now)s) AS at,
                   array_position(ARRAY['low', 'medium', 'high'], h.quality) AS rank
              FROM unnest(%(ats)s::timestamptz[], %(accounts)s::text[], %(names)s::text[],
                          %(codes)s::text[], %(qualities)s::text[])
                   AS h (at, account, name, code, quality)
             ORDER BY h.account, h.name, h.code, least(h.at, %(now)s) DESC, rank
        )
        UPDATE message_template m SET quality = h.quality, quality_at = h.at
          FROM newest h
         WHERE m.organisation_id = current_organisation() AND m.business_account = h.account
           AND m.name = h.name AND m.code = h.code
           AND (m.quality_at IS NULL OR h.at > m.quality_at
                OR (h.at = m.quality_at
                    AND h.rank < array_position(ARRAY['low', 'medium', 'high'], m.quality)))
        """,
        now=now,
        ats=[one.at or now for one in heard],
        accounts=[one.business_account for one in heard],
        names=[one.name for one in heard],
        codes=[one.code for one in heard],
        qualities=[one.quality for one in heard],
    )


async def _ask(conn: db.Conn, heard: Sequence[TemplateHeard], *, now: datetime) -> int:
    """Have an account fetched whose template may be free again or say something else, and one of
    which a template is unknown here; not where a fetch has begun since."""
    return await db.run(
        conn,
        """
        UPDATE template_fetch f SET asked_at = %(now)s, asked_label = NULL
         WHERE f.organisation_id = current_organisation()
           AND (f.asked_at IS NULL OR f.asked_at <= f.began_at)
           AND EXISTS (
               SELECT FROM unnest(%(ats)s::timestamptz[], %(accounts)s::text[], %(names)s::text[],
                                  %(codes)s::text[], %(looked_at)s::boolean[])
                           AS h (at, account, name, code, looked_at)
                WHERE h.account = f.business_account
                  AND least(h.at, %(now)s) >= date_trunc('second', f.began_at)
                  AND (h.looked_at OR NOT EXISTS (
                          SELECT FROM message_template m
                           WHERE m.organisation_id = f.organisation_id
                             AND m.business_account = f.business_account
                             AND m.name = h.name AND m.code = h.code)))
        """,
        now=now,
        ats=[one.at or now for one in heard],
        accounts=[one.business_account for one in heard],
        names=[one.name for one in heard],
        codes=[one.code for one in heard],
        looked_at=[one.word in LOOKED_AT for one in heard],
    )
