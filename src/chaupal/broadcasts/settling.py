"""What an outcome means: how it is written down, and what its sender heeds from now on."""

from datetime import datetime, timedelta
from typing import assert_never

from chaupal.arrivals.models import Evidence, Failure
from chaupal.broadcasts.deliveries import Settlement
from chaupal.broadcasts.halting import Halting
from chaupal.broadcasts.halts import order_of
from chaupal.broadcasts.models import Claim
from chaupal.broadcasts.pace import Pace
from chaupal.channels.contract import Accepted, Deferred, Outcome, Rejected, Traits, Unknown

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)
THROTTLED = "throttled"  # what every channel calls it
TOO_OFTEN = "too_often_for_this_person"


def settlement(claim: Claim, outcome: Outcome, traits: Traits, *, now: datetime) -> Settlement:
    """Put an outcome into the words of the table."""
    id, attempts = claim.delivery_id, claim.attempts
    match outcome:
        case Accepted(ref):
            proven = Evidence.VERIFIED if traits.proves_delivery else Evidence.ACCEPTED
            return Settlement(id, attempts, "sent", provider_ref=ref, evidence=proven)
        case Deferred(_, wait, tries_limit=limit):
            if limit is not None and claim.tries + 1 >= limit:
                failure = Failure.TRIED_OUT.value
                return Settlement(id, attempts, "refused", failure=failure, tried=True)
            pause = wait or min(FIRST_WAIT * 2 ** min(attempts - 1, 10), LONGEST_WAIT)
            due_at = now + min(pause, LONGEST_WAIT)
            return Settlement(id, attempts, "queued", due_at=due_at, tried=limit is not None)
        case Rejected(failure, _):
            return Settlement(id, attempts, "refused", failure=failure.value)
        case Unknown():
            if traits.idempotent:  # asking again with the same key is safe
                due_at = now + FIRST_WAIT
                return Settlement(id, attempts, "queued", due_at=due_at, doubtful=True)
            return Settlement(id, attempts, "unknown", doubtful=True)
        case _:
            assert_never(outcome)


def heed(outcome: Outcome, claim: Claim, pace: Pace, halting: Halting) -> None:
    """Go slower, wait, leave one recipient alone, or stop, as an answer asks."""
    order = order_of(claim, outcome)
    if order is not None:
        halting.note(order)
        if halting.all:
            pace.stop()
    if not isinstance(outcome, Deferred):
        return
    if outcome.why == THROTTLED:
        pace.throttled()
    wait_s = min(outcome.wait or FIRST_WAIT, LONGEST_WAIT).total_seconds()
    if outcome.pair_only:
        pace.hold_back_from(claim.address, wait_s)
    elif outcome.wait is not None:
        pace.hold_back(wait_s)
