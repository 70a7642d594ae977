"""Every statement that changes the tree: units found, renamed, rehung and ended, with history."""

from dataclasses import dataclass
from datetime import date, datetime

from chaupal.kit import db, digits
from chaupal.organisations.models import Scope, Unit, UnitId
from chaupal.organisations.tree.models import Placed, Weight


@dataclass(frozen=True, slots=True)
class Since:
    """A day."""

    day: date


@dataclass(frozen=True, slots=True)
class Offices:
    """How many offices closed."""

    offices: int


async def placed(conn: db.Conn, id: UnitId, *, scope: Scope) -> Placed | None:
    """Return a unit within `scope`, whether it is still there or not."""
    return await db.maybe(
        conn,
        Placed,
        """
        SELECT id, parent_id, level_rank, code, name_hi, name_en, path, path_end, since, ended_on
          FROM unit u
         WHERE organisation_id = current_organisation() AND id = %(id)s
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        id=id,
        paths=scope.paths(),
    )


async def coded(conn: db.Conn, code: str) -> Placed | None:
    """Return the unit with this code, ended ones as well: a code is never used twice.

    Digits may be in any script.
    """
    return await db.maybe(
        conn,
        Placed,
        """
        SELECT id, parent_id, level_rank, code, name_hi, name_en, path, path_end, since, ended_on
          FROM unit
         WHERE organisation_id = current_organisation() AND code = ANY(%(codes)s::text[])
         ORDER BY code = %(code)s DESC LIMIT 1
        """,
        code=code,
        codes=digits.spellings(code),
    )


async def weight(conn: db.Conn, unit: Unit) -> Weight:
    """Return what hangs at a unit that the caller found within a Scope."""
    return await db.one(
        conn,
        Weight,
        """
        SELECT (SELECT count(*)::int FROM unit
                 WHERE organisation_id = current_organisation() AND ended_on IS NULL
                   AND path BETWEEN %(path)s AND %(path)s || '~') AS units,
               coalesce(sum(people), 0)::int AS people,
               coalesce(sum(internal_groups), 0)::int AS internal_groups,
               coalesce(sum(public_groups), 0)::int AS public_groups
          FROM unit_tally
         WHERE organisation_id = current_organisation() AND unit_id = %(id)s
        """,
        id=unit.id,
        path=unit.path,
    )


async def existed_since(conn: db.Conn, id: UnitId) -> date:
    """Return the first day on which a unit is known to have been there."""
    row = await db.one(
        conn,
        Since,
        """
        SELECT least(u.since, min(p.since)) AS day
          FROM unit u
          LEFT JOIN unit_past p ON p.organisation_id = u.organisation_id AND p.unit_id = u.id
         WHERE u.organisation_id = current_organisation() AND u.id = %(id)s
         GROUP BY u.id, u.since
        """,
        id=id,
    )
    return row.day


async def needed_until(conn: db.Conn, id: UnitId) -> date:
    """Return the first day from which history does not need a unit where it is: its own spell
    and those of everything that ever hung directly from it had begun or were over."""
    row = await db.one(
        conn,
        Since,
        """
        SELECT greatest(u.since,
                        (SELECT max(greatest(c.since, c.ended_on)) FROM unit c
                          WHERE c.organisation_id = u.organisation_id AND c.parent_id = u.id),
                        (SELECT max(p.until) FROM unit_past p
                          WHERE p.organisation_id = u.organisation_id AND p.parent_id = u.id))
               AS day
          FROM unit u
         WHERE u.organisation_id = current_organisation() AND u.id = %(id)s
        """,
        id=id,
    )
    return row.day


async def children(conn: db.Conn, parent: UnitId) -> list[Placed]:
    """Return what hangs directly from a unit today; the caller found it within a Scope."""
    return await db.many(
        conn,
        Placed,
        """
        SELECT id, parent_id, level_rank, code, name_hi, name_en, path, path_end, since, ended_on
          FROM unit
         WHERE organisation_id = current_organisation() AND parent_id = %(parent)s
           AND ended_on IS NULL
         ORDER BY name_en, id
        """,
        parent=parent,
    )


async def keep_past(conn: db.Conn, ids: list[UnitId], *, until: date) -> int:
    """Write down what held of these units until a day. A spell of no day leaves no trace."""
    return await db.run(
        conn,
        """
        INSERT INTO unit_past (organisation_id, unit_id, since, until, parent_id, level_rank,
                               name_hi, name_en)
        SELECT organisation_id, id, since, %(until)s, parent_id, level_rank, name_hi, name_en
          FROM unit
         WHERE organisation_id = current_organisation() AND id = ANY(%(ids)s::uuid[])
           AND since < %(until)s
        """,
        ids=ids,
        until=until,
    )


async def shift(conn: db.Conn, ids: list[UnitId], parents: list[UnitId]) -> int:
    """Take the sums of units off the lines they hang from, and add them to their new ones.

    Before `rehang`, while both lines can be read, and after `hold`, when nobody else can add.
    """
    return await db.run(
        conn,
        """
        WITH moves AS (
            SELECT u.number, u.path AS old, p.path AS new, sum(t.people) AS people,
                   sum(t.internal_groups) AS internal, sum(t.public_groups) AS public
              FROM unnest(%(ids)s::uuid[], %(parents)s::uuid[]) AS m (id, parent_id)
              JOIN unit u ON u.organisation_id = current_organisation() AND u.id = m.id
              JOIN unit p ON p.organisation_id = current_organisation() AND p.id = m.parent_id
              JOIN unit_tally t ON t.organisation_id = u.organisation_id AND t.unit_id = u.id
             GROUP BY u.number, u.path, p.path
        )
        INSERT INTO unit_tally (organisation_id, unit_id, people, internal_groups, public_groups)
        SELECT above.organisation_id, above.id, sum(line.sign * people),
               sum(line.sign * internal), sum(line.sign * public)
          FROM moves
         CROSS JOIN LATERAL (SELECT number, -1 AS sign FROM unnest(numbers_above(old)) AS number
                             UNION ALL
                             SELECT number, 1 FROM unnest(numbers_above(new)) AS number) AS line
          JOIN unit above ON above.organisation_id = current_organisation()
                         AND above.number = line.number
         WHERE line.number <> moves.number
         GROUP BY 1, 2
        HAVING sum(line.sign * people) <> 0 OR sum(line.sign * internal) <> 0
            OR sum(line.sign * public) <> 0
        """,
        ids=ids,
        parents=parents,
    )


async def rehang(conn: db.Conn, ids: list[UnitId], parents: list[UnitId], *, since: date) -> int:
    """Hang units from others, and give everything below them its new path: one statement."""
    return await db.run(
        conn,
        """
        UPDATE unit u
           SET path = m.new || substr(u.path, length(m.old) + 1),
               parent_id = CASE WHEN u.id = m.id THEN m.parent_id ELSE u.parent_id END,
               since = CASE WHEN u.id = m.id THEN %(since)s ELSE u.since END
          FROM (SELECT m.id, m.parent_id, top.path AS old, top.path_end AS old_end,
                       p.path || top.number || '/' AS new
                  FROM unnest(%(ids)s::uuid[], %(parents)s::uuid[]) AS m (id, parent_id)
                  JOIN unit top ON top.organisation_id = current_organisation()
                               AND top.id = m.id
                  JOIN unit p ON p.organisation_id = current_organisation()
                             AND p.id = m.parent_id) AS m
         WHERE u.organisation_id = current_organisation() AND u.path BETWEEN m.old AND m.old_end
        """,
        ids=ids,
        parents=parents,
        since=since,
    )


async def rename(
    conn: db.Conn, id: UnitId, *, name_hi: str, name_en: str, search_key: str, since: date
) -> None:
    """Call a unit something else from a day on."""
    await db.run(
        conn,
        """
        UPDATE unit SET name_hi = %(name_hi)s, name_en = %(name_en)s,
                        search_key = %(search_key)s, since = %(since)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        name_hi=name_hi,
        name_en=name_en,
        search_key=search_key,
        since=since,
    )


async def add(
    conn: db.Conn,
    ids: list[UnitId],
    *,
    parent: UnitId | None,
    level_rank: int,
    codes: list[str],
    names_hi: list[str],
    names_en: list[str],
    search_keys: list[str],
    since: date,
) -> int:
    """Add units of one level below `parent`, in this order."""
    return await db.run(
        conn,
        """
        INSERT INTO unit (organisation_id, id, number, parent_id, level_rank, code, name_hi,
                          name_en, path, search_key, since)
        SELECT p.organisation_id, n.id, top.number + n.turn, p.id, %(level_rank)s, n.code,
               n.name_hi, n.name_en, p.path || (top.number + n.turn) || '/', n.search_key,
               %(since)s
          FROM unnest(%(ids)s::uuid[], %(codes)s::text[], %(names_hi)s::text[],
                      %(names_en)s::text[], %(search_keys)s::text[])
               WITH ORDINALITY AS n (id, code, name_hi, name_en, search_key, turn)
          JOIN unit p ON p.organisation_id = current_organisation() AND p.id = %(parent)s
         CROSS JOIN (SELECT max(number) AS number FROM unit
                      WHERE organisation_id = current_organisation()) AS top
        """,
        ids=ids,
        parent=parent,
        level_rank=level_rank,
        codes=codes,
        names_hi=names_hi,
        names_en=names_en,
        search_keys=search_keys,
        since=since,
    )


async def close_offices(
    conn: db.Conn, unit: UnitId, *, on_day: date, last_day: date, now: datetime
) -> int:
    """End every term at a unit, and its offices with them; return how many offices closed."""
    row = await db.one(
        conn,
        Offices,
        """
        WITH over AS (
            UPDATE post SET planned_until = until, ended_at = %(now)s,
                            until = greatest(since - 1, %(last_day)s)
             WHERE organisation_id = current_organisation() AND unit_id = %(unit)s
               AND (until IS NULL OR until > greatest(since - 1, %(last_day)s))
        ), closed AS (
            UPDATE office SET abolished_on = greatest(since, %(on_day)s)
             WHERE organisation_id = current_organisation() AND unit_id = %(unit)s
               AND abolished_on IS NULL
            RETURNING 1
        )
        SELECT count(*)::int AS offices FROM closed
        """,
        unit=unit,
        on_day=on_day,
        last_day=last_day,
        now=now,
    )
    return row.offices


async def hand_accounts(conn: db.Conn, unit: UnitId, *, to: UnitId) -> int:
    """Let the administrators of another unit look after the accounts that were opened at one."""
    return await db.run(
        conn,
        """
        UPDATE account SET unit_id = %(to)s
         WHERE organisation_id = current_organisation() AND unit_id = %(unit)s
        """,
        unit=unit,
        to=to,
    )


async def succeed(
    conn: db.Conn, from_ids: list[UnitId], to_ids: list[UnitId], *, kind: str, on_day: date
) -> int:
    """Write down what became of units."""
    return await db.run(
        conn,
        """
        INSERT INTO unit_succession (organisation_id, from_id, to_id, kind, on_day)
        SELECT current_organisation(), from_id, to_id, %(kind)s::succession, %(on_day)s
          FROM unnest(%(from_ids)s::uuid[], %(to_ids)s::uuid[]) AS s (from_id, to_id)
        ON CONFLICT DO NOTHING
        """,
        from_ids=from_ids,
        to_ids=to_ids,
        kind=kind,
        on_day=on_day,
    )


async def end(conn: db.Conn, id: UnitId, *, on_day: date) -> None:
    """Let a unit be no more from a day on. It keeps its place, so that history can be read."""
    await db.run(
        conn,
        """
        UPDATE unit SET ended_on = %(on_day)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        on_day=on_day,
    )


async def alike(
    conn: db.Conn, *, code: str, search_key: str, ranks: list[int], scope_paths: list[str]
) -> list[Unit]:
    """Return units of today under these paths and of these levels, by code or by part of a name."""
    return await db.many(
        conn,
        Unit,
        """
        SELECT id, parent_id, level_rank, code, name_hi, name_en, path, path_end
          FROM unit u
         WHERE organisation_id = current_organisation() AND ended_on IS NULL
           AND level_rank = ANY(%(ranks)s::int[])
           AND (lower(code) = lower(%(code)s) OR position(%(search_key)s IN search_key) > 0)
           AND EXISTS (SELECT FROM unnest(%(scope_paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY lower(code) = lower(%(code)s) DESC, level_rank DESC, name_en, id
         LIMIT 20
        """,
        code=code,
        search_key=search_key,
        ranks=ranks,
        scope_paths=scope_paths,
    )
