"""The pace of one sender, kept in the memory of the one worker that holds its lease."""

import asyncio
import math
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


class Spacing:
    """A shortest interval for each address, after so many at once, in bounded memory.

    Of an address that is not remembered it is taken that all it may have at once was used at the
    beginning, or when we last forgot one: whoever held the sender before, or we, may have done so.
    """

    def __init__(self, interval_s: float, burst: int, *, began_at: float) -> None:
        self._interval_s = interval_s
        self._burst_s = interval_s * (burst - 1)
        self._unknown = began_at + interval_s * burst
        # When each address will have all again that it may have at once.
        self._whole_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._whole_at)

    def free_at(self, address: str) -> float:
        """Return from when on one more may go to an address."""
        return self._whole_at.get(address, self._unknown) - self._burst_s

    def occupy(self, address: str, now: float) -> None:
        """Take one place; the caller has seen that it is free."""
        whole_at = self._whole_at.get(address, self._unknown)
        self._remember(address, max(whole_at, now) + self._interval_s)

    def hold(self, address: str, until: float) -> None:
        """Let nothing go to an address before `until`, and then one by one."""
        if until > self.free_at(address):
            self._remember(address, until + self._burst_s)

    def _remember(self, address: str, whole_at: float) -> None:
        self._whole_at[address] = whole_at
        self._whole_at.move_to_end(address)
        while len(self._whole_at) > CHATS_REMEMBERED:
            _, forgotten = self._whole_at.popitem(last=False)
            if self._interval_s > 0:
                self._unknown = max(self._unknown, forgotten)


class Pace:
    """A token bucket for a sender, a shortest interval for each chat, and what a pair may have:
    one message each `pair_interval_s` to one address, after `pair_burst` at once.

    It starts empty, because whoever held the sender before may have just used what there was.
    """

    def __init__(
        self,
        *,
        rate_per_s: float,
        chat_interval_s: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        pair_interval_s: float | None = None,
        pair_burst: int | None = None,
    ) -> None:
        self._full_rate = rate_per_s * HEADROOM
        self._rate = self._full_rate
        self._capacity = max(1.0, self._rate * BURST_S)
        self._tokens = 0.0
        self._clock = clock
        self._sleep = sleep
        self._filled_at = clock()
        self._not_before = 0.0
        self._stopped = False
        began_at = clock()
        self._kept: list[Spacing] = []
        if chat_interval_s > 0:
            self._kept.append(Spacing(chat_interval_s, 1, began_at=began_at))
        if pair_interval_s is not None:
            burst = max(1, int((pair_burst or 1) * HEADROOM))
            self._kept.append(Spacing(pair_interval_s / HEADROOM, burst, began_at=began_at))
        # Of recipients that the provider asked us to leave alone; an unknown one is free.
        self._held: Spacing = Spacing(0.0, 1, began_at=-math.inf)

    def batch(self, longest_s: float) -> int:
        """Return how many sends fit into so many seconds, at least one."""
        return max(1, int(self._rate * longest_s))

    def hold_back(self, wait_s: float) -> None:
        """Send nothing for so long: the provider asked for it."""
        self._not_before = max(self._not_before, self._clock() + wait_s)
        self._tokens = 0.0

    def hold_back_from(self, chat: str, wait_s: float) -> None:
        """Send nothing to one recipient for so long; the others go on."""
        self._held.hold(chat, self._clock() + wait_s)

    def held_from_s(self, chat: str) -> float:
        """Say for how many seconds the provider's wait for this recipient still runs."""
        return max(0.0, self._held.free_at(chat) - self._clock())

    def stop(self) -> None:
        """Give nobody a turn any more."""
        self._stopped = True

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
        while not self._stopped and self._clock() < until:
            wait_s = self._take(chat)
            if wait_s <= 0:
                return True
            if self._clock() + wait_s >= until:
                return False
            await self._sleep(wait_s)
        return False

    def _take(self, chat: str) -> float:
        now = self._clock()
        wait_s = max(self._not_before - now, self._free_at(chat) - now)
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
        for kept in self._kept:
            kept.occupy(chat, now)
        return 0.0

    def _free_at(self, chat: str) -> float:
        return max(kept.free_at(chat) for kept in (self._held, *self._kept))
