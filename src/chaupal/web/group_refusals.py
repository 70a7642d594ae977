"""What the refusals of groups and coverage say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_GROUPS: Mapping[str, Words] = {
    "group.name_length": Words(
        N_("The name does not fit"),
        N_("A group needs a name, of %(longest)s characters at most."),
        N_("Write it as it stands in the app, then try again."),
    ),
    "group.purpose_missing": Words(
        N_("Whom is it for?"),
        N_("A group is either internal or public, and nothing was chosen."),
        N_("Choose one, then try again. It can never be changed later."),
    ),
    "group.size_implausible": Words(
        N_("That is no number of members"),
        N_("A group has between 1 and %(most)s members."),
        N_("Look up the number in the app, or leave the field empty."),
    ),
    "group.size_unreadable": Words(
        N_("We could not read the number"),
        N_("The number of members is not written in digits."),
        N_("Write it in digits, or leave the field empty."),
    ),
    "group.invite_malformed": Words(
        N_("That is no invite link"),
        N_("We found no invite link of this channel (%(channel)s) in what you pasted."),
        N_("Open the group in the app, share its invite link, and paste that."),
    ),
    "group.invite_taken": Words(
        N_("This group is registered already"),
        N_("Another group in the directory has the same invite link."),
        N_("Look for it in the list of groups. One group is registered once."),
    ),
    "group.address_missing": Words(
        N_("The chat's address is missing"),
        N_("A group that is reached through a bot needs the address of its chat."),
        N_("Write the number or name by which the bot knows it."),
    ),
    "group.unit_ended": Words(
        N_("This unit has ended"),
        N_("No group can belong to a unit that is over."),
        N_("Choose the unit that took its place."),
    ),
    "group.admin_missing": Words(
        N_("Nobody was named"),
        N_("There is no number in the field, and nobody was chosen from the list."),
        N_("Write a number or choose somebody, then try again."),
    ),
    "group.admin_not_found": Words(
        N_("We do not know this person"),
        N_("An admin must be a person of the directory, in your area or of the executive."),
        N_("Check the number. If it is right, have the person entered first."),
    ),
    "group.not_an_admin": Words(
        N_("This person runs the group no more"),
        N_("They have left it in the meantime, so nothing was changed."),
        N_("Load the page again to see who runs it now."),
    ),
    "group.too_many_admins": Words(
        N_("Too many at once"),
        N_("More than %(most)s admins were named in one go."),
        N_("Add them in smaller lots."),
    ),
    "groups.archived_already": Words(
        N_("They are archived already"),
        N_("This list holds archived groups only, and nothing is sent to them."),
        N_("Choose the list without archived groups."),
    ),
    "groups.count_changed": Words(
        N_("They are not the same any more"),
        N_("You saw %(seen)s groups; now there are %(count)s. Nothing was changed."),
        N_("Look at the list again, and ask once more if it is still right."),
    ),
    "groups.none_chosen": Words(
        N_("There is no group to do this for"),
        N_("None of the groups in this list is one that your post lets you change."),
        N_("Take away a condition, or ask somebody whose post reaches further."),
    ),
    "groups.too_many_at_once": Words(
        N_("That is too many groups at once"),
        N_("One step changes at most %(limit)s groups."),
        N_("Choose a smaller unit, or narrow the list down."),
    ),
}
