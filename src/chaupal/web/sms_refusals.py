"""What refusals about SMS and its registered texts say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_SMS: Mapping[str, Words] = {
    "broadcast.not_registered": Words(
        N_("The text is not the registered one"),
        N_("The text in %(language)s fits no text that is registered for SMS under %(header)s."),
        N_("Write it letter by letter as it was registered, or have it registered first."),
    ),
    "broadcast.too_many_segments": Words(
        N_("The text is too long for SMS"),
        N_("The text in %(language)s takes %(segments)s SMS each; %(limit)s are allowed."),
        N_("Shorten it, or send it on another channel."),
    ),
    "registered.body_malformed": Words(
        N_("The registered text is missing"),
        N_("It has %(limit)s characters at most."),
        N_("Copy it from the ledger (DLT) as it stands there."),
    ),
    "registered.header_malformed": Words(
        N_("That is no header"),
        N_("A header is six letters or six digits, without the letter after the dash."),
        N_("Copy it from the ledger (DLT), CHAUPL for instance."),
    ),
    "registered.not_found": Words(
        N_("No such registered text"),
        N_("It is not there, or it was withdrawn already."),
        N_("Look for it in the list of registered texts."),
    ),
    "registered.number_malformed": Words(
        N_("That is no template number"),
        N_("A template number of the ledger (DLT) has ten to twenty-five digits."),
        N_("Copy it from the ledger, then try again."),
    ),
    "registered.number_taken": Words(
        N_("This number is here already"),
        N_("A text with the number %(number)s was entered before."),
        N_("Look for it in the list. A registered text never changes: a new one has a new number."),
    ),
    "registered.variable_unknown": Words(
        N_("A variable is unknown"),
        N_("Nobody here knows what may stand for %(variable)s."),
        N_("Look whether it is written as in the ledger: {#var#} for instance."),
    ),
}
