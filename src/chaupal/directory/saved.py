"""Filters that somebody keeps under a name, for themselves alone."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.record import Actor

NAME_LENGTH, QUERY_LENGTH = range(1, 61), 1000
SAVED_AT_MOST = 50


class SavedPage(StrEnum):
    PEOPLE = "people"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter of a page; `query` is what stands behind the `?` of its address."""

    id: UUID
    name: str
    query: str


async def saved(conn: db.Conn, page: SavedPage, *, actor: Actor) -> list[SavedFilter]:
    """Return what somebody has saved for a page, by name."""
    return await db.many(
        conn,
        SavedFilter,
        """
        SELECT id, name, query FROM saved_filter
         WHERE organisation_id = current_organisation() AND account_id = %(account)s
           AND page = %(page)s
         ORDER BY name
         LIMIT 100
        """,
        account=actor.id,
        page=page.value,
    )


async def save(rt: Runtime, page: SavedPage, name: str, query: str, *, actor: Actor) -> None:
    """Keep a filter under a name. One of the same name is replaced by it.

    Nobody's post is needed for it and nothing of the organisation changes, so the record does
    not tell of it.
    """
    name = " ".join(name.split())
    if len(name) not in NAME_LENGTH or not name.isprintable():
        raise Invalid("saved_filter.name_missing", limit=NAME_LENGTH.stop - 1)
    if len(query) > QUERY_LENGTH:
        raise Invalid("request.malformed", where="query")
    async with db.transaction(rt.pool, actor.organisation) as conn:
        kept = [filter for filter in await saved(conn, page, actor=actor) if filter.name != name]
        if len(kept) >= SAVED_AT_MOST:
            raise Refused("saved_filter.too_many", limit=SAVED_AT_MOST)
        new = SavedFilter(new_id(), name, query)
        await _keep(conn, page, new, actor=actor, now=rt.now())


async def forget(rt: Runtime, id: UUID, *, actor: Actor) -> None:
    """Drop a saved filter of one's own."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        dropped = await db.run(
            conn,
            """
            DELETE FROM saved_filter
             WHERE organisation_id = current_organisation() AND account_id = %(account)s
               AND id = %(id)s
            """,
            account=actor.id,
            id=id,
        )
        if not dropped:
            raise NotFound("saved_filter.not_found")


async def _keep(
    conn: db.Conn, page: SavedPage, new: SavedFilter, *, actor: Actor, now: datetime
) -> None:
    await db.run(
        conn,
        """
        INSERT INTO saved_filter (organisation_id, account_id, id, page, name, query, saved_at)
        VALUES (current_organisation(), %(account)s, %(id)s, %(page)s, %(name)s, %(query)s, %(now)s)
        ON CONFLICT (organisation_id, account_id, page, name) DO UPDATE SET query = excluded.query
        """,
        account=actor.id,
        id=new.id,
        page=page.value,
        name=new.name,
        query=new.query,
        now=now,
    )
