"""Links by which people join a group: what a link looks like on each channel. Pure."""

import re
from collections.abc import Mapping

from chaupal.groups.models import GroupChannel, GroupId
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Invalid

LONGEST_PASTE = 1000

# Phones share a link inside a sentence ("Follow this link to join …"), so it is looked for there.
PATTERNS: Mapping[GroupChannel, re.Pattern[str]] = {
    GroupChannel.WHATSAPP: re.compile(
        r"https?://chat\.whatsapp\.com/(?:invite/)?([A-Za-z0-9_-]{16,40})(?![\w-])"
    ),
    GroupChannel.TELEGRAM: re.compile(
        r"https?://(?:t|telegram)\.me/((?:\+|joinchat/)?[A-Za-z0-9_-]{5,64})(?![\w-])"
    ),
    GroupChannel.MATRIX: re.compile(r"https?://matrix\.to/#/([!#][^\s?]{3,250})"),
}
HOMES: Mapping[GroupChannel, str] = {
    GroupChannel.WHATSAPP: "https://chat.whatsapp.com/",
    GroupChannel.TELEGRAM: "https://t.me/",
    GroupChannel.MATRIX: "https://matrix.to/#/",
}


def read(pasted: str, channel: GroupChannel) -> str:
    """Return the one way in which we write the invite link that stands in `pasted`.

    Refused where there is none of the group's own channel: a link to a web page or to another
    app is no invite, however much it looks like one.
    """
    pattern = PATTERNS.get(channel)
    found = pattern.search(pasted[:LONGEST_PASTE]) if pattern else None
    if found is None:
        raise Invalid("group.invite_malformed", channel=channel.value)
    return HOMES[channel] + found[1]


def seal_context(id: GroupId) -> str:
    """Return what a group's invite is sealed for: it opens in no other row."""
    return f"group/{id}/invite"


def lookup_context(organisation: OrganisationId) -> str:
    """Return in what invites are compared: those of one organisation, with one another."""
    return f"invite/{organisation}"
