"""What the law says to a broadcast: its certificate, and what will hold it back."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from chaupal.api.callers import Called, Key
from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import certificates
from chaupal.broadcasts.models import BroadcastId
from chaupal.broadcasts.targets import Ahead


class AheadShape(Struct, frozen=True):
    """What the law will hold back: so many targets of a unit on one channel.

    What has not gone by `holds_from` waits until `ends_at`, or for good; how long a message can be
    on its way on this channel is counted. `why`: silence, or freeze for a stopped area; then
    `title` says who stopped it.
    """

    why: str
    unit: str
    title: str | None
    detail: str | None
    channel: str
    holds_from: datetime
    ends_at: datetime | None
    targets: int


class CertificateShape(Struct, frozen=True):
    """The certificate of a broadcast's wording. `fits`: the text is the one that was certified."""

    number: str
    committee: str
    certified_on: date
    wording: str
    fits: bool
    entered_by: str
    entered_at: datetime


class Certified(Struct, frozen=True, forbid_unknown_fields=True):
    """What a committee has certified. With `wording`, only if that still is what is written."""

    number: str
    committee: str
    certified_on: date
    wording: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None


def ahead_of(found: Sequence[Ahead]) -> list[AheadShape]:
    """Shape what lies ahead."""
    return [
        AheadShape(
            row.why, row.code, row.title, row.detail, row.channel, row.holds_from, row.ends_at,
            row.targets,
        )
        for row in found
    ]  # fmt: skip


def certificate_of(found: certificates.Certificate, wording: bytes) -> CertificateShape:
    """Shape a certificate, beside what is written now."""
    return CertificateShape(
        found.number,
        found.committee,
        found.certified_on,
        found.wording_hash.hex(),
        found.wording_hash == wording,
        found.entered_label,
        found.entered_at,
    )


@post("/broadcasts/{id:uuid}/certificate", status_code=204)
async def certify(caller: Called, id: FromPath[UUID], data: JSONBody[Certified], key: Key) -> None:
    """Note the certificate of what is written, before it is approved, bound to its wording."""
    await certificates.certify(
        caller.rt,
        BroadcastId(id),
        number=data.number,
        committee=data.committee,
        certified_on=data.certified_on,
        wording=bytes.fromhex(data.wording) if data.wording else None,
        key=key,
        actor=caller.actor,
    )
    await arrivals_log.hint(caller.rt.nats, caller.actor.organisation, "broadcasts")


ROUTES = (certify,)
