"""Merging units and splitting them. Each function is one transaction."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chaupal import record
from chaupal.directory.tree import queries
from chaupal.kit import db, digits
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, Refused
from chaupal.kit.runtime import Runtime
from chaupal.kit.sound import search_key
from chaupal.organisations.models import UnitId
from chaupal.organisations.tree import Kind, Names, Placed, Weight, actions
from chaupal.organisations.tree import queries as tree
from chaupal.organisations.tree.models import check_code, check_day, check_hand, check_hangs
from chaupal.record import Actor

PARTS = range(1, 21)


@dataclass(frozen=True, slots=True)
class Part:
    """What leaves a unit: for a new one with a code and names, or for one that is there already.

    `children` hang directly from the unit, `groups` belong to it itself; so do its people, who
    go together or stay together.
    """

    code: str
    names: Names | None = None
    children: tuple[UnitId, ...] = ()
    groups: tuple[UUID, ...] = ()
    people: bool = False


async def merge(
    rt: Runtime, unit: UnitId, into: UnitId, *, on_day: date, key: str, actor: Actor
) -> Weight:
    """Make a unit part of another of its level from a day on; return what went over.

    What hangs from it hangs from the other then, its people and groups belong to the other, its
    offices close, and history says what became of it.
    """
    request = actions.asked("merge", unit, into, on_day)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await actions.alone(rt, conn, actor)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return Weight(0, 0, 0, 0)
        gone = await actions.live(conn, unit, scope=scope)
        heir = await actions.live(conn, into, scope=scope)
        _check_merge(gone, heir)
        check_hand(scope, gone.parent_path, heir.path)
        check_day(on_day, today=actions.today(rt), earliest=await tree.needed_until(conn, unit))
        check_day(on_day, today=actions.today(rt), earliest=await tree.existed_since(conn, into))
        await actions.held(conn, [gone])
        weight = await tree.weight(conn, gone)
        children = [child.id for child in await tree.children(conn, unit)]
        await actions.rehung(conn, children, [into] * len(children), on_day=on_day)
        await queries.take_people(conn, unit, to=into)
        await queries.take_groups(conn, unit, to=into)
        await tree.succeed(conn, [unit], [into], kind=Kind.MERGED, on_day=on_day)
        closed = await actions.ended(rt, conn, unit, heir=into, on_day=on_day)
        await record.answer(conn, key, request, "", actor=actor, now=rt.now())
        await record.append(
            conn,
            "unit.merged",
            unit,
            actor=actor,
            now=rt.now(),
            into=str(into),
            day=str(on_day),
            units=weight.units - 1,
            people=weight.people,
            groups=weight.groups,
            offices=closed,
        )
        return weight


def _check_merge(gone: Placed, heir: Placed) -> None:
    if gone.is_root:
        raise Refused("unit.root_stays")
    if gone.id == heir.id:
        raise Refused("unit.under_itself")
    if gone.level_rank != heir.level_rank:
        raise Refused("unit.levels_differ")


async def split(
    rt: Runtime, unit: UnitId, parts: list[Part], *, on_day: date, key: str, actor: Actor
) -> list[UnitId]:
    """Take parts out of a unit from a day on; return the units that they make, in this order.

    A part becomes a new unit beside the old one, or goes to one of that level. The old unit
    stays: when everything has left it, it can end.
    """
    _check_parts(parts)
    request = actions.asked("split", unit, on_day, *parts)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await actions.alone(rt, conn, actor)
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None:
            return [UnitId(UUID(id)) for id in earlier.split()]
        old = await actions.live(conn, unit, scope=scope)
        if old.is_root:
            raise Refused("unit.root_stays")
        check_hand(scope, old.parent_path)
        check_day(on_day, today=actions.today(rt), earliest=await tree.existed_since(conn, unit))
        heirs = await _heirs(rt, conn, old, parts, on_day=on_day)
        check_hand(scope, *(heir.path for heir in heirs))
        await actions.held(conn, [old])
        units, groups, people = await _hand_out(conn, old, parts, heirs, on_day=on_day)
        ids = [heir.id for heir in heirs]
        await tree.succeed(conn, [unit] * len(ids), ids, kind=Kind.SPLIT, on_day=on_day)
        await record.answer(conn, key, request, " ".join(map(str, ids)), actor=actor, now=rt.now())
        await record.append(
            conn,
            "unit.split",
            unit,
            actor=actor,
            now=rt.now(),
            into=[str(id) for id in ids],
            day=str(on_day),
            units=units,
            groups=groups,
            people=people,
        )
        return ids


def _check_parts(parts: list[Part]) -> None:
    """Refuse parts that are nothing, or that share something."""
    if len(parts) not in PARTS:
        raise Invalid("unit.parts", limit=PARTS.stop - 1)
    given = Counter(thing for part in parts for thing in (*part.children, *part.groups))
    if any(often > 1 for often in given.values()) or sum(part.people for part in parts) > 1:
        raise Invalid("unit.given_twice")
    if len({digits.plain(part.code) for part in parts}) < len(parts):
        raise Invalid("unit.given_twice")
    for part in parts:
        check_code(part.code)
        if part.names is not None:
            part.names.check()
        if not (part.children or part.groups or part.people):
            raise Invalid("unit.part_is_empty", unit=part.code)


async def _heirs(
    rt: Runtime, conn: db.Conn, old: Placed, parts: list[Part], *, on_day: date
) -> list[Placed]:
    """Return the unit that each part goes to, in this order; new ones are added."""
    new = [
        (UnitId(new_id()), digits.plain(part.code), part.names)
        for part in parts
        if part.names is not None
    ]
    for _, code, _ in new:  # at most twenty
        await actions.check_free(conn, code)
    await tree.add(
        conn,
        [id for id, _, _ in new],
        parent=old.parent_id,
        level_rank=old.level_rank,
        codes=[code for _, code, _ in new],
        names_hi=[names.hi for _, _, names in new],
        names_en=[names.en for _, _, names in new],
        search_keys=[search_key(names.hi, names.en) for _, _, names in new],
        since=on_day,
    )
    heirs = []
    for part in parts:  # at most twenty
        heir = await tree.coded(conn, part.code)
        if heir is None or heir.ended_on is not None or heir.level_rank != old.level_rank:
            raise Invalid("audience.unknown_unit", unit=part.code)
        if heir.id == old.id:
            raise Refused("unit.under_itself")
        earliest = await tree.existed_since(conn, heir.id)
        check_day(on_day, today=actions.today(rt), earliest=earliest)
        heirs.append(heir)
    return heirs


async def _hand_out(
    conn: db.Conn, old: Placed, parts: list[Part], heirs: list[Placed], *, on_day: date
) -> tuple[int, int, int]:
    """Give each heir its part; return how many units, groups and people went."""
    own = {child.id: child for child in await tree.children(conn, old.id)}
    children = [(id, heir) for part, heir in zip(parts, heirs, strict=True) for id in part.children]
    for id, heir in children:
        if id not in own:
            raise Refused("unit.not_its_own")
        check_hangs(own[id], heir)
        check_day(on_day, today=on_day, earliest=own[id].since)
    ids, parents = [id for id, _ in children], [heir.id for _, heir in children]
    await actions.rehung(conn, ids, parents, on_day=on_day)
    groups = [(id, heir.id) for part, heir in zip(parts, heirs, strict=True) for id in part.groups]
    handed = await queries.hand_groups(
        conn, old.id, ids=[id for id, _ in groups], to=[to for _, to in groups]
    )
    if handed != len(groups):
        raise Refused("unit.not_its_own")
    people = 0
    for part, heir in zip(parts, heirs, strict=True):
        if part.people:  # one of them at most
            people = await queries.take_people(conn, old.id, to=heir.id)
    return len(ids), handed, people
