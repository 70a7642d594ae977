"""Every statement that touches clusters and sightings.

Who sees a cluster: those whose area holds its author's, and those in whose area it was seen. What
they see of it is counted in their area alone.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chaupal.kit import db
from chaupal.organisations.models import UnitId
from chaupal.watch.models import ClusterId, Verdict


@dataclass(frozen=True, slots=True)
class Cluster:
    """A text that goes round, and where it was seen as far as its reader may know."""

    id: ClusterId
    name: str
    sealed_text: bytes | None = field(repr=False)
    text_until: datetime
    author_label: str
    noted_at: datetime
    verdict: Verdict | None
    closed_label: str | None
    closed_at: datetime | None
    groups: int
    public_groups: int
    districts: int
    first_seen_at: datetime | None
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A group in which a cluster was seen."""

    group_id: UUID
    group_name: str
    unit_name_hi: str
    unit_name_en: str
    first_seen_at: datetime
    source: str
    noted_label: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list of groups, and the group that it names, if that is one."""

    line: int
    group_id: UUID | None
    groups: int
    archived: bool | None
    carries_notice: bool | None


@dataclass(frozen=True, slots=True)
class Written:
    """How many groups were new to a cluster."""

    new: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A cluster whose wording is gone."""

    id: ClusterId


async def add(
    conn: db.Conn,
    id: ClusterId,
    *,
    name: str,
    sealed_text: bytes | None,
    text_until: datetime,
    by: UUID,
    label: str,
    units: list[UnitId],
    now: datetime,
) -> None:
    """Write a cluster down."""
    await db.run(
        conn,
        """
        INSERT INTO cluster (organisation_id, id, name, sealed_text, text_until, author_id,
                             author_label, author_units, noted_at)
        VALUES (current_organisation(), %(id)s, %(name)s, %(sealed_text)s, %(text_until)s, %(by)s,
                %(label)s, %(units)s, %(now)s)
        """,
        id=id,
        name=name,
        sealed_text=sealed_text,
        text_until=text_until,
        by=by,
        label=label,
        units=units,
        now=now,
    )


async def clusters(
    conn: db.Conn, *, paths: list[str], id: ClusterId | None = None, limit: int = 1
) -> list[Cluster]:
    """Return the clusters, or one, that somebody who reaches `paths` may see: the open ones first,
    then the newest."""
    return await db.many(
        conn,
        Cluster,
        """
        SELECT c.id, c.name, c.sealed_text, c.text_until, c.author_label, c.noted_at,
               c.verdict::text, c.closed_label, c.closed_at, s.groups, s.public_groups,
               s.districts, s.first_seen_at, s.last_seen_at
          FROM cluster c
         CROSS JOIN LATERAL (
            SELECT count(*)::int AS groups,
                   (count(*) FILTER (WHERE g.purpose = 'public'))::int AS public_groups,
                   count(DISTINCT district.id)::int AS districts,
                   min(seen.first_seen_at) AS first_seen_at, max(seen.first_seen_at) AS last_seen_at
              FROM sighting seen
              JOIN chat_group g ON g.organisation_id = seen.organisation_id
                               AND g.id = seen.group_id
              JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
              LEFT JOIN level l ON l.organisation_id = seen.organisation_id AND l.key = 'district'
              LEFT JOIN unit district ON district.organisation_id = u.organisation_id
                                     AND district.number = ANY(numbers_above(u.path))
                                     AND district.level_rank = l.rank
             WHERE seen.organisation_id = c.organisation_id AND seen.cluster_id = c.id
               AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                            WHERE u.path BETWEEN root AND root || '~')) AS s
         WHERE c.organisation_id = current_organisation()
           AND (%(id)s::uuid IS NULL OR c.id = %(id)s)
           AND (s.groups > 0
                OR NOT EXISTS (SELECT FROM unit own
                                WHERE own.organisation_id = c.organisation_id
                                  AND own.id = ANY(c.author_units)
                                  AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                                   WHERE starts_with(own.path, root))))
         ORDER BY c.closed_at IS NOT NULL, c.noted_at DESC, c.id
         LIMIT %(limit)s
        """,
        paths=paths,
        id=id,
        limit=limit,
    )


async def sightings(
    conn: db.Conn, id: ClusterId, *, paths: list[str], limit: int
) -> list[Sighting]:
    """Return the groups within `paths` in which it was seen, the first first."""
    return await db.many(
        conn,
        Sighting,
        """
        SELECT g.id AS group_id, g.name AS group_name, u.name_hi AS unit_name_hi,
               u.name_en AS unit_name_en, s.first_seen_at, s.source::text, s.noted_label
          FROM sighting s
          JOIN chat_group g ON g.organisation_id = s.organisation_id AND g.id = s.group_id
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE s.organisation_id = current_organisation() AND s.cluster_id = %(id)s
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY s.first_seen_at, g.id
         LIMIT %(limit)s
        """,
        id=id,
        paths=paths,
        limit=limit,
    )


async def lock(conn: db.Conn, id: ClusterId) -> None:
    """Keep others from changing a cluster until commit."""
    await db.run(
        conn,
        """
        SELECT FROM cluster WHERE organisation_id = current_organisation() AND id = %(id)s
           FOR NO KEY UPDATE
        """,
        id=id,
    )


async def named_by(conn: db.Conn, lines: list[str], *, paths: list[str]) -> list[Line]:
    """Return for each line the group within `paths` that it names: by its id, by its reference or
    address on its channel, or by its whole name."""
    return await db.many(
        conn,
        Line,
        """
        SELECT t.line::int, min(found.id::text)::uuid AS group_id, count(found.id)::int AS groups,
               bool_and(found.archived_at IS NOT NULL) AS archived,
               bool_and(found.carries_notice) AS carries_notice
          FROM unnest(%(lines)s::text[]) WITH ORDINALITY AS t (written, line)
          LEFT JOIN LATERAL (
            SELECT g.id, g.archived_at, g.carries_notice
              FROM chat_group g
              JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
             WHERE g.organisation_id = current_organisation()
               AND (g.id::text = lower(t.written) OR g.address = t.written OR g.name = t.written)
               AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                            WHERE u.path BETWEEN root AND root || '~')) AS found ON true
         GROUP BY t.line
         ORDER BY t.line
        """,
        lines=lines,
        paths=paths,
    )


async def see(
    conn: db.Conn,
    id: ClusterId,
    groups: list[UUID],
    *,
    seen_at: datetime,
    by: UUID,
    label: str,
    now: datetime,
) -> int:
    """Note the groups in which somebody of the desk saw it; return how many were new.

    Of what is noted already, the earlier time holds.
    """
    written = await db.one(
        conn,
        Written,
        """
        WITH noted AS (
            INSERT INTO sighting AS s (organisation_id, cluster_id, group_id, first_seen_at,
                                       source, noted_by, noted_label, noted_at)
            SELECT current_organisation(), %(id)s, group_id, %(seen_at)s, 'operator', %(by)s,
                   %(label)s, %(now)s
              FROM unnest(%(groups)s::uuid[]) AS group_id
             ORDER BY group_id
            ON CONFLICT (organisation_id, cluster_id, group_id) DO UPDATE
               SET first_seen_at = least(s.first_seen_at, excluded.first_seen_at)
            RETURNING xmax = 0 AS is_new
        )
        SELECT (count(*) FILTER (WHERE is_new))::int AS new FROM noted
        """,
        id=id,
        groups=groups,
        seen_at=seen_at,
        by=by,
        label=label,
        now=now,
    )
    return written.new


async def close(
    conn: db.Conn, id: ClusterId, verdict: Verdict, *, by: UUID, label: str, now: datetime
) -> None:
    """Say what people found of it."""
    await db.run(
        conn,
        """
        UPDATE cluster
           SET verdict = %(verdict)s::text::cluster_verdict, closed_by = %(by)s,
               closed_label = %(label)s, closed_at = %(now)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        verdict=verdict.value,
        by=by,
        label=label,
        now=now,
    )


async def forget(conn: db.Conn, *, now: datetime) -> list[Forgotten]:
    """Delete the wordings that were kept long enough; return whose."""
    return await db.many(
        conn,
        Forgotten,
        """
        UPDATE cluster SET sealed_text = NULL
         WHERE organisation_id = current_organisation() AND sealed_text IS NOT NULL
           AND text_until <= %(now)s
        RETURNING id
        """,
        now=now,
    )
