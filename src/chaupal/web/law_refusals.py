"""What the refusals of the rules of law say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

# The rules of `law/models.py` and of the table of exclusions, as those are named there.
SOURCES = (
    N_("Representation of the People Act 1951, s.126; ECI orders of 2024 and 2025"),
    N_(
        "ECI orders on certification by a Media Certification and Monitoring Committee: bulk SMS "
        "and voice, social media"
    ),
    N_(
        "WhatsApp Business Messaging Policy: no parties, politicians, candidates or campaigns "
        "(three secondary sources; the clause itself not verified)"
    ),
)
TERMS_OF_THE_LAW = {"source": {source: source for source in SOURCES}}

OF_THE_LAW: Mapping[str, Words] = {
    "channel.excluded": Words(
        N_("This channel does not take your organisation"),
        N_(
            "%(channel)s is closed to organisations of this kind (%(organisation_type)s). The "
            "rule: %(source)s, as known on %(as_of)s."
        ),
        N_(
            "Choose another channel. If the rule has changed, tell whoever runs the server: rules "
            "are entered there, with their source."
        ),
    ),
    "certificate.day_ahead": Words(
        N_("That day is still to come"),
        N_("A certificate bears a day that is past, or today."),
        N_("Look at the certificate, then enter it again."),
    ),
    "certificate.malformed": Words(
        N_("The certificate is not whole"),
        N_("It has a number and names its committee, in %(limit)s characters at most."),
        N_("Copy both from the certificate, then try again."),
    ),
    "certificate.missing": Words(
        N_("A certificate is missing"),
        N_(
            "On a channel of this audience a party has election matter certified first: %(source)s."
        ),
        N_("Have exactly this text certified, and enter the certificate on the broadcast's page."),
    ),
    "certificate.of_another_text": Words(
        N_("The certificate is for another text"),
        N_("The text was changed after the certificate %(number)s was entered."),
        N_("Bring back the certified text, or have the new one certified."),
    ),
    "freeze.lifted": Words(
        N_("This area goes on already"),
        N_("Somebody has lifted this stop."),
        N_("Load the page again; nothing needs to be done."),
    ),
    "freeze.not_found": Words(
        N_("No such stop"),
        N_("It is not there, or it is outside your area."),
        N_("Look for it in the list of stopped areas."),
    ),
    "law.reason_malformed": Words(
        N_("A reason is missing"),
        N_("What stops others needs a reason of %(limit)s characters at most."),
        N_("Write in a sentence why."),
    ),
    "law.unknown_unit": Words(
        N_("No such unit"),
        N_("There is no unit with the code %(unit)s, or it is outside your area."),
        N_("Look the code up in the tree, then try again. Nothing was entered."),
    ),
    "poll.doubted": Words(
        N_("Somebody wants it taken back"),
        N_("Until that is settled, this poll cannot be changed."),
        N_("Agree to it, or let the poll stand; then change it."),
    ),
    "poll.hours_malformed": Words(
        N_("The hours do not fit"),
        N_("A poll closes on the day on which it opens, and later than it opens."),
        N_("Look at the hours in the notification, then enter them again."),
    ),
    "poll.name_malformed": Words(
        N_("The election is not named"),
        N_("An election has a name of %(limit)s characters at most; a phase can stay empty."),
        N_("Write which election it is, then try again."),
    ),
    "poll.not_doubted": Words(
        N_("Nobody has asked for that"),
        N_("A poll is taken back when one person asks for it and a second one agrees."),
        N_("Ask for it with a reason; then a second administrator can agree."),
    ),
    "poll.not_found": Words(
        N_("No such poll"),
        N_("It is not in the calendar, or it is outside your area."),
        N_("Look for it in the list of polls."),
    ),
    "poll.over": Words(
        N_("This poll is over"),
        N_("It has closed already, so no silence would follow from it."),
        N_("Look at the day; if it is right, nothing needs to be entered."),
    ),
    "poll.second_person": Words(
        N_("A second person must agree"),
        N_("You asked for this poll to be taken back, so you cannot agree to it too."),
        N_("Ask another administrator. This holds for everybody."),
    ),
    "poll.silence_malformed": Words(
        N_("The silence is too short or too long"),
        N_("It lasts from %(least)s to %(most)s hours. The least is the law's: %(source)s."),
        N_("Enter the hours that the notification orders, and no fewer than that."),
    ),
    "poll.source_malformed": Words(
        N_("The order is not named"),
        N_("Each poll names the notification that it follows, in %(limit)s characters at most."),
        N_("Write its number and date, then try again."),
    ),
    "poll.too_far_ahead": Words(
        N_("This day is too far away"),
        N_("A poll is entered %(days)s days ahead at most."),
        N_("Look at the year, then try again."),
    ),
    "poll.units_malformed": Words(
        N_("The units do not fit"),
        N_("A poll is held in at least one unit, and at most %(limit)s are entered at once."),
        N_("Name the highest units that poll on this day; all below them is meant too."),
    ),
    "poll.withdrawn": Words(
        N_("This poll was taken back"),
        N_("Two people took it back, and its silence is lifted."),
        N_("If it is held after all, enter it again."),
    ),
}
