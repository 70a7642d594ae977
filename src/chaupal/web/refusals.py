"""What each refusal says to the people of an organisation: what happened, and what to do.

Plain English, once; words.py says it in the reader's language. docs/refusals.md is made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass


def N_(message: str) -> str:  # noqa: N802  (gettext's own name for "translate me later")
    """Mark a sentence for translation where it is written; it is translated where it is said."""
    return message


@dataclass(frozen=True, slots=True)
class Words:
    """A refusal as a person reads it: its name, what happened, what to do."""

    title: str
    what: str
    mend: str


AT_THE_DESK: Mapping[str, Words] = {
    "session.missing": Words(
        N_("Please sign in"),
        N_("This page is for people of the organisation, and we do not know yet who you are."),
        N_("Sign in, and you will come back here."),
    ),
    "session.expired": Words(
        N_("You were signed out"),
        N_("You were away for a long time, so we signed you out. Nothing you saved is lost."),
        N_("Sign in again, and you will come back here."),
    ),
    "sign_in.wrong": Words(
        N_("That did not match"),
        N_("The name or the password is not right."),
        N_("Try again. If you have forgotten the password, your administrator can set a new one."),
    ),
    "sign_in.throttled": Words(
        N_("Too many tries"),
        N_("There were too many wrong tries, so signing in is closed for a while."),
        N_("Wait %(wait_s)s, then try again."),
    ),
    "csrf.mismatch": Words(
        N_("This page had grown old"),
        N_("It was opened in another sitting, so we did not do what it asked."),
        N_("Go back, load the page again, and press the button once more."),
    ),
    "access.not_allowed": Words(
        N_("This is not yours to do"),
        N_("Your post does not include this."),
        N_("Ask somebody whose post does, or ask your administrator to change yours."),
    ),
    "not_found": Words(
        N_("Nothing is here"),
        N_("There is no such page, or it is outside your area."),
        N_("Check the address, or start again from the control room."),
    ),
    "broadcast.not_found": Words(
        N_("No such broadcast"),
        N_("It is not there, or it is outside your area."),
        N_("Look for it in the list of broadcasts."),
    ),
    "broadcast.author_cannot_approve": Words(
        N_("A second person must approve"),
        N_("You wrote or changed this broadcast, so you cannot approve it too."),
        N_("Ask a colleague who may approve. This holds for everybody, administrators included."),
    ),
    "broadcast.not_awaiting_approval": Words(
        N_("It is not waiting for approval"),
        N_("This broadcast is at the stage: %(stage)s."),
        N_("Load the page again to see where it is now."),
    ),
    "broadcast.cannot_move": Words(
        N_("That is not possible now"),
        N_("This broadcast is at the stage: %(stage)s. From there it cannot do this: %(verb)s."),
        N_("Load the page again; it shows what can be done now."),
    ),
    "broadcast.over_already": Words(
        N_("Its time is over"),
        N_("This broadcast was to give up by now, and sends nothing more."),
        N_("Write a new one, if it still has to be said."),
    ),
    "broadcast.unknown_moved": Words(
        N_("The number has changed meanwhile"),
        N_("Just now %(count)s are unknown, another number than you were shown. Nothing was sent."),
        N_("Look at the page again, and decide about what it says now."),
    ),
    "finding.reason_missing": Words(
        N_("A reason is missing"),
        N_("Counters that differ are acknowledged only with a reason."),
        N_("Write in a sentence why they may stay so for now, or recount them."),
    ),
    "finding.reason_too_long": Words(
        N_("The reason is too long"),
        N_("It has %(length)s characters; %(limit)s fit."),
        N_("Say it more shortly."),
    ),
    "recall.not_late": Words(
        N_("Nothing of it is late"),
        N_("This broadcast was not withdrawn, its time is not up, or nothing is outstanding."),
        N_("Load the page again; nobody needs to be on it."),
    ),
    "finding.settled": Words(
        N_("It is settled already"),
        N_("The counters of this broadcast agree with its deliveries, or somebody recounted them."),
        N_("Load the page again; nothing needs to be done."),
    ),
    "broadcast.beyond_scope": Words(
        N_("Outside your area"),
        N_("The audience reaches units that are not under yours."),
        N_("Take those units out, or ask the level above you to send it."),
    ),
    "broadcast.text_missing": Words(
        N_("A text is missing"),
        N_("There is no text in %(language)s, and some of the audience read it."),
        N_("Write the text in that language, then submit again."),
    ),
    "broadcast.text_too_long": Words(
        N_("The text is too long"),
        N_("The text in %(language)s has %(length)s characters; %(limit)s fit."),
        N_("Shorten it, then submit again."),
    ),
    "broadcast.edited_since_submission": Words(
        N_("It changed after you read it"),
        N_("Somebody edited this broadcast after it was submitted, so it was not approved."),
        N_("Read the new text, then decide again."),
    ),
    "broadcast.expires_in_the_past": Words(
        N_("Its time is over"),
        N_("The end of this broadcast has passed, so nothing of it could be sent."),
        N_("Choose a later end, then try again."),
    ),
    "broadcast.expires_too_late": Words(
        N_("Its end is too far away"),
        N_("A broadcast lives for %(days)s days at most."),
        N_("Choose an earlier end. What is still true then can be sent again."),
    ),
    "broadcast.only_the_author_edits": Words(
        N_("Only its author changes it"),
        N_("Somebody else wrote this broadcast."),
        N_("Ask the author to change it, or write one of your own."),
    ),
    "broadcast.title_missing": Words(
        N_("The title is missing"),
        N_("A broadcast needs a title, by which the desk finds it again."),
        N_("Write a few words, then try again."),
    ),
    "broadcast.channel_missing": Words(
        N_("No channel is chosen"),
        N_("A broadcast to people goes over at least one channel."),
        N_("Tick a channel, or write to groups."),
    ),
    "broadcast.title_too_long": Words(
        N_("The title is too long"),
        N_("The title has %(length)s characters; %(limit)s fit."),
        N_("Shorten it, then try again."),
    ),
    "relay.link_expired": Words(
        N_("This link is over"),
        N_("The time for this task has passed. You need not do anything."),
        N_("If a new message comes, a new link comes with it."),
    ),
    "relay.link_broken": Words(
        N_("This link is not whole"),
        N_("Part of the link was lost on the way, so we cannot open the task."),
        N_("Open it again from the message you received, without copying it by hand."),
    ),
    "relay.task_closed": Words(
        N_("This task is closed"),
        N_("Somebody else has done it, or the message was withdrawn. Please do not post it now."),
        N_("Thank you. You need not do anything."),
    ),
    "webhook.bad_signature": Words(
        N_("The signature is wrong"),
        N_("These bytes were not signed with this sender's secret, so nothing was kept."),
        N_("Check the webhook secret on both sides."),
    ),
    "webhook.too_large": Words(
        N_("That is too large"),
        N_("A webhook may have %(limit_bytes)s bytes; this one had more, so nothing was kept."),
        N_("Send fewer updates in one request."),
    ),
    "webhook.unknown_sender": Words(
        N_("No such sender"),
        N_("No sender of ours has this webhook address."),
        N_("Check the address that the provider was given."),
    ),
    "import.broken_csv": Words(
        N_("The file breaks off"),
        N_("Line %(line)s is not proper CSV, so nothing was imported."),
        N_("Look for a missing quotation mark there, save the file again, and try again."),
    ),
    "import.unknown_column": Words(
        N_("A column we do not know"),
        N_("We do not know the column %(column)s, so nothing was imported."),
        N_("Say what it stands for, or leave it out. The documentation lists the columns."),
    ),
    "import.forbidden_column": Words(
        N_("This must not be kept"),
        N_("The column %(column)s tells of religion, caste, vote or the like. None was read."),
        N_("Take the column out of the file; this program never keeps such things of people."),
    ),
    "import.missing_column": Words(
        N_("A column is missing"),
        N_("The file has no column %(column)s, so nothing was imported."),
        N_("Add the column, then try again."),
    ),
    "import.encoding": Words(
        N_("The letters are unreadable"),
        N_("The file is not in UTF-8, so its Hindi would be garbled. Nothing was imported."),
        N_("Save it as .xlsx or as CSV UTF-8, then try again."),
    ),
    "import.repeated_column": Words(
        N_("A column is there twice"),
        N_("The column %(column)s stands in the file twice, so nothing was imported."),
        N_("Take one of the two out, then try again."),
    ),
    "engine.database_away": Words(
        N_("The database does not answer"),
        N_("We could not reach the database. Nothing was half done."),
        N_("Try again in a minute. If it stays so, tell the person who runs the server."),
    ),
    "engine.arrivals_away": Words(
        N_("The arrivals log does not answer"),
        N_("We could not write down what came in, so we did not say that we had it."),
        N_("Send it again in a minute; nothing will be counted twice."),
    ),
    "idempotency.other_request": Words(
        N_("This form was used already"),
        N_("The same form was sent before with other content. What was sent first stands."),
        N_("Open the page afresh and make the change there."),
    ),
    "idempotency.key_malformed": Words(
        N_("The key of this form is not right"),
        N_("Every write carries a key of %(shortest)s to %(longest)s characters."),
        N_("Load the page again. A program of your own should send a fresh UUID."),
    ),
    "request.malformed": Words(
        N_("We could not read that"),
        N_("Something in what was sent is missing or not as we expect it."),
        N_("Go back, look at the fields once more, and send it again."),
    ),
    "request.too_slow": Words(
        N_("That took too long"),
        N_("The request did not come in whole within %(limit_s)s, so nothing was kept."),
        N_("Send it again."),
    ),
    "account.login_taken": Words(
        N_("This login is taken"),
        N_("Somebody here already signs in as %(login)s."),
        N_("Choose another login."),
    ),
    "account.password_length": Words(
        N_("The password does not fit"),
        N_("A password has at least %(shortest)s characters, and at most 200."),
        N_("Choose another one. A few words in a row are long, and easy to remember."),
    ),
    "category.key_taken": Words(
        N_("This category is there already"),
        N_("The organisation already has a category %(category)s."),
        N_("Use that one, or choose another key."),
    ),
    "channel.unknown": Words(
        N_("No such channel"),
        N_("We cannot send through a channel called %(channel)s."),
        N_(
            "Choose a channel that docs/channels describes. WhatsApp groups are reached by "
            "their own admins."
        ),
    ),
    "group.address_taken": Words(
        N_("This group is known already"),
        N_("The directory already has a group with this address on this channel."),
        N_("Look for it in the list of groups; archived ones count too."),
    ),
    "group.not_found": Words(
        N_("No such group"),
        N_("It is not there, or it is outside your area."),
        N_("Look for it in the list of groups."),
    ),
    "group.sender_mismatch": Words(
        N_("The sender does not fit"),
        N_(
            "A group needs a sender of its own channel, here %(channel)s; a WhatsApp group "
            "has none."
        ),
        N_("Choose another sender, or another channel."),
    ),
    "group.unknown_category": Words(
        N_("No such category"),
        N_("One of the categories chosen for the group does not exist."),
        N_("Choose one from the list."),
    ),
    "link.unknown": Words(
        N_("This link is not whole"),
        N_("Part of it was lost on the way, so we do not know which message it is for."),
        N_("Open it again from the message in your group."),
    ),
    "organisation.not_found": Words(
        N_("No such organisation"),
        N_("No organisation here has the address %(slug)s."),
        N_("Check how it is written, then try again."),
    ),
    "organisation.slug_taken": Words(
        N_("This address is taken"),
        N_("An organisation with the address %(slug)s is there already."),
        N_("Choose another address."),
    ),
    "person.address_taken": Words(
        N_("Somebody else has this address"),
        N_("This address (%(channel)s) belongs to another person of the directory."),
        N_("Ask both of them. An address can stand with one person only."),
    ),
    "person.not_found": Words(
        N_("No such person"),
        N_("They are not there, or they are outside your area."),
        N_("Look for them by the organisation's own reference."),
    ),
    "person.reference_taken": Words(
        N_("This reference is taken"),
        N_("Another person already has this reference."),
        N_("Check it: each person has one of their own."),
    ),
    "sender.endpoint_malformed": Words(
        N_("This is no web address"),
        N_("A sender's endpoint begins with https:// or http:// and names a machine."),
        N_("Copy it once more from the provider's page."),
    ),
    "sender.name_taken": Words(
        N_("This name is taken"),
        N_("A sender called %(name)s is there already."),
        N_("Choose another name."),
    ),
    "sender.limit_malformed": Words(
        N_("That is no limit"),
        N_("What stands under %(field)s is no limit that a sender can have."),
        N_("Leave it empty where you know of none; a pair needs both its interval and its burst."),
    ),
    "request.too_large": Words(
        N_("That is too large"),
        N_("More was sent than a page of ours ever asks for, so nothing was kept."),
        N_("Send less at once."),
    ),
    "web.bug": Words(
        N_("That was our mistake"),
        N_("Something went wrong on our side, and we have noted where. Nothing was half done."),
        N_("Try again. If it happens once more, tell your administrator the reference."),
    ),
    "unit.not_found": Words(
        N_("No such unit"),
        N_("It is not there, or it is outside your area."),
        N_("Look for it in the tree."),
    ),
}

UNNAMED = Words(
    N_("That did not work"),
    N_("The rules of this installation do not allow it, so nothing was changed."),
    N_("Go back and try another way. If you think this is wrong, tell your administrator."),
)
