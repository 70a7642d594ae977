"""Puts the rules' "no", and the domain's own terms, into words for the reader.

Each sentence is written once, in plain English, in the refusals modules beside this one and
below; it is translated through gettext, and a test holds every one of them against the Hindi.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum, IntEnum
from types import MappingProxyType

from chaupal.web.api_refusals import OF_THE_API, RIGHTS
from chaupal.web.audience_refusals import OF_AUDIENCES
from chaupal.web.console_refusals import AT_THE_CONSOLE
from chaupal.web.group_refusals import OF_GROUPS
from chaupal.web.import_refusals import OF_IMPORTS
from chaupal.web.import_words import OF_FILES
from chaupal.web.language import Language, day, duration, number, translations
from chaupal.web.law_refusals import OF_THE_LAW, TERMS_OF_THE_LAW
from chaupal.web.office_refusals import OF_OFFICES
from chaupal.web.people_refusals import OF_PEOPLE
from chaupal.web.people_terms import OF_PEOPLE as TERMS_OF_PEOPLE
from chaupal.web.picture_refusals import OF_PICTURES
from chaupal.web.refusals import AT_THE_DESK, N_, UNNAMED, Words
from chaupal.web.schedule_refusals import OF_SCHEDULES
from chaupal.web.sms_refusals import OF_SMS
from chaupal.web.template_refusals import OF_TEMPLATES
from chaupal.web.tree_refusals import OF_THE_TREE
from chaupal.web.watch_refusals import OF_THE_WATCH

__all__ = ["REFUSALS", "TERMS", "UNNAMED", "Words", "refusal_words", "word"]

REFUSALS: Mapping[str, Words] = MappingProxyType(
    {
        **AT_THE_DESK,
        **AT_THE_CONSOLE,
        **OF_AUDIENCES,
        **OF_THE_TREE,
        **OF_THE_LAW,
        **OF_THE_WATCH,
        **OF_OFFICES,
        **OF_PEOPLE,
        **OF_GROUPS,
        **OF_IMPORTS,
        **OF_THE_API,
        **OF_SCHEDULES,
        **OF_TEMPLATES,
        **OF_SMS,
        **OF_PICTURES,
    }
)

TERMS: Mapping[str, Mapping[str, str]] = {
    **TERMS_OF_PEOPLE,
    **OF_FILES,
    **TERMS_OF_THE_LAW,
    "rung": {
        "planned": N_("planned"),
        "accepted": N_("accepted"),
        "delivered": N_("delivered"),
        "opened": N_("opened"),
        "posted": N_("posted"),
        "verified": N_("verified"),
        "unknown": N_("unknown"),
        "refused": N_("refused"),
        "expired": N_("expired"),
        "cancelled": N_("cancelled"),
        "recalled": N_("recalled"),
    },
    "term": {
        "group": N_("Group of conditions"),
        "units": N_("Place"),
        "levels": N_("Level"),
        "categories": N_("Category"),
        "languages": N_("Language"),
        "size": N_("Members"),
        "live_admins": N_("Live admins"),
        "posts": N_("Post of an admin"),
        "earlier": N_("Earlier broadcast"),
        "saw": N_("Saw what goes round"),
        "channels": N_("Channel"),
        "kept": N_("Kept as it is"),
    },
    "verdict": {
        "false": N_("false"),
        "misleading": N_("misleading"),
        "unproven": N_("not proven"),
        "true": N_("true"),
    },
    "unseen": {
        "unknown": N_("no such group, or outside your area"),
        "several": N_("several groups are called so; write its reference"),
        "archived": N_("archived"),
        "no_notice": N_("carries no notice that it is read, so it is not noted"),
    },
    "state": {
        "queued": N_("waits to be sent"),
        "sending": N_("is being sent"),
        "tasked": N_("waits for an admin"),
        "sent": N_("sent"),
        "unknown": N_("unknown"),
        "refused": N_("refused"),
        "expired": N_("expired"),
        "cancelled": N_("cancelled"),
        "recalled": N_("recalled"),
    },
    "stage": {
        "draft": N_("Draft"),
        "submitted": N_("Submitted"),
        "approved": N_("Approved"),
        "frozen": N_("Frozen"),
        "scheduled": N_("Scheduled"),
        "sending": N_("Sending"),
        "paused": N_("Paused"),
        "finished": N_("Finished"),
        "cancelled": N_("Cancelled"),
        "recalled": N_("Withdrawn"),
        "expired": N_("Expired"),
    },
    "verb": {
        "edit": N_("edit"),
        "submit": N_("submit"),
        "approve": N_("approve"),
        "send_back": N_("send back"),
        "freeze": N_("freeze"),
        "send": N_("send"),
        "pause": N_("pause"),
        "resume": N_("resume"),
        "cancel": N_("cancel"),
        "recall": N_("recall"),
        "finish": N_("finish"),
    },
    "poll": {
        "ahead": N_("still ahead"),
        "silent": N_("silence now"),
        "over": N_("over"),
        "withdrawn": N_("taken back"),
    },
    "template_status": {
        "pending": N_("waits for WhatsApp"),
        "approved": N_("approved"),
        "rejected": N_("rejected by WhatsApp"),
        "paused": N_("paused by WhatsApp"),
        "disabled": N_("switched off by WhatsApp"),
        "gone": N_("no longer there"),
    },
    "template_quality": {
        "high": N_("people take it well"),
        "medium": N_("people take it middling"),
        "low": N_("people block it or report it: WhatsApp may pause it"),
    },
    "template_category": {
        "marketing": N_("marketing"),
        "utility": N_("utility"),
        "authentication": N_("sign-in codes"),
    },
    "unfit": {
        "named_variables": N_("blanks with names instead of numbers"),
        "media_header": N_("a film or file above the text"),
        "variable_outside_body": N_("a blank outside its text"),
        "button_of_another_kind": N_("a button of a kind that we do not know"),
        "unknown_part": N_("a part that we do not know"),
    },
    "organisation_type": {
        "party": N_("a political party"),
        "union": N_("a union"),
        "cooperative": N_("a co-operative"),
        "ngo": N_("a social organisation"),
    },
    "purpose": {"internal": N_("Internal"), "public": N_("Public")},
    "role": {
        "administrator": N_("Administrator"),
        "coordinator": N_("Coordinator"),
        "desk": N_("Desk"),
        "office_bearer": N_("Office-bearer"),
    },
    "right": RIGHTS,
    "lane": {"urgent": N_("Urgent"), "normal": N_("Normal"), "bulk": N_("Bulk")},
    "language": {"hi": N_("Hindi"), "en": N_("English")},
    "channel": {
        "whatsapp": N_("WhatsApp"),
        "relay": N_("WhatsApp, by its admins"),
        "whatsapp_cloud": N_("WhatsApp Cloud"),
        "telegram": N_("Telegram"),
        "matrix": N_("Matrix"),
        "sms": N_("SMS"),
        "email": N_("E-mail"),
        "sandbox": N_("Rehearsal"),
        "phone": N_("Phone"),
    },
    "quality": {
        "high": N_("people take its messages well"),
        "medium": N_("people take its messages middling"),
        "low": N_("people block it or report it: its limit may be lowered"),
    },
    "restriction": {
        "warned": N_("the provider has warned the account"),
        "restricted": N_("the provider lets the account write no more for now"),
        "disabled": N_("the provider has switched the account off"),
    },
    "failure": {
        "blocked": N_("The group removed or blocked our sender."),
        "no_such_address": N_("The group's address no longer exists."),
        "content": N_("The provider refused this content."),
        "misconfigured": N_("The sender is not set up rightly."),
        "expired": N_("The time ran out before it could be sent."),
        "withdrawn": N_("Consent was withdrawn before the send."),
        "opted_out": N_("They asked WhatsApp or the bot for no more of this."),
        "another_channel": N_("WhatsApp does not bring them this. Try another channel."),
        "needs_template": N_("They have not written for a day: only a template may go now."),
        "undelivered": N_("The provider took it and could not deliver it."),
        "tried_out": N_("The provider could not take it, however often we tried."),
        "daily_limit": N_("The day's limit of its sender holds it back."),
        "no_pictures": N_("Its channel takes no pictures, and the text was not to go alone."),
        "no_admin": N_("The group has no live admin."),
        "silence": N_("The silence before a poll holds it back."),
        "freeze": N_("Its area is stopped."),
    },
    "arrival": {
        "status": N_("Receipt"),
        "message": N_("Message"),
        "pulse": N_("Group changed"),
        "click": N_("Link opened"),
        "opened": N_("Task opened"),
        "posted": N_("Said to be posted"),
        "opt_out": N_("Opt-out"),
    },
}


def word(kind: str, value: str | Enum, language: Language) -> str:
    """Name a term of the domain; one that has no word here stands as it is written."""
    if isinstance(value, Enum):
        plain = value.name.lower() if isinstance(value, IntEnum) else str(value.value)
    else:
        plain = value
    known = TERMS[kind].get(plain)
    return translations(language).gettext(known) if known else plain


def refusal_words(code: str, facts: Mapping[str, object], language: Language) -> Words:
    """Say a refusal in the reader's language. A code without words gets a safe general sentence."""
    said = REFUSALS.get(code, UNNAMED)
    told = _Told({name: _tell(name, fact, language) for name, fact in facts.items()})
    gettext = translations(language).gettext
    return Words(
        gettext(said.title),
        gettext(said.what) % told,
        gettext(said.mend) % told,
    )


class _Told(dict[str, str]):
    """Facts in words. One that was not given must not cost the reader the whole page."""

    def __missing__(self, name: str) -> str:
        return "…"


def _tell(name: str, fact: object, language: Language) -> str:
    if name in TERMS and isinstance(fact, str | Enum):
        return word(name, fact, language)
    if isinstance(fact, timedelta) or (name.endswith("_s") and isinstance(fact, int | float)):
        return duration(fact, language)
    if isinstance(fact, date):
        return day(fact, language)
    if isinstance(fact, int):
        return number(fact)
    return str(fact)
