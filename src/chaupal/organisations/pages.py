"""Every statement that pages read with to know who looks, and what lies under a unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chaupal.kit import db, digits
from chaupal.organisations.models import AccountId, Right, Scope, Unit, UnitId


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands beside somebody's name. `root_paths` are all roots, whoever may see them."""

    organisation_name_hi: str
    organisation_name_en: str
    title_hi: str | None
    title_en: str | None
    unit_name_hi: str | None
    unit_name_en: str | None
    root_paths: list[str]


@dataclass(frozen=True, slots=True)
class UnitSize:
    """How many units there are below a unit."""

    unit_id: UnitId
    units: int


@dataclass(frozen=True, slots=True)
class UnitTotals:
    """How many people and groups a unit has, with everything below it."""

    unit_id: UnitId
    people: int
    internal_groups: int
    public_groups: int

    @property
    def groups(self) -> int:
        """Return how many groups there are, of either purpose."""
        return self.internal_groups + self.public_groups


@dataclass(frozen=True, slots=True)
class Title:
    """What a person is called by their highest post."""

    person_id: UUID
    title_hi: str
    title_en: str


async def standing(conn: db.Conn, account: AccountId, *, today: date) -> Standing:
    """Return the organisation's name, and the highest post that an account holds today."""
    return await db.one(
        conn,
        Standing,
        """
        SELECT o.name_hi AS organisation_name_hi, o.name_en AS organisation_name_en,
               held.title_hi, held.title_en,
               held.name_hi AS unit_name_hi, held.name_en AS unit_name_en,
               ARRAY(SELECT path FROM unit
                      WHERE organisation_id = current_organisation()
                        AND parent_id IS NULL AND ended_on IS NULL) AS root_paths
          FROM organisation o
          LEFT JOIN LATERAL (
                SELECT p.title_hi, p.title_en, u.name_hi, u.name_en
                  FROM account a
                  JOIN post p ON p.organisation_id = a.organisation_id
                             AND (p.account_id = a.id OR p.person_id = a.person_id)
                  JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
                 WHERE a.organisation_id = current_organisation() AND a.id = %(account)s
                   AND p.since <= %(today)s AND (p.until IS NULL OR p.until >= %(today)s)
                   AND u.ended_on IS NULL
                 ORDER BY p.role, u.level_rank, p.id
                 LIMIT 1) AS held ON true
         WHERE o.id = current_organisation()
        """,
        account=account,
        today=today,
    )


async def units_coded(
    conn: db.Conn, codes: list[str], *, scope: Scope, right: Right = Right.VIEW
) -> list[Unit]:
    """Return the units with these codes within what `right` reaches; others are missing.

    Digits may be in any script. Those whose code is exactly as it was asked for come first.
    """
    return await db.many(
        conn,
        Unit,
        """
        SELECT id, parent_id, level_rank, code, name_hi, name_en, path, path_end
          FROM unit u
         WHERE organisation_id = current_organisation() AND code = ANY(%(codes)s::text[])
           AND ended_on IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY code = ANY(%(asked)s::text[]) DESC, path
        """,
        asked=codes,
        codes=[spelling for code in codes for spelling in digits.spellings(code)],
        paths=scope.paths(right),
    )


async def unit_sizes(conn: db.Conn, units: Sequence[UnitId], *, scope: Scope) -> list[UnitSize]:
    """Return for each of these units within `scope` how many units there are below it today.

    One range of the index of today's units for each: 60,000 of them are read in a few ms.
    """
    return await db.many(
        conn,
        UnitSize,
        """
        SELECT top.id AS unit_id, below.units
          FROM unit top
         CROSS JOIN LATERAL (
                SELECT count(*)::int - 1 AS units FROM unit u
                 WHERE u.organisation_id = current_organisation() AND u.ended_on IS NULL
                   AND u.path BETWEEN top.path AND top.path_end) AS below
         WHERE top.organisation_id = current_organisation() AND top.ended_on IS NULL
           AND top.id = ANY(%(units)s::uuid[])
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE top.path BETWEEN root AND root || '~')
        """,
        units=list(units),
        paths=scope.paths(),
    )


async def totals(conn: db.Conn, units: Sequence[UnitId]) -> dict[UnitId, UnitTotals]:
    """Return what each of these units holds with everything below it; all of them are answered.

    The caller found them within a Scope. Nothing is counted: the sums are kept (unit_tally).
    """
    found = await db.many(
        conn,
        UnitTotals,
        """
        SELECT asked.id AS unit_id, coalesce(sum(t.people), 0)::int AS people,
               coalesce(sum(t.internal_groups), 0)::int AS internal_groups,
               coalesce(sum(t.public_groups), 0)::int AS public_groups
          FROM unnest(%(units)s::uuid[]) AS asked (id)
          LEFT JOIN unit_tally t ON t.organisation_id = current_organisation()
                                AND t.unit_id = asked.id
         GROUP BY asked.id
        """,
        units=list(units),
    )
    return {row.unit_id: row for row in found}


async def titles(conn: db.Conn, people: list[UUID], *, scope: Scope, today: date) -> list[Title]:
    """Return the highest current post within `scope` of each of these people."""
    return await db.many(
        conn,
        Title,
        """
        SELECT DISTINCT ON (p.person_id) p.person_id, p.title_hi, p.title_en
          FROM post p
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE p.organisation_id = current_organisation() AND p.person_id = ANY(%(people)s::uuid[])
           AND p.since <= %(today)s AND (p.until IS NULL OR p.until >= %(today)s)
           AND u.ended_on IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
         ORDER BY p.person_id, u.level_rank, p.id
        """,
        people=people,
        paths=scope.paths(),
        today=today,
    )
