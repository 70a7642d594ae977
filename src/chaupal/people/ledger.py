"""Every statement of the ledger of consent, of notices, and of who may not be written to."""

from dataclasses import dataclass
from datetime import datetime

from chaupal.kit import db
from chaupal.people.models import Channelled, ConsentAct, Hold, Notice, PersonId


async def add(
    conn: db.Conn,
    person: PersonId,
    *,
    lines: Channelled,
    act: str,
    notice_version: str,
    language: str,
    basis: str,
    proof: str,
    now: datetime,
) -> int:
    """Add an act for each line where another act holds, or none; return how many were added.

    A yes on another notice is another act.
    """
    return await db.run(
        conn,
        """
        INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version,
                             language, basis, proof, at)
        SELECT current_organisation(), %(person)s, line.purpose, line.channel,
               %(act)s::consent_act, %(notice_version)s, %(language)s, %(basis)s, %(proof)s,
               %(now)s
          FROM unnest(%(purposes)s::text[], %(channels)s::text[]) AS line (purpose, channel)
          LEFT JOIN LATERAL (
                SELECT act, notice_version FROM consent k
                 WHERE k.organisation_id = current_organisation() AND k.person_id = %(person)s
                   AND k.purpose = line.purpose AND k.channel = line.channel
                 ORDER BY k.id DESC LIMIT 1) AS held ON true
         WHERE held.act IS DISTINCT FROM %(act)s::consent_act
            OR %(act)s::consent_act = 'given' AND held.notice_version <> %(notice_version)s
         ORDER BY line.purpose, line.channel
        """,
        person=person,
        purposes=[purpose.value for purpose, _ in lines],
        channels=[channel.value for _, channel in lines],
        act=act,
        notice_version=notice_version,
        language=language,
        basis=basis,
        proof=proof,
        now=now,
    )


async def held(conn: db.Conn, person: PersonId) -> list[ConsentAct]:
    """Return what holds today: the newest act for each purpose and channel."""
    return await db.many(
        conn,
        ConsentAct,
        """
        SELECT DISTINCT ON (purpose, channel)
               person_id, purpose, channel, act::text AS act, notice_version, language, basis,
               proof, at
          FROM consent
         WHERE organisation_id = current_organisation() AND person_id = %(person)s
         ORDER BY purpose, channel, id DESC
        """,
        person=person,
    )


async def history(conn: db.Conn, person: PersonId) -> list[ConsentAct]:
    """Return the whole ledger of a person, oldest first."""
    return await db.many(
        conn,
        ConsentAct,
        """
        SELECT person_id, purpose, channel, act::text AS act, notice_version, language, basis,
               proof, at
          FROM consent
         WHERE organisation_id = current_organisation() AND person_id = %(person)s
         ORDER BY id
        """,
        person=person,
    )


async def publish(
    conn: db.Conn, version: str, *, languages: list[str], bodies: list[str], now: datetime
) -> int:
    """Add a notice in every language at once, unless its version exists: then nothing is added."""
    return await db.run(
        conn,
        """
        INSERT INTO notice (organisation_id, version, language, body, published_at)
        SELECT current_organisation(), %(version)s, said.language, said.body, %(now)s
          FROM unnest(%(languages)s::text[], %(bodies)s::text[]) AS said (language, body)
         WHERE NOT EXISTS (SELECT FROM notice
                            WHERE organisation_id = current_organisation()
                              AND version = %(version)s)
        ON CONFLICT DO NOTHING
        """,
        version=version,
        languages=languages,
        bodies=bodies,
        now=now,
    )


async def notices(conn: db.Conn, *, limit: int) -> list[Notice]:
    """Return the notices, newest first, each in all its languages."""
    return await db.many(
        conn,
        Notice,
        """
        SELECT version, language, body, published_at FROM notice
         WHERE organisation_id = current_organisation()
         ORDER BY published_at DESC, version DESC, language DESC
         LIMIT %(limit)s
        """,
        limit=limit,
    )


async def newest_notice(conn: db.Conn, language: str) -> Notice | None:
    """Return the notice that holds today, in one language."""
    return await db.maybe(
        conn,
        Notice,
        """
        SELECT version, language, body, published_at FROM notice
         WHERE organisation_id = current_organisation() AND language = %(language)s
         ORDER BY published_at DESC, version DESC
         LIMIT 1
        """,
        language=language,
    )


async def notice(conn: db.Conn, version: str, language: str) -> Notice | None:
    """Return one notice in one language."""
    return await db.maybe(
        conn,
        Notice,
        """
        SELECT version, language, body, published_at FROM notice
         WHERE organisation_id = current_organisation()
           AND version = %(version)s AND language = %(language)s
        """,
        version=version,
        language=language,
    )


async def suppress_person(conn: db.Conn, person: PersonId, reason: str, *, now: datetime) -> int:
    """Let nobody write to a person. A graver reason replaces the person's own word."""
    return await db.run(
        conn,
        """
        INSERT INTO suppressed_person AS s (organisation_id, person_id, reason, since)
        VALUES (current_organisation(), %(person)s, %(reason)s, %(now)s)
        ON CONFLICT (organisation_id, person_id) DO UPDATE
           SET reason = excluded.reason, since = excluded.since
         WHERE s.reason = 'asked' AND excluded.reason <> 'asked'
        """,
        person=person,
        reason=reason,
        now=now,
    )


async def lift_person(conn: db.Conn, person: PersonId, reasons: list[str]) -> int:
    """Let a person be written to again, if the reason was one of these."""
    return await db.run(
        conn,
        """
        DELETE FROM suppressed_person
         WHERE organisation_id = current_organisation() AND person_id = %(person)s
           AND reason = ANY(%(reasons)s::text[])
        """,
        person=person,
        reasons=reasons,
    )


async def suppress_addresses(
    conn: db.Conn, *, channels: list[str], lookups: list[bytes], reason: str, now: datetime
) -> int:
    """Let nobody write to these addresses, whoever has them; that of erased people stays so."""
    return await db.run(
        conn,
        """
        INSERT INTO suppression AS s (organisation_id, channel, lookup, reason, since)
        SELECT current_organisation(), a.channel, a.lookup, %(reason)s, %(now)s
          FROM unnest(%(channels)s::text[], %(lookups)s::bytea[]) AS a (channel, lookup)
        ON CONFLICT (organisation_id, channel, lookup) DO UPDATE
           SET reason = excluded.reason, since = excluded.since
         WHERE excluded.reason = 'erased' AND s.reason <> 'erased'
        """,
        channels=channels,
        lookups=lookups,
        reason=reason,
        now=now,
    )


async def lift_addresses(
    conn: db.Conn, person: PersonId, *, channels: list[str], reasons: list[str]
) -> int:
    """Let a person's addresses on these channels be written to again."""
    return await db.run(
        conn,
        """
        DELETE FROM suppression s
         USING contact_point c
         WHERE c.organisation_id = current_organisation() AND c.person_id = %(person)s
           AND c.channel = ANY(%(channels)s::text[])
           AND s.organisation_id = c.organisation_id AND s.channel = c.channel
           AND s.lookup = c.lookup AND s.reason = ANY(%(reasons)s::text[])
        """,
        person=person,
        channels=channels,
        reasons=reasons,
    )


async def lift_address(conn: db.Conn, *, channel: str, lookup: bytes) -> int:
    """Let an address be written to again, unless an erased person had it."""
    return await db.run(
        conn,
        """
        DELETE FROM suppression
         WHERE organisation_id = current_organisation()
           AND channel = %(channel)s AND lookup = %(lookup)s AND reason <> 'erased'
        """,
        channel=channel,
        lookup=lookup,
    )


async def hold(conn: db.Conn) -> Hold | None:
    """Return how long the organisation holds what is left of erased people, if it said so."""
    return await db.maybe(
        conn,
        Hold,
        """
        SELECT days, source, since FROM lawful_hold
         WHERE organisation_id = current_organisation() ORDER BY since DESC LIMIT 1
        """,
    )


async def set_hold(conn: db.Conn, *, days: int, source: str, now: datetime) -> None:
    """Write down how long what is left of erased people is held from now on."""
    await db.run(
        conn,
        """
        INSERT INTO lawful_hold (organisation_id, since, days, source)
        VALUES (current_organisation(), %(now)s, %(days)s, %(source)s)
        """,
        days=days,
        source=source,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Suppressed:
    """How many addresses are suppressed, for one reason."""

    channel: str
    reason: str
    addresses: int


async def suppressed(conn: db.Conn) -> list[Suppressed]:
    """Count the suppressed addresses of the organisation, which nobody can read."""
    return await db.many(
        conn,
        Suppressed,
        """
        SELECT channel, reason, count(*)::int AS addresses FROM suppression
         WHERE organisation_id = current_organisation()
         GROUP BY channel, reason ORDER BY channel, reason
        """,
    )
