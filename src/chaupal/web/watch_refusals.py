"""What the refusals of the watch say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_THE_WATCH: Mapping[str, Words] = {
    "cluster.closed": Words(
        N_("This is closed"),
        N_("People have said what they found of it, so nothing more is added."),
        N_("If it comes back, note it anew."),
    ),
    "cluster.lines_malformed": Words(
        N_("No group is named"),
        N_("A list names at least one group and at most %(limit)s, one a line."),
        N_("Write references or whole names, one below the other, or tick groups that you find."),
    ),
    "cluster.name_malformed": Words(
        N_("It has no name"),
        N_("What goes round has a name of your own, of %(limit)s characters at most."),
        N_("Call it by what it claims, in a few words."),
    ),
    "cluster.not_found": Words(
        N_("Nothing like that goes round"),
        N_("It was not noted, or it is outside your area."),
        N_("Look for it in the list."),
    ),
    "cluster.text_too_long": Words(
        N_("The wording is too long"),
        N_("At most %(limit)s characters of it are kept."),
        N_("Keep the part by which people know it."),
    ),
    "cluster.time_malformed": Words(
        N_("That time cannot be"),
        N_("It was seen in the past, at most %(days)s days ago."),
        N_("Enter when somebody saw it."),
    ),
}
