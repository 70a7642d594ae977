"""The live count while composing, beside the plainest statement that counts the same groups."""

from bench.figures import Figure, cost, p95, seconds
from bench.ground import Ground
from bench.plain import Place, founded
from chaupal import directory
from chaupal.broadcasts import actions
from chaupal.broadcasts.audience import And, Categories, Everyone, Expression, Not, Units
from chaupal.broadcasts.models import Purpose
from chaupal.kit import db

ROUNDS = 40
EVERYONE = """
    SELECT count(*) FROM chat_group g
      JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
     WHERE g.organisation_id = %(organisation)s AND g.purpose = 'public'
"""
CHOSEN = """
    SELECT count(*) FROM chat_group g
      JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
     WHERE g.organisation_id = %(organisation)s AND g.purpose = 'public'
       AND u.path BETWEEN (SELECT path FROM unit
                            WHERE organisation_id = %(organisation)s AND code = 'D1')
                      AND (SELECT path_end FROM unit
                            WHERE organisation_id = %(organisation)s AND code = 'D1')
       AND NOT EXISTS (SELECT FROM group_category c
                        WHERE c.organisation_id = g.organisation_id AND c.group_id = g.id
                          AND c.category_key = 'farmers')
"""


async def audience(ground: Ground, size: int) -> list[Figure]:
    """Measure the count of everyone, and of a division without its farmers' groups."""
    place = await founded(ground, "audience", size)
    division = await directory.unit_with_code(ground.rt, "D1", organisation=place.organisation)
    chosen = And([Units([division]), Not(Categories(["farmers"]))])
    with ground.step("audience: counting"):
        return [
            await _counted(place, "audience.everyone", Everyone(), EVERYONE),
            await _counted(place, "audience.chosen", chosen, CHOSEN),
        ]


async def _counted(place: Place, name: str, expression: Expression, raw: str) -> Figure:
    rt, counts = place.ground.rt, set()

    async def ours() -> None:
        slices = await actions.count(rt, expression, Purpose.PUBLIC, actor=place.author)
        counts.add(sum(part.groups for part in slices))

    async with place.ground.owner(place.organisation) as owner:

        async def limit() -> None:
            counts.add(await _one(owner, raw, place))

        times = [(await seconds(ours), await seconds(limit)) for _ in range(ROUNDS)]
    assert len(counts) == 1, "both count the same groups"
    return cost(name, p95(t for t, _ in times) * 1000, p95(t for _, t in times) * 1000, "ms p95")


async def _one(owner: db.Conn, statement: str, place: Place) -> int:
    found = await owner.execute(statement.encode(), {"organisation": place.organisation})
    (count,) = await found.fetchone() or (0,)
    return int(count)
