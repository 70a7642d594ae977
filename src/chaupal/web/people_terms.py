"""What people, consent and its proofs are called on pages."""

from collections.abc import Mapping

from chaupal.web.refusals import N_

OF_PEOPLE: Mapping[str, Mapping[str, str]] = {
    "consent_purpose": {
        "messages": N_("News from the organisation"),
        "coordination": N_("About tasks"),
    },
    "act": {"given": N_("yes"), "withdrawn": N_("no")},
    "basis": {
        "own_page": N_("on their own page"),
        "keyword": N_("by a word in a message"),
        "button": N_("by a button"),
        "paper": N_("on paper"),
        "membership_form": N_("on the membership form"),
        "desk": N_("told the office"),
    },
    "quiet": {
        "asked": N_("they asked for it"),
        "erasure_asked": N_("they want to be erased"),
        "erased": N_("somebody erased had this address"),
        "bounced": N_("nothing arrives there"),
        "desk": N_("the office decided so"),
    },
    "need": {
        "task": N_("to talk about a task"),
        "asked": N_("they asked to be called"),
        "correction": N_("to check that it is right"),
        "emergency": N_("an emergency"),
    },
    "access": {
        "contact.unmasked": N_("saw the whole address"),
        "person.link_shown": N_("made a link to the person's own page"),
        "person.exported": N_("took their own data along"),
        "breach.exported": N_("took a breach's circle along"),
        "people.exported": N_("took people along in a file"),
        "groups.exported": N_("took groups along in a file"),
        "units.exported": N_("took units along in a file"),
        "posts.exported": N_("took posts along in a file"),
        "memberships.exported": N_("took categories of people along in a file"),
    },
}
