"""A breaker for each sender: a provider that is in trouble is left alone for a while.

Where an answer that is lost stays unknown, each send into an outage is one that nobody can account
for; where it does not, it is a try for nothing. After a batch without a single clear answer nothing
goes for a while, twice as long each time; then one message asks whether it is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chaupal.channels.contract import Accepted, Deferred, Outcome, Rejected, Unknown

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 300.0
# So many without a clear answer say that it is the provider, and not one message.
TROUBLE = 4


@dataclass(slots=True)
class Breaker:
    """What a sender has learnt of its provider: how often in a row it was in trouble."""

    trips: int = 0
    silent: int = 0

    @property
    def asks(self) -> bool:
        """Say whether the next message is to ask if the trouble is over: one, and no more."""
        return self.trips > 0

    def note(self, outcomes: Sequence[Outcome | None]) -> float:
        """Take note of a batch, and return for how many seconds nothing may go now."""
        tried = [outcome for outcome in outcomes if outcome is not None]
        if any(is_clear(outcome) for outcome in tried):
            self.trips = self.silent = 0
            return 0.0
        self.silent += len(tried)
        if not tried or (self.silent < TROUBLE and not self.asks):
            return 0.0
        self.trips += 1
        self.silent = 0
        return float(min(FIRST_WAIT_S * 2.0 ** (self.trips - 1), LONGEST_WAIT_S))


def is_clear(outcome: Outcome) -> bool:
    """Say whether the provider answered: with a yes, a no, or a wait of its own."""
    match outcome:
        case Accepted() | Rejected():
            return True
        case Deferred(_, wait):
            asked_for = outcome.pair_only or outcome.halts is not None
            return wait is not None or asked_for or outcome.moved_to is not None
        case Unknown():
            return False
