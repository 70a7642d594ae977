"""What refusals about templates say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_TEMPLATES: Mapping[str, Words] = {
    "template.account_unknown": Words(
        N_("The number's business account is not known"),
        N_("A WhatsApp sender does not say which business account has its templates."),
        N_("Ask whoever runs the server to add the sender with its business account."),
    ),
    "template.category_mismatch": Words(
        N_("This template is for something else"),
        N_(
            "%(name)s is a template for %(template_category)s, and the purpose is: %(purpose)s. To "
            "the people of the booths only marketing may go, so that whoever stopped it is left "
            "alone."
        ),
        N_("Choose a template of another category, or have one approved."),
    ),
    "template.changed": Words(
        N_("The template is not what it was"),
        N_("WhatsApp has %(name)s with another text now, or in other languages."),
        N_("Open the broadcast, look at the text as it is now, and submit it again."),
    ),
    "template.language_missing": Words(
        N_("The template lacks a language"),
        N_(
            "%(count)s people of this audience read %(language)s, and the template has no such "
            "text."
        ),
        N_("Have it approved in that language, or leave those people out by a condition."),
    ),
    "template.missing": Words(
        N_("A template is missing"),
        N_("Over %(channel)s people are written to first only with an approved template."),
        N_("Open the broadcast and choose one."),
    ),
    "template.no_such_language": Words(
        N_("The template has no such language"),
        N_("Variables were given in a language in which %(name)s cannot be sent."),
        N_("Leave them out, or look at the list of templates."),
    ),
    "template.not_approved": Words(
        N_("This template cannot go now"),
        N_("%(name)s is, as WhatsApp said last: %(template_status)s."),
        N_("Choose another one, or fetch the templates once it is approved."),
    ),
    "template.not_everywhere": Words(
        N_("Not every number has this template"),
        N_("The numbers belong to several business accounts, and %(name)s is not alike in all."),
        N_("Have the same text approved in each of them, then fetch the templates."),
    ),
    "template.not_for_this": Words(
        N_("No channel here takes a template"),
        N_("A template goes to people over WhatsApp Cloud, and that is not chosen."),
        N_("Tick WhatsApp Cloud, or write the text yourself."),
    ),
    "template.picture_missing": Words(
        N_("A picture is missing"),
        N_("In %(name)s a picture stands above the text."),
        N_("Add one to the broadcast, or choose another template."),
    ),
    "template.synthetic": Words(
        N_("A template cannot get the label"),
        N_("What was made with AI is sent with a label, and a template goes as it was approved."),
        N_("Leave WhatsApp Cloud out of this broadcast, or have a text by people approved."),
    ),
    "template.too_long": Words(
        N_("The filled text is too long"),
        N_("In %(language)s it has %(length)s characters; %(limit)s fit."),
        N_("Shorten what you filled in."),
    ),
    "template.unfit": Words(
        N_("This template cannot be sent from here"),
        N_("%(name)s has something that we do not fill: %(unfit)s."),
        N_("Have one approved that is a text with numbered variables and nothing else to fill."),
    ),
    "template.unknown": Words(
        N_("No such template"),
        N_("We know no template called %(name)s."),
        N_("Look at the list of templates, and fetch them if it is new."),
    ),
    "template.variable_malformed": Words(
        N_("A blank is not filled rightly"),
        N_(
            "In %(language)s, blank %(place)s is empty, or has a line break, a tab or many spaces "
            "in a row. WhatsApp takes none of these."
        ),
        N_("Write it in one line."),
    ),
    "template.variables_mismatched": Words(
        N_("The blanks do not match"),
        N_("In %(language)s the template has %(wanted)s blanks, and %(given)s were filled."),
        N_("Fill each of them."),
    ),
    "sender.business_account_missing": Words(
        N_("The business account is missing"),
        N_("A sender of %(channel)s names the business account that has its templates."),
        N_("Add it with --business-account; Meta's page of the number shows it."),
    ),
}
