"""What refusals about the beginning of a broadcast say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_SCHEDULES: Mapping[str, Words] = {
    "broadcast.starts_in_the_past": Words(
        N_("That start is over already"),
        N_("The start of this broadcast has passed."),
        N_("Choose a later one, or none: then it begins as soon as it is approved."),
    ),
    "broadcast.starts_after_its_end": Words(
        N_("It would end before it begins"),
        N_("The start of this broadcast is not before its end."),
        N_("Choose an earlier start or a later end."),
    ),
    "broadcast.starts_too_late": Words(
        N_("Its start is too far away"),
        N_("A broadcast can be written %(days)s days before its start at most."),
        N_("Choose an earlier start, or keep it as a draft without one until then."),
    ),
    "broadcast.not_frozen": Words(
        N_("There is nothing to report yet"),
        N_("The audience is not fixed yet; the broadcast is at the stage: %(stage)s."),
        N_("Ask again once a second person has approved it."),
    ),
    "broadcast.start_unreadable": Words(
        N_("The start is not a day and an hour"),
        N_("What stands there as the start cannot be read."),
        N_("Choose day and hour from the field, or leave it empty."),
    ),
}
