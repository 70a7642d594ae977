"""How a sender stands, and how an exchange with its provider ended, in sentences."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from chaupal.broadcasts.sender_pages import Standing
from chaupal.web.language import Language, moment, number, translations
from chaupal.web.refusals import N_
from chaupal.web.words import word

# Below so much of its usual rate a sender is said to go slower: it comes back to it by itself.
USUAL = 0.95
HEADROOM = 0.8

WHY: Mapping[str, str] = {
    "throttled": N_("The provider said that it was too fast; it goes slower now."),
    "too_often_for_this_person": N_("Too many messages to one person; the others go on."),
    "template_paused": N_("The provider has paused the template."),
    "template_rejected": N_("The provider has rejected the template."),
    "template_disabled": N_("The provider has switched the template off for good."),
    "template_gone": N_("The template is not there any more."),
    "reported_as_spam": N_("Too many people reported it as unwanted."),
    "text is not what was approved": N_("Not sent by us: the text is not what was approved."),
    "sealed under another key": N_("Not sent by us: the address is sealed under another key."),
    "sender is misconfigured": N_(
        "The provider does not accept this sender: its token or its rights are not right."
    ),
    "text_not_in_ledger": N_("The operator says that the text is not registered with the ledger."),
    "sender_not_in_ledger": N_(
        "The operator says that the header, the entity or the telemarketer is not registered with "
        "the ledger."
    ),
    "account_locked": N_("The account is locked until somebody has looked."),
    "try_again": N_("The provider could not take it, and allows a few tries."),
    "error_368": N_("The provider has blocked the account for breaking its rules."),
    "error_131031": N_("The provider has locked the account."),
    "error_130497": N_("The provider keeps the account from writing to people in this country."),
    "error_131053": N_("The provider cannot take this picture."),
    "not_authenticated": N_("The provider did not accept this sender's password."),
    "answer_unreadable": N_("The answer could not be read; nobody knows whether it was sent."),
}
STOPPED: Mapping[str, str] = {
    "sender": N_("It was stopped %(time)s and sends nothing until somebody lets it go on. %(why)s"),
    "organisation": N_(
        "Every sender of this channel was stopped %(time)s, and none sends until somebody lets it "
        "go on. %(why)s"
    ),
}
FULL = N_(
    "It has written to as many people as it may in a day. The next ones follow from %(time)s on."
)
NOT_FETCHED: Mapping[str, str] = {
    "throttled": N_("The provider said that it was too fast. It is tried again soon."),
    "error_190": N_("The provider does not accept this sender's token."),
    "http_401": N_("The provider does not accept this sender's token."),
    "sealed under another key": N_("The sender's token is sealed under another key."),
}
ENDED: Mapping[str, str] = {
    "in_trouble": N_("The provider is in trouble: it answered %(status)s."),
    "not_reached": N_("No connection came about (%(kind)s); nothing was sent."),
    "answer_lost": N_("The answer was lost (%(kind)s); nobody knows whether it was sent."),
}
OUTCOMES: Mapping[str, str] = {
    "accepted": N_("The provider took it."),
    "deferred": N_("It is tried again later."),
    "rejected": N_("The provider refused it."),
    "unknown": N_("Nobody knows whether it was sent."),
}


class Ended(Protocol):
    """However an exchange ended."""

    @property
    def ended(self) -> str: ...
    @property
    def status(self) -> int | None: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def outcome(self) -> str: ...
    @property
    def reason(self) -> str | None: ...


def how_it_ended(row: Ended, language: Language) -> str:
    """Say in a sentence what became of a send, and why."""
    gettext = translations(language).gettext
    if row.outcome == "rejected" and row.reason:
        return word("failure", row.reason, language)
    if row.reason and row.reason in WHY:
        return gettext(WHY[row.reason])
    if row.outcome != "accepted" and row.ended in ENDED:
        return gettext(ENDED[row.ended]) % {"status": row.status or "–", "kind": row.kind or "–"}
    return gettext(OUTCOMES[row.outcome])


def how_it_stands(row: Standing, language: Language, *, now: datetime) -> str:
    """Say in a sentence what a sender is doing just now, and what it waits for."""
    gettext = translations(language).gettext
    if row.stopped_at is not None:
        stopped = STOPPED.get(row.stopped_halt or "", STOPPED["sender"])
        return gettext(stopped) % {
            "time": moment(row.stopped_at, now, language),
            "why": why(row.stopped_reason, language),
        }
    if row.full_until and row.full_until > now and row.waits:
        return gettext(FULL) % {"time": moment(row.full_until, now, language)}
    until = row.held_until if row.held_until and row.held_until > now else None
    at = until or row.disabled_at or now
    told = {
        "times": number(row.trips or 0),
        "time": moment(at, now, language),
        "source": word("source", row.excluded_by or "", language),
    }
    return gettext(_standing(row, waits=until is not None)) % told


def why(reason: str | None, language: Language) -> str:
    """Say in a sentence what stopped something; a code that we have no words for stands there."""
    gettext = translations(language).gettext
    if reason is not None and reason in WHY:
        return gettext(WHY[reason])
    return gettext(N_("The provider answered: %(code)s.")) % {"code": reason or "–"}


def _standing(row: Standing, *, waits: bool) -> str:
    slow = (row.rate_now_per_s or row.rate_per_s) < row.rate_per_s * HEADROOM * USUAL
    cases = (
        (row.disabled_at is not None, N_("It was switched off %(time)s.")),
        (
            row.excluded_by is not None,
            N_(
                "Nothing goes through it: its provider does not take organisations of this kind. "
                "The rule: %(source)s."
            ),
        ),
        (not row.held and row.waits, N_("Something waits for it, and no worker has taken it up.")),
        (not row.held, N_("It is at rest: nothing waits to go through it.")),
        (
            waits and row.trips,
            N_(
                "Its provider was in trouble, %(times)s times in a row. It is left alone until "
                "%(time)s; then one message asks whether that is over."
            ),
        ),
        (waits, N_("Its provider asked for a pause until %(time)s.")),
        (
            row.trips,
            N_("Its provider was in trouble. One message asks now whether that is over."),
        ),
        (slow, N_("It goes slower for a while, as its provider said that it was too fast.")),
        (not row.waits, N_("It is ready: nothing is due to go through it.")),
    )
    return next((said for holds, said in cases if holds), N_("It sends as usual."))


def why_not_fetched(reason: str, language: Language) -> str:
    """Say in a sentence why a provider's templates could not be fetched."""
    said = NOT_FETCHED.get(reason, N_("The provider did not answer as it should (%(reason)s)."))
    return translations(language).gettext(said) % {"reason": reason}


def rate(per_s: float) -> str:
    """Write a rate with no more digits than it needs, grouped as every number is."""
    whole, tenths = f"{per_s:.1f}".split(".")
    return number(int(whole)) + (f".{tenths}" if tenths != "0" else "")
