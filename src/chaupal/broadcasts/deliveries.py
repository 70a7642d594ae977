"""Every statement that moves deliveries through dispatch: claimed, settled, lapsed, ended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID

from chaupal.arrivals.models import Failure
from chaupal.broadcasts.filling import LIFE_KNOWN_FOR
from chaupal.broadcasts.models import BroadcastId, State
from chaupal.kit import db
from chaupal.law.exclusions import day_of

# What the law holds back is looked at again after so long, in case it was lifted.
LOOK_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Leased:
    """A sender this worker holds for a while, still sealed. `limited`: a day has its limit."""

    id: UUID
    channel: str
    endpoint: str
    sealed_token: bytes
    sealed_webhook_secret: bytes
    rate_per_s: int
    chat_interval_s: float
    pair_interval_s: float | None
    pair_burst: int | None
    limited: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an attempt ended, in the words of the table. `tried`: one of only a few tries."""

    delivery_id: int
    attempts: int
    state: str
    provider_ref: str | None = None
    failure: str | None = None
    due_at: datetime | None = None
    evidence: int = 0
    doubtful: bool = False
    tried: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """A delivery that was due, and what became of it: leased, or not to be sent now or ever.

    A group's address is plain, a person's is sealed. Of what is not leased neither is of use.
    `place` is its turn among those that were claimed together, `tries` how many of only a few tries
    were made before.
    """

    delivery_id: int
    broadcast_id: BroadcastId
    address: str | None = field(repr=False)
    sealed: bytes | None = field(repr=False)
    language: str
    attempts: int
    state: State
    place: int
    person_id: UUID | None
    tries: int


@dataclass(frozen=True, slots=True)
class SenderId:
    """Just which sender."""

    id: UUID


@dataclass(frozen=True, slots=True)
class BroadcastKey:
    """Just which broadcast."""

    id: BroadcastId


async def lease_senders(
    conn: db.Conn,
    worker: UUID,
    *,
    channels: list[str],
    listening: Sequence[str] = (),
    now: datetime,
    lease: timedelta,
) -> list[Leased]:
    """Take or renew senders that have something queued, or that have to be listened to anyhow,
    being on the channels `listening`; and whose provider takes this organisation. One worker holds
    a sender at a time, so that its pace can be kept in that worker's memory."""
    return await db.many(
        conn,
        Leased,
        """
        UPDATE sender s
           SET lease_owner = %(worker)s, lease_until = %(now)s + %(lease)s
         WHERE s.organisation_id = current_organisation()
           AND s.channel = ANY(%(channels)s)
           AND s.disabled_at IS NULL
           AND NOT EXISTS (SELECT FROM sender_stop h
                            WHERE h.organisation_id = s.organisation_id AND h.sender_id = s.id)
           AND NOT EXISTS (SELECT FROM excluded_channel x
                            WHERE x.organisation_id = s.organisation_id AND x.channel = s.channel
                              AND %(today)s BETWEEN x.since AND coalesce(x.until, 'infinity'))
           AND (s.lease_owner = %(worker)s OR s.lease_until IS NULL OR s.lease_until < %(now)s)
           AND (s.lease_owner = %(worker)s OR s.channel = ANY(%(listening)s)
                OR EXISTS (SELECT FROM delivery d
                            WHERE d.organisation_id = s.organisation_id AND d.sender_id = s.id
                              AND d.state = 'queued'))
        RETURNING s.id, s.channel, s.endpoint, s.sealed_token, s.sealed_webhook_secret,
                  s.rate_per_s, s.chat_interval_s::float8, s.pair_interval_s::float8, s.pair_burst,
                  s.daily_limit IS NOT NULL OR s.portfolio IS NOT NULL
                  OR EXISTS (SELECT FROM sender_standing t
                              WHERE t.organisation_id = s.organisation_id AND t.sender_id = s.id
                                AND t.daily_limit >= 0) AS limited
        """,
        worker=worker,
        channels=channels,
        listening=list(listening),
        now=now,
        today=day_of(now),
        lease=lease,
    )


async def release_senders(conn: db.Conn, worker: UUID) -> int:
    """Let go of what this worker holds, so that another need not wait for the lease to lapse."""
    return await db.run(
        conn,
        """
        UPDATE sender SET lease_owner = NULL, lease_until = NULL
         WHERE organisation_id = current_organisation() AND lease_owner = %(worker)s
        """,
        worker=worker,
    )


async def claim(
    conn: db.Conn,
    sender: UUID,
    *,
    worker: UUID,
    now: datetime,
    lease: timedelta,
    time_to_live: timedelta,
    remembers_keys_for: timedelta,
    limit: int,
    templated: bool = False,
    heeds_every_silence: bool = False,
) -> list[Judged]:
    """Take up to `limit` deliveries that are due through one sender, in turn, and judge each.

    Lanes go first to last; within a lane broadcasts take turns, so a small one need not wait
    for a large one. What may have changed since the freeze is read again by this statement:
    the broadcast still sends and is not past its end, the worker still holds the sender, nothing
    stopped it and its provider still takes this organisation, a send in doubt is still remembered
    by its key. What fits is leased. A person who said no meanwhile is refused for good and a group
    that was archived is cancelled, unless it was in doubt: then it is unknown. Where the law keeps
    an area still at any moment at which the message could still arrive (`now` to `now` +
    `time_to_live`), the delivery waits and says why, and is looked at again when that ends or after
    `LOOK_AGAIN`, as calendars change. Through a channel that is `templated`, a broadcast that goes
    as a template waits as long as its provider has that template not approved in each language, or
    as another one than at the approval; and where it has a time to live of its own in each, seen
    lately, a message could arrive until `lease` and that are over, if that is earlier. With
    `heeds_every_silence` a silence before a poll keeps it back whether or not it is election
    matter.
    """
    judged = await db.many(
        conn,
        Judged,
        """
        WITH live AS (
            SELECT b.id, b.lane, b.electoral,
                   CASE b.purpose WHEN 'internal' THEN 'coordination' ELSE 'messages' END AS wanted,
                   CASE WHEN NOT %(templated)s OR b.template IS NULL
                        THEN %(time_to_live)s::interval
                        ELSE least(%(time_to_live)s::interval, (
                            SELECT CASE WHEN bool_and(m.ttl_s IS NOT NULL)
                                        THEN max(m.ttl_s) * interval '1 second'
                                             + %(lease)s::interval END
                              FROM jsonb_each(b.template -> 'fills') AS f (language, fill)
                              LEFT JOIN sender s ON s.organisation_id = current_organisation()
                                                AND s.id = %(sender)s
                              LEFT JOIN message_template m
                                ON m.organisation_id = s.organisation_id
                               AND m.business_account = s.business_account
                               AND m.name = b.template ->> 'name'
                               AND m.code = f.fill ->> 'code'
                               AND m.checked_at > %(now)s::timestamptz
                                                  - %(life_known_for)s::interval
                        )) END AS life
              FROM broadcast b
             WHERE b.organisation_id = current_organisation()
               AND b.stage = 'sending' AND b.expires_at > %(now)s
               AND EXISTS (SELECT FROM sender s
                            WHERE s.organisation_id = current_organisation()
                              AND s.id = %(sender)s AND s.lease_owner = %(worker)s
                              AND s.disabled_at IS NULL
                              AND NOT EXISTS (
                                  SELECT FROM excluded_channel x
                                   WHERE x.organisation_id = s.organisation_id
                                     AND x.channel = s.channel
                                     AND %(today)s BETWEEN x.since
                                                       AND coalesce(x.until, 'infinity')))
               AND NOT EXISTS (SELECT FROM sender_stop h
                                WHERE h.organisation_id = current_organisation()
                                  AND h.sender_id = %(sender)s)
               AND (NOT %(templated)s OR b.template IS NULL OR NOT EXISTS (
                        SELECT FROM jsonb_each(b.template -> 'fills') AS f (language, fill)
                         WHERE NOT EXISTS (
                               SELECT FROM sender s
                                 JOIN message_template m
                                   ON m.organisation_id = s.organisation_id
                                  AND m.business_account = s.business_account
                                WHERE s.organisation_id = current_organisation()
                                  AND s.id = %(sender)s AND m.name = b.template ->> 'name'
                                  AND m.code = f.fill ->> 'code' AND m.status = 'approved'
                                  AND m.changed_at <= b.approved_at)))
               FOR SHARE OF b  -- whoever stops it waits for us, or we see that it is stopped
        ), waiting AS (
            SELECT d.*, b.lane, b.electoral, b.wanted, b.life,
                   row_number() OVER (PARTITION BY b.id ORDER BY d.due_at, d.id) AS turn
              FROM live b
             CROSS JOIN LATERAL (
                SELECT d.id, d.group_id, d.person_id, d.contact_id, d.due_at, d.doubtful_since
                  FROM delivery d
                 WHERE d.organisation_id = current_organisation()
                   AND d.sender_id = %(sender)s AND d.broadcast_id = b.id
                   AND d.state = 'queued' AND d.due_at <= %(now)s
                   AND (d.doubtful_since IS NULL
                        OR d.doubtful_since
                           > %(now)s::timestamptz - %(remembers_keys_for)s::interval)
                 ORDER BY d.due_at, d.id
                 LIMIT %(limit)s
                   FOR UPDATE OF d SKIP LOCKED) AS d
        ), picked AS (
            SELECT waiting.*, row_number() OVER (ORDER BY lane, turn, id) AS place
              FROM waiting ORDER BY place LIMIT %(limit)s
        ), judged AS MATERIALIZED (  -- once, whatever the planner believes of the tables
            SELECT k.id, k.place, g.address, w.sealed, still.until, still.why,
                   CASE WHEN g.archived_at IS NULL AND (k.person_id IS NULL OR w.id IS NOT NULL)
                        THEN CASE WHEN still.until IS NULL THEN 'sending' ELSE 'queued' END
                        WHEN k.doubtful_since IS NOT NULL THEN 'unknown'
                        WHEN k.person_id IS NULL THEN 'cancelled'
                        ELSE 'refused' END AS state
              FROM picked k
              LEFT JOIN chat_group g ON g.organisation_id = current_organisation()
                                    AND g.id = k.group_id
              LEFT JOIN person p ON p.organisation_id = current_organisation()
                                AND p.id = k.person_id
              JOIN unit u ON u.organisation_id = current_organisation()
                             -- not coalesce: behind row security that is kept from the index
                         AND u.id = CASE WHEN k.person_id IS NULL THEN g.unit_id
                                         ELSE p.unit_id END
              LEFT JOIN writable w ON w.organisation_id = current_organisation()
                                  AND w.person_id = k.person_id AND w.id = k.contact_id
                                  AND w.purpose = k.wanted
             CROSS JOIN LATERAL (
                SELECT max(q.ends_at) AS until, min(q.why) AS why
                  FROM stillness q
                 WHERE q.organisation_id = current_organisation()
                   AND (k.electoral OR q.everything
                        OR (%(heeds_every_silence)s AND q.why = 'silence'))
                   AND q.starts_at <= %(now)s::timestamptz + k.life AND q.ends_at > %(now)s
                   AND (u.path BETWEEN q.path AND q.path_end
                        OR (q.reaches_up AND q.path BETWEEN u.path AND u.path_end))) AS still
        )
        UPDATE delivery d
           SET state = j.state::delivery_state,
               attempts = d.attempts + (j.state = 'sending')::int,
               lease_until = CASE j.state WHEN 'sending' THEN %(now)s + %(lease)s END,
               failure = CASE j.state WHEN 'refused' THEN %(withdrawn)s
                                      WHEN 'queued' THEN j.why END,
               due_at = CASE j.state WHEN 'queued' THEN least(j.until, %(now)s + %(look_again)s)
                                     ELSE d.due_at END
          FROM judged j
         WHERE d.organisation_id = current_organisation() AND d.id = j.id
        RETURNING d.id AS delivery_id, d.broadcast_id, j.address, j.sealed, d.language, d.attempts,
                  d.state::text, j.place, d.person_id, d.tries::int
        """,
        sender=sender,
        worker=worker,
        now=now,
        today=day_of(now),
        lease=lease,
        time_to_live=time_to_live,
        life_known_for=LIFE_KNOWN_FOR,
        remembers_keys_for=remembers_keys_for,
        templated=templated,
        heeds_every_silence=heeds_every_silence,
        look_again=LOOK_AGAIN,
        withdrawn=Failure.WITHDRAWN.value,
        limit=limit,
    )
    return sorted(judged, key=attrgetter("place"))


async def settle(conn: db.Conn, settlements: list[Settlement], *, now: datetime) -> int:
    """Record how attempts ended, as far as this worker still holds them; return how many.

    `attempts` is the fence: a worker that slept through its lease touches no row. An answer
    never lowers what a receipt has already proved. What is given up after its last try, and was in
    doubt before, is unknown: it may have been sent.

    What is leased has a lease's end, and is asked for by that: by its state it would be looked for
    in the index of leases, where everything that was settled since the last vacuum still lies.
    """
    return await db.run(
        conn,
        """
        WITH held AS (
            SELECT id FROM delivery
             WHERE organisation_id = current_organisation() AND id = ANY(%(ids)s)
             ORDER BY id FOR UPDATE
        )
        UPDATE delivery d
           SET state = CASE WHEN o.failure = %(tried_out)s AND d.doubtful_since IS NOT NULL
                            THEN 'unknown' ELSE o.state END::delivery_state,
               lease_until = NULL,
               tries = d.tries + o.tried::int,
               provider_ref = coalesce(o.provider_ref, d.provider_ref),
               failure = o.failure,
               due_at = coalesce(o.due_at, d.due_at),
               sent_at = CASE WHEN o.state = 'sent' THEN %(now)s ELSE d.sent_at END,
               evidence = greatest(d.evidence, o.evidence),
               evidence_at = CASE WHEN o.evidence > d.evidence THEN %(now)s ELSE d.evidence_at END,
               doubtful_since = CASE WHEN o.doubtful THEN coalesce(d.doubtful_since, %(now)s)
                                     ELSE d.doubtful_since END
          FROM unnest(%(ids)s::bigint[], %(attempts)s::int[], %(states)s::text[], %(refs)s::text[],
                      %(failures)s::text[], %(due_ats)s::timestamptz[], %(ranks)s::smallint[],
                      %(doubts)s::boolean[], %(tried)s::boolean[])
               AS o (id, attempts, state, provider_ref, failure, due_at, evidence, doubtful, tried)
          JOIN held USING (id)
         WHERE d.organisation_id = current_organisation() AND d.id = o.id
           AND d.id = ANY(%(ids)s) AND d.lease_until IS NOT NULL AND d.attempts = o.attempts
        """,
        ids=[s.delivery_id for s in settlements],
        attempts=[s.attempts for s in settlements],
        states=[s.state for s in settlements],
        refs=[s.provider_ref for s in settlements],
        failures=[s.failure for s in settlements],
        due_ats=[s.due_at for s in settlements],
        ranks=[s.evidence for s in settlements],
        doubts=[s.doubtful for s in settlements],
        tried=[s.tried for s in settlements],
        tried_out=Failure.TRIED_OUT.value,
        now=now,
    )


async def release_unattempted(conn: db.Conn, ids: list[int], attempts: list[int]) -> int:
    """Give back claims that were certainly never tried, as when a worker is told to stop."""
    return await db.run(
        conn,
        """
        UPDATE delivery d SET state = 'queued', lease_until = NULL
          FROM unnest(%(ids)s::bigint[], %(attempts)s::int[]) AS o (id, attempts)
         WHERE d.organisation_id = current_organisation() AND d.id = o.id
           AND d.id = ANY(%(ids)s) AND d.lease_until IS NOT NULL AND d.attempts = o.attempts
        """,
        ids=ids,
        attempts=attempts,
    )


async def lapse(conn: db.Conn, *, now: datetime) -> int:
    """Take back deliveries whose worker went quiet; each goes back in doubt."""
    return await db.run(
        conn,
        """
        UPDATE delivery d
           SET state = 'queued', lease_until = NULL,
               doubtful_since = coalesce(d.doubtful_since, d.lease_until)
         WHERE d.organisation_id = current_organisation() AND d.state = 'sending'
           AND d.lease_until < %(now)s
        """,
        now=now,
    )


async def give_up_doubtful(
    conn: db.Conn, *, channels: list[str], windows: list[timedelta], now: datetime
) -> int:
    """Show as unknown what is in doubt for longer than its channel remembers keys.

    Nobody knows whether these were sent, and a repeat could be a second message: they are never
    resent by themselves.
    """
    return await db.run(
        conn,
        """
        UPDATE delivery d SET state = 'unknown', failure = NULL
          FROM sender s
          JOIN unnest(%(channels)s::text[], %(windows)s::interval[]) AS t (channel, remembers)
            ON t.channel = s.channel
         WHERE d.organisation_id = current_organisation() AND d.state = 'queued'
           AND s.organisation_id = d.organisation_id AND s.id = d.sender_id
           AND d.doubtful_since IS NOT NULL
           AND d.doubtful_since <= %(now)s::timestamptz - t.remembers
        """,
        channels=channels,
        windows=windows,
        now=now,
    )


async def senders_with_orphans(conn: db.Conn) -> list[SenderId]:
    """Return the senders for whom some provider's word still waits."""
    return await db.many(
        conn,
        SenderId,
        """
        SELECT DISTINCT sender_id AS id FROM orphan_status
         WHERE organisation_id = current_organisation()
        """,
    )


async def long_tallies(conn: db.Conn, *, rows: int) -> list[BroadcastKey]:
    """Return the broadcasts whose counters have more than so many rows."""
    return await db.many(
        conn,
        BroadcastKey,
        """
        SELECT broadcast_id AS id FROM tally
         WHERE organisation_id = current_organisation()
         GROUP BY broadcast_id HAVING count(*) > %(rows)s
        """,
        rows=rows,
    )
