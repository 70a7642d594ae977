"""What the refusals of offices, terms and accounts say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_OFFICES: Mapping[str, Words] = {
    "office.not_found": Words(
        N_("No such office"),
        N_("It is not there, or it is outside your area."),
        N_("Look for it under its unit."),
    ),
    "office.title_length": Words(
        N_("The title does not fit"),
        N_("An office needs a title in Hindi and in English, of at most %(longest)s characters."),
        N_("Write both, without spaces at their ends."),
    ),
    "office.unit_ended": Words(
        N_("This unit has ended"),
        N_("The unit ended on %(day)s, so it has no offices any more."),
        N_("Choose the unit that took its place."),
    ),
    "office.held": Words(
        N_("Somebody holds this office"),
        N_("It has been held since %(since)s, with no last day written down."),
        N_("Hand it over, or end that term first."),
    ),
    "office.vacant": Words(
        N_("Nobody holds this office"),
        N_("On the day before there is no holder from whom it could be taken over."),
        N_("Appoint somebody instead."),
    ),
    "office.abolished": Words(
        N_("This office is abolished"),
        N_("It has not existed since %(day)s."),
        N_("Reinstate it first, or choose another office."),
    ),
    "office.last_administrator": Words(
        N_("Nobody would be left to administer"),
        N_(
            "After this, the whole organisation would have no administrator who can sign in, "
            "so nothing was changed."
        ),
        N_("Give another administrator of the whole organisation an account first."),
    ),
    "term.not_found": Words(
        N_("No such term"),
        N_("This office never had it."),
        N_("Load the office's page again."),
    ),
    "term.overlaps": Words(
        N_("Two would hold it at once"),
        N_("Somebody holds this office from %(since)s to %(until)s, and an office has one holder."),
        N_("Choose days before or after that term."),
    ),
    "term.before_the_office": Words(
        N_("The office was not there yet"),
        N_("It has existed since %(since)s, and no term begins before that."),
        N_("Choose a later first day."),
    ),
    "term.ends_before_it_begins": Words(
        N_("The days are the wrong way round"),
        N_("The last day lies before the first one."),
        N_("Check both days."),
    ),
    "term.day_too_far": Words(
        N_("That day is far away"),
        N_("%(day)s is more than a year back, or more than twenty years ahead."),
        N_("Check the year. What is long past comes in by import."),
    ),
    "term.begins_that_day": Words(
        N_("The term has only begun"),
        N_("It began on %(day)s, so it cannot end before that."),
        N_("Take the appointment back, or choose a later day."),
    ),
    "term.is_over": Words(
        N_("This term is over"),
        N_("Its last day was %(day)s."),
        N_("Appoint the same person again if they go on."),
    ),
    "term.not_longer": Words(
        N_("That is not longer"),
        N_("The term lasts until that day already."),
        N_("Choose a later last day; to shorten a term, end it."),
    ),
    "term.same_holder": Words(
        N_("They hold it already"),
        N_("The office would go to the one who holds it."),
        N_("Extend the term, or choose somebody else."),
    ),
    "term.too_late_to_take_back": Words(
        N_("It is too late to take this back"),
        N_(
            "Only the newest appointment or hand-over of an office can be taken back, "
            "on the day it was made."
        ),
        N_("Hand the office over once more."),
    ),
    "term.longer_than_own": Words(
        N_("Not for yourself"),
        N_("Nobody gives themselves a right for longer than they hold it."),
        N_("Ask another administrator above you."),
    ),
    "account.not_found": Words(
        N_("No such account"),
        N_("It is not there, or it may do more than you may."),
        N_("Ask an administrator of the whole organisation."),
    ),
    "account.login_malformed": Words(
        N_("This name will not do for signing in"),
        N_("It has 2 to 60 small Latin letters, digits, dots, dashes or underscores."),
        N_("Choose another, such as asha.meena."),
    ),
    "account.name_missing": Words(
        N_("The name is missing"),
        N_("An account carries the name of whoever signs in."),
        N_("Write their name."),
    ),
    "account.passwords_differ": Words(
        N_("The two are not the same"),
        N_("The password was typed in two ways, so it was not kept."),
        N_("Type it twice the same way."),
    ),
    "account.person_has_one": Words(
        N_("They have an account already"),
        N_("A person has one account; their offices give it its rights."),
        N_("Look for it among the accounts, and make a new sign-in link there."),
    ),
    "account.disabled": Words(
        N_("This account is disabled"),
        N_("Nobody signs in with it now."),
        N_("Enable it first."),
    ),
    "account.not_oneself": Words(
        N_("Not your own account"),
        N_("Nobody disables the account with which they are signed in."),
        N_("Ask another administrator."),
    ),
    "account.link_broken": Words(
        N_("This link is not whole"),
        N_("A part of it was lost on the way, or it is not from us."),
        N_("Copy it once more, or ask your administrator for a new one."),
    ),
    "account.link_used": Words(
        N_("This link was used"),
        N_("A sign-in link works once, and a newer one replaces it."),
        N_("Sign in with the password that you chose, or ask your administrator for a new link."),
    ),
    "account.link_expired": Words(
        N_("This link is too old"),
        N_("A sign-in link works for two days."),
        N_("Ask your administrator for a new one."),
    ),
    "relay.handed_over": Words(
        N_("This was handed over"),
        N_("Your office has passed to somebody else, and this task with it: %(title)s."),
        N_("There is nothing left for you to do here. Thank you for your time in office!"),
    ),
    "relay.passed_on": Words(
        N_("This was passed on"),
        N_("You hold this office no longer, so the task has gone to others."),
        N_("There is nothing left for you to do here. Thank you for your time in office!"),
    ),
}
