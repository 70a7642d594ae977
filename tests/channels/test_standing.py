"""What the Cloud API's webhooks say of a number and its account, as its pages show them."""

import json
from datetime import UTC, datetime

import pytest

from chaupal.arrivals.models import Quality, Restriction, SenderHeard
from chaupal.channels.whatsapp_cloud import WhatsAppCloud
from cloudserver import SECONDS

NOON = datetime.fromtimestamp(SECONDS, UTC)


def of_account(what: str, **value: object) -> dict:
    entry = {"id": "102290129340398", "time": SECONDS, "changes": [{"field": what, "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def quality(event: str, **value: object) -> dict:
    number = {"display_phone_number": "15550783881", "event": event}
    return of_account("phone_number_quality_update", **number, **value)


def banned(state: str) -> dict:
    ban = {"waba_ban_state": state, "waba_ban_date": "November 23, 2026"}
    return of_account("account_update", event="DISABLED_UPDATE", ban_info=ban)


def restricted(*kinds: object) -> dict:
    told = [{"restriction_type": kind, "expiration": SECONDS} for kind in kinds]
    return of_account("account_update", event="ACCOUNT_RESTRICTION", restriction_info=told)


STANDINGS = {
    "low quality": (quality("FLAGGED", current_limit="TIER_1K"), (Quality.LOW, 1000, None)),
    "not low any more": (quality("UNFLAGGED"), (Quality.MEDIUM, None, None)),
    "a higher limit": (
        quality("UPGRADE", current_limit="TIER_10K", old_limit="TIER_2K"),
        (None, 10_000, None),
    ),
    "a lower limit, as it is written now": (
        quality("DOWNGRADE", max_daily_conversations_per_business="TIER_250"),
        (None, 250, None),
    ),
    "no limit": (quality("UPGRADE", current_limit="TIER_UNLIMITED"), (None, -1, None)),
    "a faster number is not one without a limit": (
        quality("THROUGHPUT_UPGRADE", current_limit="TIER_UNLIMITED"),
        None,
    ),
    "a faster number, and its portfolio's limit": (
        quality(
            "THROUGHPUT_UPGRADE",
            current_limit="TIER_UNLIMITED",
            max_daily_conversations_per_business="TIER_100K",
        ),
        (None, 100_000, None),
    ),
    "nothing said yet": (quality("ONBOARDING", current_limit="TIER_NOT_SET"), None),
    "a tier that nobody knows": (quality("UPGRADE", current_limit="TIER_5K_PLUS"), None),
    "a tier of nobody": (quality("UPGRADE", current_limit="TIER_0"), None),
    "bad input": (quality(["FLAGGED"], current_limit={"TIER": 1}), None),
    "what the business may": (
        of_account("business_capability_update", max_daily_conversations_per_business="TIER_2K"),
        (None, 2000, None),
    ),
    "what the business may, in figures": (
        of_account("business_capability_update", max_daily_conversation_per_phone=1000),
        (None, 1000, None),
    ),
    "what the business may, absurdly": (
        of_account("business_capability_update", max_daily_conversation_per_phone=True),
        None,
    ),
    "a violation": (
        of_account("account_update", event="ACCOUNT_VIOLATION", violation_info={}),
        (None, None, Restriction.WARNED),
    ),
    "messages forbidden": (
        restricted("RESTRICTED_BIZ_INITIATED_MESSAGING"),
        (None, None, Restriction.RESTRICTED),
    ),
    "something else forbidden": (
        restricted("RESTRICTED_ADD_PHONE_NUMBER_ACTION", [1]),
        (None, None, Restriction.WARNED),
    ),
    "switched off": (banned("DISABLE"), (None, None, Restriction.DISABLED)),
    "to be switched off": (banned("SCHEDULE_FOR_DISABLE"), (None, None, Restriction.WARNED)),
    "given back": (banned("REINSTATE"), (None, None, Restriction.LIFTED)),
    "an unknown ban": (banned("SOMEHOW"), None),
    "another event": (of_account("account_update", event="PARTNER_ADDED"), None),
    "no value": (of_account("account_update"), None),
}


@pytest.mark.parametrize("case", STANDINGS)
def test_what_is_said_of_a_number_is_read_with_its_time(case):
    told, expected = STANDINGS[case]
    found = WhatsAppCloud().read(json.dumps(told).encode())
    if expected is None:
        assert found == []
    else:
        rated, limit, restriction = expected
        assert found == [SenderHeard(NOON, rated, limit, restriction)]
