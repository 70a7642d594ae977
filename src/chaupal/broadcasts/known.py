"""Every statement that asks what an expression may name: what exists, and for whom."""

from dataclasses import dataclass
from uuid import UUID

from chaupal.kit import db
from chaupal.organisations.models import Scope


@dataclass(frozen=True, slots=True)
class UnitPath:
    """Where a named unit stands."""

    id: UUID
    path: str


@dataclass(frozen=True, slots=True)
class LevelKey:
    """A storey's key and rank."""

    key: str
    rank: int


@dataclass(frozen=True, slots=True)
class CategoryKey:
    """A category that exists."""

    key: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A broadcast that somebody may see, and whether its audience is fixed."""

    id: UUID
    frozen: bool


@dataclass(frozen=True, slots=True)
class Title:
    """What a broadcast is called."""

    id: UUID
    title: str


async def join_in_bulk(conn: db.Conn) -> None:
    """Let what follows join whole sets. Before anybody has counted a table PostgreSQL takes it
    for tiny, and a loop over 100,000 groups for each of its rows is minutes."""
    await db.run(
        conn,
        """
        SELECT set_config('enable_nestloop', 'off', true), set_config('work_mem', '32MB', true)
        """,
    )


async def join_in_key_order(conn: db.Conn) -> None:
    """Let what follows walk through the indexes of large tables side by side, where it reads most
    of them. PostgreSQL takes every disk for a turning one, sorts millions rather than follow an
    index, and sorts them once more for the answer."""
    await db.run(conn, "SELECT set_config('random_page_cost', '1.1', true)")


async def join_as_usual(conn: db.Conn) -> None:
    """Take these back for the rest of the transaction."""
    await db.run(
        conn,
        """
        SELECT set_config(name, reset_val || coalesce(unit, ''), true) FROM pg_settings
         WHERE name IN ('enable_nestloop', 'work_mem', 'random_page_cost')
        """,
    )


async def unit_paths(conn: db.Conn, ids: list[UUID]) -> list[UnitPath]:
    """Return where these units stand; unknown ones and those that ended are missing."""
    return await db.many(
        conn,
        UnitPath,
        """
        SELECT id, path FROM unit
         WHERE organisation_id = current_organisation() AND id = ANY(%(ids)s)
           AND ended_on IS NULL
        """,
        ids=ids,
    )


async def level_keys(conn: db.Conn) -> list[LevelKey]:
    """Return the storeys of the tree."""
    return await db.many(
        conn, LevelKey, "SELECT key, rank FROM level WHERE organisation_id = current_organisation()"
    )


async def category_keys(conn: db.Conn) -> list[CategoryKey]:
    """Return the categories that exist."""
    return await db.many(
        conn, CategoryKey, "SELECT key FROM category WHERE organisation_id = current_organisation()"
    )


async def seen(conn: db.Conn, ids: list[UUID], *, paths: list[str]) -> list[Seen]:
    """Return those of these broadcasts whose author's part of the tree lies within `paths`."""
    return await db.many(
        conn,
        Seen,
        """
        SELECT id, frozen_at IS NOT NULL AS frozen
          FROM broadcast b
         WHERE b.organisation_id = current_organisation() AND b.id = ANY(%(ids)s::uuid[])
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = b.organisation_id
                              AND own.id = ANY(b.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
        """,
        ids=ids,
        paths=paths,
    )


async def titles(conn: db.Conn, ids: list[UUID], *, scope: Scope) -> list[Title]:
    """Return what those of these broadcasts are called that lie within `scope`."""
    return await db.many(
        conn,
        Title,
        """
        SELECT id, title
          FROM broadcast b
         WHERE b.organisation_id = current_organisation() AND b.id = ANY(%(ids)s::uuid[])
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = b.organisation_id
                              AND own.id = ANY(b.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
        """,
        ids=ids,
        paths=scope.paths(),
    )


async def frozen(conn: db.Conn, *, scope: Scope, limit: int) -> list[Title]:
    """Return the newest broadcasts within `scope` whose audience is fixed."""
    return await db.many(
        conn,
        Title,
        """
        SELECT id, title
          FROM broadcast b
         WHERE b.organisation_id = current_organisation() AND b.frozen_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = b.organisation_id
                              AND own.id = ANY(b.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
         ORDER BY b.id DESC
         LIMIT %(limit)s
        """,
        paths=scope.paths(),
        limit=limit,
    )


async def place_of_group(conn: db.Conn, group: UUID) -> UnitPath | None:
    """Return where a group stands, whoever may see it: behind it the next page begins."""
    return await db.maybe(
        conn,
        UnitPath,
        """
        SELECT g.id, u.path
          FROM chat_group g
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE g.organisation_id = current_organisation() AND g.id = %(group)s
        """,
        group=group,
    )


async def clusters(conn: db.Conn, ids: list[UUID], *, paths: list[str]) -> list[Title]:
    """Return those of these texts that go round which somebody who reaches `paths` may know of:
    their author's area lies there, or they were seen there."""
    return await db.many(
        conn,
        Title,
        """
        SELECT c.id, c.name AS title
          FROM cluster c
         WHERE c.organisation_id = current_organisation() AND c.id = ANY(%(ids)s::uuid[])
           AND (NOT EXISTS (SELECT FROM unit own
                             WHERE own.organisation_id = c.organisation_id
                               AND own.id = ANY(c.author_units)
                               AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                                WHERE starts_with(own.path, root)))
                OR EXISTS (SELECT FROM sighting s
                             JOIN chat_group g ON g.organisation_id = s.organisation_id
                                              AND g.id = s.group_id
                             JOIN unit u ON u.organisation_id = g.organisation_id
                                        AND u.id = g.unit_id
                             JOIN unnest(%(paths)s::text[]) AS root ON starts_with(u.path, root)
                            WHERE s.organisation_id = c.organisation_id AND s.cluster_id = c.id))
        """,
        ids=ids,
        paths=paths,
    )


async def open_clusters(conn: db.Conn, *, paths: list[str], limit: int) -> list[Title]:
    """Return what goes round and was seen within `paths`, the newest first."""
    return await db.many(
        conn,
        Title,
        """
        SELECT c.id, c.name AS title
          FROM cluster c
         WHERE c.organisation_id = current_organisation()
           AND EXISTS (SELECT FROM sighting s
                         JOIN chat_group g ON g.organisation_id = s.organisation_id
                                          AND g.id = s.group_id
                         JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
                         JOIN unnest(%(paths)s::text[]) AS root ON starts_with(u.path, root)
                        WHERE s.organisation_id = c.organisation_id AND s.cluster_id = c.id)
         ORDER BY c.noted_at DESC, c.id
         LIMIT %(limit)s
        """,
        paths=paths,
        limit=limit,
    )
