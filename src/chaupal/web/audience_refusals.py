"""What the refusals of audiences say to people: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_AUDIENCES: Mapping[str, Words] = {
    "audience.unfinished": Words(
        N_("A condition is not finished"),
        N_("Nothing is chosen yet in this condition: %(term)s."),
        N_(
            "Choose something in it, or take it away. An empty condition is never left out quietly."
        ),
    ),
    "audience.bounds_crossed": Words(
        N_("No number lies between these"),
        N_("In this condition the smallest number is above the largest: %(term)s."),
        N_("Turn the two around, or leave one of them empty."),
    ),
    "audience.empty": Words(
        N_("Nobody is in this audience"),
        N_("Nobody fits what you chose, so nothing was submitted."),
        N_("Take away a condition, or choose a larger area; the count shows whom you reach."),
    ),
    "audience.unknown_category": Words(
        N_("No such category"),
        N_("There is no category called %(category)s."),
        N_("Choose one from the list."),
    ),
    "audience.unknown_unit": Words(
        N_("No such unit"),
        N_("There is no unit %(unit)s in the organisation, or it is outside your area."),
        N_("Check its code in the tree, then write it again."),
    ),
    "audience.unknown_level": Words(
        N_("No such level"),
        N_("The organisation has no level called %(level)s."),
        N_("Choose one from the list."),
    ),
    "audience.malformed": Words(
        N_("We could not read the audience"),
        N_("Something is wrong in the audience at: %(where)s."),
        N_("Choose the audience again on the page, or mend that part."),
    ),
    "audience.mixes_purposes": Words(
        N_("Internal and public do not mix"),
        N_("One broadcast cannot go to internal groups and to public ones."),
        N_("Choose one purpose. Write a second broadcast for the other."),
    ),
    "audience.not_for_people": Words(
        N_("Only groups have that"),
        N_("This broadcast is for people, and “%(term)s” says something about groups."),
        N_("Take that condition away, or write to groups."),
    ),
    "audience.too_deep": Words(
        N_("The audience is nested too deep"),
        N_("Its conditions stand inside each other more than %(limit)s deep."),
        N_("Write it flatter, or make two broadcasts of it."),
    ),
    "audience.too_long": Words(
        N_("The audience is too long"),
        N_("It has more than %(limit)s conditions."),
        N_("Name a larger unit instead of many small ones, or make two broadcasts of it."),
    ),
    "audience.unknown_channel": Words(
        N_("No such channel"),
        N_("There is no channel called %(channel)s."),
        N_("Choose one from the list."),
    ),
    "audience.unknown_language": Words(
        N_("No such language"),
        N_("Groups read Hindi or English; there is no language called %(language)s here."),
        N_("Choose one from the list."),
    ),
    "audience.unknown_role": Words(
        N_("No such post"),
        N_("There is no post called %(role)s."),
        N_("Choose one from the list."),
    ),
    "audience.unknown_rung": Words(
        N_("No such evidence"),
        N_("The ladder of evidence has no rung called %(rung)s."),
        N_("Choose one from the list."),
    ),
    "audience.unknown_state": Words(
        N_("No such state"),
        N_("A delivery is never in a state called %(state)s."),
        N_("Choose one from the list."),
    ),
    "audience.unknown_broadcast": Words(
        N_("No such earlier broadcast"),
        N_("The audience names a broadcast that is not there, or that is outside your area."),
        N_("Choose one from the list, or take this condition away."),
    ),
    "audience.unknown_cluster": Words(
        N_("Nothing like that goes round"),
        N_("The audience names something that was not noted, or that is outside your area."),
        N_("Choose one from the list, or take this condition away."),
    ),
    "audience.broadcast_not_frozen": Words(
        N_("That broadcast has nobody yet"),
        N_("The audience names a broadcast that was not sent: nobody was reached by it, or not."),
        N_("Wait until it is on its way, choose another one, or take this condition away."),
    ),
    "audience.too_many_look_ups": Words(
        N_("Too many posts and earlier broadcasts"),
        N_("More than %(limit)s conditions ask for posts or for earlier broadcasts."),
        N_("Put roles and levels into one condition, or make two broadcasts of it."),
    ),
    "saved_audience.name_missing": Words(
        N_("The audience has no name"),
        N_("A name needs at least a letter and at most %(limit)s characters."),
        N_("Give it a short name, then keep it."),
    ),
    "saved_audience.name_taken": Words(
        N_("This name is taken"),
        N_("Another audience of the same author is called so already."),
        N_("Choose another name."),
    ),
    "saved_audience.not_found": Words(
        N_("No such saved audience"),
        N_("It is not there, or it is outside your area."),
        N_("Look for it in the list of saved audiences."),
    ),
    "saved_audience.not_yours": Words(
        N_("Not yours to change"),
        N_("Somebody else kept this audience. You may use it, but not rename or forget it."),
        N_("Ask its author, or keep a copy under a name of your own."),
    ),
    "saved_audience.too_many": Words(
        N_("You keep enough audiences"),
        N_("One person keeps at most %(limit)s audiences."),
        N_("Forget one that you no longer need."),
    ),
}
