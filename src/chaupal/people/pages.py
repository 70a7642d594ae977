"""Lists of people, unit by unit, narrowed by a filter, and how long such a list is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from psycopg.errors import QueryCanceled

from chaupal.kit import db
from chaupal.kit.refusals import Refused
from chaupal.organisations.models import Right, Scope, UnitId
from chaupal.people.models import ContactChannel, PersonId, Purpose

# Beyond this a list's length is told as "more than": nobody reads on, and counting costs.
COUNTED_TO = 10_000
# A filter that hardly anybody passes has us look at everybody: for so long, then we say so.
LOOKED_FOR_S = 6


class ConsentState(StrEnum):
    """What the newest act for a purpose and a channel says; `none` is no act at all."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PersonFilter:
    """Which people somebody asks for. What is None or False narrows nothing.

    `consent` is looked up for `purpose` and `channel`, and narrows nothing without both.
    """

    unit: UnitId | None = None
    language: str | None = None
    category: str | None = None
    in_office: bool = False
    consent: ConsentState | None = None
    purpose: Purpose | None = None
    channel: ContactChannel | None = None
    without_address: bool = False

    @property
    def is_plain(self) -> bool:
        """Say whether only a unit is asked for: such counts are kept ready."""
        return self == PersonFilter(unit=self.unit)


@dataclass(frozen=True, slots=True)
class Line:
    """A person in a list, with their unit."""

    id: PersonId
    name: str = field(repr=False)
    reference: str
    language: str
    unit_id: UnitId
    unit_path: str
    unit_name_hi: str
    unit_name_en: str

    def unit_name(self, language: str) -> str:
        """Return the unit's name in the reader's language."""
        return self.unit_name_hi if language == "hi" else self.unit_name_en


@dataclass(frozen=True, slots=True)
class PageKey:
    """Behind which person the next page begins."""

    unit_path: str
    name: str = field(repr=False)
    id: PersonId


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are."""

    people: int


@dataclass(frozen=True, slots=True)
class Top:
    """Where a unit lies."""

    path: str


EVERYBODY = PersonFilter()


async def person_page(
    conn: db.Conn,
    *,
    scope: Scope,
    filter: PersonFilter = EVERYBODY,
    after: PersonId | None = None,
    limit: int = 50,
    today: date,
) -> list[Line]:
    """Return the people within `scope` that pass `filter` and follow `after`.

    Ordered unit by unit, then by name, then by id. Each part of the tree that somebody may see
    is read as one range of the units' own index, so that a page costs what it shows. An address
    names the last person by id alone, because a name has no place in one.
    """
    key = await _key(conn, after) if after else None
    found: list[Line] = []
    async with for_a_while(conn, filter):
        for top in await tops(conn, scope, filter.unit):  # as many as somebody has posts
            if len(found) < limit and (key is None or top + "~" > key.unit_path):
                found += await _page(
                    conn, top, filter=filter, after=key, limit=limit - len(found), today=today
                )
    return found


async def total(
    conn: db.Conn,
    *,
    scope: Scope,
    filter: PersonFilter,
    today: date,
    counted_to: int = COUNTED_TO,
) -> int:
    """Count the people of a list: exactly where only a unit is asked for.

    Otherwise up to `counted_to` and one more, which stands for "more than that".
    """
    under = await tops(conn, scope, filter.unit)
    if filter.is_plain:
        return (await _tallied(conn, under)).people
    return await passing(conn, under, filter=filter, today=today, counted_to=counted_to)


async def passing(
    conn: db.Conn, under: list[str], *, filter: PersonFilter, today: date, counted_to: int
) -> int:
    """Count the people under these paths who pass `filter`, up to `counted_to` and one more."""
    counted = 0
    async with for_a_while(conn, filter):
        for top in under:  # as many as somebody has posts
            limit = counted_to + 1 - counted
            counted += (await _counted(conn, top, filter=filter, limit=limit, today=today)).people
    return counted


@asynccontextmanager
async def for_a_while(conn: db.Conn, filter: PersonFilter) -> AsyncIterator[None]:
    """Bound how long a filter may look for people; beyond that it is refused as too wide."""
    if filter.is_plain:
        yield
        return
    await _limit(conn, LOOKED_FOR_S)
    try:
        yield
    except QueryCanceled as error:
        raise Refused("people.filter_too_wide", limit_s=LOOKED_FOR_S) from error
    await _limit(conn, 0)


async def _limit(conn: db.Conn, limit_s: int) -> None:
    """Let no statement until commit take longer than so many seconds; 0 means any time."""
    await db.run(
        conn,
        "SELECT set_config('statement_timeout', %(limit_s)s::text || 's', true)",
        limit_s=limit_s,
    )


async def tops(
    conn: db.Conn, scope: Scope, unit: UnitId | None, right: Right = Right.VIEW
) -> list[str]:
    """Return the paths under which to look: what `scope` holds of the unit that is asked for."""
    if unit is None:
        return scope.paths(right)
    asked = await db.maybe(
        conn,
        Top,
        "SELECT path FROM unit WHERE organisation_id = current_organisation() AND id = %(unit)s",
        unit=unit,
    )
    if asked is None:
        return []
    if scope.covers(asked.path, right):
        return [asked.path]
    return [path for path in scope.paths(right) if path.startswith(asked.path)]


async def _key(conn: db.Conn, person: PersonId) -> PageKey | None:
    """Return where in the order a person stands, whoever may see them."""
    return await db.maybe(
        conn,
        PageKey,
        """
        SELECT u.path AS unit_path, p.name, p.id
          FROM person p
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE p.organisation_id = current_organisation() AND p.id = %(person)s
        """,
        person=person,
    )


async def _page(
    conn: db.Conn,
    top: str,
    *,
    filter: PersonFilter,
    after: PageKey | None,
    limit: int,
    today: date,
) -> list[Line]:
    return await db.many(
        conn,
        Line,
        """
        SELECT p.id, p.name, p.reference, p.language, u.id AS unit_id, u.path AS unit_path,
               u.name_hi AS unit_name_hi, u.name_en AS unit_name_en
          FROM unit u
         CROSS JOIN LATERAL (
               SELECT p.id, p.name, p.reference, p.language
                 FROM person p
                WHERE p.organisation_id = u.organisation_id AND p.unit_id = u.id
                  AND p.erased_at IS NULL
                  AND (%(path)s::text IS NULL OR u.path > %(path)s::text
                       OR (p.name, p.id) > (%(name)s::text, %(id)s::uuid))
                  AND (%(language)s::text IS NULL OR p.language = %(language)s::text)
                  AND (%(category)s::text IS NULL OR EXISTS (
                          SELECT FROM membership m
                           WHERE m.organisation_id = p.organisation_id AND m.person_id = p.id
                             AND m.category_key = %(category)s::text AND m.until IS NULL))
                  AND (NOT %(in_office)s::boolean OR EXISTS (
                          SELECT FROM post t
                           WHERE t.organisation_id = p.organisation_id AND t.person_id = p.id
                             AND t.since <= %(today)s
                             AND (t.until IS NULL OR t.until >= %(today)s)))
                  AND (%(consent)s::text IS NULL OR %(consent)s::text = coalesce((
                          SELECT k.act::text FROM consent k
                           WHERE k.organisation_id = p.organisation_id AND k.person_id = p.id
                             AND k.purpose = %(purpose)s::text AND k.channel = %(channel)s::text
                           ORDER BY k.id DESC LIMIT 1), 'none'))
                  AND (NOT %(without_address)s::boolean OR NOT EXISTS (
                          SELECT FROM contact_point c
                           WHERE c.organisation_id = p.organisation_id AND c.person_id = p.id))
                ORDER BY p.name, p.id
                LIMIT %(limit)s) AS p
         WHERE u.organisation_id = current_organisation()
           AND u.path >= coalesce(%(path)s::text, %(top)s::text)
           AND u.path >= %(top)s::text AND u.path <= %(top)s::text || '~'
         ORDER BY u.path, p.name, p.id
         LIMIT %(limit)s
        """,
        path=after.unit_path if after else None,
        name=after.name if after else None,
        id=after.id if after else None,
        top=top,
        language=filter.language,
        category=filter.category,
        in_office=filter.in_office,
        consent=_consent(filter),
        purpose=filter.purpose,
        channel=filter.channel,
        without_address=filter.without_address,
        today=today,
        limit=limit,
    )


def _consent(filter: PersonFilter) -> ConsentState | None:
    """Return which state of consent is asked for, where its purpose and channel are too."""
    return filter.consent if filter.purpose and filter.channel else None


async def _tallied(conn: db.Conn, under: list[str]) -> Total:
    """Read how many people there are under these paths, of which none lies in another.

    That is kept ready for every unit with everything below it.
    """
    return await db.one(
        conn,
        Total,
        """
        SELECT coalesce(sum(t.people), 0)::int AS people
          FROM unit u
          JOIN unit_tally t ON t.organisation_id = u.organisation_id AND t.unit_id = u.id
         WHERE u.organisation_id = current_organisation() AND u.path = ANY(%(under)s::text[])
        """,
        under=under,
    )


async def _counted(
    conn: db.Conn, top: str, *, filter: PersonFilter, limit: int, today: date
) -> Total:
    """Count the people of `_page`'s list, by the same conditions, up to `limit`."""
    return await db.one(
        conn,
        Total,
        """
        SELECT count(*)::int AS people
          FROM (SELECT p.id
                  FROM unit u
                  JOIN person p ON p.organisation_id = u.organisation_id AND p.unit_id = u.id
                 WHERE u.organisation_id = current_organisation()
                   AND u.path >= %(top)s::text AND u.path <= %(top)s::text || '~'
                   AND p.erased_at IS NULL
                   AND (%(language)s::text IS NULL OR p.language = %(language)s::text)
                   AND (%(category)s::text IS NULL OR EXISTS (
                           SELECT FROM membership m
                            WHERE m.organisation_id = p.organisation_id AND m.person_id = p.id
                              AND m.category_key = %(category)s::text AND m.until IS NULL))
                   AND (NOT %(in_office)s::boolean OR EXISTS (
                           SELECT FROM post t
                            WHERE t.organisation_id = p.organisation_id AND t.person_id = p.id
                              AND t.since <= %(today)s
                              AND (t.until IS NULL OR t.until >= %(today)s)))
                   AND (%(consent)s::text IS NULL OR %(consent)s::text = coalesce((
                           SELECT k.act::text FROM consent k
                            WHERE k.organisation_id = p.organisation_id AND k.person_id = p.id
                              AND k.purpose = %(purpose)s::text AND k.channel = %(channel)s::text
                            ORDER BY k.id DESC LIMIT 1), 'none'))
                   AND (NOT %(without_address)s::boolean OR NOT EXISTS (
                           SELECT FROM contact_point c
                            WHERE c.organisation_id = p.organisation_id AND c.person_id = p.id))
                 LIMIT %(limit)s) AS found
        """,
        top=top,
        language=filter.language,
        category=filter.category,
        in_office=filter.in_office,
        consent=_consent(filter),
        purpose=filter.purpose,
        channel=filter.channel,
        without_address=filter.without_address,
        today=today,
        limit=limit,
    )
