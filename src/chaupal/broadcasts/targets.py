"""The statements that an audience is compiled into: counted, shown, examined, frozen.

They share one condition (compiler.where), so what the author sees counted is what is frozen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from psycopg.sql import SQL, Composed

from chaupal.broadcasts import known
from chaupal.broadcasts.audience import Expression, broadcast_ids, cluster_ids, unit_ids
from chaupal.broadcasts.compiler import Directory, Examined, Fit, Target, taken_apart, where
from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slice:
    """How many groups and members one branch of the tree has in an audience, by channel."""

    branch_id: UUID
    name_hi: str
    name_en: str
    channel: str
    groups: int
    members: int


@dataclass(frozen=True, slots=True)
class Total:
    """How many groups fit."""

    groups: int


@dataclass(frozen=True, slots=True)
class Frozen:
    """How many deliveries the freeze wrote."""

    targets: int


@dataclass(frozen=True, slots=True)
class GroupId:
    """Just which."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Place:
    """How many groups of an audience lie in one unit below the author's area, and how many of
    them in one unit of those below that. What lies right at a unit has no unit below it."""

    unit_id: UUID
    code: str
    name_hi: str
    name_en: str
    part_id: UUID | None
    part_code: str | None
    part_name_hi: str | None
    part_name_en: str | None
    groups: int


@dataclass(frozen=True, slots=True)
class Life:
    """From when to when a broadcast goes out, and how long each channel may take for a message.

    `electoral`: it counts as election matter, so that silences hold it back.
    """

    begins_at: datetime
    ends_at: datetime
    electoral: bool
    channels: list[str]
    lives: list[timedelta]

    def params(self) -> dict[str, Any]:
        """Return it as a statement's parameters."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Ahead:
    """How many targets on one channel will wait for one rule in one unit, from when and until when.

    `title` and `detail` are a poll's election and phase, or who stopped the area and why.
    """

    why: str
    code: str
    name_hi: str
    name_en: str
    title: str | None
    detail: str | None
    channel: str
    holds_from: datetime
    ends_at: datetime | None
    targets: int


# What lies ahead of `own`: so many targets of a unit's path, by channel.
AHEAD = SQL(
    """
    SELECT q.why, a.code, a.name_hi, a.name_en, coalesce(p.election, f.ordered_label) AS title,
           coalesce(p.phase, f.reason) AS detail, own.channel,
           q.starts_at - coalesce(line.life, interval '0') AS holds_from,
           nullif(q.ends_at, 'infinity') AS ends_at, sum(own.targets)::int AS targets
      FROM ({}) AS own
      LEFT JOIN unnest(%(channels)s::text[], %(lives)s::interval[]) AS line (channel, life)
        ON line.channel = own.channel
      JOIN stillness q ON q.organisation_id = (SELECT current_organisation())
       AND (%(electoral)s OR q.everything) AND q.ends_at > %(begins_at)s
       AND q.starts_at - coalesce(line.life, interval '0') < %(ends_at)s
       AND (own.path BETWEEN q.path AND q.path_end
            OR (q.reaches_up AND q.path BETWEEN own.path AND own.path_end))
      JOIN unit a ON a.organisation_id = q.organisation_id AND a.id = q.unit_id
      LEFT JOIN poll p ON p.organisation_id = q.organisation_id AND p.id = q.poll_id
      LEFT JOIN area_freeze f ON f.organisation_id = q.organisation_id AND f.id = q.id
     GROUP BY q.id, q.why, a.id, a.code, a.name_hi, a.name_en, p.election, p.phase,
              f.ordered_label, f.reason, own.channel, q.starts_at, line.life, q.ends_at
     ORDER BY holds_from, targets DESC, a.name_en, q.id, own.channel
     LIMIT %(limit)s
    """
)


@dataclass(frozen=True, slots=True)
class Member:
    """A group of an audience, and where it lies; the next page begins behind it."""

    id: UUID
    name: str
    channel: str
    unit_path: str
    unit_name_hi: str
    unit_name_en: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a group is in or out: three conditions that always hold, and each term by itself.

    `fits` follows the order of `audience.terms`: its first is the whole expression.
    """

    group_id: UUID
    is_live: bool
    is_of_purpose: bool
    is_inside: bool
    fits: list[bool]

    @property
    def is_in(self) -> bool:
        """Say whether the group is in the audience as things stand."""
        return self.is_live and self.is_of_purpose and self.is_inside and self.fits[0]


async def directory(conn: db.Conn, *expressions: Expression, paths: list[str]) -> Directory:
    """Return what `expressions` may name, as it is in this transaction, for an author who
    reaches `paths`."""
    units = [id for expression in expressions for id in unit_ids(expression)]
    earlier = [id for expression in expressions for id in broadcast_ids(expression)]
    going_round = [id for expression in expressions for id in cluster_ids(expression)]
    return Directory(
        paths={row.id: row.path for row in await known.unit_paths(conn, units)},
        levels={row.key: row.rank for row in await known.level_keys(conn)},
        categories=frozenset(row.key for row in await known.category_keys(conn)),
        broadcasts=(
            {row.id: row.frozen for row in await known.seen(conn, earlier, paths=paths)}
            if earlier
            else {}
        ),
        clusters=(
            frozenset(row.id for row in await known.clusters(conn, going_round, paths=paths))
            if going_round
            else frozenset()
        ),
    )


async def _fit(conn: db.Conn, target: Target) -> Fit:
    return where(target, await directory(conn, target.expression, paths=target.paths))


async def _rows(
    conn: db.Conn, kind: type[T], statement: Composed, fit: Fit | Examined, **more: object
) -> list[T]:
    if not fit.is_joined:
        return await db.composed(conn, kind, statement, {**fit.params, **more})
    await known.join_in_bulk(conn)
    rows = await db.composed(conn, kind, statement, {**fit.params, **more})
    await known.join_as_usual(conn)
    return rows


async def slices(conn: db.Conn, target: Target) -> list[Slice]:
    """Count an audience, branch by branch and channel by channel. A branch is a unit of the
    second storey (a division, say), or the root for groups that hang there."""
    fit = await _fit(conn, target)
    statement = SQL(
        """
        SELECT b.id AS branch_id, b.name_hi, b.name_en, fits.channel,
               sum(fits.groups)::int AS groups, sum(fits.members)::int AS members
          FROM (SELECT coalesce(nullif(split_part(u.path, '/', 3), ''),
                                split_part(u.path, '/', 2))::integer AS number,
                       g.channel, count(*) AS groups, sum(g.size) AS members
                  FROM {}
                 WHERE {}
                 GROUP BY 1, 2) AS fits
         CROSS JOIN LATERAL (
            SELECT id, name_hi, name_en FROM unit
             WHERE organisation_id = current_organisation() AND number = fits.number
             LIMIT 1) AS b  -- LIMIT: a handful of look-ups, not a hash of every unit
         GROUP BY b.id, b.name_hi, b.name_en, fits.channel
         ORDER BY b.name_en, b.id, fits.channel
        """
    ).format(fit.source, fit.condition)
    return await _rows(conn, Slice, statement, fit)


async def total(conn: db.Conn, target: Target) -> int:
    """Count an audience."""
    fit = await _fit(conn, target)
    statement = SQL(
        """
        SELECT count(*)::int AS groups
          FROM {}
         WHERE {}
        """
    ).format(fit.source, fit.condition)
    return (await _rows(conn, Total, statement, fit))[0].groups


async def members(conn: db.Conn, target: Target, *, limit: int) -> list[UUID]:
    """Return the groups themselves, for the property tests."""
    fit = await _fit(conn, target)
    statement = SQL(
        """
        SELECT g.id
          FROM {}
         WHERE {}
         ORDER BY g.id
         LIMIT {}
        """
    ).format(fit.source, fit.condition, limit)
    return [row.id for row in await _rows(conn, GroupId, statement, fit)]


async def places(conn: db.Conn, target: Target, *, tops: list[str], limit: int) -> list[Place]:
    """Count an audience by the units right below `tops` and those one step further down.

    `tops` are subtrees of which none lies in another. Most groups first.
    """
    fit = await _fit(conn, target)
    more = {"tops": tops, "limit": limit}
    statement = SQL(
        """
        SELECT b.id AS unit_id, b.code, b.name_hi, b.name_en, c.id AS part_id, c.code AS part_code,
               c.name_hi AS part_name_hi, c.name_en AS part_name_en, by_part.groups
          FROM (SELECT coalesce(nullif(split_part(own.path, '/', top.depth + 1), ''),
                                split_part(own.path, '/', top.depth))::integer AS number,
                       nullif(split_part(own.path, '/', top.depth + 2), '')::integer AS part,
                       sum(own.groups)::int AS groups
                  FROM (SELECT u.path, count(*) AS groups FROM {} WHERE {} GROUP BY 1) AS own
                  JOIN (SELECT path, length(path) - length(replace(path, '/', '')) AS depth
                          FROM unnest(%(tops)s::text[]) AS path) AS top
                    ON own.path BETWEEN top.path AND top.path || '~'
                 GROUP BY 1, 2) AS by_part
          JOIN unit b ON b.organisation_id = current_organisation() AND b.number = by_part.number
          LEFT JOIN unit c ON c.organisation_id = current_organisation()
                          AND c.number = by_part.part
         ORDER BY by_part.groups DESC, b.name_en, b.id, c.name_en, c.id
         LIMIT %(limit)s
        """
    ).format(fit.source, fit.condition)
    return await _rows(conn, Place, statement, fit, **more)


async def page(
    conn: db.Conn, target: Target, *, within: str, after: tuple[str, UUID] | None, limit: int
) -> list[Member]:
    """Return the groups of an audience that lie in the subtree `within`, unit by unit."""
    fit = await _fit(conn, target)
    more = {
        "within": within,
        "path": after[0] if after else None,
        "id": after[1] if after else None,
        "limit": limit,
    }
    statement = SQL(
        """
        SELECT g.id, g.name, g.channel, u.path AS unit_path, u.name_hi AS unit_name_hi,
               u.name_en AS unit_name_en
          FROM {}
         WHERE {} AND u.path BETWEEN %(within)s::text AND %(within)s::text || '~'
           AND (%(path)s::text IS NULL OR (u.path, g.id) > (%(path)s::text, %(id)s::uuid))
         ORDER BY u.path, g.id
         LIMIT %(limit)s
        """
    ).format(fit.source, fit.condition)
    return await _rows(conn, Member, statement, fit, **more)


async def verdicts(
    conn: db.Conn, target: Target, groups: list[UUID], *, readable: list[str]
) -> list[Verdict]:
    """Say of each of `groups` within the `readable` subtrees why it is in or out."""
    found = await directory(conn, target.expression, paths=target.paths)
    examined = taken_apart(target, found, readable=readable)
    statement = SQL(
        """
        SELECT g.id AS group_id, {} AS is_live, {} AS is_of_purpose, {} AS is_inside, {} AS fits
          FROM {}
         WHERE {} AND g.id = ANY(%(groups)s::uuid[])
        """
    ).format(
        examined.is_live,
        examined.is_of_purpose,
        examined.is_inside,
        examined.fits,
        examined.source,
        examined.readable,
    )
    return await _rows(conn, Verdict, statement, examined, groups=groups)


async def ahead(conn: db.Conn, target: Target, life: Life, *, limit: int) -> list[Ahead]:
    """Return what keeps groups of an audience waiting within a broadcast's life."""
    fit = await _fit(conn, target)
    own = SQL(
        """
        SELECT u.path, u.path_end, g.channel, count(*) AS targets
          FROM {}
         WHERE {}
         GROUP BY u.path, u.path_end, g.channel
        """
    ).format(fit.source, fit.condition)
    return await _rows(conn, Ahead, AHEAD.format(own), fit, limit=limit, **life.params())


async def ahead_of(conn: db.Conn, id: BroadcastId, life: Life, *, limit: int) -> list[Ahead]:
    """Return what keeps those waiting who are still open of a broadcast that is under way."""
    own = SQL(
        """
        SELECT u.path, u.path_end, coalesce(s.channel, g.channel) AS channel, count(*) AS targets
          FROM delivery d
          LEFT JOIN sender s ON s.organisation_id = d.organisation_id AND s.id = d.sender_id
          LEFT JOIN chat_group g ON g.organisation_id = d.organisation_id AND g.id = d.group_id
          LEFT JOIN person m ON m.organisation_id = d.organisation_id AND m.id = d.person_id
          JOIN unit u ON u.organisation_id = d.organisation_id
                     AND u.id = coalesce(g.unit_id, m.unit_id)
         WHERE d.organisation_id = (SELECT current_organisation())
           AND d.broadcast_id = %(broadcast)s AND d.state IN ('queued', 'tasked')
         GROUP BY u.path, u.path_end, coalesce(s.channel, g.channel)
        """
    )
    more = {"broadcast": id, "limit": limit, **life.params()}
    return await db.composed(conn, Ahead, AHEAD.format(own), more)


async def freeze(
    conn: db.Conn, id: BroadcastId, target: Target, *, languages: list[str], due_at: datetime
) -> int:
    """Write one delivery for each group that fits, in one statement, and return how many.

    Each group gets the text in its own language where there is one, otherwise the first of
    `languages`. The unique key keeps a group from ever standing here twice. None of them is sent
    before `due_at`.
    """
    fit = await _fit(conn, target)
    more = {"broadcast": id, "languages": languages, "due_at": due_at}
    statement = SQL(
        """
        WITH written AS (
            INSERT INTO delivery (organisation_id, broadcast_id, group_id, sender_id, branch_id,
                                  language, due_at)
            SELECT g.organisation_id, %(broadcast)s, g.id, g.sender_id, b.id,
                   CASE WHEN g.language = ANY(%(languages)s) THEN g.language
                        ELSE (%(languages)s::text[])[1] END,
                   %(due_at)s
              FROM {}
              JOIN unit b ON b.organisation_id = u.organisation_id
                         AND b.number = coalesce(nullif(split_part(u.path, '/', 3), ''),
                                                 split_part(u.path, '/', 2))::integer
             WHERE {}
            RETURNING 1
        )
        SELECT count(*)::int AS targets FROM written
        """
    ).format(fit.source, fit.condition)
    return (await _rows(conn, Frozen, statement, fit, **more))[0].targets
