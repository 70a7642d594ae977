"""Who may post to us: senders looked up once in some seconds, with an end to what is remembered."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from chaupal.channels.contract import Account, Channel
from chaupal.channels.registry import CHANNELS
from chaupal.edge import queries
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import Broken

REMEMBERED_S = 5.0
REMEMBERED = 10_000
LOOK_UP_LIMIT_S = 3.0


@dataclass(frozen=True, slots=True)
class KnownSender:
    """A sender with its adapter and its open secrets."""

    id: UUID
    channel: Channel
    account: Account


class Senders:
    """Looks senders up, and remembers the answer, no included, for some seconds."""

    def __init__(self, rt: Runtime, monotonic: Callable[[], float]) -> None:
        self._rt = rt
        self._monotonic = monotonic
        self._known: OrderedDict[tuple[OrganisationId, UUID], tuple[float, KnownSender | None]] = (
            OrderedDict()
        )
        self._asking: dict[tuple[OrganisationId, UUID], asyncio.Task[KnownSender | None]] = {}

    async def find(self, organisation: OrganisationId, sender: UUID) -> KnownSender | None:
        """Return a sender, or None if there is none; `Unavailable` if nobody can say."""
        key = organisation, sender
        known = self._known.get(key)
        if known is not None and self._monotonic() < known[0]:
            return known[1]
        asking = self._asking.get(key)
        if asking is None:  # whoever else wants to know meanwhile waits for the same answer
            asking = self._asking[key] = asyncio.create_task(self._ask(key))
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(asking)

    async def _ask(self, key: tuple[OrganisationId, UUID]) -> KnownSender | None:
        now = self._monotonic()
        try:
            async with asyncio.timeout(LOOK_UP_LIMIT_S):
                found = await self._look_up(*key)
        except TimeoutError as error:
            raise Unavailable("engine.database_away", kind="TimeoutError") from error
        self._known[key] = (now + REMEMBERED_S, found)
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found

    async def _look_up(self, organisation: OrganisationId, sender: UUID) -> KnownSender | None:
        async with db.transaction(self._rt.pool, organisation) as conn:
            row = await queries.webhook(conn, sender)
        if row is None or row.channel not in CHANNELS:
            return None
        try:
            secret = self._rt.sealer.unseal(
                row.sealed_webhook_secret, f"sender/{row.id}/webhook_secret"
            )
        except Broken:
            return None
        # The edge checks signatures and sends nothing, so the token stays sealed.
        account = Account(endpoint=row.endpoint, token="", webhook_secret=secret)
        return KnownSender(row.id, CHANNELS[row.channel], account)
