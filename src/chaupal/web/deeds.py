"""Puts the entries of the record into words: what was done, by its kind."""

from collections.abc import Mapping
from types import MappingProxyType

from chaupal.web.language import Language, number, translations
from chaupal.web.refusals import N_

DEEDS: Mapping[str, str] = MappingProxyType(
    {
        "account.disabled": N_("disabled an account"),
        "account.enabled": N_("enabled an account again"),
        "account.language_chosen": N_("chose another language"),
        "account.link_made": N_("made a sign-in link for an account"),
        "account.opened": N_("opened an account"),
        "account.password_replaced": N_("set a new password"),
        "account.signed_in": N_("signed in"),
        "account.signed_out": N_("signed out"),
        "address.suppressed": N_("wrote down that an address may not be written to"),
        "address.unsuppressed": N_("let an address be written to again"),
        "area.frozen": N_("stopped an area: %(reason)s"),
        "area.unfrozen": N_("let an area go on"),
        "arrivals.applied": N_("took in what had arrived: %(envelopes)s"),
        "arrivals.purged": N_("deleted messages whose time was over: %(purged)s"),
        "audience.forgotten": N_("forgot a saved audience"),
        "audience.renamed": N_("renamed a saved audience"),
        "audience.saved": N_("kept an audience under a name"),
        "breach.exported": N_("took a breach's circle along"),
        "broadcast.approved": N_("approved a broadcast for %(groups)s groups"),
        "broadcast.cancelled": N_("stopped a broadcast for good; left unsent: %(ended)s"),
        "broadcast.certified": N_("entered a broadcast's certificate %(number)s"),
        "broadcast.drafted": N_("wrote a broadcast"),
        "broadcast.finished": N_("a broadcast is finished"),
        "broadcast.frozen": N_("fixed the audience: %(targets)s groups"),
        "broadcast.halted": N_("paused a broadcast because of a provider's answer: %(because)s"),
        "broadcast.paused": N_("paused a broadcast"),
        "broadcast.recalled": N_("withdrew a broadcast; left unsent: %(ended)s"),
        "broadcast.resumed": N_("resumed a broadcast"),
        "broadcast.rewritten": N_("changed a broadcast"),
        "broadcast.sent_back": N_("returned a broadcast to its author"),
        "broadcast.submitted": N_("submitted a broadcast for %(groups)s groups"),
        "category.added": N_("added a category"),
        "consent.given": N_("noted a consent"),
        "consent.withdrawn": N_("noted that a consent was withdrawn"),
        "contact.unmasked": N_("saw the whole address of a person"),
        "counters.acknowledged": N_("acknowledged that counters differ: %(reason)s"),
        "cluster.closed": N_("closed what goes round: %(verdict)s"),
        "cluster.noted": N_("noted something that goes round"),
        "cluster.seen": N_("noted where it was seen: %(groups)s groups; refused: %(refused)s"),
        "clusters.forgotten": N_("deleted the wording of what went round: %(clusters)s"),
        "counters.agreed": N_("the counters of a broadcast agree again"),
        "counters.differed": N_(
            "the counters of a broadcast differ from its deliveries by %(off)s"
        ),
        "counters.recounted": N_("recounted a broadcast"),
        "deliveries.attempted": N_("sent what was queued: %(settled)s attempts"),
        "deliveries.ended": N_("ended what was not sent any more: %(ended)s"),
        "deliveries.exported": N_("exported the deliveries of a broadcast"),
        "deliveries.retracted": N_("deleted in the chats: %(deleted)s; refused: %(refused)s"),
        "deliveries.sent_again": N_("had %(count)s unknown sends sent again"),
        "deliveries.taken_back": N_("took back what a worker had left: %(lapsed)s"),
        "group.address_changed": N_("followed a group to its new address on its channel"),
        "group.admin_asked_first": N_("put an admin of a group first"),
        "group.admin_left": N_("noted that an admin left a group"),
        "group.admins_added": N_("added admins to a group: %(admins)s"),
        "group.archived": N_("archived a group"),
        "group.brought_back": N_("brought a group back"),
        "group.changed": N_("changed a group"),
        "group.moved": N_("moved a group to another unit"),
        "group.recategorised": N_("put a group into other categories"),
        "group.registered": N_("registered a group"),
        "groups.archived": N_("archived %(groups)s groups"),
        "groups.exported": N_("exported groups: %(rows)s"),
        "groups.imported": N_("imported groups"),
        "groups.joined": N_("added %(groups)s groups to a category"),
        "groups.left": N_("took %(groups)s groups out of a category"),
        "office.abolished": N_("abolished an office"),
        "office.created": N_("created an office"),
        "office.reinstated": N_("reinstated an office"),
        "office.retitled": N_("gave an office another title"),
        "hold.set": N_("changed how long the erased are held: %(hold_days)s days"),
        "notice.published": N_("published a notice: %(version)s"),
        "organisation.founded": N_("founded the organisation"),
        "organisation.loaded": N_("loaded the organisation's directory"),
        "import.begun": N_("began to upload a file"),
        "import.cancelled": N_("stopped an import"),
        "import.checked": N_("tried an import without changing anything: %(rows)s rows"),
        "import.done": N_("finished an import: %(rows)s rows, refused %(refused)s"),
        "import.failed": N_("gave up an import"),
        "import.mapped": N_("said what the columns of a file mean"),
        "import.ordered": N_("ordered an import"),
        "import.taken_up": N_("began to work on an import"),
        "import.uploaded": N_("uploaded a file"),
        "imports.tidied": N_("deleted files and reports whose time was over"),
        "memberships.exported": N_("exported memberships: %(rows)s"),
        "memberships.imported": N_("imported memberships"),
        "people.exported": N_("exported people: %(rows)s"),
        "people.imported": N_("imported people"),
        "people.purged": N_("dropped what was held of erased people: %(purged)s"),
        "person.erased": N_("erased a person"),
        "person.erasure_asked": N_("asked to be erased"),
        "person.exported": N_("took their own data along"),
        "person.language_chosen": N_("chose another language"),
        "person.link_shown": N_("made a link to the person's own page"),
        "people.consent_withdrawn": N_("noted that %(people)s people withdrew their consent"),
        "people.joined": N_("added %(people)s people to a category"),
        "people.language_set": N_("set the language of %(people)s people"),
        "people.left": N_("took %(people)s people out of a category"),
        "people.moved": N_("moved %(people)s people to another unit"),
        "person.recorded": N_("entered a person"),
        "person.stays": N_("does not want to be erased after all"),
        "doubts.asked_about": N_(
            "asked a provider about unknown sends: %(asked)s; found: %(found)s"
        ),
        "registered_text.entered": N_("entered a text as it is registered for SMS"),
        "registered_text.withdrawn": N_("withdrew a text registered for SMS"),
        "templates.asked_for": N_("asked for the templates"),
        "templates.fetched": N_("fetched templates: %(found)s; gone: %(gone)s"),
        "person.stopped": N_("stopped everything that is sent to them"),
        "person.suppressed": N_("wrote down that a person may not be written to"),
        "person.unsuppressed": N_("let a person be written to again"),
        "poll.changed": N_("changed a poll; silence in %(units)s units: %(reason)s"),
        "picture.added": N_("added a picture"),
        "picture.brought": N_("gave a provider a picture"),
        "pictures.let_go": N_("deleted pictures that nothing used: %(pictures)s"),
        "poll.doubted": N_("wants a poll taken back: %(reason)s"),
        "poll.entered": N_("entered a poll; silence in %(units)s units"),
        "poll.kept": N_("let a poll stand that was doubted"),
        "poll.withdrawn": N_("took a poll back; silence lifted in %(units)s units"),
        "post.appointed": N_("appointed somebody to an office"),
        "post.ended": N_("ended a term"),
        "post.extended": N_("extended a term"),
        "post.handed_over": N_("handed an office over"),
        "post.taken_back": N_("took an appointment back"),
        "posts.exported": N_("exported posts: %(rows)s"),
        "posts.imported": N_("imported posts"),
        "recall.attended": N_("is on a withdrawn broadcast that was not gone in time"),
        "recall.in_time": N_(
            "withdrawn and gone in time: deleted %(deleted)s, said to be gone %(acknowledged)s"
        ),
        "recall.late": N_(
            "withdrawn, and not all gone in time: deleted %(deleted)s, said to be gone"
            " %(acknowledged)s, outstanding %(late)s, beyond reach %(impossible)s"
        ),
        "relay.asked_back": N_("asked admins to delete what was withdrawn: %(asked)s"),
        "relay.people_told": N_("told admins of their tasks"),
        "relay.tasks_handed_over": N_("passed tasks on to new holders: %(handed)s"),
        "relay.steps_taken": N_("reminded admins, or asked the next ones"),
        "relay.tasks_closed": N_("closed tasks whose time was over"),
        "relay.tasks_opened": N_("opened tasks for admins"),
        "sender.added": N_("added a sender"),
        "sender.let_go_on": N_("let a sender go on"),
        "sender.limits_written": N_("wrote down what a sender may: %(rate_per_s)s a second"),
        "sender.stopped": N_("stopped a sender because of a provider's answer: %(because)s"),
        "token.issued": N_("made a key for the API"),
        "token.revoked": N_("took back a key of the API"),
        "units.exported": N_("exported units: %(rows)s"),
        "unit.ended": N_("let a unit end"),
        "unit.founded": N_("founded a unit"),
        "unit.merged": N_("merged a unit into another: %(people)s people, %(groups)s groups"),
        "unit.move_taken_back": N_("took the move of a unit back"),
        "unit.moved": N_("moved a unit: %(people)s people, %(groups)s groups with it"),
        "unit.renamed": N_("renamed a unit"),
        "unit.split": N_("split a unit"),
        "tally.mended": N_("put counts right that differed: %(units)s units"),
        "units.imported": N_("imported units"),
    }
)


def deed(kind: str, facts: Mapping[str, object], language: Language) -> str:
    """Say what an entry tells. A kind that has no words here stands as it is written."""
    known = DEEDS.get(kind)
    if known is None:
        return kind
    return translations(language).gettext(known) % _Counted(facts)


class _Counted(dict[str, object]):
    """Facts in words; one that is not there is not guessed."""

    def __init__(self, facts: Mapping[str, object]) -> None:
        super().__init__(
            {
                name: number(fact) if isinstance(fact, int) else str(fact)
                for name, fact in facts.items()
            }
        )

    def __missing__(self, name: str) -> str:
        return "–"
