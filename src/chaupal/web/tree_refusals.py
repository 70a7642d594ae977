"""What the refusals of units say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_THE_TREE: Mapping[str, Words] = {
    "unit.already_there": Words(
        N_("It is there already"),
        N_("The unit hangs from this one today."),
        N_("Choose another unit to put it under."),
    ),
    "unit.busy": Words(
        N_("Somebody is just working there"),
        N_("A file is being taken in, or people or groups are being added below this unit."),
        N_("Try again in a few minutes. Nothing was changed."),
    ),
    "unit.code_malformed": Words(
        N_("This is no code"),
        N_("A unit's code has %(limit)s characters at most, and is not empty."),
        N_("Write the code that your organisation uses for the unit."),
    ),
    "unit.code_taken": Words(
        N_("This code is taken"),
        N_("A unit has or had the code %(unit)s. A code is never given twice."),
        N_("Choose another code."),
    ),
    "unit.day_ahead": Words(
        N_("That day is still to come"),
        N_("The tree can be changed for today or for a day that is past."),
        N_("Choose today or an earlier day."),
    ),
    "unit.day_too_early": Words(
        N_("That day is too early"),
        N_("Something else is known of the time before %(earliest)s."),
        N_("Choose %(earliest)s or a later day."),
    ),
    "unit.ended": Words(
        N_("This unit is no more"),
        N_("The unit %(unit)s ended on %(day)s."),
        N_("Choose a unit of today. Its history tells what became of it."),
    ),
    "unit.given_twice": Words(
        N_("Something was given away twice"),
        N_("Each unit, each group and the people of a unit can go to one place only."),
        N_("Choose again where each of them goes."),
    ),
    "unit.level_not_below": Words(
        N_("The levels do not fit"),
        N_("A unit can only hang from one of a higher level."),
        N_("Choose a unit of a higher level. Levels in between may be left out."),
    ),
    "unit.levels_differ": Words(
        N_("They are of different levels"),
        N_("Only two units of the same level can become one."),
        N_("Choose a unit of the same level."),
    ),
    "unit.name_missing": Words(
        N_("A name is missing"),
        N_("A unit has a name in Hindi and one in English."),
        N_("Write both, then try again."),
    ),
    "unit.name_too_long": Words(
        N_("The name is too long"),
        N_("A unit's name has %(limit)s characters at most."),
        N_("Shorten it, then try again."),
    ),
    "unit.name_unchanged": Words(
        N_("It is called that already"),
        N_("Both names are what they were."),
        N_("Write the new name, then try again."),
    ),
    "unit.not_empty": Words(
        N_("It is not empty"),
        N_("There are still %(units)s units, %(people)s people and %(groups)s groups in it."),
        N_("Move them elsewhere, or merge the unit into another one."),
    ),
    "unit.not_its_own": Words(
        N_("Not everything belongs to this unit"),
        N_("One of the chosen units or groups does not hang directly from it any more."),
        N_("Load the page again, then choose once more."),
    ),
    "unit.nothing_to_take_back": Words(
        N_("There is nothing to take back"),
        N_("This unit was not moved today."),
        N_("Move it to where it belongs."),
    ),
    "unit.part_is_empty": Words(
        N_("Nothing was chosen"),
        N_("Nothing would go to %(unit)s."),
        N_("Choose units, groups or people that leave. A new, empty unit can be made as well."),
    ),
    "unit.parts": Words(
        N_("Too many parts, or none"),
        N_("A unit is split into %(limit)s parts at most at a time."),
        N_("Take some of them out now, and the rest afterwards."),
    ),
    "unit.root_stays": Words(
        N_("This is the root of the tree"),
        N_("Everything hangs from it, so it cannot be moved, merged, split or ended."),
        N_("Choose a unit below it."),
    ),
    "unit.under_itself": Words(
        N_("It would hang from itself"),
        N_("A unit cannot go under itself or under anything below it."),
        N_("Choose a unit elsewhere in the tree."),
    ),
}
