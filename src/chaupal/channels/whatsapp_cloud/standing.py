"""What the Cloud API's webhooks say of a number's quality, its day's limit, its account. Pure.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
(phone_number_quality_update, business_capability_update, account_update)
"""

import re
from collections.abc import Mapping

from chaupal.arrivals.models import Quality, Restriction, SenderHeard
from chaupal.channels import reading

# Meta says that it is low, or not low any more: of the two above it the lower one is certain.
EVENTS: Mapping[str, Quality] = {"FLAGGED": Quality.LOW, "UNFLAGGED": Quality.MEDIUM}
BANS: Mapping[str, Restriction] = {
    "DISABLE": Restriction.DISABLED,
    "SCHEDULE_FOR_DISABLE": Restriction.WARNED,
    "REINSTATE": Restriction.LIFTED,
}
OF_MESSAGES = frozenset(
    {"RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"}
)
NO_LIMIT = -1
LARGEST = 1_000_000_000
_TIER = re.compile(r"TIER_([0-9]{1,6})(K?)")


def quality(value: Mapping[str, object]) -> SenderHeard | None:
    """Read phone_number_quality_update. That a number may send faster is no limit of people: then
    `current_limit` speaks of the rate."""
    event = value.get("event")
    rated = EVENTS.get(event) if isinstance(event, str) else None
    people = tier(value.get("max_daily_conversations_per_business"))
    if people is None and event != "THROUGHPUT_UPGRADE":
        people = tier(value.get("current_limit"))
    return _heard(SenderHeard(None, quality=rated, daily_limit=people))


def capability(value: Mapping[str, object]) -> SenderHeard | None:
    """Read business_capability_update."""
    for name in ("max_daily_conversations_per_business", "max_daily_conversation_per_phone"):
        people = tier(value.get(name))
        if people is not None:
            return SenderHeard(None, daily_limit=people)
    return None


def account(value: Mapping[str, object]) -> SenderHeard | None:
    """Read account_update: a violation, a restriction, or that the account is switched off."""
    match value:
        case {"event": "ACCOUNT_VIOLATION"}:
            return SenderHeard(None, restriction=Restriction.WARNED)
        case {"event": "ACCOUNT_RESTRICTION", "restriction_info": list(told)}:
            kinds = {str(one.get("restriction_type")) for one in reading.dicts(told)}
            worst = Restriction.RESTRICTED if kinds & OF_MESSAGES else Restriction.WARNED
            return SenderHeard(None, restriction=worst)
        case {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": str(state)}}:
            return _heard(SenderHeard(None, restriction=BANS.get(state)))
        case {"event": "ACCOUNT_DELETED"}:
            return SenderHeard(None, restriction=Restriction.DISABLED)
    return None


def tier(told: object) -> int | None:
    """Return how many people a tier stands for; what is no tier, or not set, is None."""
    if isinstance(told, int) and not isinstance(told, bool):
        return told if 0 < told <= LARGEST else None
    if told == "TIER_UNLIMITED":
        return NO_LIMIT
    found = _TIER.fullmatch(told) if isinstance(told, str) else None
    if found is None:
        return None
    people = int(found[1]) * (1000 if found[2] else 1)
    return people if 0 < people <= LARGEST else None


def _heard(heard: SenderHeard) -> SenderHeard | None:
    return None if heard == SenderHeard(None) else heard
