"""What each of the Cloud API's error codes means for us. Pure: the table is the page.

https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
Its titles are English that may change; the numbers are what it asks programs to read.
"""

from collections.abc import Mapping
from types import MappingProxyType

from chaupal.arrivals.models import Failure, Halt
from chaupal.channels.contract import Deferred, Rejected

FEW_TRIES = 5
OPTED_OUT = 131050
# Something asked for is wrong, or is not there; which thing, only its English says.
BAD_PARAMETER = 100

_BACK_OFF = (4, 80007, 130429)
_PAIR_ONLY = (131056,)
_FEW_TRIES = (131000, 131016, 131057)
_ANOTHER_CHANNEL = (131026, 131049, 130472)
_FIX_THE_REQUEST = (132000, 132001, 132007, 132008, 132012, 131062, 131063)
_PERSON_NEEDED = (368, 131031, 130497)
_ROTATE_THE_TOKEN = (0, 3, 10, 190, *range(200, 300), 131005)

# A paused template comes back by itself, and an account is given back after an appeal: what waits
# for them is kept. A disabled template never comes back.
TABLE: Mapping[int, Deferred | Rejected] = MappingProxyType(
    {
        **dict.fromkeys(_BACK_OFF, Deferred("throttled")),
        **dict.fromkeys(_PAIR_ONLY, Deferred("too_often_for_this_person", pair_only=True)),
        **{code: Deferred(f"error_{code}", tries_limit=FEW_TRIES) for code in _FEW_TRIES},
        OPTED_OUT: Rejected(Failure.OPTED_OUT, f"error_{OPTED_OUT}"),
        **{code: Rejected(Failure.ANOTHER_CHANNEL, f"error_{code}") for code in _ANOTHER_CHANNEL},
        131047: Rejected(Failure.NEEDS_TEMPLATE, "error_131047"),
        132015: Deferred("template_paused", halts=Halt.CAMPAIGN),
        132016: Rejected(Failure.CONTENT, "template_disabled", halts=Halt.CAMPAIGN),
        131048: Deferred("reported_as_spam", halts=Halt.SENDER),
        **{code: Deferred(f"error_{code}", halts=Halt.ORGANISATION) for code in _PERSON_NEEDED},
        **{code: Rejected(Failure.CONTENT, f"error_{code}") for code in _FIX_THE_REQUEST},
        **{code: Rejected(Failure.MISCONFIGURED, f"error_{code}") for code in _ROTATE_THE_TOKEN},
    }
)


def code_in(body: Mapping[str, object]) -> int | None:
    """Return the number of the error that an answer tells of, if it tells of one."""
    match body:
        case {"error": {"code": int(code)}} if not isinstance(code, bool):
            return code
    return None


def failure(code: int | None) -> Failure:
    """Return why a message that was accepted will not arrive after all."""
    match TABLE.get(-1 if code is None else code):
        case Rejected(reason):
            return reason
    return Failure.UNDELIVERED


def halting(code: int | None) -> tuple[Halt | None, str | None]:
    """Return what has to stop when this is told of a message that was accepted, and why."""
    match TABLE.get(-1 if code is None else code):
        case Deferred(why, halts=Halt() as halt):
            return halt, why
        case Rejected(_, detail, halts=Halt() as halt):
            return halt, detail
    return None, None
