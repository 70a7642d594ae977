"""Every statement that reads organisations, levels and units, and that founds an organisation."""

from uuid import UUID

from chaupal.kit import db
from chaupal.organisations.models import Level, Organisation, Scope, Unit, UnitId


async def organisations(conn: db.Conn) -> list[Organisation]:
    """Return every organisation of this installation: public facts alone."""
    return await db.many(
        conn,
        Organisation,
        "SELECT id, slug, type::text, name_hi, name_en FROM organisation ORDER BY id",
    )


async def organisation_by_slug(conn: db.Conn, slug: str) -> Organisation | None:
    """Find an organisation by its address."""
    return await db.maybe(
        conn,
        Organisation,
        "SELECT id, slug, type::text, name_hi, name_en FROM organisation WHERE slug = %(slug)s",
        slug=slug,
    )


async def add_organisation(
    conn: db.Conn, *, slug: str, type: str, name_hi: str, name_en: str
) -> Organisation:
    """Add a tenant."""
    return await db.one(
        conn,
        Organisation,
        """
        INSERT INTO organisation (slug, type, name_hi, name_en)
        VALUES (%(slug)s, %(type)s::organisation_type, %(name_hi)s, %(name_en)s)
        RETURNING id, slug, type::text, name_hi, name_en
        """,
        slug=slug,
        type=type,
        name_hi=name_hi,
        name_en=name_en,
    )


async def levels(conn: db.Conn) -> list[Level]:
    """Return the storeys of the tree, from the top."""
    return await db.many(
        conn,
        Level,
        """
        SELECT rank, key, name_hi, name_en FROM level
         WHERE organisation_id = current_organisation() ORDER BY rank
        """,
    )


async def add_level(conn: db.Conn, *, rank: int, key: str, name_hi: str, name_en: str) -> None:
    """Add a storey."""
    await db.run(
        conn,
        """
        INSERT INTO level (organisation_id, rank, key, name_hi, name_en)
        VALUES (current_organisation(), %(rank)s, %(key)s, %(name_hi)s, %(name_en)s)
        """,
        rank=rank,
        key=key,
        name_hi=name_hi,
        name_en=name_en,
    )


async def unit(conn: db.Conn, id: UnitId, *, scope: Scope) -> Unit | None:
    """Return a unit of today if it lies within `scope`."""
    return await db.maybe(
        conn,
        Unit,
        """
        SELECT id, parent_id, level_rank, code, name_hi, name_en, path, path_end
          FROM unit u
         WHERE organisation_id = current_organisation() AND id = %(id)s AND ended_on IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        id=id,
        paths=scope.paths(),
    )


async def children(conn: db.Conn, parent: UnitId, *, scope: Scope) -> list[Unit]:
    """Return the units directly below one, as far as they lie within `scope`."""
    return await db.many(
        conn,
        Unit,
        """
        SELECT id, parent_id, level_rank, code, name_hi, name_en, path, path_end
          FROM unit u
         WHERE organisation_id = current_organisation() AND parent_id = %(parent)s
           AND ended_on IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY name_en, id
        """,
        parent=parent,
        paths=scope.paths(),
    )


async def roots(conn: db.Conn, *, scope: Scope) -> list[Unit]:
    """Return the units at which `scope` begins: where somebody's tree starts for them."""
    return await db.many(
        conn,
        Unit,
        """
        SELECT id, parent_id, level_rank, code, name_hi, name_en, path, path_end
          FROM unit
         WHERE organisation_id = current_organisation() AND path = ANY(%(paths)s)
           AND ended_on IS NULL
         ORDER BY path
        """,
        paths=scope.paths(),
    )


async def lineage(conn: db.Conn, path: str) -> list[Unit]:
    """Return the units from the root down to the one at `path`: names alone, so not scoped."""
    return await db.many(
        conn,
        Unit,
        """
        SELECT id, parent_id, level_rank, code, name_hi, name_en, path, path_end
          FROM unit
         WHERE organisation_id = current_organisation()
           AND number = ANY(string_to_array(trim(BOTH '/' FROM %(path)s::text), '/')::integer[])
         ORDER BY level_rank
        """,
        path=path,
    )


async def units_at(conn: db.Conn, rank: int, *, scope: Scope) -> list[Unit]:
    """Return the units of one storey within `scope`. For storeys of at most some thousand."""
    return await db.many(
        conn,
        Unit,
        """
        SELECT id, parent_id, level_rank, code, name_hi, name_en, path, path_end
          FROM unit u
         WHERE organisation_id = current_organisation() AND level_rank = %(rank)s
           AND ended_on IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY name_en, id
         LIMIT 5000
        """,
        rank=rank,
        paths=scope.paths(),
    )


async def units_named(conn: db.Conn, ids: list[UUID]) -> list[Unit]:
    """Return units by id, whatever their place: for putting an audience into words."""
    return await db.many(
        conn,
        Unit,
        """
        SELECT id, parent_id, level_rank, code, name_hi, name_en, path, path_end
          FROM unit
         WHERE organisation_id = current_organisation() AND id = ANY(%(ids)s)
         ORDER BY path
        """,
        ids=ids,
    )
