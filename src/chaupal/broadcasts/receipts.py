"""Receipts: providers' words on our sends, applied as a lattice.

In any order, any number of times, the end is the same: evidence only rises, each rung keeps the
earliest time at which it was reached (by the provider's clock, never later than ours), delivered
overrides failed, failed overrides accepted, and a word on a send that is not known yet waits for
it. A word also settles what was in doubt: an unknown, lapsed or recalled send that did arrive
counts as sent, because it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.arrivals.models import Evidence, Failure, Halt, StatusArrived
from chaupal.broadcasts import bounced, halts
from chaupal.broadcasts.exchanges import plain
from chaupal.broadcasts.models import delivery_named
from chaupal.kit import db
from chaupal.record import Actor


@dataclass(frozen=True, slots=True)
class Parked:
    """A status that waited for its send."""

    sender_id: UUID
    provider_ref: str
    evidence: Evidence
    failure: Failure | None
    halts: str | None
    why: str | None
    at: datetime
    delivered_at: datetime | None
    opened_at: datetime | None

    def words(self) -> list[StatusArrived]:
        """Return what the provider said, as far as it was kept: the strongest word, and when the
        rungs below it were reached."""
        rungs = {Evidence.DELIVERED: self.delivered_at, Evidence.OPENED: self.opened_at}
        dated = [
            StatusArrived(at, self.provider_ref, None, rung)
            for rung, at in rungs.items()
            if at is not None
        ]
        if dated and dated[-1].evidence == self.evidence:
            return dated
        halt = None if self.halts is None else Halt(self.halts)
        return [
            *dated,
            StatusArrived(
                self.at, self.provider_ref, None, self.evidence, self.failure, halt, self.why
            ),
        ]


async def hear(
    conn: db.Conn,
    said: Mapping[UUID, Sequence[StatusArrived]],
    *,
    actor: Actor,
    now: datetime,
    paused: Sequence[halts.Paused] = (),
) -> int:
    """Apply what providers said of several senders' messages, and stop what it asks to stop; return
    how many deliveries moved.

    Broadcasts are locked before deliveries, and the record is written last, as by whoever settles.
    It asks again afterwards: a send may have become known to `apply` that was not before. What the
    caller `paused` before is written with the rest.
    """
    asked = await halts.told(conn, said, now=now)
    paused = [*paused, *await halts.pause(conn, asked, now=now)]
    moved = 0
    for sender, statuses in said.items():
        moved += await apply(conn, sender, statuses, now=now)
    asked = await halts.told(conn, said, now=now)
    paused += await halts.pause(conn, asked, now=now)
    await halts.write(conn, paused, asked, actor=actor, now=now)
    return moved


async def apply(
    conn: db.Conn, sender_id: UUID, statuses: Sequence[StatusArrived], *, now: datetime
) -> int:
    """Apply statuses of one sender in the caller's transaction; return how many deliveries moved.
    What they ask to stop is the caller's (`hear`).

    A status finds its delivery by our own key where the provider echoes it, otherwise by the
    provider's reference. One that finds none is parked until `adopt` is called; one whose key is
    no delivery's is about something else (an admin who was told), and left out. Rows are locked
    in the order of their numbers, as `settle` does, so that the two never deadlock. They are
    always found by their keys: nowhere is the statement free to read the whole table, whatever
    the planner believes of its size.
    """
    statuses = [s for s in statuses if s.key is None or delivery_named(s.key) is not None]
    if not statuses:
        return 0
    moved = await db.run(
        conn,
        """
        WITH arrived AS (
            SELECT key, ref, failure, halts, why, least(at, %(now)s) AS at,
                   CASE WHEN failure IS NULL THEN evidence ELSE 1 END AS evidence
              FROM unnest(%(keys)s::bigint[], %(refs)s::text[], %(ranks)s::smallint[],
                          %(failures)s::text[], %(halts)s::text[], %(whys)s::text[],
                          %(ats)s::timestamptz[])
                   AS t (key, ref, evidence, failure, halts, why, at)
        ), mine AS MATERIALIZED (
            SELECT d.id FROM delivery d
             WHERE d.organisation_id = current_organisation() AND d.sender_id = %(sender)s
               AND d.id = ANY(%(keys)s::bigint[])
        ), found AS (
            SELECT a.*, coalesce(m.id,
                       (SELECT d.id FROM delivery d
                         WHERE d.organisation_id = current_organisation()
                           AND d.sender_id = %(sender)s AND d.provider_ref = a.ref
                         LIMIT 1)) AS delivery_id
              FROM arrived a LEFT JOIN mine m ON m.id = a.key
        ), parked AS (
            INSERT INTO orphan_status AS o
                   (organisation_id, sender_id, provider_ref, evidence, failure, halts, why, at,
                    delivered_at, opened_at)
            SELECT current_organisation(), %(sender)s, ref, max(evidence),
                   CASE WHEN max(evidence) < 2 THEN min(failure) END,
                   (array_agg(halts ORDER BY halts, why))[1],
                   (array_agg(why ORDER BY halts, why))[1], max(at),
                   min(at) FILTER (WHERE evidence = 2), min(at) FILTER (WHERE evidence = 3)
              FROM found WHERE delivery_id IS NULL
             GROUP BY ref
            ON CONFLICT (organisation_id, sender_id, provider_ref) DO UPDATE
               SET evidence = greatest(o.evidence, excluded.evidence),
                   failure = CASE WHEN greatest(o.evidence, excluded.evidence) < 2
                                  THEN coalesce(o.failure, excluded.failure) END,
                   halts = coalesce(o.halts, excluded.halts),
                   why = CASE WHEN o.halts IS NULL THEN excluded.why ELSE o.why END,
                   at = greatest(o.at, excluded.at),
                   delivered_at = least(o.delivered_at, excluded.delivered_at),
                   opened_at = least(o.opened_at, excluded.opened_at)
        ), strongest AS (
            SELECT delivery_id, max(evidence) AS evidence, min(failure) AS failure,
                   min(ref) AS ref, max(at) AS at,
                   min(at) FILTER (WHERE evidence = 2) AS delivered_at,
                   min(at) FILTER (WHERE evidence = 3) AS opened_at
              FROM found WHERE delivery_id IS NOT NULL
             GROUP BY delivery_id
        ), judged AS (
            SELECT s.delivery_id, s.ref, s.at, s.delivered_at, s.opened_at,
                   greatest(d.evidence, s.evidence) AS evidence,
                   greatest(d.evidence, s.evidence) < 2
                   AND (s.failure IS NOT NULL OR d.state = 'refused') AS refused,
                   coalesce(s.failure, d.failure) AS failure
              FROM (SELECT * FROM strongest ORDER BY delivery_id) AS s
             CROSS JOIN LATERAL (
                SELECT d.evidence, d.state, d.failure
                  FROM delivery d
                 WHERE d.organisation_id = current_organisation() AND d.id = s.delivery_id
                   FOR UPDATE) AS d
        )
        UPDATE delivery d
           SET evidence = j.evidence,
               evidence_at = CASE WHEN j.evidence > d.evidence THEN j.at ELSE d.evidence_at END,
               delivered_at = least(d.delivered_at, j.delivered_at),
               opened_at = least(d.opened_at, j.opened_at),
               provider_ref = coalesce(d.provider_ref, j.ref),
               state = CASE WHEN j.refused THEN 'refused' ELSE 'sent' END::delivery_state,
               failure = CASE WHEN j.refused THEN j.failure END,
               sent_at = CASE WHEN j.refused THEN d.sent_at ELSE coalesce(d.sent_at, %(now)s) END,
               lease_until = NULL
          FROM judged j
         WHERE d.organisation_id = current_organisation() AND d.id = j.delivery_id
           AND d.id = ANY(ARRAY(SELECT delivery_id FROM strongest))
           AND (j.evidence > d.evidence
                OR j.delivered_at < coalesce(d.delivered_at, 'infinity')
                OR j.opened_at < coalesce(d.opened_at, 'infinity')
                OR d.state <> CASE WHEN j.refused THEN 'refused' ELSE 'sent' END::delivery_state)
        """,
        keys=[delivery_named(s.key) for s in statuses],
        refs=[s.provider_ref for s in statuses],
        ranks=[int(s.evidence) for s in statuses],
        failures=[s.failure.value if s.failure else None for s in statuses],
        halts=[s.halts.value if s.halts else None for s in statuses],
        whys=[plain(s.why or "") if s.halts else None for s in statuses],
        ats=[s.at for s in statuses],
        sender=sender_id,
        now=now,
    )
    gone = [s.provider_ref for s in statuses if s.failure is Failure.NO_SUCH_ADDRESS]
    if gone:
        await bounced.suppress(conn, await bounced.named(conn, sender_id, gone), now=now)
    return moved


async def taken(conn: db.Conn, sender_id: UUID, refs: Sequence[str]) -> list[StatusArrived]:
    """Take from where they wait the words on sends that have these references from now on."""
    parked = await db.many(
        conn,
        Parked,
        """
        DELETE FROM orphan_status
         WHERE organisation_id = current_organisation() AND sender_id = %(sender)s
           AND provider_ref = ANY(%(refs)s::text[])
        RETURNING sender_id, provider_ref, evidence, failure, halts, why, at, delivered_at,
                  opened_at
        """,
        sender=sender_id,
        refs=list(refs),
    )
    return [word for one in parked for word in one.words()]


async def adopt(conn: db.Conn, *, actor: Actor, now: datetime) -> int:
    """Hear the words whose send is known by now; return how many deliveries moved."""
    parked = await db.many(
        conn,
        Parked,
        """
        DELETE FROM orphan_status o
         USING delivery d
         WHERE o.organisation_id = current_organisation()
           AND d.organisation_id = o.organisation_id AND d.sender_id = o.sender_id
           AND d.provider_ref = o.provider_ref
        RETURNING o.sender_id, o.provider_ref, o.evidence, o.failure, o.halts, o.why, o.at,
                  o.delivered_at, o.opened_at
        """,
    )
    said: dict[UUID, list[StatusArrived]] = {}
    for one in parked:
        said.setdefault(one.sender_id, []).extend(one.words())
    return await hear(conn, said, actor=actor, now=now)


async def forget_orphans(conn: db.Conn, *, before: datetime) -> int:
    """Drop words on sends that never became known: they were never ours."""
    return await db.run(
        conn,
        """
        DELETE FROM orphan_status
         WHERE organisation_id = current_organisation() AND at < %(before)s
        """,
        before=before,
    )
