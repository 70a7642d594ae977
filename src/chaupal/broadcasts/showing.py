"""Pictures on their way to a provider: brought once for each sender, and kept by reference."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from chaupal import record
from chaupal.arrivals.models import Failure
from chaupal.broadcasts import pictures
from chaupal.broadcasts.approved import Shown
from chaupal.broadcasts.models import PictureId
from chaupal.channels.contract import (
    FORGOTTEN,
    Accepted,
    Bringing,
    Brought,
    Connection,
    Deferred,
    Outcome,
    Picture,
    Pictures,
    Rejected,
    Traits,
)
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Unavailable
from chaupal.kit.runtime import Runtime

# Not every provider says when it has let go of a picture, so it gets it again every day.
REFERENCE_LIFE = timedelta(days=1)
BRING_AGAIN_S = 2.0
REMEMBERED = 4
NOT_TAKEN = Rejected(Failure.NO_PICTURES, "picture_not_taken")
NOT_AS_APPROVED = Deferred("picture is not what was approved", timedelta(minutes=10))

Send: TypeAlias = Callable[[Picture | None], Awaitable[Outcome | None]]


@dataclass(frozen=True, slots=True)
class Reference:
    """What the provider calls a picture, and since when."""

    provider_ref: str
    brought_at: datetime


@dataclass(slots=True)
class Showing:
    """The pictures of one sender. What its provider calls them is known here and in the table, so
    that a worker that begins anew does not bring them again."""

    rt: Runtime
    organisation: OrganisationId
    sender: UUID
    connection: Connection
    traits: Traits
    monotonic: Callable[[], float]
    bodies: OrderedDict[bytes, pictures.Kept] = field(default_factory=OrderedDict)
    known: dict[bytes, Reference] = field(default_factory=dict)
    locks: dict[bytes, asyncio.Lock] = field(default_factory=dict)
    failed: dict[bytes, tuple[float, Outcome]] = field(default_factory=dict)

    async def send(self, shown: Shown, send: Send, *, begin_by: float) -> Outcome | None:
        """Call `send` with the picture as its channel takes it, and return how that ended.

        Where it takes none, or none as that template, the text goes alone if its author said so,
        and else not at all. As long as the provider has no name for a picture, one message goes at
        a time. None: its turn came too late, or the table is away, so it was not tried.
        """
        if not self.traits.takes_pictures or (self.traits.templated and shown.no_place):
            return await send(None) if shown.text_alone else NOT_TAKEN
        try:
            kept = await self._kept(shown.picture.id)
        except Unavailable:
            return None
        if kept is None:
            return NOT_AS_APPROVED
        picture = Picture(kept.id, kept.body, kept.width, kept.height, shown.picture.description)
        if self.traits.pictures is Pictures.CARRIED:
            return await send(picture)
        return await self._by_reference(picture, send, begin_by)

    async def _kept(self, id: PictureId) -> pictures.Kept | None:
        """Return a picture that is what its id says. The last ones are remembered."""
        kept = self.bodies.get(id)
        if kept is None:
            async with db.transaction(self.rt.pool, self.organisation) as conn:
                kept = await pictures.find(conn, id)
            if kept is not None:
                self.bodies[id] = kept
                while len(self.bodies) > REMEMBERED:
                    self.bodies.popitem(last=False)
        return kept

    async def _by_reference(self, picture: Picture, send: Send, begin_by: float) -> Outcome | None:
        """Send by the name that the provider has for a picture. One that it has forgotten it was
        told of by its refusal, so nothing was sent, and it is brought and sent once more."""
        for _ in range(2):
            reference = await self._reference(picture, send, begin_by)
            if not isinstance(reference, Reference):
                return reference
            outcome = await send(replace(picture, reference=reference.provider_ref))
            if not isinstance(outcome, Deferred) or outcome.why != FORGOTTEN:
                return outcome
            await self._forget(picture.id, reference)
        return outcome

    async def _reference(
        self, picture: Picture, send: Send, begin_by: float
    ) -> Reference | Outcome | None:
        """Return what the provider calls a picture, or how it ended with the first message."""
        reference = self._fresh(picture.id)
        if reference is not None:
            return reference
        async with self.locks.setdefault(picture.id, asyncio.Lock()):
            try:
                reference = self._fresh(picture.id) or await self._look_up(picture.id)
            except Unavailable:
                return None
            if reference is not None:
                return reference
            if self.monotonic() >= begin_by:
                return None
            return await self._first(picture, send)

    def _fresh(self, id: bytes) -> Reference | None:
        known = self.known.get(id)
        return known if known and known.brought_at > self.rt.now() - REFERENCE_LIFE else None

    async def _first(self, picture: Picture, send: Send) -> Reference | Outcome | None:
        """Let the provider have the picture: before any message, or along with the first one, whose
        outcome is returned then."""
        if not isinstance(self.connection, Bringing):
            outcome = await send(picture)
            if isinstance(outcome, Accepted) and outcome.picture_ref is not None:
                await self._note(picture.id, outcome.picture_ref)
            return outcome
        again_at, last = self.failed.get(picture.id, (0.0, None))
        if last is not None and self.monotonic() < again_at:
            return last
        ended = await self.connection.bring(picture)
        if isinstance(ended, Brought):
            self.failed.pop(picture.id, None)
            return await self._note(picture.id, ended.reference)
        self.failed[picture.id] = self.monotonic() + BRING_AGAIN_S, ended
        return ended

    async def _note(self, id: bytes, reference: str) -> Reference:
        """Remember what the provider calls a picture. A table that is away only costs the next
        worker the way."""
        now = self.rt.now()
        self.known[id] = Reference(reference, now)
        with suppress(Unavailable):
            async with db.transaction(self.rt.pool, self.organisation) as conn:
                await db.run(
                    conn,
                    """
                    INSERT INTO picture_reference (organisation_id, sender_id, picture_id,
                                                   provider_ref, brought_at)
                    VALUES (current_organisation(), %(sender)s, %(id)s, %(reference)s, %(now)s)
                    ON CONFLICT (organisation_id, sender_id, picture_id) DO UPDATE
                       SET provider_ref = excluded.provider_ref, brought_at = excluded.brought_at
                    """,
                    sender=self.sender,
                    id=id,
                    reference=reference,
                    now=now,
                )
                await record.append(
                    conn,
                    "picture.brought",
                    self.sender,
                    actor=record.part_of_the_system(self.organisation, "worker.dispatch"),
                    now=now,
                    picture=id.hex(),
                )
        return self.known[id]

    async def _look_up(self, id: bytes) -> Reference | None:
        async with db.transaction(self.rt.pool, self.organisation) as conn:
            found = await db.maybe(
                conn,
                Reference,
                """
                SELECT provider_ref, brought_at FROM picture_reference
                 WHERE organisation_id = current_organisation() AND sender_id = %(sender)s
                   AND picture_id = %(id)s
                """,
                sender=self.sender,
                id=id,
            )
        if found is not None:
            self.known[id] = found
        return self._fresh(id)

    async def _forget(self, id: bytes, reference: Reference) -> None:
        """Let go of a reference that means nothing to the provider, unless it has a newer one."""
        if self.known.get(id) == reference:
            del self.known[id]
        with suppress(Unavailable):
            async with db.transaction(self.rt.pool, self.organisation) as conn:
                await db.run(
                    conn,
                    """
                    DELETE FROM picture_reference
                     WHERE organisation_id = current_organisation() AND sender_id = %(sender)s
                       AND picture_id = %(id)s AND provider_ref = %(reference)s
                    """,
                    sender=self.sender,
                    id=id,
                    reference=reference.provider_ref,
                )
