"""Audiences that are kept under a name: seen, used, renamed, forgotten."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from chaupal import record
from chaupal.broadcasts import audience, targets
from chaupal.broadcasts.audience import Expression
from chaupal.broadcasts.models import Purpose
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, Scope, scope_of
from chaupal.organisations.models import UnitId
from chaupal.record import Actor

NAME_LENGTH = range(1, 61)
SAVED_AT_MOST = 50
SHOWN_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class SavedAudience:
    """An audience under a name, and whose it is. `author_paths` is where they could reach then."""

    id: UUID
    name: str
    purpose: Purpose
    audience: dict[str, Any]
    author_id: UUID
    author_label: str
    author_paths: list[str]
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """The same as somebody sees it: what of it is not there any more, and whether it is theirs
    to rename and to forget."""

    saved: SavedAudience
    expression: Expression
    may_change: bool
    faults: list[Invalid] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Number:
    """How many there are."""

    count: int


async def listed(rt: Runtime, *, actor: Actor) -> list[Kept]:
    """Return what was kept by those whose area lies within that of `actor`, by name."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await _scope(rt, conn, actor)
        found = await _page(conn, scope=scope, id=None)
        read = [(row, audience.parse(row.audience)) for row in found]
        paths = scope.paths(Right.COMPOSE)
        known = await targets.directory(conn, *(made for _, made in read), paths=paths)
        return [
            Kept(row, made, _may_change(row, scope, actor), list(known.faults(made)))
            for row, made in read
        ]


async def one(rt: Runtime, id: UUID, *, actor: Actor) -> Kept:
    """Return one of them, to be used as a copy in a new draft."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await _scope(rt, conn, actor)
        row = await _seen(conn, id, scope)
        made = audience.parse(row.audience)
        known = await targets.directory(conn, made, paths=scope.paths(Right.COMPOSE))
        return Kept(row, made, _may_change(row, scope, actor), list(known.faults(made)))


async def save(
    rt: Runtime, name: str, expression: Expression, purpose: Purpose, *, key: str, actor: Actor
) -> UUID:
    """Keep an audience under a name; one of the author's own with that name is replaced.

    What it names has to be there now. A draft that was made of it before stays as it is.
    """
    name, made = named(name), audience.to_json(expression)
    request = repr(("keep", name, made, purpose.value)).encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return UUID(earlier)
        scope = await _scope(rt, conn, actor)
        paths = scope.paths(Right.COMPOSE)
        (await targets.directory(conn, expression, paths=paths)).check(expression)
        if (await _others(conn, name, actor=actor)).count >= SAVED_AT_MOST:
            raise Refused("saved_audience.too_many", limit=SAVED_AT_MOST)
        units = scope.units(Right.COMPOSE)
        id = await _keep(conn, name, made, purpose, units=units, actor=actor, now=rt.now())
        await record.answer(conn, key, request, str(id), actor=actor, now=rt.now())
        await record.append(conn, "audience.saved", id, actor=actor, now=rt.now())
        return id


async def rename(rt: Runtime, id: UUID, name: str, *, actor: Actor) -> None:
    """Call a kept audience something else."""
    name = named(name)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await _changeable(rt, conn, id, actor)
        try:
            await db.run(
                conn,
                """
                UPDATE saved_audience SET name = %(name)s
                 WHERE organisation_id = current_organisation() AND id = %(id)s
                """,
                id=id,
                name=name,
            )
        except UniqueViolation as error:
            raise Refused("saved_audience.name_taken") from error
        await record.append(conn, "audience.renamed", id, actor=actor, now=rt.now())


async def forget(rt: Runtime, id: UUID, *, actor: Actor) -> None:
    """Drop a kept audience. Drafts that were made of it stay as they are."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await _changeable(rt, conn, id, actor)
        await db.run(
            conn,
            """
            DELETE FROM saved_audience
             WHERE organisation_id = current_organisation() AND id = %(id)s
            """,
            id=id,
        )
        await record.append(conn, "audience.forgotten", id, actor=actor, now=rt.now())


def named(name: str) -> str:
    """Return a name in its plain form, or refuse what is none."""
    name = " ".join(name.split())
    if len(name) not in NAME_LENGTH or not name.isprintable():
        raise Invalid("saved_audience.name_missing", limit=NAME_LENGTH.stop - 1)
    return name


async def _scope(rt: Runtime, conn: db.Conn, actor: Actor) -> Scope:
    scope = await scope_of(rt, conn, actor)
    scope.need(Right.COMPOSE)
    return scope


def _may_change(row: SavedAudience, scope: Scope, actor: Actor) -> bool:
    """Say whether it is one's own, or of somebody whose whole area one manages."""
    managed = all(scope.covers(path, Right.MANAGE) for path in row.author_paths)
    return row.author_id == actor.id or managed


async def _seen(conn: db.Conn, id: UUID, scope: Scope) -> SavedAudience:
    found = await _page(conn, scope=scope, id=id)
    if not found:
        raise NotFound("saved_audience.not_found")
    return found[0]


async def _changeable(rt: Runtime, conn: db.Conn, id: UUID, actor: Actor) -> None:
    scope = await _scope(rt, conn, actor)
    if not _may_change(await _seen(conn, id, scope), scope, actor):
        raise NotAllowed("saved_audience.not_yours")


async def _page(conn: db.Conn, *, scope: Scope, id: UUID | None) -> list[SavedAudience]:
    return await db.many(
        conn,
        SavedAudience,
        """
        SELECT s.id, s.name, s.purpose::text, s.audience, s.author_id, s.author_label,
               ARRAY(SELECT own.path FROM unit own
                      WHERE own.organisation_id = s.organisation_id
                        AND own.id = ANY(s.author_units) ORDER BY own.path) AS author_paths,
               s.saved_at
          FROM saved_audience s
         WHERE s.organisation_id = current_organisation()
           AND (%(id)s::uuid IS NULL OR s.id = %(id)s::uuid)
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = s.organisation_id
                              AND own.id = ANY(s.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
         ORDER BY s.name, s.id
         LIMIT %(limit)s
        """,
        id=id,
        paths=scope.paths(Right.COMPOSE),
        limit=SHOWN_AT_MOST,
    )


async def _others(conn: db.Conn, name: str, *, actor: Actor) -> Number:
    return await db.one(
        conn,
        Number,
        """
        SELECT count(*)::int AS count FROM saved_audience
         WHERE organisation_id = current_organisation() AND author_id = %(author)s
           AND name <> %(name)s
        """,
        author=actor.id,
        name=name,
    )


@dataclass(frozen=True, slots=True)
class Id:
    """Just which."""

    id: UUID


async def _keep(
    conn: db.Conn,
    name: str,
    made: Any,
    purpose: Purpose,
    *,
    units: list[UnitId],
    actor: Actor,
    now: datetime,
) -> UUID:
    row = await db.one(
        conn,
        Id,
        """
        INSERT INTO saved_audience (organisation_id, id, name, purpose, audience, author_id,
                                    author_label, author_units, saved_at)
        VALUES (current_organisation(), %(id)s, %(name)s, %(purpose)s::group_purpose, %(audience)s,
                %(author)s, %(label)s, %(units)s, %(now)s)
        ON CONFLICT (organisation_id, author_id, name)
        DO UPDATE SET purpose = excluded.purpose, audience = excluded.audience,
                      author_label = excluded.author_label, author_units = excluded.author_units,
                      saved_at = excluded.saved_at
        RETURNING id
        """,
        id=new_id(),
        name=name,
        purpose=purpose.value,
        audience=Jsonb(made),
        author=actor.id,
        label=actor.label,
        units=units,
        now=now,
    )
    return row.id
