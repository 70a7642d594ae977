"""The pace of one sender, kept in the memory of the one worker that holds its lease."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

HEADROOM = 0.8  # of the provider's limit; the rest is for replies
BURST_S = 0.1
CHATS_REMEMBERED = 20_000
# A provider that throttles us knows its limit better than we do: we go slower, and come back to
# the rate that was written down within so long.
SLOWER = 0.7
SLOWEST = 0.1
RECOVERY_S = 60.0


class Pace:
    """A token bucket for a sender, and a shortest interval for each chat.

    It starts empty, because whoever held the sender before may have just used what there was.
    """

    def __init__(
        self,
        *,
        rate_per_s: float,
        chat_interval_s: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._full_rate = rate_per_s * HEADROOM
        self._rate = self._full_rate
        self._capacity = max(1.0, self._rate * BURST_S)
        self._tokens = 0.0
        self._clock = clock
        self._sleep = sleep
        self._filled_at = clock()
        self._not_before = 0.0
        self._chat_interval_s = chat_interval_s
        self._free_at: OrderedDict[str, float] = OrderedDict()
        self._began_at = clock()

    def batch(self, longest_s: float) -> int:
        """Return how many sends fit into so many seconds, at least one."""
        return max(1, int(self._rate * longest_s))

    def hold_back(self, wait_s: float) -> None:
        """Send nothing for so long: the provider asked for it."""
        self._not_before = max(self._not_before, self._clock() + wait_s)
        self._tokens = 0.0

    @property
    def rate_per_s(self) -> float:
        """Say how many sends a second this sender makes at most just now."""
        return self._rate

    def throttled(self) -> None:
        """Go slower: the provider said that it was too fast."""
        self._rate = max(self._full_rate * SLOWEST, self._rate * SLOWER)

    @property
    def held_s(self) -> float:
        """Say for how many seconds nothing may go."""
        return max(0.0, self._not_before - self._clock())

    def is_held_back(self) -> bool:
        """Say whether the provider's wait is still running."""
        return self._clock() < self._not_before

    async def turn(self, chat: str, *, until: float) -> bool:
        """Wait until one more message may go to `chat`, and take that place.

        Says no, and takes none, where the place would come after `until` on this pace's clock.
        """
        while self._clock() < until:
            wait_s = self._take(chat)
            if wait_s <= 0:
                return True
            if self._clock() + wait_s >= until:
                return False
            await self._sleep(wait_s)
        return False

    def _take(self, chat: str) -> float:
        now = self._clock()
        wait_s = max(self._not_before - now, self._chat_free_at(chat) - now)
        if wait_s > 0:
            return wait_s
        since = max(self._filled_at, self._not_before)
        passed = max(0.0, now - since)
        self._rate = min(self._full_rate, self._rate + passed * self._full_rate / RECOVERY_S)
        self._tokens = min(self._capacity, self._tokens + passed * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        self._occupy(chat, now)
        return 0.0

    def _chat_free_at(self, chat: str) -> float:
        if self._chat_interval_s == 0:
            return 0.0
        return self._free_at.get(chat, self._began_at + self._chat_interval_s)

    def _occupy(self, chat: str, now: float) -> None:
        if self._chat_interval_s == 0:
            return
        self._free_at[chat] = now + self._chat_interval_s
        self._free_at.move_to_end(chat)
        while len(self._free_at) > CHATS_REMEMBERED:
            self._free_at.popitem(last=False)
