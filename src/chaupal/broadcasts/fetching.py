"""Bringing in templates from their provider: every few hours, and when somebody asks.

A fetch belongs to a business account. It is asked for by a row, leased by one worker, and written
page by page, so that whoever asked sees how far it has come. What a whole fetch did not find any
more is gone. What the provider said by itself since a page was asked for is newer than the page.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from chaupal import record
from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts.templates import TEMPLATED
from chaupal.channels.contract import (
    Account,
    Rejected,
    TemplatePage,
    TemplateText,
    Templating,
)
from chaupal.channels.http import HttpClient
from chaupal.channels.registry import CHANNELS
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import Broken
from chaupal.law.exclusions import day_of
from chaupal.organisations import Right, scope_of
from chaupal.record import Actor

EVERY = timedelta(hours=6)
AFTER_A_FAILURE = timedelta(minutes=15)
# So long a list may not show yet what a word has stopped, and two clocks may differ: meanwhile the
# word counts, and after that the list is looked at again.
AFTER_A_WORD = timedelta(minutes=1)
LEASE = timedelta(minutes=5)
PAGES_LIMIT = 500
REASON_LIMIT_CHARACTERS = 100

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Fetch:
    """How the templates of an account stand: fetched when, on its way how far, or why not."""

    business_account: str
    asked_at: datetime | None
    asked_label: str | None
    began_at: datetime | None
    templates: int
    ended_at: datetime | None
    failure: str | None

    @property
    def under_way(self) -> bool:
        """Say whether somebody waits for it, or a worker has it."""
        ended, asked = self.ended_at, self.asked_at
        if ended is None:
            return asked is not None or self.began_at is not None
        later = [at for at in (asked, self.began_at) if at is not None and at > ended]
        return bool(later)


@dataclass(frozen=True, slots=True)
class Due:
    """An account to fetch, and the sender whose token is used, still sealed."""

    business_account: str
    began_at: datetime
    sender_id: UUID
    channel: str
    endpoint: str
    sealed_token: bytes = field(repr=False)
    sealed_webhook_secret: bytes = field(repr=False)


async def fetches(conn: db.Conn) -> list[Fetch]:
    """Return how each business account stands that a sender of ours has."""
    return await db.many(
        conn,
        Fetch,
        """
        SELECT s.business_account, f.asked_at, f.asked_label, f.began_at,
               coalesce(f.templates, 0) AS templates, f.ended_at, f.failure
          FROM (SELECT DISTINCT business_account FROM sender
                 WHERE organisation_id = current_organisation() AND disabled_at IS NULL
                   AND channel = ANY(%(channels)s::text[])
                   AND business_account IS NOT NULL) AS s
          LEFT JOIN template_fetch f ON f.organisation_id = current_organisation()
                                    AND f.business_account = s.business_account
         ORDER BY s.business_account
        """,
        channels=list(TEMPLATED),
    )


async def ask(rt: Runtime, *, key: str, actor: Actor) -> None:
    """Have a worker fetch the templates of every account now. For those who write broadcasts."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        scope.need(Right.COMPOSE)
        if await record.answered(conn, key, b"fetch templates", actor=actor) is not None:
            return
        asked = await db.run(
            conn,
            """
            INSERT INTO template_fetch AS f (organisation_id, business_account, asked_at,
                                             asked_label)
            SELECT DISTINCT s.organisation_id, s.business_account, %(now)s::timestamptz, %(label)s
              FROM sender s
             WHERE s.organisation_id = current_organisation() AND s.disabled_at IS NULL
               AND s.channel = ANY(%(channels)s::text[]) AND s.business_account IS NOT NULL
            ON CONFLICT (organisation_id, business_account) DO UPDATE
               SET asked_at = excluded.asked_at, asked_label = excluded.asked_label
            """,
            now=rt.now(),
            label=actor.label,
            channels=list(TEMPLATED),
        )
        await record.answer(conn, key, b"fetch templates", "asked", actor=actor, now=rt.now())
        await record.append(
            conn, "templates.asked_for", new_id(), actor=actor, now=rt.now(), accounts=asked
        )


async def fetch_due(rt: Runtime, organisation: OrganisationId, http: HttpClient) -> int:
    """Fetch the accounts whose turn it is; return how many templates were written."""
    async with db.transaction(rt.pool, organisation) as conn:
        due = await _lease(conn, now=rt.now())
    return sum([await _fetch(rt, organisation, http, one) for one in due])


async def _lease(conn: db.Conn, *, now: datetime) -> list[Due]:
    """Take the accounts that were asked for, are old, or whose worker went quiet."""
    await db.run(
        conn,
        """
        INSERT INTO template_fetch (organisation_id, business_account)
        SELECT DISTINCT s.organisation_id, s.business_account FROM sender s
         WHERE s.organisation_id = current_organisation() AND s.disabled_at IS NULL
           AND s.channel = ANY(%(channels)s::text[]) AND s.business_account IS NOT NULL
           AND NOT EXISTS (SELECT FROM template_fetch f
                            WHERE f.organisation_id = s.organisation_id
                              AND f.business_account = s.business_account)
        ON CONFLICT DO NOTHING
        """,
        channels=list(TEMPLATED),
    )
    return await db.many(
        conn,
        Due,
        """
        WITH due AS (
            SELECT f.business_account FROM template_fetch f
             WHERE f.organisation_id = current_organisation()
               AND (f.lease_until IS NULL OR f.lease_until < %(now)s)
               AND (f.began_at IS NULL OR f.lease_until IS NOT NULL OR f.asked_at > f.began_at
                    OR f.ended_at < %(now)s::timestamptz
                       - CASE WHEN f.failure IS NULL THEN %(every)s::interval
                              ELSE %(after_a_failure)s::interval END
                    OR (f.failure IS NULL
                        AND f.ended_at < %(now)s::timestamptz - %(after_a_word)s::interval
                        AND EXISTS (
                            SELECT FROM message_template m
                             WHERE m.organisation_id = f.organisation_id
                               AND m.business_account = f.business_account
                               AND m.heard_at >= CASE m.status
                                   WHEN 'pending' THEN date_trunc('second', m.checked_at)
                                   ELSE m.checked_at - %(after_a_word)s::interval END
                               AND m.heard_at
                                   < %(now)s::timestamptz - %(after_a_word)s::interval)))
               FOR UPDATE SKIP LOCKED
        ), line AS (
            SELECT DISTINCT ON (s.business_account)
                   s.business_account, s.id AS sender_id, s.channel, s.endpoint, s.sealed_token,
                   s.sealed_webhook_secret
              FROM sender s
             WHERE s.organisation_id = current_organisation() AND s.disabled_at IS NULL
               AND s.channel = ANY(%(channels)s::text[])
               AND NOT EXISTS (SELECT FROM excluded_channel x
                                WHERE x.organisation_id = s.organisation_id
                                  AND x.channel = s.channel
                                  AND %(today)s BETWEEN x.since AND coalesce(x.until, 'infinity'))
             ORDER BY s.business_account, s.id
        )
        UPDATE template_fetch f
           SET began_at = %(now)s, lease_until = %(now)s::timestamptz + %(lease)s::interval,
               templates = 0, failure = NULL
          FROM due JOIN line USING (business_account)
         WHERE f.organisation_id = current_organisation()
           AND f.business_account = due.business_account
        RETURNING f.business_account, f.began_at, line.sender_id, line.channel, line.endpoint,
                  line.sealed_token, line.sealed_webhook_secret
        """,
        channels=list(TEMPLATED),
        now=now,
        today=day_of(now),
        lease=LEASE,
        every=EVERY,
        after_a_failure=AFTER_A_FAILURE,
        after_a_word=AFTER_A_WORD,
    )


async def _fetch(rt: Runtime, organisation: OrganisationId, http: HttpClient, due: Due) -> int:
    after: str | None = None
    found = 0
    try:
        line = CHANNELS[due.channel].connect(http, _account(rt, due))
    except Broken:
        await _end(rt, organisation, due, found, "sealed under another key")
        return found
    assert isinstance(line, Templating), "only such lines are leased here"
    for _ in range(PAGES_LIMIT):
        asked_at = rt.now()
        page = await line.templates(due.business_account, after)
        if not isinstance(page, TemplatePage):
            why = page.detail if isinstance(page, Rejected) else page.why
            await _end(rt, organisation, due, found, why[:REASON_LIMIT_CHARACTERS] or "unknown")
            return found
        if not await _write(rt, organisation, due, page.templates, asked_at):
            return found  # another worker has it by now
        found, after = found + len(page.templates), page.after
        if after is None:
            await _end(rt, organisation, due, found, None)
            return found
    await _end(rt, organisation, due, found, "too_many_pages")
    return found


def _account(rt: Runtime, due: Due) -> Account:
    at = f"sender/{due.sender_id}"
    return Account(
        due.endpoint,
        rt.sealer.unseal(due.sealed_token, f"{at}/token"),
        rt.sealer.unseal(due.sealed_webhook_secret, f"{at}/webhook_secret"),
    )


async def _write(
    rt: Runtime,
    organisation: OrganisationId,
    due: Due,
    found: list[TemplateText],
    asked_at: datetime,
) -> bool:
    """Write a page that was asked for then, as long as the fetch is ours."""
    now = rt.now()
    rows = {(text.name, text.code): text for text in found}.values()
    async with db.transaction(rt.pool, organisation) as conn:
        held = await db.run(
            conn,
            """
            UPDATE template_fetch
               SET templates = templates + %(count)s,
                   lease_until = %(now)s::timestamptz + %(lease)s::interval
             WHERE organisation_id = current_organisation() AND began_at = %(began_at)s
               AND business_account = %(account)s AND lease_until IS NOT NULL
            """,
            count=len(rows),
            now=now,
            lease=LEASE,
            began_at=due.began_at,
            account=due.business_account,
        )
        if not held:
            return False
        await db.run(
            conn,
            """
            INSERT INTO message_template AS m
                   (organisation_id, id, business_account, name, code, language, category, status,
                    body, header, footer, buttons, unfit, provider_ref, ttl_s, pictured,
                    checked_at, changed_at)
            SELECT current_organisation(), t.id, %(account)s, t.name, t.code, t.language,
                   t.category, t.status, t.body, t.header, t.footer, t.buttons, t.unfit, t.ref,
                   t.ttl_s, t.pictured, %(asked_at)s, %(now)s
              FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(codes)s::text[],
                          %(languages)s::text[], %(categories)s::text[], %(statuses)s::text[],
                          %(bodies)s::text[], %(headers)s::text[], %(footers)s::text[],
                          %(buttons)s::text[], %(unfits)s::text[], %(refs)s::text[],
                          %(ttls)s::int[], %(pictured)s::boolean[])
                   AS t (id, name, code, language, category, status, body, header, footer, buttons,
                         unfit, ref, ttl_s, pictured)
            ON CONFLICT (organisation_id, business_account, name, code) DO UPDATE
               SET category = excluded.category, body = excluded.body,
                   status = CASE WHEN m.heard_at >= CASE m.status
                                      WHEN 'pending' THEN date_trunc('second', excluded.checked_at)
                                      ELSE excluded.checked_at - %(after_a_word)s::interval END
                                 THEN m.status ELSE excluded.status END,
                   header = excluded.header, footer = excluded.footer, buttons = excluded.buttons,
                   unfit = excluded.unfit, provider_ref = excluded.provider_ref,
                   ttl_s = excluded.ttl_s, pictured = excluded.pictured,
                   language = excluded.language,
                   checked_at = excluded.checked_at,
                   changed_at = CASE
                       WHEN (m.category, m.body, m.header, m.footer, m.buttons, m.unfit, m.pictured)
                            IS DISTINCT FROM (excluded.category, excluded.body, excluded.header,
                                              excluded.footer, excluded.buttons, excluded.unfit,
                                              excluded.pictured)
                       THEN excluded.changed_at ELSE m.changed_at END
            """,
            account=due.business_account,
            now=now,
            asked_at=asked_at,
            after_a_word=AFTER_A_WORD,
            ids=[new_id() for _ in rows],
            names=[text.name for text in rows],
            codes=[text.code for text in rows],
            languages=[text.language for text in rows],
            categories=[text.category for text in rows],
            statuses=[text.status for text in rows],
            bodies=[text.body for text in rows],
            headers=[text.header for text in rows],
            footers=[text.footer for text in rows],
            buttons=[text.buttons for text in rows],
            unfits=[text.unfit for text in rows],
            refs=[text.provider_ref for text in rows],
            ttls=[text.ttl_s for text in rows],
            pictured=[text.pictured for text in rows],
        )
    return True


async def _end(
    rt: Runtime, organisation: OrganisationId, due: Due, found: int, failure: str | None
) -> None:
    """Say how it ended; after a whole fetch, what it did not find is gone."""
    now, gone = rt.now(), 0
    async with db.transaction(rt.pool, organisation) as conn:
        held = await db.run(
            conn,
            """
            UPDATE template_fetch
               SET ended_at = %(now)s, lease_until = NULL, failure = %(failure)s
             WHERE organisation_id = current_organisation() AND began_at = %(began_at)s
               AND business_account = %(account)s AND lease_until IS NOT NULL
            """,
            now=now,
            failure=failure,
            began_at=due.began_at,
            account=due.business_account,
        )
        if held and failure is None:
            gone = await db.run(
                conn,
                """
                UPDATE message_template SET status = 'gone', checked_at = %(began_at)s
                 WHERE organisation_id = current_organisation() AND checked_at < %(began_at)s
                   AND business_account = %(account)s
                   AND (status <> 'gone' OR heard_at >= date_trunc('second', checked_at))
                """,
                began_at=due.began_at,
                account=due.business_account,
            )
        if held:
            await record.append(
                conn,
                "templates.fetched",
                due.sender_id,
                actor=record.part_of_the_system(organisation, "worker.templates"),
                now=now,
                found=found,
                gone=gone,
                failure=failure,
            )
    await arrivals_log.hint(rt.nats, organisation, "broadcasts")
    logger.info("templates.fetched", found=found, gone=gone, failure=failure)
