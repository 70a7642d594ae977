"""What one sender's loop does not send any more since an answer asked for that."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from chaupal.arrivals.models import Halt
from chaupal.broadcasts.halts import Order
from chaupal.broadcasts.models import BroadcastId


@dataclass(slots=True)
class Halting:
    """Two batches are under way at once, and a halt in one stops what the other has claimed.

    `all`: the sender itself stops, and this loop ends. A broadcast's claims are released until its
    pause is written down; what is claimed after that was let go on by a person.
    """

    all: bool = False
    until: dict[BroadcastId, float] = field(default_factory=dict)

    def note(self, order: Order) -> None:
        """Stop from now on what an answer asks to stop."""
        if order.halt is Halt.CAMPAIGN:
            self.until[order.broadcast_id] = math.inf
        else:
            self.all = True

    def written(self, orders: Iterable[Order], at: float) -> None:
        """Note that these halts are in the database since `at`, on the loop's clock."""
        for order in orders:
            if order.halt is Halt.CAMPAIGN:
                self.until[order.broadcast_id] = at

    def stops(self, broadcast: BroadcastId, claimed_at: float) -> bool:
        """Say whether what was claimed then may not be sent."""
        return self.all or claimed_at <= self.until.get(broadcast, -math.inf)
