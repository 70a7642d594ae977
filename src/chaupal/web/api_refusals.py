"""What the refusals of the API and its keys say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_THE_API: Mapping[str, Words] = {
    "token.missing": Words(
        N_("No key came along"),
        N_("The API opens with a key, and this request has none."),
        N_("Send the header “Authorization: Bearer …” with a key from the page “Keys”."),
    ),
    "token.unknown": Words(
        N_("This key opens nothing"),
        N_("It is not one of ours, its time is over, or it was taken back."),
        N_("Make a new key on the page “Keys”."),
    ),
    "token.not_found": Words(
        N_("No such key"),
        N_("You have no key of this kind."),
        N_("Look at your keys on the page “Keys”."),
    ),
    "token.not_by_a_token": Words(
        N_("A key makes no keys"),
        N_("Keys are made by people who are signed in."),
        N_("Sign in and make the key on the page “Keys”."),
    ),
    "token.shown_before": Words(
        N_("This key was shown already"),
        N_("A key is shown once, when it is made, and kept nowhere."),
        N_("If you have lost it, take it back and make a new one."),
    ),
}

# What a key may do, as its owner chooses it.
RIGHTS: Mapping[str, str] = {
    "view": N_("see the directory"),
    "compose": N_("write broadcasts"),
    "approve": N_("approve broadcasts"),
    "steer": N_("steer broadcasts"),
    "import": N_("import files"),
    "manage": N_("manage units, offices and accounts"),
    "register": N_("register groups and note consent"),
    "export": N_("export lists"),
    "unmask": N_("see numbers whole"),
}
