"""The way into the log for those who come in crowds: who waits for the disk waits together.

A synced write costs the same for one arrival and for a hundred. So while one entry is on its way
to the disk, what comes in gathers, and goes as one entry when the way is free. Nobody waits for
company: what finds the way free goes at once.
"""

import asyncio

from nats.aio.client import Client as Nats

from chaupal.arrivals import log
from chaupal.arrivals.log import Handed

BUNDLE_LIMIT = 500
BUNDLE_LIMIT_BYTES = 1 << 20  # NATS takes four times as much
UNDER_WAY = 2


class Inlet:
    """Hands arrivals to the log, several at once where several wait."""

    def __init__(self, nats: Nats) -> None:
        self._nats = nats
        self._waiting: list[tuple[Handed, asyncio.Future[None]]] = []
        self._under_way = 0
        self._carriers: set[asyncio.Task[None]] = set()

    async def put(self, handed: Handed) -> None:
        """Return only when the log has this on disk; otherwise `Unavailable`."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((handed, kept))
        if self._under_way < UNDER_WAY:
            self._under_way += 1
            carrier = asyncio.create_task(self._carry())
            self._carriers.add(carrier)
            carrier.add_done_callback(self._carriers.discard)
        await kept

    async def _carry(self) -> None:
        """Carry bundle after bundle until nobody waits."""
        while self._waiting:
            bundle = self._next()
            refused: Exception | None = None
            try:
                await log.publish_together(self._nats, [handed for handed, _ in bundle])
            except Exception as error:  # noqa: BLE001  (whoever waits is told)
                refused = error
            for _, kept in bundle:
                if kept.done():  # they left meanwhile
                    continue
                if refused is None:
                    kept.set_result(None)
                else:
                    kept.set_exception(refused)
        self._under_way -= 1  # before anybody else runs, or their arrival would wait for nobody

    def _next(self) -> list[tuple[Handed, asyncio.Future[None]]]:
        """Take from the front as many as fit into one entry, one at least."""
        taken, size_bytes = 1, len(self._waiting[0][0].body)
        for handed, _ in self._waiting[1:BUNDLE_LIMIT]:
            size_bytes += len(handed.body)
            if size_bytes > BUNDLE_LIMIT_BYTES:
                break
            taken += 1
        bundle, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return bundle
