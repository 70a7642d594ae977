"""On which rung of the evidence a delivery stands, and many of them counted by rung. Pure."""

from collections.abc import Iterable
from typing import Protocol

from chaupal.arrivals.models import Evidence
from chaupal.broadcasts.models import State

ENDED = frozenset({State.UNKNOWN, State.REFUSED, State.EXPIRED, State.CANCELLED, State.RECALLED})
LADDER = ("accepted", "delivered", "opened", "posted", "verified")
RUNGS = ("planned", *LADDER, "unknown", "refused", "expired", "cancelled", "recalled")


class Counted(Protocol):
    """Deliveries that stand at one place."""

    @property
    def state(self) -> State: ...
    @property
    def evidence(self) -> Evidence: ...
    @property
    def targets(self) -> int: ...


def rung(state: State, evidence: Evidence) -> str:
    """Say where a delivery stands: its evidence, or the way in which it ended without."""
    return state.value if state in ENDED else evidence.name.lower()


def tally(counts: Iterable[Counted]) -> dict[str, int]:
    """Gather counts by rung. The sum stays the same: nobody is lost, nothing is rounded."""
    gathered: dict[str, int] = {}
    for count in counts:
        at = rung(count.state, count.evidence)
        gathered[at] = gathered.get(at, 0) + count.targets
    return gathered
