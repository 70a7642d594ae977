"""What a service centre's codes mean: its answers, and what it says of a message later. Pure.

SMPP 3.4, 5.1.3 and 5.2.28. Codes from 600 to 639 are the ledger's of TRAI, the same with every
operator: 600 the entity, 610 the telemarketer, 620 the header, 630 the template.
"""

from collections.abc import Mapping
from datetime import timedelta

from chaupal.arrivals.models import Failure, Halt
from chaupal.channels.contract import (
    Accepted,
    Deferred,
    Outcome,
    Rejected,
    Unknown,
)

THROTTLED_WAIT = timedelta(seconds=1)

OK = 0x00
INVALID_LENGTH = 0x01
INVALID_BIND_STATUS = 0x04
ALREADY_BOUND = 0x05
SYSTEM_ERROR = 0x08
INVALID_SOURCE = 0x0A
INVALID_DESTINATION = 0x0B
BIND_FAILED = 0x0D
INVALID_PASSWORD = 0x0E
INVALID_SYSTEM_ID = 0x0F
QUEUE_FULL = 0x14
INVALID_SYSTEM_TYPE = 0x53
THROTTLED = 0x58
NOT_NOW = 0x64

LATER: Mapping[int, Deferred] = {
    THROTTLED: Deferred("throttled", THROTTLED_WAIT),
    QUEUE_FULL: Deferred("throttled", THROTTLED_WAIT),
    INVALID_BIND_STATUS: Deferred("not_bound"),
    SYSTEM_ERROR: Deferred("not_now"),
    NOT_NOW: Deferred("not_now"),
}
# Of the account, the header or how we write: the next message would fare no better.
_OF_OURS = (INVALID_SOURCE, 0x15, 0x48, 0x49, 0x62, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4)
FAILURES: Mapping[int, Failure] = {
    INVALID_LENGTH: Failure.CONTENT,
    **dict.fromkeys((INVALID_DESTINATION, 0x50, 0x51), Failure.NO_SUCH_ADDRESS),
    **dict.fromkeys(_OF_OURS, Failure.MISCONFIGURED),
}
CANNOT_SIGN_IN = frozenset({BIND_FAILED, INVALID_PASSWORD, INVALID_SYSTEM_ID, INVALID_SYSTEM_TYPE})

STATES: Mapping[int, str] = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}


def is_of_the_ledger(code: int) -> bool:
    """Say whether a code is one that the ledger's check gives."""
    return 600 <= code < 640


def of_answer(status: int, reference: str) -> Outcome:
    """Turn the answer to a message into an outcome. A yes without a name for it proves nothing."""
    if status == OK:
        return Accepted(reference) if reference else Unknown("answer_unreadable")
    if status in LATER:
        return LATER[status]
    if is_of_the_ledger(status):
        halts = Halt.CAMPAIGN if status >= 630 else Halt.SENDER
        return Rejected(Failure.MISCONFIGURED, f"dlt_{status}", halts=halts)
    failure = FAILURES.get(status, Failure.UNDELIVERED)
    halts_sender = Halt.SENDER if failure is Failure.MISCONFIGURED else None
    return Rejected(failure, f"smpp_{status}", halts=halts_sender)


def of_bind(status: int) -> Deferred | Rejected:
    """Turn a refused bind into how every message of this sender ends meanwhile."""
    if status in CANNOT_SIGN_IN:
        return Rejected(Failure.MISCONFIGURED, "not_authenticated", halts=Halt.SENDER)
    if status == ALREADY_BOUND:
        return Deferred("already_bound")
    return LATER.get(status, Deferred("bind_refused"))


def halting(failure: Failure | None, code: int) -> tuple[Halt | None, str | None]:
    """Return what has to stop when a receipt brings this, and why: the ledger's check goes by the
    text, the header and the entity, which the next message has as well."""
    if failure is None or not is_of_the_ledger(code):
        return None, None
    if code >= 630:
        return Halt.CAMPAIGN, "text_not_in_ledger"
    return Halt.SENDER, "sender_not_in_ledger"


def of_state(state: str, code: int) -> Failure | None:
    """Return why a message that ended in `state` will not arrive, or None where it may have."""
    if state not in ("EXPIRED", "DELETED", "UNDELIV", "REJECTD"):
        return None
    if is_of_the_ledger(code):
        return Failure.CONTENT if code >= 630 else Failure.MISCONFIGURED
    if state == "EXPIRED":
        return Failure.EXPIRED
    return Failure.BLOCKED if state == "REJECTD" else Failure.UNDELIVERED
