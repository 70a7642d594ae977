"""The audit: Chaupal's account of each broadcast against the sandbox's own book, group by group."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import aiohttp
import msgspec

from chaupal.arrivals.models import Evidence
from chaupal.broadcasts import queries as broadcasts
from chaupal.broadcasts.models import BroadcastId
from chaupal.broadcasts.rendering import render
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime
from chaupal.rehearsal.demo import queries
from chaupal.rehearsal.demo.queries import Target, Times
from chaupal.relay.actions import group_url

PAGE = 5000


@dataclass(frozen=True, slots=True)
class Line:
    """One broadcast as the final report tells it. `outside`, `missing`, `duplicates`, and
    `unproven` count groups for which the account and the book disagree."""

    title: str
    audience: int
    delivered_to: int
    outside: int
    missing: int
    duplicates: int
    unproven: int
    states: dict[str, int]
    evidence: dict[str, int]
    seconds: dict[str, float | None]
    times: dict[str, datetime | None]

    @property
    def agrees(self) -> bool:
        """Say whether the account adds up and the book says the same."""
        return self.outside == self.missing == self.duplicates == self.unproven == 0 and sum(
            self.states.values()
        ) == self.audience == sum(self.evidence.values())


Book = dict[str, Counter[str]]


async def read_book(http: aiohttp.ClientSession, provider: str) -> Book:
    """Return, for every group in the sandbox's book, how often it received which text."""
    book: Book = {}
    async with http.get(f"{provider}/book") as answer:
        async for line in answer.content:
            told = msgspec.json.decode(line)
            book[told["group"]] = Counter(message["sha256"] for message in told["messages"])
    return book


@dataclass(slots=True)
class _Findings:
    delivered_to: int = 0
    missing: int = 0
    duplicates: int = 0
    unproven: int = 0
    inside: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)

    def judge(self, target: Target, digests: set[str], received: int) -> None:
        """Compare one delivery with the book.

        A message in the book that the account does not own up to is as wrong as one that the
        account claims and the book lacks. For a text posted by hand the account may lag behind
        the group (an admin who posts and says nothing), but never run ahead of it.
        """
        self.inside.add(target.address)
        self.digests |= digests
        self.delivered_to += received > 0
        self.duplicates += received > 1
        by_hand = target.channel == "whatsapp"
        claims = target.evidence >= (Evidence.POSTED if by_hand else Evidence.ACCEPTED)
        if claims and target.state == "sent" and not received:
            self.missing += 1
        if received and not claims and not by_hand and target.state != "unknown":
            self.unproven += 1


async def audit(
    rt: Runtime, organisation: OrganisationId, id: UUID, book: Mapping[str, Counter[str]]
) -> Line:
    """Check one broadcast against the book; in memory are its groups' addresses alone."""
    broadcast_id = BroadcastId(id)
    async with db.transaction(rt.pool, organisation) as conn:
        broadcast = await broadcasts.lock(conn, broadcast_id)
        assert broadcast is not None
        bodies = {text.language: text.body for text in await broadcasts.texts(conn, broadcast_id)}
        times = await queries.times(conn, id)
        counts = await broadcasts.counts(conn, broadcast_id)
        found, after = _Findings(), 0
        while page := await queries.targets(conn, id, after=after, limit=PAGE):
            for target in page:
                digests = _digests(rt, organisation, target, bodies, synthetic=broadcast.synthetic)
                received = book.get(target.address, Counter())
                found.judge(target, digests, sum(received[digest] for digest in digests))
            after = page[-1].id
    states: Counter[str] = Counter()
    evidence: Counter[str] = Counter()
    for count in counts:
        states[count.state.value] += count.targets
        evidence[count.evidence.name.lower()] += count.targets
    return Line(
        title=broadcast.title,
        audience=broadcast.targets or 0,
        delivered_to=found.delivered_to,
        outside=sum(
            1
            for group, received in book.items()
            if group not in found.inside and not found.digests.isdisjoint(received)
        ),
        missing=found.missing,
        duplicates=found.duplicates,
        unproven=found.unproven,
        states=dict(states),
        evidence=dict(evidence),
        seconds=_seconds(times),
        times={"frozen_at": times.frozen_at, "last_sent_at": times.last_sent_at},
    )


def _digests(
    rt: Runtime,
    organisation: OrganisationId,
    target: Target,
    bodies: Mapping[str, str],
    *,
    synthetic: bool,
) -> set[str]:
    """Return what one group may have received: its own text, or, where an admin posts by hand,
    the text in the admin's language, with the group's own link."""
    by_hand = target.channel == "whatsapp"
    link = group_url(rt, organisation, target.id) if by_hand else None
    languages = list(bodies) if by_hand else [target.language]
    texts = (
        render(bodies[language], synthetic=synthetic, language=language, link=link)
        for language in languages
    )
    return {hashlib.sha256(text.encode()).hexdigest() for text in texts}


def _seconds(times: Times) -> dict[str, float | None]:
    def between(start: datetime | None, end: datetime | None) -> float | None:
        return None if start is None or end is None else round((end - start).total_seconds(), 2)

    return {
        "freeze": between(times.approved_at, times.frozen_at),
        "dispatch": between(times.frozen_at, times.last_sent_at),
        "settle": between(times.frozen_at, times.finished_at or times.last_evidence_at),
    }


def report(line: Line) -> dict[str, Any]:
    """Return the line as JSON values."""
    return {name: getattr(line, name) for name in Line.__dataclass_fields__ if name != "unproven"}
