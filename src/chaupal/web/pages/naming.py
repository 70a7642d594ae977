"""Names of what expressions speak of, found for many of them at once."""

from collections.abc import Iterable

from chaupal.broadcasts import known
from chaupal.broadcasts.audience import Expression, broadcast_ids, cluster_ids, unit_ids
from chaupal.groups import queries as groups
from chaupal.kit import db
from chaupal.organisations import Scope
from chaupal.organisations import queries as organisations
from chaupal.web.sentences import Names


async def names_in(conn: db.Conn, expressions: Iterable[Expression], *, scope: Scope) -> Names:
    """Return how everything is called that these expressions name.

    The title of a broadcast outside `scope` is missing: it is somebody else's to read.
    """
    named = list(expressions)
    ids = list({id for expression in named for id in unit_ids(expression)})
    earlier = list({id for expression in named for id in broadcast_ids(expression)})
    seen = list({id for expression in named for id in cluster_ids(expression)})
    going_round = await known.clusters(conn, seen, paths=scope.paths()) if seen else []
    titles = await known.titles(conn, earlier, scope=scope) if earlier else []
    return Names(
        units={unit.id: unit for unit in await organisations.units_named(conn, ids)},
        levels={level.key: level for level in await organisations.levels(conn)},
        categories={category.key: category for category in await groups.categories(conn)},
        broadcasts={row.id: row.title for row in titles},
        clusters={row.id: row.title for row in going_round},
    )
