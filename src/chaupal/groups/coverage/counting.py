"""The count of coverage for every unit at once, in statements that touch only what differs."""

from dataclasses import dataclass
from datetime import date, datetime

from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class LastCount:
    """When the coverage of an organisation was counted, and what has happened since."""

    counted_at: datetime
    on_day: date
    changed: bool


async def take_turn(conn: db.Conn) -> None:
    """Wait for whoever counts for this organisation; holds until the transaction ends."""
    await db.run(
        conn,
        """
        SELECT pg_advisory_xact_lock(hashtextextended('coverage', current_organisation()))
        """,
    )


async def last_count(conn: db.Conn) -> LastCount | None:
    """Return when coverage was counted, or None where it never was."""
    return await db.maybe(
        conn,
        LastCount,
        """
        SELECT counted_at, on_day,
               EXISTS (SELECT FROM coverage_change
                        WHERE organisation_id = current_organisation()) AS changed
          FROM coverage_count WHERE organisation_id = current_organisation()
        """,
    )


async def forget_changes(conn: db.Conn) -> int:
    """Take note of the changes so far. What commits later is noted for the next count."""
    return await db.run(
        conn, "DELETE FROM coverage_change WHERE organisation_id = current_organisation()"
    )


async def allow_memory(conn: db.Conn) -> None:
    """Let this transaction sort in memory what is a few megabytes for a whole state."""
    await db.run(conn, "SET LOCAL work_mem = '32MB'")


async def note(conn: db.Conn, *, now: datetime, on_day: date, took_ms: int) -> int:
    """Write down that coverage was counted."""
    return await db.run(
        conn,
        """
        INSERT INTO coverage_count (organisation_id, counted_at, on_day, took_ms)
        VALUES (current_organisation(), %(now)s, %(on_day)s, %(took_ms)s)
        ON CONFLICT (organisation_id)
        DO UPDATE SET counted_at = excluded.counted_at, on_day = excluded.on_day,
                      took_ms = excluded.took_ms
        """,
        now=now,
        on_day=on_day,
        took_ms=took_ms,
    )


async def count_all(conn: db.Conn, *, today: date, stale_before: datetime) -> int:
    """Count every unit with everything below it; return how many rows were not right any more.

    Each unit's own facts are added to the unit and to every unit above it. An executive is
    whoever holds a post at the root of the group's own tree on `today`.
    """
    return await db.run(
        conn,
        """
        WITH executive AS MATERIALIZED (
            SELECT DISTINCT u.number AS root, coalesce(p.person_id, c.person_id) AS person_id
              FROM unit u
              JOIN post p ON p.organisation_id = u.organisation_id AND p.unit_id = u.id
              LEFT JOIN account c ON c.organisation_id = p.organisation_id AND c.id = p.account_id
             WHERE u.organisation_id = current_organisation() AND u.parent_id IS NULL
               AND p.since <= %(today)s AND (p.until IS NULL OR p.until >= %(today)s)
        ), guided AS MATERIALIZED (
            SELECT DISTINCT e.root, a.group_id
              FROM executive e
              JOIN group_admin a ON a.organisation_id = current_organisation()
                                AND a.person_id = e.person_id AND a.left_at IS NULL
        ), admins AS MATERIALIZED (
            SELECT group_id, count(*) AS live FROM group_admin
             WHERE organisation_id = current_organisation() AND left_at IS NULL GROUP BY 1
        ), categorised AS MATERIALIZED (
            SELECT DISTINCT group_id FROM group_category
             WHERE organisation_id = current_organisation()
        ), live AS MATERIALIZED (
            SELECT g.unit_id, g.purpose = 'public' AS public, g.size, g.size_at,
                   coalesce(a.live, 0) AS admins, c.group_id IS NOT NULL AS categorised,
                   x.group_id IS NOT NULL AS guided
              FROM chat_group g
              JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
              LEFT JOIN admins a ON a.group_id = g.id
              LEFT JOIN categorised c ON c.group_id = g.id
              LEFT JOIN guided x ON x.group_id = g.id
                                AND x.root = split_part(u.path, '/', 2)::integer
             WHERE g.organisation_id = current_organisation() AND g.archived_at IS NULL
        ), held AS MATERIALIZED (
            SELECT unit_id, count(*) AS groups, count(*) FILTER (WHERE admins = 0) AS no_admin,
                   count(*) FILTER (WHERE admins = 1) AS one_admin,
                   count(*) FILTER (WHERE categorised) AS category_groups,
                   count(*) FILTER (WHERE categorised AND NOT guided) AS no_executive,
                   count(*) FILTER (WHERE public) AS public_groups,
                   count(*) FILTER (WHERE public AND size_at IS NOT NULL) AS sized,
                   count(*) FILTER (WHERE public AND size_at < %(stale_before)s) AS stale,
                   coalesce(sum(size) FILTER (WHERE public AND size_at IS NOT NULL), 0) AS members,
                   min(size_at) FILTER (WHERE public) AS oldest,
                   max(size_at) FILTER (WHERE public) AS newest
              FROM live GROUP BY unit_id
        ), deepest AS MATERIALIZED (
            SELECT max(rank) AS rank FROM level WHERE organisation_id = current_organisation()
        ), rolled AS MATERIALIZED (
            SELECT line.number, count(*) FILTER (WHERE own.booth) AS booths,
                   count(*) FILTER (WHERE own.booth AND h.public_groups > 0) AS covered,
                   coalesce(sum(h.groups), 0) AS groups,
                   coalesce(sum(h.no_admin), 0) AS no_admin,
                   coalesce(sum(h.one_admin), 0) AS one_admin,
                   coalesce(sum(h.category_groups), 0) AS category_groups,
                   coalesce(sum(h.no_executive), 0) AS no_executive,
                   coalesce(sum(h.public_groups), 0) AS public_groups,
                   coalesce(sum(h.sized), 0) AS sized, coalesce(sum(h.stale), 0) AS stale,
                   coalesce(sum(h.members), 0) AS members,
                   min(h.oldest) AS oldest, max(h.newest) AS newest
              FROM (SELECT u.id, u.path,
                           u.level_rank = d.rank
                           AND (u.ended_on IS NULL OR u.ended_on > %(today)s) AS booth
                      FROM unit u CROSS JOIN deepest d
                     WHERE u.organisation_id = current_organisation()) AS own
              LEFT JOIN held h ON h.unit_id = own.id
             CROSS JOIN LATERAL unnest(numbers_above(own.path)) AS line (number)
             GROUP BY line.number
        ), named AS MATERIALIZED (
            SELECT number, jsonb_object_agg(category_key, groups) AS by_category
              FROM (SELECT line.number, own.category_key, sum(own.groups)::integer AS groups
                      FROM (SELECT g.unit_id, c.category_key, count(*) AS groups
                              FROM group_category c
                              JOIN chat_group g ON g.organisation_id = c.organisation_id
                                               AND g.id = c.group_id AND g.archived_at IS NULL
                             WHERE c.organisation_id = current_organisation()
                             GROUP BY 1, 2) AS own
                      JOIN unit u ON u.organisation_id = current_organisation()
                                 AND u.id = own.unit_id
                     CROSS JOIN LATERAL unnest(numbers_above(u.path)) AS line (number)
                     GROUP BY 1, 2) AS each
             GROUP BY number
        ), counted AS MATERIALIZED (
            SELECT u.organisation_id, u.id AS unit_id, r.booths::integer, r.covered::integer,
                   r.groups::integer, r.no_admin::integer, r.one_admin::integer,
                   r.category_groups::integer, r.no_executive::integer, r.public_groups::integer,
                   r.sized::integer, r.stale::integer, r.members::bigint, r.oldest, r.newest,
                   coalesce(n.by_category, '{}'::jsonb) AS by_category
              FROM unit u
              JOIN rolled r ON r.number = u.number
              LEFT JOIN named n ON n.number = u.number
             WHERE u.organisation_id = current_organisation()
        )
        INSERT INTO coverage (organisation_id, unit_id, booths, booths_covered, groups,
                              groups_no_admin, groups_one_admin, category_groups,
                              groups_no_executive, public_groups, sized_groups, stale_groups,
                              members, oldest_size_at, newest_size_at, by_category)
        SELECT c.* FROM counted c
          LEFT JOIN coverage o ON o.organisation_id = c.organisation_id AND o.unit_id = c.unit_id
         WHERE o IS DISTINCT FROM c
        ON CONFLICT (organisation_id, unit_id) DO UPDATE
           SET booths = excluded.booths, booths_covered = excluded.booths_covered,
               groups = excluded.groups, groups_no_admin = excluded.groups_no_admin,
               groups_one_admin = excluded.groups_one_admin,
               category_groups = excluded.category_groups,
               groups_no_executive = excluded.groups_no_executive,
               public_groups = excluded.public_groups, sized_groups = excluded.sized_groups,
               stale_groups = excluded.stale_groups, members = excluded.members,
               oldest_size_at = excluded.oldest_size_at,
               newest_size_at = excluded.newest_size_at, by_category = excluded.by_category
        """,
        today=today,
        stale_before=stale_before,
    )
