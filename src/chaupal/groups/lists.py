"""Lists of groups, unit by unit, and how long such a list is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaupal.groups.models import Group, GroupFilter, GroupId, PageKey, judged
from chaupal.kit import db
from chaupal.kit.sound import search_key
from chaupal.organisations.models import Scope
from chaupal.people import pages as people

EVERYTHING = GroupFilter()
# Beyond this a list's length is told as "more than": nobody reads on, and counting costs.
COUNTED_TO = 10_000


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are."""

    groups: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a post at the top of the organisation."""

    person_id: UUID


@dataclass(frozen=True, slots=True)
class Judge:
    """What decides besides the group itself: how old a size may be, and who is an executive."""

    stale_before: datetime
    executives: list[UUID]


def words_of(name: str) -> list[str]:
    """Return what the words of a name begin with, as they sound; nothing for an empty search."""
    return [f"% {word}%" for word in search_key(name).split()] if name.strip() else []


async def group_page(
    conn: db.Conn,
    *,
    scope: Scope,
    filter: GroupFilter = EVERYTHING,
    after: PageKey | None = None,
    limit: int = 50,
    now: datetime,
) -> list[Group]:
    """Return the groups within `scope` that pass `filter` and follow `after`.

    Ordered unit by unit, then by name. Each part of the tree that somebody may see is read as
    one range of the units' own index, so that a page costs what it shows.
    """
    found: list[Group] = []
    for top in await people.tops(conn, scope, filter.unit):  # as many as somebody has posts
        if len(found) < limit and (after is None or top + "~" > after.unit_path):
            found += await _page(
                conn,
                top,
                filter=filter,
                after=after,
                limit=limit - len(found),
                judge=await judge_of(conn, top, filter, now),
            )
    return found


async def page_key(conn: db.Conn, group: GroupId) -> PageKey | None:
    """Return where in the order a group stands, whoever may see it."""
    return await db.maybe(
        conn,
        PageKey,
        """
        SELECT u.path AS unit_path, g.name, g.id
          FROM chat_group g
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE g.organisation_id = current_organisation() AND g.id = %(group)s
        """,
        group=group,
    )


async def total(conn: db.Conn, *, scope: Scope, filter: GroupFilter, now: datetime) -> int:
    """Count the groups of a list: exactly where only a unit or a purpose is asked for.

    Otherwise up to COUNTED_TO and one more, which stands for "more than that".
    """
    tops = await people.tops(conn, scope, filter.unit)
    if filter.is_plain:
        return (await _tallied(conn, tops, purpose=filter.purpose)).groups
    return await passing(conn, tops, filter=filter, counted_to=COUNTED_TO, now=now)


async def passing(
    conn: db.Conn, under: list[str], *, filter: GroupFilter, counted_to: int, now: datetime
) -> int:
    """Count the groups under these paths that pass `filter`, up to `counted_to` and one more."""
    counted = 0
    for top in under:  # as many as somebody has posts
        limit, judge = counted_to + 1 - counted, await judge_of(conn, top, filter, now)
        counted += (await _counted(conn, top, filter=filter, limit=limit, judge=judge)).groups
    return counted


async def judge_of(conn: db.Conn, top: str, filter: GroupFilter, now: datetime) -> Judge:
    """Return what the groups under `top` are judged by; nobody is looked up without need."""
    day = judged(now)
    if not filter.without_executive:
        return Judge(day.stale_before, [])
    holders = await db.many(
        conn,
        Holder,
        """
        SELECT DISTINCT coalesce(t.person_id, c.person_id) AS person_id
          FROM unit top
          JOIN post t ON t.organisation_id = top.organisation_id AND t.unit_id = top.id
          LEFT JOIN account c ON c.organisation_id = t.organisation_id AND c.id = t.account_id
         WHERE top.organisation_id = current_organisation() AND top.parent_id IS NULL
           AND top.number = split_part(%(top)s::text, '/', 2)::integer
           AND t.since <= %(today)s AND (t.until IS NULL OR t.until >= %(today)s)
           AND coalesce(t.person_id, c.person_id) IS NOT NULL
        """,
        top=top,
        today=day.today,
    )
    return Judge(day.stale_before, [holder.person_id for holder in holders])


async def _page(
    conn: db.Conn,
    top: str,
    *,
    filter: GroupFilter,
    after: PageKey | None,
    limit: int,
    judge: Judge,
) -> list[Group]:
    return await db.many(
        conn,
        Group,
        """
        SELECT g.id, g.name, g.purpose::text AS purpose, g.channel, g.language, g.size, g.size_at,
               g.carries_notice, g.archived_at,
               g.unit_id, u.path AS unit_path, u.name_hi AS unit_name_hi,
               u.name_en AS unit_name_en,
               ARRAY(SELECT c.category_key FROM group_category c
                      WHERE c.organisation_id = g.organisation_id AND c.group_id = g.id
                      ORDER BY 1) AS categories,
               (SELECT count(*)::int FROM group_admin a
                 WHERE a.organisation_id = g.organisation_id AND a.group_id = g.id
                   AND a.left_at IS NULL) AS live_admins
          FROM unit u
          JOIN chat_group g ON g.organisation_id = u.organisation_id AND g.unit_id = u.id
         WHERE u.organisation_id = current_organisation()
           AND u.path >= coalesce(%(path)s::text, %(top)s::text)
           AND u.path >= %(top)s::text AND u.path <= %(top)s::text || '~'
           AND (%(path)s::text IS NULL
                OR (u.path, g.name, g.id) > (%(path)s::text, %(name)s::text, %(id)s::uuid))
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
         ORDER BY u.path, g.name, g.id
         LIMIT %(limit)s
        """,
        path=after.unit_path if after else None,
        name=after.name if after else None,
        id=after.id if after else None,
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


async def _tallied(conn: db.Conn, tops: list[str], *, purpose: str | None) -> Total:
    """Read how many live groups there are under `tops`, of which none lies in another.

    That is kept ready for every unit with everything below it.
    """
    return await db.one(
        conn,
        Total,
        """
        SELECT coalesce(sum(CASE %(purpose)s::text WHEN 'internal' THEN t.internal_groups
                                                   WHEN 'public' THEN t.public_groups
                                                   ELSE t.internal_groups + t.public_groups END),
                        0)::int AS groups
          FROM unit u
          JOIN unit_tally t ON t.organisation_id = u.organisation_id AND t.unit_id = u.id
         WHERE u.organisation_id = current_organisation() AND u.path = ANY(%(tops)s::text[])
        """,
        purpose=purpose,
        tops=tops,
    )


async def _counted(
    conn: db.Conn, top: str, *, filter: GroupFilter, limit: int, judge: Judge
) -> Total:
    """Count the groups of `_page`'s list, by the same conditions, up to `limit`."""
    return await db.one(
        conn,
        Total,
        """
        WITH found AS (
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
             LIMIT %(limit)s
        )
        SELECT count(*)::int AS groups FROM found
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
