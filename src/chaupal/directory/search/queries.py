"""Every statement that search asks with. Each is one range of an index, or a few rows by key.

Three ways to the same entries, because none is fast for everybody: whoever sees everything
reads a range until a page is full; whoever sees a part has the range held against the units of
that part; and where that part has few people, they are read and the range is not.
"""

from dataclasses import dataclass, field
from uuid import UUID

from chaupal.directory.search.models import Hit
from chaupal.kit import db
from chaupal.organisations.models import Scope


@dataclass(frozen=True, slots=True)
class Entry:
    """One turn of one name."""

    turn: int
    key: str = field(repr=False)
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class Reach:
    """How much somebody sees: whether it is everything, and how many people and groups."""

    everything: bool
    subjects: int


def _ends(scope: Scope) -> list[str]:
    """Return behind which paths the scope's parts end, so that an index can stop there."""
    return [f"{path}~" for path in scope.paths()]


async def reach(conn: db.Conn, *, scope: Scope) -> Reach:
    """Return how much lies within `scope`."""
    return await db.one(
        conn,
        Reach,
        """
        SELECT NOT EXISTS (SELECT FROM unit top
                            WHERE top.organisation_id = current_organisation()
                              AND top.parent_id IS NULL
                              AND top.path <> ALL(%(paths)s::text[])) AS everything,
               (SELECT coalesce(sum(t.people + t.internal_groups + t.public_groups), 0)::int
                  FROM unit u
                  JOIN unit_tally t ON t.organisation_id = u.organisation_id AND t.unit_id = u.id
                 WHERE u.organisation_id = current_organisation()
                   AND u.path = ANY(%(paths)s::text[])) AS subjects
        """,
        paths=scope.paths(),
    )


async def entries_everywhere(
    conn: db.Conn,
    letter: str,
    lows: list[str],
    highs: list[str],
    *,
    scope: Scope,
    after_id: UUID | None,
    limit: int,
) -> list[Entry]:
    """Return the first entries of each span. The first span begins behind `after_id`.

    For those whose scope holds nearly everything: each entry's unit is looked at as it comes.
    """
    return await db.many(
        conn,
        Entry,
        """
        SELECT (span.turn - 1)::int AS turn, e.key, e.subject_id
          FROM unnest(%(lows)s::text[], %(highs)s::text[]) WITH ORDINALITY
               AS span (low, high, turn)
         CROSS JOIN LATERAL (
               SELECT e.key, e.subject_id
                 FROM search_entry e
                WHERE e.organisation_id = current_organisation()
                  AND e.kind = %(letter)s::"char" AND e.key >= span.low AND e.key < span.high
                  AND (span.turn > 1 OR %(after_id)s::uuid IS NULL
                       OR (e.key, e.subject_id) > (span.low, %(after_id)s::uuid))
                  AND (SELECT u.path FROM unit u
                        WHERE u.organisation_id = e.organisation_id AND u.id = e.unit_id
                          AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                       WHERE u.path BETWEEN root AND root || '~')) IS NOT NULL
                ORDER BY e.key, e.subject_id
                LIMIT %(limit)s) AS e
         ORDER BY span.turn, e.key, e.subject_id
         LIMIT %(limit)s
        """,
        letter=letter,
        lows=lows,
        highs=highs,
        after_id=after_id,
        paths=scope.paths(),
        limit=limit,
    )


async def entries_within(
    conn: db.Conn,
    letter: str,
    lows: list[str],
    highs: list[str],
    *,
    scope: Scope,
    after_id: UUID | None,
    limit: int,
) -> list[Entry]:
    """Return the first entries of each span within `scope`, whose units are hashed once.

    Not a join: the planner would have to order what it joined, and read whole ranges for that.
    """
    return await db.many(
        conn,
        Entry,
        """
        SELECT (span.turn - 1)::int AS turn, e.key, e.subject_id
          FROM unnest(%(lows)s::text[], %(highs)s::text[]) WITH ORDINALITY
               AS span (low, high, turn)
         CROSS JOIN LATERAL (
               SELECT e.key, e.subject_id
                 FROM search_entry e
                WHERE e.organisation_id = current_organisation()
                  AND e.kind = %(letter)s::"char" AND e.key >= span.low AND e.key < span.high
                  AND (span.turn > 1 OR %(after_id)s::uuid IS NULL
                       OR (e.key, e.subject_id) > (span.low, %(after_id)s::uuid))
                  AND coalesce(e.unit_id IN (
                          SELECT u.id
                            FROM unnest(%(paths)s::text[], %(ends)s::text[]) AS root (low, high)
                            JOIN unit u ON u.organisation_id = current_organisation()
                                       AND u.path >= root.low AND u.path < root.high), false)
                ORDER BY e.key, e.subject_id
                LIMIT %(limit)s) AS e
         ORDER BY span.turn, e.key, e.subject_id
         LIMIT %(limit)s
        """,
        letter=letter,
        lows=lows,
        highs=highs,
        after_id=after_id,
        paths=scope.paths(),
        ends=_ends(scope),
        limit=limit,
    )


async def entries_walked(
    conn: db.Conn,
    letter: str,
    lows: list[str],
    highs: list[str],
    *,
    scope: Scope,
    after_id: UUID | None,
    limit: int,
) -> list[Entry]:
    """Return the first entries within `scope`, all of whose names are looked at.

    For scopes of few people: a name that half the state bears may be nobody's here. What each
    unit has is read from its index, whatever the planner thinks of a join.
    """
    return await db.many(
        conn,
        Entry,
        """
        WITH here AS MATERIALIZED (
            SELECT u.id
              FROM unnest(%(paths)s::text[], %(ends)s::text[]) AS root (low, high)
              JOIN unit u ON u.organisation_id = current_organisation()
                         AND u.path >= root.low AND u.path < root.high
        )
        SELECT (span.turn - 1)::int AS turn, t.key, p.id AS subject_id
          FROM here
         CROSS JOIN LATERAL (
               SELECT p.id, p.search_key FROM person p
                WHERE %(letter)s::"char" = 'p' AND p.organisation_id = current_organisation()
                  AND p.unit_id = here.id
                UNION ALL
               SELECT g.id, g.search_key FROM chat_group g
                WHERE %(letter)s::"char" = 'g' AND g.organisation_id = current_organisation()
                  AND g.unit_id = here.id
                UNION ALL
               SELECT u.id, u.search_key FROM unit u
                WHERE %(letter)s::"char" = 'u' AND u.organisation_id = current_organisation()
                  AND u.id = here.id
               OFFSET 0) AS p
         CROSS JOIN LATERAL search_turns(p.search_key) AS t (key)
          JOIN unnest(%(lows)s::text[], %(highs)s::text[]) WITH ORDINALITY
               AS span (low, high, turn)
            ON t.key COLLATE "C" >= span.low AND t.key COLLATE "C" < span.high
         WHERE p.search_key LIKE ANY (%(parts)s::text[])
           AND (span.turn > 1 OR %(after_id)s::uuid IS NULL
                OR (t.key COLLATE "C", p.id) > (span.low, %(after_id)s::uuid))
         GROUP BY span.turn, t.key, p.id
         ORDER BY span.turn, t.key COLLATE "C", p.id
         LIMIT %(limit)s
        """,
        letter=letter,
        parts=list({f"%{low.split(' ')[0]}%" for low in lows}),
        lows=lows,
        highs=highs,
        after_id=after_id,
        paths=scope.paths(),
        ends=_ends(scope),
        limit=limit,
    )


async def entries_walked_apart(
    conn: db.Conn, letter: str, patterns: list[str], *, scope: Scope, limit: int
) -> list[Entry]:
    """Return what lies within `scope` and has all of these words, looking at every name there."""
    return await db.many(
        conn,
        Entry,
        """
        WITH here AS MATERIALIZED (
            SELECT u.id
              FROM unnest(%(paths)s::text[], %(ends)s::text[]) AS root (low, high)
              JOIN unit u ON u.organisation_id = current_organisation()
                         AND u.path >= root.low AND u.path < root.high
        )
        SELECT 0 AS turn, p.search_key AS key, p.id AS subject_id
          FROM here
         CROSS JOIN LATERAL (
               SELECT p.id, p.search_key FROM person p
                WHERE %(letter)s::"char" = 'p' AND p.organisation_id = current_organisation()
                  AND p.unit_id = here.id
                UNION ALL
               SELECT g.id, g.search_key FROM chat_group g
                WHERE %(letter)s::"char" = 'g' AND g.organisation_id = current_organisation()
                  AND g.unit_id = here.id
                UNION ALL
               SELECT u.id, u.search_key FROM unit u
                WHERE %(letter)s::"char" = 'u' AND u.organisation_id = current_organisation()
                  AND u.id = here.id
               OFFSET 0) AS p
         WHERE ' ' || translate(p.search_key, '|', ' ') || ' ' LIKE ALL (%(patterns)s::text[])
         ORDER BY p.search_key, p.id
         LIMIT %(limit)s
        """,
        letter=letter,
        patterns=patterns,
        paths=scope.paths(),
        ends=_ends(scope),
        limit=limit,
    )


async def entries_apart(
    conn: db.Conn,
    letter: str,
    word: str,
    others: list[str],
    *,
    scope: Scope,
    looked_at: int,
    limit: int,
) -> list[Entry]:
    """Return entries within `scope` that begin with `word` and hold the `others` anywhere.

    Looks at the first `looked_at` entries of the word and no further.
    """
    return await db.many(
        conn,
        Entry,
        """
        SELECT 0 AS turn, e.key, e.subject_id
          FROM (SELECT key, subject_id, unit_id
                  FROM search_entry
                 WHERE organisation_id = current_organisation() AND kind = %(letter)s::"char"
                   AND key >= %(word)s::text AND key < %(word)s::text || '!'
                 ORDER BY key, subject_id
                 LIMIT %(looked_at)s) AS e
         WHERE e.key || ' ' LIKE ALL (%(others)s::text[])
           AND (SELECT u.path FROM unit u
                 WHERE u.organisation_id = current_organisation() AND u.id = e.unit_id
                   AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                WHERE u.path BETWEEN root AND root || '~')) IS NOT NULL
         ORDER BY e.key, e.subject_id
         LIMIT %(limit)s
        """,
        letter=letter,
        word=word,
        others=others,
        paths=scope.paths(),
        looked_at=looked_at,
        limit=limit,
    )


async def people(conn: db.Conn, ids: list[UUID], *, scope: Scope) -> list[Hit]:
    """Return those of these people who lie within `scope` and were not erased."""
    return await db.many(
        conn,
        Hit,
        """
        SELECT p.id, p.name AS name_hi, p.name AS name_en, p.reference AS mark, p.search_key,
               p.unit_id,
               ARRAY(SELECT a.name_hi FROM unit a
                      WHERE a.organisation_id = u.organisation_id
                        AND a.number = ANY(numbers_above(u.path))
                      ORDER BY a.path) AS trail_hi,
               ARRAY(SELECT a.name_en FROM unit a
                      WHERE a.organisation_id = u.organisation_id
                        AND a.number = ANY(numbers_above(u.path))
                      ORDER BY a.path) AS trail_en
          FROM person p
          JOIN unit u ON u.organisation_id = p.organisation_id AND u.id = p.unit_id
         WHERE p.organisation_id = current_organisation() AND p.id = ANY(%(ids)s::uuid[])
           AND p.erased_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        ids=ids,
        paths=scope.paths(),
    )


async def groups(conn: db.Conn, ids: list[UUID], *, scope: Scope) -> list[Hit]:
    """Return those of these groups that lie within `scope` and were not archived."""
    return await db.many(
        conn,
        Hit,
        """
        SELECT g.id, g.name AS name_hi, g.name AS name_en, g.channel AS mark, g.search_key,
               g.unit_id,
               ARRAY(SELECT a.name_hi FROM unit a
                      WHERE a.organisation_id = u.organisation_id
                        AND a.number = ANY(numbers_above(u.path))
                      ORDER BY a.path) AS trail_hi,
               ARRAY(SELECT a.name_en FROM unit a
                      WHERE a.organisation_id = u.organisation_id
                        AND a.number = ANY(numbers_above(u.path))
                      ORDER BY a.path) AS trail_en
          FROM chat_group g
          JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id
         WHERE g.organisation_id = current_organisation() AND g.id = ANY(%(ids)s::uuid[])
           AND g.archived_at IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        ids=ids,
        paths=scope.paths(),
    )


async def units(conn: db.Conn, ids: list[UUID], *, scope: Scope) -> list[Hit]:
    """Return those of these units that lie within `scope` and have not ended."""
    return await db.many(
        conn,
        Hit,
        """
        SELECT u.id, u.name_hi, u.name_en, u.code AS mark, u.search_key, u.id AS unit_id,
               ARRAY(SELECT a.name_hi FROM unit a
                      WHERE a.organisation_id = u.organisation_id AND a.id <> u.id
                        AND a.number = ANY(numbers_above(u.path))
                      ORDER BY a.path) AS trail_hi,
               ARRAY(SELECT a.name_en FROM unit a
                      WHERE a.organisation_id = u.organisation_id AND a.id <> u.id
                        AND a.number = ANY(numbers_above(u.path))
                      ORDER BY a.path) AS trail_en
          FROM unit u
         WHERE u.organisation_id = current_organisation() AND u.id = ANY(%(ids)s::uuid[])
           AND u.ended_on IS NULL
           AND EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                        WHERE u.path BETWEEN root AND root || '~')
        """,
        ids=ids,
        paths=scope.paths(),
    )


@dataclass(frozen=True, slots=True)
class Subject:
    """What has exactly the mark that was typed; whoever asks still has to see it."""

    id: UUID


async def people_referred(
    conn: db.Conn, references: list[str], channels: list[str], lookups: list[bytes]
) -> list[Subject]:
    """Return who has one of these references, or an address with one of these digests."""
    return await db.many(
        conn,
        Subject,
        """
        SELECT id FROM person
         WHERE organisation_id = current_organisation() AND reference = ANY(%(references)s::text[])
        UNION
        SELECT c.person_id
          FROM unnest(%(channels)s::text[], %(lookups)s::bytea[]) AS typed (channel, lookup)
          JOIN contact_point c ON c.organisation_id = current_organisation()
                              AND c.channel = typed.channel AND c.lookup = typed.lookup
        """,
        references=references,
        channels=channels,
        lookups=lookups,
    )


async def groups_addressed(
    conn: db.Conn, addresses: list[str], channels: list[str]
) -> list[Subject]:
    """Return which groups are reached at one of these addresses."""
    return await db.many(
        conn,
        Subject,
        """
        SELECT id FROM chat_group
         WHERE organisation_id = current_organisation()
           AND channel = ANY(%(channels)s::text[]) AND address = ANY(%(addresses)s::text[])
        """,
        addresses=addresses,
        channels=channels,
    )


async def units_coded(conn: db.Conn, codes: list[str]) -> list[Subject]:
    """Return which units have one of these codes."""
    return await db.many(
        conn,
        Subject,
        """
        SELECT id FROM unit
         WHERE organisation_id = current_organisation() AND code = ANY(%(codes)s::text[])
        """,
        codes=codes,
    )
