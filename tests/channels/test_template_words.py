"""What the Cloud API's webhooks say of templates, as its pages show them."""

import json
from datetime import UTC, datetime

import pytest

from chaupal.arrivals.models import Quality, TemplateHeard, TemplateWord
from chaupal.channels.whatsapp_cloud import WhatsAppCloud
from chaupal.channels.whatsapp_cloud.template_words import EVENTS
from cloudserver import ACCOUNT_ID, SECONDS, became, of_template, webhook

NOON = datetime.fromtimestamp(SECONDS, UTC)
PAUSE = {"title": "SECOND_PAUSE", "description": "paused for 6 hours"}
LIKED = "message_template_quality_update"
CATEGORY = "template_category_update"


def heard(
    word: TemplateWord | None = None, quality: Quality | None = None, code: str = "hi"
) -> TemplateHeard:
    return TemplateHeard(NOON, ACCOUNT_ID, "mandi", code, word, quality)


WORDS = {
    "approved": (became("APPROVED"), heard(TemplateWord.APPROVED)),
    "given back": (became("REINSTATED"), heard(TemplateWord.APPROVED)),
    "paused": (became("PAUSED", other_info=PAUSE), heard(TemplateWord.PAUSED)),
    "switched off": (
        became("DISABLED", disable_info={"disable_date": SECONDS}),
        heard(TemplateWord.DISABLED),
    ),
    "rejected, and why in Meta's words": (
        became("REJECTED", rejection_info={"reason": "next to each other"}),
        heard(TemplateWord.REJECTED),
    ),
    "looked through": (became("IN_APPEAL"), heard(TemplateWord.PENDING)),
    "deleted": (became("DELETED"), heard(TemplateWord.GONE)),
    "to be deleted, without a reason": (
        became("PENDING_DELETION") | {"reason": None},
        heard(TemplateWord.DISABLED),
    ),
    "a code as webhooks write it": (
        became("PAUSED", code="en-US"),
        heard(TemplateWord.PAUSED, code="en_US"),
    ),
    "at risk": (became("FLAGGED"), None),
    "not to be edited": (became("LOCKED"), None),
    "an event that nobody knows": (became("SOMEHOW"), None),
    "no event": (of_template("message_template_status_update", new_quality_score="RED"), None),
    "badly liked": (
        of_template(LIKED, previous_quality_score="GREEN", new_quality_score="RED"),
        heard(quality=Quality.LOW),
    ),
    "not known how liked": (of_template(LIKED, new_quality_score="UNKNOWN"), None),
    "of another category": (
        of_template(CATEGORY, previous_category="UTILITY", new_category="MARKETING"),
        heard(TemplateWord.CHANGED),
    ),
    "of another category some day": (
        of_template(
            CATEGORY,
            correct_category="MARKETING",
            new_category="UTILITY",
            category_update_timestamp=SECONDS + 86_400,
        ),
        None,
    ),
    "edited": (
        of_template("message_template_components_update", message_template_element="कल {{1}}"),
        heard(TemplateWord.CHANGED),
    ),
    "a name that none has": (became("PAUSED", name="Mandi!"), None),
    "a code that none has": (became("PAUSED", code="hindi-in-latin-letters"), None),
    "a language that no text of ours has": (became("PAUSED", code="mr"), None),
    "no name": ({"field": "message_template_status_update", "value": {"event": "PAUSED"}}, None),
}


@pytest.mark.parametrize("case", WORDS)
def test_what_is_said_of_a_template_is_read_with_its_time(case):
    told, expected = WORDS[case]
    found = WhatsAppCloud().read(webhook(told))
    assert found == ([] if expected is None else [expected])


@pytest.mark.parametrize("account", [None, 102290129340398, "", "abc", "9" * 31])
def test_what_names_no_account_says_nothing(account):
    told = json.loads(webhook(became("PAUSED")))
    told["entry"][0]["id"] = account
    assert WhatsAppCloud().read(json.dumps(told).encode()) == []


def test_every_event_is_told_by_a_word_that_is_known():
    assert {*EVENTS.values()} == {*TemplateWord} - {TemplateWord.CHANGED}
