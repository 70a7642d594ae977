"""What the refusals of people, consent and search say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_PEOPLE: Mapping[str, Words] = {
    "own_page.link_broken": Words(
        N_("This link is not whole"),
        N_("Something is missing from the link, or it was changed on the way."),
        N_("Open it again from the message, or ask your organisation for a new one."),
    ),
    "own_page.link_expired": Words(
        N_("This link is too old"),
        N_("Links to a page of one's own work for some weeks only."),
        N_("Ask your organisation for a new one."),
    ),
    "own_page.erased": Words(
        N_("Nothing is kept of you here any more"),
        N_("You were erased. What the law wants kept is sealed, and goes when its time is over."),
        N_("There is nothing you need to do."),
    ),
    "consent.basis_not_yours": Words(
        N_("That is not how you know it"),
        N_("At the desk a yes or a no is on paper, on the membership form, or told to you."),
        N_("Choose which of these it is."),
    ),
    "consent.proof_missing": Words(
        N_("What proves it?"),
        N_("The proof is missing, or longer than %(limit)s characters."),
        N_("Say where the proof is: the form's number, the day and who spoke to them."),
    ),
    "consent.nothing_chosen": Words(
        N_("To what?"),
        N_("No purpose and channel was chosen, so nothing was written down."),
        N_("Choose at least one, then press again."),
    ),
    "notice.none_yet": Words(
        N_("There is no notice yet"),
        N_("Nobody can agree to something that was never written down."),
        N_("An administrator has to publish a notice first."),
    ),
    "notice.unknown": Words(
        N_("There is no such notice"),
        N_("No notice %(version)s was published in this person's language."),
        N_("Choose a published one, or publish it first."),
    ),
    "notice.version_malformed": Words(
        N_("This version has no name"),
        N_("A notice needs a version in one line, of at most %(limit)s characters."),
        N_("Give it one, such as 2026-1."),
    ),
    "notice.needs_both_languages": Words(
        N_("The notice is not complete"),
        N_("A notice is published in Hindi and in English, %(limit)s characters each at most."),
        N_("Write both, then publish."),
    ),
    "notice.version_taken": Words(
        N_("This version was published before"),
        N_("People agreed to the words of %(version)s, so they can't change."),
        N_("Give the new words a new version."),
    ),
    "hold.malformed": Words(
        N_("That is no hold"),
        N_("A hold has %(least)s to %(most)s days and names the rule it follows."),
        N_("Write both."),
    ),
    "suppression.their_own": Words(
        N_("They stopped it themselves"),
        N_("Only this person can lift what they stopped."),
        N_("They can do so on their own page, by a word, or by a new yes on paper."),
    ),
    "suppression.none": Words(
        N_("Nothing is suppressed here"),
        N_("There is nothing to lift, or somebody erased had this address: that stays."),
        N_("Load the page again to see how it stands."),
    ),
    "contact.not_found": Words(
        N_("This address is not there"),
        N_("It was replaced or taken out meanwhile."),
        N_("Load the person's page again."),
    ),
    "erasure.not_confirmed": Words(
        N_("Nobody was erased"),
        N_("What you typed is not this person's reference."),
        N_("Type the reference exactly as it stands on the page. There is no way back."),
    ),
    "erasure.busy": Words(
        N_("They are being changed just now"),
        N_("An import or a colleague is changing this person, so nobody was erased."),
        N_("Nothing is sent to them if they asked for it. Try again in some minutes."),
    ),
    "erasure.in_the_way": Words(
        N_("Somebody has to take over first"),
        N_("Posts this person holds: %(posts)s. Groups that nobody else runs: %(groups)s."),
        N_("Their page names them. Hand them over, then erase."),
    ),
    "breach.period_malformed": Words(
        N_("That is no period"),
        N_("The first day has to come before the last."),
        N_("Choose both again."),
    ),
    "breach.whose": Words(
        N_("Whose data was seen?"),
        N_("Either a unit or an account is needed, and not both."),
        N_("Name the unit's code, or the login of the account."),
    ),
    "suppression.address_malformed": Words(
        N_("That is no address"),
        N_("We can't read it as an address of that channel, so nothing was written down."),
        N_("Write the number or the address as it stands in a message."),
    ),
    "people.count_changed": Words(
        N_("They are not the same any more"),
        N_("You saw %(seen)s people; now there are %(count)s. Nothing was changed."),
        N_("Look at the list again, and ask once more if it is still right."),
    ),
    "people.nobody_chosen": Words(
        N_("There is nobody to do this for"),
        N_("Nobody in this list is somebody for whom your post lets you do this."),
        N_("Take away a condition, or ask somebody whose post reaches further."),
    ),
    "people.too_many_at_once": Words(
        N_("That is too many people at once"),
        N_("One step changes at most %(limit)s people."),
        N_("Choose a smaller unit, or bring it in as a file."),
    ),
    "people.filter_too_wide": Words(
        N_("So many people, and hardly anybody fits"),
        N_("After looking for %(limit_s)s we stopped."),
        N_("Choose a smaller unit, or take away a condition."),
    ),
    "saved_filter.name_missing": Words(
        N_("The filter has no name"),
        N_("A name needs at least a letter and at most %(limit)s characters."),
        N_("Give it a short name, then keep it."),
    ),
    "saved_filter.not_found": Words(
        N_("No such filter"),
        N_("It is not there, or it is somebody else's."),
        N_("Go back and load the page again."),
    ),
    "saved_filter.too_many": Words(
        N_("You keep enough filters"),
        N_("One page keeps at most %(limit)s filters for you."),
        N_("Forget one that you no longer need."),
    ),
}
