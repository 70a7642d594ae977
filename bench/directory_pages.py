"""Pages of units and searches by name over the whole directory, as people open them."""

from dataclasses import dataclass

from bench.figures import Figure, cost, p95, seconds
from bench.ground import Ground
from chaupal import record
from chaupal.directory.search import search
from chaupal.groups import lists
from chaupal.groups.models import GroupFilter
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.sound import search_key
from chaupal.organisations import actions as organisations
from chaupal.organisations import scope_of
from chaupal.organisations.models import Role, Scope, UnitId
from chaupal.organisations.scope import INDIA
from chaupal.people import pages as people
from chaupal.people.pages import PersonFilter

PAGE_LIMIT_MS, SEARCH_LIMIT_MS = 50, 100
UNITS_A_LEVEL = 40
SHOWN = 51
# One in so many people of the last division bears a name that nobody else does.
ELSEWHERE, ONE_IN = "ज़ुबिन झुनझुनवाला", 14
TYPED = (
    *("ram", "singh", "devi", "रमेश कुमार", "Rameshkumar", "कुमारी", "Sanjay Prakash"),  # common
    *("lal ramesh", "dewi sita", "Shri Gopal Ram"),  # turned, misspelt, with a title
    *("Joseph Paul", "Yusuf", "रुख़साना"),  # rare
    *(ELSEWHERE, "zubin"),  # many, and all of them in one division
    *("devi kumar", "ram begum", "singh bai"),  # common words that nobody has together
    *("zzzq", "क्षठञ", "qwx 9"),  # nobody
    *("r", "s", "म"),  # a letter
    *("booth 12", "booth nagar", "शक्ति केंद्र", "jaipur samiti", "kisan jila"),  # places, groups
    *("P4711", "RJ-BKN-CHU", "+911100000042"),  # exactly
)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit to look at, and how many of its level there are."""

    id: UnitId
    level_rank: int
    turn: int


async def pages(ground: Ground, organisation: OrganisationId, size: int) -> list[Figure]:
    """Measure pages of units and searches by name in an organisation of `size` people."""
    units = await _units(ground, organisation)
    await _name_somebody_elsewhere(ground, organisation)
    seen = [
        unit for rank in sorted({unit.level_rank for unit in units}) for unit in _some(units, rank)
    ]
    with ground.step(f"directory: pages among {size:,} people"):
        top = await _scope(ground, organisation, units[0])
        page_ms = [await _page_ms(ground, organisation, top, unit.id) for unit in units]
    with ground.step(f"directory: pages of narrow areas among {size:,} people"):
        narrow_ms = [
            await _page_ms(ground, organisation, scope, shown)
            for unit in seen[1:]
            for scope in (await _scope(ground, organisation, unit),)
            for shown in [None, *(below.id for below in await _units(ground, organisation, unit))]
        ]
    with ground.step(f"directory: searches among {size:,} people"):
        search_ms = [
            await _search_ms(ground, scope, typed)
            for unit in seen
            for scope in (await _scope(ground, organisation, unit),)
            for typed in TYPED
        ]
    return [
        cost("subtree_page_p95_ms", p95(page_ms), PAGE_LIMIT_MS, "ms p95"),
        cost("subtree_page_narrow_p95_ms", p95(narrow_ms), PAGE_LIMIT_MS, "ms p95"),
        cost("search_p95_ms", p95(search_ms), SEARCH_LIMIT_MS, "ms p95"),
    ]


async def _units(
    ground: Ground, organisation: OrganisationId, top: _Unit | None = None
) -> list[_Unit]:
    """Return some units of each level, the topmost first; those of one's own area under `top`."""
    async with db.transaction(ground.rt.pool, organisation) as conn:
        return await db.many(
            conn,
            _Unit,
            """
            SELECT id, level_rank, turn::int
              FROM (SELECT id, level_rank,
                           row_number() OVER (PARTITION BY level_rank ORDER BY path) AS turn,
                           count(*) OVER (PARTITION BY level_rank) AS units
                      FROM unit
                     WHERE organisation_id = current_organisation()
                       AND (%(top)s::uuid IS NULL
                            OR path BETWEEN (SELECT path FROM unit
                                              WHERE organisation_id = current_organisation()
                                                AND id = %(top)s)
                                        AND (SELECT path_end FROM unit
                                              WHERE organisation_id = current_organisation()
                                                AND id = %(top)s))) AS ordered
             WHERE turn %% greatest(1, units / %(wanted)s) = 0
             ORDER BY level_rank, turn
            """,
            wanted=UNITS_A_LEVEL,
            top=top and top.id,
        )


def _some(units: list[_Unit], rank: int) -> list[_Unit]:
    """Return the first unit of a level: what most people who search see the whole of."""
    return [unit for unit in units if unit.level_rank == rank][:1]


async def _name_somebody_elsewhere(ground: Ground, organisation: OrganisationId) -> None:
    """Give some people of the last division a name that is nobody's in the others."""
    async with ground.owner(organisation) as owner:
        await owner.execute(
            """
            UPDATE person SET name = %(name)s, search_key = %(key)s
             WHERE organisation_id = %(organisation)s
               AND hashtext(id::text) %% %(one_in)s = 0
               AND unit_id IN (SELECT u.id FROM unit u JOIN (
                                 SELECT path, path_end FROM unit
                                  WHERE organisation_id = %(organisation)s AND level_rank = 1
                                  ORDER BY path DESC LIMIT 1) AS last
                                   ON u.path BETWEEN last.path AND last.path_end
                                WHERE u.organisation_id = %(organisation)s)
            """,
            {
                "organisation": organisation,
                "name": ELSEWHERE,
                "key": search_key(ELSEWHERE),
                "one_in": ONE_IN,
            },
        )
        await owner.execute("VACUUM (ANALYZE) person, search_entry, unit, chat_group, unit_tally")


async def _scope(ground: Ground, organisation: OrganisationId, unit: _Unit) -> Scope:
    """Return what somebody may see who has a post at this unit."""
    actor = record.part_of_the_system(organisation, "bench")
    account = await organisations.open_account(
        ground.rt,
        login=f"bench-{new_id().hex}",
        name="Bench",
        password=unit.id.hex,
        language="hi",
        unit=unit.id,
        role=Role.COORDINATOR,
        title_hi="नाप",
        title_en="Bench",
        actor=actor,
    )
    async with db.transaction(ground.rt.pool, organisation) as conn:
        return await scope_of(ground.rt, conn, record.Actor(organisation, account.id, "bench"))


async def _page_ms(
    ground: Ground, organisation: OrganisationId, scope: Scope, unit: UnitId | None
) -> float:
    """Open a unit's people and groups, or all that one sees: how many, the first page of each."""
    now = ground.rt.now()
    today = now.astimezone(INDIA).date()
    everybody, every_group = PersonFilter(unit=unit), GroupFilter(unit=unit)

    async def opened() -> None:
        async with db.transaction(ground.rt.pool, organisation) as conn:
            await people.total(conn, scope=scope, filter=everybody, today=today)
            await people.person_page(conn, scope=scope, filter=everybody, limit=SHOWN, today=today)
            await lists.total(conn, scope=scope, filter=every_group, now=now)
            await lists.group_page(conn, scope=scope, filter=every_group, limit=SHOWN, now=now)

    return await seconds(opened) * 1000


async def _search_ms(ground: Ground, scope: Scope, typed: str) -> float:
    async def looked() -> None:
        async with db.transaction(ground.rt.pool, scope.organisation) as conn:
            await search(ground.rt, conn, typed, scope=scope)

    return await seconds(looked) * 1000
