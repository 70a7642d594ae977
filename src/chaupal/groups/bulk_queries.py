"""Every statement of bulk actions: choosing groups once, and changing all of them at once."""

from datetime import datetime

from chaupal.groups.lists import Judge, words_of
from chaupal.groups.models import GroupFilter
from chaupal.kit import db


async def prepare(conn: db.Conn) -> None:
    """Make the table that holds which groups were chosen, for this transaction."""
    await db.run(
        conn,
        "CREATE TEMPORARY TABLE chosen_group (LIKE public.chosen_group INCLUDING ALL)"
        " ON COMMIT DROP",
    )


async def choose(conn: db.Conn, top: str, *, filter: GroupFilter, judge: Judge, limit: int) -> int:
    """Choose the groups under `top` that pass `filter`, as the list of groups does."""
    return await db.run(
        conn,
        """
        INSERT INTO chosen_group (group_id)
        SELECT g.id
          FROM unit u
          JOIN chat_group g ON g.organisation_id = u.organisation_id AND g.unit_id = u.id
         WHERE u.organisation_id = current_organisation()
           AND u.path >= %(top)s::text AND u.path <= %(top)s::text || '~'
           AND (g.archived_at IS NOT NULL) = %(archived)s::boolean
           AND (%(purpose)s::text IS NULL OR g.purpose = %(purpose)s::text::group_purpose)
           AND (%(channel)s::text IS NULL OR g.channel = %(channel)s::text)
           AND (%(language)s::text IS NULL OR g.language = %(language)s::text)
           AND (NOT %(without_notice)s::boolean OR NOT g.carries_notice)
           AND (%(size)s::text IS NULL
                OR CASE %(size)s::text WHEN 'unknown' THEN g.size_at IS NULL
                                       WHEN 'known' THEN g.size_at IS NOT NULL
                                       ELSE g.size_at < %(stale_before)s::timestamptz END)
           AND (cardinality(%(words)s::text[]) = 0
                OR ' ' || translate(g.search_key, '|', ' ') LIKE ALL (%(words)s::text[]))
           AND (%(category)s::text IS NULL OR EXISTS (
                   SELECT FROM group_category c
                    WHERE c.organisation_id = g.organisation_id AND c.group_id = g.id
                      AND c.category_key = %(category)s::text))
           AND (NOT %(categorised)s::boolean OR EXISTS (
                   SELECT FROM group_category c
                    WHERE c.organisation_id = g.organisation_id AND c.group_id = g.id))
           AND (NOT %(without_executive)s::boolean OR NOT EXISTS (
                   SELECT FROM group_admin a
                    WHERE a.organisation_id = g.organisation_id AND a.group_id = g.id
                      AND a.left_at IS NULL AND a.person_id = ANY(%(executives)s::uuid[])))
           AND (%(admins)s::text IS NULL OR %(admins)s::text = (
                   SELECT CASE count(*) WHEN 0 THEN 'none' WHEN 1 THEN 'one' ELSE 'several' END
                     FROM group_admin a
                    WHERE a.organisation_id = g.organisation_id AND a.group_id = g.id
                      AND a.left_at IS NULL))
         ORDER BY u.path, g.id
         LIMIT %(limit)s
           FOR UPDATE OF g
        """,
        top=top,
        archived=filter.archived,
        purpose=filter.purpose,
        channel=filter.channel,
        language=filter.language,
        without_notice=filter.without_notice,
        size=filter.size,
        stale_before=judge.stale_before,
        words=words_of(filter.name_contains),
        category=filter.category,
        categorised=filter.categorised or filter.without_executive,
        without_executive=filter.without_executive,
        executives=judge.executives,
        admins=filter.admins,
        limit=limit,
    )


async def join(conn: db.Conn, category: str, *, now: datetime) -> int:
    """Put those chosen into a category, unless they are in it."""
    return await db.run(
        conn,
        """
        INSERT INTO group_category (organisation_id, category_key, group_id, since)
        SELECT current_organisation(), %(category)s, group_id, %(now)s FROM chosen_group
        ON CONFLICT DO NOTHING
        """,
        category=category,
        now=now,
    )


async def leave(conn: db.Conn, category: str, *, now: datetime) -> int:
    """Take those chosen out of a category, and remember since when they were in it."""
    return await db.run(
        conn,
        """
        WITH gone AS (
            DELETE FROM group_category c
             USING chosen_group chosen
             WHERE c.organisation_id = current_organisation()
               AND c.category_key = %(category)s AND c.group_id = chosen.group_id
            RETURNING c.group_id, c.since
        )
        INSERT INTO group_category_past (organisation_id, group_id, category_key, since, until)
        SELECT current_organisation(), group_id, %(category)s, since, greatest(since, %(now)s)
          FROM gone
        ON CONFLICT DO NOTHING
        """,
        category=category,
        now=now,
    )


async def archive(conn: db.Conn, *, now: datetime) -> int:
    """Take those chosen out of every later audience."""
    return await db.run(
        conn,
        """
        UPDATE chat_group g SET archived_at = %(now)s
          FROM chosen_group c
         WHERE g.organisation_id = current_organisation() AND g.id = c.group_id
           AND g.archived_at IS NULL
        """,
        now=now,
    )
