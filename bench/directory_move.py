"""Moving a unit with everything below it."""

from dataclasses import dataclass

from bench.figures import Figure, cost, median, seconds
from bench.ground import Ground
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.organisations import actions as organisations
from chaupal.organisations import queries as organisation_queries
from chaupal.organisations.models import Role, UnitId
from chaupal.organisations.tree import Names, actions
from chaupal.record import Actor

BELOW = 10_000
LIMIT_S = 2.0
ROUNDS = 7
# The same rows with the keys that a tree needs, and nothing else: no history, no sums, no search,
# no record, no row-level security.
RAW = """
CREATE TABLE bare_unit AS SELECT organisation_id, id, number, parent_id, path FROM unit
 WHERE organisation_id = %(organisation)s;
ALTER TABLE bare_unit ADD PRIMARY KEY (organisation_id, id);
CREATE UNIQUE INDEX ON bare_unit (organisation_id, path);
CREATE INDEX ON bare_unit (organisation_id, parent_id);
"""
RAW_MOVE = """
UPDATE bare_unit u SET path = p.path || substr(u.path, length(m.path) - length(m.number::text))
  FROM bare_unit m, bare_unit p
 WHERE m.id = %(unit)s AND p.id = %(parent)s AND u.organisation_id = m.organisation_id
   AND u.path >= m.path AND u.path < m.path || '~'
"""


@dataclass(frozen=True, slots=True)
class Stand:
    """A unit with thousands below it, and the two places between which it goes to and fro."""

    unit: UnitId
    places: tuple[UnitId, UnitId]
    actor: Actor


async def move(ground: Ground, organisation: OrganisationId, size: int) -> list[Figure]:
    """Measure how long a unit with 10,000 units below it takes to move; of a small tree, half."""
    with ground.step(f"directory: a unit with thousands below it, among {size:,} people"):
        stand = await _stand(ground, organisation)
    rt, ours, raw = ground.rt, [], []
    async with ground.owner(organisation) as owner:
        await owner.execute("DROP TABLE IF EXISTS bare_unit")
        for statement in RAW.split(";")[:-1]:
            await owner.execute(statement.encode(), {"organisation": organisation})
        for turn in range(ROUNDS):
            to = stand.places[turn % 2]

            async def moved(to: UnitId = to) -> None:
                weight = await actions.move(
                    rt,
                    stand.unit,
                    to,
                    on_day=actions.today(rt),
                    key=str(new_id()),
                    actor=stand.actor,
                )
                assert weight.units > 1, "everything below moves along"

            async def bare(to: UnitId = to) -> None:
                await owner.execute(RAW_MOVE.encode(), {"unit": stand.unit, "parent": to})

            ours.append(await seconds(moved))
            raw.append(await seconds(bare))
        await owner.execute("DROP TABLE bare_unit")
    return [
        cost("move_unit_s", max(ours), LIMIT_S, "s"),
        cost("move_unit_raw_s", median(ours), median(raw), "s"),
    ]


async def _stand(ground: Ground, organisation: OrganisationId) -> Stand:
    """Found a unit of the third storey, and hang units from it until it has enough below."""
    rt = ground.rt
    async with db.transaction(rt.pool, organisation) as conn:
        levels = await organisation_queries.levels(conn)
        [root] = await _roots(conn)
        actor = await _administrator(ground, organisation, root)
    day = actions.today(rt)
    ids: list[UnitId] = []
    for level, code, parent in (
        (levels[1], "move-from", root),
        (levels[1], "move-to", root),
        (levels[2], "move-big", None),
    ):
        ids.append(
            await actions.found(
                rt,
                parent or ids[0],
                level=level.key,
                code=code,
                names=Names(code, code),
                on_day=day,
                key=str(new_id()),
                actor=actor,
            )
        )
    start, goal, big = ids
    async with db.transaction(rt.pool, organisation) as conn:
        await actions.alone(rt, conn, actor)
        chosen = await _enough(conn, levels[2].rank)
        await actions.rehung(conn, chosen, [big] * len(chosen), on_day=day)
    async with db.transaction(rt.pool, organisation) as conn:
        await conn.execute("SELECT measure_directory()")
    return Stand(big, (goal, start), actor)


async def _administrator(ground: Ground, organisation: OrganisationId, root: UnitId) -> Actor:
    account = await organisations.open_account(
        ground.rt,
        login="mover",
        name="Mover",
        password="a password for the bench",
        language="en",
        unit=root,
        role=Role.ADMINISTRATOR,
        title_hi="प्रबंधक",
        title_en="Manager",
        actor=Actor(organisation, new_id(), "bench"),
    )
    return Actor(organisation, account.id, account.login)


async def _roots(conn: db.Conn) -> list[UnitId]:
    found = await conn.execute(
        "SELECT id FROM unit WHERE organisation_id = current_organisation() AND parent_id IS NULL"
    )
    return [row[0] for row in await found.fetchall()]


async def _enough(conn: db.Conn, rank: int) -> list[UnitId]:
    """Return units that hang from the storey of `rank`, until 10,000 or half of all lie in them."""
    found = await conn.execute(
        "WITH heavy AS (SELECT top.id, top.path, count(*) AS units FROM unit top"
        " JOIN unit u ON u.organisation_id = top.organisation_id"
        "            AND u.path BETWEEN top.path AND top.path_end"
        " JOIN unit above ON above.organisation_id = top.organisation_id"
        "                AND above.id = top.parent_id"
        " WHERE top.organisation_id = current_organisation() AND above.level_rank = %s"
        " GROUP BY top.id, top.path), so_far AS ("
        " SELECT id, units, sum(units) OVER (ORDER BY path) - units AS before, sum(units) OVER ()"
        " AS everything FROM heavy)"
        " SELECT id FROM so_far WHERE before < least(%s, everything / 2)",
        (rank, BELOW),
    )
    return [row[0] for row in await found.fetchall()]
