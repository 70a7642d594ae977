"""What words and buttons that came in change in the ledger: set-based, in the caller's transaction.

A no is never too late: it holds whenever it arrives. A yes counts only where no later no is
known, since providers repeat and disorder what they bring. Nobody's row is locked: an import may
hold it for minutes, and `writable` lets no yes stand that has a later no.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.sealing import Sealer
from chaupal.people.models import Said, Word, contact_context


@dataclass(frozen=True, slots=True)
class _Columns:
    """The words of one kind as the columns of a statement, one address each."""

    channels: list[str]
    lookups: list[bytes]
    bases: list[str]
    proofs: list[str]
    ats: list[datetime]


async def apply(
    conn: db.Conn,
    sealer: Sealer,
    organisation: OrganisationId,
    said: Sequence[Said],
    *,
    now: datetime,
) -> Mapping[Word, int]:
    """Write down what people said, and return how many acts of consent that came to, by word.

    Whoever says stop is suppressed at that address, known to us or not, so that nobody writes
    there later. Start gives back what was withdrawn on that channel, and messages to somebody
    known who never said anything; it names the newest notice, and where there is none it gives
    nothing. A yes in the provider's own settings is no consent to us: it gives back what a no there
    took away, and nothing else. Of several words from one address the last holds, and a stop wins a
    tie.
    """
    newest = _newest(sealer, organisation, said)
    stops = _columns(newest, Word.STOP, now)
    starts = _columns(newest, Word.START, now)
    resumed = _columns(newest, Word.START, now, in_settings=True)
    acts = dict.fromkeys(Word, 0)
    if stops.lookups:
        await _suppress(conn, stops)
        acts[Word.STOP] = await _withdraw(conn, stops)
    if starts.lookups:
        await _lift(conn, starts)
        await _lift_holders(conn, starts)
        acts[Word.START] = await _give(conn, starts)
    if resumed.lookups:
        await _lift_resumed(conn, resumed)
        acts[Word.START] += await _give_back(conn, resumed)
    return MappingProxyType(acts)


def _newest(
    sealer: Sealer, organisation: OrganisationId, said: Iterable[Said]
) -> dict[tuple[str, bytes], Said]:
    newest: dict[tuple[str, bytes], Said] = {}
    for one in sorted(said, key=lambda one: (one.at, one.word is Word.STOP)):
        lookup = sealer.lookup(one.address, contact_context(organisation, one.channel))
        newest[one.channel.value, lookup] = one
    return newest


def _columns(
    newest: Mapping[tuple[str, bytes], Said],
    word: Word,
    now: datetime,
    *,
    in_settings: bool = False,
) -> _Columns:
    """Return the words of a kind; of the yeses only those said in the settings, or the others."""
    chosen = [
        (key, one)
        for key, one in newest.items()
        if one.word is word and (word is Word.STOP or one.in_settings == in_settings)
    ]
    return _Columns(
        channels=[channel for (channel, _), _ in chosen],
        lookups=[lookup for (_, lookup), _ in chosen],
        bases=[one.basis.value for _, one in chosen],
        proofs=[one.proof for _, one in chosen],
        ats=[min(one.at, now) for _, one in chosen],
    )


async def _suppress(conn: db.Conn, stops: _Columns) -> int:
    """Let nobody write to these addresses, since their owners said so."""
    return await db.run(
        conn,
        """
        INSERT INTO suppression AS s (organisation_id, channel, lookup, reason, since)
        SELECT current_organisation(), said.channel, said.lookup, 'asked', said.at
          FROM unnest(%(channels)s::text[], %(lookups)s::bytea[], %(ats)s::timestamptz[])
               AS said (channel, lookup, at)
         ORDER BY said.channel, said.lookup
        ON CONFLICT (organisation_id, channel, lookup) DO UPDATE
           SET since = greatest(s.since, excluded.since)
         WHERE s.reason = 'asked'
        """,
        channels=stops.channels,
        lookups=stops.lookups,
        ats=stops.ats,
    )


async def _withdraw(conn: db.Conn, stops: _Columns) -> int:
    """Withdraw everything that whoever has these addresses agreed to on their channels."""
    return await db.run(
        conn,
        """
        INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version,
                             language, basis, proof, at)
        SELECT DISTINCT ON (p.id, wanted.purpose, said.channel)
               p.organisation_id, p.id, wanted.purpose, said.channel, 'withdrawn'::consent_act, '',
               p.language, said.basis, said.proof, said.at
          FROM unnest(%(channels)s::text[], %(lookups)s::bytea[], %(bases)s::text[],
                      %(proofs)s::text[], %(ats)s::timestamptz[])
               AS said (channel, lookup, basis, proof, at)
          JOIN contact_point c ON c.organisation_id = current_organisation()
                              AND c.channel = said.channel AND c.lookup = said.lookup
          JOIN person p ON p.organisation_id = c.organisation_id AND p.id = c.person_id
         CROSS JOIN unnest(ARRAY['messages', 'coordination']) AS wanted (purpose)
          LEFT JOIN LATERAL (
                SELECT k.act, k.proof FROM consent k
                 WHERE k.organisation_id = p.organisation_id AND k.person_id = p.id
                   AND k.purpose = wanted.purpose AND k.channel = said.channel
                 ORDER BY k.id DESC LIMIT 1) AS held ON true
         WHERE held.act IS DISTINCT FROM 'withdrawn'
            -- a no to us is more than one in the provider's settings, which a yes there takes back
            OR held.proof ~ '^stop [a-z_]+ [0-9a-f-]+ (preference|refused)/'
               AND said.proof !~ '^stop [a-z_]+ [0-9a-f-]+ (preference|refused)/'
         ORDER BY p.id, wanted.purpose, said.channel, said.at DESC
        """,
        channels=stops.channels,
        lookups=stops.lookups,
        bases=stops.bases,
        proofs=stops.proofs,
        ats=stops.ats,
    )


async def _lift(conn: db.Conn, starts: _Columns) -> int:
    """Let addresses be written to again whose owners stopped it themselves, and earlier."""
    return await db.run(
        conn,
        """
        DELETE FROM suppression s
         USING unnest(%(channels)s::text[], %(lookups)s::bytea[], %(ats)s::timestamptz[])
               AS said (channel, lookup, at)
         WHERE s.organisation_id = current_organisation() AND s.channel = said.channel
           AND s.lookup = said.lookup AND s.reason = 'asked' AND s.since <= said.at
        """,
        channels=starts.channels,
        lookups=starts.lookups,
        ats=starts.ats,
    )


async def _lift_holders(conn: db.Conn, starts: _Columns) -> int:
    """Let people be written to again who stopped everything themselves, and earlier."""
    return await db.run(
        conn,
        """
        DELETE FROM suppressed_person s
         USING unnest(%(channels)s::text[], %(lookups)s::bytea[], %(ats)s::timestamptz[])
               AS said (channel, lookup, at)
          JOIN contact_point c ON c.organisation_id = current_organisation()
                              AND c.channel = said.channel AND c.lookup = said.lookup
         WHERE s.organisation_id = c.organisation_id AND s.person_id = c.person_id
           AND s.reason = 'asked' AND s.since <= said.at
        """,
        channels=starts.channels,
        lookups=starts.lookups,
        ats=starts.ats,
    )


async def _give(conn: db.Conn, starts: _Columns) -> int:
    """Give back what these people withdrew on their channels before they said so."""
    return await db.run(
        conn,
        """
        INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version,
                             language, basis, proof, at)
        SELECT DISTINCT ON (p.id, wanted.purpose, said.channel)
               p.organisation_id, p.id, wanted.purpose, said.channel, 'given'::consent_act,
               notice.version, p.language, said.basis, said.proof, said.at
          FROM unnest(%(channels)s::text[], %(lookups)s::bytea[], %(bases)s::text[],
                      %(proofs)s::text[], %(ats)s::timestamptz[])
               AS said (channel, lookup, basis, proof, at)
          JOIN contact_point c ON c.organisation_id = current_organisation()
                              AND c.channel = said.channel AND c.lookup = said.lookup
          JOIN person p ON p.organisation_id = c.organisation_id AND p.id = c.person_id
         CROSS JOIN LATERAL (
                SELECT n.version FROM notice n
                 WHERE n.organisation_id = p.organisation_id AND n.language = p.language
                 ORDER BY n.published_at DESC, n.version DESC LIMIT 1) AS notice
         CROSS JOIN unnest(ARRAY['messages', 'coordination']) AS wanted (purpose)
          LEFT JOIN LATERAL (
                SELECT k.act, k.at FROM consent k
                 WHERE k.organisation_id = p.organisation_id AND k.person_id = p.id
                   AND k.purpose = wanted.purpose AND k.channel = said.channel
                 ORDER BY k.id DESC LIMIT 1) AS held ON true
         WHERE held.act = 'withdrawn' AND held.at <= said.at
            OR wanted.purpose = 'messages' AND NOT EXISTS (
                SELECT FROM consent k
                 WHERE k.organisation_id = p.organisation_id AND k.person_id = p.id
                   AND k.channel = said.channel)
         ORDER BY p.id, wanted.purpose, said.channel, said.at DESC
        """,
        channels=starts.channels,
        lookups=starts.lookups,
        bases=starts.bases,
        proofs=starts.proofs,
        ats=starts.ats,
    )


async def _lift_resumed(conn: db.Conn, resumed: _Columns) -> int:
    """Let addresses be written to again whose last no was one in the provider's settings."""
    return await db.run(
        conn,
        """
        DELETE FROM suppression s
         USING unnest(%(channels)s::text[], %(lookups)s::bytea[], %(ats)s::timestamptz[])
               AS said (channel, lookup, at)
          JOIN contact_point c ON c.organisation_id = current_organisation()
                              AND c.channel = said.channel AND c.lookup = said.lookup
         CROSS JOIN LATERAL (
                SELECT k.act, k.at, k.proof FROM consent k
                 WHERE k.organisation_id = c.organisation_id AND k.person_id = c.person_id
                   AND k.channel = c.channel
                 ORDER BY k.id DESC LIMIT 1) AS held
         WHERE s.organisation_id = c.organisation_id AND s.channel = said.channel
           AND s.lookup = said.lookup AND s.reason = 'asked' AND s.since <= said.at
           AND held.act = 'withdrawn' AND held.at <= said.at
           AND held.proof ~ '^stop [a-z_]+ [0-9a-f-]+ (preference|refused)/'
        """,
        channels=resumed.channels,
        lookups=resumed.lookups,
        ats=resumed.ats,
    )


async def _give_back(conn: db.Conn, resumed: _Columns) -> int:
    """Give back what a no in the provider's settings took away before, and nothing else.

    A stop that was written to us, on paper, or on one's own page stays.
    """
    return await db.run(
        conn,
        """
        INSERT INTO consent (organisation_id, person_id, purpose, channel, act, notice_version,
                             language, basis, proof, at)
        SELECT DISTINCT ON (p.id, wanted.purpose, said.channel)
               p.organisation_id, p.id, wanted.purpose, said.channel, 'given'::consent_act,
               notice.version, p.language, said.basis, said.proof, said.at
          FROM unnest(%(channels)s::text[], %(lookups)s::bytea[], %(bases)s::text[],
                      %(proofs)s::text[], %(ats)s::timestamptz[])
               AS said (channel, lookup, basis, proof, at)
          JOIN contact_point c ON c.organisation_id = current_organisation()
                              AND c.channel = said.channel AND c.lookup = said.lookup
          JOIN person p ON p.organisation_id = c.organisation_id AND p.id = c.person_id
         CROSS JOIN LATERAL (
                SELECT n.version FROM notice n
                 WHERE n.organisation_id = p.organisation_id AND n.language = p.language
                 ORDER BY n.published_at DESC, n.version DESC LIMIT 1) AS notice
         CROSS JOIN unnest(ARRAY['messages', 'coordination']) AS wanted (purpose)
         CROSS JOIN LATERAL (
                SELECT array_agg(k.act::text ORDER BY k.id DESC) AS acts,
                       (array_agg(k.proof ORDER BY k.id DESC))[1] AS proof,
                       (array_agg(k.at ORDER BY k.id DESC))[1] AS at
                  FROM consent k
                 WHERE k.organisation_id = p.organisation_id AND k.person_id = p.id
                   AND k.purpose = wanted.purpose AND k.channel = said.channel) AS held
         WHERE held.acts[1] = 'withdrawn' AND held.acts[2] = 'given' AND held.at <= said.at
           AND held.proof ~ '^stop [a-z_]+ [0-9a-f-]+ (preference|refused)/'
         ORDER BY p.id, wanted.purpose, said.channel, said.at DESC
        """,
        channels=resumed.channels,
        lookups=resumed.lookups,
        bases=resumed.bases,
        proofs=resumed.proofs,
        ats=resumed.ats,
    )
