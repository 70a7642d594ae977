"""What a number has sent, as the Cloud API remembers it, held against sends in doubt. Pure.

`message_history` tells wamids and what became of them, and neither for whom they were nor our
callback data. The number inside a wamid says for whom; so what fits a doubt is something that
was sent to its address while it was under way.
https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/whatsapp-business-account-message-history-api
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chaupal.arrivals.models import Evidence, Failure, StatusArrived
from chaupal.channels import reading
from chaupal.channels.contract import Doubt
from chaupal.channels.whatsapp_cloud import naming

RUNGS: Mapping[str, Evidence] = {
    "SENT": Evidence.ACCEPTED,
    "DELIVERED": Evidence.DELIVERED,
    "READ": Evidence.OPENED,
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message that the number has sent: to whom, since when, and how far it got."""

    ref: str
    recipient: str | None = field(repr=False)
    first_at: datetime
    last_at: datetime
    evidence: Evidence
    failed: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the history, and where the next begins."""

    sightings: Sequence[Sighting]
    after: str | None


def read_page(body: dict[str, object]) -> Page | None:
    """Return a page, or None where this is none. Entries that tell no time are left out."""
    if not isinstance(body.get("data"), list):
        return None
    sightings = [s for entry in reading.dicts(body["data"]) if (s := _sighting(entry)) is not None]
    match body:
        case {"paging": {"next": str(), "cursors": {"after": str(after)}}}:
            return Page(sightings, after)
    return Page(sightings, None)


def _sighting(entry: dict[str, object]) -> Sighting | None:
    match entry:
        case {"message_id": str(wamid), "events": {"data": list(events)}}:
            pass
        case _:
            return None
    told: list[tuple[datetime, str]] = []
    for event in reading.dicts(events):
        match event:
            case {"delivery_status": str(status), "timestamp": int(seconds)}:
                at = reading.instant(seconds)
                if at is not None:
                    told.append((at, status))
    if not told:
        return None
    rungs = [RUNGS[status] for _, status in told if status in RUNGS]
    return Sighting(
        ref=naming.reference(wamid),
        recipient=naming.recipient(wamid),
        first_at=min(told)[0],
        last_at=max(told)[0],
        evidence=max(rungs, default=Evidence.ACCEPTED),
        failed=any(status == "FAILED" for _, status in told),
    )


def fitting(sightings: Iterable[Sighting], doubts: Sequence[Doubt]) -> list[StatusArrived]:
    """Return for each doubt what was sent to its address while it was under way."""
    by_recipient: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        if sighting.recipient is not None:
            by_recipient.setdefault(sighting.recipient, []).append(sighting)
    return [
        StatusArrived(
            at=sighting.last_at,
            provider_ref=sighting.ref,
            key=doubt.key,
            evidence=sighting.evidence,
            failure=Failure.UNDELIVERED
            if sighting.failed and sighting.evidence is Evidence.ACCEPTED
            else None,
        )
        for doubt in doubts
        for sighting in by_recipient.get(doubt.address, [])
        if doubt.since <= sighting.first_at <= doubt.until
    ]
