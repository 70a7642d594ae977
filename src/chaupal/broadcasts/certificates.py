"""Certificates: where the law wants one, what is sent is what a committee has certified."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from chaupal import record
from chaupal.broadcasts import queries, targets
from chaupal.broadcasts.compiler import Target
from chaupal.broadcasts.models import Broadcast, BroadcastId, Pictured, Stage, Text, beside
from chaupal.broadcasts.rendering import render
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.law.models import CERTIFICATION
from chaupal.organisations import Right, scope_of
from chaupal.organisations.scope import INDIA
from chaupal.record import Actor

NUMBER_LIMIT_CHARACTERS = 100
COMMITTEE_LIMIT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a committee certified, by the hash of its wording."""

    number: str
    committee: str
    certified_on: date
    wording_hash: bytes
    entered_label: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class OrganisationType:
    """Just of which type."""

    type: str


def wording_hash(
    texts: Mapping[str, str], *, synthetic: bool, pictures: Mapping[str, Pictured] | None = None
) -> bytes:
    """Return the hash of what readers get to see: every text with its label, its picture if it has
    one, and nothing else."""
    seen: dict[str, object] = {
        language: render(body, synthetic=synthetic, language=language)
        for language, body in sorted(texts.items())
    }
    if pictures:
        seen["pictures"] = {
            language: [shown.id.hex(), shown.description]
            for language, shown in sorted(pictures.items())
        }
    return hashlib.sha256(msgspec.json.encode(seen, order="deterministic")).digest()


async def certify(
    rt: Runtime,
    id: BroadcastId,
    *,
    number: str,
    committee: str,
    certified_on: date,
    wording: bytes | None = None,
    key: str,
    actor: Actor,
) -> None:
    """Note the certificate of what is written now, before it is approved.

    It is bound to the wording: change a word, and there is none. Who says of which `wording` it is
    is refused where another is written.
    """
    number, committee = " ".join(number.split()), " ".join(committee.split())
    whole = 0 < len(number) <= NUMBER_LIMIT_CHARACTERS
    if not whole or not 0 < len(committee) <= COMMITTEE_LIMIT_CHARACTERS:
        raise Invalid("certificate.malformed", limit=COMMITTEE_LIMIT_CHARACTERS)
    if certified_on > rt.now().astimezone(INDIA).date():
        raise Invalid("certificate.day_ahead")
    request = f"certify\0{id}\0{number}\0{committee}\0{certified_on}".encode()
    if wording is not None:
        request += wording
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        scope.need(Right.COMPOSE)
        broadcast = await queries.lock(conn, id)
        if broadcast is None or not all(scope.covers(path) for path in broadcast.author_paths):
            raise NotFound("broadcast.not_found")
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        if broadcast.stage not in {Stage.DRAFT, Stage.SUBMITTED}:
            raise Refused("broadcast.cannot_move", stage=broadcast.stage.value, verb="edit")
        written = await _wording(conn, broadcast)
        if wording is not None and wording != written:
            raise Refused("certificate.of_another_text", number=number)
        await db.run(
            conn,
            """
            INSERT INTO certificate (organisation_id, broadcast_id, number, committee, certified_on,
                                     wording_hash, entered_by, entered_label, entered_at)
            VALUES (current_organisation(), %(id)s, %(number)s, %(committee)s, %(certified_on)s,
                    %(wording)s, %(by)s, %(label)s, %(now)s)
            ON CONFLICT (organisation_id, broadcast_id) DO UPDATE
               SET number = excluded.number, committee = excluded.committee,
                   certified_on = excluded.certified_on, wording_hash = excluded.wording_hash,
                   entered_by = excluded.entered_by, entered_label = excluded.entered_label,
                   entered_at = excluded.entered_at
            """,
            id=id,
            number=number,
            committee=committee,
            certified_on=certified_on,
            wording=written,
            by=actor.id,
            label=actor.label,
            now=rt.now(),
        )
        await record.answer(conn, key, request, "certified", actor=actor, now=rt.now())
        await record.append(
            conn, "broadcast.certified", id, actor=actor, now=rt.now(), number=number,
            wording=written.hex(),
        )  # fmt: skip


async def find(conn: db.Conn, id: BroadcastId) -> Certificate | None:
    """Return the certificate of a broadcast, which the caller found within a Scope."""
    return await db.maybe(
        conn,
        Certificate,
        """
        SELECT number, committee, certified_on, wording_hash, entered_label, entered_at
          FROM certificate
         WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
        """,
        id=id,
    )


async def check(conn: db.Conn, broadcast: Broadcast, target: Target) -> None:
    """Refuse election matter that needs a certificate and has none, or one for another wording.

    Which channels it goes over is counted as the audience stands now.
    """
    organisation = await organisation_type(conn)
    if not CERTIFICATION.needed(organisation, CERTIFICATION.channels):
        return
    channels = broadcast.via or {part.channel for part in await targets.slices(conn, target)}
    if not CERTIFICATION.needed(organisation, channels):
        return
    certificate = await find(conn, broadcast.id)
    if certificate is None:
        raise Refused("certificate.missing", source=CERTIFICATION.source)
    if certificate.wording_hash != await _wording(conn, broadcast):
        raise Refused("certificate.of_another_text", number=certificate.number)


async def organisation_type(conn: db.Conn) -> str:
    """Return of which type the organisation of this transaction is."""
    found = await db.one(
        conn,
        OrganisationType,
        "SELECT type::text FROM organisation WHERE id = current_organisation()",
    )
    return found.type


def wording_of(broadcast: Broadcast, texts: list[Text]) -> bytes:
    """Return the hash of what readers of a broadcast get to see."""
    bodies = {text.language: text.body for text in texts}
    return wording_hash(bodies, synthetic=broadcast.synthetic, pictures=beside(texts))


async def _wording(conn: db.Conn, broadcast: Broadcast) -> bytes:
    return wording_of(broadcast, await queries.texts(conn, broadcast.id))
